//! Reloads: what is kept, what is replaced, and that a bad document changes nothing.

use super::server::{Reply, Server};
use super::{TIMEOUT, accept, entry, jwks, kind, token, verify_until_accepted};
use bouncer_verify::{ErrorKind, Stats, Verdict, Verifier};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn with(mut entry: Value, name: &str, value: Value) -> Value {
    entry[name] = value;
    entry
}

#[test]
fn an_entry_that_is_the_same_keeps_its_keys_cache_and_counters() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let a = entry(A, json!({"url": server.url()}));
    let document = |entries: &[Value]| json!({"accept": entries, "cache": 100}).to_string();
    let verifier =
        Verifier::from_config(&document(&[a.clone(), entry(B, json!({"jwks": jwks(1, "1")}))])).unwrap();
    let [of_a, of_b] = [token(0, "1", A), token(1, "1", B)];
    verify_until_accepted(&verifier, &of_a);
    verifier.verify(&of_b).unwrap();
    let hits = |verifier: &Verifier| verifier.cache_stats().unwrap().hits();
    let before = hits(&verifier);

    // Another order, another entry, and the members in another order.
    let a_again = json!({"keys": {"url": server.url()}, "algorithms": ["ES256"], "issuers": [A]});
    verifier
        .reload(&document(&[entry("https://c.example", json!({"jwks": jwks(1, "1")})), a_again]))
        .unwrap();
    verifier.verify(&of_a).unwrap();
    assert_eq!((hits(&verifier), server.count()), (before + 1, 1));
    assert_eq!(kind(verifier.verify(&of_b)), Some(ErrorKind::WrongIssuer));
    let stats = Stats::from(&verifier);
    let accepted = stats.rows().iter().find(|row| row.source == A && row.status == "ok").unwrap();
    assert_eq!(accepted.value, Some(bouncer_verify::StatValue::Number(before as f64 + 2.0)));

    // The entry of B is new, so nothing that was cached for the old one counts.
    verifier.reload(&document(&[a, entry(B, json!({"jwks": jwks(0, "1")}))])).unwrap();
    assert_eq!(kind(verifier.verify(&of_b)), Some(ErrorKind::InvalidSignature));
    assert_eq!(hits(&verifier), before + 1);
}

#[test]
fn a_new_policy_keeps_the_keys_and_forgets_the_cached_tokens() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let a = entry(A, json!({"url": server.url()}));
    let verifier = Verifier::from_config(&json!({"accept": [a], "cache": 100}).to_string()).unwrap();
    let token = token(0, "1", A);
    verify_until_accepted(&verifier, &token);
    let stricter = with(a, "required_claims", json!(["jti"]));
    // The issuer is down: a new key set would have no keys.
    server.say(Reply::status(500));
    verifier.reload(&json!({"accept": [stricter], "cache": 100}).to_string()).unwrap();
    assert_eq!(kind(verifier.verify(&token)), Some(ErrorKind::MissingClaim));
    assert_eq!(server.count(), 1);
}

#[test]
fn a_cached_token_is_not_accepted_after_its_issuer_moved_to_another_entry() {
    let any = json!({"any_issuer": true, "algorithms": ["ES256"], "keys": {"jwks": jwks(1, "1")}});
    let template = json!({
        "issuers": ["https://login.example/{sub}"], "algorithms": ["ES256"], "keys": {"jwks": jwks(1, "1")}
    });
    for (open, issuer) in [(any, A), (template, "https://login.example/s")] {
        let other = entry("https://other.example", json!({"jwks": jwks(0, "1")}));
        let document = |entries: &[&Value]| json!({"accept": entries, "cache": 100}).to_string();
        for before in [document(&[&open]), document(&[&open, &other])] {
            let verifier = Verifier::from_config(&before).unwrap();
            let token = token(1, "1", issuer);
            verifier.verify(&token).unwrap();
            verifier.verify(&token).unwrap();
            assert_eq!(verifier.cache_stats().unwrap().hits(), 1);
            let its_own = entry(issuer, json!({"jwks": jwks(0, "1")}));
            verifier.reload(&document(&[&open, &its_own])).unwrap();
            assert_eq!(kind(verifier.verify(&token)), Some(ErrorKind::InvalidSignature));
            assert!(verifier.lookup_cached(&token).is_none());
            // The counters of the entry that is kept go on.
            assert_eq!(verifier.cache_stats().unwrap().hits(), 1);
        }
    }
}

