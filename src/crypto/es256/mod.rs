//! ES256: ECDSA with P-256 and SHA-256 (RFC 7518 §3.4), with tables of multiples for each key.
//!
//! docs/ec.md describes the arithmetic and shows why it is correct. The code is not constant-time
//! and does not erase memory: never use it with a private key.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants, loop counters and digits below the size of a window"
)]

mod field;
mod generator;
pub(super) mod key;
mod order;
mod point;
mod self_test;
mod signature;
mod table;
#[cfg(ifma)]
mod vector;
mod words;

#[cfg(test)]
mod tests;
