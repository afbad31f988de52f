//! Tokens without a matching key, and the fetches that they cause.

use crate::server::{Reply, Server};
use crate::{decided, forged, jwks, kind, on_threads, pending, ready, token, token_until, until};
use bouncer_verify::{ErrorKind, Policy, Verifier};
use std::time::{Duration, Instant};

#[test]
fn a_hundred_thousand_random_kids_cause_two_fetches() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let genuine = token("rsa-2048-a", Some("a"));
    let start = Instant::now();
    let flood = verifier.clone();
    let rejected = on_threads(8, move |thread| {
        let forged_token = token("rsa-2048-a", Some("a"));
        (0..12_500)
            .filter(|i| {
                kind(flood.verify(forged(&forged_token, &format!("{thread}-{i}"))))
                    == ErrorKind::NoMatchingKey
            })
            .count()
    });
    assert_eq!(rejected.iter().sum::<usize>(), 100_000);
    assert_eq!(verifier.verify(&genuine).unwrap().uid(), Some("peter"));
    let allowed = 2 + start.elapsed().as_secs() as usize / 10;
    assert!(server.count() - 1 <= allowed, "{} fetches", server.count() - 1);
    let status = keys.status();
    assert_eq!(status.unknown_kid as usize, server.count() - 1);
    assert!(status.suppressed > 90_000, "{status:?}");
}

#[test]
fn in_an_outage_a_hundred_thousand_random_kids_cause_two_fetches_and_keys_unavailable() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    server.say(Reply::status(503));
    let genuine = token("rsa-2048-a", Some("a"));
    let start = Instant::now();
    for i in 0..100_000 {
        // The fetch failed, so it is unknown whether the key exists.
        assert_eq!(kind(verifier.verify(forged(&genuine, &i.to_string()))), ErrorKind::KeysUnavailable);
    }
    assert!(verifier.verify(&genuine).is_ok());
    let allowed = 2 + start.elapsed().as_secs() as usize / 10;
    assert!(server.count() - 1 <= allowed, "{} fetches", server.count() - 1);
    assert_eq!(keys.status().unknown_kid as usize, server.count() - 1);
}

#[test]
fn tokens_that_no_key_could_make_valid_cause_no_fetch_and_no_claim_is_reported() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, bouncer) = ready(&server);
    let policy = Policy::for_issuer("https://idp.example", "https://api.example").required_claims(["tenant"]);
    let strict = Verifier::new(keys.clone(), policy);
    let expired = token_until("rsa-2048-b", Some("b"), crate::now() - 1);
    for _ in 0..1000 {
        assert_eq!(kind(bouncer.verify(&expired)), ErrorKind::NoMatchingKey);
    }
    // Tokens without iss, aud and tenant, without a signature, with an invalid signature, or with a
    // payload that is not JSON.
    let other = token("rsa-2048-b", Some("b"));
    let (signed, _) = other.rsplit_once('.').unwrap();
    let not_json =
        crate::key("rsa-2048-b").token(bouncer_verify::Algorithm::Rs256, r#"{"alg":"RS256","kid":"b"}"#, "{");
    assert_eq!(kind(strict.verify(&other)), ErrorKind::NoMatchingKey);
    for token in [format!("{signed}."), not_json] {
        assert_eq!(kind(bouncer.verify(&token)), ErrorKind::NoMatchingKey, "{token}");
    }
    assert_eq!(kind(bouncer.verify(format!("{signed}.A"))), ErrorKind::NoMatchingKey);
    // An expired token without kid whose key is missing: the error is the invalid signature, not
    // the expiry.
    let without_kid = token_until("rsa-2048-b", None, crate::now() - 1);
    assert_eq!(kind(bouncer.verify(&without_kid)), ErrorKind::InvalidSignature);
    assert_eq!(server.count(), 1);
    assert_eq!(keys.status().suppressed, 0, "no token requested a fetch");
}

