//! Measures other libraries. Their keys are parsed once, into a map from "kid" to key, as in a
//! service with a JWK Set. For each token they look up the key in this map. Bouncer's tokens have
//! no "kid": for them the only key is used.
//!
//! The other libraries perform the same checks as bouncer_verify: the signature, "exp", "iss" and
//! "aud". "iss" and "aud" are not checked for Bouncer's tokens.

use crate::{algorithm, version};
use bench_driver::{AUDIENCE, Candidate, Case, ISSUER};
use josekit::JoseError;
use josekit::jws::alg::rsassa::RsassaJwsVerifier;
use josekit::jws::{JwsHeader, JwsVerifier, RS256};
use josekit::jwt::JwtPayloadValidator;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use std::collections::HashMap;

/// The claims that the service reads.
#[derive(Deserialize)]
struct Claims {
    #[serde(alias = "uid")]
    sub: String,
}

pub(crate) fn jsonwebtoken(case: &'static Case) -> Candidate {
    let set: JwkSet = serde_json::from_str(&case.jwks).expect("the key set");
    let parsed = |jwk: &jsonwebtoken::jwk::Jwk| {
        (jwk.common.key_id.clone().expect("a kid"), DecodingKey::from_jwk(jwk).expect("a key"))
    };
    let keys: HashMap<String, DecodingKey> = set.keys.iter().map(parsed).collect();
    let only = keys.values().next().expect("a key").clone();
    let mut validation = Validation::new(algorithm(case).parse().expect("an algorithm"));
    validation.leeway = 0;
    if case.is_bouncer() {
        validation.validate_aud = false;
    } else {
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    }
    let is_bouncer = case.is_bouncer();
    let verify = move |token: &str| -> Result<String, &'static str> {
        let key = if is_bouncer {
            &only
        } else {
            let header = jsonwebtoken::decode_header(token).map_err(|_| "malformed")?;
            header.kid.and_then(|kid| keys.get(&kid)).ok_or("unknown_key")?
        };
        let token =
            jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => "invalid_signature",
                ErrorKind::ExpiredSignature => "expired",
                _ => "another",
            })?;
        Ok(token.claims.sub)
    };
    case.candidate("jsonwebtoken", &version("jsonwebtoken"), move |token, expected| {
        is_expected(verify(token), expected)
    })
}

pub(crate) fn josekit(case: &'static Case) -> Candidate {
    let set = josekit::jwk::JwkSet::from_bytes(&case.jwks).expect("the key set");
    let parsed = |jwk: &&josekit::jwk::Jwk| {
        (jwk.key_id().expect("a kid").to_owned(), RS256.verifier_from_jwk(jwk).expect("a key"))
    };
    let keys: HashMap<String, RsassaJwsVerifier> = set.keys().iter().map(parsed).collect();
    let mut validator = JwtPayloadValidator::new();
    if !case.is_bouncer() {
        validator.set_issuer(ISSUER);
        validator.set_audience(AUDIENCE);
    }
    // A verifier that is made from a key with a "kid" rejects tokens without this "kid".
    let mut only = keys.values().next().expect("a key").clone();
    only.remove_key_id();
    let (is_bouncer, claim) = (case.is_bouncer(), if case.is_bouncer() { "uid" } else { "sub" });
    let verify = move |token: &str| -> Result<String, &'static str> {
        let select = |header: &JwsHeader| -> Result<Option<&dyn JwsVerifier>, JoseError> {
            if is_bouncer {
                return Ok(Some(&only));
            }
            Ok(header.key_id().and_then(|kid| keys.get(kid)).map(|key| key as &dyn JwsVerifier))
        };
        let (payload, _) =
            josekit::jwt::decode_with_verifier_selector(token, select).map_err(|error| match error {
                JoseError::InvalidSignature(_) => "invalid_signature",
                _ => "another",
            })?;
        // josekit has one error for all claims. In these cases only "exp" can cause it.
        validator.validate(&payload).map_err(|_| "expired")?;
        payload.claim(claim).and_then(|value| value.as_str()).map(str::to_owned).ok_or("another")
    };
    case.candidate("josekit", &version("josekit"), move |token, expected| {
        is_expected(verify(token), expected)
    })
}

fn is_expected(outcome: Result<String, &'static str>, expected: &str) -> bool {
    match outcome {
        Ok(subject) => subject == expected,
        Err(reason) => expected.strip_prefix('!') == Some(reason),
    }
}
