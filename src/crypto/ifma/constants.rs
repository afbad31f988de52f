//! The constants of a key, computed once when the key is loaded.

use super::limbs::{self, BLOCK_BITS, Block, LANES, MAX_BLOCKS, Number};
use super::modulus::{self, Modulus};

/// The part of the DigestInfo that precedes the SHA-256 digest (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
const DIGEST_LEN: usize = 32;

/// The public exponent 65537 = 2^16 + 1, big-endian. Raising a number to it takes sixteen squarings
/// and one multiplication.
pub(super) const EXPONENT: [u8; 3] = [1, 0, 1];

/// The constants of a modulus n of N blocks. R is 2^(416 N), and n < R / 2^32. docs/ifma.md
/// explains their use.
#[derive(Clone)]
#[repr(C, align(64))]
pub(super) struct Constants<const N: usize> {
    /// Row i is 2^(416 (i + 1 - N)) mod n. To reduce a number, block i is replaced by the product
    /// of block i and row i, which is added at block N - 1. The last row is 1 and is not used.
    pub(super) fold: [Number<N>; N],
    /// n, 2 n, .. N n.
    pub(super) multiples: [Number<N>; N],
    /// -R^-65535 mod n.
    pub(super) digest_factor: Number<N>,
    /// The encoded message with a digest of 0, times `digest_factor` mod n.
    pub(super) padding: Number<N>,
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
        let power = (0..16).fold(one, |power, _| modulus.multiply(&power, &power));
        let digest_factor = modulus.subtract(&limbs::zero(), &power);
        let padding = modulus.multiply(&encoded_message(bits / 8, &[0; DIGEST_LEN]), &digest_factor);

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
            digest_factor,
            padding: modulus.times_r(&padding),
            shifted_n,
            shifted_inverse,
            n0_inverse: modulus.n0_inverse(),
        }
    }

    pub(super) fn n(&self) -> &Number<N> {
        &self.multiples[0]
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

/// Encodes a SHA-256 digest with EMSA-PKCS1-v1_5 in `len` bytes: 00 01 FF .. FF 00, the DigestInfo,
/// the digest.
pub(super) fn encoded_message<const N: usize>(len: usize, digest: &[u8; DIGEST_LEN]) -> Number<N> {
    let filler = len - DIGEST_LEN - SHA256_DIGEST_INFO.len() - 3;
    let mut bytes = vec![0xff; filler + 2];
    bytes[..2].copy_from_slice(&[0, 1]);
    bytes.push(0);
    bytes.extend(SHA256_DIGEST_INFO);
    bytes.extend(digest);
    limbs::from_be_bytes(&bytes)
}
