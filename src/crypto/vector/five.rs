//! Numbers mod a prime of about 2^256, in five limbs: vector i has limb i of each lane's number.

use super::block::{LANES, MASK};
use super::simd::Simd;
use crate::crypto::wide::U256;
use std::array::from_fn;

pub(in crate::crypto) const LIMBS: usize = 5;

/// A number in limbs of 52 bits.
pub(in crate::crypto) type Limbs = [u64; LIMBS];

/// Eight numbers, one in each lane.
pub(in crate::crypto) type Five<V> = [V; LIMBS];

/// A sum of products.
pub(in crate::crypto) type Ten<V> = [V; 2 * LIMBS];

pub(in crate::crypto) const fn limbs(x: &U256) -> Limbs {
    [
        x[0] & MASK,
        (x[0] >> 52 | x[1] << 12) & MASK,
        (x[1] >> 40 | x[2] << 24) & MASK,
        (x[2] >> 28 | x[3] << 36) & MASK,
        x[3] >> 16,
    ]
}

#[inline(always)]
pub(in crate::crypto) fn splat<S: Simd>(simd: S, x: &Limbs) -> Five<S::V> {
    from_fn(|i| simd.splat(x[i]))
}

#[inline(always)]
pub(in crate::crypto) fn add<S: Simd>(simd: S, a: &Five<S::V>, b: &Five<S::V>) -> Five<S::V> {
    from_fn(|i| simd.add(a[i], b[i]))
}

#[inline(always)]
pub(in crate::crypto) fn sub<S: Simd>(simd: S, a: &Five<S::V>, b: &Five<S::V>) -> Five<S::V> {
    from_fn(|i| simd.sub(a[i], b[i]))
}

/// See [`Simd::add_or_sub`].
#[inline(always)]
pub(in crate::crypto) fn add_or_sub<S: Simd>(
    simd: S,
    lanes: u8,
    a: &Five<S::V>,
    b: &Five<S::V>,
) -> Five<S::V> {
    from_fn(|i| simd.add_or_sub(lanes, a[i], b[i]))
}

/// See [`Simd::blend`].
#[inline(always)]
pub(in crate::crypto) fn blend<S: Simd>(simd: S, lanes: u8, a: &Five<S::V>, b: &Five<S::V>) -> Five<S::V> {
    from_fn(|i| simd.blend(lanes, a[i], b[i]))
}

/// Adds a b to `sums`. Only the low 52 bits of the limbs count.
#[inline(always)]
pub(in crate::crypto) fn add_product<S: Simd>(simd: S, sums: &mut Ten<S::V>, a: &Five<S::V>, b: &Five<S::V>) {
    for i in 0..LIMBS {
        for j in 0..LIMBS {
            sums[i + j] = simd.madd52lo(sums[i + j], a[i], b[j]);
            sums[i + j + 1] = simd.madd52hi(sums[i + j + 1], a[i], b[j]);
        }
    }
}

/// Sets the bits from bit 52 on of each limb to 0.
#[inline(always)]
pub(in crate::crypto) fn masked<S: Simd>(simd: S, x: &Five<S::V>) -> Five<S::V> {
    let mask = simd.splat(MASK);
    from_fn(|i| simd.and(x[i], mask))
}

/// Splits numbers of four 64-bit words into limbs. The bits from bit 52 on of a limb have no
/// meaning.
#[inline(always)]
pub(in crate::crypto) fn unpacked<S: Simd>(simd: S, words: [S::V; 4]) -> Five<S::V> {
    let [a, b, c, d] = words;
    [
        a,
        simd.shift_right_pair::<52>(a, b),
        simd.shift_right_pair::<40>(b, c),
        simd.shift_right_pair::<28>(c, d),
        simd.shift_right_pair::<16>(d, simd.splat(0)),
    ]
}

/// Returns the limbs of each lane's number.
#[inline(always)]
pub(in crate::crypto) fn lanes<S: Simd>(simd: S, x: &Five<S::V>) -> [Limbs; LANES] {
    let mut blocks = [[0; LANES]; LIMBS];
    for i in 0..LIMBS {
        simd.store(&mut blocks[i], x[i]);
    }
    from_fn(|lane| blocks.map(|block| block[lane]))
}

/// The lanes i and i ^ distance: partners.
#[derive(Clone, Copy)]
pub(in crate::crypto) struct Pairs<V> {
    /// The lanes whose partner has a lower number.
    pub(in crate::crypto) upper: u8,
    partner: V,
}

impl<V: Copy> Pairs<V> {
    /// `distance` is 1, 2 or 4.
    #[inline(always)]
    pub(in crate::crypto) fn new<S: Simd<V = V>>(simd: S, distance: usize) -> Self {
        let upper = (0..LANES).map(|lane| u8::from(lane & distance != 0) << lane).sum();
        Self { upper, partner: simd.load(&from_fn(|lane| (lane ^ distance) as u64)) }
    }

    /// Returns the number of the partner in each lane.
    #[inline(always)]
    pub(in crate::crypto) fn swapped<S: Simd<V = V>>(&self, simd: S, x: &Five<V>) -> Five<V> {
        from_fn(|i| simd.permute(x[i], self.partner))
    }
}
