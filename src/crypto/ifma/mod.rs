//! RS256 verification by the AVX-512 IFMA instructions, three to four times as fast as
//! without them: one signature at a time, or eight.
//!
//! The arithmetic, and why nothing in it overflows, is in docs/ifma.md. It takes as long as the
//! numbers make it take, and leaves them in memory: never use it with a private key.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters: none comes from the input"
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
