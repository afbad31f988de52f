//! A table of multiples of a point. With it, a multiple is a sum of table entries, without
//! doublings.

use super::field::FieldElement;
use super::point::{Affine, DOUBLE_D, Extended};
use crate::crypto::wide::{self, U256, bits};

/// The factors are below L, which has 253 bits.
const FACTOR_BITS: usize = 253;
/// The smallest window. Only tests use it: the library starts at 6. Tables with larger windows are
/// larger, and need fewer terms.
pub(super) const MIN_WINDOW: usize = 5;
pub(super) const MAX_WINDOW: usize = 8;
/// Maximum number of terms of a multiple.
pub(super) const MAX_TERMS: usize = terms_of(MIN_WINDOW);

/// Returns the number of terms of a multiple, from a table with windows of this many bits.
pub(super) const fn terms_of(window: usize) -> usize {
    FACTOR_BITS.div_ceil(window)
}

/// A point (x, y) as three numbers below p.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Entry {
    /// y + x, then y - x.
    pub(super) plus_and_minus: [u64; 8],
    /// 2 d x y.
    pub(super) t: U256,
}

impl Entry {
    /// The neutral element, (0, 1).
    pub(super) const NEUTRAL: Self = Self { plus_and_minus: [1, 0, 0, 0, 1, 0, 0, 0], t: [0; 4] };
}

/// An entry, or the negative of an entry.
#[derive(Clone, Copy)]
pub(super) struct Term<'a> {
    pub(super) entry: &'a Entry,
    pub(super) negative: bool,
}

/// The multiples 0 to 2^(w - 1) of 2^(w i) P, for each i, where w is the window and P the point.
pub(super) struct Table {
    window: usize,
    /// The multiples for i = 0, then those for i = 1, and so on.
    entries: Vec<Entry>,
    /// The sum of 2^(w i + w - 1) over all i but the last.
    bias: U256,
}

impl Table {
    /// `window` is from [`MIN_WINDOW`] to [`MAX_WINDOW`].
    pub(super) fn new(point: &Affine, window: usize) -> Option<Self> {
        let mut entries = Vec::with_capacity(terms_of(window) * size(window));
        let mut power = Extended::from_affine(point);
        for _ in 0..terms_of(window) {
            let mut multiples = vec![Extended::NEUTRAL; size(window)];
            // The multiples from 2^bit + 1 to 2^(bit + 1) are 2^bit plus a lower multiple.
            multiples[1] = power;
            for bit in 0..window - 1 {
                for lower in 1..=1 << bit {
                    multiples[(1 << bit) + lower] = multiples[lower].add(&power);
                }
                power = power.add(&power);
            }
            power = power.add(&power);
            append(&mut entries, &multiples)?;
        }
        let mut bias = [0; 4];
        for i in 0..terms_of(window) - 1 {
            let bit = window * i + window - 1;
            bias[bit / 64] |= 1 << (bit % 64);
        }
        Some(Self { window, entries, bias })
    }

    /// Returns the number of bytes of the entries of a table.
    pub(super) const fn memory(window: usize) -> usize {
        terms_of(window) * size(window) * size_of::<Entry>()
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.entries[..])
    }

    /// `factor` must be below L.
    #[inline(always)]
    pub(super) fn multiple(&self, factor: &U256) -> Multiple<'_> {
        Multiple { table: self, biased: wide::add(factor, &self.bias).0 }
    }
}

/// Returns the number of entries for one i.
const fn size(window: usize) -> usize {
    (1 << (window - 1)) + 1
}

/// Appends the points as entries. One inversion serves all of them.
fn append(entries: &mut Vec<Entry>, points: &[Extended]) -> Option<()> {
    let mut products = Vec::with_capacity(points.len());
    let mut product = FieldElement::ONE;
    for point in points {
        products.push(product);
        product = product.multiply(&point.z);
    }
    let mut inverse = product.invert()?;
    let start = entries.len();
    for (point, product) in points.iter().zip(products).rev() {
        let z_inverse = inverse.multiply(&product);
        inverse = inverse.multiply(&point.z);
        let (x, y) = (point.x.multiply(&z_inverse), point.y.multiply(&z_inverse));
        let t = x.multiply(&y).multiply(&FieldElement::from_number(&DOUBLE_D));
        let ([a, b, c, d], [e, f, g, h]) = (y.add(&x).to_number(), y.sub(&x).to_number());
        entries.push(Entry { plus_and_minus: [a, b, c, d, e, f, g, h], t: t.to_number() });
    }
    entries[start..].reverse();
    Some(())
}

/// A multiple of a table's point, as a sum of terms.
///
/// The digits of the factor are from -2^(w - 1) to 2^(w - 1) - 1. With the bias they are the
/// factor's w-bit windows. The last digit has no bias: it is from 0 to 2^(w - 1).
pub(super) struct Multiple<'a> {
    table: &'a Table,
    biased: U256,
}

impl<'a> Multiple<'a> {
    #[inline(always)]
    pub(super) fn terms(&self) -> usize {
        terms_of(self.table.window)
    }

    /// Returns term `i`, which is below [`Multiple::terms`].
    #[inline(always)]
    pub(super) fn term(&self, i: usize) -> Term<'a> {
        let window = self.table.window;
        let half = 1 << (window - 1);
        let bias = if i + 1 < self.terms() { half } else { 0 };
        let digit = bits(&self.biased, window * i, window).cast_signed() - bias;
        let at = i * size(window) + digit.unsigned_abs() as usize;
        Term { entry: &self.table.entries[at], negative: digit < 0 }
    }
}
