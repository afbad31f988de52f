//! Vectors of eight 64-bit lanes, and arithmetic with the AVX-512 IFMA instructions, for the
//! verification of signatures.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters; none comes from the input"
)]

#[allow(unsafe_code, reason = "the instructions; the types prove that the CPU has them")]
pub(super) mod avx512;
pub(super) mod block;
pub(super) mod five;
#[cfg(test)]
pub(super) mod portable;
pub(super) mod simd;
