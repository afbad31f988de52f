//! Eight signatures at once: limb i of the number in lane l is lane l of vector i. Each lane has
//! its own modulus. The steps and their bounds are in docs/ifma.md.

mod product;
mod reduce;
mod sums;

use super::constants::Constants;
use super::limbs::{self, Block, LANES, MAX_BLOCKS, Number};
use super::simd::{Operation, Simd};
use product::{product, square, subtract_message};
use reduce::{Moduli, pairs, reduce};
use sums::Difference;

/// Which of up to eight signatures ^65537 are the encoded messages of their digests, mod their n:
/// bit i for lane i. The bit of an empty lane says nothing.
pub(super) struct VerifyLanes<'a, const N: usize> {
    pub(super) lanes: &'a Lanes<N>,
}

/// Eight numbers: vector i has their limbs i.
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
    /// Eight empty lanes, all of this key: most batches have but one.
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

    /// Gives lane `lane` another key.
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
        // An array's length cannot be computed from N.
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

    // Below 2 n, so a multiple of n is 0 or n.
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

/// A sum of products of 2 N blocks, and what its reduction needs.
struct Memory<V, const N: usize> {
    low: Vectors<V, N>,
    high: Vectors<V, N>,
    quotient: Vectors<V, N>,
    /// Block i is the sum of blocks 1 to i of the products of quotient and n that [`reduce`] uses
    /// again.
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

/// x^65537 / R^65536 in each lane, as the verification computes it.
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
