//! L2: a key, a signing input and a signature to valid or not, with no reason given. May name: error,
//! encoding, jose. No policy and no clock.

#[cfg(ifma)]
mod accelerated;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
pub(crate) mod backend;
pub(crate) mod candidates;
mod ed25519;
#[cfg(ifma)]
mod ifma;
pub(crate) mod jwk_set;
pub(crate) mod known_headers;
pub(crate) mod lanes;
pub(crate) mod message;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;

use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;
use crate::jose::public_key::PublicKey;
use crate::jose::skip_reason::SkipReason;
#[cfg(ifma)]
use accelerated::Accelerated;
use backend::Backend;
use message::Message;

#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
compile_error!("bouncer_verify needs a back end: turn on the feature aws-lc-rs (the default) or rust-crypto");

/// The signature does not verify. There is nothing more to say of it, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidSignature;

/// What one key says of a signature at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Invalid,
    /// Invalid, but only the kernel says so. If no other key verifies it either, [`VerifyingKey::verify_again`] has the
    /// last word.
    #[cfg_attr(not(ifma), expect(dead_code, reason = "there is no kernel"))]
    RefusedByKernel,
}

impl From<Result<(), InvalidSignature>> for Verdict {
    fn from(result: Result<(), InvalidSignature>) -> Self {
        if result.is_ok() { Self::Valid } else { Self::Invalid }
    }
}

/// A key that is parsed and ready, for each algorithm it may be used with.
pub(crate) struct VerifyingKey {
    prepared: Prepared,
    signature_len: usize,
}

enum Prepared {
    #[cfg(feature = "aws-lc-rs")]
    AwsLc(aws_lc::Key),
    /// The same, and the kernel for its RS256 signatures.
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

    /// How long its signatures are. There is one length for each key: a shorter or padded spelling of the same number
    /// is not the same signature.
    pub(crate) fn signature_len(&self) -> usize {
        self.signature_len
    }

    /// Whether its RS256 signatures are verified by the kernel.
    pub(crate) fn is_accelerated(&self) -> bool {
        #[cfg(ifma)]
        return self.accelerated().is_some();
        #[cfg(not(ifma))]
        return false;
    }

    #[cfg(ifma)]
    fn accelerated(&self) -> Option<&Accelerated> {
        match &self.prepared {
            Prepared::Accelerated(_, accelerated) => {
                Some(&**accelerated).filter(|accelerated| accelerated.is_trusted())
            }
            _ => None,
        }
    }

    /// Verifies with `algorithm`, which must be one that the key's [`Jwk`] fits.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &Message<'_>, signature: &[u8]) -> Verdict {
        if signature.len() != self.signature_len
            || algorithm == Algorithm::Ed25519 && !ed25519::has_sound_commitment(signature)
        {
            return Verdict::Invalid;
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

    /// Has aws-lc verify what only the kernel refuses, within a budget: whatever is not verified again stays refused.
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

    /// The verdict without the kernel.
    fn verify_reference(
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

/// Verifies signatures over any message, with no token around it: the layer at which published test vectors
/// speak, whose messages are no JWS signing inputs, and at which the arithmetic is measured. Verify tokens with
/// [`crate::verify_token`]. No promise is made to keep this.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "not for use")]
pub struct SignatureVerifier<'a> {
    jwk: &'a Jwk,
    key: VerifyingKey,
}

impl<'a> SignatureVerifier<'a> {
    /// # Errors
    /// [`ErrorKind::UnusableKey`]: the back end refuses the key.
    pub fn new(jwk: &'a Jwk, backend: Backend) -> Result<Self> {
        Ok(Self { jwk, key: VerifyingKey::new(backend, jwk)? })
    }

    /// Whether RS256 signatures are verified by the kernel: no longer, once it has been wrong.
    pub fn is_accelerated(&self) -> bool {
        self.key.is_accelerated()
    }

    /// # Errors
    /// [`ErrorKind::AlgorithmNotAllowed`]: the key does not fit the algorithm. [`ErrorKind::InvalidSignature`].
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<()> {
        if !self.jwk.fits(algorithm) {
            return Err(Error::new(ErrorKind::AlgorithmNotAllowed, ""));
        }
        let message = Message::new(message);
        let verdict = match self.key.verify(algorithm, &message, signature) {
            Verdict::Valid => Ok(()),
            Verdict::Invalid => Err(InvalidSignature),
            Verdict::RefusedByKernel => self.key.verify_again(algorithm, &message, signature),
        };
        verdict.map_err(|InvalidSignature| Error::new(ErrorKind::InvalidSignature, ""))
    }
}
