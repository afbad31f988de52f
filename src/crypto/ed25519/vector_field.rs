//! Numbers mod p in vectors, in five limbs of 52 bits. 2^260 = 608 mod p. docs/ec.md shows that
//! nothing overflows. There are two forms:
//!
//! - A *number* has limbs below 2^52, and the last below 2^49. The factors of products are numbers.
//! - A *sum* is a product, or the sum or difference of two products. Its limbs are between -2^57
//!   and 2^58.

use super::field::P;
use crate::crypto::vector::block::MASK;
use crate::crypto::vector::five::{Five, LIMBS, Limbs, add_product};
use crate::crypto::vector::simd::Simd;
use crate::crypto::wide::{self, U256};

/// Number of bits of the last limb below 2^255.
const TOP_BITS: u32 = 47;
/// A mask for these bits.
const TOP_MASK: u64 = (1 << TOP_BITS) - 1;

/// Returns a b as a sum. Only the low 52 bits of the limbs of `a` count. `b` must be a number.
#[inline(always)]
pub(super) fn multiply<S: Simd>(simd: S, a: &Five<S::V>, b: &Five<S::V>) -> Five<S::V> {
    let mut columns = [simd.splat(0); 2 * LIMBS];
    add_product(simd, &mut columns, a, b);
    fold(simd, &columns)
}

/// Adds the upper five columns, times 608, to the lower ones.
#[inline(always)]
fn fold<S: Simd>(simd: S, columns: &[S::V; 2 * LIMBS]) -> Five<S::V> {
    let factor = simd.splat(608);
    let [a, b, c, d, e, ..] = *columns;
    let mut sum = [a, b, c, d, e, simd.splat(0)];
    for i in 0..LIMBS {
        // A column has more than 52 bits. The bits above them are multiplied separately.
        let column = columns[LIMBS + i];
        sum[i] = simd.madd52lo(sum[i], column, factor);
        sum[i + 1] = simd.madd52hi(sum[i + 1], column, factor);
        sum[i + 1] = simd.madd52lo(sum[i + 1], simd.shift_right::<52>(column), factor);
    }
    let [a, b, c, d, e, top] = sum;
    [simd.madd52lo(a, top, factor), b, c, d, e]
}

/// Returns a sum as a number. No limb may be negative.
#[inline(always)]
pub(super) fn carry<S: Simd>(simd: S, mut sum: Five<S::V>) -> Five<S::V> {
    let mask = simd.splat(MASK);
    // 2^255 = 19 mod p.
    let top = simd.shift_right::<TOP_BITS>(sum[4]);
    sum[4] = simd.and(sum[4], simd.splat(TOP_MASK));
    sum[0] = simd.madd52lo(sum[0], top, simd.splat(19));
    for i in 0..LIMBS - 1 {
        sum[i + 1] = simd.add(sum[i + 1], simd.shift_right::<52>(sum[i]));
        sum[i] = simd.and(sum[i], mask);
    }
    sum
}

/// As [`carry`]; limbs may be negative. Adds 2^13 p first, so that the last limb is not negative,
/// and p last, so that the number is not negative.
#[inline(always)]
pub(super) fn carry_signed<S: Simd>(simd: S, mut sum: Five<S::V>) -> Five<S::V> {
    const MULTIPLE: u64 = 1 << 13;
    let mask = simd.splat(MASK);
    sum[4] = simd.add(sum[4], simd.splat(MULTIPLE << TOP_BITS));
    sum[0] = simd.sub(sum[0], simd.splat(19 * (MULTIPLE + 1)));
    let top = simd.shift_right::<TOP_BITS>(sum[4]);
    sum[4] = simd.add(simd.and(sum[4], simd.splat(TOP_MASK)), simd.splat(1 << TOP_BITS));
    sum[0] = simd.madd52lo(sum[0], top, simd.splat(19));
    for i in 0..LIMBS - 1 {
        sum[i + 1] = simd.add(sum[i + 1], simd.shift_right_signed::<52>(sum[i]));
        sum[i] = simd.and(sum[i], mask);
    }
    sum
}

/// Returns the limbs of a number as the number below p that is equal mod p.
#[inline(always)]
pub(super) fn canonical(limbs: &Limbs) -> U256 {
    let [a, b, c, d, e] = *limbs;
    // The last limb is below 2^49, so what is above 2^255 is at most 3.
    let low = e & TOP_MASK;
    let number = [a | b << 52, b >> 12 | c << 40, c >> 24 | d << 28, d >> 36 | low << 16];
    let (mut number, _) = wide::add(&number, &[19 * (e >> TOP_BITS), 0, 0, 0]);
    let top = number[3] >> 63;
    number[3] &= u64::MAX >> 1;
    (number, _) = wide::add(&number, &[19 * top, 0, 0, 0]);
    let (reduced, borrow) = wide::sub(&number, &P);
    if borrow == 1 { number } else { reduced }
}
