//! A JWS whose signature is valid.

use crate::encoding::base64url;
use crate::error::Result;
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;
use crate::jose::jws::Part;
use crate::keys::parsed_token::ParsedToken;
use std::fmt;

/// The content of a JWS whose signature is valid. Only [`crate::verify_jws`] creates one.
pub struct VerifiedJws {
    header: Vec<u8>,
    payload: Vec<u8>,
    algorithm: Algorithm,
    kid: Option<Box<str>>,
}

impl VerifiedJws {
    /// Decodes the payload of `token`, whose signature `key` verifies.
    pub(super) fn read(token: &ParsedToken<'_>, key: &Jwk) -> Result<Self> {
        Ok(Self {
            header: token.header.json.as_bytes().to_vec(),
            payload: base64url::decode(token.jws.payload).map_err(|_| Part::Payload.not_base64url())?,
            algorithm: token.header.algorithm,
            kid: key.kid().map(Into::into),
        })
    }

    /// Returns the JWS Payload, the bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Returns the JOSE Header's JSON.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Returns the algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the "kid" of the key that verified the signature, if that key has one.
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
