//! The tables that a verification needs.

use super::generator;
use super::point::Affine;
use super::table::Table;
use std::sync::Arc;

/// The tables of the generator B and of -A, where A is the key.
pub(super) struct Pair {
    pub(super) generator: Arc<Table>,
    pub(super) minus_key: Table,
}

impl Pair {
    /// Returns `None` if `key` is not the canonical encoding of a point.
    pub(super) fn new(key: &[u8; 32], window: usize) -> Option<Self> {
        let key = Affine::decode(key)?;
        Some(Self { generator: generator::table()?, minus_key: Table::new(&key.negate(), window)? })
    }
}
