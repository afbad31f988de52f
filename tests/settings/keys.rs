//! Remote key sets of settings are those of the typed builder.

use crate::{document, loaded, settings, told};
use bouncer_verify::{
    ErrorKind, FetchError, FetchFailure, HttpRequest, HttpResponse, Policy, RemoteJwkSet,
    RemoteJwkSetBuilder, SettingsKind, Verifier,
};
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const JWKS: &str = include_str!("../data/document_jwks.json");
const TOKEN: &str = include_str!("../data/document_token.txt");
const PATIENCE: Duration = Duration::from_secs(20);

fn builder(document: &Value) -> RemoteJwkSetBuilder {
    RemoteJwkSetBuilder::from_settings(&loaded("keys", document)).unwrap()
}

/// With `url` besides.
fn with(name: &str, value: impl Into<Value>) -> RemoteJwkSetBuilder {
    builder(&json!({"url": "https://idp.example/jwks", name: value.into()}))
}

/// Answers once with the keys and then with a failure; what was asked for, and for how long.
fn served(builder: RemoteJwkSetBuilder) -> (RemoteJwkSet, Receiver<(String, Duration)>) {
    let (asked, requests) = channel();
    let asked = Mutex::new(asked);
    let seen = Mutex::new(false);
    let transport = move |request: &HttpRequest<'_>| {
        asked.lock().unwrap().send((request.url().to_owned(), request.timeout())).unwrap();
        match std::mem::replace(&mut *seen.lock().unwrap(), true) {
            false => Ok(HttpResponse::new(200, [], JWKS.as_bytes().to_vec())),
            true => Err(FetchError::new(FetchFailure::Connect, "refused")),
        }
    };
    (builder.transport(transport).build().unwrap(), requests)
}

fn refused(builder: RemoteJwkSetBuilder, part: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.detail().contains(part), "{error}");
}

#[test]
fn where_the_keys_are() {
    let (_keys, requests) = served(with("lazy", false));
    assert_eq!(requests.recv_timeout(PATIENCE).unwrap().0, "https://idp.example/jwks");
    let (_keys, requests) = served(builder(&json!({"discover": "https://idp.example"})));
    let asked = requests.recv_timeout(PATIENCE).unwrap().0;
    assert_eq!(asked, "https://idp.example/.well-known/openid-configuration");
    for (document, claim, detail) in [
        (json!({}), "url", "it is missing: set it, or \"discover\""),
        (
            json!({"url": "https://a/", "discover": "https://b/"}),
            "discover",
            "it and \"url\" are mutually exclusive",
        ),
    ] {
        let error = RemoteJwkSetBuilder::from_settings(&loaded("keys", &document)).err().unwrap();
        assert_eq!(told(&error), (claim, detail));
    }
}

#[test]
fn every_setting_does_something() {
    let temporary = env!("CARGO_TARGET_TMPDIR");
    let mut tested = vec!["url", "discover", "ttl", "max_stale", "max_wait"];
    let mut with = |name: &'static str, value: Value| {
        tested.push(name);
        with(name, value)
    };

    let (_keys, requests) = served(with("timeout", json!("77s")));
    assert_eq!(requests.recv_timeout(PATIENCE).unwrap().1, Duration::from_secs(77));

    let (keys, requests) = served(with("lazy", json!(true)));
    assert!(requests.recv_timeout(Duration::from_millis(100)).is_err());
    drop(keys);

    refused(with("ca_file", json!("/no/such/file.pem")), "/no/such/file.pem");
    refused(with("proxy", json!("socks5://proxy.example")), "proxy");
    let of_its_own = |builder: RemoteJwkSetBuilder| {
        builder.transport(|_: &HttpRequest<'_>| Err(FetchError::new(FetchFailure::Connect, "refused")))
    };
    refused(of_its_own(with("same_origin_redirects", json!(true))), "redirects");
    assert!(of_its_own(with("same_origin_redirects", json!(false))).build().is_ok());
    for none in ["environment", "none"] {
        assert!(of_its_own(with("proxy", json!(none))).build().is_ok());
    }

    let http = |allow_http: bool| builder(&json!({"url": "http://idp.example/", "allow_http": allow_http}));
    tested.push("allow_http");
    refused(of_its_own(http(false)), "http");
    assert!(of_its_own(http(true)).build().is_ok());

    let mut with = |name: &'static str, value: Value| {
        tested.push(name);
        super::keys::with(name, value)
    };
    let keys = of_its_own(with("seed", json!(JWKS))).build().unwrap();
    assert_eq!(keys.current().unwrap().keys().len(), 1);
    let file = format!("{temporary}/settings-last-good.json");
    let _ = std::fs::remove_file(&file);
    let (keys, _requests) = served(with("last_good_file", json!(file)));
    keys.wait_ready(PATIENCE).unwrap();
    // It is written after the attempt, on another thread.
    let end = Instant::now() + PATIENCE;
    while !std::path::Path::new(&file).exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(std::fs::read_to_string(&file).unwrap().contains("keys"));
    let (keys, _requests) = served(with("backend", json!("aws-lc")));
    keys.wait_ready(PATIENCE).unwrap();
    assert_eq!(keys.current().unwrap().accelerated_keys(), 0);

    for setting in SettingsKind::Keys.settings() {
        assert!(tested.contains(&setting.name), "{} is not tested", setting.name);
    }
}

