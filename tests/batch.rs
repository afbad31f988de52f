//! Tests of batches: a batch returns the same results as single calls, in the order of the tokens.

mod support {
    pub(crate) mod signer;
}

use bouncer_verify::{
    Algorithm, Backend, Error, ErrorKind, Jwk, JwkSet, Policy, TokenColumns, VerifiedToken, Verifier,
    verify_token, verify_tokens,
};
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex};
use std::thread::{self, ThreadId};
use support::signer::Key;

const NOW: i64 = 1_700_000_000;

static KEYS: LazyLock<[Key; 5]> =
    LazyLock::new(|| ["rsa-2048-a", "rsa-2048-b", "rsa-3072", "p256-a", "ed25519-a"].map(Key::load));

fn jwks(backend: Backend) -> JwkSet {
    let jwk = |(i, key): (usize, &Key)| {
        Jwk::from_der(&key.public_der()).unwrap().with_kid(&format!("key-{i}")).unwrap()
    };
    JwkSet::from_keys_with(KEYS.iter().enumerate().map(jwk), backend).unwrap()
}

fn policy() -> Policy {
    Policy::dcos().algorithms([Algorithm::Rs256, Algorithm::Es256, Algorithm::Ed25519]).time(NOW)
}

fn algorithm(which: usize) -> Algorithm {
    match which {
        3 => Algorithm::Es256,
        4 => Algorithm::Ed25519,
        _ => Algorithm::Rs256,
    }
}