#[test]
fn invalid_signatures_under_a_known_kid_cause_one_fetch_in_five_minutes() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    let (keys, verifier) = ready(&server);
    // A token that is also expired causes no fetch.
    let expired = token_until("rsa-2048-b", Some("a"), crate::now() - 1);
    assert_eq!(kind(verifier.verify(expired)), ErrorKind::InvalidSignature);
    assert_eq!((server.count(), keys.status().without_kid), (1, 0));
    let flood = verifier.clone();
    let rejected = on_threads(8, move |thread| {
        let wrong = token("rsa-2048-b", Some("a"));
        let other = forged(&token("rsa-2048-a", Some("a")), "b");
        let tokens = if thread % 2 == 0 { [&wrong, &other] } else { [&other, &wrong] };
        let is_wrong = |token: &&&String| kind(flood.verify(token)) == ErrorKind::InvalidSignature;
        tokens.iter().cycle().take(1000).filter(is_wrong).count()
    });
    assert_eq!(rejected, [1000; 8]);
    assert_eq!((server.count(), keys.status().without_kid), (2, 1));
    // These fetches share the budget of tokens without kid.
    assert_eq!(kind(verifier.verify(token("rsa-3072", None))), ErrorKind::InvalidSignature);
    assert_eq!(server.count(), 2);
}

#[test]
fn a_new_key_under_an_old_kid_is_fetched_for_its_first_token() {
    for in_a_batch in [false, true] {
        let server =
            Server::saying(Reply::json(jwks(&[("rsa-2048-a", "1")])).with("Cache-Control", "max-age=86400"));
        let (keys, verifier) = ready(&server);
        assert!(verifier.verify(token("rsa-2048-a", Some("1"))).is_ok());
        server.say(Reply::json(jwks(&[("rsa-2048-b", "1")])));
        let new = token("rsa-2048-b", Some("1"));
        let verdict =
            if in_a_batch { verifier.verify_batch(&[&new], 1).remove(0) } else { verifier.verify(&new) };
        assert_eq!(verdict.unwrap().kid(), Some("1"));
        assert_eq!((server.count(), keys.status().without_kid), (2, 1));
        // Tokens of the old key are now invalid, and cause no further fetch.
        for _ in 0..100 {
            assert_eq!(kind(verifier.verify(token("rsa-2048-a", Some("1")))), ErrorKind::InvalidSignature);
        }
        assert_eq!(server.count(), 2);
    }
}

#[test]
fn in_an_outage_an_invalid_signature_under_a_known_kid_stays_invalid() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (_keys, verifier) = ready(&server);
    server.say(Reply::status(503));
    for _ in 0..100 {
        assert_eq!(kind(verifier.verify(token("rsa-2048-b", Some("a")))), ErrorKind::InvalidSignature);
    }
    assert_eq!(server.count(), 2);
    // A token without kid may be signed with any new key, so the error is "keys unavailable".
    assert_eq!(kind(verifier.verify(token("rsa-2048-b", None))), ErrorKind::KeysUnavailable);
    assert_eq!(server.count(), 2, "the budget is spent");
}

#[test]
fn a_key_published_shortly_after_its_first_token_is_found_within_seconds() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (_keys, verifier) = ready(&server);
    let early = token("rsa-2048-b", Some("b"));
    assert_eq!(kind(verifier.verify(&early)), ErrorKind::NoMatchingKey);
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    let start = Instant::now();
    until("the kid causes another fetch", || verifier.verify(&early).is_ok());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_eq!(server.count(), 3);
}

