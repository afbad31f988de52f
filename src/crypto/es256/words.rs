//! The verification of one signature with 64-bit words, for CPUs without AVX-512 IFMA.

use super::field::Element;
use super::order;
use super::point::{AffinePoint, Point};
use super::signature::{Signature, Verdict};
use super::table::{TablePair, Term};

/// Verifies a signature. The tables must have [`super::table::Radix::Words`].
pub(super) fn verify(tables: &TablePair, digest: &[u8; 32], signature: &[u8]) -> Verdict {
    let Some(signature) = Signature::new(digest, signature) else { return Verdict::Invalid };
    let Some(inverse) = order::invert(&signature.s) else { return Verdict::Undecided };
    let Some((u1, u2)) = signature.scalars(&inverse) else { return Verdict::Undecided };
    let (generator, key) = (&*tables.generator, &tables.key);
    let (u1, u2) = (generator.digits(&u1), key.digits(&u2));
    // A term of the key comes first. Otherwise anyone could choose a u1 for which the sum of the
    // generator's terms has an exceptional addition.
    //
    // `sum` must stay a local variable of one loop. If it is passed to a function, the compiler
    // copies it through memory after each addition, which makes the loop three times as slow.
    let mut sum = Point::from_affine(&affine(&key.term(&u2, 0)));
    for (table, digits, first) in [(generator, &u1, 0), (key, &u2, 1)] {
        for i in first..table.windows() {
            sum = sum.add_affine(&affine(&table.term(digits, i)));
        }
    }
    signature.check(&sum.x, &sum.zz)
}

#[inline(always)]
fn affine(term: &Term<'_>) -> AffinePoint {
    let [a, b, c, d, e, f, g, h] = term.entry.0;
    let y = Element([e, f, g, h]);
    // Computes both and selects one: a branch would be mispredicted half of the time.
    let negative = y.negate();
    AffinePoint { x: Element([a, b, c, d]), y: if term.is_negative { negative } else { y } }
}
