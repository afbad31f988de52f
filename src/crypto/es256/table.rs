//! Tables of multiples of a point. With them, a multiple of the point is a sum of entries, without
//! doublings.
//!
//! A table for windows of w bits has the odd multiples 1, 3, .. 2^w - 1 of 2^(w i) P, for each
//! window i. A scalar is written with odd digits between -2^w and 2^w. No digit is 0, so no term of
//! the sum is the point at infinity.

use super::field::{Element, invert_all};
use super::order::N;
use super::point::{AffinePoint, Point, to_affine};
use crate::crypto::wide::{U256, bits, sub};
use std::sync::Arc;

/// The smallest window of a key's table. Only tests use it: the library starts at 6.
pub(super) const MIN_WINDOW: usize = 5;
/// The largest window of a key's table, and the window of the generator's tables.
pub(super) const MAX_WINDOW: usize = 8;

/// The factor of the coordinates in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Radix {
    /// 2^256, for code with four words of 64 bits.
    Words,
    /// 2^260, for code with five limbs of 52 bits.
    #[cfg(ifma)]
    Limbs,
}

/// A point of a table: the words of x, then those of y. Each coordinate is below p.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Entry(pub(super) [u64; 8]);

/// The multiples of one point.
pub(super) struct Table {
    window: usize,
    entries: Vec<Entry>,
}

/// The tables that verify the signatures of one key.
pub(super) struct TablePair {
    pub(super) generator: Arc<Table>,
    pub(super) key: Table,
}

/// A term of a sum: an entry, or the negative of the entry's point.
#[derive(Clone, Copy)]
pub(super) struct Term<'a> {
    pub(super) entry: &'a Entry,
    pub(super) is_negative: bool,
}

/// The digits of a scalar for a table.
pub(super) struct Digits {
    /// For m windows of w bits, the sum of (d_i + 2^w - 1) / 2 * 2^(w i) over the digits d_i is
    /// (u + 2^(w m) - 1) / 2. This is that number without its highest bit, bit w m - 1.
    halves: U256,
    /// Whether these are the digits of the negative scalar.
    are_negated: bool,
}

impl Table {
    /// Number of windows, and of the terms of a multiple of the point.
    pub(super) const fn windows_of(window: usize) -> usize {
        256_usize.div_ceil(window)
    }

    /// Number of entries of a table.
    pub(super) const fn entries(window: usize) -> usize {
        Self::windows_of(window) << (window - 1)
    }

    /// Computes the table of `point`, with windows of `window` bits.
    pub(super) fn new(point: &AffinePoint, window: usize, radix: Radix) -> Self {
        let windows = Self::windows_of(window);
        // powers[j] = 2^j P.
        let mut power = Point::from_affine(point);
        let mut powers = vec![power];
        for _ in 1..window * windows {
            power = power.double();
            powers.push(power);
        }
        let powers = to_affine(&powers);

        // Entry m of window i is (2 m + 1) 2^(w i) P. Round t computes the entries 2^t .. 2^(t + 1)
        // of all windows: 2 (m + 2^t) + 1 = (2 m + 1) + 2^(t + 1). The two points of such a sum
        // never have the same x, because 0 < 2 m + 1 < 2^(t + 1).
        let half = 1 << (window - 1);
        let mut points = vec![*point; windows * half];
        for (points, powers) in points.chunks_mut(half).zip(powers.chunks(window)) {
            points[0] = powers[0];
        }
        let mut differences = Vec::with_capacity(windows * half / 2);
        for t in 0..window - 1 {
            differences.clear();
            for (points, powers) in points.chunks(half).zip(powers.chunks(window)) {
                let step = &powers[t + 1];
                differences.extend(points[..1 << t].iter().map(|base| step.x.sub(&base.x)));
            }
            invert_all(&mut differences);
            let inverses = differences.chunks(1 << t);
            for ((points, powers), inverses) in
                points.chunks_mut(half).zip(powers.chunks(window)).zip(inverses)
            {
                let step = &powers[t + 1];
                let (bases, sums) = points.split_at_mut(1 << t);
                for ((base, inverse), sum) in bases.iter().zip(inverses).zip(sums) {
                    let slope = step.y.sub(&base.y).multiply(inverse);
                    let x = slope.square().sub(&base.x).sub(&step.x);
                    let y = slope.multiply(&base.x.sub(&x)).sub(&base.y);
                    *sum = AffinePoint { x, y };
                }
            }
        }
        Self { window, entries: points.iter().map(|point| Entry::new(point, radix)).collect() }
    }

    pub(super) fn windows(&self) -> usize {
        Self::windows_of(self.window)
    }

    /// Returns the digits of `u`. Requires 0 < u < n.
    #[inline(always)]
    pub(super) fn digits(&self, u: &U256) -> Digits {
        // A sum of odd multiples of odd powers of two is odd.
        let is_even = u[0] & 1 == 0;
        let u = if is_even { sub(&N, u).0 } else { *u };
        let halves = [u[0] >> 1 | u[1] << 63, u[1] >> 1 | u[2] << 63, u[2] >> 1 | u[3] << 63, u[3] >> 1];
        Digits { halves, are_negated: is_even }
    }

    /// Returns the term of window `i`.
    #[inline(always)]
    pub(super) fn term(&self, digits: &Digits, i: usize) -> Term<'_> {
        let half = 1 << (self.window - 1);
        let mut value = bits(&digits.halves, self.window * i, self.window) as usize;
        if i == self.windows() - 1 {
            // The highest bit of the sum.
            value |= half;
        }
        // The digit is 2 value - (2^w - 1).
        let is_positive = value & half != 0;
        let index = (if is_positive { value } else { !value }) & (half - 1);
        Term { entry: &self.entries[i * half + index], is_negative: is_positive == digits.are_negated }
    }
}

impl Entry {
    fn new(point: &AffinePoint, radix: Radix) -> Self {
        let words = |x: &Element| match radix {
            Radix::Words => x.0,
            #[cfg(ifma)]
            Radix::Limbs => {
                const SIXTEEN: Element = Element::constant(&[16, 0, 0, 0]);
                x.multiply(&SIXTEEN).0
            }
        };
        let ([a, b, c, d], [e, f, g, h]) = (words(&point.x), words(&point.y));
        Self([a, b, c, d, e, f, g, h])
    }
}
