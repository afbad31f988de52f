//! Checks eight equations, one in each lane. One inversion serves all of them.

use super::equation::Equation;
use super::field::divide;
use super::table::{MAX_TERMS, MAX_WINDOW, Multiple, terms_of};
use super::tables::Pair;
use super::vector_field::{canonical, carry, multiply};
use super::vector_point::{Points, Row};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::five::{self, Five, Pairs};
use crate::crypto::vector::simd::{Operation, Simd};

/// Maximum number of terms of a lane.
const MAX_ROWS: usize = terms_of(MAX_WINDOW) + MAX_TERMS;
/// Number of rows that are loaded ahead. All entries of a batch together are larger than the L1
/// cache.
const ROWS_AHEAD: usize = 4;

/// Sets bit i of the result if the equation of lane i holds. The bit of an empty lane is 0.
pub(super) struct LanesHold<'a> {
    pub(super) lanes: &'a [Option<(&'a Pair, Equation)>; LANES],
}

impl Operation for LanesHold<'_> {
    type Output = u8;

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> u8 {
        // The tables of the lanes may differ in their windows. A lane that has fewer terms than
        // another adds the neutral element.
        let mut rows = [Row::NEUTRAL; MAX_ROWS];
        let mut filled = 1;
        for (i, lane) in self.lanes.iter().enumerate() {
            let Some((tables, equation)) = lane else { continue };
            let s_b = tables.generator.multiple(&equation.s);
            let minus_k_a = tables.minus_key.multiple(&equation.k);
            set_terms(&mut rows, i, &s_b);
            set_terms(&mut rows[s_b.terms()..], i, &minus_k_a);
            filled = filled.max(s_b.terms() + minus_k_a.terms());
        }

        for row in &rows[..ROWS_AHEAD] {
            row.prefetch(simd);
        }
        let mut points = Points::from_row(simd, &rows[0]);
        for i in 1..filled {
            if let Some(ahead) = rows.get(i + ROWS_AHEAD - 1) {
                ahead.prefetch(simd);
            }
            points = points.add_row(simd, &rows[i]);
        }
        let [x, y, z] = points.doubled_coordinates(simd);
        let Some(z_inverse) = invert_lanes(simd, &z) else { return 0 };
        let x = five::lanes(simd, &carry(simd, multiply(simd, &x, &z_inverse)));
        let y = five::lanes(simd, &carry(simd, multiply(simd, &y, &z_inverse)));
        let mut valid = 0;
        for (i, lane) in self.lanes.iter().enumerate() {
            let Some((_, equation)) = lane else { continue };
            valid |= u8::from(equation.r == encoding(&canonical(&x[i]), &canonical(&y[i]))) << i;
        }
        valid
    }
}

#[inline(always)]
fn set_terms<'a>(rows: &mut [Row<'a>], lane: usize, multiple: &Multiple<'a>) {
    for (i, row) in rows.iter_mut().enumerate().take(multiple.terms()) {
        row.set(lane, &multiple.term(i));
    }
}

/// Returns 1 / z in each lane, as numbers. No lane may be 0.
#[inline(always)]
fn invert_lanes<S: Simd>(simd: S, z: &Five<S::V>) -> Option<Five<S::V>> {
    // The products of two, four and eight lanes are the same in all lanes that they belong to.
    let [by_one, by_two, by_four] = [1, 2, 4].map(|distance| Pairs::new(simd, distance));
    let swapped = by_one.swapped(simd, z);
    let of_two = carry(simd, multiply(simd, z, &swapped));
    let swapped_two = by_two.swapped(simd, &of_two);
    let of_four = carry(simd, multiply(simd, &of_two, &swapped_two));
    let swapped_four = by_four.swapped(simd, &of_four);
    let of_eight = carry(simd, multiply(simd, &of_four, &swapped_four));
    let [of_eight, ..] = five::lanes(simd, &of_eight);
    let inverse = divide(&[1, 0, 0, 0], &canonical(&of_eight))?;
    // The inverse of a product of two, times one of them, is the inverse of the other.
    let inverse = five::splat(simd, &five::limbs(&inverse));
    let inverse = carry(simd, multiply(simd, &inverse, &swapped_four));
    let inverse = carry(simd, multiply(simd, &inverse, &swapped_two));
    Some(carry(simd, multiply(simd, &inverse, &swapped)))
}

/// Returns the encoding of a point as a number.
#[inline(always)]
fn encoding(x: &[u64; 4], y: &[u64; 4]) -> [u64; 4] {
    let mut encoding = *y;
    encoding[3] |= x[0] << 63;
    encoding
}
