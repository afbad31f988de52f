//! The signature schemes of the kernel.

use crate::crypto::hash::Hash;
use crate::jose::algorithm::Algorithm;

/// A signature scheme (RFC 8017 §8) with its hash function. PSS uses the same hash function for
/// MGF1, and its salt is as long as a digest (RFC 7518 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) enum Scheme {
    /// RSASSA-PKCS1-v1_5: RS256, RS384 and RS512.
    Pkcs1(Hash),
    /// RSASSA-PSS: PS256, PS384 and PS512.
    Pss(Hash),
}

impl Scheme {
    /// Returns `None` if it is not an RSA algorithm.
    pub(in crate::crypto) fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Rs256 => Self::Pkcs1(Hash::Sha256),
            Algorithm::Rs384 => Self::Pkcs1(Hash::Sha384),
            Algorithm::Rs512 => Self::Pkcs1(Hash::Sha512),
            Algorithm::Ps256 => Self::Pss(Hash::Sha256),
            Algorithm::Ps384 => Self::Pss(Hash::Sha384),
            Algorithm::Ps512 => Self::Pss(Hash::Sha512),
            _ => return None,
        })
    }

    pub(in crate::crypto) fn hash(self) -> Hash {
        match self {
            Self::Pkcs1(hash) | Self::Pss(hash) => hash,
        }
    }
}
