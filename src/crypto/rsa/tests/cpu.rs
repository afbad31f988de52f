//! Detects AVX-512 IFMA for the tests.

use crate::crypto::vector::avx512::Avx512;

/// Returns the proof that the CPU supports AVX-512 IFMA. Otherwise prints that the test is skipped
/// and returns `None`.
pub(super) fn cpu<const ALWAYS_RIPPLE: bool>() -> Option<Avx512<ALWAYS_RIPPLE>> {
    let cpu = Avx512::detect();
    if cpu.is_none() {
        println!("skipped: this CPU has no AVX-512 IFMA");
    }
    cpu
}
