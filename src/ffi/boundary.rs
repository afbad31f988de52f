//! Where C's pointers become references and where unwinding stops. Everything `unsafe` that is not
//! a signature goes through here.

use super::error::bouncer_error;
use super::failure::Failure;
use super::panic::caught;
use super::slot::Slot;
use super::status::bouncer_status;
use crate::{Error, ErrorKind};
use std::time::Duration;

/// Runs `body` and hands its result to C: a new handle in `*out`, or a new error in `*err` where
/// the caller wants one. `*out` is written on success alone, `*err` on every failure, a panic
/// included.
pub(super) fn call<T>(
    out: Slot<'_, T>,
    err: Slot<'_, bouncer_error>,
    body: impl FnOnce() -> Result<T, Failure>,
) -> bouncer_status {
    let Some(out) = out else { return bouncer_error::report(Failure::NullArgument("out"), err) };
    match caught(body) {
        Ok(value) => {
            out.write(Box::into_raw(Box::new(value)));
            bouncer_status::Ok
        }
        Err(failure) => bouncer_error::report(failure, err),
    }
}

/// As [`call`], for a function without an output.
pub(super) fn act(
    err: Slot<'_, bouncer_error>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> bouncer_status {
    match caught(body) {
        Ok(()) => bouncer_status::Ok,
        Err(failure) => bouncer_error::report(failure, err),
    }
}

/// A handle that must not be NULL.
pub(super) fn handle<T>(name: &'static str, handle: Option<T>) -> Result<T, Failure> {
    handle.ok_or(Failure::NullArgument(name))
}

/// The `len` bytes at `data`; NULL is allowed where `len` is 0.
///
/// # Safety
/// Unless `len` is 0, `data` must be NULL or readable for `len` bytes during `'a`, and nobody may
/// write them then.
pub(super) unsafe fn bytes<'a>(name: &'static str, data: *const u8, len: usize) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Failure::NullArgument(name));
    }
    if isize::try_from(len).is_err() {
        return Err(Error::new(ErrorKind::InvalidArgument, "a length over PTRDIFF_MAX").into());
    }
    // SAFETY: not NULL, not longer than any object can be, and readable by the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// As [`bytes`], and UTF-8.
///
/// # Safety
/// As [`bytes`].
pub(super) unsafe fn text<'a>(name: &'static str, data: *const u8, len: usize) -> Result<&'a str, Failure> {
    // SAFETY: the caller's promise is the same.
    let bytes = unsafe { bytes(name, data, len) }?;
    std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidArgument, "not UTF-8").into())
}

/// A duration in milliseconds, however long.
pub(super) fn milliseconds(milliseconds: u64) -> Duration {
    const YEAR: u64 = 366 * 24 * 60 * 60 * 1000;
    Duration::from_millis(milliseconds.min(YEAR))
}
