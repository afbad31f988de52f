//! Converts pointers from C to references and catches panics. The functions in the other files use
//! it.

use super::error::bouncer_error;
use super::failure::Failure;
use super::panic::caught;
use super::slot::Slot;
use super::status::bouncer_status;
use crate::{Error, ErrorKind};
use std::time::Duration;

/// Runs `body` and passes its result to C. On success writes a new handle to `*out`. On failure,
/// including a panic, writes a new error to `*err` unless `err` is NULL.
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

/// Like [`call`], for a function that returns no handle.
pub(super) fn act(
    err: Slot<'_, bouncer_error>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> bouncer_status {
    match caught(body) {
        Ok(()) => bouncer_status::Ok,
        Err(failure) => bouncer_error::report(failure, err),
    }
}

/// Returns the handle, or `NullArgument` if it is NULL.
pub(super) fn handle<T>(name: &'static str, handle: Option<T>) -> Result<T, Failure> {
    handle.ok_or(Failure::NullArgument(name))
}

/// Returns the `len` bytes at `data`. `data` may be NULL if `len` is 0.
///
/// # Safety
/// Unless `len` is 0, `data` must be NULL or readable for `len` bytes during `'a`, and nothing may
/// write them during `'a`.
pub(super) unsafe fn bytes<'a>(name: &'static str, data: *const u8, len: usize) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Failure::NullArgument(name));
    }
    if isize::try_from(len).is_err() {
        return Err(Error::new(ErrorKind::InvalidArgument, "a length is larger than PTRDIFF_MAX").into());
    }
    // SAFETY: `data` is not NULL, `len` is at most PTRDIFF_MAX, and the caller promises that `data`
    // is readable for `len` bytes.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// Returns the `len` bytes at `data` as text, or `InvalidArgument` if they are not UTF-8.
///
/// # Safety
/// The contract of [`bytes`].
pub(super) unsafe fn text<'a>(name: &'static str, data: *const u8, len: usize) -> Result<&'a str, Failure> {
    // SAFETY: the caller meets the contract of [`bytes`].
    let bytes = unsafe { bytes(name, data, len) }?;
    let invalid = || Error::new(ErrorKind::InvalidArgument, "").with_detail(format!("{name} is not UTF-8"));
    std::str::from_utf8(bytes).map_err(|_| invalid().into())
}

/// Converts milliseconds to a duration of at most 366 days.
pub(super) fn milliseconds(milliseconds: u64) -> Duration {
    const YEAR: u64 = 366 * 24 * 60 * 60 * 1000;
    Duration::from_millis(milliseconds.min(YEAR))
}
