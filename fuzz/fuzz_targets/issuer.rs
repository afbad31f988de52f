//! An issuer with a fixed key. Fuzz targets sign with the key to reach the checks that follow the
//! check of the signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{Algorithm, Backend, Jwk, JwkSet, Policy};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signer as _, SigningKey};
use std::sync::LazyLock;

pub const NOW: i64 = 1_700_000_000;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::from_pkcs8_pem(include_str!("../../tests/data/keys/ed25519-a.pem")).expect("a key")
});

/// The issuer's key set, once for each back end.
pub static KEY_SETS: LazyLock<Vec<JwkSet>> = LazyLock::new(|| {
    let der = KEY.verifying_key().to_public_key_der().expect("DER");
    let jwk = Jwk::from_der(der.as_bytes()).expect("a key");
    let set = |&backend| JwkSet::from_keys_with([jwk.clone()], backend).expect("a key set");
    Backend::ALL.iter().map(set).collect()
});

/// Returns a signed token with any header and claims.
pub fn token(header: &[u8], claims: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(sign(input.as_bytes())))
}

/// Signs any bytes, even if they are not a valid JWS Signing Input.
pub fn sign(input: &[u8]) -> [u8; 64] {
    KEY.sign(input).to_bytes()
}

pub fn policy(policy: Policy) -> Policy {
    let policy = policy.algorithms([Algorithm::Ed25519]).time(NOW);
    policy.max_token_len(Policy::MAX_TOKEN_LEN).expect("a valid limit")
}
