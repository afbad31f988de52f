//! A key that a key set does not use, and the reason.

use crate::jose::skip_reason::SkipReason;
use std::borrow::Cow;

/// An unusable member of a JWK Set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    pub(super) index: usize,
    pub(super) kid: Option<Box<str>>,
    pub(super) reason: SkipReason,
    pub(super) message: Cow<'static, str>,
}

impl SkippedKey {
    /// Returns the index of this member in the document's "keys" array, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the key ID, or `None` if the "kid" is missing, invalid or over 1024 bytes long.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns why this key is unusable.
    pub fn reason(&self) -> SkipReason {
        self.reason
    }

    /// Returns the reason as text with details, such as the member or the number of bits. The text
    /// may change between versions.
    pub fn message(&self) -> &str {
        &self.message
    }
}
