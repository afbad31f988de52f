//! The hash functions of the algorithms.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::digest::{Context, SHA256, SHA384, SHA512, digest};
#[cfg(not(feature = "aws-lc-rs"))]
use sha2::{Digest as _, Sha256, Sha384, Sha512};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

pub(super) enum Digest {
    Sha256([u8; 32]),
    Sha384([u8; 48]),
    Sha512([u8; 64]),
}

impl Hash {
    /// Returns the length of a digest in bytes.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(super) fn digest(self, message: &[u8]) -> Digest {
        match self {
            Self::Sha256 => Digest::Sha256(sha256(message)),
            Self::Sha384 => Digest::Sha384(sha384(message)),
            Self::Sha512 => Digest::Sha512(sha512(&[message])),
        }
    }
}

impl Digest {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) => bytes,
            Self::Sha384(bytes) => bytes,
            Self::Sha512(bytes) => bytes,
        }
    }
}

pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    #[cfg(feature = "aws-lc-rs")]
    return bytes(&digest(&SHA256, message));
    #[cfg(not(feature = "aws-lc-rs"))]
    Sha256::digest(message).into()
}

pub(super) fn sha384(message: &[u8]) -> [u8; 48] {
    #[cfg(feature = "aws-lc-rs")]
    return bytes(&digest(&SHA384, message));
    #[cfg(not(feature = "aws-lc-rs"))]
    Sha384::digest(message).into()
}

/// Hashes the concatenation of `parts`.
pub(super) fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    #[cfg(feature = "aws-lc-rs")]
    return digest_of_parts(parts);
    #[cfg(not(feature = "aws-lc-rs"))]
    parts.iter().fold(Sha512::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

#[cfg(feature = "aws-lc-rs")]
fn digest_of_parts(parts: &[&[u8]]) -> [u8; 64] {
    // Unlike `digest`, a context allocates memory.
    if let [message] = parts {
        return bytes(&digest(&SHA512, message));
    }
    let mut context = Context::new(&SHA512);
    parts.iter().for_each(|part| context.update(part));
    bytes(&context.finish())
}

#[cfg(feature = "aws-lc-rs")]
fn bytes<const LEN: usize>(digest: &aws_lc_rs::digest::Digest) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}
