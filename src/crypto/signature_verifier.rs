//! Signatures without tokens, for tests and measurements.

use super::backend::Backend;
use super::message::Message;
use super::verdict::{InvalidSignature, KeyVerdict};
use super::verifying_key::VerifyingKey;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;

/// Verifies signatures over any message, with no token around it: the layer at which published test
/// vectors speak, whose messages are no JWS signing inputs, and at which the arithmetic is
/// measured. Verify tokens with [`crate::verify_token`]. No promise is made to keep this.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "not for use")]
pub struct SignatureVerifier<'a> {
    jwk: &'a Jwk,
    key: VerifyingKey,
}

impl<'a> SignatureVerifier<'a> {
    /// # Errors
    /// [`ErrorKind::UnusableKey`]: the back end rejects the key.
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
            KeyVerdict::Valid => Ok(()),
            KeyVerdict::Invalid => Err(InvalidSignature),
            KeyVerdict::RejectedByKernel => self.key.verify_again(algorithm, &message, signature),
        };
        verdict.map_err(|InvalidSignature| Error::new(ErrorKind::InvalidSignature, ""))
    }
}
