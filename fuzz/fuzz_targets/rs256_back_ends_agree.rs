//! Changes valid RS256 signatures of fixed keys. All back ends return the same results. They accept
//! only the original signature of the original message. aws-lc never finds a wrong result of the
//! accelerated code.
//!
//! The first byte selects the key and the kind of change. The other bytes are XORed onto the
//! signature, or they replace the signature or the message.
//!
//! `cargo +nightly fuzz run rs256_back_ends_agree`

#![no_main]

use bouncer_verify::{Algorithm, Backend, Jwk, SignatureVerifier};
use libfuzzer_sys::fuzz_target;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use std::sync::LazyLock;

const MESSAGE: &[u8] = b"message";

struct Key {
    verifiers: Vec<SignatureVerifier<'static>>,
    accelerated: Vec<bool>,
    signature: Vec<u8>,
}

static KEYS: LazyLock<[Key; 4]> = LazyLock::new(|| {
    [
        include_str!("../../tests/data/keys/rsa-2048-a.pem"),
        include_str!("../../tests/data/keys/rsa-2048-b.pem"),
        include_str!("../../tests/data/keys/rsa-3072.pem"),
        include_str!("../../tests/data/keys/rsa-4096.pem"),
    ]
    .map(|pem| {
        let private = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let public = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let signature = SigningKey::<Sha256>::new(private).sign(MESSAGE).to_vec();
        let jwk = Box::leak(Box::new(Jwk::from_pem(public.as_bytes()).unwrap()));
        let verifiers: Vec<_> =
            Backend::ALL.iter().map(|&backend| SignatureVerifier::new(jwk, backend).unwrap()).collect();
        let accelerated = verifiers.iter().map(SignatureVerifier::is_accelerated).collect();
        Key { verifiers, accelerated, signature }
    })
});

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    let Key { verifiers, accelerated, signature: genuine } = &KEYS[usize::from(choice % 4)];
    let (mut message, mut signature) = (MESSAGE, genuine.clone());
    match choice / 4 % 3 {
        0 => signature.iter_mut().zip(data).for_each(|(byte, change)| *byte ^= change),
        1 => signature = data.to_vec(),
        _ => message = data,
    }
    let valid = message == MESSAGE && signature == *genuine;
    for (verifier, &accelerated) in verifiers.iter().zip(accelerated) {
        let verdict = verifier.verify(Algorithm::Rs256, message, &signature);
        assert_eq!(verdict.is_ok(), valid);
        assert_eq!(verifier.is_accelerated(), accelerated);
    }
});
