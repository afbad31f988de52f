//! Key sets built from settings work like key sets built with the typed builder.

use crate::{document, loaded, name_and_detail, settings};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{
    Algorithm, ErrorKind, FetchError, FetchFailure, HttpRequest, HttpResponse, Policy, RemoteJwkSet,
    RemoteJwkSetBuilder, SettingsKind, Verifier, verify_jws,
};
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const JWKS: &str = include_str!("../data/document_jwks.json");
const TOKEN: &str = include_str!("../data/document_token.txt");
const TIMEOUT: Duration = Duration::from_secs(20);

/// The JWS of RFC 8037 appendix A.4.
const RFC8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn builder(document: &Value) -> RemoteJwkSetBuilder {
    RemoteJwkSetBuilder::from_settings(&loaded("keys", document)).unwrap()
}

/// Makes a builder with `url` and one more setting.
fn with(name: &str, value: impl Into<Value>) -> RemoteJwkSetBuilder {
    builder(&json!({"url": "https://idp.example/jwks", name: value.into()}))
}

/// The parts of a request that the tests check.
struct Request {
    url: String,
    timeout: Duration,
    max_body_len: usize,
}

/// Makes a key set whose transport returns the keys for the first `times` requests. Later requests
/// fail.
fn served_times(times: usize, builder: RemoteJwkSetBuilder) -> (RemoteJwkSet, Receiver<Request>) {
    let (sender, requests) = channel();
    let state = Mutex::new((sender, times));
    let transport = move |request: &HttpRequest<'_>| {
        let mut state = state.lock().unwrap();
        let (url, timeout) = (request.url().to_owned(), request.timeout());
        state.0.send(Request { url, timeout, max_body_len: request.max_body_len() }).unwrap();
        let left = state.1.checked_sub(1).ok_or(FetchError::new(FetchFailure::Connect, "refused"))?;
        state.1 = left;
        let a_day = ("Cache-Control".to_owned(), "max-age=86400".to_owned());
        let headers = request.url().ends_with("?fresh").then_some(a_day);
        Ok(HttpResponse::new(200, headers, JWKS.as_bytes().to_vec()))
    };
    (builder.transport(transport).build().unwrap(), requests)
}

fn served(builder: RemoteJwkSetBuilder) -> (RemoteJwkSet, Receiver<Request>) {
    served_times(usize::MAX, builder)
}

/// Adds a transport that always fails. Connection settings cannot be combined with a transport.
fn with_transport(builder: RemoteJwkSetBuilder) -> RemoteJwkSetBuilder {
    builder.transport(|_: &HttpRequest<'_>| Err(FetchError::new(FetchFailure::Connect, "refused")))
}

/// Returns the only key of DC/OS's documentation.
fn only_key() -> &'static str {
    let start = JWKS.find('[').unwrap() + 1;
    JWKS[start..JWKS.rfind(']').unwrap()].trim()
}

fn refused(builder: RemoteJwkSetBuilder, part: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.detail().contains(part), "{error}");
}

#[test]
fn keys_are_fetched_from_a_url_or_discovered() {
    let (_keys, requests) = served(with("lazy", false));
    assert_eq!(requests.recv_timeout(TIMEOUT).unwrap().url, "https://idp.example/jwks");
    let (_keys, requests) = served(builder(&json!({"discover": "https://idp.example"})));
    let request = requests.recv_timeout(TIMEOUT).unwrap().url;
    assert_eq!(request, "https://idp.example/.well-known/openid-configuration");
    for (document, claim, detail) in [
        (json!({}), "", "neither \"url\" nor \"discover\" is set"),
        (
            json!({"url": "https://a/", "discover": "https://b/"}),
            "discover",
            "it cannot be combined with \"url\"",
        ),
    ] {
        let error = RemoteJwkSetBuilder::from_settings(&loaded("keys", &document)).err().unwrap();
        assert_eq!(name_and_detail(&error), (claim, detail));
    }
}

