//! Options for reading a JWK Set document.

use crate::crypto::backend::Backend;
use crate::error::{Error, ErrorKind, Result};
use std::ops::RangeInclusive;

/// Options for [`crate::JwkSet::load`].
///
/// ```
/// use bouncer_verify::{JwkSet, LoadOptions};
/// # let document = include_bytes!("../../tests/data/document_jwks.json");
///
/// // The JWT keys of a SPIFFE bundle.
/// let options = LoadOptions::new().key_uses(["jwt-svid"]).max_keys(500);
/// let jwks = JwkSet::load(document, &options)?;
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LoadOptions {
    pub(super) backend: Backend,
    pub(crate) max_document_len: usize,
    pub(super) max_keys: usize,
    pub(super) key_uses: Vec<Box<str>>,
    pub(super) max_table_memory: usize,
}

impl LoadOptions {
    /// Maximum number of members in one set. The members are counted before the first is parsed.
    pub(super) const MAX_MEMBERS: usize = 1000;

    /// 32 MiB.
    pub(crate) const DEFAULT_TABLE_MEMORY: usize = 32 << 20;

    /// Creates the default options: the default back end, at most 1 MiB and 100 keys, and only keys
    /// whose "use" is "sig" or absent.
    pub fn new() -> Self {
        Self {
            backend: Backend::default(),
            max_document_len: 1 << 20,
            max_keys: 100,
            key_uses: Vec::new(),
            max_table_memory: Self::DEFAULT_TABLE_MEMORY,
        }
    }

    /// Sets the back end that verifies signatures.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Sets the maximum length of the document in bytes: 1 KiB to 64 MiB. The default is 1 MiB.
    pub fn max_document_len(mut self, bytes: usize) -> Self {
        self.max_document_len = bytes;
        self
    }

    /// Sets the maximum number of usable keys: 1 to 1000. The default is 100. Further keys are
    /// skipped and listed in [`crate::JwkSet::skipped`].
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// Also accepts keys with one of these "use" values (RFC 7517 §4.2), for example `"jwt-svid"`
    /// in SPIFFE bundles. "sig" and an absent "use" are always accepted. Other keys are skipped.
    pub fn key_uses(mut self, uses: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.key_uses = uses.into_iter().map(|key_use| key_use.as_ref().into()).collect();
        self
    }

    /// Sets the maximum memory in bytes of the tables for ES256 and Ed25519: 0 to 1 GiB. The
    /// default is 32 MiB.
    ///
    /// With a table, a key verifies signatures 3 to 17 times as fast. The 100th valid signature of
    /// a key computes its table, unless the tables of the whole process would then take more than
    /// this. So two sets with different values share the memory up to the larger one. A table takes
    /// 86 to 256 KiB for ES256 and 133 to 387 KiB for Ed25519: the more memory is in use, the
    /// smaller and slower is the next table. With less than 86 KiB, no key gets one. The tables of
    /// a key set are freed with it.
    ///
    /// All keys share one more table for each algorithm, which does not count: 256 KiB for ES256
    /// and 387 KiB for Ed25519. It stays until the process ends.
    pub fn max_table_memory(mut self, bytes: usize) -> Self {
        self.max_table_memory = bytes;
        self
    }

    /// Checks that every option is in its range.
    pub(crate) fn check(&self) -> Result<()> {
        check_range("max_document_len", self.max_document_len, 1 << 10..=64 << 20)?;
        check_range("max_keys", self.max_keys, 1..=Self::MAX_MEMBERS)?;
        check_range("max_table_memory", self.max_table_memory, 0..=1 << 30)
    }
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn check_range(name: &str, value: usize, allowed: RangeInclusive<usize>) -> Result<()> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (min, max) = allowed.into_inner();
    let detail = format!("{name} is {value}; allowed are {min} to {max}");
    Err(Error::new(ErrorKind::InvalidArgument, "").with_detail(detail))
}
