//! The pure-Rust back end.

use super::verdict::InvalidSignature;
use crate::jose::algorithm::Algorithm;
use crate::jose::public_key::{Curve, PublicKey};
use crate::jose::skip_reason::SkipReason;
use p256::ecdsa::signature::Verifier;
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};

pub(super) enum Key {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    /// `None` if the point is not on the curve. In that case every signature is rejected.
    Ed25519(Option<ed25519_dalek::VerifyingKey>),
}

impl Key {
    pub(super) fn new(key: &PublicKey) -> Result<Self, SkipReason> {
        if let PublicKey::Rsa { n, e } = key {
            let (n, e) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
            return RsaPublicKey::new_with_max_size(n, e, 8192)
                .map(Self::Rsa)
                .map_err(|_| SkipReason::BadEncoding);
        }
        if let PublicKey::Ed25519 { x } = key {
            return Ok(Self::Ed25519(ed25519_dalek::VerifyingKey::from_bytes(x).ok()));
        }
        let point = key.ec_point().ok_or(SkipReason::AlgorithmMismatch)?;
        match key {
            PublicKey::Ec { curve: Curve::P256, .. } => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Self::P256)
            }
            PublicKey::Ec { curve: Curve::P384, .. } => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Self::P384)
            }
            _ => p521::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Self::P521),
        }
        .map_err(|_| SkipReason::BadPoint)
    }

    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match self {
            Self::Rsa(key) => verify_rsa(key, algorithm, signing_input, signature).ok(),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(signing_input, &signature))
                .ok(),
            Self::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(signing_input, &signature))
                .ok(),
            Self::P521(key) => p521::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(signing_input, &signature))
                .ok(),
            Self::Ed25519(key) => key.as_ref().and_then(|key| {
                let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
                key.verify_strict(signing_input, &signature).ok()
            }),
        }
        .ok_or(InvalidSignature)
    }
}

fn verify_rsa(
    key: &RsaPublicKey,
    algorithm: Algorithm,
    signing_input: &[u8],
    signature: &[u8],
) -> rsa::errors::Result<()> {
    use Algorithm::*;
    // RFC 8017 §5.2.2, step 1. The crate does not check this for PSS.
    if BigUint::from_bytes_be(signature) >= *key.n() {
        return Err(rsa::Error::Verification);
    }
    let digest = match algorithm {
        Rs384 | Ps384 => Sha384::digest(signing_input).to_vec(),
        Rs512 | Ps512 => Sha512::digest(signing_input).to_vec(),
        _ => Sha256::digest(signing_input).to_vec(),
    };
    match algorithm {
        Rs256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature),
        Rs384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), &digest, signature),
        Rs512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), &digest, signature),
        Ps256 => key.verify(Pss::new_with_salt::<Sha256>(32), &digest, signature),
        Ps384 => key.verify(Pss::new_with_salt::<Sha384>(48), &digest, signature),
        Ps512 => key.verify(Pss::new_with_salt::<Sha512>(64), &digest, signature),
        _ => Err(rsa::Error::Verification),
    }
}
