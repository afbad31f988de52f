//! Uses any bytes as the encoded payload of a signed JWS, and as an encoded signature. The library
//! decodes them if and only if the base64 crate does (no padding, no trailing bits). The decoded
//! payloads are equal.
//!
//! `cargo +nightly fuzz run base64url_vs_base64`

#![no_main]

#[allow(dead_code)]
mod issuer;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{ErrorKind, Policy, verify_jws};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if data.contains(&b'.') {
        return; // A dot would split the payload into two parts.
    }
    let policy = issuer::policy(Policy::any_issuer());
    let verify = |payload: &[u8], signature: &[u8]| {
        let token = [HEADER.as_bytes(), payload, signature].join(&b'.');
        verify_jws(&issuer::KEY_SETS[0], &policy, token)
    };
    let decoded = URL_SAFE_NO_PAD.decode(data).ok();
    let signature = URL_SAFE_NO_PAD.encode(issuer::sign(&[HEADER.as_bytes(), data].join(&b'.')));
    match verify(data, signature.as_bytes()) {
        Ok(jws) => assert_eq!(Some(jws.payload()), decoded.as_deref()),
        Err(error) => assert_eq!((error.kind(), &decoded), (ErrorKind::MalformedToken, &None)),
    }
    let rejected = verify(b"e30", data).expect_err("the signature is random").kind();
    let expected = if decoded.is_some() { ErrorKind::InvalidSignature } else { ErrorKind::MalformedToken };
    assert_eq!(rejected, expected);
});

/// `{"alg":"EdDSA"}`.
const HEADER: &str = "eyJhbGciOiJFZERTQSJ9";
