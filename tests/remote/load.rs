//! Key rotation and hanging fetches under load.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, key, now, ready, token, until};
use bouncer_verify::{Algorithm, ErrorKind, Policy, Verifier};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// Returns the duration of the load test: `BOUNCER_LOAD_SECONDS`, 30 s by default. The test needs
/// at least 5 s.
fn load_time() -> Duration {
    let seconds = std::env::var("BOUNCER_LOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(30))
}

/// The issuer publishes the next key before it signs with it. It removes the old key when no thread
/// uses tokens of the old key. Meanwhile, 8 threads verify tokens.
#[test]
fn rotation_under_load_accepts_all_valid_tokens_and_no_removed_key() {
    const NAMES: [&str; 2] = ["ed25519-a", "ed25519-b"];
    struct Epoch {
        /// A valid token.
        token: String,
        /// A token of a key that was removed from the set in use.
        gone: Option<String>,
    }
    let signed = |kid: usize| {
        let header = format!("{{\"alg\":\"Ed25519\",\"kid\":\"{kid}\"}}");
        let payload = format!("{{\"uid\":\"peter\",\"exp\":{}}}", now() + 3600);
        key(NAMES[kid % 2]).token(Algorithm::Ed25519, header, payload)
    };
    let published = |kids: &[usize]| {
        let kids: Vec<_> = kids.iter().map(|kid| (NAMES[kid % 2], kid.to_string())).collect();
        Reply::json(jwks(&kids.iter().map(|(name, kid)| (*name, kid.as_str())).collect::<Vec<_>>()))
    };
    let server = Server::saying(published(&[0]));
    let keys = builder(&server).ttl(Duration::from_secs(1)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos().algorithms([Algorithm::Ed25519]));
    let epoch = Arc::new(RwLock::new(Epoch { token: signed(0), gone: None }));
    let stop = Arc::new(AtomicBool::new(false));
    let counts = Arc::new([const { AtomicUsize::new(0) }; 2]);

    let cached = verifier.with_cache(100);
    let threads: Vec<_> = (0..8)
        .map(|i| {
            // Half of the threads use a cache, which must not return tokens of a removed key.
            let verifier = if i % 2 == 0 { &verifier } else { &cached };
            let (verifier, epoch, stop, counts) =
                (verifier.clone(), Arc::clone(&epoch), Arc::clone(&stop), Arc::clone(&counts));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    // The guard keeps the epoch from changing while its tokens are verified.
                    let epoch = epoch.read().unwrap();
                    for _ in 0..20 {
                        let verdict = verifier.verify(&epoch.token);
                        assert!(verdict.is_ok(), "a valid token was rejected: {verdict:?}");
                        counts[0].fetch_add(1, Ordering::Relaxed);
                        if let Some(gone) = &epoch.gone {
                            let error = verifier.verify(gone).expect_err("a removed key was accepted");
                            assert_eq!(error.kind(), ErrorKind::NoMatchingKey);
                            counts[1].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            })
        })
        .collect();

    let end = Instant::now() + load_time();
    let mut kid = 0;
    while Instant::now() < end {
        let generation = keys.status().generation;
        server.say(published(&[kid, kid + 1]));
        until("the next key is in use", || keys.status().generation > generation);
        // From now on the issuer signs with the new key. Tokens of the old key are still valid.
        *epoch.write().unwrap() = Epoch { token: signed(kid + 1), gone: None };
        let generation = keys.status().generation;
        server.say(published(&[kid + 1]));
        until("the old key is removed", || keys.status().generation > generation);
        let old = signed(kid);
        epoch.write().unwrap().gone = Some(old);
        kid += 1;
    }
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }
    let [valid, removed] = [0, 1].map(|i| counts[i].load(Ordering::Relaxed));
    eprintln!("{kid} rotations, {valid} valid and {removed} removed-key verifications");
    assert!(kid >= 2 && valid > 1000 && removed > 1000);
}

#[test]
fn a_token_whose_key_is_cached_does_not_wait_for_a_hanging_fetch() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let genuine = token("rsa-2048-a", Some("a"));
    let p99 = || {
        let mut times: Vec<_> = (0..4000)
            .map(|_| {
                let start = Instant::now();
                assert!(verifier.verify(&genuine).is_ok());
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        (times[times.len() / 2], times[times.len() * 99 / 100])
    };
    let quiet = p99();
    server.say(Reply::Hang);
    // A fetch hangs, and tokens with unknown kids wait for it.
    let waiting: Vec<_> = (0..4)
        .map(|i| {
            let (verifier, new) = (verifier.clone(), token("rsa-2048-b", Some(&format!("b{i}"))));
            std::thread::spawn(move || verifier.verify(new).is_err())
        })
        .collect();
    until("the fetch hangs", || server.count() == 2);
    let hanging = p99();
    eprintln!("p50 and p99: {quiet:?} at rest, {hanging:?} while a fetch hangs");
    // The times are only printed. The assertion checks that no verification waits for the fetch,
    // which hangs for seconds.
    assert!(hanging.1 < Duration::from_millis(500));
    assert_eq!(keys.status().attempts, 1, "the fetch still hangs");
    assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
}

#[test]
fn the_policy_clock_does_not_affect_the_freshness_of_keys() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, _) = ready(&server);
    let genuine = crate::token_until("rsa-2048-a", Some("a"), i64::MAX / 2);
    for days in [-10_000, -1, 0, 1, 10_000] {
        let verifier = Verifier::new(keys.clone(), Policy::dcos().time(now() + days * 86_400));
        assert!(verifier.verify(&genuine).is_ok(), "{days}");
    }
    assert_eq!(keys.status().state.as_str(), "fresh");
    assert_eq!(server.count(), 1);
}
