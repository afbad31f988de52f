//! Detects the CPU's instructions.

use super::super::avx512::Avx512;

/// Returns the CPU's instructions. If it lacks them, prints that the tests are skipped.
pub(super) fn cpu<const ALWAYS_RIPPLE: bool>() -> Option<Avx512<ALWAYS_RIPPLE>> {
    let cpu = Avx512::detect();
    if cpu.is_none() {
        println!("skipped: this CPU has no AVX-512 IFMA");
    }
    cpu
}
