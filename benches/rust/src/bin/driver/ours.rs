//! Measures this library through its Rust interface.

use crate::version;
use bench_driver::{AUDIENCE, Candidate, Case, ISSUER};
use bouncer_verify::{
    Algorithm, Backend, ErrorKind, HttpRequest, HttpResponse, JwkSet, LoadOptions, NewToken, Policy,
    RemoteJwkSet, Result, TokenRenewer, VerifiedToken, Verifier, verify_tokens,
};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);

pub(crate) fn rust(case: &'static Case) -> Candidate {
    after_use(case, case)
}

/// Verifies the tokens of a case after the valid tokens of another one with the same keys. So each
/// key has its tables.
pub(crate) fn after_use(case: &'static Case, valid: &Case) -> Candidate {
    let verifier = Verifier::new(key_set(case), policy(case));
    for sample in &valid.tokens {
        (0..100).for_each(|_| drop(verifier.verify(&sample.token)));
    }
    candidate(case, "bouncer_verify", move |token| verifier.verify(token))
}

/// Verifies ES256 or Ed25519 in a build without AVX-512.
pub(crate) fn with_words(case: &'static Case) -> Candidate {
    let verifier = Verifier::new(key_set(case), policy(case));
    candidate(case, "bouncer_verify, without AVX-512", move |token| verifier.verify(token))
}

/// Verifies RSA signatures with the code for machines without AVX-512 IFMA, which is aws-lc.
pub(crate) fn without_avx512(case: &'static Case) -> Candidate {
    let jwks = JwkSet::from_slice_with(case.jwks.as_bytes(), Backend::AwsLc).expect("the key set");
    let verifier = Verifier::new(jwks, policy(case));
    candidate(case, "bouncer_verify, without AVX-512", move |token| verifier.verify(token))
}

/// Verifies ES256 and Ed25519 as the first tokens of a key are verified.
pub(crate) fn without_tables(case: &'static Case) -> Candidate {
    let options = LoadOptions::new().max_table_memory(0);
    let jwks = JwkSet::load(case.jwks.as_bytes(), &options).expect("the key set");
    let verifier = Verifier::new(jwks, policy(case));
    candidate(case, "bouncer_verify, without tables", move |token| verifier.verify(token))
}

/// Verifies many tokens in one call, on up to `threads` threads.
pub(crate) fn batch(case: &'static Case, tokens: usize, threads: usize) -> Candidate {
    let (jwks, policy) = (key_set(case), policy(case));
    let name = format!("bouncer_verify, {tokens} in one call");
    let texts: Vec<&str> = case.tokens.iter().cycle().take(64 + tokens).map(|s| s.token.as_str()).collect();
    let subjects: Vec<&str> =
        case.tokens.iter().cycle().take(64 + tokens).map(|s| s.expected.as_str()).collect();
    let place = if case.name == "oidc" { "batch" } else { case.name };
    Candidate::new(place, &name, &version("bouncer_verify"), move |i| {
        let first = i * tokens % 64;
        let verdicts = verify_tokens(&jwks, &policy, &texts[first..first + tokens], threads);
        verdicts.len() == tokens
            && verdicts.iter().zip(&subjects[first..]).all(|(verdict, subject)| {
                verdict.as_ref().is_ok_and(|token| token.subject() == Some(subject))
            })
    })
    .batch(tokens, threads)
}

/// Verifies the same tokens repeatedly, with a cache that holds all of them.
pub(crate) fn cached(case: &'static Case) -> Candidate {
    let verifier = Verifier::new(key_set(case), policy(case)).with_cache(1000);
    candidate(case, "bouncer_verify, cached", move |token| verifier.verify(token)).in_case("cached")
}

/// Verifies with remote keys.
pub(crate) fn remote(case: &'static Case) -> Candidate {
    let document = &case.jwks;
    let remote = RemoteJwkSet::builder("https://idp.example/jwks")
        .transport(|_: &HttpRequest<'_>| Ok(HttpResponse::new(200, [], document.clone().into_bytes())))
        .build()
        .expect("remote keys");
    remote.wait_ready(WAIT).expect("keys");
    let verifier = Verifier::new(remote, policy(case));
    candidate(case, "bouncer_verify, remote keys", move |token| verifier.verify(token))
}

/// Measures a call that returns the service's own token while the token is valid.
pub(crate) fn own_token() -> Candidate {
    let source = || Ok(NewToken::new("x".repeat(430))?.expires_in(Duration::from_secs(3600)));
    let renewer = TokenRenewer::source("bench", source).build().expect("a renewer");
    renewer.wait_ready(WAIT).expect("a token");
    Candidate::new("own_token", "bouncer_verify", &version("bouncer_verify"), move |_| {
        renewer.token().is_ok()
    })
}

fn candidate(
    case: &'static Case,
    name: &str,
    verify: impl Fn(&str) -> Result<VerifiedToken> + Send + Sync + 'static,
) -> Candidate {
    let is_bouncer = case.is_bouncer();
    case.candidate(name, &version("bouncer_verify"), move |token, expected| match verify(token) {
        Ok(token) => expected == if is_bouncer { token.uid() } else { token.subject() }.unwrap_or_default(),
        Err(error) => expected.strip_prefix('!').is_some_and(|reason| reason == reason_of(error.kind())),
    })
}

fn key_set(case: &Case) -> JwkSet {
    JwkSet::from_slice(case.jwks.as_bytes()).expect("the key set")
}

fn policy(case: &Case) -> Policy {
    if case.is_bouncer() {
        return Policy::dcos();
    }
    Policy::for_issuer(ISSUER, AUDIENCE).algorithms([algorithm(case)])
}

pub(crate) fn algorithm(case: &Case) -> Algorithm {
    let name = crate::algorithm(case);
    let is_named = |algorithm: &&Algorithm| algorithm.as_str() == name || name == "EdDSA";
    *Algorithm::ALL.iter().rfind(is_named).expect("an algorithm")
}

fn reason_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "invalid_signature",
        ErrorKind::Expired => "expired",
        ErrorKind::NoMatchingKey => "unknown_key",
        ErrorKind::MalformedToken | ErrorKind::MalformedHeader => "malformed",
        _ => "another",
    }
}
