//! Runs the conformance corpus through the Rust interface, with each back end.

#[path = "conformance/case.rs"]
mod case;

use bouncer_verify::{
    Backend, Error, JwkSet, Policy, Settings, SettingsKind, VerifiedToken, Verifier, verify_token,
    verify_tokens,
};
use case::{Case, Expect};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

#[test]
fn every_back_end_returns_the_expected_results() {
    for &backend in Backend::ALL {
        case::assert_verdicts(&format!("Rust with {backend:?}"), |case| verify(case, backend));
    }
}

/// A key set caches headers. With a cached header, the checks must have the same order.
#[test]
fn a_key_set_with_cached_headers_returns_the_same_results() {
    with_cached_headers("Rust with cached headers", |jwks, case| {
        expect(jwks, case, verify_token(jwks, &policy(case), case.token()))
    });
}

#[test]
fn a_batch_and_a_cache_return_the_same_results() {
    with_cached_headers("Rust in batches and with a cache", |jwks, case| {
        let token = case.token();
        let policy = policy(case);
        let cached = Verifier::new(Arc::clone(jwks), policy.clone()).with_cache(8);
        let batches = [verify_tokens(jwks, &policy, &[&token; 9], 1), cached.verify_batch(&[&token; 9], 1)];
        let verdicts = batches.into_iter().flatten().chain([cached.verify(&token)]);
        let mut found: Vec<Expect> = verdicts.map(|verdict| expect(jwks, case, verdict)).collect();
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{}", case.id);
        found.swap_remove(0)
    });
}

/// Runs all cases twice. Cases with the same keys share a key set.
fn with_cached_headers(name: &str, verify_with: impl Fn(&Arc<JwkSet>, &Case) -> Expect) {
    let sets = RefCell::new(HashMap::new());
    for _ in 0..2 {
        case::assert_verdicts(name, |case| {
            let mut sets = sets.borrow_mut();
            let load = || JwkSet::from_slice(case.jwks.as_bytes()).map(Arc::new);
            match sets.entry(case.jwks.clone()).or_insert_with(load) {
                Ok(jwks) => verify_with(jwks, case),
                Err(_) => verify(case, Backend::default()),
            }
        });
    }
}

/// A verification with remote keys has its own code path, which must return the same results, even
/// if it fetches a missing key first.
#[cfg(feature = "remote")]
#[test]
fn remote_keys_return_the_expected_results() {
    use bouncer_verify::{HttpRequest, HttpResponse, RemoteJwkSet};
    case::assert_verdicts("Rust with remote keys", |case| {
        let Ok(jwks) = JwkSet::from_slice(case.jwks.as_bytes()) else {
            return verify(case, Backend::default());
        };
        let document = case.jwks.clone().into_bytes();
        let transport = move |_: &HttpRequest<'_>| Ok(HttpResponse::new(200, [], document.clone()));
        let remote = RemoteJwkSet::builder("https://idp.example/").seed(case.jwks.as_bytes()).lazy();
        let remote = remote.transport(transport).build().unwrap();
        let verifier = Verifier::new(remote, policy(case));
        expect(&jwks, case, verifier.verify(case.token()))
    });
}

#[cfg(feature = "remote")]
#[test]
fn configurations_return_the_expected_results() {
    case::assert_configured("Rust from a configuration", |configuration, token| match Verifier::from_config(
        configuration,
    ) {
        Err(error) => rejected(&error),
        Ok(verifier) => {
            verifier.verify(token).map_or_else(|error| rejected(&error), |token| accepted(&token))
        }
    });
}

/// A batch with tokens of several issuers, and a cache that they share.
#[cfg(feature = "remote")]
#[test]
fn configurations_return_the_same_results_in_batches_and_with_a_cache() {
    let tokens: Vec<(String, Vec<u8>)> = case::all_configured()
        .into_iter()
        .filter_map(|case| Some((case.configuration, case.token?.into_bytes())))
        .collect();
    for (configuration, _) in &tokens {
        let verifier = Verifier::from_config(configuration).unwrap();
        let cached = verifier.with_cache(1000);
        let tokens: Vec<&[u8]> = tokens.iter().map(|(_, token)| &**token).collect();
        let text = |result: &Result<VerifiedToken, Error>| match result {
            Ok(token) => token.payload().to_owned(),
            Err(error) => error.to_string(),
        };
        let alone: Vec<String> = tokens.iter().map(|token| text(&verifier.verify(token))).collect();
        for _ in 0..2 {
            for verifier in [&verifier, &cached] {
                let batch: Vec<String> = verifier.verify_batch(&tokens, 1).iter().map(text).collect();
                assert_eq!(batch, alone);
                let again: Vec<String> = tokens.iter().map(|token| text(&verifier.verify(token))).collect();
                assert_eq!(again, alone);
            }
        }
    }
}

