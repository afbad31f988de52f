//! Tests of the kernel: in plain Rust everywhere, and with the CPU's instructions if it has them.

mod arithmetic;
mod campaign;
mod cpu;
mod numbers;
mod verdicts;
