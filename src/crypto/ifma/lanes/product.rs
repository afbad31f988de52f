//! Squares and products of numbers.

use super::sums::Sums;
use super::{Lanes, Memory, Vectors, add_blocks, load};
use crate::crypto::ifma::limbs::LANES;
use crate::crypto::ifma::simd::Simd;

/// Computes a * b, column by column of blocks.
#[inline(always)]
pub(super) fn product<S: Simd, const N: usize>(
    simd: S,
    a: &Vectors<S::V, N>,
    b: &Vectors<S::V, N>,
    memory: &mut Memory<S::V, N>,
) {
    let mut sums = Sums::zero(simd);
    for column in 0..2 * N {
        for i in (column + 1).saturating_sub(N)..N.min(column + 1) {
            sums.add_product(simd, &a[i], &b[column - i]);
        }
        *memory.block(column) = sums.next(simd);
    }
}

/// Computes a^2, column by column of blocks.
#[inline(always)]
pub(super) fn square<S: Simd, const N: usize>(simd: S, a: &Vectors<S::V, N>, memory: &mut Memory<S::V, N>) {
    let mut sums = Sums::zero(simd);
    for column in 0..2 * N {
        for i in (column + 1).saturating_sub(N)..column.div_ceil(2) {
            sums.add_product(simd, &a[i], &a[column - i]);
        }
        if column.is_multiple_of(2) {
            sums.add_half_square(simd, &a[column / 2]);
        }
        // Each product so far counts twice. The square of a limb counts once.
        let mut to = sums.next(simd);
        let squared = &a[column / 2];
        let from = column % 2 * (LANES / 2);
        unroll!(for i in 0..LANES {
            let limb = squared[from + i / 2];
            let twice = simd.add(to[i], to[i]);
            to[i] = if i.is_multiple_of(2) {
                simd.madd52lo(twice, limb, limb)
            } else {
                simd.madd52hi(twice, limb, limb)
            };
        });
        *memory.block(column) = to;
    }
}

/// Adds digest * `digest_factor` + `padding`. Both constants contain the factor -1 (mod n), so this
/// subtracts the encoded message.
#[inline(always)]
pub(super) fn subtract_message<S: Simd, const N: usize>(
    simd: S,
    lanes: &Lanes<N>,
    memory: &mut Memory<S::V, N>,
) {
    let digest = load(simd, &lanes.digest);
    let mut sums = Sums::zero(simd);
    for i in 0..N {
        sums.add_product(simd, &load(simd, &lanes.digest_factor[i]), &digest);
        let message = add_blocks(simd, &sums.next(simd), &load(simd, &lanes.padding[i]));
        let to = memory.block(i);
        *to = add_blocks(simd, to, &message);
    }
    let to = memory.block(N);
    *to = add_blocks(simd, to, &sums.next(simd));
}
