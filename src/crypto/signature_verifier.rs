//! Verifies signatures without tokens, for tests and benchmarks.

use super::backend::Backend;
use super::message::Message;
use super::verdict::{InvalidSignature, KeyVerdict};
use super::verifying_key::VerifyingKey;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;

/// Verifies a signature over any message. Tests need it for published test vectors, whose messages
/// are not JWS signing inputs. Benchmarks need it to measure a signature alone. To verify tokens,
/// use [`crate::verify_token`]. Not part of the stable interface.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "only for tests and benchmarks")]
pub struct SignatureVerifier<'a> {
    jwk: &'a Jwk,
    key: VerifyingKey,
}

impl<'a> SignatureVerifier<'a> {
    /// # Errors
    /// [`ErrorKind::UnusableKey`]: the back end rejects the key.
    pub fn new(jwk: &'a Jwk, backend: Backend) -> Result<Self> {
        Ok(Self { jwk, key: VerifyingKey::new(backend, jwk, 1 << 30)? })
    }

    /// Computes the tables of the key now, not only after 100 valid signatures.
    pub fn compute_tables(&self) {
        self.key.compute_tables();
    }

    /// Returns whether this library's own code verifies the next signature of this key. Returns
    /// false after its result has differed from the reference's in this process.
    pub fn is_accelerated(&self) -> bool {
        self.key.is_accelerated()
    }

    /// # Errors
    /// [`ErrorKind::AlgorithmNotAllowed`]: the key cannot be used for the algorithm.
    /// [`ErrorKind::InvalidSignature`]: the signature is invalid.
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
