//! Tables of a key, computed after the key has verified many signatures.
//!
//! Tables make the verification of ES256 and Ed25519 several times faster, but they take memory and
//! up to 2 ms to compute. A key that is rarely used therefore gets none.
//!
//! After a fork, the child has the tables of its parent. If another thread of the parent was
//! computing tables at that moment, the child computes them again when the key is next due. No lock
//! is held meanwhile, so the child waits for nothing.

use arc_swap::{ArcSwapOption, Guard};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Tables are computed by every 100th verification with a key that has none. Two threads may
/// compute the same tables at the same time, which is harmless.
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
        Self { point, max_memory, uses: AtomicU32::new(0), computed: ArcSwapOption::const_empty() }
    }

    /// Returns the tables if they have been computed.
    pub(super) fn get(&self) -> Guard<Option<Arc<Computed<T>>>> {
        self.computed.load()
    }

    /// Returns the memory of the tables in bytes.
    pub(super) fn memory(&self) -> usize {
        self.get().as_ref().map_or(0, |computed| computed.memory.0)
    }

    /// Calls `verify` with the tables. If there are none yet, counts a use of the key, and returns
    /// `None`.
    pub(super) fn with<R>(&self, verify: impl FnOnce(&T) -> R) -> Option<R> {
        if let Some(computed) = &*self.get() {
            return Some(verify(&computed.tables));
        }
        if self.uses.fetch_add(1, Relaxed) % USES == USES - 1 {
            self.compute();
        }
        None
    }

    /// Computes the tables, if there are none and there is memory for them.
    #[cold]
    pub(super) fn compute(&self) {
        if self.get().is_some() {
            return;
        }
        let Some((window, memory)) = Reserved::for_tables(self.max_memory, T::memory) else { return };
        if let Some(tables) = T::new(&self.point, window) {
            self.computed.store(Some(Arc::new(Computed { tables, memory })));
        }
    }
}

/// Memory of all tables in this process, in bytes.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// A part of [`IN_USE`], in bytes.
struct Reserved(usize);

impl Reserved {
    /// Reserves memory for tables. Also returns their window: 8 while at most a quarter of `max` is
    /// in use, 7 up to a half, then 6. Returns `None` if more than `max` would be in use.
    fn for_tables(max: usize, memory: impl Fn(usize) -> usize) -> Option<(usize, Self)> {
        let windows = [(8, max / 4), (7, max / 2), (6, max)];
        let mut in_use = IN_USE.load(Relaxed);
        loop {
            let fits = |&(window, limit): &(usize, usize)| {
                in_use.checked_add(memory(window)).is_some_and(|sum| sum <= limit)
            };
            let (window, _) = windows.into_iter().find(fits)?;
            let bytes = memory(window);
            match IN_USE.compare_exchange_weak(in_use, in_use + bytes, Relaxed, Relaxed) {
                Ok(_) => return Some((window, Self(bytes))),
                Err(other) => in_use = other,
            }
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        IN_USE.fetch_sub(self.0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2^`window` times a huge size, so that the tables of other tests make no difference.
    struct Fake(usize);

    const UNIT: usize = 1 << 40;

    impl Tables for Fake {
        /// Whether the self-test passes.
        type Point = bool;

        fn memory(window: usize) -> usize {
            UNIT << window
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
        }
        window(tables)
    }

    #[test]
    fn tables_are_computed_late_and_within_the_limit() {
        let max = (UNIT << 8) * 4 + UNIT;
        let key = || LateTables::<Fake>::new(true, max);
        let first = key();
        for _ in 0..USES {
            assert_eq!(window(&first), None);
            assert_eq!(first.with(|_| ()), None);
        }
        assert_eq!(first.with(|tables| tables.0), Some(8));
        // The first quarter is used up.
        let more: Vec<_> = (0..2).map(|_| key()).collect();
        assert_eq!(more.iter().map(use_often).collect::<Vec<_>>(), [Some(7), Some(7)]);
        let more: Vec<_> = (0..8).map(|_| key()).collect();
        assert!(more.iter().all(|key| use_often(key) == Some(6)));
        assert_eq!(more.iter().map(LateTables::memory).sum::<usize>(), (8 * UNIT) << 6);
        let late = key();
        assert_eq!(use_often(&late), None);
        // Dropped tables make room for others.
        drop(first);
        assert_eq!(use_often(&late), Some(6));
        assert_eq!(use_often(&LateTables::new(true, 0)), None);
    }

    #[test]
    fn tables_that_fail_their_test_are_not_used() {
        let key = LateTables::<Fake>::new(false, usize::MAX);
        assert_eq!(use_often(&key), None);
    }
}
