//! This library's own code for a key.

use super::ed25519::key as ed25519;
use super::es256::key as es256;
use super::hash::{Digest, Hash};
use super::late_tables::{LateTables, Tables};
use super::message::Message;
#[cfg(ifma)]
use super::rsa::key as rsa;
#[cfg(ifma)]
use super::rsa::scheme::Scheme;
#[cfg(ifma)]
use super::vector::avx512::Avx512;
use crate::jose::algorithm::Algorithm;
use crate::jose::public_key::{Curve, PublicKey};
use std::fmt;

/// The code that verifies the signatures of a key, without the reference back end.
pub(super) enum Kernel {
    #[cfg(ifma)]
    Rsa(rsa::Key),
    Es256(LateTables<es256::Tables>),
    Ed25519(LateTables<ed25519::Tables>),
}

/// Keys whose signatures the same code verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    #[cfg_attr(not(ifma), expect(dead_code, reason = "there is no code for RSA"))]
    Rsa,
    Es256,
    Ed25519,
}

impl Kind {
    pub(super) const COUNT: usize = 3;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Es256 => "ES256",
            Self::Ed25519 => "Ed25519",
        })
    }
}

/// Keys whose signatures can be verified side by side: those that the same code verifies, and for
/// RSA those of the same size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneKind {
    kind: Kind,
    signature_len: usize,
}

impl LaneKind {
    /// The least [`LaneKind::worthwhile`] of all kinds.
    pub(crate) const LEAST_WORTHWHILE: usize = 5;

    /// Returns the minimum number of signatures for which eight lanes are faster than verifying
    /// them one after another.
    pub(crate) fn worthwhile(self) -> usize {
        match self.kind {
            // Eight hashes in lanes take as long as two.
            Kind::Ed25519 => Self::LEAST_WORTHWHILE,
            Kind::Rsa | Kind::Es256 => 6,
        }
    }
}

impl Kernel {
    /// Returns `None` if there is no code for this key on this CPU.
    pub(super) fn new(key: &PublicKey, max_table_memory: usize) -> Option<Self> {
        match key {
            #[cfg(ifma)]
            PublicKey::Rsa { n, e } => Some(Self::Rsa(rsa::Key::new(n, e)?)),
            PublicKey::Ec { curve: Curve::P256, x, y } => {
                let point = [x.as_ref().try_into().ok()?, y.as_ref().try_into().ok()?];
                Some(Self::Es256(LateTables::new(point, max_table_memory)))
            }
            PublicKey::Ed25519 { x } => Some(Self::Ed25519(LateTables::new(*x, max_table_memory))),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            #[cfg(ifma)]
            Self::Rsa(_) => Kind::Rsa,
            Self::Es256(_) => Kind::Es256,
            Self::Ed25519(_) => Kind::Ed25519,
        }
    }

    /// Returns whether the next signature is verified with this code.
    pub(super) fn is_ready(&self) -> bool {
        match self {
            #[cfg(ifma)]
            Self::Rsa(_) => true,
            Self::Es256(tables) => tables.get().is_some(),
            Self::Ed25519(tables) => tables.get().is_some(),
        }
    }

    /// Counts a valid signature that the reference back end has verified. Keys that are used often
    /// get tables.
    pub(super) fn count_use(&self) {
        match self {
            #[cfg(ifma)]
            Self::Rsa(_) => {}
            Self::Es256(tables) => tables.count_use(),
            Self::Ed25519(tables) => tables.count_use(),
        }
    }

    /// Computes the key's tables now, if it has none.
    pub(super) fn compute_tables(&self) {
        match self {
            #[cfg(ifma)]
            Self::Rsa(_) => {}
            Self::Es256(tables) => tables.compute(),
            Self::Ed25519(tables) => tables.compute(),
        }
    }

    /// Returns the memory of the key's tables in bytes.
    pub(super) fn table_memory(&self) -> usize {
        match self {
            #[cfg(ifma)]
            Self::Rsa(_) => 0,
            Self::Es256(tables) => tables.memory(),
            Self::Ed25519(tables) => tables.memory(),
        }
    }

    /// Returns which signatures can be verified side by side with those of this key, whose
    /// signatures have this length. Returns `None` if the CPU lacks the instructions.
    #[cfg_attr(not(ifma), expect(unused_variables, reason = "there are no lanes"))]
    pub(super) fn lane_kind(&self, signature_len: usize) -> Option<LaneKind> {
        #[cfg(ifma)]
        return Avx512::<false>::detect().map(|_| LaneKind { kind: self.kind(), signature_len });
        #[cfg(not(ifma))]
        None
    }

    /// Returns whether the signature is valid. Returns `None` if the reference back end must verify
    /// it: the key has no tables yet, or this code cannot decide.
    #[cfg_attr(not(ifma), expect(unused_variables, reason = "only RSA has several algorithms"))]
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Option<bool> {
        match self {
            #[cfg(ifma)]
            Self::Rsa(key) => {
                let scheme = Scheme::of(algorithm)?;
                Some(key.verify(scheme, message.digest(scheme.hash()).as_bytes(), signature))
            }
            Self::Es256(tables) => tables.with(|tables| match message.digest(Hash::Sha256) {
                Digest::Sha256(digest) => tables.verify(digest, signature),
                _ => None,
            })?,
            Self::Ed25519(tables) => tables.with(|tables| tables.verify(message.bytes, signature)),
        }
    }
}

impl Tables for es256::Tables {
    /// The coordinates x and y, big-endian.
    type Point = [[u8; 32]; 2];

    fn memory(window: usize) -> usize {
        Self::memory(window)
    }

    fn new([x, y]: &[[u8; 32]; 2], window: usize) -> Option<Self> {
        Self::new(x, y, window)
    }
}

impl Tables for ed25519::Tables {
    type Point = [u8; 32];

    fn memory(window: usize) -> usize {
        Self::memory(window)
    }

    fn new(point: &[u8; 32], window: usize) -> Option<Self> {
        Self::new(point, window)
    }
}
