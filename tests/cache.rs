//! Tests of the cache of verified tokens: a hit skips the signature, and results do not change.

mod support {
    pub(crate) mod signer;
}

use bouncer_verify::{Algorithm, Clock, ErrorKind, Jwk, JwkSet, Policy, Verifier};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;
use support::signer::Key;

const NOW: i64 = 1_700_000_000;

static KEY: LazyLock<Key> = LazyLock::new(|| Key::load("p256-a"));

/// Returns a verifier with a cache, and its clock.
fn verifier(tokens: usize) -> (Verifier, Arc<AtomicI64>) {
    verifier_with(tokens, |policy| policy)
}

/// Returns a verifier with a cache and a policy that `change` has changed, and its clock.
fn verifier_with(tokens: usize, change: impl Fn(Policy) -> Policy) -> (Verifier, Arc<AtomicI64>) {
    let jwks = JwkSet::from_keys([Jwk::from_der(&KEY.public_der()).unwrap()]).unwrap();
    let seconds = Arc::new(AtomicI64::new(NOW));
    let read = Arc::clone(&seconds);
    let clock = Clock::from_fn(move || read.load(Ordering::Relaxed));
    let policy = change(Policy::dcos().algorithms([Algorithm::Es256]).clock(clock));
    (Verifier::new(jwks, policy).with_cache(tokens), seconds)
}

