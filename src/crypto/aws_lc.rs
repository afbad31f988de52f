//! The aws-lc back end. Keys are parsed once: parsing again on each call would cost a seventh of an RSA
//! verification.

use super::InvalidSignature;
use crate::jose::algorithm::Algorithm;
use crate::jose::public_key::PublicKey;
use crate::jose::skip_reason::SkipReason;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    VerificationAlgorithm,
};

/// The parsed key, once for each algorithm it may be used with.
pub(super) struct Key(Box<[(Algorithm, ParsedPublicKey)]>);

impl Key {
    pub(super) fn new(key: &PublicKey, may_use: impl Fn(Algorithm) -> bool) -> Result<Self, SkipReason> {
        let algorithms = key.algorithms().iter().copied().filter(|&algorithm| may_use(algorithm));
        let keys: Result<_, SkipReason> =
            algorithms.map(|algorithm| Ok((algorithm, parse(key, algorithm)?))).collect();
        keys.map(Self)
    }

    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let (_, key) = self.0.iter().find(|(own, _)| *own == algorithm).ok_or(InvalidSignature)?;
        key.verify_sig(signing_input, signature).map_err(|_| InvalidSignature)
    }
}

fn parse(key: &PublicKey, algorithm: Algorithm) -> Result<ParsedPublicKey, SkipReason> {
    if let (PublicKey::Rsa { n, e }, Some(parameters)) = (key, rsa_parameters(algorithm)) {
        return PublicKeyComponents { n, e }
            .to_parsed_public_key(parameters)
            .map_err(|_| SkipReason::BadEncoding);
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
