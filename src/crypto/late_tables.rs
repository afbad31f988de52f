//! Tables of a key, computed after the key has verified many valid signatures.
//!
//! Tables make the verification of ES256 and Ed25519 several times faster, but they take memory and
//! about a millisecond to compute. A key that is rarely used therefore gets none. Invalid
//! signatures do not count, so forged tokens cannot use up the memory.
//!
//! After a fork, the child has the tables of its parent. If another thread of the parent was
//! computing tables at that moment, the child computes them again when the key is next due. No lock
//! is held meanwhile, so the child waits for nothing.

use arc_swap::{ArcSwapOption, Guard};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Tables are computed by every 100th valid signature of a key that has none. If other threads
/// verify 100 more signatures meanwhile, they compute the tables too. The first tables stay.
const USES: u32 = 100;

/// Tables of multiples of a point. A larger window makes verification faster and takes more memory.
pub(super) trait Tables: Sized {
    /// A point, as the coordinates or the encoding in a JWK.
    type Point;

    /// Returns the memory in bytes that tables with this window take.
    fn memory(window: usize) -> usize;

    /// Returns `None` if the point is not on the curve, or if this CPU computes a wrong result with
    /// the new tables.
    fn new(point: &Self::Point, window: usize) -> Option<Self>;
}

/// The tables of a key, or the number of its uses without tables.
pub(super) struct LateTables<T: Tables> {
    point: T::Point,
    /// No tables are computed if all tables of the process would then be larger, in bytes.
    max_memory: usize,
    /// Memory of all tables, in bytes: [`IN_USE`], except in tests.
    in_use: &'static AtomicUsize,
    uses: AtomicU32,
    computed: ArcSwapOption<Computed<T>>,
}

/// Tables that count as used memory.
pub(super) struct Computed<T> {
    pub(super) tables: T,
    memory: Reserved,
}

impl<T: Tables> LateTables<T> {
    pub(super) fn new(point: T::Point, max_memory: usize) -> Self {
        Self::counted_in(&IN_USE, point, max_memory)
    }

    fn counted_in(in_use: &'static AtomicUsize, point: T::Point, max_memory: usize) -> Self {
        let (uses, computed) = (AtomicU32::new(0), ArcSwapOption::const_empty());
        Self { point, max_memory, in_use, uses, computed }
    }

    /// Returns the tables if they have been computed.
    pub(super) fn get(&self) -> Guard<Option<Arc<Computed<T>>>> {
        self.computed.load()
    }

    /// Returns the memory of the tables in bytes.
    pub(super) fn memory(&self) -> usize {
        self.get().as_ref().map_or(0, |computed| computed.memory.bytes)
    }

    /// Returns the result of `verify` with the tables, or `None` if the key has none.
    pub(super) fn with<R>(&self, verify: impl FnOnce(&T) -> R) -> Option<R> {
        self.get().as_ref().map(|computed| verify(&computed.tables))
    }

    /// Counts a valid signature that was verified without the tables. Computes them when they are
    /// due.
    pub(super) fn count_use(&self) {
        if self.uses.fetch_add(1, Relaxed) % USES == USES - 1 {
            self.compute();
        }
    }

    /// Computes the tables, if the key has none and there is memory for them.
    #[cold]
    pub(super) fn compute(&self) {
        if self.get().is_some() {
            return;
        }
        let Some(window) = window_for(self.in_use.load(Relaxed), self.max_memory, T::memory) else { return };
        let Some(tables) = T::new(&self.point, window) else { return };
        // The memory is reserved only now: other threads may have computed the same tables, and a
        // forked child does not know of their computations.
        let Some(memory) = Reserved::new(self.in_use, T::memory(window), self.max_memory) else { return };
        // If another thread was faster, its tables stay.
        self.computed
            .compare_and_swap(&None::<Arc<Computed<T>>>, Some(Arc::new(Computed { tables, memory })));
    }
}

