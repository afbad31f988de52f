//! Tests of the kernel, on this CPU's instructions where it has them and in plain Rust everywhere.

mod arithmetic;
mod campaign;
mod numbers;
mod verdicts;

use super::avx512::Avx512;

/// The CPU's instructions, or a note that the tests of them are skipped.
fn cpu<const ALWAYS_RIPPLE: bool>() -> Option<Avx512<ALWAYS_RIPPLE>> {
    let cpu = Avx512::detect();
    if cpu.is_none() {
        println!("skipped: this CPU has not AVX-512 IFMA");
    }
    cpu
}
