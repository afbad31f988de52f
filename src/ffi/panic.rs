//! Where unwinding stops.

use super::failure::Failure;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`, or gives `otherwise` where it panics: for functions that cannot fail.
pub(super) fn read<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

pub(super) fn caught<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // Handles are immutable but for policies, which are replaced whole, so a panic leaves nothing
    // half-changed.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Failure::Panicked))
}
