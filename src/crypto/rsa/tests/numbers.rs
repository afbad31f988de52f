//! Numbers for the tests, and their conversion from and to num-bigint.

use crate::crypto::rsa::limbs::{self, Number};
use num_bigint::BigUint;

/// A pseudorandom generator (xorshift64, with the multiplication of xorshift64*). Its sequence is
/// the same in every run with the same seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.word() >> 32) as u8).collect()
    }

    pub(super) fn below(&mut self, bound: &BigUint) -> BigUint {
        BigUint::from_bytes_be(&self.bytes(bound.bits().div_ceil(8) as usize + 8)) % bound
    }

    /// Returns an odd number of exactly `bits` bits.
    pub(super) fn modulus(&mut self, bits: usize) -> BigUint {
        let mut modulus = BigUint::from_bytes_be(&self.bytes(bits / 8));
        modulus.set_bit(bits as u64 - 1, true);
        modulus.set_bit(0, true);
        modulus
    }
}

pub(super) fn number<const N: usize>(x: &BigUint) -> Number<N> {
    limbs::from_be_bytes(&x.to_bytes_be())
}

pub(super) fn big<const N: usize>(x: &Number<N>) -> BigUint {
    x.as_flattened().iter().rev().fold(BigUint::ZERO, |sum, &limb| (sum << 52_u32) + limb)
}

pub(super) fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u32) << exponent
}

/// Returns the smallest and largest moduli of `bits` bits, and moduli with long runs of ones and
/// zeros.
pub(super) fn edge_moduli(bits: usize) -> Vec<BigUint> {
    let one = BigUint::from(1_u32);
    let (half, whole) = (power_of_two(bits - 1), power_of_two(bits));
    vec![
        &whole - &one,
        &whole - 3_u32,
        &half + &one,
        &half + 3_u32,
        &whole - power_of_two(bits / 2) + &one,
        &whole - power_of_two(bits / 2) - &one,
        &half + power_of_two(bits - 2) + 3_u32,
        &half + power_of_two(416) - &one,
        &half + power_of_two(416) + &one,
        &whole - power_of_two(bits - 52) + &one,
    ]
}

/// Returns small numbers, numbers just below n, numbers near n/2, n/3 and n/4, and some powers of
/// two modulo n. For each power p, it also returns n - p and p - 1.
pub(super) fn edge_inputs(n: &BigUint) -> Vec<BigUint> {
    let one = BigUint::from(1_u32);
    let mut inputs: Vec<_> = (0..4_u32).map(BigUint::from).collect();
    inputs.extend((1..4_u32).map(|i| n - i));
    inputs.extend((2..5_u32).flat_map(|i| [n / i, n / i + 1_u32]));
    for exponent in (1..n.bits() as usize).step_by(787) {
        let power = power_of_two(exponent) % n;
        inputs.extend([n - &power, (&power + n - &one) % n, power]);
    }
    inputs
}