fn token(claims: &str) -> String {
    KEY.token(Algorithm::Es256, r#"{"alg":"ES256"}"#, claims)
}

fn user(i: usize) -> String {
    token(&format!(r#"{{"exp":{},"uid":"user-{i}"}}"#, NOW + 60))
}

fn hits_and_misses(verifier: &Verifier) -> (u64, u64) {
    let stats = verifier.cache_stats().unwrap();
    (stats.hits(), stats.misses())
}

#[test]
fn a_hit_returns_the_same_token_as_a_verification() {
    let (verifier, _) = verifier_with(100, Policy::any_audience);
    let token = token(
        r#"{"exp":1700000060.5,"uid":"p\u0065ter","aud":["a","\u0062"],"iss":"i","sub":"s","jti":"j","iat":7,"nbf":3,"x":[1]}"#,
    );
    let [first, second] = [(); 2].map(|()| verifier.verify(&token).unwrap());
    assert_eq!(hits_and_misses(&verifier), (1, 1));
    for token in [&first, &second] {
        assert_eq!(token.uid(), Some("peter"));
        assert_eq!(token.audience().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((token.issuer(), token.subject(), token.token_id()), (Some("i"), Some("s"), Some("j")));
        assert_eq!(
            (token.expires_at(), token.not_before(), token.issued_at()),
            (Some(NOW + 60), Some(3), Some(7))
        );
        assert_eq!((token.claim("x"), token.header()), (Some("[1]"), r#"{"alg":"ES256"}"#));
        assert_eq!((token.algorithm(), token.kid()), (Algorithm::Es256, None));
    }
    assert_eq!(first.payload(), second.payload());
}

#[test]
fn times_are_checked_on_every_hit() {
    let (verifier, seconds) = verifier(100);
    let token = token(&format!(r#"{{"exp":{},"nbf":{},"uid":"peter"}}"#, NOW + 60, NOW));
    let kind_at = |time| {
        seconds.store(time, Ordering::Relaxed);
        verifier.verify(&token).err().map(|error| (error.kind(), error.name().map(str::to_owned)))
    };
    assert_eq!(kind_at(NOW), None);
    assert_eq!(kind_at(NOW + 59), None);
    assert_eq!(kind_at(NOW + 60), Some((ErrorKind::Expired, Some("exp".to_owned()))));
    assert_eq!(kind_at(NOW - 61), Some((ErrorKind::NotYetValid, Some("nbf".to_owned()))));
    assert_eq!(kind_at(NOW - 60), None);
    assert_eq!(hits_and_misses(&verifier), (4, 1));
}

#[test]
fn the_age_is_checked_on_every_hit() {
    let (verifier, seconds) = verifier_with(100, |policy| policy.max_token_age(Duration::from_secs(30)));
    let token = token(&format!(r#"{{"exp":{},"iat":{},"uid":"peter"}}"#, NOW + 60, NOW));
    for (age, expected) in [(0, None), (30, None), (31, Some("iat")), (29, None)] {
        seconds.store(NOW + age, Ordering::Relaxed);
        let error = verifier.verify(&token).err();
        assert_eq!(error.as_ref().and_then(|error| error.name()), expected, "{age} s");
    }
    assert_eq!(hits_and_misses(&verifier), (3, 1));
}

#[test]
fn lookup_cached_checks_the_times_and_counts_only_hits() {
    let (verifier, seconds) = verifier(100);
    let token = user(1);
    assert!(verifier.lookup_cached(&token).is_none());
    assert_eq!(hits_and_misses(&verifier), (0, 0));
    verifier.verify(&token).unwrap();
    assert_eq!(verifier.lookup_cached(&token).unwrap().unwrap().uid(), Some("user-1"));
    seconds.store(NOW + 60, Ordering::Relaxed);
    assert_eq!(verifier.lookup_cached(&token).unwrap().unwrap_err().kind(), ErrorKind::Expired);
    assert_eq!(hits_and_misses(&verifier), (2, 1));
}

#[test]
fn only_exactly_the_same_token_is_a_hit() {
    let (verifier, _) = verifier(100);
    let genuine = user(1);
    verifier.verify(&genuine).unwrap();
    // The cache hashes only the end of the signature. This token has the same signature and another
    // payload.
    let other = user(2);
    let forged = format!("{}.{}", other.rsplit_once('.').unwrap().0, genuine.rsplit_once('.').unwrap().1);
    for _ in 0..2 {
        assert_eq!(verifier.verify(&forged).unwrap_err().kind(), ErrorKind::InvalidSignature);
    }
    for at in 0..genuine.len() {
        let mut bytes = genuine.clone().into_bytes();
        bytes[at] ^= 1;
        assert!(verifier.verify(&bytes).is_err(), "{at}");
    }
    assert_eq!(hits_and_misses(&verifier).0, 0);
    assert!(verifier.verify(&genuine).is_ok());
    assert_eq!(hits_and_misses(&verifier).0, 1);
}

#[test]
fn rejected_tokens_are_not_cached() {
    let (verifier, seconds) = verifier(100);
    let token = token(&format!(r#"{{"exp":{NOW},"uid":"peter"}}"#));
    for _ in 0..3 {
        assert_eq!(verifier.verify(&token).unwrap_err().kind(), ErrorKind::Expired);
    }
    seconds.store(NOW - 1, Ordering::Relaxed);
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(hits_and_misses(&verifier), (0, 4));
}

#[test]
fn the_cache_is_bounded_and_keeps_tokens_in_use() {
    let (verifier, _) = verifier(60);
    assert_eq!(verifier.cache_stats().unwrap().capacity(), 64);
    let hot: Vec<String> = (0..8).map(user).collect();
    hot.iter().for_each(|token| assert!(verifier.verify(token).is_ok()));
    for i in 100..1100 {
        verifier.verify(user(i)).unwrap();
        if i % 4 == 0 {
            hot.iter().for_each(|token| assert!(verifier.verify(token).is_ok()));
        }
    }
    let (hits, misses) = hits_and_misses(&verifier);
    // 1000 tokens are used once, 8 are used 250 times. The 8 are nearly always cached.
    assert!(hits > 1900, "{hits} hits, {misses} misses");
    assert_eq!(hits + misses, 8 + 1000 + 8 * 250);
}

#[test]
fn long_tokens_are_not_cached() {
    // No token with this header can have 4097 bytes.
    for (len, outcome) in [(4096, (1, 1)), (4098, (0, 2))] {
        let (verifier, _) = verifier(100);
        let start = format!(r#"{{"exp":{},"uid":"peter","x":""#, NOW + 60);
        let around = token(&format!("{start}\"}}")).len();
        let token = token(&format!("{start}{}\"}}", "x".repeat((len - around) * 3 / 4)));
        assert_eq!(token.len(), len);
        for _ in 0..2 {
            verifier.verify(&token).unwrap();
        }
        assert_eq!(hits_and_misses(&verifier), outcome, "{len} bytes");
    }
}

#[test]
fn the_cache_is_off_by_default_and_each_verifier_has_its_own() {
    let (cached, _) = verifier(100);
    assert!(cached.with_cache(0).cache_stats().is_none());
    let other = cached.with_cache(100);
    cached.verify(user(1)).unwrap();
    other.verify(user(1)).unwrap();
    assert_eq!((hits_and_misses(&cached), hits_and_misses(&other)), ((0, 1), (0, 1)));
    cached.clone().verify(user(1)).unwrap();
    assert_eq!(hits_and_misses(&cached), (1, 1));
}

#[test]
fn threads_can_share_the_cache() {
    let (verifier, _) = verifier(16);
    let tokens: Vec<String> = (0..64).map(user).collect();
    thread::scope(|scope| {
        for thread in 0..4 {
            let (verifier, tokens) = (&verifier, &tokens);
            scope.spawn(move || {
                for i in 0..4000 {
                    let which = (i * (thread + 1) + thread) % tokens.len();
                    let verified = verifier.verify(&tokens[which]).unwrap();
                    assert_eq!(verified.uid(), Some(&*format!("user-{which}")));
                }
            });
        }
    });
    let (hits, misses) = hits_and_misses(&verifier);
    assert_eq!(hits + misses, 16_000);
}
