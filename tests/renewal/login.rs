//! Logging in: what is sent, and what each answer means.

use crate::iam::{Iam, foreign_token, now, secret_of};
use crate::server::{Reply, Server};
use crate::{PATIENCE, builder, on_threads, ready, until, vectors};
use bouncer_verify::{ErrorCategory, ErrorKind, FetchFailure, ServiceAccount, TokenRenewer};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[test]
fn a_login_gives_a_token_and_its_header() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let token = renewer.token().unwrap();
    assert!(iam.accepts(&token));
    assert_eq!(token.authorization(), format!("token={}", token.as_str()));
    let life = token.expires_at().unwrap() - now();
    assert!((431_990..=432_000).contains(&life), "{life}");
    assert_eq!((iam.logins(), token.generation(), renewer.status().state.as_str()), (1, 1, "valid"));
    let bearer = builder(&iam).bearer().build().unwrap();
    assert!(bearer.token().unwrap().authorization().starts_with("Bearer "));
    let status = renewer.status();
    assert_eq!(status.source, iam.login_url());
    assert!(status.expires_in.unwrap() > Duration::from_secs(431_000));
    let next = status.next_attempt.as_secs_f64() / 432_000.0;
    assert!((0.699..=0.801).contains(&next), "{next}");
}

#[test]
fn a_hundred_callers_at_the_start_share_one_login() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.pause = Duration::from_millis(300));
    let renewer = builder(&iam).lazy().build().unwrap();
    assert_eq!(iam.logins(), 0);
    let tokens = on_threads(100, move |_| renewer.token().unwrap().as_str().to_owned());
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(iam.logins(), 1);
}

#[test]
fn clocks_that_differ_by_less_than_five_minutes_do_not_matter() {
    for skew in [-240, 240] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.skew = skew);
        let renewer = ready(&iam);
        assert_eq!(iam.logins(), 1, "{skew}");
        // The life of the token is by the issuer's clock, not by this machine's.
        let life = renewer.status().expires_in.unwrap().as_secs();
        assert!((431_990..=432_000).contains(&life), "{skew}: {life}");
    }
}

#[test]
fn a_clock_that_is_wrong_by_twenty_minutes_is_corrected_by_the_answers_date() {
    for skew in [-1200, 1200, 100_000] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.skew = skew);
        let renewer = ready(&iam);
        assert_eq!(
            (iam.logins(), renewer.status().attempts),
            (2, 1),
            "{skew}: once more, in the same attempt"
        );
        // From now on it is known.
        renewer.renew(PATIENCE).unwrap();
        assert_eq!(iam.logins(), 3, "{skew}");
        // And it is forgotten when the clock has been put right.
        iam.change(|behaviour| behaviour.skew = 0);
        renewer.renew(PATIENCE).unwrap();
        renewer.renew(PATIENCE).unwrap();
        assert_eq!(iam.logins(), 6, "{skew}: one correction");
    }
}

#[test]
fn wrong_credentials_are_told_at_once_and_tried_again_slowly() {
    let iam = Iam::start();
    let wrong = ServiceAccount::from_json(&secret_of("rsa-2048-b", &iam.login_url())).unwrap();
    let renewer = TokenRenewer::service_account(wrong).build().unwrap();
    let start = Instant::now();
    let error = renewer.token().unwrap_err();
    assert_eq!((error.kind(), error.kind().category()), (ErrorKind::LoginRejected, ErrorCategory::Login));
    for _ in 0..1000 {
        assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginRejected);
    }
    assert_eq!(renewer.wait_ready(PATIENCE).unwrap_err().kind(), ErrorKind::LoginRejected);
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(iam.logins(), 1);
    let status = renewer.status();
    assert_eq!(status.last_error.unwrap().failure(), FetchFailure::Rejected);
    let pause = status.next_attempt.as_secs();
    assert!((14..=30).contains(&pause), "{pause}");
}

#[test]
fn a_request_that_is_refused_as_such_is_tried_again_each_five_minutes() {
    for code in [400, 403, 404, 406, 415] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(Reply::status(code)));
        let renewer = builder(&iam).build().unwrap();
        assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginRejected, "{code}");
        let status = renewer.status();
        assert_eq!(status.last_error.unwrap().failure(), FetchFailure::Refused);
        assert!((149..=300).contains(&status.next_attempt.as_secs()), "{code}");
        assert_eq!(iam.logins(), 1);
    }
}

#[test]
fn what_may_pass_is_tried_again_and_callers_wait_for_it() {
    for fault in [Reply::status(503), Reply::status(500), Reply::status(429), Reply::Bytes(Vec::new())] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(fault));
        let renewer = builder(&iam).build().unwrap();
        let caller = renewer.clone();
        let waiting = std::thread::spawn(move || caller.token().map(|token| token.as_str().to_owned()));
        until("the first login", || renewer.status().attempts == 1);
        iam.change(|behaviour| behaviour.fault = None);
        let token = waiting.join().unwrap().unwrap();
        assert!(iam.accepts(&token));
    }
}

