//! Logins: the requests, and the meaning of each response.

use crate::iam::{Iam, foreign_token, now, secret_of};
use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, on_threads, ready, until, vectors};
use base64::Engine as _;
use bouncer_verify::{ErrorCategory, ErrorKind, FetchFailure, ServiceAccount, TokenRenewer};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[test]
fn a_login_returns_a_token_and_its_authorization_header() {
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
fn a_hundred_first_callers_share_one_login() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.pause = Duration::from_millis(300));
    let renewer = builder(&iam).lazy().build().unwrap();
    assert_eq!(iam.logins(), 0);
    let tokens = on_threads(100, move |_| renewer.token().unwrap().as_str().to_owned());
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(iam.logins(), 1);
}

#[test]
fn clock_differences_under_five_minutes_are_tolerated() {
    for skew in [-240, 240] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.skew = skew);
        let renewer = ready(&iam);
        assert_eq!(iam.logins(), 1, "{skew}");
        // The remaining lifetime is computed with the clock of the issuer, not of this machine.
        let life = renewer.status().expires_in.unwrap().as_secs();
        assert!((431_990..=432_000).contains(&life), "{skew}: {life}");
    }
}

#[test]
fn a_clock_that_is_wrong_by_twenty_minutes_is_corrected_with_the_date_of_the_response() {
    for skew in [-1200, 1200, 100_000] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.skew = skew);
        let renewer = ready(&iam);
        assert_eq!((iam.logins(), renewer.status().attempts), (2, 1), "{skew}: two logins in one attempt");
        // The difference is known now, so one login is sufficient.
        renewer.renew(TIMEOUT).unwrap();
        assert_eq!(iam.logins(), 3, "{skew}");
        // When the issuer's clock is correct again, the first login needs another correction.
        iam.change(|behaviour| behaviour.skew = 0);
        renewer.renew(TIMEOUT).unwrap();
        renewer.renew(TIMEOUT).unwrap();
        assert_eq!(iam.logins(), 6, "{skew}: one correction");
    }
}

#[test]
fn rejected_credentials_are_reported_at_once_and_retried_slowly() {
    let iam = Iam::start();
    let wrong = ServiceAccount::from_json(&secret_of("rsa-2048-b", &iam.login_url())).unwrap();
    let renewer = TokenRenewer::service_account(wrong).build().unwrap();
    let start = Instant::now();
    let error = renewer.token().unwrap_err();
    assert_eq!((error.kind(), error.kind().category()), (ErrorKind::LoginRejected, ErrorCategory::Login));
    for _ in 0..1000 {
        assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginRejected);
    }
    assert_eq!(renewer.wait_ready(TIMEOUT).unwrap_err().kind(), ErrorKind::LoginRejected);
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(iam.logins(), 1);
    let status = renewer.status();
    assert_eq!(status.last_error.unwrap().failure(), FetchFailure::Rejected);
    let pause = status.next_attempt.as_secs();
    assert!((14..=30).contains(&pause), "{pause}");
}

#[test]
fn a_refused_login_is_reported_at_once_and_retried_after_15_to_30_seconds() {
    for code in [400, 403, 404, 405, 406, 415] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(Reply::status(code)));
        let renewer = builder(&iam).build().unwrap();
        let error = renewer.token().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginRejected, "{code}");
        assert!(error.to_string().contains(&format!("HTTP {code}")), "{error}");
        assert!(error.to_string().contains("check the"), "{error}");
        let status = renewer.status();
        assert_eq!(status.last_error.unwrap().failure(), FetchFailure::Refused);
        assert!((14..=30).contains(&status.next_attempt.as_secs()), "{code}");
        for _ in 0..1000 {
            assert!(renewer.token().is_err());
        }
        assert_eq!(iam.logins(), 1);
    }
}

