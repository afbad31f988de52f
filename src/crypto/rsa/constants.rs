//! The constants of a key, computed once when the key is loaded.

use super::limbs::{self, BLOCK_BITS, MAX_BLOCKS, Number};
use super::modulus::{self, Modulus};
use super::pkcs1;
use crate::crypto::vector::block::{Block, LANES};

/// The public exponent 65537 = 2^16 + 1, big-endian. Raising a number to it takes sixteen squarings
/// and one multiplication.
pub(super) const EXPONENT: [u8; 3] = [1, 0, 1];

/// The constants of a modulus n of N blocks. R is 2^(416 N), and n < R / 2^32. docs/rsa.md
/// explains their use.
#[derive(Clone)]
#[repr(C, align(64))]
pub(super) struct Constants<const N: usize> {
    /// Row i is 2^(416 (i + 1 - N)) mod n. To reduce a number, block i is replaced by the product
    /// of block i and row i, which is added at block N - 1. The last row is 1 and is not used.
    pub(super) fold: [Number<N>; N],
    /// n, 2 n, .. N n.
    pub(super) multiples: [Number<N>; N],
    /// R^-65535 mod n.
    pub(super) factor: Number<N>,
    /// -`pkcs1::minuend` * `factor` mod n.
    pub(super) padding: Number<N>,
    /// R^2 mod n.
    pub(super) r_squared: Number<N>,
    /// A block of zeros, then n, then zeros. For i = 0 to 8, the limbs that start at limb 8 - i are
    /// n shifted up by i limbs.
    shifted_n: [u64; LANES * (MAX_BLOCKS + 2)],
    /// A block of zeros, then -1/n mod 2^416. For i = 0 to 8, the eight limbs that start at
    /// limb 8 - i are -1/n shifted up by i limbs, mod 2^416.
    shifted_inverse: [u64; 2 * LANES],
    /// -1/n mod 2^52.
    pub(super) n0_inverse: u64,
}

impl<const N: usize> Constants<N> {
    /// Computes the constants for an `n` of exactly `bits` bits.
    pub(super) fn new(modulus: &Modulus<N>, bits: usize) -> Self {
        let n = modulus.n();
        let one = modulus::power_of_two(0);
        // Applies x -> x^2 / R sixteen times: R^0, R^-1, R^-3, .. R^-65535.
        let factor = (0..16).fold(one, |power, _| modulus.multiply(&power, &power));
        let minuend = modulus.times_r(&modulus.multiply(&pkcs1::minuend(bits / 8), &factor));

        let mut fold = [one; N];
        for (i, row) in fold.iter_mut().enumerate().take(N - 1) {
            // 2^(416 (i + 1)) / R mod n.
            *row = modulus.multiply(&modulus::power_of_two(BLOCK_BITS * (i + 1)), &one);
        }
        let mut multiples = [*n; N];
        for i in 1..N {
            multiples[i] = modulus::sum(&multiples[i - 1], n);
        }
        let mut shifted_n = [0; LANES * (MAX_BLOCKS + 2)];
        shifted_n[LANES..LANES * (N + 1)].copy_from_slice(n.as_flattened());
        let mut shifted_inverse = [0; 2 * LANES];
        shifted_inverse[LANES..].copy_from_slice(&modulus.block_inverse());
        Self {
            fold,
            multiples,
            factor,
            padding: modulus.subtract(&limbs::zero(), &minuend),
            r_squared: *modulus.r_squared(),
            shifted_n,
            shifted_inverse,
            n0_inverse: modulus.n0_inverse(),
        }
    }

    pub(super) fn n(&self) -> &Number<N> {
        &self.multiples[0]
    }

    /// Returns whether n divides `x`, a result of the kernel. Requires x < (N + 1) n.
    pub(super) fn divides(&self, x: &Number<N>) -> bool {
        *x == limbs::zero() || self.multiples.contains(x)
    }

    /// Returns x mod n. Requires x < (N + 1) n.
    pub(super) fn remainder(&self, x: &Number<N>) -> Number<N> {
        let multiple = self.multiples.iter().rev().find(|multiple| !limbs::is_below(x, multiple));
        multiple.map_or(*x, |multiple| modulus::difference(x, multiple))
    }

    /// Returns block number `block` (0 to N) of n shifted up by `limbs` limbs (0 to 8).
    #[inline(always)]
    pub(super) fn shifted_n(&self, limbs: usize, block: usize) -> &Block {
        block_at(&self.shifted_n, LANES * (block + 1) - limbs)
    }

    /// Returns -1/n, shifted up by `limbs` limbs (0 to 8), mod 2^416.
    #[inline(always)]
    pub(super) fn shifted_inverse(&self, limbs: usize) -> &Block {
        block_at(&self.shifted_inverse, LANES - limbs)
    }
}

#[inline(always)]
fn block_at<const L: usize>(limbs: &[u64; L], at: usize) -> &Block {
    const ZEROS: Block = [0; LANES];
    limbs[at..].first_chunk().unwrap_or(&ZEROS)
}