/// Returns tokens of all keys. Some of them are invalid in different ways.
fn tokens() -> Vec<String> {
    let genuine: Vec<String> = (0..40)
        .map(|i| {
            let which = [0, 0, 3, 1, 4, 2, 0, 3, 4][i % 9];
            let (key, alg) = (&KEYS[which], algorithm(which));
            let exp = if i % 11 == 10 { NOW } else { NOW + 60 };
            let header = format!(r#"{{"alg":"{alg}","kid":"key-{which}"}}"#);
            key.token(alg, header, format!(r#"{{"exp":{exp},"uid":"user \u0061-{i}"}}"#))
        })
        .collect();
    let broken = |i: usize, token: &String| match i % 7 {
        0 => token.clone(),
        1 => flip(token, token.len() - 20),
        2 => flip(token, token.find('.').unwrap() + 5),
        3 => token[..token.len() - 1].to_owned(),
        4 => format!("{token}A"),
        5 => token.replacen('.', "..", 1),
        _ => token.replace("a2V5", "b3Ro"),
    };
    let broken: Vec<String> = genuine.iter().enumerate().map(|(i, token)| broken(i, token)).collect();
    [genuine, broken].concat()
}

/// Replaces the character at `at` with another one of the alphabet.
fn flip(token: &str, at: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

type Verdict = Result<(String, Option<i64>, Option<String>), (ErrorKind, Option<String>)>;

fn seen(verdict: Result<VerifiedToken, Error>) -> Verdict {
    verdict
        .map(|token| (token.uid().unwrap().to_owned(), token.expires_at(), token.kid().map(str::to_owned)))
        .map_err(|error| (error.kind(), error.name().map(str::to_owned)))
}

#[test]
fn a_batch_of_any_size_returns_the_same_results_as_single_calls() {
    let tokens = tokens();
    for &backend in Backend::ALL {
        let one_by_one = jwks(backend);
        let expected: Vec<Verdict> =
            tokens.iter().map(|token| seen(verify_token(&one_by_one, &policy(), token))).collect();
        let passing = expected.iter().filter(|verdict| verdict.is_ok()).count();
        assert!((30..60).contains(&passing), "{passing} accepted");
        // In the first round the set has no header in its cache, and no tables for its keys. In the
        // last round it has all of them.
        let jwks = jwks(backend);
        for _ in 0..3 {
            for size in [1, 2, 6, 7, 8, 9, 16, 23, tokens.len()] {
                let verdicts: Vec<Verdict> = tokens
                    .chunks(size)
                    .flat_map(|some| verify_tokens(&jwks, &policy(), some, 1))
                    .map(seen)
                    .collect();
                assert_eq!(verdicts, expected, "{backend:?}, {size} at a time");
            }
        }
    }
    assert!(verify_tokens(&jwks(Backend::default()), &policy(), &[""; 0], 1).is_empty());
}

#[test]
fn a_batch_without_kids_returns_the_same_results_as_single_calls() {
    let sign = |key: usize, i: usize| {
        let claims = format!(r#"{{"exp":{},"uid":"user-{i}"}}"#, if i % 13 == 12 { NOW } else { NOW + 60 });
        KEYS[key].token(Algorithm::Rs256, r#"{"alg":"RS256"}"#, claims)
    };
    let forged = |key: usize, i: usize| {
        let token = sign(key, i);
        flip(&token, token.len() - 20)
    };
    let series = [
        // In these series, all tokens have the same key: the first or the second key of its size.
        (0..16).map(|i| sign(0, i)).collect::<Vec<_>>(),
        (0..16).map(|i| sign(1, i)).collect(),
        (0..16).map(|i| sign(2, i)).collect(),
        (0..16).map(|i| forged(0, i)).collect(),
        // Tokens of several keys, too few or too many per key to fill the eight lanes.
        (0..48).map(|i| sign([0, 1, 1, 1, 1, 0, 1, 1, 2][i % 9], i)).collect(),
        (0..48).map(|i| if i % 3 == 0 { forged(i % 2, i) } else { sign(i % 2, i) }).collect(),
        (0..48).map(|i| if i % 8 == 3 { sign(2, i) } else { forged(1, i) }).collect(),
    ];
    for &backend in Backend::ALL {
        let one_by_one = jwks(backend);
        let batch = jwks(backend);
        // In the first round the set has no header in its cache, in the second it has all of them.
        for round in 0..2 {
            for (number, tokens) in series.iter().enumerate() {
                let expected: Vec<Verdict> =
                    tokens.iter().map(|token| seen(verify_token(&one_by_one, &policy(), token))).collect();
                let verdicts: Vec<Verdict> =
                    verify_tokens(&batch, &policy(), tokens, 1).into_iter().map(seen).collect();
                assert_eq!(verdicts, expected, "{backend:?}, series {number}, round {round}");
            }
        }
        let accelerated = batch.accelerated_keys();
        assert_eq!(
            accelerated,
            jwks(backend).accelerated_keys(),
            "{backend:?}: acceleration must not be turned off"
        );
    }
}

#[test]
fn any_number_of_threads_returns_the_same_results_in_order() {
    let jwks = jwks(Backend::default());
    let tokens: Vec<String> = tokens().into_iter().cycle().take(1000).collect();
    let expected: Vec<Verdict> = verify_tokens(&jwks, &policy(), &tokens, 1).into_iter().map(seen).collect();
    for threads in [0, 2, 3, 7, usize::MAX] {
        let verdicts: Vec<Verdict> =
            verify_tokens(&jwks, &policy(), &tokens, threads).into_iter().map(seen).collect();
        assert_eq!(verdicts, expected, "{threads} threads");
    }
}

#[test]
fn a_verifier_with_a_cache_returns_the_same_results() {
    let tokens = tokens();
    let plain = Verifier::new(jwks(Backend::default()), policy());
    let expected: Vec<Verdict> = plain.verify_batch(&tokens, 1).into_iter().map(seen).collect();
    let cached = plain.with_cache(1000);
    for _ in 0..3 {
        let verdicts: Vec<Verdict> = cached.verify_batch(&tokens, 2).into_iter().map(seen).collect();
        assert_eq!(verdicts, expected);
    }
    let stats = cached.cache_stats().unwrap();
    let passing = expected.iter().filter(|verdict| verdict.is_ok()).count() as u64;
    assert_eq!(stats.hits() + stats.misses(), 3 * tokens.len() as u64);
    // A token that is twice in one batch is looked up twice before it is cached.
    assert!(stats.hits() >= 2 * passing, "{stats:?}, {passing} accepted");
}

#[test]
fn columns_contain_the_results() {
    let jwks = jwks(Backend::default());
    let policy = Policy::any_issuer().algorithms([Algorithm::Rs256]).optional_exp().time(NOW);
    let sign = |claims: &str| KEYS[0].token(Algorithm::Rs256, r#"{"alg":"RS256","kid":"key-0"}"#, claims);
    let mut tokens = vec![
        sign(r#"{"exp":1700000060,"uid":"peter"}"#),
        sign(r#"{"uid":"é"}"#),
        sign(r#"{"exp":1700000000,"uid":"late"}"#),
        sign(r#"{"exp":1700000061,"uid":7}"#),
        "nonsense".to_owned(),
    ];
    tokens.extend((0..6).map(|i| sign(&format!(r#"{{"exp":{},"uid":"{i}"}}"#, NOW + 100 + i))));
    let columns = TokenColumns::of(&verify_tokens(&jwks, &policy, &tokens, 1));
    assert_eq!(
        columns.status[..5],
        [0, 0, ErrorKind::Expired.number(), 0, ErrorKind::MalformedToken.number()]
    );
    assert_eq!(columns.exp[..6], [1700000060, 0, 0, 1700000061, 0, 1700000100]);
    assert_eq!(columns.exp_validity, [0b1110_1001, 0b111]);
    assert_eq!(columns.uid_data, "peteré012345");
    assert_eq!(columns.uid_offsets, [0, 5, 7, 7, 7, 7, 8, 9, 10, 11, 12, 13]);
    assert_eq!(columns.uid_validity, [0b1110_0011, 0b111]);
    let none = TokenColumns::of(&[]);
    assert_eq!((none.uid_offsets, none.status, none.exp_validity), (vec![0], vec![], vec![]));
}

/// A token with a number that records which threads read it.
struct RecordingToken<'a>(usize, &'a Mutex<HashMap<ThreadId, HashSet<usize>>>);

impl AsRef<[u8]> for RecordingToken<'_> {
    fn as_ref(&self) -> &[u8] {
        self.1.lock().unwrap().entry(thread::current().id()).or_default().insert(self.0);
        b"no token"
    }
}

#[test]
fn each_thread_gets_at_least_64_tokens_and_the_caller_limits_the_threads() {
    let jwks = jwks(Backend::default());
    for (tokens, threads, used) in [
        (0, 4, 0),
        (1, 4, 1),
        (127, 8, 1),
        (128, 8, 2),
        (128, 1, 1),
        (130, 2, 2),
        (200, 3, 3),
        (640, 0, 1),
        (640, 3, 3),
        (640, 1000, 10),
        (6481, 101, 101),
    ] {
        let recorded = Mutex::new(HashMap::new());
        let batch: Vec<_> = (0..tokens).map(|i| RecordingToken(i, &recorded)).collect();
        assert_eq!(verify_tokens(&jwks, &policy(), &batch, threads).len(), tokens);
        let shares: Vec<usize> = recorded.lock().unwrap().values().map(HashSet::len).collect();
        assert_eq!(shares.len(), used, "{tokens} tokens on {threads} threads");
        assert_eq!(shares.iter().sum::<usize>(), tokens, "each token must be read by one thread");
        assert!(used < 2 || shares.iter().all(|&share| share >= 64), "{tokens} tokens: {shares:?}");
        let [least, most] =
            [shares.iter().min(), shares.iter().max()].map(|share| share.copied().unwrap_or(0));
        assert!(most - least < 16, "{tokens} tokens: {shares:?}");
    }
}
