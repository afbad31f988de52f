//! The signature algorithms, by their JWA names (RFC 7518 §3.1, RFC 8037, RFC 9864).

use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::str::FromStr;

/// A signature algorithm. "none" and the symmetric HS family cannot be expressed, so nothing can ask for
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; what Bouncer signs with.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, 32 bytes of salt.
    Ps256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384, 48 bytes of salt.
    Ps384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512, 64 bytes of salt.
    Ps512,
    /// ECDSA on P-256 with SHA-256; the signature is R and S, 32 bytes each.
    Es256,
    /// ECDSA on P-384 with SHA-384; the signature is R and S, 48 bytes each.
    Es384,
    /// ECDSA on P-521 with SHA-512; the signature is R and S, 66 bytes each.
    Es512,
    /// Ed25519; "EdDSA" is accepted as its old name.
    Ed25519,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Algorithm; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ed25519,
    ];

    /// The "alg" value: `"RS256"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm of that exact name, or of the old name "EdDSA".
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == "EdDSA" {
            return Some(Self::Ed25519);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Its bit in a set of algorithms.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::named(name).ok_or(Error::new(ErrorKind::InvalidArgument, "no such algorithm"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            assert_eq!(Algorithm::named(&algorithm.as_str().to_lowercase()), None);
        }
        assert_eq!("EdDSA".parse(), Ok(Algorithm::Ed25519));
        for name in ["", "none", "None", "HS256", "RS256 ", "RS2560", "ES256K", "Ed448", "RSA-OAEP"] {
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
    }
}
