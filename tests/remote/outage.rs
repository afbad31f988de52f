//! Outages of the issuer: how long old keys are used, and how often fetches are retried.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, kind, on_threads, ready, token, until};
use bouncer_verify::{ErrorCategory, ErrorKind, FetchFailure, Policy, RemoteJwkSetState, Verifier};
use std::time::{Duration, Instant};

fn body() -> String {
    jwks(&[("rsa-2048-a", "a")])
}

#[test]
fn fifty_verifications_without_keys_do_not_bypass_the_back_off() {
    let server = Server::saying(Reply::status(503));
    let keys = builder(&server).build().unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let start = Instant::now();
    let genuine = token("rsa-2048-a", Some("a"));
    let verdicts = on_threads(50, move |_| kind(verifier.verify(&genuine)));
    assert_eq!(verdicts, [ErrorKind::KeysUnavailable; 50]);
    assert_eq!(ErrorKind::KeysUnavailable.category(), ErrorCategory::Keys);
    // One first attempt, and then retries in the background at least 100 ms apart.
    std::thread::sleep(Duration::from_secs(2).saturating_sub(start.elapsed()));
    let status = keys.status();
    assert_eq!((status.scheduled, status.unknown_kid, status.without_kid), (1, 0, 0));
    let longest_count = 1 + start.elapsed().as_millis() / 100;
    assert!((server.count() as u128) <= longest_count, "{} in {:?}", server.count(), start.elapsed());
    // When the issuer is back, the background fetches the keys.
    server.say(Reply::json(body()));
    keys.wait_ready(TIMEOUT).unwrap();
}

#[test]
fn pauses_grow_during_an_outage() {
    let server = Server::saying(Reply::status(503));
    let keys = builder(&server).build().unwrap();
    until("there are four attempts", || server.count() >= 4);
    let status = keys.status();
    assert!(status.failures_in_row >= 3 && status.retries >= 3, "{status:?}");
    // Full jitter: the pauses are at most 1, 2 and 4 s, and at least 100 ms.
    let times: Vec<_> = server.requests().iter().map(|request| request.at).collect();
    for (i, pair) in times.windows(2).enumerate() {
        let pause = (pair[1] - pair[0]).as_secs_f64();
        assert!(pause >= 0.099 && pause < f64::from(1 << i) + 0.5, "pause {i}: {pause}");
    }
}

#[test]
fn retry_after_delays_scheduled_fetches_and_fetches_for_tokens() {
    let server = Server::saying(Reply::json(body()));
    let (keys, verifier) = ready(&server);
    server.say(Reply::status(429).with("Retry-After", "3"));
    let new = token("rsa-2048-b", Some("b"));
    assert_eq!(kind(verifier.verify(&new)), ErrorKind::KeysUnavailable);
    assert_eq!(server.count(), 2);
    let other = token("rsa-2048-b", Some("c"));
    assert_eq!(kind(verifier.verify(&other)), ErrorKind::KeysUnavailable);
    assert_eq!((server.count(), keys.status().suppressed), (2, 1));

    let cold = Server::saying(Reply::status(503).with("Retry-After", "200"));
    let keys = builder(&cold).build().unwrap();
    assert!(keys.wait_attempts(1, TIMEOUT));
    let next = keys.status().next_attempt;
    assert!(next > Duration::from_secs(190) && next <= Duration::from_secs(200), "{next:?}");
}

