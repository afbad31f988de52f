//! Makes compact tokens with deterministic signatures: PKCS #1 v1.5, PSS with a fixed salt, RFC
//! 6979 ECDSA, Ed25519 and HMAC.
//!
//! The RSA encodings of RFC 8017 are implemented here, so that a case can also sign a wrong
//! encoding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use rsa::BigUint;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::keys::{Key, Rsa, key};

/// The header of Bouncer's tokens.
pub(crate) const BOUNCER_HEADER: &str = r#"{"typ":"JWT","alg":"RS256"}"#;

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns a token in Bouncer's form: RS256, without `kid`, signed by `rsa-2048-a`.
pub(crate) fn bouncer_token(claims: impl AsRef<[u8]>) -> String {
    compact("rsa-2048-a", "RS256", BOUNCER_HEADER, claims)
}

/// Returns a token with any header and payload, signed with `alg` by the named key.
pub(crate) fn compact(
    key_name: &str,
    alg: &str,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    compact_parts(key_name, alg, &b64(header), &b64(payload))
}

/// Returns a token from parts that are already encoded, correctly or not. The signature covers
/// exactly these characters.
pub(crate) fn compact_parts(key_name: &str, alg: &str, header: &str, payload: &str) -> String {
    let input = format!("{header}.{payload}");
    let signature = sign(key_name, alg, input.as_bytes());
    with_signature(&input, signature)
}

/// Returns the signing input of a header and a payload.
pub(crate) fn signing_input(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", b64(header), b64(payload))
}

pub(crate) fn with_signature(input: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{input}.{}", b64(signature))
}

pub(crate) fn sign(key_name: &str, alg: &str, input: &[u8]) -> Vec<u8> {
    let hash = match alg {
        "RS256" | "PS256" => "SHA-256",
        "RS384" | "PS384" => "SHA-384",
        _ => "SHA-512",
    };
    match (key(key_name), alg) {
        (Key::Rsa(key), "RS256" | "RS384" | "RS512") => {
            rsa_private(key, &pkcs1_encoding(key.len(), hash, input))
        }
        (Key::Rsa(key), "PS256" | "PS384" | "PS512") => {
            let salt = digest(hash, b"").len();
            rsa_private(key, &pss_encoding(key, hash, salt, input))
        }
        (Key::P256(key), "ES256") => {
            let signature: p256::ecdsa::Signature = key.sign(input);
            signature.to_bytes().to_vec()
        }
        (Key::P384(key), "ES384") => {
            let signature: p384::ecdsa::Signature = key.sign(input);
            signature.to_bytes().to_vec()
        }
        (Key::P521(key), "ES512") => {
            let signature: p521::ecdsa::Signature = key.sign(input);
            signature.to_bytes().to_vec()
        }
        (Key::Ed25519(key), "Ed25519" | "EdDSA") => key.sign(input).to_bytes().to_vec(),
        _ => panic!("the key {key_name} cannot sign {alg}"),
    }
}

pub(crate) fn digest(hash: &str, input: &[u8]) -> Vec<u8> {
    match hash {
        "SHA-256" => Sha256::digest(input).to_vec(),
        "SHA-384" => Sha384::digest(input).to_vec(),
        "SHA-512" => Sha512::digest(input).to_vec(),
        _ => panic!("unknown hash {hash}"),
    }
}

/// Applies the private key to an encoded message, which may be invalid.
pub(crate) fn rsa_private(key: &Rsa, encoded: &[u8]) -> Vec<u8> {
    padded(&key.private(&BigUint::from_bytes_be(encoded)), key.len())
}

/// Returns a number as `len` octets (I2OSP).
pub(crate) fn padded(number: &BigUint, len: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut out = vec![0; len.checked_sub(bytes.len()).expect("a number that fits")];
    out.extend(bytes);
    out
}

/// Returns a DigestInfo in DER, RFC 8017 section 9.2 note 1.
pub(crate) fn digest_info(hash: &str, digest: &[u8]) -> Vec<u8> {
    let (id, len) = match hash {
        "SHA-256" => (1, 32),
        "SHA-384" => (2, 48),
        _ => (3, 64),
    };
    let mut info = vec![
        0x30,
        17 + len,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        0x02,
        id,
        0x05,
        0x00,
        0x04,
        len,
    ];
    info.extend(digest);
    info
}

/// Returns `len` octets: 00 01 FF .. FF 00, then `tail`.
pub(crate) fn pkcs1_block(len: usize, tail: &[u8]) -> Vec<u8> {
    let mut block = vec![0x00, 0x01];
    block.resize(len - tail.len() - 1, 0xff);
    block.push(0x00);
    block.extend(tail);
    block
}

fn pkcs1_encoding(len: usize, hash: &str, input: &[u8]) -> Vec<u8> {
    pkcs1_block(len, &digest_info(hash, &digest(hash, input)))
}

/// Returns the EMSA-PSS encoding of `input` (RFC 8017 section 9.1.1). The salt has `salt_len`
/// octets, each 0x5a.
pub(crate) fn pss_encoding(key: &Rsa, hash: &str, salt_len: usize, input: &[u8]) -> Vec<u8> {
    let bits = key.n.bits() - 1;
    let len = bits.div_ceil(8);
    let salt = vec![0x5a; salt_len];
    let h = digest(hash, &[&[0; 8][..], &digest(hash, input), &salt].concat());
    let mut db = vec![0; len - salt_len - h.len() - 2];
    db.push(0x01);
    db.extend(&salt);
    for (octet, mask) in db.iter_mut().zip(mgf1(hash, &h, len)) {
        *octet ^= mask;
    }
    db[0] &= 0xff >> (8 * len - bits);
    [&db[..], &h, &[0xbc]].concat()
}

fn mgf1(hash: &str, seed: &[u8], len: usize) -> Vec<u8> {
    let mut mask = Vec::new();
    let mut counter = 0_u32;
    while mask.len() < len {
        mask.extend(digest(hash, &[seed, &counter.to_be_bytes()].concat()));
        counter += 1;
    }
    mask
}

/// Returns the HMAC of `input` (RFC 2104).
pub(crate) fn hmac(hash: &str, key: &[u8], input: &[u8]) -> Vec<u8> {
    let block = if hash == "SHA-256" { 64 } else { 128 };
    let mut key = if key.len() > block { digest(hash, key) } else { key.to_vec() };
    key.resize(block, 0);
    let pad = |octet: u8| key.iter().map(|k| k ^ octet).collect::<Vec<u8>>();
    let inner = digest(hash, &[&pad(0x36), input].concat());
    digest(hash, &[&pad(0x5c)[..], &inner].concat())
}
