//! What a key set does not use, and why.

use crate::jose::skip_reason::SkipReason;
use std::borrow::Cow;

/// A member of a JWK Set that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    pub(super) index: usize,
    pub(super) kid: Option<Box<str>>,
    pub(super) reason: SkipReason,
    pub(super) message: Cow<'static, str>,
}

impl SkippedKey {
    /// Its place in the document's "keys" array, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its key ID, if it has one that can be read.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Why it cannot be used.
    pub fn reason(&self) -> SkipReason {
        self.reason
    }

    /// The same for people, with what exactly is wrong: which member, how many bits. The words may
    /// change between versions.
    pub fn message(&self) -> &str {
        &self.message
    }
}
