//! Tests of the kernel. The plain-Rust version is tested on every CPU, the AVX-512 IFMA version
//! only on a CPU that supports it.

mod arithmetic;
mod campaign;
mod cpu;
mod miri;
mod numbers;
mod schemes;
mod signer;
mod verdicts;
mod wycheproof;
