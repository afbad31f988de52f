//! Tests of the keys that are tried for a token without a kid, and of their number.

mod support {
    pub(crate) mod signer;
}

use bouncer_verify::{
    Algorithm, Backend, Error, ErrorKind, Jwk, JwkSet, Policy, VerifiedToken, verify_token,
};
use support::signer::Key;

const HEADER: &str = r#"{"alg":"RS256"}"#;

/// Returns a public key as a member of a JWK Set. The kid is `name`.
fn member(name: &str) -> String {
    let jwk = Jwk::from_der(&Key::load(name).public_der()).unwrap().to_json();
    jwk.replacen('{', &format!("{{\"kid\":\"{name}\","), 1)
}

/// Returns a key of the same size as `name`, but with other digits in n. There is no private key
/// for it.
fn like(name: &str, number: usize) -> String {
    let jwk = member(name);
    let middle = jwk.find("\"n\":\"").unwrap() + 100;
    let digit = char::from(b"ABCDEFGHIJ"[number]);
    format!("{}{digit}{digit}{digit}{}", &jwk[..middle], &jwk[middle + 3..]).replacen(name, "like", 1)
}

fn set(members: &[String], backend: Backend) -> JwkSet {
    JwkSet::from_slice_with(format!("{{\"keys\":[{}]}}", members.join(",")).as_bytes(), backend).unwrap()
}

fn token(name: &str, header: &str) -> String {
    Key::load(name).token(Algorithm::Rs256, header, r#"{"exp":2,"uid":"peter"}"#)
}

fn verify(jwks: &JwkSet, token: &str) -> Result<VerifiedToken, Error> {
    verify_token(jwks, &Policy::dcos().time(1), token)
}

fn forged(token: &str) -> String {
    let (front, last) = token.split_at(token.len() - 20);
    format!("{front}{}{}", if last.starts_with('A') { 'B' } else { 'A' }, &last[1..])
}

#[test]
fn a_key_of_another_size_does_not_count_as_one_of_the_four_candidates() {
    for &backend in Backend::ALL {
        let mut members: Vec<String> = (0..6).map(|i| like("rsa-3072", i)).collect();
        members.push(member("rsa-2048-a"));
        let jwks = set(&members, backend);
        // First with a header that is not known yet, then with a known one.
        for _ in 0..2 {
            let verified = verify(&jwks, &token("rsa-2048-a", HEADER)).unwrap();
            assert_eq!(verified.kid(), Some("rsa-2048-a"));
            // The known header is not used for a signature of another length.
            let error = verify(&jwks, &token("rsa-3072", HEADER)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSignature);
        }
    }
}

#[test]
fn tokens_with_the_same_header_are_verified_with_keys_of_two_sizes() {
    for &backend in Backend::ALL {
        let jwks = set(&["rsa-2048-a", "rsa-3072", "rsa-2048-b"].map(member), backend);
        for _ in 0..3 {
            for name in ["rsa-2048-a", "rsa-3072", "rsa-2048-b"] {
                let genuine = token(name, HEADER);
                assert_eq!(verify(&jwks, &genuine).unwrap().kid(), Some(name), "{backend:?}");
                let error = verify(&jwks, &forged(&genuine)).unwrap_err();
                assert_eq!((error.kind(), error.detail()), (ErrorKind::InvalidSignature, ""));
            }
            // No key has signatures of this length, but keys match the header.
            let error = verify(&jwks, &token("rsa-4096", HEADER)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSignature);
        }
    }
}

#[test]
fn the_error_reports_that_more_keys_match_than_are_tried() {
    let error = |likes: usize, name: &str| {
        let mut members: Vec<String> = (0..likes).map(|i| like(name, i)).collect();
        members.push(member(name));
        let jwks = set(&members, Backend::default());
        verify(&jwks, &token(name, HEADER)).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(error(3, "rsa-2048-a"), Ok(()));
    for likes in [4, 5, 9] {
        assert_eq!(
            error(likes, "rsa-2048-a").unwrap_err(),
            "the token's signature is invalid: more than 4 keys match the token, and only 4 are tried: \
             the issuer should set \"kid\""
        );
    }
    // If all keys were tried, the error has no detail.
    let all: Vec<String> = (0..4).map(|i| like("rsa-2048-a", i)).collect();
    let error = verify(&set(&all, Backend::default()), &token("rsa-2048-a", HEADER)).unwrap_err();
    assert_eq!(error.to_string(), "the token's signature is invalid");
}

#[test]
fn the_key_used_last_does_not_change_the_result() {
    let names = ["rsa-2048-a", "rsa-2048-b", "rsa-2048-e3"];
    for &backend in Backend::ALL {
        let jwks = set(&names.map(member), backend);
        for i in 0..60 {
            let name = names[[0, 1, 1, 2, 0, 2, 1][i % 7]];
            let genuine = token(name, HEADER);
            assert_eq!(verify(&jwks, &genuine).unwrap().kid(), Some(name), "{backend:?}, {i}");
            let error = verify(&jwks, &forged(&genuine)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSignature, "{backend:?}, {i}");
        }
    }
}
