//! RS256 verification with the AVX-512 IFMA instructions, for one signature or up to eight at once.
//! This code is three to four times as fast as aws-lc.
//!
//! docs/ifma.md describes the arithmetic and shows why nothing overflows. The code is not
//! constant-time and does not erase memory: never use it with a private key.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters; none comes from the input"
)]

#[macro_use]
mod unroll;

#[allow(unsafe_code, reason = "the instructions; the types prove that the CPU has them")]
mod avx512;
mod constants;
pub(super) mod key;
mod lanes;
mod limbs;
mod modulus;
mod self_test;
mod simd;
mod single;

#[cfg(test)]
mod portable;
#[cfg(test)]
mod tests;
