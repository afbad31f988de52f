//! Changes valid signatures of fixed keys. All back ends return the same results. They accept only
//! the original signature of the original message. The reference back end never finds a wrong
//! result of the accelerated code.
//!
//! The first byte selects the key, with its algorithm, and the kind of change. The other bytes are
//! XORed onto the signature, or they replace the signature or the message.
//!
//! `cargo +nightly fuzz run signature_back_ends_agree`

#![no_main]

use bouncer_verify::{Algorithm, Backend, Jwk, SignatureVerifier};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use libfuzzer_sys::fuzz_target;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rsa::sha2::{Digest as _, Sha256, Sha512};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use std::sync::LazyLock;

const MESSAGE: &[u8] = b"message";

struct Key {
    algorithm: Algorithm,
    verifiers: Vec<SignatureVerifier<'static>>,
    accelerated: Vec<bool>,
    signature: Vec<u8>,
}

impl Key {
    fn new(algorithm: Algorithm, public: &str, signature: Vec<u8>) -> Self {
        let jwk = Box::leak(Box::new(Jwk::from_pem(public.as_bytes()).unwrap()));
        let verifiers: Vec<_> =
            Backend::ALL.iter().map(|&backend| SignatureVerifier::new(jwk, backend).unwrap()).collect();
        verifiers.iter().for_each(SignatureVerifier::compute_tables);
        let accelerated = verifiers.iter().map(SignatureVerifier::is_accelerated).collect();
        Self { algorithm, verifiers, accelerated, signature }
    }

    fn rsa(algorithm: Algorithm, pem: &str) -> Self {
        let private = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let public = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let signature = match algorithm {
            Algorithm::Rs512 => private.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(MESSAGE)),
            _ => private.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(MESSAGE)),
        };
        Self::new(algorithm, &public, signature.unwrap())
    }

    fn es256(pem: &str) -> Self {
        use p256::ecdsa::signature::Signer as _;
        let private = p256::ecdsa::SigningKey::from_pkcs8_pem(pem).unwrap();
        let signature: p256::ecdsa::Signature = private.sign(MESSAGE);
        let public = private.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        Self::new(Algorithm::Es256, &public, signature.to_bytes().to_vec())
    }

    fn ed25519(pem: &str) -> Self {
        use ed25519_dalek::Signer as _;
        let private = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).unwrap();
        let public = private.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        Self::new(Algorithm::Ed25519, &public, private.sign(MESSAGE).to_bytes().to_vec())
    }
}

static KEYS: LazyLock<[Key; 8]> = LazyLock::new(|| {
    [
        Key::rsa(Algorithm::Rs256, include_str!("../../tests/data/keys/rsa-2048-a.pem")),
        Key::rsa(Algorithm::Rs512, include_str!("../../tests/data/keys/rsa-2048-b.pem")),
        Key::rsa(Algorithm::Rs256, include_str!("../../tests/data/keys/rsa-3072.pem")),
        Key::rsa(Algorithm::Rs256, include_str!("../../tests/data/keys/rsa-4096.pem")),
        Key::es256(include_str!("../../tests/data/keys/p256-a.pem")),
        Key::es256(include_str!("../../tests/data/keys/p256-short.pem")),
        Key::ed25519(include_str!("../../tests/data/keys/ed25519-a.pem")),
        Key::ed25519(include_str!("../../tests/data/keys/ed25519-b.pem")),
    ]
});

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    let Key { algorithm, verifiers, accelerated, signature: genuine } = &KEYS[usize::from(choice % 8)];
    let (mut message, mut signature) = (MESSAGE, genuine.clone());
    match choice / 8 % 3 {
        0 => signature.iter_mut().zip(data).for_each(|(byte, change)| *byte ^= change),
        1 => signature = data.to_vec(),
        _ => message = data,
    }
    let is_unchanged = message == MESSAGE && signature == *genuine;
    let verdicts: Vec<_> =
        verifiers.iter().map(|key| key.verify(*algorithm, message, &signature).is_ok()).collect();
    // A few changed signatures are valid too, such as (r, n - s) for ES256. A fuzzer does not find
    // them.
    assert!(verdicts.iter().all(|&verdict| verdict == is_unchanged), "{algorithm}: {verdicts:?}");
    for (verifier, &accelerated) in verifiers.iter().zip(accelerated) {
        assert_eq!(verifier.is_accelerated(), accelerated);
    }
});
