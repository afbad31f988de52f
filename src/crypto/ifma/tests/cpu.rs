//! This CPU.

use super::super::avx512::Avx512;

/// The CPU's instructions, or a note that the tests of them are skipped.
pub(super) fn cpu<const ALWAYS_RIPPLE: bool>() -> Option<Avx512<ALWAYS_RIPPLE>> {
    let cpu = Avx512::detect();
    if cpu.is_none() {
        println!("skipped: this CPU has not AVX-512 IFMA");
    }
    cpu
}
