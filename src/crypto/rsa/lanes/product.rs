//! Squares and products of numbers.

use super::sums::Sums;
use super::{Memory, Vectors, add_blocks, transposed};
use crate::crypto::rsa::input::Input;
use crate::crypto::rsa::limbs::{self, Number};
use crate::crypto::rsa::pkcs1;
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::simd::Simd;

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

/// Adds `subtrahend` * `factor` + `padding` in the lanes with a subtrahend. This subtracts the
/// encoded message times `factor`, mod n.
#[inline(always)]
pub(super) fn subtract_messages<S: Simd, const N: usize>(
    simd: S,
    inputs: &[Input<'_, N>; LANES],
    memory: &mut Memory<S::V, N>,
) {
    const ZERO: Number<{ pkcs1::BLOCKS }> = limbs::zero();
    let subtrahends = inputs.each_ref().map(|input| input.subtrahend.as_ref().unwrap_or(&ZERO));
    // With SHA-256, the second block is 0.
    let is_short = subtrahends.iter().all(|subtrahend| subtrahend[1] == [0; LANES]);
    let blocks = if is_short { 1 } else { pkcs1::BLOCKS };
    let subtrahend = transposed(simd, subtrahends);
    let factor = transposed(simd, inputs.each_ref().map(|input| &input.key.factor));
    let no_padding = limbs::zero();
    let padding = inputs.each_ref().map(|input| match input.subtrahend {
        Some(_) => &input.key.padding,
        None => &no_padding,
    });
    let padding = transposed(simd, padding);
    let mut sums = Sums::zero(simd);
    for column in 0..N + blocks {
        for i in 0..blocks {
            if (i..i + N).contains(&column) {
                sums.add_product(simd, &factor[column - i], &subtrahend[i]);
            }
        }
        if column < N {
            sums.add(simd, &padding[column]);
        }
        let message = sums.next(simd);
        let to = memory.block(column);
        *to = add_blocks(simd, to, &message);
    }
}
