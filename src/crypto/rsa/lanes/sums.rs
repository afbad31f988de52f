//! Sums of products of blocks, column by column, in registers.

use crate::crypto::vector::block::{LANES, LIMB_BITS, MASK};
use crate::crypto::vector::simd::Simd;

/// Two blocks of a sum of products. A limb may be negative. The whole sum in `reduce` is not.
pub(super) struct Sums<V>([V; 2 * LANES]);

impl<V: Copy> Sums<V> {
    #[inline(always)]
    pub(super) fn zero<S: Simd<V = V>>(simd: S) -> Self {
        Self([simd.splat(0); 2 * LANES])
    }

    /// Adds a block to the lower block.
    #[inline(always)]
    pub(super) fn add<S: Simd<V = V>>(&mut self, simd: S, block: &[V; LANES]) {
        unroll!(for i in 0..LANES {
            self.0[i] = simd.add(self.0[i], block[i]);
        });
    }

    /// Subtracts a block from the lower block.
    #[inline(always)]
    pub(super) fn subtract<S: Simd<V = V>>(&mut self, simd: S, block: &[V; LANES]) {
        unroll!(for i in 0..LANES {
            self.0[i] = simd.sub(self.0[i], block[i]);
        });
    }

    /// Adds the product of two blocks.
    #[inline(always)]
    pub(super) fn add_product<S: Simd<V = V>>(&mut self, simd: S, a: &[V; LANES], b: &[V; LANES]) {
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

    /// Adds (a - b) c. docs/rsa.md explains how the signs are handled.
    #[inline(always)]
    pub(super) fn add_product_of_difference<S: Simd<V = V>>(
        &mut self,
        simd: S,
        a: &[V; LANES],
        b: &[V; LANES],
        c: &Difference<V>,
    ) {
        let mut limbs = *a;
        let mut sign = simd.splat(0);
        unroll!(for i in 0..LANES {
            let limb = simd.sub(a[i], b[i]);
            let sum = &mut self.0[LANES + i];
            *sum = simd.sub_where_negative(c.sign, *sum, limb);
            limbs[i] = simd.add(limb, sign);
            sign = simd.shift_right_signed::<{ LIMB_BITS as u32 }>(limbs[i]);
        });
        self.add_product(simd, &limbs, &c.limbs);
        unroll!(for i in 0..LANES {
            let sum = &mut self.0[LANES + i];
            *sum = simd.sub_where_negative(sign, *sum, c.limbs[i]);
        });
    }

    /// Adds the product of each pair of different limbs of a block, once.
    #[inline(always)]
    pub(super) fn add_half_square<S: Simd<V = V>>(&mut self, simd: S, a: &[V; LANES]) {
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

    /// Computes the `quotient` for which the sum plus `quotient` times the block `n` is a multiple
    /// of 2^416, and adds this product. Adds the carry of the lower block to the upper block, which
    /// becomes the lower block.
    #[inline(always)]
    pub(super) fn clear<S: Simd<V = V>>(
        &mut self,
        simd: S,
        n: &[V; LANES],
        n0_inverse: V,
        quotient: &mut [V; LANES],
    ) {
        let sums = &mut self.0;
        unroll!(for j in 0..LANES {
            let q = simd.madd52lo(simd.splat(0), sums[j], n0_inverse);
            quotient[j] = q;
            unroll!(for i in 0..LANES {
                sums[i + j] = simd.madd52lo(sums[i + j], n[i], q);
            });
            unroll!(for i in 0..LANES {
                sums[i + j + 1] = simd.madd52hi(sums[i + j + 1], n[i], q);
            });
            let carry = simd.shift_right_signed::<{ LIMB_BITS as u32 }>(sums[j]);
            sums[j + 1] = simd.add(sums[j + 1], carry);
        });
        self.next(simd);
    }

    /// Returns the lower block, which is complete. The upper block becomes the lower block.
    #[inline(always)]
    pub(super) fn next<S: Simd<V = V>>(&mut self, simd: S) -> [V; LANES] {
        let zero = simd.splat(0);
        let sums = &mut self.0;
        let mut block = [zero; LANES];
        unroll!(for i in 0..LANES {
            block[i] = sums[i];
            sums[i] = sums[i + LANES];
            sums[i + LANES] = zero;
        });
        block
    }
}

/// The difference of two blocks: `limbs` + `sign` * 2^416.
#[derive(Clone, Copy)]
pub(super) struct Difference<V> {
    /// Limbs of 52 bits.
    pub(super) limbs: [V; LANES],
    /// 0 or -1.
    pub(super) sign: V,
}

impl<V: Copy> Difference<V> {
    #[inline(always)]
    pub(super) fn zero<S: Simd<V = V>>(simd: S) -> Self {
        Self { limbs: [simd.splat(0); LANES], sign: simd.splat(0) }
    }

    /// Returns a - b.
    #[inline(always)]
    pub(super) fn of<S: Simd<V = V>>(simd: S, a: &[V; LANES], b: &[V; LANES]) -> Self {
        let Self { mut limbs, mut sign } = Self::zero(simd);
        unroll!(for i in 0..LANES {
            let limb = simd.add(simd.sub(a[i], b[i]), sign);
            limbs[i] = simd.and(limb, simd.splat(MASK));
            sign = simd.shift_right_signed::<{ LIMB_BITS as u32 }>(limb);
        });
        Self { limbs, sign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::vector::avx512::Avx512;
    use crate::crypto::vector::block::Block;
    use crate::crypto::vector::portable::Portable;
    use crate::crypto::vector::simd::Operation;
    use num_bigint::BigInt;

    /// (a - b) (c - d).
    struct Product([Block; 4]);

    impl Operation for Product {
        type Output = [u64; 2 * LANES];

        #[inline(always)]
        fn with<S: Simd>(self, simd: S) -> [u64; 2 * LANES] {
            let [a, b, c, d] = self.0.map(|block| block.map(|limb| simd.splat(limb)));
            let mut sums = Sums::zero(simd);
            sums.add_product_of_difference(simd, &a, &b, &Difference::of(simd, &c, &d));
            sums.0.map(|limb| {
                let mut lanes = [0; LANES];
                simd.store(&mut lanes, limb);
                lanes[0]
            })
        }
    }

    fn big(limbs: &[u64]) -> BigInt {
        limbs.iter().rev().fold(BigInt::ZERO, |sum, limb| (sum << LIMB_BITS) + limb.cast_signed())
    }

    fn is_exact(simd: impl Simd) {
        let random = [0x9_e377_9b97, 0xf_39cc_0605_cedc, 0, 1, MASK, MASK - 1, 0x7_ffff, 1 << 51];
        let blocks =
            [[0; LANES], [MASK; LANES], [1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, MASK], random];
        for [i, j, k, l] in (0..5_usize.pow(4)).map(|n| [n % 5, n / 5 % 5, n / 25 % 5, n / 125]) {
            let [a, b, c, d] = [i, j, k, l].map(|i| blocks[i]);
            let product = (big(&a) - big(&b)) * (big(&c) - big(&d));
            assert_eq!(big(&simd.run(Product([a, b, c, d]))), product, "{i} {j} {k} {l}");
        }
    }

    #[test]
    fn the_product_of_differences_is_exact_for_all_signs() {
        is_exact(Portable::<false>);
        match Avx512::<false>::detect() {
            Some(cpu) => is_exact(cpu),
            None => eprintln!("skipped: this CPU has no AVX-512 IFMA"),
        }
    }
}
