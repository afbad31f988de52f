//! Tests of verifiers with several issuers, against loopback issuers with rotations and faults.
#![cfg(feature = "remote")]

#[cfg(target_os = "linux")]
#[path = "../support/readable.rs"]
#[allow(dead_code, reason = "each test binary uses only a part of this file")]
mod readable;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/signer.rs"]
mod signer;

mod fleet;
mod reload;
mod selection;
mod stats;

use bouncer_verify::{Algorithm, Error, ErrorKind, Jwk, VerifiedToken, Verifier};
use serde_json::{Value, json};
use signer::Key;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any operation in these tests.
const TIMEOUT: Duration = Duration::from_secs(20);
/// In the year 2100.
const EXP: i64 = 4_102_444_800;

static KEYS: LazyLock<[Key; 2]> = LazyLock::new(|| [Key::load("p256-a"), Key::load("p256-b")]);

/// Returns a JWK with the public part of key number `key`.
fn jwk(key: usize, kid: &str) -> Value {
    let jwk = Jwk::from_der(&KEYS[key].public_der()).unwrap().with_kid(kid).unwrap();
    serde_json::from_str(&jwk.to_json()).unwrap()
}

fn jwks(key: usize, kid: &str) -> Value {
    json!({"keys": [jwk(key, kid)]})
}

/// Returns a token of `issuer`, signed by key number `key`.
fn token(key: usize, kid: &str, issuer: &str) -> String {
    let header = json!({"alg": "ES256", "kid": kid}).to_string();
    let claims = json!({"iss": issuer, "sub": "s", "exp": EXP}).to_string();
    KEYS[key].token(Algorithm::Es256, header, claims)
}

/// Returns an entry with these keys.
fn entry(issuer: &str, keys: Value) -> Value {
    json!({"issuers": [issuer], "algorithms": ["ES256"], "keys": keys})
}

fn accept(entries: &[Value]) -> String {
    json!({"accept": entries}).to_string()
}

fn kind(result: Result<VerifiedToken, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Verifies until the token is accepted.
#[track_caller]
fn verify_until_accepted(verifier: &Verifier, token: &str) {
    let end = Instant::now() + TIMEOUT;
    while let Err(error) = verifier.verify(token) {
        assert!(Instant::now() < end, "{error}");
        thread::sleep(Duration::from_millis(10));
    }
}
