//! Ed25519 (RFC 8032 §5.1, RFC 8037 §3.1).
//!
//! A key in frequent use has tables of multiples of its point ([`key::Tables`]). docs/ec.md
//! describes the arithmetic and shows why it is correct. The code is not constant-time and does not
//! erase memory: never use it with a private key.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants, loop counters and digits; docs/ec.md shows their bounds"
)]

mod equation;
mod field;
mod generator;
pub(super) mod key;
#[cfg(ifma)]
mod lanes;
mod plain;
mod point;
pub(super) mod rules;
mod self_test;
#[cfg(ifma)]
mod sha512_lanes;
#[cfg(ifma)]
mod single;
mod table;
mod tables;
#[cfg(ifma)]
mod vector_field;
#[cfg(ifma)]
mod vector_point;

#[cfg(test)]
mod tests;