/// Returns the window of the next tables: 8 while at most a quarter of `max` is in use, 7 up to a
/// half, then 6. Returns `None` if more than `max` would be in use.
fn window_for(in_use: usize, max: usize, memory: impl Fn(usize) -> usize) -> Option<usize> {
    let fits = |(window, limit): &(usize, usize)| {
        in_use.checked_add(memory(*window)).is_some_and(|sum| sum <= *limit)
    };
    let (window, _) = [(8, max / 4), (7, max / 2), (6, max)].into_iter().find(fits)?;
    Some(window)
}

/// Memory of all tables in this process, in bytes.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// Memory that counts as in use until this value is dropped.
struct Reserved {
    in_use: &'static AtomicUsize,
    bytes: usize,
}

impl Reserved {
    /// Returns `None` if more than `max` bytes would be in use.
    fn new(in_use: &'static AtomicUsize, bytes: usize, max: usize) -> Option<Self> {
        let sum = |before: usize| before.checked_add(bytes).filter(|sum| *sum <= max);
        in_use.fetch_update(Relaxed, Relaxed, sum).ok()?;
        Some(Self { in_use, bytes })
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.in_use.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables with one byte for each multiple.
    struct Fake(usize);

    impl Tables for Fake {
        /// Whether the self-test passes.
        type Point = bool;

        fn memory(window: usize) -> usize {
            1 << window
        }

        fn new(&passes: &bool, window: usize) -> Option<Self> {
            passes.then_some(Self(window))
        }
    }

    fn window(tables: &LateTables<Fake>) -> Option<usize> {
        tables.get().as_ref().map(|computed| computed.tables.0)
    }

    fn use_often(tables: &LateTables<Fake>) -> Option<usize> {
        for _ in 0..USES {
            assert_eq!(tables.with(|_| ()), None);
            tables.count_use();
        }
        window(tables)
    }

    #[test]
    fn tables_are_computed_late_and_within_the_limit() {
        static TOTAL: AtomicUsize = AtomicUsize::new(0);
        let key = || LateTables::counted_in(&TOTAL, true, 4 * 256 + 1);
        let first = key();
        for _ in 0..USES {
            assert_eq!(window(&first), None);
            first.count_use();
        }
        assert_eq!(first.with(|tables| tables.0), Some(8));
        // The first quarter is used up, then the first half.
        let more: Vec<_> = (0..2).map(|_| key()).collect();
        assert_eq!(more.iter().map(use_often).collect::<Vec<_>>(), [Some(7), Some(7)]);
        let last: Vec<_> = (0..8).map(|_| key()).collect();
        assert!(last.iter().all(|key| use_often(key) == Some(6)));
        assert_eq!(last.iter().map(LateTables::memory).sum::<usize>(), 8 * 64);
        let late = key();
        assert_eq!((use_often(&late), TOTAL.load(Relaxed)), (None, 1024));
        // Dropped tables make room for others.
        drop(first);
        assert_eq!(use_often(&late), Some(6));
        drop((more, last, late));
        assert_eq!(TOTAL.load(Relaxed), 0);
        assert_eq!(use_often(&LateTables::counted_in(&TOTAL, true, 0)), None);
    }

    /// `make miri` runs this test.
    #[test]
    fn miri_finds_no_undefined_behaviour_when_threads_compute_tables_at_once() {
        static TOTAL: AtomicUsize = AtomicUsize::new(0);
        let key = LateTables::<Fake>::counted_in(&TOTAL, true, 1024);
        let barrier = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    key.compute();
                    // The first tables stay.
                    let first = window(&key);
                    assert!(first.is_some());
                    key.compute();
                    assert_eq!(window(&key), first);
                });
            }
        });
        assert_eq!((key.memory(), TOTAL.load(Relaxed)), (1 << window(&key).unwrap(), key.memory()));
        drop(key);
        assert_eq!(TOTAL.load(Relaxed), 0);
    }

    #[test]
    fn tables_that_fail_their_test_are_not_used() {
        static TOTAL: AtomicUsize = AtomicUsize::new(0);
        assert_eq!(use_often(&LateTables::counted_in(&TOTAL, false, 1024)), None);
        assert_eq!(TOTAL.load(Relaxed), 0);
    }
}
