//! One fetch: the request, and which responses are accepted or rejected.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, key, now, ready, token};
use bouncer_verify::{
    Algorithm, ErrorKind, FetchError, FetchFailure, HttpRequest, HttpResponse, Policy, RemoteJwkSet, Verifier,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

fn body() -> String {
    jwks(&[("rsa-2048-a", "a")])
}

/// Fetches keys, lets the server send `reply`, and fetches again. Checks that the second fetch
/// fails and that the old keys are kept. Returns the error of the second fetch.
fn rejected(reply: Reply) -> FetchError {
    let server = Server::saying(Reply::json(body()));
    let keys = builder(&server).timeout(Duration::from_secs(1)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let before = keys.status();
    server.say(reply);
    let start = Instant::now();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{error} took {:?}", start.elapsed());
    assert!(verifier.verify(token("rsa-2048-a", Some("a"))).is_ok(), "{error}");
    let status = keys.status();
    assert_eq!((status.generation, &status.sha256), (before.generation, &before.sha256));
    assert_eq!(status.last_success, before.last_success);
    assert_eq!(status.last_error, Some(error.clone()));
    error
}

#[test]
fn a_request_contains_only_the_needed_header_fields() {
    let server = Server::saying(Reply::json(body()));
    let _ready = ready(&server);
    let request = &server.requests()[0];
    assert_eq!(request.path, "/jwks");
    assert_eq!(request.header("host"), server.origin.strip_prefix("http://"));
    assert_eq!(request.header("accept"), Some("application/jwk-set+json, application/json"));
    assert!(request.header("user-agent").unwrap().starts_with("bouncer_verify/"));
    // The request accepts no compressed response.
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("authorization"), None);
}

#[test]
fn an_unusable_document_is_rejected_and_the_old_keys_are_kept() {
    for (text, expected) in [
        ("", FetchFailure::Document),
        ("garbage", FetchFailure::Document),
        ("{}", FetchFailure::Document),
        (r#"{"keys":[]}"#, FetchFailure::Document),
        (r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, FetchFailure::Document),
        (r#"{"keys":[],"keys":[]}"#, FetchFailure::Document),
    ] {
        assert_eq!(rejected(Reply::json(text)).failure(), expected, "{text}");
    }
}

#[test]
fn an_unexpected_status_is_rejected() {
    for status in [201, 204, 206, 400, 401, 403, 404, 410, 429, 500, 503] {
        let error = rejected(Reply::Answer(status, Vec::new(), body().into()));
        assert_eq!(error.failure(), FetchFailure::Status);
        let advice = match status {
            401 | 403 => ": the URL must be readable without a login",
            404 | 410 => ": check the URL",
            _ => "",
        };
        assert_eq!(error.detail(), format!("HTTP {status}{advice}"));
    }
}

#[test]
fn not_modified_without_a_conditional_request_is_rejected() {
    // The first response had no validator, so the second request was not conditional.
    assert_eq!(rejected(Reply::status(304)).failure(), FetchFailure::Status);
    // A key set that has no keys yet rejects a 304 too.
    let server = Server::saying(Reply::status(304));
    let keys = builder(&server).build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Status);
    assert_eq!(keys.current().unwrap_err().kind(), ErrorKind::KeysUnavailable);
}

#[test]
fn a_scheduled_refresh_sends_etag_and_last_modified() {
    let server = Server::saying(
        Reply::json(body()).with("ETag", "\"v1\"").with("Last-Modified", "Fri, 08 Jul 2016 13:44:26 GMT"),
    );
    let keys = builder(&server).ttl(Duration::from_secs(1)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let first = keys.status();
    server.say(Reply::status(304));
    assert!(keys.wait_attempts(4, TIMEOUT));
    let requests = server.requests();
    assert_eq!(requests[0].header("if-none-match"), None);
    for request in &requests[1..4] {
        assert_eq!(request.header("if-none-match"), Some("\"v1\""));
        assert_eq!(request.header("if-modified-since"), Some("Fri, 08 Jul 2016 13:44:26 GMT"));
    }
    let status = keys.status();
    assert_eq!((status.generation, &status.sha256), (first.generation, &first.sha256));
    assert_eq!((status.state.as_str(), status.failures), ("fresh", 0));
    assert!(status.last_success > first.last_success, "a 304 confirms the keys");
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    assert!(verifier.verify(token("rsa-2048-a", Some("a"))).is_ok());
    // A fetch for a missing key sends no validator, and neither does refresh(). Here the document
    // has changed, but its ETag is the same.
    server.say(Reply::json(jwks(&[("rsa-2048-b", "b")])).with("ETag", "\"v1\""));
    assert!(verifier.verify(token("rsa-2048-b", Some("b"))).is_ok());
    keys.refresh(TIMEOUT).unwrap();
    assert!(server.requests().iter().any(|request| request.header("cache-control").is_some()));
    for request in server.requests().iter().filter(|request| request.header("cache-control").is_some()) {
        assert_eq!(request.header("if-none-match"), None);
    }
}

#[test]
fn a_validator_that_is_too_long_is_not_sent() {
    let server = Server::saying(Reply::json(body()).with("ETag", format!("\"{}\"", "x".repeat(5000))));
    let keys = builder(&server).ttl(Duration::from_secs(1)).build().unwrap();
    assert!(keys.wait_attempts(2, TIMEOUT));
    assert_eq!(server.requests()[1].header("if-none-match"), None);
}

#[test]
fn a_complete_response_without_a_lifetime_gets_the_default() {
    let server = Server::saying(Reply::json(body()).with("Cache-Control", "max-age=7200"));
    let keys = builder(&server).build().unwrap();
    assert!(keys.wait_attempts(1, TIMEOUT));
    let next = keys.status().next_attempt.as_secs();
    assert!((7200 * 69 / 100..=7200 * 80 / 100).contains(&next), "{next}");
    server.say(Reply::json(body()));
    keys.refresh(TIMEOUT).unwrap();
    assert!(keys.status().next_attempt.as_secs() <= 480);
    assert_eq!(server.count(), 2);
}

#[test]
fn a_304_without_a_lifetime_keeps_the_previous_one() {
    let server =
        Server::saying(Reply::json(body()).with("ETag", "\"v1\"").with("Cache-Control", "max-age=7200"));
    // The lifetime is 1 s. The default of 10 minutes would allow no third fetch in this test.
    let keys = builder(&server).max_ttl(Duration::from_secs(1)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    server.say(Reply::status(304));
    assert!(keys.wait_attempts(4, TIMEOUT));
    assert_eq!(server.requests()[3].header("if-none-match"), Some("\"v1\""));
    assert!(keys.status().next_attempt <= Duration::from_secs(1));
}

#[test]
fn an_unchanged_document_keeps_the_generation() {
    let server = Server::saying(Reply::json(body()));
    let (keys, _) = ready(&server);
    let before = keys.current().unwrap();
    keys.refresh(TIMEOUT).unwrap();
    assert!(Arc::ptr_eq(&before, &keys.current().unwrap()), "the document is not parsed again");
    assert_eq!(keys.status().generation, 1);
}

#[test]
fn a_body_is_read_only_up_to_its_limit() {
    let hundred_mb = 100 << 20;
    let long = Reply::Flood("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", hundred_mb);
    assert_eq!(rejected(long).failure(), FetchFailure::TooLarge);
    let unknown_length = Reply::Flood("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", hundred_mb);
    assert_eq!(rejected(unknown_length).failure(), FetchFailure::TooLarge);
    let headers = Reply::Flood("HTTP/1.1 200 OK\r\nX: ", hundred_mb);
    assert!(matches!(rejected(headers).failure(), FetchFailure::TooLarge | FetchFailure::Protocol));

    let padded = |len: usize| Reply::json(format!("{}{}", body(), " ".repeat(len - body().len())));
    assert_eq!(rejected(padded((1 << 20) + 1)).failure(), FetchFailure::TooLarge);
    let server = Server::saying(padded(1 << 20));
    ready(&server);
}

#[test]
fn a_corrupt_compressed_response_is_rejected() {
    let gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0];
    let error = rejected(Reply::json(gzip).with("Content-Encoding", "gzip"));
    assert_eq!(error.failure(), FetchFailure::Protocol);
    assert_eq!(error.detail(), "the compressed body is corrupt or truncated");
}

#[test]
fn a_slow_or_truncated_response_is_rejected() {
    assert_eq!(rejected(Reply::Hang).failure(), FetchFailure::Timeout);
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body().len(), body());
    let drip = Reply::Drip(whole.clone().into_bytes(), Duration::from_millis(20));
    assert_eq!(rejected(drip).failure(), FetchFailure::Timeout);
    let cut = whole.as_bytes()[..whole.len() - 10].to_vec();
    assert_eq!(rejected(Reply::Bytes(cut)).failure(), FetchFailure::Protocol);
    for nonsense in
        [&b""[..], b"\r\n\r\n", b"garbage\r\n\r\n", b"HTTP/1.1 200", b"\0\0\0\0\0\0", b"HTTP/9 1 1\r\n\r\n"]
    {
        let failure = rejected(Reply::Bytes(nonsense.to_vec())).failure();
        assert!(matches!(failure, FetchFailure::Protocol | FetchFailure::Connect), "{nonsense:?}: {failure}");
    }
}

#[test]
fn an_unreachable_server_is_a_connect_failure() {
    let server = Server::saying(Reply::json(body()));
    let url = server.url();
    drop(server);
    std::thread::sleep(Duration::from_millis(50));
    let keys = RemoteJwkSet::new(&url).unwrap();
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Connect);
    let error = keys.wait_ready(Duration::ZERO).unwrap_err();
    let port = url.split(':').nth(2).unwrap().trim_end_matches("/jwks");
    let start =
        format!("no keys are available: keys of {url}: no connection: 127.0.0.1:{port}: Connection refused");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn redirects_are_followed_only_if_allowed_and_only_to_the_same_origin() {
    let elsewhere = Server::saying(Reply::json(body()));
    for location in ["/other", "file:///etc/passwd", &elsewhere.url(), "//127.0.0.1/", ""] {
        for status in [301, 302, 303, 307, 308] {
            let error = rejected(Reply::status(status).with("Location", location));
            assert_eq!(error.failure(), FetchFailure::Redirect, "{status} {location}");
        }
    }
    let target = elsewhere.url();
    let server = Server::start(move |request| match request.path.as_str() {
        "/jwks" => Reply::status(302).with("Location", "/once"),
        "/once" => Reply::status(307).with("Location", "/jwks.json"),
        "/jwks.json" => Reply::json(body()),
        "/loop" => Reply::status(302).with("Location", "/loop"),
        "/file" => Reply::status(302).with("Location", "file:///etc/passwd"),
        _ => Reply::status(302).with("Location", target.clone()),
    });
    let allowed = |path: &str| {
        let keys = RemoteJwkSet::builder(&format!("{}{path}", server.origin)).same_origin_redirects();
        let keys = keys.build().unwrap();
        keys.refresh(TIMEOUT)
    };
    assert_eq!(allowed("/jwks"), Ok(()));
    for path in ["/loop", "/file", "/elsewhere"] {
        assert_eq!(allowed(path).unwrap_err().failure(), FetchFailure::Redirect, "{path}");
    }
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn unusable_settings_are_rejected_by_build() {
    let error_of = |builder: bouncer_verify::RemoteJwkSetBuilder| builder.build().unwrap_err();
    for url in ["", "/jwks", "http://idp.example/", "ftp://idp.example/", "https://me:secret@idp.example/"] {
        let error = error_of(RemoteJwkSet::builder(url));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
        assert!(!error.to_string().contains("secret"));
        assert!(RemoteJwkSet::discover(url).build().is_err(), "{url}");
    }
    let local = || RemoteJwkSet::builder("http://127.0.0.1:1/").lazy();
    let hour = Duration::from_secs(3600);
    for builder in [
        local().ttl(Duration::from_millis(999)),
        local().ttl(Duration::MAX),
        local().max_stale(Duration::MAX),
        local().timeout(Duration::ZERO),
        local().timeout(hour),
        local().max_wait(hour),
        local().proxy("no url"),
        local().proxy("socks5://127.0.0.1:1"),
        local().transport(|_: &HttpRequest<'_>| Ok(HttpResponse::new(200, [], Vec::new()))).ca_file("x"),
    ] {
        assert_eq!(error_of(builder).kind(), ErrorKind::InvalidArgument);
    }
    assert_eq!(error_of(local().seed("{}")).kind(), ErrorKind::MalformedJwkSet);
    assert_eq!(error_of(local().seed(r#"{"keys":[]}"#)).kind(), ErrorKind::NoUsableKey);
    assert!(RemoteJwkSet::builder("http://idp.example/").allow_http().lazy().build().is_ok());
}

#[test]
fn a_proxy_is_used_only_for_other_machines() {
    // As a proxy, this server receives CONNECT and rejects it.
    let proxy = Server::saying(Reply::status(502));
    let keys = RemoteJwkSet::builder("https://idp.invalid/jwks").proxy(&proxy.origin).build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Connect);
    assert!(proxy.requests()[0].path.starts_with("idp.invalid"), "{:?}", proxy.requests());

    let before = proxy.count();
    let server = Server::saying(Reply::json(body()));
    builder(&server).proxy(&proxy.origin).build().unwrap().wait_ready(TIMEOUT).unwrap();
    assert_eq!((proxy.count(), server.count()), (before, 1));
}

#[test]
fn a_program_can_use_its_own_transport() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let transport = move |request: &HttpRequest<'_>| {
        assert_eq!(request.url(), "https://idp.example/jwks");
        assert!(request.headers().iter().any(|(name, _)| *name == "accept"));
        assert_eq!((request.timeout(), request.max_body_len()), (Duration::from_secs(5), 1 << 20));
        match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Err(FetchError::new(FetchFailure::Other, "not yet")),
            1 => panic!("a bug of the program"),
            _ => Ok(HttpResponse::new(200, [("ETag".to_owned(), "\"1\"".to_owned())], body().into())),
        }
    };
    let keys = RemoteJwkSet::builder("https://idp.example/jwks").transport(transport).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    let status = keys.status();
    assert_eq!((status.scheduled, status.retries), (1, 2));
    assert_eq!((status.failures, status.failures_in_row), (2, 0));
    assert_eq!(
        status.last_error.unwrap().to_string(),
        "the transport failed: the transport or token source panicked, which is a bug"
    );
}

#[test]
fn the_time_of_the_next_refresh_depends_on_cache_control() {
    for (header, lifetime) in [(None, 600.0), (Some("max-age=3600"), 3600.0), (Some("no-store"), 60.0)] {
        let mut reply = Reply::json(body());
        if let Some(value) = header {
            reply = reply.with("Cache-Control", value);
        }
        let server = Server::saying(reply);
        let (keys, _) = ready(&server);
        let mut earliest = f64::MAX;
        let mut latest: f64 = 0.0;
        for _ in 0..20 {
            keys.refresh(TIMEOUT).unwrap();
            let next = keys.status().next_attempt.as_secs_f64();
            earliest = earliest.min(next);
            latest = latest.max(next);
        }
        assert!(earliest >= 0.69 * lifetime && latest <= 0.80 * lifetime, "{header:?} {earliest} {latest}");
        assert!(latest - earliest > 0.02 * lifetime, "{header:?}: there is no jitter");
    }
}

#[test]
fn keys_are_refreshed_before_they_expire_without_any_call() {
    let server = Server::saying(Reply::json(body()));
    let keys = builder(&server).ttl(Duration::from_secs(3)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let start = Instant::now();
    while server.count() < 4 {
        assert!(start.elapsed() < TIMEOUT);
        assert_eq!(keys.status().state.as_str(), "fresh");
        std::thread::sleep(Duration::from_millis(10));
    }
    let times: Vec<_> = server.requests().iter().map(|request| request.at).collect();
    for pair in times.windows(2) {
        let pause = pair[1] - pair[0];
        assert!(pause >= Duration::from_millis(2090) && pause < Duration::from_millis(3000), "{pause:?}");
    }
    assert!(keys.status().scheduled >= 4);
}

#[test]
fn an_observer_sees_each_attempt() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let server = Server::saying(Reply::json(body()));
    let log = Arc::clone(&seen);
    let keys = builder(&server)
        .observer(move |status| {
            let error = status.last_error.as_ref().map(|error| error.failure());
            log.lock().unwrap().push((status.generation, status.attempts, error));
        })
        .build()
        .unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    server.say(Reply::status(500));
    assert!(keys.refresh(TIMEOUT).is_err());
    assert!(keys.wait_attempts(2, TIMEOUT));
    crate::until("both attempts are observed", || seen.lock().unwrap().len() == 2);
    assert_eq!(*seen.lock().unwrap(), [(1, 1, None), (1, 2, Some(FetchFailure::Status))]);
}

#[test]
fn the_status_contains_source_state_and_counts() {
    let with_another = body().replace("{\"keys\":[", r#"{"keys":[{"kty":"oct","k":"AAAA"},"#);
    let server = Server::saying(Reply::json(with_another));
    let keys = RemoteJwkSet::builder(&format!("{}?secret=1", server.url())).build().unwrap();
    assert_eq!(keys.status().source, server.url());
    keys.wait_ready(TIMEOUT).unwrap();
    let status = keys.status();
    assert_eq!(status.state.as_str(), "fresh");
    assert_eq!((status.generation, status.usable_keys, status.skipped_keys), (1, 1, 1));
    assert_eq!(status.sha256.as_ref().map(String::len), Some(64));
    assert!(status.age.unwrap() < TIMEOUT && status.last_success.unwrap() <= SystemTime::now());
    assert_eq!((status.attempts, status.scheduled, status.last_error), (1, 1, None));
    assert!(!format!("{keys:?}").contains("secret"));
}

#[test]
fn remote_keys_work_with_every_allowed_algorithm() {
    let server = Server::saying(Reply::json(jwks(&[("p256-a", "p"), ("ed25519-a", "e")])));
    let (keys, _) = ready(&server);
    let policy = Policy::dcos().algorithms([Algorithm::Es256, Algorithm::Ed25519]);
    let verifier = Verifier::new(keys, policy);
    let payload = format!("{{\"uid\":\"peter\",\"exp\":{}}}", now() + 60);
    for (name, algorithm, kid) in [("p256-a", Algorithm::Es256, "p"), ("ed25519-a", Algorithm::Ed25519, "e")]
    {
        let header = format!("{{\"alg\":\"{algorithm}\",\"kid\":\"{kid}\"}}");
        assert!(verifier.verify(key(name).token(algorithm, header, &payload)).is_ok());
    }
}
