//! Numbers mod n, the order of P-256 (SP 800-186 §3.2.1.3).

use crate::crypto::invert::Modulus;
use crate::crypto::wide::{Montgomery, U256};

pub(super) const N: U256 =
    [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];
const MODULUS: Modulus = Modulus::new(N);
const MONTGOMERY: Montgomery = Montgomery::new(N);

/// Returns a b / 2^256 mod n. Requires a b < 2^256 n.
#[inline(always)]
pub(super) fn multiply(a: &U256, b: &U256) -> U256 {
    MONTGOMERY.multiply(a, b)
}

/// Returns 2^256 x mod n. Requires x < 2^256.
#[inline(always)]
pub(super) fn to_montgomery(x: &U256) -> U256 {
    multiply(x, &MONTGOMERY.r_squared)
}

/// Returns 2^256 / x mod n. Requires x < n. Returns `None` if x is 0.
#[inline(always)]
pub(super) fn invert(x: &U256) -> Option<U256> {
    MODULUS.divide(&MONTGOMERY.r, x)
}

/// Returns the same as [`invert`] for each number, with one inversion for all.
#[inline(always)]
pub(super) fn invert_all<const K: usize>(numbers: &[U256; K]) -> Option<[U256; K]> {
    // In Montgomery form, x is x 2^256 mod n.
    let mut factors = *numbers;
    let mut products = [MONTGOMERY.r; K];
    let mut product = MONTGOMERY.r;
    for i in 0..K {
        factors[i] = to_montgomery(&numbers[i]);
        products[i] = product;
        product = multiply(&product, &factors[i]);
    }
    // (x 2^256)^-1 2^512 = x^-1 2^256.
    let mut inverse = MODULUS.divide(&MONTGOMERY.r_squared, &product)?;
    let mut inverses = [[0; 4]; K];
    for i in (0..K).rev() {
        inverses[i] = multiply(&inverse, &products[i]);
        inverse = multiply(&inverse, &factors[i]);
    }
    Some(inverses)
}
