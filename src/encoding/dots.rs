//! The positions of the dots in a text.

/// The number of dots in a text, and the positions of the first two.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dots {
    pub(crate) count: usize,
    /// Positions of the first two dots, in bytes; 0 for a dot that does not exist.
    pub(crate) places: [usize; 2],
}

impl Dots {
    /// Adds a dot for each bit of `mask`. Bit 0 is the character at `start`.
    #[cfg(avx512)]
    pub(super) fn add(&mut self, start: usize, mut mask: u64) {
        while mask != 0
            && let Some(place) = self.places.get_mut(self.count)
        {
            *place = start + mask.trailing_zeros() as usize;
            self.count += 1;
            mask &= mask - 1;
        }
        self.count += mask.count_ones() as usize;
    }
}
