//! Verifies RS256, RS384, RS512, PS256, PS384 and PS512 with the AVX-512 IFMA instructions: one
//! signature, or up to eight at once. This code is three to seven times as fast as aws-lc.
//!
//! docs/rsa.md describes the arithmetic and shows why nothing overflows. The code is not
//! constant-time and does not erase memory: never use it with a private key.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters; none comes from the input"
)]

#[macro_use]
mod unroll;

mod constants;
mod input;
pub(super) mod key;
mod lanes;
mod limbs;
mod modulus;
mod pkcs1;
mod pss;
pub(super) mod scheme;
mod self_test;
mod single;

#[cfg(test)]
mod tests;
