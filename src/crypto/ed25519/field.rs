//! Numbers mod p = 2^255 - 19, in five limbs of 51 bits. docs/ec.md shows that nothing overflows.

use crate::crypto::invert::Modulus;
use crate::crypto::wide::{U256, bits, is_zero, sub};
use std::array::from_fn;

pub(super) const P: U256 = [u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1];
const FIELD: Modulus = Modulus::new(P);

/// A mask for the bits of a limb.
const MASK: u64 = (1 << 51) - 1;
/// 4 p, in limbs. Each limb is larger than any limb that [`FieldElement::sub`] subtracts from it.
const FOUR_P: [u64; 5] = [(1 << 53) - 76, (1 << 53) - 4, (1 << 53) - 4, (1 << 53) - 4, (1 << 53) - 4];

/// A number mod p. The value of limb i is multiplied by 2^(51 i). Limbs may be larger than 51 bits:
///
/// - The limbs of a product are below 2^51 + 2^13.
/// - The limbs of the factors of a product must be below 2^54.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldElement([u64; 5]);

impl FieldElement {
    pub(super) const ZERO: Self = Self([0; 5]);
    pub(super) const ONE: Self = Self([1, 0, 0, 0, 0]);

    /// `x` must be below 2^255. The limbs of the result are below 2^51.
    #[inline(always)]
    pub(super) const fn from_number(x: &U256) -> Self {
        Self([
            x[0] & MASK,
            (x[0] >> 51 | x[1] << 13) & MASK,
            (x[1] >> 38 | x[2] << 26) & MASK,
            (x[2] >> 25 | x[3] << 39) & MASK,
            x[3] >> 12,
        ])
    }

    /// Returns the number below p that is equal mod p. The limbs must be below 2^58.
    #[inline(always)]
    pub(super) fn to_number(self) -> U256 {
        let mut limbs = self.0;
        // After two rounds, the value is below 2^255.
        for _ in 0..2 {
            for i in 0..4 {
                limbs[i + 1] += limbs[i] >> 51;
                limbs[i] &= MASK;
            }
            limbs[0] += 19 * (limbs[4] >> 51);
            limbs[4] &= MASK;
        }
        for i in 0..4 {
            limbs[i + 1] += limbs[i] >> 51;
            limbs[i] &= MASK;
        }
        let [a, b, c, d, e] = limbs;
        let number = [a | b << 51, b >> 13 | c << 38, c >> 26 | d << 25, d >> 39 | e << 12];
        let (reduced, borrow) = sub(&number, &P);
        if borrow == 1 { number } else { reduced }
    }

    #[inline(always)]
    pub(super) fn multiply(&self, other: &Self) -> Self {
        let (a, b) = (&self.0, &other.0);
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        // 2^255 = 19 mod p.
        let b19 = [0, 19 * b[1], 19 * b[2], 19 * b[3], 19 * b[4]];
        let column = |i: usize| {
            let factor = |j: usize| if j <= i { b[i - j] } else { b19[5 + i - j] };
            product(a[0], factor(0))
                + product(a[1], factor(1))
                + product(a[2], factor(2))
                + product(a[3], factor(3))
                + product(a[4], factor(4))
        };
        Self::carried([column(0), column(1), column(2), column(3), column(4)])
    }

    #[inline(always)]
    pub(super) fn square(&self) -> Self {
        self.multiply(self)
    }

    /// Returns a product from the sums of its columns.
    #[inline(always)]
    fn carried(mut columns: [u128; 5]) -> Self {
        for i in 0..4 {
            columns[i + 1] += columns[i] >> 51;
        }
        let mut limbs = columns.map(|column| column as u64 & MASK);
        limbs[0] += 19 * (columns[4] >> 51) as u64;
        limbs[1] += limbs[0] >> 51;
        limbs[0] &= MASK;
        Self(limbs)
    }

    #[inline(always)]
    pub(super) fn add(&self, other: &Self) -> Self {
        Self(from_fn(|i| self.0[i] + other.0[i]))
    }

    /// The limbs of `other` must be at most those of 4 p.
    #[inline(always)]
    pub(super) fn sub(&self, other: &Self) -> Self {
        Self(from_fn(|i| self.0[i] + (FOUR_P[i] - other.0[i])))
    }

    /// Returns -self if `negative` is true, and self otherwise. The limbs must be at most those of
    /// 4 p.
    #[inline(always)]
    pub(super) fn negate_if(&self, negative: bool) -> Self {
        // A branch would be mispredicted half of the time.
        let mask = u64::from(negative).wrapping_neg();
        Self(from_fn(|i| (self.0[i] ^ mask).wrapping_add((FOUR_P[i] + 1) & mask)))
    }

    /// Returns -self. The limbs must be at most those of 4 p.
    pub(super) fn negate(&self) -> Self {
        Self::ZERO.sub(self).multiply(&Self::ONE)
    }

    /// Returns `None` for 0.
    pub(super) fn invert(&self) -> Option<Self> {
        divide(&[1, 0, 0, 0], &self.to_number()).map(|quotient| Self::from_number(&quotient))
    }

    pub(super) fn power(&self, exponent: &U256) -> Self {
        let mut power = Self::ONE;
        for i in (0..256).rev() {
            power = power.square();
            if bits(exponent, i, 1) == 1 {
                power = power.multiply(self);
            }
        }
        power
    }

    pub(super) fn is_zero(&self) -> bool {
        is_zero(&self.to_number())
    }

    #[cfg(test)]
    pub(super) fn from_limbs(limbs: [u64; 5]) -> Self {
        Self(limbs)
    }

    #[cfg(test)]
    pub(super) fn limbs(&self) -> [u64; 5] {
        self.0
    }
}

/// Returns a / b mod p. Both must be below p. Returns `None` if b is 0.
#[inline(always)]
pub(super) fn divide(a: &U256, b: &U256) -> Option<U256> {
    FIELD.divide(a, b)
}