/// An explanation makes all checks. The first that fails must be that of a verification.
#[cfg(feature = "remote")]
#[test]
fn the_first_failure_of_an_explanation_is_the_expected_result() {
    use bouncer_verify::{Explanation, StepVerdict};
    let status = |explanation: &Explanation| {
        let error = explanation.steps.iter().find_map(|step| step.error.as_ref());
        let is_failed = explanation.steps.iter().any(|step| step.verdict == StepVerdict::Failed);
        assert_eq!(error.is_some(), is_failed);
        let status = error.map_or("ok", |error| error.kind().as_str()).to_owned();
        (status, error.and_then(Error::name).map(str::to_owned))
    };
    for case in case::all() {
        let Ok(jwks) = JwkSet::from_slice(case.jwks.as_bytes()) else { continue };
        let explanation = Verifier::new(jwks, policy(&case)).explain(case.token());
        assert_eq!(status(&explanation), (case.expect.status, case.expect.claim), "{}", case.id);
        let is_forged =
            explanation.steps.iter().any(|step| step.name == "signature" && step.found != "valid");
        assert!(!(is_forged && explanation.signed.is_some()), "{}", case.id);
    }
    for case in case::all_configured() {
        let Ok(verifier) = Verifier::from_config(&case.configuration) else { continue };
        let explanation = verifier.explain(case.token.unwrap());
        assert_eq!(status(&explanation), (case.expect.status, case.expect.claim), "{}", case.id);
    }
}

fn verify(case: &Case, backend: Backend) -> Expect {
    let policy = policy(case);
    let jwks = match JwkSet::from_slice_with(case.jwks.as_bytes(), backend) {
        Ok(jwks) => jwks,
        Err(error) => {
            let skipped = JwkSet::skipped_in(case.jwks.as_bytes()).ok();
            return Expect { keys: Some(0), skipped: skipped.map(|list| reasons(&list)), ..rejected(&error) };
        }
    };
    expect(&jwks, case, verify_token(&jwks, &policy, case.token()))
}

fn expect(jwks: &JwkSet, case: &Case, result: Result<VerifiedToken, Error>) -> Expect {
    let claim = |token: &VerifiedToken, path: &str| (path.to_owned(), token.claim(path).map(str::to_owned));
    let claims = |token| {
        let paths = case.expect.paths.as_ref()?;
        Some(paths.keys().map(|path| claim(token, path)).collect())
    };
    Expect {
        keys: Some(jwks.keys().len()),
        skipped: Some(reasons(jwks.skipped())),
        paths: result.as_ref().ok().and_then(claims),
        ..result.map_or_else(|error| rejected(&error), |token| accepted(&token))
    }
}

fn reasons(skipped: &[bouncer_verify::SkippedKey]) -> Vec<(usize, String)> {
    skipped.iter().map(|key| (key.index(), key.reason().as_str().to_owned())).collect()
}

fn rejected(error: &Error) -> Expect {
    Expect {
        status: error.kind().as_str().to_owned(),
        claim: error.name().map(str::to_owned),
        ..Expect::default()
    }
}

fn accepted(token: &VerifiedToken) -> Expect {
    let scopes: Vec<String> = token.scopes().into_iter().map(Cow::into_owned).collect();
    assert!(scopes.iter().all(|scope| token.has_scope(scope)), "{scopes:?}");
    assert!(!token.has_scope("") && !token.has_scope(&scopes.concat().to_uppercase()));
    Expect {
        status: "ok".to_owned(),
        claims: Some(serde_json::from_str(token.payload()).unwrap()),
        uid: token.uid().map(str::to_owned),
        identity: token.identity().map(str::to_owned),
        scopes: Some(scopes).filter(|scopes| !scopes.is_empty()),
        kid: token.kid().map(str::to_owned),
        alg: Some(token.algorithm().to_string()),
        ..Expect::default()
    }
}

fn policy(case: &Case) -> Policy {
    let mut settings = Settings::new(SettingsKind::Policy);
    settings.load(case.policy.get()).unwrap();
    Policy::from_settings(&settings).unwrap().time(case.time)
}
