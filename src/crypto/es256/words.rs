//! The verification of one signature with 64-bit words, for CPUs without AVX-512 IFMA.

use super::field::Element;
use super::order;
use super::point::{AffinePoint, Point};
use super::signature::{Signature, Verdict};
use super::table::{Digits, Table, TablePair, Term};

/// Verifies a signature. The tables must have [`super::table::Radix::Words`].
pub(super) fn verify(tables: &TablePair, digest: &[u8; 32], signature: &[u8]) -> Verdict {
    let Some(signature) = Signature::new(digest, signature) else { return Verdict::Invalid };
    let Some(inverse) = order::invert(&signature.s) else { return Verdict::Undecided };
    let Some((u1, u2)) = signature.scalars(&inverse) else { return Verdict::Undecided };
    let (generator, key) = (&*tables.generator, &tables.key);
    let first = affine(&generator.term(&generator.digits(&u1), 0));
    let sum = Point::from_affine(&first);
    let sum = add_terms(sum, generator, &generator.digits(&u1), 1);
    let sum = add_terms(sum, key, &key.digits(&u2), 0);
    signature.check(&sum.x, &sum.zz)
}

/// Adds the terms of the windows from `start` on.
fn add_terms(mut sum: Point, table: &Table, digits: &Digits, start: usize) -> Point {
    for i in start..table.windows() {
        sum = sum.add_affine(&affine(&table.term(digits, i)));
    }
    sum
}

#[inline(always)]
fn affine(term: &Term<'_>) -> AffinePoint {
    let [a, b, c, d, e, f, g, h] = term.entry.0;
    let y = Element([e, f, g, h]);
    // Computes both and selects one: a branch would be mispredicted half of the time.
    let negative = y.negate();
    AffinePoint { x: Element([a, b, c, d]), y: if term.is_negative { negative } else { y } }
}