#[test]
fn in_an_outage_old_keys_are_used_up_to_max_stale() {
    let server = Server::saying(Reply::json(body()));
    let keys =
        builder(&server).ttl(Duration::from_secs(1)).max_stale(Duration::from_secs(3)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    server.say(Reply::status(500));
    let genuine = token("rsa-2048-a", Some("a"));
    let last_success = keys.status().last_success.unwrap();
    let mut states = Vec::new();
    loop {
        let state = keys.status().state;
        states.push(state);
        let before = last_success.elapsed().unwrap().as_secs_f64();
        let verdict = verifier.verify(&genuine);
        let after = last_success.elapsed().unwrap().as_secs_f64();
        if after < 2.9 {
            assert!(verdict.is_ok(), "{after}");
        } else if before > 3.1 {
            let error = verdict.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
            assert_eq!(error.kind().category(), ErrorCategory::Keys);
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    states.dedup();
    use RemoteJwkSetState::{Fresh, Stale, TooOld};
    assert!(states == [Fresh, Stale, TooOld] || states == [Fresh, Stale], "{states:?}");
    let unavailable = keys.current().unwrap_err();
    let why = format!(
        "the issuer has not confirmed the keys for longer than max_stale: keys of {}: unexpected status: HTTP 500",
        server.url()
    );
    assert_eq!(unavailable.detail(), why);
    assert_eq!(verifier.verify(&genuine).unwrap_err(), unavailable);
    // The issuer is back.
    server.say(Reply::json(body()));
    until("the background has fetched the keys", || verifier.verify(&genuine).is_ok());
}

#[test]
fn without_keys_the_form_of_a_token_is_still_checked_first() {
    let server = Server::saying(Reply::status(503));
    let keys = builder(&server).build().unwrap();
    let verifier = Verifier::new(keys, Policy::dcos());
    assert_eq!(kind(verifier.verify("a.b")), ErrorKind::MalformedToken);
    assert_eq!(kind(verifier.verify("x".repeat(20_000))), ErrorKind::TokenTooLarge);
    assert_eq!(kind(verifier.verify("eyJhbGciOiJub25lIn0.e30.")), ErrorKind::UnsupportedAlgorithm);
    // An expired token is not reported as expired, because its signature is not verified. It does
    // not wait for keys.
    let start = Instant::now();
    let expired = crate::token_until("rsa-2048-a", Some("a"), 1);
    assert_eq!(kind(verifier.verify(&expired)), ErrorKind::KeysUnavailable);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn the_error_before_the_first_fetch_is_done_names_the_url_and_the_time() {
    let server = Server::saying(Reply::Hang);
    let url = server.url();
    let keys = bouncer_verify::RemoteJwkSet::builder(&format!("{url}?secret=1"))
        .lazy()
        .max_wait(Duration::from_millis(300))
        .build()
        .unwrap();
    let detail = keys.current().unwrap_err().detail().to_owned();
    assert_eq!(detail, format!("the first fetch from {url} has not begun: wait_ready begins it"));
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let error = verifier.verify(token("rsa-2048-a", Some("a"))).unwrap_err();
    let start = format!("the first fetch from {url} has not finished after 0.");
    let end = " s: raise max_wait (0.3 s) or the timeout of wait_ready if the issuer is slow";
    assert!(error.detail().starts_with(&start) && error.detail().ends_with(end), "{error}");
    assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
}

#[test]
fn the_error_without_keys_and_the_status_contain_the_cause() {
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let unreachable = bouncer_verify::RemoteJwkSet::new(&format!("http://127.0.0.1:{refused}/jwks")).unwrap();
    let not_json = Server::saying(Reply::json("<html>"));
    let not_json = builder(&not_json).build().unwrap();
    let teapot = Server::saying(Reply::status(418));
    let teapot = builder(&teapot).build().unwrap();
    for (keys, why) in [(unreachable, "no connection"), (not_json, "JSON"), (teapot, "418")] {
        assert!(keys.wait_attempts(1, TIMEOUT));
        let error = keys.wait_ready(Duration::from_millis(1)).unwrap_err();
        let status = keys.status().last_error.unwrap().to_string();
        assert!(error.detail().contains(why) && status.contains(why), "{error} and {status}");
        let verifier = Verifier::new(keys.clone(), Policy::dcos());
        let error = verifier.verify(token("rsa-2048-a", Some("a"))).unwrap_err();
        assert!(error.kind() == ErrorKind::KeysUnavailable && error.detail().contains(why), "{error}");
    }
}

#[test]
fn in_an_outage_no_caller_waits_for_the_background() {
    let server = Server::saying(Reply::json(body()));
    let (keys, verifier) = ready(&server);
    server.say(Reply::Hang);
    assert!(keys.refresh(Duration::from_millis(100)).is_err());
    assert!(keys.wait_attempts(2, TIMEOUT));
    assert_eq!(keys.status().last_error.unwrap().failure(), FetchFailure::Timeout);
    // The next attempts hang too. Callers wait only for fetches that the budget allows.
    let signed = token("rsa-2048-b", None);
    let start = Instant::now();
    for i in 0..200 {
        let new = crate::forged(&signed, &i.to_string());
        assert_eq!(kind(verifier.verify(&new)), ErrorKind::KeysUnavailable);
    }
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}
