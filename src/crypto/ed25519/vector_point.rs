//! Eight points in a vector, and the addition of entries of tables.

use super::point::{DOUBLE_D, DOUBLE_D_INVERSE};
use super::table::{Entry, Term};
use super::vector_field::{carry, carry_signed, multiply};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::five::{
    Five, Limbs, Pairs, add, add_or_sub, blend, limbs, masked, splat, sub, unpacked,
};
use crate::crypto::vector::simd::Simd;
use std::array::from_fn;

const DOUBLE_D_LIMBS: Limbs = limbs(&DOUBLE_D);
const DOUBLE_D_INVERSE_LIMBS: Limbs = limbs(&DOUBLE_D_INVERSE);

/// Eight terms, one in each lane.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    entries: [&'a Entry; LANES],
    negative: u8,
}

impl<'a> Row<'a> {
    /// The neutral element in each lane.
    pub(super) const NEUTRAL: Row<'static> = Row { entries: [&Entry::NEUTRAL; LANES], negative: 0 };

    #[inline(always)]
    pub(super) fn set(&mut self, lane: usize, term: &Term<'a>) {
        self.entries[lane] = term.entry;
        self.negative |= u8::from(term.negative) << lane;
    }

    /// Starts to load the entries.
    #[inline(always)]
    pub(super) fn prefetch<S: Simd>(&self, simd: S) {
        for entry in self.entries {
            prefetch(simd, entry);
        }
    }

    /// Returns y + x, y - x and 2 d x y of each term. Only the low 52 bits of the limbs have a
    /// meaning.
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S) -> [Five<S::V>; 3] {
        let [a, b, c, d, e, f, g, h] =
            simd.transpose(from_fn(|i| simd.load(&self.entries[i].plus_and_minus)));
        let t = simd.transpose_rows_of_four(from_fn(|i| &self.entries[i].t));
        // -(x, y) = (-x, y), so y + x and y - x are exchanged.
        let (plus, minus) = ([a, b, c, d], [e, f, g, h]);
        let swapped = |a: [S::V; 4], b: [S::V; 4]| from_fn(|i| simd.blend(self.negative, a[i], b[i]));
        [unpacked(simd, swapped(plus, minus)), unpacked(simd, swapped(minus, plus)), unpacked(simd, t)]
    }
}

/// Starts to load an entry. It is in two cache lines.
#[inline(always)]
pub(super) fn prefetch<S: Simd>(simd: S, entry: &Entry) {
    simd.prefetch(&entry.plus_and_minus);
    simd.prefetch(&entry.t[3]);
}

/// Eight points (X / Z, Y / Z), with T = X Y / Z.
#[derive(Clone, Copy)]
pub(super) struct Points<V> {
    /// Y + X and Y - X, as numbers.
    plus: Five<V>,
    minus: Five<V>,
    /// As a sum.
    pub(super) z: Five<V>,
    /// As a number.
    t: Five<V>,
}

impl<V: Copy> Points<V> {
    #[inline(always)]
    pub(super) fn from_row<S: Simd<V = V>>(simd: S, row: &Row<'_>) -> Self {
        let [plus, minus, t] = row.load(simd);
        let zero = simd.splat(0);
        let t = multiply(simd, &t, &splat(simd, &DOUBLE_D_INVERSE_LIMBS));
        let t = carry_signed(simd, add_or_sub(simd, row.negative, &[zero; 5], &t));
        let z = [simd.splat(1), zero, zero, zero, zero];
        Self { plus: masked(simd, &plus), minus: masked(simd, &minus), z, t }
    }

    /// Adds a term in each lane: 7 products.
    #[inline(always)]
    pub(super) fn add_row<S: Simd<V = V>>(&self, simd: S, row: &Row<'_>) -> Self {
        let [plus, minus, t] = row.load(simd);
        let a = multiply(simd, &minus, &self.minus);
        let b = multiply(simd, &plus, &self.plus);
        let c = multiply(simd, &t, &self.t);
        let d = add(simd, &self.z, &self.z);
        let e = carry_signed(simd, sub(simd, &b, &a));
        let f = carry_signed(simd, add_or_sub(simd, !row.negative, &d, &c));
        let g = carry_signed(simd, add_or_sub(simd, row.negative, &d, &c));
        let h = carry(simd, add(simd, &a, &b));
        let (x, y) = (multiply(simd, &e, &f), multiply(simd, &g, &h));
        Self {
            plus: carry(simd, add(simd, &y, &x)),
            minus: carry_signed(simd, sub(simd, &y, &x)),
            z: multiply(simd, &f, &g),
            t: carry(simd, multiply(simd, &e, &h)),
        }
    }

    /// Returns 2 X, 2 Y and 2 Z, as numbers.
    #[inline(always)]
    pub(super) fn doubled_coordinates<S: Simd<V = V>>(&self, simd: S) -> [Five<V>; 3] {
        [
            carry_signed(simd, sub(simd, &self.plus, &self.minus)),
            carry(simd, add(simd, &self.plus, &self.minus)),
            carry(simd, add(simd, &self.z, &self.z)),
        ]
    }

    /// Adds the points of each pair of lanes. The sums are in the lower lanes; the upper lanes have
    /// no meaning. Also returns X in the lower lanes and Y in the upper ones, as sums.
    ///
    /// Of two products, the lower lane of a pair computes one, and the upper lane the other.
    #[inline(always)]
    pub(super) fn add_pairs<S: Simd<V = V>>(&self, simd: S, pairs: &Pairs<V>) -> (Self, Five<V>) {
        // Macros and not closures. The compiler inlines the small closures elsewhere, such as those
        // of `from_fn`. It might not inline one that is called so often, and then it could not use
        // the instructions there.
        macro_rules! swap {
            ($x:expr) => {
                pairs.swapped(simd, $x)
            };
        }
        macro_rules! lower_upper {
            ($lower:expr, $upper:expr) => {
                blend(simd, pairs.upper, $lower, $upper)
            };
        }

        let z = carry(simd, self.z);
        // C = 2 d T T' and D = 2 Z Z'.
        let factor = lower_upper!(&splat(simd, &DOUBLE_D_LIMBS), &splat(simd, &[2, 0, 0, 0, 0]));
        let cd = multiply(simd, &lower_upper!(&self.t, &z), &lower_upper!(&swap!(&self.t), &swap!(&z)));
        let cd = multiply(simd, &carry(simd, cd), &factor);
        // A and B.
        let (own, other) =
            (lower_upper!(&self.minus, &self.plus), lower_upper!(&swap!(&self.minus), &swap!(&self.plus)));
        let ab = multiply(simd, &own, &other);
        // E = B - A and H = B + A, then F = D - C and G = D + C.
        let eh = carry_signed(simd, add_or_sub(simd, !pairs.upper, &swap!(&ab), &ab));
        let fg = carry_signed(simd, add_or_sub(simd, !pairs.upper, &swap!(&cd), &cd));
        let xy = multiply(simd, &eh, &fg);
        // T = E H and Z = F G.
        let tz = multiply(simd, &lower_upper!(&eh, &swap!(&fg)), &lower_upper!(&swap!(&eh), &fg));
        let yx = swap!(&xy);
        let sum = Self {
            plus: carry(simd, add(simd, &yx, &xy)),
            minus: carry_signed(simd, sub(simd, &yx, &xy)),
            z: swap!(&tz),
            t: carry(simd, tz),
        };
        (sum, xy)
    }
}
