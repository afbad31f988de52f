//! Parses any bytes as a JWK Set, a JWK, PEM and DER. Each parsed key is written in these formats.
//! Parsing the output returns the same key.
//!
//! `cargo +nightly fuzz run jwk_set`

#![no_main]

use bouncer_verify::{Jwk, JwkSet};
use libfuzzer_sys::fuzz_target;

fn assert_round_trips(key: &Jwk) {
    let bare = Jwk::from_der(&key.to_der()).expect("DER of a parsed key");
    assert!(Jwk::from_pem(key.to_pem().as_bytes()).expect("PEM of a parsed key") == bare);
    assert_eq!(bare.thumbprint(), key.thumbprint());
    let again = Jwk::from_slice(key.to_json().as_bytes()).expect("JWK of a parsed key");
    assert_eq!((again.kid(), again.algorithm(), again.to_der()), (key.kid(), key.algorithm(), key.to_der()));
    if let (Some(n), Some(e)) = (key.n(), key.e()) {
        assert!((2048..=8192).contains(&key.bits()));
        assert!(Jwk::from_rsa_components(n, e).expect("n and e of a parsed key") == bare);
    }
}

fuzz_target!(|data: &[u8]| {
    let skipped = JwkSet::skipped_in(data);
    match JwkSet::from_slice(data) {
        Ok(jwks) => {
            assert!(!jwks.keys().is_empty());
            assert!(skipped.is_ok_and(|skipped| skipped == jwks.skipped()));
            jwks.keys().iter().for_each(assert_round_trips);
        }
        Err(error) => drop(format!("{error} {error:?}")),
    }
    [Jwk::from_slice(data), Jwk::from_pem(data), Jwk::from_der(data)]
        .iter()
        .flatten()
        .for_each(assert_round_trips);
});