#[test]
fn every_setting_has_its_effect() {
    let temporary = env!("CARGO_TARGET_TMPDIR");
    let mut tested = vec!["url", "discover", "ttl", "max_ttl", "max_stale", "max_wait"];
    tested.extend(["refetch_interval", "refetch_interval_without_kid"]);
    let mut with = |name: &'static str, value: Value| {
        tested.push(name);
        with(name, value)
    };

    let (_keys, requests) = served(with("timeout", json!("77s")));
    assert_eq!(requests.recv_timeout(TIMEOUT).unwrap().timeout, Duration::from_secs(77));

    let (keys, requests) = served(with("lazy", json!(true)));
    assert!(requests.recv_timeout(Duration::from_millis(100)).is_err());
    drop(keys);

    let (_keys, requests) = served(with("max_document_len", json!("2KiB")));
    assert_eq!(requests.recv_timeout(TIMEOUT).unwrap().max_body_len, 2048);

    refused(with("ca_file", json!("/no/such/file.pem")), "/no/such/file.pem");
    refused(with("proxy", json!("socks5://proxy.example")), "proxy");
    for (name, value) in [
        ("ca_file", json!("/some/file.pem")),
        ("client_certificate_file", json!("/some/file.pem")),
        ("client_key_file", json!("/some/file.pem")),
        ("connect_timeout", json!("2s")),
        ("proxy", json!("http://proxy.example:8080")),
        ("same_origin_redirects", json!(true)),
    ] {
        refused(with_transport(with(name, value)), &format!("{name} and a custom transport"));
    }
    assert!(with_transport(with("same_origin_redirects", json!(false))).build().is_ok());
    for none in ["environment", "none"] {
        assert!(with_transport(with("proxy", json!(none))).build().is_ok());
    }

    let http = |allow_http: bool| builder(&json!({"url": "http://idp.example/", "allow_http": allow_http}));
    tested.push("allow_http");
    refused(with_transport(http(false)), "http");
    assert!(with_transport(http(true)).build().is_ok());

    let mut with = |name: &'static str, value: Value| {
        tested.push(name);
        super::keys::with(name, value)
    };
    let keys = with_transport(with("seed", json!(JWKS))).build().unwrap();
    assert_eq!(keys.current().unwrap().keys().len(), 1);
    let twice = JWKS.replacen('[', &format!("[{},", only_key().replacen("\"kid\"", "\"x\"", 1)), 1);
    for most in [1, 2] {
        let keys = with_transport(with("max_keys", json!(most)).seed(twice.as_bytes())).build().unwrap();
        assert_eq!(keys.current().unwrap().keys().len(), most);
    }
    let ed25519 =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    for (memory, has_tables) in [("0", false), ("1MiB", true)] {
        let keys = with_transport(with("max_table_memory", json!(memory)).seed(ed25519)).build().unwrap();
        let jwks = keys.current().unwrap();
        let policy = Policy::any_issuer().algorithms([Algorithm::Ed25519]);
        for _ in 0..100 {
            verify_jws(&jwks, &policy, RFC8037_A4).unwrap();
        }
        assert_eq!(jwks.table_memory() > 0, has_tables, "{memory}");
        assert_eq!(keys.status().table_memory, jwks.table_memory());
    }
    let svid = JWKS.replace("\"sig\"", "\"jwt-svid\"");
    assert_ne!(svid, JWKS);
    for (uses, usable) in [("jwt-svid", true), ("enc", false)] {
        let keys = with_transport(with("key_uses", json!([uses])).seed(svid.as_bytes())).build();
        assert_eq!(keys.is_ok_and(|keys| keys.current().is_ok()), usable, "{uses}");
    }
    let file = format!("{temporary}/settings-last-good.json");
    let _ = std::fs::remove_file(&file);
    let (keys, _requests) = served(with("last_good_file", json!(file)));
    keys.wait_ready(TIMEOUT).unwrap();
    // Another thread writes the file after the attempt.
    let end = Instant::now() + TIMEOUT;
    while !std::path::Path::new(&file).exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(std::fs::read_to_string(&file).unwrap().contains("keys"));
    let (keys, _requests) = served(with("backend", json!("aws-lc")));
    keys.wait_ready(TIMEOUT).unwrap();
    assert_eq!(keys.current().unwrap().accelerated_keys(), 0);

    for setting in SettingsKind::Keys.settings() {
        assert!(tested.contains(&setting.name), "{} is not tested", setting.name);
    }
}

