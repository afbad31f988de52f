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
    /// Returns its index in the document's "keys" array, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns its key ID, if it has a readable one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns why it is unusable.
    pub fn reason(&self) -> SkipReason {
        self.reason
    }

    /// Returns the reason as text with details, such as the member or the number of bits. The text
    /// may change between versions.
    pub fn message(&self) -> &str {
        &self.message
    }
}