#[test]
fn more_issuers_with_the_same_url_of_keys_keep_the_keys() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let document = |issuers: &[&str]| {
        let keys = json!({"url": server.url()});
        accept(&[json!({"issuers": issuers, "algorithms": ["ES256"], "keys": keys})])
    };
    let verifier = Verifier::from_config(&document(&[A])).unwrap();
    verify_until_accepted(&verifier, &token(0, "1", A));
    server.say(Reply::status(500));
    verifier.reload(&document(&[A, B])).unwrap();
    assert!(verifier.verify(token(0, "1", A)).is_ok() && verifier.verify(token(0, "1", B)).is_ok());
    assert_eq!(server.count(), 1);
}

#[test]
fn a_new_entry_with_the_same_keys_takes_nothing_from_an_entry_that_is_the_same() {
    let keys = json!({"jwks": jwks(0, "1")});
    let document = |entries: &[Value]| json!({"accept": entries, "cache": 100}).to_string();
    let verifier = Verifier::from_config(&document(&[entry(A, keys.clone())])).unwrap();
    let token = token(0, "1", A);
    verifier.verify(&token).unwrap();
    verifier.reload(&document(&[entry(B, keys.clone()), entry(A, keys)])).unwrap();
    verifier.verify(&token).unwrap();
    assert_eq!(verifier.cache_stats().unwrap().hits(), 1);
}

#[test]
fn a_document_that_is_refused_causes_no_request() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let good = entry(A, json!({"url": server.url()}));
    for bad in [
        good.clone(),
        json!({"issuers": [B], "leeway": "1y"}),
        entry(B, json!({"url": "http://keys.example/"})),
    ] {
        Verifier::from_config(&accept(&[good.clone(), bad])).unwrap_err();
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn a_caller_that_waits_for_a_dead_issuer_gets_the_new_keys_of_a_reload() {
    let hanging = Server::saying(Reply::Hang);
    let document = |keys: Value| accept(&[entry(A, keys), entry(B, json!({"jwks": jwks(1, "1")}))]);
    let keys = json!({"url": hanging.url(), "timeout": "30s", "max_wait": "30s"});
    let verifier = Verifier::from_config(&document(keys)).unwrap();
    let begin = Instant::now();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let verifier = verifier.clone();
                scope.spawn(move || verifier.verify(token(0, "1", A)))
            })
            .collect();
        while hanging.count() == 0 && begin.elapsed() < TIMEOUT {
            thread::yield_now();
        }
        verifier.reload(&document(json!({"jwks": jwks(0, "1")}))).unwrap();
        for waiting in waiting {
            waiting.join().unwrap().unwrap();
        }
    });
    assert!(begin.elapsed() < TIMEOUT, "the callers did not wait for the issuer");
}

#[test]
fn a_file_of_keys_is_read_again_and_a_changed_one_replaces_the_keys() {
    let file = std::env::temp_dir().join(format!("bouncer-issuers-{}.json", std::process::id()));
    std::fs::write(&file, jwks(0, "1").to_string()).unwrap();
    let document = accept(&[entry(A, json!({"file": file.to_str().unwrap()}))]);
    let verifier = Verifier::from_config(&document).unwrap();
    assert!(verifier.verify(token(0, "1", A)).is_ok());
    std::fs::write(&file, jwks(1, "1").to_string()).unwrap();
    assert!(verifier.verify(token(0, "1", A)).is_ok(), "the file is read only at a reload");
    verifier.reload(&document).unwrap();
    assert!(verifier.verify(token(0, "1", A)).is_err() && verifier.verify(token(1, "1", A)).is_ok());
    // A file that is bad or missing changes nothing.
    for content in ["{", r#"{"keys":[]}"#] {
        std::fs::write(&file, content).unwrap();
        assert_eq!(verifier.reload(&document).unwrap_err().name(), Some("accept[0].keys.file"));
    }
    std::fs::remove_file(&file).unwrap();
    let error = verifier.reload(&document).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::InvalidArgument, Some("accept[0].keys.file")));
    assert!(verifier.verify(token(1, "1", A)).is_ok());
}

