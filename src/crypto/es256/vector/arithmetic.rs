//! Numbers mod p in five limbs, in Montgomery form with the factor 2^260. docs/ec.md proves the
//! bounds.

use crate::crypto::es256::field::P;
use crate::crypto::vector::block::MASK;
use crate::crypto::vector::five::{Five, LIMBS, Limbs, Ten, add_product, limbs};
use crate::crypto::vector::simd::Simd;

/// Returns k p. Its limbs have more than 52 bits.
const fn times_p(k: u64) -> Limbs {
    let p = limbs(&P);
    [k * p[0], k * p[1], k * p[2], k * p[3], k * p[4]]
}

pub(super) const TWO_P: Limbs = times_p(2);
pub(super) const THREE_P: Limbs = times_p(3);
pub(super) const FOUR_P: Limbs = times_p(4);
pub(super) const FIVE_P: Limbs = times_p(5);

/// Returns a b. Only the low 52 bits of the limbs of `a` count.
#[inline(always)]
pub(super) fn product<S: Simd>(simd: S, a: &Five<S::V>, b: &Five<S::V>) -> Ten<S::V> {
    let mut sums = [simd.splat(0); 2 * LIMBS];
    add_product(simd, &mut sums, a, b);
    sums
}

/// Returns a^2.
#[inline(always)]
pub(super) fn square<S: Simd>(simd: S, a: &Five<S::V>) -> Ten<S::V> {
    let mut sums = [simd.splat(0); 2 * LIMBS];
    for i in 0..LIMBS {
        for j in i + 1..LIMBS {
            sums[i + j] = simd.madd52lo(sums[i + j], a[i], a[j]);
            sums[i + j + 1] = simd.madd52hi(sums[i + j + 1], a[i], a[j]);
        }
    }
    for sum in &mut sums[1..2 * LIMBS - 1] {
        *sum = simd.add(*sum, *sum);
    }
    for i in 0..LIMBS {
        sums[2 * i] = simd.madd52lo(sums[2 * i], a[i], a[i]);
        sums[2 * i + 1] = simd.madd52hi(sums[2 * i + 1], a[i], a[i]);
    }
    sums
}

/// Returns t / 2^260 mod p. The limbs have more than 52 bits.
///
/// -1/p mod 2^52 is 1, so each limb of Montgomery's quotient is the lowest limb of the sum. The
/// quotient limb q adds q p = q (2^256 - 2^224 + 2^192 + 2^96) - q.
#[inline(always)]
pub(super) fn reduce<S: Simd>(simd: S, mut t: Ten<S::V>) -> Five<S::V> {
    let (p1, p3, p4) = (simd.splat(1 << 44), simd.splat(1 << 36), simd.splat((1 << 48) - (1 << 16)));
    for i in 0..LIMBS {
        let q = t[i];
        t[i + 1] = simd.add(t[i + 1], simd.shift_right::<52>(q));
        t[i + 1] = simd.madd52lo(t[i + 1], q, p1);
        t[i + 2] = simd.madd52hi(t[i + 2], q, p1);
        t[i + 3] = simd.madd52lo(t[i + 3], q, p3);
        t[i + 4] = simd.madd52hi(t[i + 4], q, p3);
        t[i + 4] = simd.madd52lo(t[i + 4], q, p4);
        t[i + 5] = simd.madd52hi(t[i + 5], q, p4);
    }
    let [.., a, b, c, d, e] = t;
    [a, b, c, d, e]
}

/// Returns the same number in limbs of 52 bits. The number must not be negative, but its limbs may.
#[inline(always)]
pub(super) fn carry<S: Simd>(simd: S, mut x: Five<S::V>) -> Five<S::V> {
    let mask = simd.splat(MASK);
    for i in 0..LIMBS - 1 {
        x[i + 1] = simd.add(x[i + 1], simd.shift_right_signed::<52>(x[i]));
        x[i] = simd.and(x[i], mask);
    }
    x
}

/// Returns the same number mod p, below 1.001 p. Requires 2^254 < x < 2^259. The limbs of x may be
/// negative.
#[inline(always)]
pub(super) fn fold<S: Simd>(simd: S, mut x: Five<S::V>) -> Five<S::V> {
    // 2^256 = 2^224 - 2^192 - 2^96 + 1.
    let q = simd.shift_right_signed::<48>(x[4]);
    x[0] = simd.add(x[0], q);
    x[1] = simd.sub(x[1], simd.shift_left::<44>(q));
    x[3] = simd.sub(x[3], simd.shift_left::<36>(q));
    x[4] = simd.add(simd.and(x[4], simd.splat((1 << 48) - 1)), simd.shift_left::<16>(q));
    carry(simd, x)
}

/// Returns a b / 2^260 mod p. Only the low 52 bits of the limbs of `a` count.
#[inline(always)]
pub(super) fn multiply<S: Simd>(simd: S, a: &Five<S::V>, b: &Five<S::V>) -> Five<S::V> {
    carry(simd, reduce(simd, product(simd, a, b)))
}
