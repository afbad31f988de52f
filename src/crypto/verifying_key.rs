//! A key that verifies signatures, with any back end.

#[cfg(ifma)]
use super::accelerated::Accelerated;
#[cfg(feature = "aws-lc-rs")]
use super::aws_lc;
use super::backend::Backend;
use super::ed25519;
use super::message::Message;
#[cfg(feature = "rust-crypto")]
use super::rust_crypto;
use super::verdict::{InvalidSignature, KeyVerdict};
use crate::error::Result;
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;
use crate::jose::public_key::PublicKey;
use crate::jose::skip_reason::SkipReason;

/// A parsed key, ready for each algorithm that it may be used with.
pub(crate) struct VerifyingKey {
    prepared: Prepared,
    signature_len: usize,
}

enum Prepared {
    #[cfg(feature = "aws-lc-rs")]
    AwsLc(aws_lc::Key),
    /// An aws-lc key, and the kernel that verifies its RS256 signatures.
    #[cfg(ifma)]
    Accelerated(aws_lc::Key, Box<Accelerated>),
    #[cfg(feature = "rust-crypto")]
    RustCrypto(rust_crypto::Key),
}

impl VerifyingKey {
    pub(crate) fn new(backend: Backend, jwk: &Jwk) -> Result<Self, SkipReason> {
        let key = jwk.public_key();
        let signature_len = match key {
            PublicKey::Rsa { n, .. } => n.len(),
            PublicKey::Ec { curve, .. } => 2 * curve.coordinate_len(),
            PublicKey::Ed25519 { x } if !ed25519::is_sound(x) => return Err(SkipReason::BadPoint),
            PublicKey::Ed25519 { .. } => ed25519::SIGNATURE_LEN,
        };
        let prepared = match backend {
            #[cfg(feature = "aws-lc-rs")]
            Backend::Accelerated | Backend::AwsLc => {
                let prepared = aws_lc::Key::new(key, |algorithm| jwk.fits(algorithm))?;
                #[cfg(ifma)]
                if backend == Backend::Accelerated
                    && jwk.fits(Algorithm::Rs256)
                    && let Some(accelerated) = Accelerated::new(key)
                {
                    let prepared = Prepared::Accelerated(prepared, Box::new(accelerated));
                    return Ok(Self { prepared, signature_len });
                }
                Prepared::AwsLc(prepared)
            }
            #[cfg(feature = "rust-crypto")]
            Backend::RustCrypto => Prepared::RustCrypto(rust_crypto::Key::new(key)?),
        };
        Ok(Self { prepared, signature_len })
    }

    /// Returns the length of the key's signatures in bytes. All signatures of a key have this
    /// length: a shorter or padded encoding of the same number is rejected.
    pub(crate) fn signature_len(&self) -> usize {
        self.signature_len
    }

    /// Returns whether the AVX-512 kernel (`super::ifma`) verifies the key's RS256 signatures.
    pub(crate) fn is_accelerated(&self) -> bool {
        #[cfg(ifma)]
        return self.accelerated().is_some();
        #[cfg(not(ifma))]
        return false;
    }

    #[cfg(ifma)]
    pub(super) fn accelerated(&self) -> Option<&Accelerated> {
        match &self.prepared {
            Prepared::Accelerated(_, accelerated) => {
                Some(&**accelerated).filter(|accelerated| accelerated.is_trusted())
            }
            _ => None,
        }
    }

    /// Verifies a signature with `algorithm`. The caller must have checked that [`Jwk::fits`]
    /// returns true for it.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &Message<'_>, signature: &[u8]) -> KeyVerdict {
        if signature.len() != self.signature_len
            || algorithm == Algorithm::Ed25519 && !ed25519::has_sound_commitment(signature)
        {
            return KeyVerdict::Invalid;
        }
        match &self.prepared {
            #[cfg(ifma)]
            Prepared::Accelerated(_, accelerated) if algorithm == Algorithm::Rs256 => {
                accelerated
                    .verify(message, signature, || self.verify_reference(algorithm, message, signature))
            }
            _ => self.verify_reference(algorithm, message, signature).into(),
        }
    }

    /// Verifies again, with aws-lc, a signature that only the kernel has rejected. If the budget
    /// for second verifications is spent, the signature stays rejected.
    #[cfg_attr(not(ifma), expect(unused_variables, reason = "there is no kernel"))]
    pub(crate) fn verify_again(
        &self,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match &self.prepared {
            #[cfg(ifma)]
            Prepared::Accelerated(_, accelerated) => {
                accelerated.verify_again(|| self.verify_reference(algorithm, message, signature))
            }
            _ => Err(InvalidSignature),
        }
    }

    /// Verifies without the kernel.
    pub(super) fn verify_reference(
        &self,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match &self.prepared {
            #[cfg(feature = "aws-lc-rs")]
            Prepared::AwsLc(key) => key.verify(algorithm, message.bytes, signature),
            #[cfg(ifma)]
            Prepared::Accelerated(key, _) => key.verify(algorithm, message.bytes, signature),
            #[cfg(feature = "rust-crypto")]
            Prepared::RustCrypto(key) => key.verify(algorithm, message.bytes, signature),
        }
    }
}
