//! Tests of the verification with tables. The vector code is tested only on a CPU that supports it;
//! its version in plain Rust is tested on every CPU.

mod arithmetic;
mod campaign;
mod cases;
mod miri;
mod numbers;
mod self_test;
#[cfg(ifma)]
mod speed;
#[cfg(ifma)]
mod vectors;
mod verdicts;
mod verifiers;