#[test]
fn ttl_and_max_stale_limit_the_use_of_keys() {
    let next = |builder: RemoteJwkSetBuilder| {
        let (keys, _requests) = served(builder);
        assert!(keys.wait_attempts(1, TIMEOUT));
        keys.status().next_attempt
    };
    let hour = Duration::from_secs(60 * 60);
    let fresh_for_a_day = json!({"url": "https://idp.example/?fresh", "max_ttl": "1h"});
    for fresh in [next(with("ttl", "1h")), next(builder(&fresh_for_a_day))] {
        assert!(fresh > hour / 10 * 6 && fresh <= hour / 10 * 8, "{fresh:?}");
    }
    // The default of `ttl` is 600 s, and a refresh is due after at most 80 % of it.
    assert!(next(with("lazy", false)) <= Duration::from_secs(480));

    let usable_later = |max_stale: &str| {
        let settings = json!({"url": "https://idp.example/jwks", "ttl": "1s", "max_stale": max_stale});
        let (keys, _requests) = served_times(1, builder(&settings));
        keys.wait_ready(TIMEOUT).unwrap();
        std::thread::sleep(Duration::from_millis(1200));
        keys.current().is_ok()
    };
    assert!(usable_later("1h") && !usable_later("0s"));
}

#[test]
fn max_wait_limits_the_wait_of_a_verification() {
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
fn refetch_intervals_limit_fetches_for_tokens() {
    let (_, rest) = TOKEN.trim().split_once('.').unwrap();
    let forged = |header: &str| format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
    for (name, interval, fetched) in [
        ("refetch_interval", "1s", 4),
        ("refetch_interval", "1h", 3),
        ("refetch_interval_without_kid", "1s", 3),
        ("refetch_interval_without_kid", "1h", 2),
    ] {
        let (keys, _requests) = served(with(name, interval));
        keys.wait_ready(TIMEOUT).unwrap();
        let verifier = Verifier::new(keys.clone(), Policy::dcos().time(1_467_985_465));
        let token_with = |kid| match name {
            "refetch_interval" => forged(&format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#)),
            _ => forged(r#"{"alg":"RS256"}"#),
        };
        for kid in ["a", "b"] {
            verifier.verify(token_with(kid)).unwrap_err();
        }
        std::thread::sleep(Duration::from_millis(1200));
        verifier.verify(token_with("c")).unwrap_err();
        assert_eq!(keys.status().attempts, fetched, "{name} {interval}");
    }
}

#[test]
fn the_settings_table_has_the_same_ranges_as_the_builder() {
    let mut ranges = 0;
    for (name, least, most) in [
        ("ttl", "1s", "366d"),
        ("max_ttl", "1s", "366d"),
        ("max_stale", "0s", "366d"),
        ("timeout", "1ms", "5m"),
        ("connect_timeout", "1ms", "5m"),
        ("max_wait", "0s", "5m"),
        ("refetch_interval", "1s", "1h"),
        ("refetch_interval_without_kid", "1s", "1d"),
        ("max_document_len", "1KiB", "64MiB"),
        ("max_keys", "1", "1000"),
        ("max_table_memory", "0", "1GiB"),
    ] {
        ranges += 1;
        let setting = SettingsKind::Keys.setting(name).unwrap();
        assert_eq!(setting.kind.range(), format!("{least} to {most}"));
        for edge in [least, most] {
            let mut own = loaded("keys", &json!({"url": "https://idp.example/jwks", "lazy": true}));
            own.set(name, edge).unwrap();
            RemoteJwkSetBuilder::from_settings(&own).unwrap().build().unwrap();
        }
    }
    let all = SettingsKind::Keys.settings().into_iter();
    assert_eq!(ranges, all.filter(|setting| !setting.kind.range().is_empty()).count());
    for (name, over) in [("ttl", "999ms"), ("ttl", "367d"), ("timeout", "0s"), ("max_wait", "301s")] {
        let mut own = settings("keys");
        assert!(own.set(name, over).is_err(), "{name}");
        assert_eq!(document(&own), json!({}));
    }
    let any = || RemoteJwkSet::builder("https://idp.example/jwks").lazy();
    let second = Duration::from_secs(1);
    let year = 366 * 24 * 60 * 60 * second;
    for (builder, name) in [
        (any().ttl(year + second), "ttl"),
        (any().max_ttl(year + second), "max_ttl"),
        (any().max_stale(year + second), "max_stale"),
        (any().timeout(301 * second), "timeout"),
        (any().connect_timeout(301 * second), "connect_timeout"),
        (any().max_wait(301 * second), "max_wait"),
        (any().refetch_interval(3601 * second), "refetch_interval"),
        (any().refetch_interval_without_kid(86_401 * second), "refetch_interval_without_kid"),
        (any().max_document_len((64 << 20) + 1), "max_document_len"),
        (any().max_keys(1001), "max_keys"),
        (any().max_table_memory((1 << 30) + 1), "max_table_memory"),
    ] {
        refused(builder, name);
    }
}
