//! Verifies any bytes as a token. Then it splits the bytes at the first line feed, and verifies a
//! signed token with the two parts as header and claims. Last, it verifies a signed token with all
//! bytes as claims. An accepted token must comply with the policy.
//!
//! `cargo +nightly fuzz run verify_token`

#![no_main]

#[allow(dead_code)]
mod issuer;

use bouncer_verify::{Algorithm, Policy, verify_jws, verify_token};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let policy = issuer::policy(Policy::dcos());
    let cut = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let (header, claims) = (&data[..cut], data.get(cut + 1..).unwrap_or_default());
    for jwks in issuer::KEY_SETS.iter() {
        // Random bytes are not a valid signature.
        assert!(verify_token(jwks, &policy, data).is_err());
        for (header, claims) in [(header, claims), (br#"{"alg":"EdDSA"}"#, data)] {
            let token = issuer::token(header, claims);
            match verify_token(jwks, &policy, &token) {
                Ok(verified) => {
                    assert_eq!(verified.payload().as_bytes(), claims);
                    assert_eq!(verified.header().as_bytes(), header);
                    assert_eq!(verified.algorithm(), Algorithm::Ed25519);
                    assert!(verified.expires_at().is_some_and(|exp| exp > issuer::NOW));
                    assert!(verified.not_before().is_none_or(|nbf| nbf <= issuer::NOW));
                    assert!(verified.uid().is_some_and(|uid| !uid.is_empty()));
                    assert_eq!(verified.audience().len(), 0);
                    assert!(verified.claims::<serde_json::Value>().is_ok_and(|claims| claims.is_object()));
                    assert!(verify_jws(jwks, &policy, &token).is_ok_and(|jws| jws.payload() == claims));
                }
                Err(error) => drop(format!("{error} {error:?}")),
            }
        }
    }
});