#[test]
fn earlier_failures_do_not_lengthen_the_pause_after_a_refused_login() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(3, TIMEOUT));
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(404)));
    until("the login is refused", || {
        renewer.status().last_error.is_some_and(|error| error.failure() == FetchFailure::Refused)
    });
    assert!((14..=30).contains(&renewer.status().next_attempt.as_secs()));
}

#[test]
fn after_a_successful_login_403_and_404_are_a_temporary_outage() {
    on_threads(2, |i| {
        let code = [403, 404][i];
        let start = Instant::now();
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.life = 4);
        let renewer = ready(&iam);
        iam.change(|behaviour| behaviour.fault = Some(Reply::status(code)));
        until("the token has expired", || renewer.status().state.as_str() == "expired");
        let error = renewer.token().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginUnavailable, "{error}");
        assert!(error.to_string().contains(&format!("HTTP {code}")), "{error}");
        let status = renewer.status();
        assert_eq!(status.last_error.unwrap().failure(), FetchFailure::Status);
        assert!(status.next_attempt <= Duration::from_secs(15));
        // The pauses are random, but not shorter than 100 ms. The first renewal is due after 2 s.
        let pauses = (start.elapsed() - Duration::from_secs(2)).as_millis() / 100;
        assert!((iam.logins() as u128) <= 2 + pauses, "{} logins, {pauses} pauses", iam.logins());
        iam.change(|behaviour| behaviour.fault = None);
        renewer.renew(TIMEOUT).unwrap();
        assert!(iam.accepts(&renewer.token().unwrap()));
    });
}

#[test]
fn after_one_refused_login_the_token_is_still_renewed_in_time() {
    // The lifetime is 12 s, and the renewal is due after 6 s.
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.life = 12);
    let renewer = ready(&iam);
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(400)));
    until("the login is refused", || renewer.status().failures == 1);
    assert!(renewer.status().next_attempt <= Duration::from_secs(5));
    iam.change(|behaviour| behaviour.fault = None);
    until("the token is renewed", || {
        assert!(renewer.token().is_ok(), "a caller saw an error");
        renewer.status().generation == 2
    });
    assert_eq!(iam.logins(), 3);
}

#[test]
fn permanent_401_causes_few_logins_even_when_the_token_expires() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.life = 4);
    let renewer = ready(&iam);
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(401)));
    let start = Instant::now();
    let mut errors = 0;
    // 4 s until the token expires, and 4 s without a token.
    while start.elapsed() < Duration::from_secs(8) {
        errors += usize::from(renewer.token().is_err());
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(errors > 100, "callers get the error at once: {errors}");
    // The second login is 2 s after the first, and the third is 2.5 to 5 s after the second. The
    // fourth is at least 15 s later.
    assert!((2..=4).contains(&iam.logins()), "{}", iam.logins());
}

#[test]
fn callers_wait_while_transient_failures_are_retried() {
    for fault in [Reply::status(503), Reply::status(500), Reply::status(429), Reply::Bytes(Vec::new())] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(fault));
        let renewer = builder(&iam).build().unwrap();
        let caller = renewer.clone();
        let waiting = std::thread::spawn(move || caller.token().map(|token| token.as_str().to_owned()));
        until("the first login has failed", || renewer.status().attempts == 1);
        iam.change(|behaviour| behaviour.fault = None);
        let token = waiting.join().unwrap().unwrap();
        assert!(iam.accepts(&token));
    }
}

#[test]
fn an_outage_at_the_start_is_reported_after_four_attempts() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    let renewer = builder(&iam).build().unwrap();
    let start = Instant::now();
    let errors = on_threads(50, move |_| renewer.token().unwrap_err());
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::LoginUnavailable && *error == errors[0]));
    // At most 1 + 2 + 4 s between the four attempts.
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert!((4..=6).contains(&iam.logins()), "{}", iam.logins());
}

#[test]
fn waiting_for_a_login_ends_after_max_wait() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::Hang));
    let renewer = builder(&iam).max_wait(Duration::from_millis(200)).build().unwrap();
    let start = Instant::now();
    assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginUnavailable);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_secs(2), "{waited:?}");
}

