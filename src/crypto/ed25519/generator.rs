//! The table of the generator B, which all keys of the process share.

use super::point::{Affine, GENERATOR};
use super::table::{MAX_WINDOW, Table};
use arc_swap::ArcSwapOption;
use std::sync::Arc;

static TABLE: ArcSwapOption<Table> = ArcSwapOption::const_empty();

/// Returns the table, and computes it if there is none yet.
///
/// Threads do not wait for each other: two of them may compute it at once, and both then use the
/// same one. So a process that was forked during the computation does not wait for a thread that it
/// does not have.
pub(super) fn table() -> Option<Arc<Table>> {
    if let Some(table) = TABLE.load_full() {
        return Some(table);
    }
    let table = Arc::new(Table::new(&Affine::decode(&GENERATOR)?, MAX_WINDOW)?);
    let first = TABLE.compare_and_swap(&None::<Arc<Table>>, Some(Arc::clone(&table)));
    Some(first.as_ref().map_or(table, Arc::clone))
}