#[test]
fn a_rotation_after_forged_kids_is_found_after_ten_seconds() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (_keys, verifier) = ready(&server);
    let start = Instant::now();
    let forged_token = token("rsa-2048-a", Some("a"));
    for i in 0..3 {
        assert_eq!(
            kind(verifier.verify(forged(&forged_token, &format!("forged-{i}")))),
            ErrorKind::NoMatchingKey
        );
    }
    assert_eq!(server.count(), 3);
    server.say(Reply::json(jwks(&[("rsa-2048-b", "b")])));
    let new = token("rsa-2048-b", Some("b"));
    assert_eq!(kind(verifier.verify(&new)), ErrorKind::NoMatchingKey);
    until("the budget is refilled", || verifier.verify(&new).is_ok());
    let waited = start.elapsed();
    assert!(waited > Duration::from_secs(9) && waited < Duration::from_secs(13), "{waited:?}");
    assert_eq!(server.count(), 4);
}

#[test]
fn if_the_issuer_is_slow_all_waiting_callers_get_keys_unavailable() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let keys = crate::builder(&server).max_wait(Duration::from_millis(300)).build().unwrap();
    keys.wait_ready(crate::TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let both = jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")]);
    server.say(Reply::json(both).late(Duration::from_secs(3)));
    let new = token("rsa-2048-b", Some("b"));
    let (its, slow) = (verifier.clone(), new.clone());
    let errors = on_threads(50, move |_| its.verify(&slow).unwrap_err());
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        assert_eq!(error.http_status(), 503);
        let start = format!("the fetch of the token's key from {} has not finished after 0.", server.url());
        let end = " s: raise max_wait (0.3 s) if the issuer is slow";
        assert!(error.detail().starts_with(&start) && error.detail().ends_with(end), "{error}");
    }
    assert!(keys.wait_attempts(2, crate::TIMEOUT));
    assert!(verifier.verify(&new).is_ok());
    assert_eq!(server.count(), 2);
}

#[test]
fn if_the_fetch_of_a_key_fails_the_error_contains_the_cause() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    server.say(Reply::status(418));
    for i in 0..5 {
        let error = verifier.verify(token("rsa-2048-b", Some(&format!("b-{i}")))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        let source = server.url();
        let expected =
            format!("the token's key could not be looked up: keys of {source}: unexpected status: HTTP 418");
        assert_eq!(error.detail(), expected);
    }
    // Two tokens caused a fetch. For the others the budget was spent, and the last fetch had
    // failed.
    assert_eq!((server.count(), keys.status().unknown_kid, keys.status().suppressed), (3, 2, 3));
    // After a successful fetch, the error for an unknown kid is "no matching key" again.
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    keys.refresh(crate::TIMEOUT).unwrap();
    assert_eq!(kind(verifier.verify(token("rsa-2048-b", Some("b-9")))), ErrorKind::NoMatchingKey);
}

#[test]
fn resuming_before_the_fetch_is_done_returns_keys_unavailable() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (_keys, verifier) = ready(&server);
    server.say(Reply::Hang);
    for kid in [Some("b"), None] {
        let new = token("rsa-2048-b", kid);
        let ticket = pending(verifier.verify_now(&new));
        assert!(!verifier.wait(ticket, Duration::from_millis(100)));
        assert_eq!(kind(decided(verifier.resume(&new, ticket))), ErrorKind::KeysUnavailable, "{kid:?}");
    }
    assert_eq!(server.count(), 2, "the second token joined the fetch of the first");
}

#[test]
fn a_token_with_a_new_kid_causes_a_fetch_of_its_key() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    let new = token("rsa-2048-b", Some("b"));
    // Concurrent callers share a fetch: the 16 callers cause at most two fetches.
    let passed = on_threads(16, move |_| verifier.verify(&new).is_ok());
    assert_eq!(passed, [true; 16]);
    assert!(server.count() <= 3, "{}", server.count());
    assert_eq!(server.requests()[1].header("cache-control"), Some("no-cache"));
    assert_eq!(server.requests()[0].header("cache-control"), None);
    assert_eq!(keys.status().generation, 2);
}

