//! Numbers for the tests, and their conversion from and to num-bigint.

use crate::crypto::wide::{U256, from_be_bytes};
use num_bigint::BigUint;

/// A pseudorandom generator (SplitMix64). Its sequence is the same in every run with the same seed.
pub(in crate::crypto::es256) struct Random(pub(in crate::crypto::es256) u64);

impl Random {
    pub(in crate::crypto::es256) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    pub(in crate::crypto::es256) fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    pub(in crate::crypto::es256) fn bytes(&mut self) -> [u8; 32] {
        bytes(&big(&std::array::from_fn(|_| self.word())))
    }

    /// Returns a number below `bound`. One in two has a special form: small, large, or with one bit
    /// that differs from all others.
    pub(in crate::crypto::es256) fn number(&mut self, bound: &BigUint) -> U256 {
        let mut x: U256 = std::array::from_fn(|_| self.word());
        let bit = self.below(256);
        match self.below(8) {
            0 => x[3] = 0,
            1 => x[2..].fill(u64::MAX),
            2 => x = number(&(BigUint::from(1_u32) << bit)),
            3 => x = number(&(power_of_two(256) - 1_u32 - power_of_two(bit))),
            _ => {}
        }
        number(&(big(&x) % bound))
    }
}

pub(in crate::crypto::es256) fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u32) << exponent
}

pub(in crate::crypto::es256) fn big(x: &U256) -> BigUint {
    x.iter().rev().fold(BigUint::ZERO, |sum, &word| (sum << 64_u32) + word)
}

/// Returns the 32 bytes of a number below 2^256, big-endian.
pub(in crate::crypto::es256) fn bytes(x: &BigUint) -> [u8; 32] {
    let digits = x.to_bytes_be();
    let mut bytes = [0; 32];
    bytes[32 - digits.len()..].copy_from_slice(&digits);
    bytes
}

pub(in crate::crypto::es256) fn number(x: &BigUint) -> U256 {
    from_be_bytes(&bytes(x))
}
