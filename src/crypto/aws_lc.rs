//! The aws-lc back end. It keeps parsed keys. Parsing a key takes a seventh of the time of an RSA
//! verification.
//!
//! During the first verification with an RSA key, aws-lc computes constants of the modulus and
//! holds a lock of that key. If the process forks during this time, the child waits for the lock
//! forever. So the first verification runs right after parsing, before threads share the key.
//! Threads share the key through [`ArcSwapOption`], which has no lock.

use super::verdict::InvalidSignature;
use crate::jose::algorithm::Algorithm;
use crate::jose::public_key::PublicKey;
use crate::jose::skip_reason::SkipReason;
use arc_swap::ArcSwapOption;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    VerificationAlgorithm,
};
use std::sync::Arc;

/// A key, parsed for each algorithm that it may be used with. [`Key::new`] parses the key for the
/// first algorithm. For another algorithm, the first token with that algorithm parses it, because
/// few keys are used with two algorithms.
pub(super) struct Key {
    key: PublicKey,
    parsed: Box<[(Algorithm, ArcSwapOption<ParsedPublicKey>)]>,
}

impl Key {
    pub(super) fn new(key: &PublicKey, may_use: impl Fn(Algorithm) -> bool) -> Result<Self, SkipReason> {
        let algorithms = key.algorithms().iter().copied().filter(|&algorithm| may_use(algorithm));
        let parsed: Box<[_]> = algorithms.map(|algorithm| (algorithm, ArcSwapOption::empty())).collect();
        if let Some((algorithm, first)) = parsed.first() {
            first.store(Some(Arc::new(parse(key, *algorithm)?)));
        }
        Ok(Self { key: key.clone(), parsed })
    }

    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let (_, slot) = self.parsed.iter().find(|(own, _)| *own == algorithm).ok_or(InvalidSignature)?;
        let verify =
            |key: &ParsedPublicKey| key.verify_sig(signing_input, signature).map_err(|_| InvalidSignature);
        if let Some(key) = &*slot.load() {
            return verify(key);
        }
        let key = Arc::new(parse(&self.key, algorithm).map_err(|_| InvalidSignature)?);
        slot.store(Some(Arc::clone(&key)));
        verify(&key)
    }
}

fn parse(key: &PublicKey, algorithm: Algorithm) -> Result<ParsedPublicKey, SkipReason> {
    if let (PublicKey::Rsa { n, e }, Some(parameters)) = (key, rsa_parameters(algorithm)) {
        let parsed = PublicKeyComponents { n, e }
            .to_parsed_public_key(parameters)
            .map_err(|_| SkipReason::BadEncoding)?;
        // The first verification, which computes the constants. Its result does not matter. A
        // signature of n or more would be rejected before the constants are computed, so use 0.
        let _ = parsed.verify_sig(b"", &vec![0; n.len()]);
        return Ok(parsed);
    }
    let parameters: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::Ed25519 => &ED25519,
        _ => return Err(SkipReason::AlgorithmMismatch),
    };
    let point = match key {
        PublicKey::Ed25519 { x } => x.to_vec(),
        _ => key.ec_point().ok_or(SkipReason::AlgorithmMismatch)?,
    };
    ParsedPublicKey::new(parameters, point).map_err(|_| SkipReason::BadPoint)
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