#[test]
fn a_bad_document_changes_nothing() {
    let verifier = Verifier::from_config(&accept(&[entry(A, json!({"jwks": jwks(0, "1")}))])).unwrap();
    for (document, path) in [
        ("{".to_owned(), None),
        (json!({"accept": []}).to_string(), Some("accept")),
        (
            accept(&[entry(B, json!({"jwks": jwks(0, "1")})), json!({"issuers": ["c"], "leeway": "1y"})]),
            Some("accept[1].leeway"),
        ),
        (
            accept(&[entry(B, json!({"jwks": jwks(0, "1")})), entry(B, json!({"jwks": jwks(0, "1")}))]),
            Some("accept[1].issuers"),
        ),
    ] {
        let error = verifier.reload(&document).unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::InvalidArgument, path), "{error}");
        assert!(verifier.verify(token(0, "1", A)).is_ok());
        assert!(verifier.verify(token(0, "1", B)).is_err());
    }
}

#[test]
fn a_reload_under_load_never_rejects_a_token_of_a_kept_entry() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let a = entry(A, json!({"url": server.url()}));
    let documents = [
        accept(&[a.clone(), entry(B, json!({"jwks": jwks(1, "1")}))]),
        accept(&[entry("https://c.example", json!({"jwks": jwks(1, "1")})), a.clone()]),
        json!({"accept": [a], "cache": 50}).to_string(),
    ];
    let verifier = Verifier::from_config(&documents[0]).unwrap();
    let [of_a, of_b] = [token(0, "1", A), token(1, "1", B)];
    verify_until_accepted(&verifier, &of_a);
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for i in 0..8 {
            let (verifier, of_a, of_b, stop, count) = (verifier.clone(), &of_a, &of_b, &stop, &count);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let result = if i % 2 == 0 {
                        verifier.verify(of_a)
                    } else {
                        verifier.verify_batch(&[of_a, of_b, of_a], 1).swap_remove(2)
                    };
                    result.unwrap();
                    if let Err(error) = verifier.verify(of_b) {
                        // With a single entry, its policy checks the issuer last.
                        let kinds =
                            [ErrorKind::WrongIssuer, ErrorKind::InvalidSignature, ErrorKind::NoMatchingKey];
                        assert!(kinds.contains(&error.kind()), "{error}");
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 0..60 {
            let at_least = count.load(Ordering::SeqCst) + 20;
            let which = round % documents.len();
            if round % 2 == 0 {
                verifier.reload("{").unwrap_err();
            }
            verifier.reload(&documents[which]).unwrap();
            assert_eq!(verifier.verify(&of_b).is_ok(), which == 0);
            let end = Instant::now() + TIMEOUT;
            while count.load(Ordering::SeqCst) < at_least && Instant::now() < end {
                thread::yield_now();
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(server.count(), 1);
}

#[test]
fn a_token_that_waits_for_a_removed_entry_gets_the_new_entry() {
    let hanging = Server::saying(Reply::Hang);
    let document = |keys: Value| accept(&[entry(A, keys), entry(B, json!({"jwks": jwks(1, "1")}))]);
    let verifier = Verifier::from_config(&document(json!({"url": hanging.url(), "timeout": "20s"}))).unwrap();
    let token = token(0, "1", A);
    let Verdict::Pending(ticket) = verifier.verify_now(&token) else { panic!("the issuer hangs") };
    assert!(!verifier.wait(ticket, Duration::ZERO));
    verifier.reload(&document(json!({"jwks": jwks(0, "1")}))).unwrap();
    assert!(verifier.wait(ticket, TIMEOUT));
    assert!(matches!(verifier.resume(&token, ticket), Verdict::Final(Ok(_))));
}

#[cfg(target_os = "linux")]
#[test]
fn a_watch_follows_the_entries_of_a_reload() {
    let verifier = Verifier::from_config(&accept(&[entry(A, json!({"jwks": jwks(0, "1")}))])).unwrap();
    let watch = verifier.watch().unwrap();
    let server = Server::saying(Reply::json(jwks(1, "1").to_string()).late(Duration::from_millis(200)));
    let entries = [entry(A, json!({"jwks": jwks(0, "1")})), entry(B, json!({"url": server.url()}))];
    verifier.reload(&accept(&entries)).unwrap();
    assert!(crate::readable::readable_within(&watch, TIMEOUT), "after the reload");
    watch.clear();
    let token = token(1, "1", B);
    let Verdict::Pending(ticket) = verifier.verify_now(&token) else { panic!("the fetch is in flight") };
    while !verifier.wait(ticket, Duration::ZERO) {
        assert!(crate::readable::readable_within(&watch, TIMEOUT), "after the fetch");
        watch.clear();
    }
    assert!(matches!(verifier.resume(&token, ticket), Verdict::Final(Ok(_))));
}
