//! Signs tokens with the fixed keys in `tests/data/keys`. Uses the RustCrypto crates. Only the type
//! `Algorithm` is from the library under test.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::rand_core::{CryptoRng, RngCore, impls};
use rsa::sha2::{Digest as _, Sha256, Sha384, Sha512};
use rsa::{Pkcs1v15Sign, Pss};
use std::fs;
use std::path::Path;

use bouncer_verify::Algorithm;

/// A private key.
pub(crate) enum Key {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl Key {
    /// Loads the key `tests/data/keys/<name>.pem`.
    pub(crate) fn load(name: &str) -> Self {
        use ed25519_dalek::pkcs8::DecodePrivateKey as _;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/keys/{name}.pem"));
        let pem = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        match name.split('-').next() {
            Some("rsa") => Self::Rsa(Box::new(rsa::RsaPrivateKey::from_pkcs8_pem(&pem).expect(name))),
            Some("p256") => Self::P256(p256::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect(name)),
            Some("p384") => Self::P384(p384::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect(name)),
            Some("p521") => Self::P521(p521::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect(name)),
            _ => Self::Ed25519(ed25519_dalek::SigningKey::from_pkcs8_pem(&pem).expect(name)),
        }
    }

    /// Returns the public key in DER, as the RustCrypto crates encode it.
    pub(crate) fn public_der(&self) -> Vec<u8> {
        use ed25519_dalek::pkcs8::EncodePublicKey as _;
        match self {
            Self::Rsa(key) => key.to_public_key().to_public_key_der().expect("DER").into_vec(),
            Self::P256(key) => key.verifying_key().to_public_key_der().expect("DER").into_vec(),
            Self::P384(key) => key.verifying_key().to_public_key_der().expect("DER").into_vec(),
            Self::P521(key) => key.verifying_key().to_public_key_der().expect("DER").into_vec(),
            Self::Ed25519(key) => key.verifying_key().to_public_key_der().expect("DER").into_vec(),
        }
    }

    /// Returns the JWS Signature of `input`.
    pub(crate) fn sign(&self, algorithm: Algorithm, input: &[u8]) -> Vec<u8> {
        match (self, algorithm) {
            (Self::Rsa(key), _) => sign_rsa(key, algorithm, input),
            (Self::P256(key), Algorithm::Es256) => {
                let signature: p256::ecdsa::Signature = key.sign(input);
                signature.to_bytes().to_vec()
            }
            (Self::P384(key), Algorithm::Es384) => {
                let signature: p384::ecdsa::Signature = key.sign(input);
                signature.to_bytes().to_vec()
            }
            (Self::P521(key), Algorithm::Es512) => {
                let signature: p521::ecdsa::Signature = key.sign(input);
                signature.to_bytes().to_vec()
            }
            (Self::Ed25519(key), Algorithm::Ed25519) => key.sign(input).to_bytes().to_vec(),
            _ => panic!("the key does not sign {algorithm}"),
        }
    }

    /// Returns a JWS in Compact Serialization with any header and payload.
    pub(crate) fn token(
        &self,
        algorithm: Algorithm,
        header: impl AsRef<[u8]>,
        payload: impl AsRef<[u8]>,
    ) -> String {
        let input = format!("{}.{}", base64url(header), base64url(payload));
        let signature = self.sign(algorithm, input.as_bytes());
        format!("{input}.{}", base64url(signature))
    }
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign_rsa(key: &RsaPrivateKey, algorithm: Algorithm, input: &[u8]) -> Vec<u8> {
    use Algorithm::*;
    let digest = match algorithm {
        Rs256 | Ps256 => Sha256::digest(input).to_vec(),
        Rs384 | Ps384 => Sha384::digest(input).to_vec(),
        _ => Sha512::digest(input).to_vec(),
    };
    match algorithm {
        Rs256 => key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest),
        Rs384 => key.sign(Pkcs1v15Sign::new::<Sha384>(), &digest),
        Rs512 => key.sign(Pkcs1v15Sign::new::<Sha512>(), &digest),
        Ps256 => key.sign_with_rng(&mut Salt, Pss::new_with_salt::<Sha256>(32), &digest),
        Ps384 => key.sign_with_rng(&mut Salt, Pss::new_with_salt::<Sha384>(48), &digest),
        Ps512 => key.sign_with_rng(&mut Salt, Pss::new_with_salt::<Sha512>(64), &digest),
        _ => panic!("an RSA key cannot sign {algorithm}"),
    }
    .expect("a signature")
}

/// A constant salt, so that a failing token can be reproduced.
struct Salt;

impl CryptoRng for Salt {}

impl RngCore for Salt {
    fn next_u32(&mut self) -> u32 {
        0x5a5a_5a5a
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_u32(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(0x5a);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}
