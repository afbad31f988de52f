//! The contents of a vector in memory, and the size of a limb.

pub(in crate::crypto) const LIMB_BITS: usize = 52;
/// A mask for the bits of a limb.
pub(in crate::crypto) const MASK: u64 = (1 << LIMB_BITS) - 1;
/// Number of lanes in a vector.
pub(in crate::crypto) const LANES: usize = 8;

/// The lanes of a vector: eight limbs of one number, the least significant first; or one limb of
/// each of eight numbers.
pub(in crate::crypto) type Block = [u64; LANES];
