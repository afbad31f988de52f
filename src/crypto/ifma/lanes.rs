//! Eight signatures at once: limb i of the number in lane l is lane l of vector i. Each lane has its own modulus.
//! The steps and their bounds are in docs/ifma.md.

use super::constants::Constants;
use super::limbs::{self, Block, LANES, LIMB_BITS, MASK, Number};
use super::simd::{Operation, Simd};

/// Which of up to eight signatures ^65537 are the encoded messages of their digests, mod their n: bit i for lane
/// i. The bit of an empty lane says nothing.
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
        let lanes = self.lanes;
        let zero = [[simd.splat(0); LANES]; N];
        let (signature, n) = (load_all(simd, &lanes.signature), load_all(simd, &lanes.n));
        let n0_inverse = simd.load(&lanes.n0_inverse);
        let mut memory = Memory { low: zero, high: zero, quotient: zero };

        let mut power = signature;
        for _ in 0..16 {
            square(simd, &power, &mut memory);
            reduce(simd, &mut memory, &n, n0_inverse, &mut power);
        }
        product(simd, &power, &signature, &mut memory);
        subtract_message(simd, lanes, &mut memory);
        reduce(simd, &mut memory, &n, n0_inverse, &mut power);

        // Below 2 n, so a multiple of n is 0 or n.
        let zero = simd.splat(0);
        let (mut from_n, mut from_zero) = (zero, zero);
        for (&x, &n) in power.as_flattened().iter().zip(n.as_flattened()) {
            from_n = simd.or(from_n, simd.xor(x, n));
            from_zero = simd.or(from_zero, x);
        }
        simd.zero_lanes(from_n) | simd.zero_lanes(from_zero)
    }
}

/// Eight numbers in limbs of 52 bits.
type Vectors<V, const N: usize> = [[V; LANES]; N];

/// A sum of products of 2 N blocks, and the quotient that reduces it.
struct Memory<V, const N: usize> {
    low: Vectors<V, N>,
    high: Vectors<V, N>,
    quotient: Vectors<V, N>,
}

impl<V, const N: usize> Memory<V, N> {
    #[inline(always)]
    fn block(&mut self, i: usize) -> &mut [V; LANES] {
        if i < N { &mut self.low[i] } else { &mut self.high[i - N] }
    }
}

/// Two blocks of a sum of products, in registers.
struct Sums<V>([V; 2 * LANES]);

impl<V: Copy> Sums<V> {
    /// Adds the product of two blocks.
    #[inline(always)]
    fn add_product<S: Simd<V = V>>(&mut self, simd: S, a: &[V; LANES], b: &[V; LANES]) {
        let sums = &mut self.0;
        unroll!(for j in 0..LANES {
            unroll!(for i in 0..LANES {
                sums[i + j] = simd.madd52lo(sums[i + j], a[i], b[j]);
            });
            unroll!(for i in 0..LANES {
                sums[i + j + 1] = simd.madd52hi(sums[i + j + 1], a[i], b[j]);
            });
        });
    }

    /// Adds the products of each two different limbs of a block.
    #[inline(always)]
    fn add_half_square<S: Simd<V = V>>(&mut self, simd: S, a: &[V; LANES]) {
        let sums = &mut self.0;
        unroll!(for j in 0..LANES {
            unroll!(for i in 0..j {
                sums[i + j] = simd.madd52lo(sums[i + j], a[i], a[j]);
            });
            unroll!(for i in 0..j {
                sums[i + j + 1] = simd.madd52hi(sums[i + j + 1], a[i], a[j]);
            });
        });
    }

    /// The lower block, which is complete; the upper one takes its place.
    #[inline(always)]
    fn next<S: Simd<V = V>>(&mut self, simd: S) -> [V; LANES] {
        let zero = simd.splat(0);
        let mut block = [zero; LANES];
        unroll!(for i in 0..LANES {
            block[i] = self.0[i];
            self.0[i] = self.0[i + LANES];
            self.0[i + LANES] = zero;
        });
        block
    }
}

#[inline(always)]
fn product<S: Simd, const N: usize>(
    simd: S,
    a: &Vectors<S::V, N>,
    b: &Vectors<S::V, N>,
    memory: &mut Memory<S::V, N>,
) {
    let mut sums = Sums([simd.splat(0); 2 * LANES]);
    for block in 0..2 * N {
        for i in (block + 1).saturating_sub(N)..N.min(block + 1) {
            sums.add_product(simd, &a[i], &b[block - i]);
        }
        *memory.block(block) = sums.next(simd);
    }
}

