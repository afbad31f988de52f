//! Verifies eight signatures at once, one in each lane. Lane l of vector i is limb i of the number
//! in lane l. Each lane has its own modulus. docs/ifma.md describes the steps and their bounds.

mod product;
mod reduce;
mod sums;

use super::constants::Constants;
use super::limbs::{self, Block, LANES, MAX_BLOCKS, Number};
use super::simd::{Operation, Simd};
use product::{product, square, subtract_message};
use reduce::{Moduli, pairs, reduce};
use sums::Difference;

/// Checks for each lane whether signature^65537 mod n is the encoded message of the digest. If so,
/// sets bit l of the result for lane l. The bit of an empty lane has no meaning.
pub(super) struct VerifyLanes<'a, const N: usize> {
    pub(super) lanes: &'a Lanes<N>,
}

/// Eight numbers. Vector i contains limb i of each number.
pub(super) type Transposed<const N: usize> = [[Block; LANES]; N];

/// The input of eight lanes.
#[repr(C, align(64))]
pub(super) struct Lanes<const N: usize> {
    signature: Transposed<N>,
    n: Transposed<N>,
    digest_factor: Transposed<N>,
    padding: Transposed<N>,
    digest: [Block; LANES],
    n0_inverse: Block,
}

impl<const N: usize> Lanes<N> {
    /// Creates eight empty lanes that all use this key. Most batches have only one key.
    pub(super) fn of(key: &Constants<N>) -> Self {
        Self {
            signature: [limbs::zero(); N],
            n: in_all_lanes(key.n()),
            digest_factor: in_all_lanes(&key.digest_factor),
            padding: in_all_lanes(&key.padding),
            digest: limbs::zero(),
            n0_inverse: [key.n0_inverse; LANES],
        }
    }

    /// Sets another key for lane `lane`.
    pub(super) fn set_key(&mut self, lane: usize, key: &Constants<N>) {
        transpose(lane, key.n(), &mut self.n);
        transpose(lane, &key.digest_factor, &mut self.digest_factor);
        transpose(lane, &key.padding, &mut self.padding);
        self.n0_inverse[lane] = key.n0_inverse;
    }

    /// Fills lane `lane`. `signature` must be below its key's n.
    pub(super) fn set(&mut self, lane: usize, signature: &Number<N>, digest: &Block) {
        transpose(lane, signature, &mut self.signature);
        transpose(lane, &[*digest], std::array::from_mut(&mut self.digest));
    }
}

fn in_all_lanes<const N: usize>(number: &Number<N>) -> Transposed<N> {
    number.map(|block| block.map(|limb| [limb; LANES]))
}

fn transpose<const N: usize>(lane: usize, number: &Number<N>, to: &mut Transposed<N>) {
    for (vector, &limb) in to.as_flattened_mut().iter_mut().zip(number.as_flattened()) {
        vector[lane] = limb;
    }
}

impl<const N: usize> Operation for VerifyLanes<'_, N> {
    type Output = u8;

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> u8 {
        let unset = Difference::zero(simd);
        // Rust cannot compute the length of an array from the const parameter N.
        match N {
            5 => verify(simd, self.lanes, &mut [unset; pairs(5)]),
            8 => verify(simd, self.lanes, &mut [unset; pairs(8)]),
            _ => verify(simd, self.lanes, &mut [unset; pairs(MAX_BLOCKS)]),
        }
    }
}

#[inline(always)]
fn verify<S: Simd, const N: usize>(simd: S, lanes: &Lanes<N>, room: &mut [Difference<S::V>]) -> u8 {
    let n = load_all(simd, &lanes.n);
    let moduli = Moduli::new(simd, &n, simd.load(&lanes.n0_inverse), room);
    let mut memory = Memory::zero(simd);

    let signature = load_all(simd, &lanes.signature);
    let mut power = signature;
    for _ in 0..16 {
        square(simd, &power, &mut memory);
        reduce(simd, &mut memory, &moduli, &mut power);
    }
    product(simd, &power, &signature, &mut memory);
    subtract_message(simd, lanes, &mut memory);
    reduce(simd, &mut memory, &moduli, &mut power);

    // The result is below 2 n, so it is a multiple of n only if it is 0 or n.
    let zero = simd.splat(0);
    let (mut from_n, mut from_zero) = (zero, zero);
    for (&x, &n) in power.as_flattened().iter().zip(n.as_flattened()) {
        from_n = simd.or(from_n, simd.xor(x, n));
        from_zero = simd.or(from_zero, x);
    }
    simd.zero_lanes(from_n) | simd.zero_lanes(from_zero)
}

/// Eight numbers in limbs of 52 bits.
type Vectors<V, const N: usize> = [[V; LANES]; N];

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

#[inline(always)]
fn load_all<S: Simd, const N: usize>(simd: S, from: &Transposed<N>) -> Vectors<S::V, N> {
    from.each_ref().map(|block| load(simd, block))
}

#[inline(always)]
fn load<S: Simd>(simd: S, from: &[Block; LANES]) -> [S::V; LANES] {
    let mut block = [simd.splat(0); LANES];
    unroll!(for i in 0..LANES {
        block[i] = simd.load(&from[i]);
    });
    block
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

/// Returns x^65537 / R^65536 for each lane, as the verification computes it.
#[cfg(test)]
#[inline(always)]
pub(super) fn power<S: Simd, const N: usize>(simd: S, lanes: &Lanes<N>) -> Box<[Number<N>; LANES]> {
    let mut memory = Memory::zero(simd);
    let (x, n) = (load_all(simd, &lanes.signature), load_all(simd, &lanes.n));
    let mut room = vec![Difference::zero(simd); pairs(N)];
    let moduli = Moduli::new(simd, &n, simd.load(&lanes.n0_inverse), &mut room);
    let mut power = x;
    for i in 0..17 {
        if i < 16 {
            square(simd, &power, &mut memory);
        } else {
            product(simd, &power, &x, &mut memory);
        }
        reduce(simd, &mut memory, &moduli, &mut power);
    }
    let mut numbers = Box::new([limbs::zero(); LANES]);
    for (i, &x) in power.as_flattened().iter().enumerate() {
        let mut limbs = [0; LANES];
        simd.store(&mut limbs, x);
        for (number, limb) in numbers.iter_mut().zip(limbs) {
            number.as_flattened_mut()[i] = limb;
        }
    }
    numbers
}