#[test]
fn an_outage_at_the_start_is_told_after_some_tries_and_then_at_once() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    let renewer = builder(&iam).build().unwrap();
    let start = Instant::now();
    let errors = on_threads(50, move |_| renewer.token().unwrap_err());
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::LoginUnavailable && *error == errors[0]));
    // 1 + 2 + 4 s at most between the four tries.
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert!((4..=6).contains(&iam.logins()), "{}", iam.logins());
}

#[test]
fn waiting_for_a_login_ends_at_its_bound() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::Hang));
    let renewer = builder(&iam).max_wait(Duration::from_millis(200)).build().unwrap();
    let start = Instant::now();
    assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginUnavailable);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_secs(2), "{waited:?}");
}

#[test]
fn retry_after_is_honoured() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503).with("Retry-After", "120")));
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(1, PATIENCE));
    assert!((115..=120).contains(&renewer.status().next_attempt.as_secs()));
}

#[test]
fn an_answer_without_a_usable_token_is_a_failure() {
    let expired = format!("{{\"token\":\"{}\"}}", foreign_token(now() - 1));
    for body in
        ["", "garbage", "{}", r#"{"token":7}"#, r#"{"token":""}"#, "{\"token\":\"a\\r\\nX: y\"}", &expired]
    {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(Reply::json(body)));
        let renewer = builder(&iam).build().unwrap();
        assert!(renewer.wait_attempts(1, PATIENCE));
        assert_eq!(renewer.status().last_error.unwrap().failure(), FetchFailure::Document, "{body}");
    }
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::json(" ".repeat(200_000))));
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(1, PATIENCE));
    assert_eq!(renewer.status().last_error.unwrap().failure(), FetchFailure::TooLarge);
}

#[test]
fn a_login_is_never_redirected() {
    let iam = Iam::start();
    let elsewhere = Server::saying(Reply::json("{}"));
    iam.change(|behaviour| {
        behaviour.fault = Some(Reply::status(307).with("Location", elsewhere.url()));
    });
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(1, PATIENCE));
    assert_eq!(renewer.status().last_error.unwrap().failure(), FetchFailure::Redirect);
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_secret_in_a_file_is_read_for_each_login() {
    let iam = Iam::start();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renewal-secret.json");
    fs::write(&path, secret_of("rsa-2048-b", &iam.login_url())).unwrap();
    let renewer = TokenRenewer::service_account_file(&path).build().unwrap();
    assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginRejected);
    fs::remove_file(&path).unwrap();
    assert_eq!(renewer.renew(PATIENCE).unwrap_err().failure(), FetchFailure::Credentials);
    fs::write(&path, iam.secret()).unwrap();
    renewer.renew(PATIENCE).unwrap();
    assert!(renewer.token().is_ok());
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let account = |url: &str| ServiceAccount::from_json(&secret_of("rsa-2048-a", url)).unwrap();
    for url in ["http://master.mesos/login", "ftp://m/", "login"] {
        let error = TokenRenewer::service_account(account(url)).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
    }
    let local = || TokenRenewer::service_account(account("http://127.0.0.1:9/")).lazy();
    assert!(local().timeout(Duration::ZERO).build().is_err());
    assert!(local().max_wait(Duration::from_secs(301)).build().is_err());
    assert!(local().login_endpoint("http://master.mesos/login").build().is_err());
    assert!(local().login_endpoint("http://master.mesos/login").allow_http().build().is_ok());
    assert!(local().parameter("scope", "read").build().is_err());
    let client = || TokenRenewer::client_credentials("http://127.0.0.1:9/", "id", "secret").lazy();
    assert!(client().login_endpoint("https://idp.example/").build().is_err() && client().build().is_ok());
    let missing = TokenRenewer::service_account_file("/nonexistent").build().unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::UnusableCredentials);
}

#[test]
fn the_answers_of_a_real_bouncer_are_understood() {
    let Some(folder) = vectors::folder("the answers of a real Bouncer") else { return };
    let answer = |name: &str| fs::read(folder.join("bouncer").join(name)).unwrap();
    let server = Server::saying(Reply::Bytes(answer("login-200.http")));
    let account = |url: &str| ServiceAccount::from_json(&secret_of("rsa-2048-a", url)).unwrap();
    let renewer = TokenRenewer::service_account(account(&server.url())).build().unwrap();
    // Its life counts from its Date, so it is as long as it was then: two days.
    let token = renewer.token().unwrap();
    assert_eq!(token.expires_at(), Some(1_795_532_866));
    assert_eq!(renewer.status().expires_in.unwrap().as_secs().div_ceil(10), 172_800 / 10);
    for (name, failure) in [
        ("login-400.http", FetchFailure::Refused),
        ("login-401.http", FetchFailure::Rejected),
        ("login-415.http", FetchFailure::Refused),
    ] {
        server.say(Reply::Bytes(answer(name)));
        assert_eq!(renewer.renew(PATIENCE).unwrap_err().failure(), failure, "{name}");
    }
    assert_eq!(renewer.token().unwrap().as_str(), token.as_str(), "what fails displaces nothing");
}
