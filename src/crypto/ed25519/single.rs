//! Checks one equation. Each lane adds an eighth of the terms, and then the lanes are added.

use super::equation::Equation;
use super::table::{MAX_TERMS, MAX_WINDOW, Multiple, terms_of};
use super::tables::Pair;
use super::vector_field::{canonical, carry};
use super::vector_point::{Points, Row, prefetch};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::five::{self, Pairs};
use crate::crypto::vector::simd::{Operation, Simd};

/// Maximum number of rows of eight terms.
const MAX_ROWS: usize = (terms_of(MAX_WINDOW) + MAX_TERMS).div_ceil(LANES);

/// Returns whether the equation holds.
pub(super) struct Holds<'a> {
    pub(super) tables: &'a Pair,
    pub(super) equation: &'a Equation,
}

impl Operation for Holds<'_> {
    type Output = bool;

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> bool {
        let s_b = self.tables.generator.multiple(&self.equation.s);
        let minus_k_a = self.tables.minus_key.multiple(&self.equation.k);
        let mut rows = [Row::NEUTRAL; MAX_ROWS];
        set_terms(simd, &mut rows, 0, &s_b);
        set_terms(simd, &mut rows, s_b.terms(), &minus_k_a);

        let filled = (s_b.terms() + minus_k_a.terms()).div_ceil(LANES);
        let mut points = Points::from_row(simd, &rows[0]);
        for row in &rows[1..filled] {
            points = points.add_row(simd, row);
        }
        let mut xy = points.z;
        for distance in [4, 2, 1] {
            (points, xy) = points.add_pairs(simd, &Pairs::new(simd, distance));
        }
        let [x, y, ..] = five::lanes(simd, &carry(simd, xy));
        let [z, ..] = five::lanes(simd, &carry(simd, points.z));
        self.equation.is_solved_by(&canonical(&x), &canonical(&y), &canonical(&z))
    }
}

/// Sets the terms from number `start` on, and starts to load them.
#[inline(always)]
fn set_terms<'a, S: Simd>(simd: S, rows: &mut [Row<'a>], start: usize, multiple: &Multiple<'a>) {
    for i in 0..multiple.terms() {
        let term = multiple.term(i);
        prefetch(simd, term.entry);
        rows[(start + i) / LANES].set((start + i) % LANES, &term);
    }
}
