//! A key that verifies signatures, with any back end.

use super::accelerated::Accelerated;
#[cfg(feature = "aws-lc-rs")]
use super::aws_lc;
use super::backend::Backend;
use super::ed25519::rules as ed25519;
use super::kernel::LaneKind;
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
    reference: Reference,
    accelerated: Option<Box<Accelerated>>,
    signature_len: usize,
}

/// A key of a library that verifies all signatures.
enum Reference {
    #[cfg(feature = "aws-lc-rs")]
    AwsLc(aws_lc::Key),
    #[cfg(feature = "rust-crypto")]
    RustCrypto(rust_crypto::Key),
}

impl VerifyingKey {
    /// `max_table_memory` is the maximum size of all tables of this process, in bytes. If they
    /// would be larger, this key gets no tables.
    pub(crate) fn new(backend: Backend, jwk: &Jwk, max_table_memory: usize) -> Result<Self, SkipReason> {
        let key = jwk.public_key();
        let signature_len = match key {
            PublicKey::Rsa { n, .. } => n.len(),
            PublicKey::Ec { curve, .. } => 2 * curve.coordinate_len(),
            PublicKey::Ed25519 { x } if !ed25519::is_sound(x) => return Err(SkipReason::BadPoint),
            PublicKey::Ed25519 { .. } => ed25519::SIGNATURE_LEN,
        };
        let reference = match backend {
            #[cfg(feature = "aws-lc-rs")]
            Backend::Accelerated | Backend::AwsLc => {
                Reference::AwsLc(aws_lc::Key::new(key, |algorithm| jwk.fits(algorithm))?)
            }
            #[cfg(not(feature = "aws-lc-rs"))]
            Backend::Accelerated => Reference::RustCrypto(rust_crypto::Key::new(key)?),
            #[cfg(feature = "rust-crypto")]
            Backend::RustCrypto => Reference::RustCrypto(rust_crypto::Key::new(key)?),
        };
        let accelerated = match backend {
            Backend::Accelerated => Accelerated::new(key, max_table_memory).map(Box::new),
            _ => None,
        };
        Ok(Self { reference, accelerated, signature_len })
    }

    /// Returns the length of the key's signatures in bytes. All signatures of a key have this
    /// length: a shorter or padded encoding of the same number is rejected.
    pub(crate) fn signature_len(&self) -> usize {
        self.signature_len
    }

    /// Returns this library's own code for the key, if it verifies the next signature.
    pub(super) fn accelerated(&self) -> Option<&Accelerated> {
        self.accelerated.as_deref().filter(|accelerated| accelerated.is_in_use())
    }

    /// Returns whether this library's own code verifies the next signature.
    pub(crate) fn is_accelerated(&self) -> bool {
        self.accelerated().is_some()
    }

    /// Computes the key's tables now, if it has none.
    pub(super) fn compute_tables(&self) {
        if let Some(accelerated) = &self.accelerated {
            accelerated.kernel().compute_tables();
        }
    }

    /// Returns the memory of the key's tables in bytes.
    pub(crate) fn table_memory(&self) -> usize {
        self.accelerated.as_ref().map_or(0, |accelerated| accelerated.kernel().table_memory())
    }

    /// Returns which signatures can be verified side by side with those of this key. Returns `None`
    /// if its signatures are only verified individually.
    pub(crate) fn lane_kind(&self) -> Option<LaneKind> {
        self.accelerated()?.kernel().lane_kind(self.signature_len)
    }

    /// Verifies a signature with `algorithm`. The caller must have checked that [`Jwk::fits`]
    /// returns true for it.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &Message<'_>, signature: &[u8]) -> KeyVerdict {
        if !self.may_be_valid(algorithm, signature) {
            return KeyVerdict::Invalid;
        }
        let reference = || self.verify_reference(algorithm, message, signature);
        match &self.accelerated {
            Some(accelerated) => accelerated.verify(algorithm, message, signature, reference),
            None => reference().into(),
        }
    }

    /// Returns false for a signature that no back end verifies: it has another length, or this
    /// library rejects its encoding.
    pub(super) fn may_be_valid(&self, algorithm: Algorithm, signature: &[u8]) -> bool {
        signature.len() == self.signature_len
            && (algorithm != Algorithm::Ed25519 || ed25519::has_sound_commitment(signature))
    }

    /// Verifies again, with the reference back end, a signature that only this library's own code
    /// has rejected. If the budget for second verifications is spent, the signature stays rejected.
    pub(crate) fn verify_again(
        &self,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let accelerated = self.accelerated.as_ref().ok_or(InvalidSignature)?;
        accelerated.verify_again(|| self.verify_reference(algorithm, message, signature))
    }

    /// Verifies with the reference back end.
    pub(super) fn verify_reference(
        &self,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match &self.reference {
            #[cfg(feature = "aws-lc-rs")]
            Reference::AwsLc(key) => key.verify(algorithm, message.bytes, signature),
            #[cfg(feature = "rust-crypto")]
            Reference::RustCrypto(key) => key.verify(algorithm, message.bytes, signature),
        }
    }
}
