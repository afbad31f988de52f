//! Tests of the kernel, on this CPU's instructions where it has them and in plain Rust everywhere.

mod arithmetic;
mod campaign;
mod cpu;
mod numbers;
mod verdicts;
