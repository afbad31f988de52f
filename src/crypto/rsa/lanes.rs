//! Computes with eight signatures at once, one in each lane. Lane l of vector i is limb i of the
//! number in lane l. Each lane has its own modulus. docs/rsa.md describes the steps and their
//! bounds.

mod product;
mod reduce;
mod sums;

use super::input::Input;
use super::limbs::{self, MAX_BLOCKS, Number};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::simd::{Operation, Simd};
use product::{product, square, subtract_messages};
use reduce::{Moduli, pairs, reduce};
use sums::Difference;

/// Computes the results for eight signatures. Each is below 2 n.
pub(super) struct Lanes<'a, const N: usize>(pub(super) &'a [Input<'a, N>; LANES]);

impl<const N: usize> Operation for Lanes<'_, N> {
    type Output = [Number<N>; LANES];

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> [Number<N>; LANES] {
        let unset = Difference::zero(simd);
        // Rust cannot compute the length of an array from the const parameter N.
        match N {
            5 => compute(simd, self.0, &mut [unset; pairs(5)]),
            8 => compute(simd, self.0, &mut [unset; pairs(8)]),
            _ => compute(simd, self.0, &mut [unset; pairs(MAX_BLOCKS)]),
        }
    }
}

#[inline(always)]
fn compute<S: Simd, const N: usize>(
    simd: S,
    inputs: &[Input<'_, N>; LANES],
    room: &mut [Difference<S::V>],
) -> [Number<N>; LANES] {
    let n = transposed(simd, inputs.each_ref().map(|input| input.key.n()));
    let n0_inverse = simd.load(&inputs.each_ref().map(|input| input.key.n0_inverse));
    let moduli = Moduli::new(simd, &n, n0_inverse, room);
    let mut memory = Memory::zero(simd);

    let signature = transposed(simd, inputs.each_ref().map(|input| &input.signature));
    let mut power = signature;
    let to_convert: u8 = (0..LANES).filter(|&i| inputs[i].subtrahend.is_none()).map(|i| 1 << i).sum();
    if to_convert != 0 {
        let r_squared = transposed(simd, inputs.each_ref().map(|input| &input.key.r_squared));
        product(simd, &signature, &r_squared, &mut memory);
        reduce(simd, &mut memory, &moduli, &mut power);
        for (power, &signature) in power.as_flattened_mut().iter_mut().zip(signature.as_flattened()) {
            *power = simd.blend(to_convert, signature, *power);
        }
    }
    for _ in 0..16 {
        square(simd, &power, &mut memory);
        reduce(simd, &mut memory, &moduli, &mut power);
    }
    product(simd, &power, &signature, &mut memory);
    subtract_messages(simd, inputs, &mut memory);
    reduce(simd, &mut memory, &moduli, &mut power);

    let mut results = [limbs::zero(); LANES];
    for (i, block) in power.iter().enumerate() {
        let rows = simd.transpose(*block);
        for (result, row) in results.iter_mut().zip(rows) {
            simd.store(&mut result[i], row);
        }
    }
    results
}

/// Eight numbers in limbs of 52 bits.
type Vectors<V, const N: usize> = [[V; LANES]; N];

#[inline(always)]
fn transposed<S: Simd, const N: usize>(simd: S, numbers: [&Number<N>; LANES]) -> Vectors<S::V, N> {
    // A loop and not closures: the compiler might not inline them for every N, and then it could
    // not use the instructions there.
    let mut vectors = [[simd.splat(0); LANES]; N];
    for (i, block) in vectors.iter_mut().enumerate() {
        let mut rows = *block;
        unroll!(for lane in 0..LANES {
            rows[lane] = simd.load(&numbers[lane][i]);
        });
        *block = simd.transpose(rows);
    }
    vectors
}

/// A sum of products, and the memory for its reduction. The sum has 2 N blocks: `low`, then `high`.
struct Memory<V, const N: usize> {
    low: Vectors<V, N>,
    high: Vectors<V, N>,
    quotient: Vectors<V, N>,
    /// Block i is the part of column i + 1 that comes from the products q_k n_k with k = 1 to i.
    /// Here q_k and n_k are block k of quotient and n. [`reduce`] adds block i to column i + 1 and
    /// subtracts it from column N + i.
    prefix: Vectors<V, N>,
}

impl<V: Copy, const N: usize> Memory<V, N> {
    #[inline(always)]
    fn zero<S: Simd<V = V>>(simd: S) -> Self {
        let zero = [[simd.splat(0); LANES]; N];
        Self { low: zero, high: zero, quotient: zero, prefix: zero }
    }

    #[inline(always)]
    fn block(&mut self, i: usize) -> &mut [V; LANES] {
        if i < N { &mut self.low[i] } else { &mut self.high[i - N] }
    }
}

/// a + b, limb by limb.
#[inline(always)]
fn add_blocks<S: Simd>(simd: S, a: &[S::V; LANES], b: &[S::V; LANES]) -> [S::V; LANES] {
    let mut sum = *a;
    unroll!(for i in 0..LANES {
        sum[i] = simd.add(a[i], b[i]);
    });
    sum
}
