//! Tests of the verification with tables. The AVX-512 IFMA code is tested only on a CPU that
//! supports it. The code with 64-bit words and the plain-Rust version of the vector code are tested
//! on every CPU.

mod arithmetic;
#[cfg(feature = "aws-lc-rs")]
mod campaign;
#[cfg(feature = "aws-lc-rs")]
mod cases;
#[cfg(feature = "aws-lc-rs")]
mod codes;
#[cfg(ifma)]
mod cpu;
mod miri;
pub(super) mod numbers;
#[cfg(feature = "aws-lc-rs")]
mod signer;
#[cfg(feature = "aws-lc-rs")]
mod speed;
#[cfg(feature = "aws-lc-rs")]
mod verdicts;
