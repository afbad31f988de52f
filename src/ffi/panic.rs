//! Catches panics before they reach C.

use super::failure::Failure;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body` and returns its result, or `otherwise` if it panics. For functions that cannot fail.
pub(super) fn read<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

pub(super) fn caught<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // A panic leaves no handle half-changed: handles are immutable, except settings, which catch
    // panics themselves.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Failure::Panicked))
}
