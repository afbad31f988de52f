//! Numbers in limbs of 52 bits, the operand size of the multiply-add instructions.

pub(super) const LIMB_BITS: usize = 52;
/// A mask for the bits of a limb.
pub(super) const MASK: u64 = (1 << LIMB_BITS) - 1;
/// Number of limbs in a block, and of lanes in a vector.
pub(super) const LANES: usize = 8;
pub(super) const BLOCK_BITS: usize = LANES * LIMB_BITS;
/// Number of blocks of the largest modulus, which has 4096 bits.
pub(super) const MAX_BLOCKS: usize = 10;

/// Eight limbs of one number, the least significant first; or one limb of each of eight numbers.
pub(super) type Block = [u64; LANES];
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

/// Returns whether `a < b`.
#[inline]
pub(super) fn is_below<const N: usize>(a: &Number<N>, b: &Number<N>) -> bool {
    a.as_flattened().iter().rev().lt(b.as_flattened().iter().rev())
}
