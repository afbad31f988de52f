//! The cause of a failure, as a handle.

use super::failure::Failure;
use super::panic::read;
use super::slot::Slot;
use super::status::bouncer_status;
use super::text::bouncer_str;
use std::ffi::{CString, c_char};
use std::ptr;

/// The cause of a failure. It holds no token, no claim value and no key, so it may be logged.
/// Immutable; any number of threads may read it.
pub struct bouncer_error {
    pub(super) status: bouncer_status,
    message: CString,
    name: Option<String>,
}

impl bouncer_error {
    /// Writes the error to `*err`, unless `err` is NULL, and returns its status.
    /// [`Failure::Pending`] is not an error: `*err` becomes NULL.
    pub(super) fn report(failure: Failure, err: Slot<'_, Self>) -> bouncer_status {
        let status = bouncer_status::from(&failure);
        if let Some(err) = err {
            err.write(match failure {
                Failure::Pending => ptr::null_mut(),
                _ => Box::into_raw(Box::new(Self::new(failure))),
            });
        }
        status
    }

    pub(super) fn new(failure: Failure) -> Self {
        let status = bouncer_status::from(&failure);
        let (message, name) = match failure {
            Failure::NullArgument(argument) => (format!("the argument {argument} is NULL"), None),
            Failure::Panicked => ("a bug in bouncer_verify: please report it".to_owned(), None),
            Failure::Pending => ("the verdict depends on a fetch of keys".to_owned(), None),
            Failure::System(text) | Failure::Fetch(_, text) => (text, None),
            Failure::Core(error) => (error.to_string(), error.name().map(str::to_owned)),
        };
        // The message contains no NUL: claim names and texts of failed fetches are escaped.
        let message = CString::new(message).unwrap_or_default();
        Self { status, message, name }
    }
}

/// Returns the status that the failed call returned, or BOUNCER_STATUS_OK if `error` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_error_status(error: Option<&bouncer_error>) -> bouncer_status {
    error.map_or(bouncer_status::Ok, |error| error.status)
}

/// Returns a message for a log, NUL-terminated, or NULL if `error` is NULL. Valid until `error` is
/// freed. The wording may change between versions: programs should use the status.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_error_message(error: Option<&bouncer_error>) -> *const c_char {
    error.map_or(ptr::null(), |error| error.message.as_ptr())
}

/// Returns the name of the claim, header parameter or setting that caused the error, for example
/// "exp" or "crit". Returns no text if there is none or `error` is NULL. Valid until `error` is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_error_claim(error: Option<&bouncer_error>) -> bouncer_str {
    error.and_then(|error| error.name.as_deref()).into()
}

/// Frees an error. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_error_free(error: Option<Box<bouncer_error>>) {
    read((), || drop(error));
}