#[test]
fn retry_after_delays_the_next_login() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503).with("Retry-After", "120")));
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(1, TIMEOUT));
    assert!((115..=120).contains(&renewer.status().next_attempt.as_secs()));
}

#[test]
fn a_response_without_a_usable_token_is_a_failure() {
    let expired = format!("{{\"token\":\"{}\"}}", foreign_token(now() - 1));
    for body in
        ["", "garbage", "{}", r#"{"token":7}"#, r#"{"token":""}"#, "{\"token\":\"a\\r\\nX: y\"}", &expired]
    {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(Reply::json(body)));
        let renewer = builder(&iam).build().unwrap();
        assert!(renewer.wait_attempts(1, TIMEOUT));
        assert_eq!(renewer.status().last_error.unwrap().failure(), FetchFailure::Document, "{body}");
    }
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.fault = Some(Reply::json(" ".repeat(200_000))));
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(1, TIMEOUT));
    assert_eq!(renewer.status().last_error.unwrap().failure(), FetchFailure::TooLarge);
}

#[test]
fn status_200_201_and_203_and_a_byte_order_mark_are_accepted() {
    for status in [200, 201, 203] {
        let body = format!("\u{feff}{{\"token\":\"{}\"}}", foreign_token(now() + 600));
        let reply = Reply::Answer(status, vec![("Content-Type", "application/json".into())], body.into());
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(reply));
        let renewer = ready(&iam);
        assert_eq!(renewer.status().state.as_str(), "valid", "{status}");
        assert_eq!(iam.logins(), 1);
    }
}

#[test]
fn an_unreadable_body_does_not_hide_the_status_of_a_rejected_login() {
    let code = r#"{"code":"ERR_INVALID_CREDENTIALS","x":""#;
    let long = format!("{code}{}\"}}", "x".repeat(20_000));
    let head = |len: usize| format!("HTTP/1.1 401 No\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n");
    for (reply, shown) in [
        (Reply::Bytes(format!("{}{code}\"}}", head(code.len() + 2)).into()), true),
        (Reply::Bytes(format!("{}{long}", head(long.len())).into()), false),
        (Reply::Bytes(format!("{}{code}", head(500)).into()), false),
        (Reply::Bytes(head(0).into()), false),
    ] {
        let iam = Iam::start();
        iam.change(|behaviour| behaviour.fault = Some(reply));
        let renewer = builder(&iam).build().unwrap();
        assert!(renewer.wait_attempts(1, TIMEOUT));
        let error = renewer.status().last_error.unwrap();
        assert_eq!(error.failure(), FetchFailure::Rejected);
        assert!(error.to_string().contains("HTTP 401"), "{error}");
        assert_eq!(error.to_string().contains("ERR_INVALID_CREDENTIALS"), shown, "{error}");
    }
}

#[test]
fn the_error_that_a_caller_gets_contains_the_cause_of_the_failed_login() {
    let iam = Iam::start();
    let wrong = ServiceAccount::from_json(&secret_of("rsa-2048-b", &iam.login_url())).unwrap();
    let rejected = TokenRenewer::service_account(wrong).build().unwrap();
    let closed_port = TokenRenewer::service_account(
        ServiceAccount::from_json(&secret_of("rsa-2048-a", "http://127.0.0.1:9/login?key=x")).unwrap(),
    );
    let unreachable = closed_port.max_wait(Duration::from_millis(500)).build().unwrap();
    assert!(unreachable.wait_attempts(1, TIMEOUT));
    let down = Iam::start();
    down.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    let down = builder(&down).max_wait(Duration::ZERO).build().unwrap();
    assert!(down.wait_attempts(1, TIMEOUT));
    for (renewer, kind, parts) in [
        (
            &rejected,
            ErrorKind::LoginRejected,
            vec![iam.login_url(), "HTTP 401, ERR_INVALID_CREDENTIALS".into(), "private key".into()],
        ),
        (
            &unreachable,
            ErrorKind::LoginUnavailable,
            vec!["http://127.0.0.1:9/login: no connection: ".into(), "refused".into()],
        ),
        (&down, ErrorKind::LoginUnavailable, vec!["HTTP 503".into()]),
    ] {
        let errors = [renewer.token().unwrap_err(), renewer.wait_ready(Duration::ZERO).unwrap_err()];
        for error in errors {
            assert_eq!(error.kind(), kind, "{error}");
            let text = error.to_string();
            assert!(parts.iter().all(|part| text.contains(part.as_str())), "{text}: {parts:?}");
            assert!(!text.contains("key=x"), "{text}");
        }
    }
}