#[test]
fn a_kid_that_a_fetch_did_not_find_causes_no_fetch_until_the_keys_change() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let lost = token("rsa-2048-b", Some("b"));
    for _ in 0..50 {
        assert_eq!(kind(verifier.verify(&lost)), ErrorKind::NoMatchingKey);
    }
    assert_eq!((server.count(), keys.status().suppressed), (2, 49));
    // The key set remembers the kids that a fetch did not find, even after the issuer publishes
    // the key. It forgets them when it has new keys.
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    assert_eq!(kind(verifier.verify(&lost)), ErrorKind::NoMatchingKey);
    keys.refresh(crate::TIMEOUT).unwrap();
    assert!(verifier.verify(&lost).is_ok());
}

#[test]
fn a_new_key_is_fetched_for_a_token_without_kid() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    assert!(verifier.verify(token("rsa-2048-a", None)).is_ok());
    server.say(Reply::json(jwks(&[("rsa-2048-b", "b")])));
    assert!(verifier.verify(token("rsa-2048-b", None)).is_ok());
    assert_eq!((server.count(), keys.status().without_kid), (2, 1));
    // Old tokens and forged tokens cause no second fetch for five minutes.
    for _ in 0..1000 {
        assert_eq!(kind(verifier.verify(token("rsa-2048-a", None))), ErrorKind::InvalidSignature);
    }
    assert_eq!((server.count(), keys.status().suppressed), (2, 1000));
    // Unknown kids have a separate budget.
    server.say(Reply::json(jwks(&[("rsa-2048-a", "c"), ("rsa-2048-b", "b")])));
    assert!(verifier.verify(token("rsa-2048-a", Some("c"))).is_ok());
}

#[test]
fn waiting_for_a_fetch_ends_after_max_wait() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let keys = crate::builder(&server).max_wait(Duration::from_millis(200)).build().unwrap();
    keys.wait_ready(crate::TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    server.say(Reply::Hang);
    let start = Instant::now();
    assert_eq!(kind(verifier.verify(token("rsa-2048-b", Some("b")))), ErrorKind::KeysUnavailable);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_secs(2), "{waited:?}");
}

#[test]
fn a_caller_whose_wait_has_timed_out_requests_no_fetch() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let keys = crate::builder(&server).max_wait(Duration::from_millis(200)).build().unwrap();
    keys.wait_ready(crate::TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a")])).late(Duration::from_secs(1)));
    let its = keys.clone();
    let refresh = std::thread::spawn(move || its.refresh(crate::TIMEOUT));
    until("the refresh began", || server.count() == 2);
    // The token waits for the refresh in flight, and times out. If the refresh had ended in time,
    // the token would cause another fetch.
    assert_eq!(kind(verifier.verify(token("rsa-2048-b", Some("b")))), ErrorKind::KeysUnavailable);
    refresh.join().unwrap().unwrap();
    // If the token had requested a fetch, that fetch would be counted now.
    keys.refresh(crate::TIMEOUT).unwrap();
    assert_eq!(keys.status().unknown_kid, 0);
}

#[test]
fn verify_now_never_waits_and_returns_a_ticket() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let (old, new) = (token("rsa-2048-a", Some("a")), token("rsa-2048-b", Some("b")));
    assert!(decided(verifier.verify_now(&old)).is_ok());

    let both = jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")]);
    server.say(Reply::json(both).late(Duration::from_millis(300)));
    let start = Instant::now();
    let first = pending(verifier.verify_now(&new));
    assert!(start.elapsed() < Duration::from_millis(200));
    until("the fetch began", || server.count() == 2);
    // Another caller joins the fetch.
    let joined = pending(verifier.verify_now(&new));
    assert!(verifier.wait(joined, crate::TIMEOUT) && keys.wait(first, Duration::ZERO));
    assert!(decided(verifier.resume(&new, first)).is_ok());
    // The verdict after the fetch is final, even if the key is still missing.
    let lost = token("rsa-2048-b", Some("c"));
    let ticket = pending(verifier.verify_now(&lost));
    assert!(verifier.wait(ticket, crate::TIMEOUT));
    assert!(decided(verifier.resume(&lost, ticket)).is_err());
    assert_eq!(server.count(), 3);
}

