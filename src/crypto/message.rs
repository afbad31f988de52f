//! A signed message.

#[cfg(ifma)]
use aws_lc_rs::digest::{SHA256, digest};
#[cfg(ifma)]
use std::cell::OnceCell;

/// A message whose signature is verified with one or several keys.
pub(crate) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    /// The SHA-256 digest, computed at most once, even if several keys are tried.
    #[cfg(ifma)]
    sha256: OnceCell<[u8; 32]>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            #[cfg(ifma)]
            sha256: OnceCell::new(),
        }
    }

    #[cfg(ifma)]
    pub(super) fn sha256(&self) -> &[u8; 32] {
        self.sha256.get_or_init(|| {
            let mut bytes = [0; 32];
            bytes.copy_from_slice(digest(&SHA256, self.bytes).as_ref());
            bytes
        })
    }
}
