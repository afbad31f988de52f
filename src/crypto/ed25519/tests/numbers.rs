//! Random numbers, and conversions to the independent integers of num-bigint.

use crate::crypto::wide::U256;
use num_bigint::BigUint;
use std::array::from_fn;

/// A reproducible generator of random numbers (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Returns a number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    pub(super) fn number(&mut self) -> U256 {
        from_fn(|_| self.word())
    }

    pub(super) fn bytes<const LEN: usize>(&mut self) -> [u8; LEN] {
        from_fn(|_| self.word() as u8)
    }

    pub(super) fn message(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.word() as u8).collect()
    }
}

pub(super) fn big(number: &U256) -> BigUint {
    number.iter().rev().fold(BigUint::ZERO, |sum, &word| sum << 64 | BigUint::from(word))
}

pub(super) fn number(big: &BigUint) -> U256 {
    let words = big.to_u64_digits();
    assert!(words.len() <= 4);
    from_fn(|i| words.get(i).copied().unwrap_or(0))
}

/// 2^255 - 19.
pub(super) fn p() -> BigUint {
    (BigUint::from(1_u32) << 255) - 19_u32
}

/// The order of the generator.
pub(super) fn l() -> BigUint {
    (BigUint::from(1_u32) << 252) + 27_742_317_777_372_353_535_851_937_790_883_648_493_u128
}

/// 0, 1, numbers near `modulus` and near powers of two. All are below `modulus`.
pub(super) fn edges(modulus: &BigUint) -> Vec<U256> {
    let mut edges =
        vec![BigUint::ZERO, 1_u32.into(), 2_u32.into(), 19_u32.into(), modulus - 1_u32, modulus - 2_u32];
    edges.push(modulus / 2_u32);
    for bit in [51, 52, 63, 64, 102, 104, 128, 153, 156, 192, 204, 208, 251, 252, 254] {
        let power: BigUint = BigUint::from(1_u32) << bit;
        edges.extend([&power - 1_u32, power.clone(), power + 1_u32]);
    }
    edges.retain(|edge| edge < modulus);
    edges.iter().map(number).collect()
}