#[inline(always)]
fn square<S: Simd, const N: usize>(simd: S, a: &Vectors<S::V, N>, memory: &mut Memory<S::V, N>) {
    let mut sums = Sums([simd.splat(0); 2 * LANES]);
    for block in 0..2 * N {
        for i in (block + 1).saturating_sub(N)..block.div_ceil(2) {
            sums.add_product(simd, &a[i], &a[block - i]);
        }
        if block.is_multiple_of(2) {
            sums.add_half_square(simd, &a[block / 2]);
        }
        // Each of those products counts twice; the squares of the limbs once.
        let mut to = sums.next(simd);
        let squared = &a[block / 2];
        let from = block % 2 * (LANES / 2);
        unroll!(for i in 0..LANES {
            let limb = squared[from + i / 2];
            let twice = simd.add(to[i], to[i]);
            to[i] = if i.is_multiple_of(2) {
                simd.madd52lo(twice, limb, limb)
            } else {
                simd.madd52hi(twice, limb, limb)
            };
        });
        *memory.block(block) = to;
    }
}

/// Adds digest * `digest_factor` + `padding`: with the factor negative, subtracts the encoded message.
#[inline(always)]
fn subtract_message<S: Simd, const N: usize>(simd: S, lanes: &Lanes<N>, memory: &mut Memory<S::V, N>) {
    let digest = load(simd, &lanes.digest);
    let mut sums = Sums([simd.splat(0); 2 * LANES]);
    for i in 0..N {
        sums.add_product(simd, &load(simd, &lanes.digest_factor[i]), &digest);
        let (sum, padding) = (sums.next(simd), load(simd, &lanes.padding[i]));
        let to = memory.block(i);
        unroll!(for j in 0..LANES {
            to[j] = simd.add(to[j], simd.add(sum[j], padding[j]));
        });
    }
    let sum = sums.next(simd);
    let to = memory.block(N);
    unroll!(for j in 0..LANES {
        to[j] = simd.add(to[j], sum[j]);
    });
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

/// The sum / R mod n, in limbs of 52 bits, below n + sum / R.
#[inline(always)]
fn reduce<S: Simd, const N: usize>(
    simd: S,
    memory: &mut Memory<S::V, N>,
    n: &Vectors<S::V, N>,
    n0_inverse: S::V,
    to: &mut Vectors<S::V, N>,
) {
    let zero = simd.splat(0);
    let mask = simd.splat(MASK);
    let mut sums = Sums([zero; 2 * LANES]);
    // The low blocks become multiples of R: each limb of the quotient clears a limb, of which the carry remains.
    for block in 0..N {
        let t = memory.low[block];
        unroll!(for i in 0..LANES {
            sums.0[i] = simd.add(sums.0[i], t[i]);
        });
        for i in 0..block {
            sums.add_product(simd, &memory.quotient[i], &n[block - i]);
        }
        let n = &n[0];
        unroll!(for j in 0..LANES {
            let q = simd.madd52lo(zero, sums.0[j], n0_inverse);
            memory.quotient[block][j] = q;
            unroll!(for i in 0..LANES {
                sums.0[i + j] = simd.madd52lo(sums.0[i + j], n[i], q);
            });
            unroll!(for i in 0..LANES {
                sums.0[i + j + 1] = simd.madd52hi(sums.0[i + j + 1], n[i], q);
            });
            let carry = simd.shift_right::<{ LIMB_BITS as u32 }>(sums.0[j]);
            sums.0[j + 1] = simd.add(sums.0[j + 1], carry);
        });
        sums.next(simd);
    }
    let mut carry = zero;
    for block in 0..N {
        let t = memory.high[block];
        unroll!(for i in 0..LANES {
            sums.0[i] = simd.add(sums.0[i], t[i]);
        });
        for i in block + 1..N {
            sums.add_product(simd, &memory.quotient[i], &n[N + block - i]);
        }
        let sum = sums.next(simd);
        unroll!(for i in 0..LANES {
            let limb = simd.add(sum[i], carry);
            to[block][i] = simd.and(limb, mask);
            carry = simd.shift_right::<{ LIMB_BITS as u32 }>(limb);
        });
    }
}

/// x^65537 / R^65536 in each lane, as the verification computes it.
#[cfg(test)]
#[inline(always)]
pub(super) fn power<S: Simd, const N: usize>(simd: S, lanes: &Lanes<N>) -> Box<[Number<N>; LANES]> {
    let zero = [[simd.splat(0); LANES]; N];
    let mut memory = Memory { low: zero, high: zero, quotient: zero };
    let (x, n) = (load_all(simd, &lanes.signature), load_all(simd, &lanes.n));
    let n0_inverse = simd.load(&lanes.n0_inverse);
    let mut power = x;
    for i in 0..17 {
        if i < 16 {
            square(simd, &power, &mut memory);
        } else {
            product(simd, &power, &x, &mut memory);
        }
        reduce(simd, &mut memory, &n, n0_inverse, &mut power);
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