#[test]
fn a_login_never_follows_a_redirect() {
    let iam = Iam::start();
    let elsewhere = Server::saying(Reply::json("{}"));
    iam.change(|behaviour| {
        behaviour.fault = Some(Reply::status(307).with("Location", elsewhere.url()));
    });
    let renewer = builder(&iam).build().unwrap();
    assert!(renewer.wait_attempts(1, TIMEOUT));
    assert_eq!(renewer.status().last_error.unwrap().failure(), FetchFailure::Redirect);
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_secret_file_is_read_for_each_login() {
    let iam = Iam::start();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renewal-secret.json");
    fs::write(&path, secret_of("rsa-2048-b", &iam.login_url())).unwrap();
    let renewer = TokenRenewer::service_account_file(&path).build().unwrap();
    assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginRejected);
    fs::remove_file(&path).unwrap();
    assert_eq!(renewer.renew(TIMEOUT).unwrap_err().failure(), FetchFailure::Credentials);
    fs::write(&path, iam.secret()).unwrap();
    renewer.renew(TIMEOUT).unwrap();
    assert!(renewer.token().is_ok());
}

#[test]
fn a_secret_is_read_in_every_format() {
    let iam = Iam::start();
    let secret = iam.secret();
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let quoted = serde_json::Value::from(secret.as_str()).to_string();
    let forms = [
        format!("\u{feff}{secret}\r\n"),
        base64(&secret) + "\n",
        quoted.clone(),
        base64(&quoted),
        secret.replace("\\n", "\n"),
        secret.replace("\\n", "\\\\n"),
        secret.replace("\\n", ""),
        secret.replace("\\n", " "),
        secret.replace("\\n", "\\n    "),
    ];
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renewal-secret-forms.json");
    for (i, form) in forms.iter().enumerate() {
        fs::write(&path, form).unwrap();
        let renewer = TokenRenewer::service_account_file(&path).build().unwrap();
        assert!(iam.accepts(&renewer.token().unwrap()), "{i}");
        let account = ServiceAccount::from_json(form).unwrap();
        assert_eq!(account.login_endpoint(), Some(iam.login_url().as_str()), "{i}");
    }
    assert_eq!(iam.logins(), forms.len());
}

#[test]
fn the_environment_variable_may_contain_the_secret_in_any_format_or_a_path() {
    // Set only in the child processes, which run this test again with another environment.
    const LOGIN_URL: &str = "BOUNCER_LOGIN_URL";
    if let Ok(url) = std::env::var(LOGIN_URL) {
        let renewer = TokenRenewer::service_account_from_env().unwrap().build().unwrap();
        let _ = renewer.token().unwrap();
        assert_eq!(renewer.status().source, url);
        return;
    }
    let iam = Iam::start();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renewal-secret-env.json");
    fs::write(&path, iam.secret()).unwrap();
    let base64 = base64::engine::general_purpose::STANDARD.encode(iam.secret());
    let quoted = serde_json::Value::from(iam.secret()).to_string();
    let values =
        [iam.secret(), format!("\u{feff}{}", iam.secret()), base64, quoted, format!("{}\n", path.display())];
    for value in &values {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "login::the_environment_variable_may_contain_the_secret_in_any_format_or_a_path",
            ])
            .env(LOGIN_URL, iam.login_url())
            .env("DCOS_SERVICE_ACCOUNT_CREDENTIAL", value)
            .status();
        assert!(status.unwrap().success(), "{value}");
    }
    assert_eq!(iam.logins(), values.len());
}

