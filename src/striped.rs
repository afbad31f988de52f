//! Counters that threads do not have to hand to each other.

/// How many there are of a kind.
const STRIPES: usize = 16;

/// Several of a kind, each on cache lines of its own. A thread nearly always meets the same one.
#[derive(Default)]
pub(crate) struct Striped<T>([Aligned<T>; STRIPES]);

#[derive(Default)]
#[repr(align(128))]
struct Aligned<T>(T);

impl<T> Striped<T> {
    /// The one of the calling thread. Stacks are pages apart, so the address of a local tells most threads from
    /// each other.
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
