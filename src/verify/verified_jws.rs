//! A JWS whose signature holds.

use crate::jose::algorithm::Algorithm;
use std::fmt;

/// The content of a JWS whose signature holds. Only [`crate::verify_jws`] makes one.
pub struct VerifiedJws {
    pub(super) header: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<Box<str>>,
}

impl VerifiedJws {
    /// The JWS Payload, the bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The JOSE Header's JSON.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The "kid" of the key that verified it, if the key has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

impl fmt::Debug for VerifiedJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJws")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
