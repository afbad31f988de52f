//! The tables of the generator. Each process computes them when it first needs them.
//!
//! No thread waits for another thread that computes a table: after a fork in the middle of the
//! computation, the child would wait forever. If two threads compute a table at once, both use the
//! same one.

use super::point::AffinePoint;
use super::table::{MAX_WINDOW, Radix, Table};
use arc_swap::ArcSwapOption;
use std::sync::Arc;

static WORDS: ArcSwapOption<Table> = ArcSwapOption::const_empty();
#[cfg(ifma)]
static LIMBS: ArcSwapOption<Table> = ArcSwapOption::const_empty();

pub(super) fn table(radix: Radix) -> Arc<Table> {
    let shared = match radix {
        Radix::Words => &WORDS,
        #[cfg(ifma)]
        Radix::Limbs => &LIMBS,
    };
    if let Some(table) = shared.load_full() {
        return table;
    }
    let table = Arc::new(Table::new(&AffinePoint::GENERATOR, MAX_WINDOW, radix));
    let first = shared.compare_and_swap(&None::<Arc<Table>>, Some(Arc::clone(&table)));
    first.as_ref().map_or(table, Arc::clone)
}