#[test]
fn a_key_that_arrives_during_a_verification_is_used_without_another_fetch() {
    for (kid, in_a_batch) in [Some("b"), None].into_iter().flat_map(|kid| [(kid, false), (kid, true)]) {
        let server = Server::saying(Reply::json(jwks(&[("rsa-2048-b", kid.unwrap_or(""))])));
        let keys = crate::builder(&server).lazy().seed(jwks(&[("rsa-2048-a", "a")])).build().unwrap();
        // A verification reads the policy's clock after the key lookup and before it reports the
        // missing key. So the clock function can refresh the keys between the two steps.
        let (refreshed, its) = (std::sync::Once::new(), keys.clone());
        let clock = bouncer_verify::Clock::from_fn(move || {
            refreshed.call_once(|| its.refresh(crate::TIMEOUT).unwrap());
            crate::now()
        });
        let verifier = Verifier::new(keys.clone(), Policy::dcos().clock(clock));
        let token = token("rsa-2048-b", kid);
        let verdict = match in_a_batch {
            true => verifier.verify_batch_now(&[token], 1).remove(0),
            false => verifier.verify_now(token),
        };
        assert!(decided(verdict).is_ok(), "{kid:?} {in_a_batch}");
        // One request of the clock function, and perhaps one of the first scheduled refresh.
        assert!(server.count() <= 2);
        let status = keys.status();
        assert_eq!((status.unknown_kid, status.without_kid, status.suppressed), (0, 0, 0));
    }
}

#[test]
fn a_token_that_joined_an_older_fetch_may_cause_another_fetch() {
    // The fetch in flight began before the rotation, so it does not return the new key.
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a")])).late(Duration::from_millis(300)));
    let refresh = std::thread::spawn(move || keys.refresh(crate::TIMEOUT));
    until("the refresh began", || server.count() == 2);
    server.say(Reply::json(jwks(&[("rsa-2048-b", "b")])));
    assert!(verifier.verify(token("rsa-2048-b", Some("b"))).is_ok());
    refresh.join().unwrap().unwrap();
    assert_eq!(server.count(), 3);
}

#[test]
fn a_token_waits_for_a_fetch_that_another_token_caused_meanwhile() {
    let only_a = || Reply::json(jwks(&[("rsa-2048-a", "a")]));
    let server = Server::saying(only_a());
    let (keys, verifier) = ready(&server);
    // The budget allows two fetches. This token spends one.
    assert!(verifier.verify(token("rsa-2048-b", Some("forged"))).is_err());
    assert_eq!(server.count(), 2);
    server.say(only_a().late(Duration::from_millis(500)));
    let its = keys.clone();
    let refresh = std::thread::spawn(move || its.refresh(crate::TIMEOUT));
    until("the refresh began", || server.count() == 3);
    let first = token("rsa-2048-b", Some("b"));
    let joined = pending(verifier.verify_now(&first));
    server
        .say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])).late(Duration::from_millis(500)));
    refresh.join().unwrap().unwrap();
    // Another token of the same key causes a fetch first, and spends the rest of the budget.
    let second = token_until("rsa-2048-b", Some("b"), crate::now() + 1800);
    let own = pending(verifier.verify_now(&second));
    until("the fetch of the second token began", || server.count() == 4);
    // The verdict on the first token is pending again, for the fetch that the second token caused.
    let ticket = pending(verifier.resume(&first, joined));
    for (token, ticket) in [(first, ticket), (second, own)] {
        assert!(verifier.wait(ticket, crate::TIMEOUT));
        assert!(decided(verifier.resume(&token, ticket)).is_ok());
    }
    assert_eq!(server.count(), 4);
}
