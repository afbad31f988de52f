//! A signed message.

use super::hash::{Digest, Hash};
use std::cell::OnceCell;

/// A message whose signature is verified with one or several keys, and one algorithm.
pub(crate) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    /// Computed at most once, even if several keys are tried.
    digest: OnceCell<Digest>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, digest: OnceCell::new() }
    }

    /// Returns the digest. A message is always hashed with the same function.
    pub(super) fn digest(&self, hash: Hash) -> &Digest {
        self.digest.get_or_init(|| hash.digest(self.bytes))
    }
}
