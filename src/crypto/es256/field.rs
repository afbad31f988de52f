//! Numbers mod p = 2^256 - 2^224 + 2^192 + 2^96 - 1, the prime of P-256 (SP 800-186 §3.2.1.3).

use crate::crypto::invert::Modulus;
use crate::crypto::wide::{Montgomery, U256, add, add_word, is_zero, multiply_add, sub};
use std::hint::select_unpredictable;

pub(super) const P: U256 = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
const MODULUS: Modulus = Modulus::new(P);
const MONTGOMERY: Montgomery = Montgomery::new(P);

/// A number mod p in Montgomery form: the words are the number times 2^256 mod p, below p.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element(pub(super) U256);

impl Element {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self(sub(&[0; 4], &P).0);

    /// The same as [`Element::from_number`], for constants.
    pub(super) const fn constant(x: &U256) -> Self {
        Self(MONTGOMERY.multiply(x, &MONTGOMERY.r_squared))
    }

    /// Returns x mod p.
    #[inline(always)]
    pub(super) fn from_number(x: &U256) -> Self {
        Self(*x).multiply(&Self(MONTGOMERY.r_squared))
    }

    pub(super) fn to_number(self) -> U256 {
        self.multiply(&Self([1, 0, 0, 0])).0
    }

    /// Requires that the words of one factor are below p. Those of the other may be any number.
    ///
    /// -1/p mod 2^64 is 1, so each word of Montgomery's quotient is the lowest word of the sum. The
    /// quotient word q adds q p = 2^192 (2^64 - 2^32 + 1) q + 2^96 q - q.
    #[inline(always)]
    pub(super) fn multiply(&self, other: &Self) -> Self {
        let (a, b) = (&self.0, &other.0);
        let mut t = [0_u64; 5];
        let mut top = 0;
        let mut i = 0;
        while i < 4 {
            let (q, c) = multiply_add(t[0], a[0], b[i], 0);
            let (t1, c) = multiply_add(t[1], a[1], b[i], c);
            let (t2, c) = multiply_add(t[2], a[2], b[i], c);
            let (t3, c) = multiply_add(t[3], a[3], b[i], c);
            let (t4, t5) = add_word(t[4], c, 0);
            let t5 = t5 + top;
            let (r0, c) = add_word(t1, q << 32, 0);
            let (r1, c) = add_word(t2, q >> 32, c);
            let (low, high) = multiply_add(0, q, P[3], 0);
            let (r2, c) = add_word(t3, low, c);
            let (r3, c) = add_word(t4, high, c);
            let (r4, c) = add_word(t5, c, 0);
            t = [r0, r1, r2, r3, r4];
            top = c;
            i += 1;
        }
        Self(reduce_once(&[t[0], t[1], t[2], t[3]], t[4]))
    }

    #[inline(always)]
    pub(super) fn square(&self) -> Self {
        self.multiply(self)
    }

    #[inline(always)]
    pub(super) fn add(&self, other: &Self) -> Self {
        let (sum, carry) = add(&self.0, &other.0);
        Self(reduce_once(&sum, carry))
    }

    #[inline(always)]
    pub(super) fn sub(&self, other: &Self) -> Self {
        let (difference, borrow) = sub(&self.0, &other.0);
        let mask = borrow.wrapping_neg();
        Self(add(&difference, &[mask, P[1] & mask, 0, P[3] & mask]).0)
    }

    #[inline(always)]
    pub(super) fn negate(&self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    pub(super) fn double(&self) -> Self {
        self.add(self)
    }

    #[inline(always)]
    pub(super) const fn is_zero(&self) -> bool {
        is_zero(&self.0)
    }

    /// Returns 1 / self, or 0 if the number is 0.
    pub(super) fn invert(&self) -> Self {
        // (x R)^-1 R^2 = x^-1 R.
        MODULUS.divide(&MONTGOMERY.r_squared, &self.0).map_or(Self::ZERO, Self)
    }
}

/// Replaces each number with its inverse. No number may be 0. Needs one inversion, and three
/// products for each number.
pub(super) fn invert_all(numbers: &mut [Element]) {
    let mut product = Element::ONE;
    let mut products = Vec::with_capacity(numbers.len());
    for x in numbers.iter() {
        products.push(product);
        product = product.multiply(x);
    }
    let mut inverse = product.invert();
    for (x, product) in numbers.iter_mut().zip(products).rev() {
        (*x, inverse) = (inverse.multiply(&product), inverse.multiply(x));
    }
}

/// Returns x + 2^256 carry mod p. Requires that this number is below 2 p.
#[inline(always)]
fn reduce_once(x: &U256, carry: u64) -> U256 {
    let (reduced, borrow) = sub(x, &P);
    // A branch would be mispredicted often.
    let keep = carry < borrow;
    std::array::from_fn(|i| select_unpredictable(keep, x[i], reduced[i]))
}
