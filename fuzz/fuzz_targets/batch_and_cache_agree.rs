//! Each line of the input is a fuzzed token. The target verifies these tokens together with valid
//! tokens: in batches, with a verifier, and with a cache. It does so twice, and again after some
//! tokens have expired. The results equal those of `verify_token`.
//!
//! The first byte of a line selects its kind:
//!
//! - 0: a valid token, changed. The next two bytes select the token and an offset. The other bytes
//!   are XORed onto the token from the offset.
//! - 1: the other bytes are the claims of a signed token.
//! - Any other byte: the whole line is the token.
//!
//! `cargo +nightly fuzz run batch_and_cache_agree`

#![no_main]

#[allow(dead_code)]
mod issuer;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{Algorithm, Clock, Error, Jwk, JwkSet, Policy, VerifiedToken, Verifier};
use bouncer_verify::{verify_token, verify_tokens};
use libfuzzer_sys::fuzz_target;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

/// The keys, and ten tokens that are valid at [`issuer::NOW`]. More than eight, because the CPU's
/// vectors verify eight signatures side by side, and the small cache holds eight tokens.
static ISSUER: LazyLock<(Vec<Jwk>, Vec<String>)> = LazyLock::new(|| {
    let (mut keys, mut tokens) = (issuer::KEY_SETS[0].keys().to_vec(), Vec::new());
    for (kid, pem) in [
        ("a", include_str!("../../tests/data/keys/rsa-2048-a.pem")),
        ("b", include_str!("../../tests/data/keys/rsa-2048-b.pem")),
    ] {
        let private = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let public = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        keys.push(Jwk::from_pem(public.as_bytes()).unwrap().with_kid(kid).unwrap());
        let signer = SigningKey::<Sha256>::new(private);
        for i in 0..5 {
            let header = format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#);
            let claims = format!(r#"{{"uid":"{i}","exp":{}}}"#, issuer::NOW + 1 + 10 * i);
            let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let signature = URL_SAFE_NO_PAD.encode(signer.sign(input.as_bytes()).to_vec());
            tokens.push(format!("{input}.{signature}"));
        }
    }
    (keys, tokens)
});

/// One key set for single tokens and one for batches, so that they do not share cached headers.
/// They are static, because loading keys takes a hundred times as long as the verifications of a
/// run.
static KEY_SETS: LazyLock<[Arc<JwkSet>; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| Arc::new(JwkSet::from_keys(ISSUER.0.iter().cloned()).expect("a key set")))
});

static TIME: AtomicI64 = AtomicI64::new(0);

/// The parts of a result that this target compares.
type Verdict = Result<(Algorithm, String, String, Option<String>), Error>;

fn parts(verdict: Result<VerifiedToken, Error>) -> Verdict {
    let token = verdict?;
    let kid = token.kid().map(str::to_owned);
    Ok((token.algorithm(), token.header().to_owned(), token.payload().to_owned(), kid))
}

fn all_parts(verdicts: Vec<Result<VerifiedToken, Error>>) -> Vec<Verdict> {
    verdicts.into_iter().map(parts).collect()
}

fn token_of(line: &[u8]) -> Vec<u8> {
    match line {
        [0, which, place, changes @ ..] => {
            let genuine = &ISSUER.1[usize::from(*which) % ISSUER.1.len()];
            let mut token = genuine.clone().into_bytes();
            // One byte as the offset would not reach the end of the token, so it is doubled.
            let changed = token.iter_mut().skip(2 * usize::from(*place));
            changed.zip(changes).for_each(|(byte, change)| *byte ^= change);
            token
        }
        [1, claims @ ..] => issuer::token(br#"{"alg":"EdDSA"}"#, claims).into_bytes(),
        line => line.to_vec(),
    }
}

fuzz_target!(|data: &[u8]| {
    let genuine = &ISSUER.1;
    let mut tokens: Vec<_> = genuine.iter().map(|token| token.clone().into_bytes()).collect();
    for (i, line) in data.split(|&byte| byte == b'\n').take(16).enumerate() {
        tokens.insert(2 * i % tokens.len(), token_of(line));
    }
    let policy = issuer::policy(Policy::dcos()).algorithms([Algorithm::Rs256, Algorithm::Ed25519]);
    let policy = policy.clock(Clock::from_fn(|| TIME.load(Ordering::Relaxed)));
    let [single, batch] = &*KEY_SETS;
    let accelerated = [single, batch].map(|set| set.accelerated_keys());
    let verifier = Verifier::new(Arc::clone(batch), policy.clone());
    let cached = [8, 1000].map(|places| verifier.with_cache(places));
    for time in [issuer::NOW, issuer::NOW, issuer::NOW + 25] {
        TIME.store(time, Ordering::Relaxed);
        let expected: Vec<_> =
            tokens.iter().map(|token| parts(verify_token(single, &policy, token))).collect();
        assert_eq!(all_parts(verify_tokens(batch, &policy, &tokens, 1)), expected);
        assert_eq!(all_parts(verifier.verify_batch(&tokens, 1)), expected);
        for cached in &cached {
            assert_eq!(all_parts(cached.verify_batch(&tokens, 1)), expected);
            for (token, expected) in tokens.iter().zip(&expected) {
                assert_eq!(&parts(cached.verify(token)), expected);
            }
        }
    }
    // If aws-lc finds a wrong result of the accelerated code, only aws-lc is used from then on. The
    // checks above would not notice. The Ed25519 key may get its tables during a run, so the number
    // of accelerated keys may rise.
    let now = [single, batch].map(|set| set.accelerated_keys());
    assert!(now.iter().zip(&accelerated).all(|(now, before)| now >= before), "{accelerated:?} {now:?}");
    // Each valid token was looked up six times. Only the first lookup may be a miss.
    let hits = cached[1].cache_stats().map_or(0, |stats| stats.hits());
    assert!(hits >= 5 * genuine.len() as u64, "{hits}");
});