#[test]
fn the_setting_login_endpoint_is_used_if_the_secret_has_no_login_endpoint() {
    let iam = Iam::start();
    let secret = iam.secret().replace("login_endpoint", "not_it");
    let account = || ServiceAccount::from_json(&secret).unwrap();
    let error = TokenRenewer::service_account(account()).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnusableCredentials);
    assert!(
        error
            .to_string()
            .contains("login_endpoint is missing in the secret: add it there, or set login_endpoint"),
        "{error}"
    );
    let renewer = TokenRenewer::service_account(account()).login_endpoint(&iam.login_url()).build().unwrap();
    assert!(iam.accepts(&renewer.token().unwrap()));
    // The file loses its `login_endpoint` after the first login.
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renewal-secret-endpoint.json");
    fs::write(&path, iam.secret()).unwrap();
    let renewer = TokenRenewer::service_account_file(&path).build().unwrap();
    assert!(renewer.wait_attempts(1, TIMEOUT));
    fs::write(&path, &secret).unwrap();
    let error = renewer.renew(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::Credentials);
    assert!(error.to_string().contains("login_endpoint is missing"), "{error}");
}

#[test]
fn the_error_for_an_unusable_secret_file_contains_path_and_cause() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let written = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    for (path, why) in [
        (PathBuf::from("/nonexistent/secret.json"), "No such file or directory (os error 2)"),
        (folder.clone(), "(os error 21)"),
        (written("renewal-secret-utf16.json", b"\xff\xfe{\0"), "is not UTF-8"),
        (written("renewal-secret-empty.json", b""), "the secret is empty"),
        (written("renewal-secret-uid.json", br#"{"uid":7}"#), "private_key is missing"),
    ] {
        let error = TokenRenewer::service_account_file(&path).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnusableCredentials);
        let text = error.to_string();
        assert!(text.contains(why) && text.contains(&path.display().to_string()), "{text}");
    }
}

#[test]
fn unusable_settings_are_rejected_by_build() {
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
    let client =
        || TokenRenewer::client_credentials("http://127.0.0.1:9/", "id").client_secret("secret").lazy();
    assert!(client().login_endpoint("https://idp.example/").build().is_err() && client().build().is_ok());
    let missing = TokenRenewer::service_account_file("/nonexistent").build().unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::UnusableCredentials);
}

#[test]
fn each_recorded_response_of_a_dcos_cluster_has_the_expected_result() {
    let Some(folder) = vectors::folder("the recorded responses of a DC/OS cluster") else { return };
    let response = |name: &str| fs::read(folder.join("bouncer").join(name)).unwrap();
    let server = Server::saying(Reply::Bytes(response("login-200.http")));
    let account = |url: &str| ServiceAccount::from_json(&secret_of("rsa-2048-a", url)).unwrap();
    let renewer = TokenRenewer::service_account(account(&server.url())).build().unwrap();
    // The lifetime is counted from the Date of the recorded response: two days.
    let token = renewer.token().unwrap();
    assert_eq!(token.expires_at(), Some(1_795_532_866));
    assert_eq!(renewer.status().expires_in.unwrap().as_secs().div_ceil(10), 172_800 / 10);
    for (name, failure) in [
        ("login-400.http", FetchFailure::Refused),
        ("login-401.http", FetchFailure::Rejected),
        ("login-415.http", FetchFailure::Refused),
    ] {
        server.say(Reply::Bytes(response(name)));
        assert_eq!(renewer.renew(TIMEOUT).unwrap_err().failure(), failure, "{name}");
    }
    assert_eq!(renewer.token().unwrap().as_str(), token.as_str(), "a failed login keeps the token");
}