#[test]
fn keys_are_fresh_and_stale_for_as_long_as_is_set() {
    let next = |builder: RemoteJwkSetBuilder| {
        let (keys, _requests) = served(builder);
        assert!(keys.wait_attempts(1, PATIENCE));
        keys.status().next_attempt
    };
    let hour = Duration::from_secs(60 * 60);
    let fresh = next(with("ttl", "1h"));
    assert!(fresh > hour / 10 * 6 && fresh <= hour / 10 * 8, "{fresh:?}");
    // By default.
    assert!(next(with("lazy", false)) <= Duration::from_secs(480));

    let usable_later = |max_stale: &str| {
        let settings = json!({"url": "https://idp.example/jwks", "ttl": "1s", "max_stale": max_stale});
        let (keys, _requests) = served(builder(&settings));
        keys.wait_ready(PATIENCE).unwrap();
        std::thread::sleep(Duration::from_millis(1200));
        keys.current().is_ok()
    };
    assert!(usable_later("1h") && !usable_later("0s"));
}

#[test]
fn a_verification_waits_for_as_long_as_is_set() {
    let (hold, held) = channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let transport = move |_: &HttpRequest<'_>| {
        let _ = held.lock().unwrap().recv();
        Err(FetchError::new(FetchFailure::Connect, "refused"))
    };
    let keys = with("max_wait", "50ms").transport(transport).build().unwrap();
    let verifier = Verifier::new(keys, Policy::dcos());
    let start = Instant::now();
    assert_eq!(verifier.verify(TOKEN.trim()).unwrap_err().kind(), ErrorKind::KeysUnavailable);
    assert!((Duration::from_millis(50)..Duration::from_secs(2)).contains(&start.elapsed()));
    drop(hold);
}

#[test]
fn the_ranges_of_the_table_are_those_of_the_builder() {
    for (name, least, most) in [
        ("ttl", "1s", "366d"),
        ("max_stale", "0s", "366d"),
        ("timeout", "1ms", "5m"),
        ("max_wait", "0s", "5m"),
    ] {
        let setting = SettingsKind::Keys.setting(name).unwrap();
        assert_eq!(setting.kind.range(), format!("{least} to {most}"));
        for edge in [least, most] {
            let (_keys, _requests) = served(with(name, edge));
        }
    }
    for (name, over) in [("ttl", "999ms"), ("ttl", "367d"), ("timeout", "0s"), ("max_wait", "301s")] {
        let mut own = settings("keys");
        assert!(own.set(name, over).is_err(), "{name}");
        assert_eq!(document(&own), json!({}));
    }
    let day = Duration::from_secs(24 * 60 * 60);
    refused(RemoteJwkSet::builder("https://a/").ttl(366 * day + Duration::from_secs(1)), "ttl");
    refused(RemoteJwkSet::builder("https://a/").timeout(Duration::ZERO), "timeout");
}
