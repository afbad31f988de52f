//! Token caches and batches of tokens while the keys change.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, decided, jwks, kind, pending, ready, token};
use bouncer_verify::{Clock, ErrorKind, Policy, Verdict, Verifier};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[test]
fn a_cached_token_of_a_removed_key_is_rejected_once_the_new_keys_are_in_use() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    let (keys, verifier) = ready(&server);
    let cached = verifier.with_cache(100);
    let (gone, stays) = (token("rsa-2048-a", Some("a")), token("rsa-2048-b", Some("b")));
    let hits = || cached.cache_stats().unwrap().hits();
    for token in [&gone, &stays, &gone, &stays] {
        assert!(cached.verify(token).is_ok());
    }
    assert_eq!(hits(), 2);

    server.say(Reply::json(jwks(&[("rsa-2048-b", "b")])));
    keys.refresh(TIMEOUT).unwrap();
    assert!(cached.lookup_cached(&gone).is_none());
    assert_eq!(kind(cached.verify(&gone)), ErrorKind::NoMatchingKey);
    assert_eq!(kind(decided(cached.verify_now(&gone))), ErrorKind::NoMatchingKey);
    assert!(cached.verify(&stays).is_ok());
    assert_eq!(hits(), 2, "entries of the old generation are not found");
    assert!(cached.verify(&stays).is_ok());
    assert_eq!(hits(), 3);

    // The keys have not changed, so the generation is the same, and the cache is kept.
    keys.refresh(TIMEOUT).unwrap();
    assert!(cached.verify(&stays).is_ok());
    assert_eq!(hits(), 4);
}

#[test]
fn without_usable_keys_a_cached_token_is_not_accepted() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let cached = verifier.with_cache(100);
    let token = token("rsa-2048-a", Some("a"));
    for _ in 0..2 {
        assert!(cached.verify(&token).is_ok());
    }
    assert!(cached.lookup_cached(&token).is_some());
    keys.close();
    assert!(cached.lookup_cached(&token).is_none());
    assert_eq!(kind(cached.verify(&token)), ErrorKind::KeysUnavailable);
    assert_eq!(kind(cached.verify_batch(&[&token], 1).remove(0)), ErrorKind::KeysUnavailable);
}

#[test]
fn a_batch_waits_if_the_key_of_some_tokens_is_missing() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (_keys, verifier) = ready(&server);
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    let (known, new) = (token("rsa-2048-a", Some("a")), token("rsa-2048-b", Some("b")));
    for verifier in [&verifier, &verifier.with_cache(100)] {
        let tokens: Vec<&str> = (0..20).map(|i| if i % 3 == 1 { &*new } else { &*known }).collect();
        let verdicts = verifier.verify_batch(&tokens, 2);
        for (i, verdict) in verdicts.into_iter().enumerate() {
            assert_eq!(verdict.unwrap().kid(), Some(if i % 3 == 1 { "b" } else { "a" }), "{i}");
        }
    }
    assert_eq!(server.count(), 2, "one fetch for all tokens");
}

#[test]
fn a_batch_does_not_wait_if_no_key_could_make_its_tokens_valid() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (_keys, verifier) = ready(&server);
    // The signature does not match key "a". A newer key with the same kid could have made it. But
    // the token has expired, so it is invalid with every key and causes no fetch.
    let expired = crate::token_until("rsa-2048-b", Some("a"), crate::now() - 1);
    let tokens = [expired, "nonsense".to_owned(), token("rsa-2048-a", Some("a"))];
    let kinds = verifier.verify_batch(&tokens, 1).into_iter().map(|verdict| verdict.err().map(|e| e.kind()));
    let expected = [Some(ErrorKind::InvalidSignature), Some(ErrorKind::MalformedToken), None];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
    assert_eq!(server.count(), 1);
}

#[test]
fn a_batch_waits_at_most_max_wait() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let keys = crate::builder(&server).max_wait(Duration::from_secs(1)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys, Policy::dcos());
    server.say(Reply::Hang);
    let tokens: Vec<String> = (0..10).map(|i| token("rsa-2048-b", Some(&format!("b-{i}")))).collect();
    let start = Instant::now();
    for verdict in verifier.verify_batch(&tokens, 1) {
        assert_eq!(kind(verdict), ErrorKind::KeysUnavailable);
    }
    assert!(start.elapsed() < Duration::from_secs(4), "10 tokens took {:?}", start.elapsed());
}

#[test]
fn verify_batch_now_returns_a_ticket_for_each_pending_token() {
    for capacity in [0, 1000] {
        let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
        let (keys, verifier) = ready(&server);
        let verifier = verifier.with_cache(capacity);
        let both = jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")]);
        server.say(Reply::json(both).late(Duration::from_millis(500)));
        let (known, new) = (token("rsa-2048-a", Some("a")), token("rsa-2048-b", Some("b")));
        let tokens: Vec<&str> = [&*known, &new, "nonsense"].into_iter().cycle().take(150).collect();

        let start = Instant::now();
        let verdicts = verifier.verify_batch_now(&tokens, 2);
        assert!(start.elapsed() < Duration::from_millis(400), "waited {:?}", start.elapsed());
        for (verdict, token) in verdicts.into_iter().zip(&tokens) {
            if *token == new {
                let ticket = pending(verdict);
                assert!(verifier.wait(ticket, TIMEOUT));
                assert_eq!(decided(verifier.resume(token, ticket)).unwrap().kid(), Some("b"));
            } else {
                assert_eq!(decided(verdict).is_ok(), *token == known);
            }
        }
        let verdicts = verifier.verify_batch_now(&tokens, 2);
        let accepted = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Final(Ok(_))));
        assert_eq!(accepted.count(), 100);
        assert_eq!(server.count(), 2, "one fetch for all tokens");

        keys.close();
        let unavailable = verifier.verify_batch_now(&tokens, 2).into_iter().zip(&tokens);
        for (verdict, token) in unavailable {
            let expected =
                if *token == "nonsense" { ErrorKind::MalformedToken } else { ErrorKind::KeysUnavailable };
            assert_eq!(kind(decided(verdict)), expected);
        }
    }
}

#[test]
fn a_batch_looks_up_and_verifies_a_token_with_a_missing_key_once() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, _) = ready(&server);
    // The clock is read once for each verification of a token.
    let readings = Arc::new(AtomicUsize::new(0));
    let its = Arc::clone(&readings);
    let clock = Clock::from_fn(move || {
        its.fetch_add(1, Relaxed);
        crate::now()
    });
    let cached = Verifier::new(keys, Policy::dcos().clock(clock)).with_cache(100);
    let tokens = [token("rsa-2048-a", Some("a")), token("rsa-2048-b", Some("b"))];
    let misses = || cached.cache_stats().unwrap().misses();
    let verdicts = cached.verify_batch_now(&tokens, 1);
    assert!(matches!(verdicts[1], Verdict::Pending(_)));
    assert_eq!((misses(), readings.load(Relaxed)), (2, 2));
}
