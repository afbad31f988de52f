//! Eight terms of sums, one for each lane.

use crate::crypto::es256::table::{Entry, Term};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::five::{Five, unpacked};
use crate::crypto::vector::simd::Simd;
use std::array::from_fn;

#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    entries: [&'a Entry; LANES],
    /// The lanes whose term is the negative of the entry.
    pub(super) negative: u8,
    /// The lanes that add a term. The others keep their sum.
    pub(super) active: u8,
}

impl<'a> Row<'a> {
    /// Returns a row without terms. The lanes of `active` get one later, or their sum is not used.
    #[inline(always)]
    pub(super) fn empty(active: u8) -> Self {
        const ZERO: &Entry = &Entry([0; 8]);
        Self { entries: [ZERO; LANES], negative: 0, active }
    }

    #[inline(always)]
    pub(super) fn set(&mut self, lane: usize, term: Term<'a>) {
        self.entries[lane] = term.entry;
        self.negative |= u8::from(term.is_negative) << lane;
        self.active |= 1 << lane;
    }

    /// Starts to load the entries into the cache.
    #[inline(always)]
    pub(super) fn prefetch<S: Simd>(&self, simd: S) {
        for entry in self.entries {
            simd.prefetch(entry);
        }
    }

    /// Returns x and y. Only the low 52 bits of a limb count.
    #[inline(always)]
    pub(super) fn load<S: Simd>(&self, simd: S) -> (Five<S::V>, Five<S::V>) {
        let [a, b, c, d, e, f, g, h] = simd.transpose(from_fn(|i| simd.load(&self.entries[i].0)));
        (unpacked(simd, [a, b, c, d]), unpacked(simd, [e, f, g, h]))
    }
}
