//! Sums of points, one in each lane. docs/ec.md has the formulas and proves the bounds.

use super::arithmetic::{FIVE_P, FOUR_P, THREE_P, TWO_P, carry, fold, multiply, product, reduce, square};
use super::row::Row;
use crate::crypto::vector::five::{Five, Pairs, add, add_or_sub, add_product, blend, masked, splat, sub};
use crate::crypto::vector::simd::Simd;

/// Eight points: x = X / ZZ and y = Y / ZZZ.
#[derive(Clone, Copy)]
pub(super) struct Sum<V> {
    pub(super) x: Five<V>,
    pub(super) y: Five<V>,
    pub(super) zz: Five<V>,
    pub(super) zzz: Five<V>,
}

impl<V: Copy> Sum<V> {
    /// Returns the sum of all rows, or its negative. There must be at least two rows, and all lanes
    /// of the first two must be active.
    #[inline(always)]
    pub(super) fn of_rows<S: Simd<V = V>>(simd: S, rows: &[Row<'_>]) -> Self {
        /// Number of rows between the row that is added and the row that is prefetched.
        const AHEAD: usize = 4;
        let mut sum = Self::minus_two_rows(simd, &rows[0], &rows[1]);
        // The sign of the sum changes with each row. This saves a subtraction in each.
        let mut is_negative = true;
        for i in 2..rows.len() {
            if let Some(row) = rows.get(i + AHEAD) {
                row.prefetch(simd);
            }
            let row = &rows[i];
            let next = sum.add_row(simd, row, is_negative);
            sum = if row.active == u8::MAX { next } else { sum.negated_except(simd, row.active, &next) };
            is_negative = !is_negative;
        }
        sum
    }

    /// Returns the sum of the eight lanes in the first lane. The other lanes have no meaning.
    #[inline(always)]
    pub(super) fn across_lanes<S: Simd<V = V>>(mut self, simd: S) -> Self {
        for distance in [4, 2, 1] {
            self = self.add_partners(simd, &Pairs::new(simd, distance));
        }
        self
    }

    /// Returns minus the sum of two rows.
    #[inline(always)]
    fn minus_two_rows<S: Simd<V = V>>(simd: S, first: &Row<'_>, second: &Row<'_>) -> Self {
        let ((x1, y1), (x2, y2)) = (first.load(simd), second.load(simd));
        let (x1, y1) = (masked(simd, &x1), masked(simd, &y1));
        let (x2, y2) = (masked(simd, &x2), masked(simd, &y2));
        let two_p = splat(simd, &TWO_P);
        let y1 = carry(simd, add_or_sub(simd, first.negative, &two_p, &y1));
        let p = carry(simd, sub(simd, &add(simd, &x2, &two_p), &x1));
        let minus_y1 = sub(simd, &splat(simd, &FIVE_P), &y1);
        let r = carry(simd, add_or_sub(simd, second.negative, &minus_y1, &y2));
        Self::minus_sum(simd, &p, &r, &x1, &y1, None)
    }

    /// Returns minus the sum of self and the row. If `negate` is set, returns the row minus self.
    #[inline(always)]
    fn add_row<S: Simd<V = V>>(&self, simd: S, row: &Row<'_>, negate: bool) -> Self {
        let negative = if negate { !row.negative } else { row.negative };
        let (x2, y2) = row.load(simd);
        let u2 = reduce(simd, product(simd, &x2, &self.zz));
        let s2 = reduce(simd, product(simd, &y2, &self.zzz));
        let minus_x1 = sub(simd, &splat(simd, &TWO_P), &self.x);
        let p = carry(simd, add(simd, &u2, &minus_x1));
        let minus_y1 = sub(simd, &splat(simd, &FIVE_P), &self.y);
        let r = carry(simd, add_or_sub(simd, negative, &minus_y1, &s2));
        Self::minus_sum(simd, &p, &r, &self.x, &self.y, Some((&self.zz, &self.zzz)))
    }

    /// Returns minus the sum of two points, from P = U2 - U1, R = S2 - S1, U1 and S1. `zz` has ZZ
    /// and ZZZ of the first point, or `None` if both are 1; those of the second point are 1.
    ///
    /// -Y3 = R (X3 - Q) + S1 PPP has no difference of products, so both products are reduced
    /// together. The order of the steps matters for speed: the CPU looks only a few hundred
    /// instructions ahead, so numbers that others depend on come first.
    #[inline(always)]
    fn minus_sum<S: Simd<V = V>>(
        simd: S,
        p: &Five<V>,
        r: &Five<V>,
        u1: &Five<V>,
        s1: &Five<V>,
        zz: Option<(&Five<V>, &Five<V>)>,
    ) -> Self {
        let pp = carry(simd, reduce(simd, square(simd, p)));
        let rr = reduce(simd, square(simd, r));
        let ppp = multiply(simd, p, &pp);
        let q = multiply(simd, u1, &pp);
        let zz3 = match zz {
            Some((zz1, _)) => multiply(simd, zz1, &pp),
            None => pp,
        };
        let x = add(simd, &rr, &splat(simd, &FOUR_P));
        let x = sub(simd, &sub(simd, &x, &ppp), &add(simd, &q, &q));
        let x = fold(simd, x);
        let zzz3 = match zz {
            Some((_, zzz1)) => multiply(simd, zzz1, &ppp),
            None => ppp,
        };
        let x_minus_q = carry(simd, sub(simd, &add(simd, &x, &splat(simd, &TWO_P)), &q));
        let mut sums = product(simd, s1, &ppp);
        add_product(simd, &mut sums, r, &x_minus_q);
        let y = carry(simd, reduce(simd, sums));
        Self { x, y, zz: zz3, zzz: zzz3 }
    }

    /// Returns `other` in these lanes, and minus self in the others.
    #[inline(always)]
    fn negated_except<S: Simd<V = V>>(&self, simd: S, lanes: u8, other: &Self) -> Self {
        let minus_y = carry(simd, sub(simd, &splat(simd, &THREE_P), &self.y));
        Self {
            x: blend(simd, lanes, &self.x, &other.x),
            y: blend(simd, lanes, &minus_y, &other.y),
            zz: blend(simd, lanes, &self.zz, &other.zz),
            zzz: blend(simd, lanes, &self.zzz, &other.zzz),
        }
    }

    /// Returns the sum of each lane and its partner in the lower lane of each pair. The upper lanes
    /// have no meaning.
    ///
    /// The addition of two points has pairs of similar products. The lower lane computes one
    /// product of a pair, and the upper lane the other. A comment `a | b` is what the lower and the
    /// upper lane have.
    #[inline(always)]
    fn add_partners<S: Simd<V = V>>(&self, simd: S, pairs: &Pairs<V>) -> Self {
        // Macros and not closures. The compiler inlines the small closures elsewhere, such as those
        // of `from_fn`. It might not inline one that is called so often, and then it could not use
        // the instructions there.
        macro_rules! swapped {
            ($x:expr) => {
                pairs.swapped(simd, $x)
            };
        }
        macro_rules! either {
            ($lower:expr, $upper:expr) => {
                blend(simd, pairs.upper, $lower, $upper)
            };
        }
        let two_p = splat(simd, &TWO_P);
        // U1 | U2 and S1 | S2.
        let (zz2, zzz2) = (swapped!(&self.zz), swapped!(&self.zzz));
        let u = multiply(simd, &self.x, &zz2);
        let s = multiply(simd, &self.y, &zzz2);
        // ZZ1 ZZ2 | ZZZ1 ZZZ2.
        let zz_products = multiply(simd, &either!(&self.zz, &self.zzz), &either!(&zz2, &zzz2));
        let (u_swapped, s_swapped) = (swapped!(&u), swapped!(&s));
        // P | -P and R | -R.
        let p = carry(simd, sub(simd, &add(simd, &u_swapped, &two_p), &u));
        let r = carry(simd, sub(simd, &add(simd, &s_swapped, &two_p), &s));
        // PP | R^2.
        let squares = carry(simd, reduce(simd, square(simd, &either!(&p, &r))));
        let squares_swapped = swapped!(&squares);
        let pp = either!(&squares, &squares_swapped);
        // PPP | Q, and Q | PPP.
        let products = multiply(simd, &either!(&p, &u_swapped), &pp);
        let q = swapped!(&products);
        // X3 = R^2 - PPP - 2 Q and Q - X3, in the lower lanes.
        let x = add(simd, &squares_swapped, &splat(simd, &FOUR_P));
        let x = sub(simd, &sub(simd, &x, &products), &add(simd, &q, &q));
        let x = fold(simd, x);
        let q_minus_x = carry(simd, sub(simd, &add(simd, &q, &two_p), &x));
        // R (Q - X3) | S1 PPP.
        let last = reduce(simd, product(simd, &either!(&r, &s_swapped), &either!(&q_minus_x, &q)));
        let y = carry(simd, sub(simd, &add(simd, &last, &two_p), &swapped!(&last)));
        // ZZ3 | ZZZ3.
        let zz = multiply(simd, &zz_products, &either!(&pp, &q));
        Self { x, y, zzz: swapped!(&zz), zz }
    }
}
