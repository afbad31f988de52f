//! Montgomery's reduction.

use super::sums::{Difference, Sums};
use super::{Memory, Vectors};
use crate::crypto::vector::block::{LANES, LIMB_BITS, MASK};
use crate::crypto::vector::simd::Simd;

/// The modulus n of each lane.
pub(super) struct Moduli<'a, V, const N: usize> {
    n: &'a Vectors<V, N>,
    /// -1/n mod 2^52.
    n0_inverse: V,
    /// n_j - n_i for the blocks i and j of n with 0 < i < j.
    differences: &'a [Difference<V>],
}

/// Returns the number of pairs of different blocks among `blocks` blocks without the first.
pub(super) const fn pairs(blocks: usize) -> usize {
    (blocks - 1) * (blocks - 2) / 2
}

impl<'a, V: Copy, const N: usize> Moduli<'a, V, N> {
    /// The length of `room` must be at least `pairs(N)`.
    #[inline(always)]
    pub(super) fn new<S: Simd<V = V>>(
        simd: S,
        n: &'a Vectors<V, N>,
        n0_inverse: V,
        room: &'a mut [Difference<V>],
    ) -> Self {
        for j in 2..N {
            for i in 1..j {
                room[pairs(j) + i - 1] = Difference::of(simd, &n[j], &n[i]);
            }
        }
        Self { n, n0_inverse, differences: room }
    }

    #[inline(always)]
    fn difference(&self, i: usize, j: usize) -> &Difference<V> {
        &self.differences[pairs(j) + i - 1]
    }
}

/// Computes sum / R mod n in limbs of 52 bits. The result is below n + sum / R.
///
/// q_i and n_i are block i of quotient and n. For i, j > 0, the two products q_i n_j and q_j n_i
/// need only one more multiplication:
///
/// q_i n_j + q_j n_i = q_i n_i + q_j n_j + (q_i - q_j) (n_j - n_i)
#[inline(always)]
pub(super) fn reduce<S: Simd, const N: usize>(
    simd: S,
    memory: &mut Memory<S::V, N>,
    moduli: &Moduli<'_, S::V, N>,
    to: &mut Vectors<S::V, N>,
) {
    let Memory { low, high, quotient, prefix } = memory;
    let n = moduli.n;
    let mut sums = Sums::zero(simd);
    // The sum of the products q_i n_i with i > 0. Each of its columns also includes the columns
    // below.
    let mut own = Sums::zero(simd);
    // Makes the low half a multiple of R. Each limb of the quotient clears one limb of the sum.
    // Only the carry of the cleared limb remains.
    for column in 0..N {
        sums.add(simd, &low[column]);
        if column > 1 {
            sums.add(simd, &prefix[column - 1]);
        }
        for i in 1..column.div_ceil(2) {
            let j = column - i;
            sums.add_product_of_difference(simd, &quotient[i], &quotient[j], moduli.difference(i, j));
        }
        if column > 0 {
            sums.add_product(simd, &quotient[0], &n[column]);
        }
        sums.clear(simd, &n[0], moduli.n0_inverse, &mut quotient[column]);
        if column > 0 {
            own.add_product(simd, &quotient[column], &n[column]);
            prefix[column] = own.next(simd);
            own.add(simd, &prefix[column]);
        }
    }
    let total = own.next(simd);
    let mut carry = simd.splat(0);
    for column in 0..N {
        sums.add(simd, &high[column]);
        if column > 0 {
            sums.add(simd, &total);
            sums.subtract(simd, &prefix[column]);
        } else {
            sums.add(simd, &prefix[N - 1]);
        }
        for i in column + 1..(column + N).div_ceil(2) {
            let j = column + N - i;
            sums.add_product_of_difference(simd, &quotient[i], &quotient[j], moduli.difference(i, j));
        }
        let sum = sums.next(simd);
        unroll!(for i in 0..LANES {
            let limb = simd.add(sum[i], carry);
            to[column][i] = simd.and(limb, simd.splat(MASK));
            carry = simd.shift_right_signed::<{ LIMB_BITS as u32 }>(limb);
        });
    }
}
