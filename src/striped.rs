//! Sharded values that avoid cache-line contention.

/// Number of shards.
const STRIPES: usize = 16;

/// [`STRIPES`] copies of a value, each on its own cache lines. A thread nearly always uses the same
/// copy.
#[derive(Default)]
pub(crate) struct Striped<T>([Aligned<T>; STRIPES]);

#[derive(Default)]
#[repr(align(128))]
struct Aligned<T>(T);

impl<T> Striped<T> {
    pub(crate) fn from_fn(mut one: impl FnMut() -> T) -> Self {
        Self(std::array::from_fn(|_| Aligned(one())))
    }

    /// Returns the copy for the calling thread. The address of a local variable selects the copy,
    /// because the stacks of two threads are in different memory pages.
    pub(crate) fn mine(&self) -> &T {
        let local = 0_u8;
        let page = (&raw const local).addr() >> 12;
        let [Aligned(first), ..] = &self.0;
        self.0.get((page ^ page >> 4 ^ page >> 8 ^ page >> 12) % STRIPES).map_or(first, |one| &one.0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|one| &one.0)
    }
}
