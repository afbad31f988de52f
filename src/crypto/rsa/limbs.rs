//! Numbers in limbs of 52 bits, the operand size of the multiply-add instructions.

use crate::crypto::vector::block::{Block, LANES, LIMB_BITS, MASK};

pub(super) const BLOCK_BITS: usize = LANES * LIMB_BITS;
/// Number of blocks of the largest modulus, which has 4096 bits.
pub(super) const MAX_BLOCKS: usize = 10;

/// A number below 2^(416 N), the least significant limb first.
pub(super) type Number<const N: usize> = [Block; N];

pub(super) const fn zero<const N: usize>() -> Number<N> {
    [[0; LANES]; N]
}

/// Converts big-endian bytes to a number. Bytes that do not fit are dropped.
#[inline]
pub(super) fn from_be_bytes<const N: usize>(bytes: &[u8]) -> Number<N> {
    // Two limbs (104 bits) are 13 bytes.
    let mut number = zero();
    let (pairs, _) = number.as_flattened_mut().as_chunks_mut::<2>();
    let (head, chunks) = bytes.as_rchunks::<13>();
    let mut padded = [0; 13];
    padded[13 - head.len()..].copy_from_slice(head);
    for (pair, chunk) in pairs.iter_mut().zip(chunks.iter().rev().chain([&padded])) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m] = *chunk;
        *pair = [
            u64::from_be_bytes([f, g, h, i, j, k, l, m]) & MASK,
            u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 12,
        ];
    }
    number
}

/// Converts a number to big-endian bytes. Bits that do not fit are dropped.
pub(super) fn to_be_bytes<const N: usize>(number: &Number<N>, bytes: &mut [u8]) {
    let (pairs, _) = number.as_flattened().as_chunks::<2>();
    for (chunk, &[low, high]) in bytes.rchunks_mut(13).zip(pairs) {
        let pair = (u128::from(high) << LIMB_BITS | u128::from(low)).to_be_bytes();
        chunk.copy_from_slice(&pair[pair.len() - chunk.len()..]);
    }
}

/// Returns whether `a < b`.
#[inline]
pub(super) fn is_below<const N: usize>(a: &Number<N>, b: &Number<N>) -> bool {
    a.as_flattened().iter().rev().lt(b.as_flattened().iter().rev())
}
