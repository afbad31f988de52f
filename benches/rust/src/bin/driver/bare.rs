//! Measures only the verification of signatures. All candidates verify the same bytes, with a key
//! that is parsed once. A JWT library cannot be faster than the primitive that it uses.

use crate::{algorithm, ours, version};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use bench_driver::{Candidate, Case};
use bouncer_verify::{Backend, Jwk, SignatureVerifier};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::Verifier;

/// Verifies signatures with this library.
pub(crate) fn ours(case: &'static Case) -> Candidate {
    let parts = parts(case);
    let jwk = Box::leak(Box::new(Jwk::from_pem(case.pem.as_bytes()).expect("the public key")));
    let algorithm = ours::algorithm(case);
    let key = SignatureVerifier::new(jwk, Backend::default()).expect("the public key");
    key.compute_tables();
    Candidate::new(case.name, "bouncer_verify, signature alone", &version("bouncer_verify"), move |i| {
        let (input, signature) = &parts[i % parts.len()];
        key.verify(algorithm, input, signature).is_ok()
    })
}

pub(crate) fn aws_lc(case: &'static Case) -> Candidate {
    let parts = parts(case);
    let key = parsed(&public_key(case), &algorithm(case));
    Candidate::new(case.name, "aws-lc-rs, signature alone", &version("aws-lc-rs"), move |i| {
        let (input, signature) = &parts[i % parts.len()];
        key.verify_sig(input, signature).is_ok()
    })
}

pub(crate) fn openssl(case: &'static Case) -> Candidate {
    let key = public_key(case);
    let mut parts = parts(case);
    if key.id() == Id::EC {
        // OpenSSL requires ECDSA signatures in DER.
        for (_, signature) in &mut parts {
            let (r, s) = signature.split_at(32);
            let number = |bytes| BigNum::from_slice(bytes).expect("a number");
            let der = EcdsaSig::from_private_components(number(r), number(s)).and_then(|sig| sig.to_der());
            *signature = der.expect("a signature");
        }
    }
    let algorithm = algorithm(case);
    let version = openssl::version::version().split(' ').nth(1).unwrap_or_default();
    Candidate::new(case.name, "OpenSSL, signature alone", version, move |i| {
        let (input, signature) = &parts[i % parts.len()];
        let verifier = match key.id() {
            Id::ED25519 => Verifier::new_without_digest(&key),
            _ => Verifier::new(digest(&algorithm), &key),
        };
        let verifier = verifier.and_then(|mut verifier| {
            if algorithm == "PS256" {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            }
            Ok(verifier)
        });
        matches!(verifier.and_then(|mut verifier| verifier.verify_oneshot(signature, input)), Ok(true))
    })
}

fn digest(algorithm: &str) -> MessageDigest {
    match algorithm {
        "RS384" => MessageDigest::sha384(),
        "RS512" => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    }
}

/// Returns the signed bytes and the signature of each token.
fn parts(case: &'static Case) -> Vec<(&'static [u8], Vec<u8>)> {
    let split = |sample: &'static bench_driver::Sample| {
        let (input, signature) = sample.token.rsplit_once('.').expect("three parts");
        (input.as_bytes(), BASE64URL.decode(signature).expect("base64url"))
    };
    case.tokens.iter().map(split).collect()
}

fn public_key(case: &Case) -> PKey<Public> {
    PKey::public_key_from_pem(case.pem.as_bytes()).expect("the public key")
}

fn parsed(key: &PKey<Public>, algorithm: &str) -> ParsedPublicKey {
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa().expect("an RSA key");
            PublicKeyComponents { n: rsa.n().to_vec(), e: rsa.e().to_vec() }.to_parsed_public_key(
                match algorithm {
                    "RS384" => &RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &RSA_PKCS1_2048_8192_SHA512,
                    "PS256" => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                },
            )
        }
        Id::EC => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key_to_der().expect("DER")),
        _ => ParsedPublicKey::new(&ED25519, key.raw_public_key().expect("an Ed25519 key")),
    }
    .expect("the public key")
}
