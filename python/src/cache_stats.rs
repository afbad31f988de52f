//! What a verifier's cache has done.

use pyo3::prelude::*;

/// What the cache of a Verifier has done.
///
/// hits: verifications that found their token.
/// misses: verifications that did not.
/// capacity: the most tokens that are kept.
#[pyclass(frozen, get_all, eq, module = "bouncer_verify")]
#[derive(PartialEq)]
pub(crate) struct CacheStats {
    hits: u64,
    misses: u64,
    capacity: usize,
}

#[pymethods]
impl CacheStats {
    fn __repr__(&self) -> String {
        let Self { hits, misses, capacity } = self;
        format!("CacheStats(hits={hits}, misses={misses}, capacity={capacity})")
    }
}

impl From<bouncer_verify::CacheStats> for CacheStats {
    fn from(stats: bouncer_verify::CacheStats) -> Self {
        Self { hits: stats.hits(), misses: stats.misses(), capacity: stats.capacity() }
    }
}
