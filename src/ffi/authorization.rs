//! Extracts the token of an HTTP request.

use super::boundary::{act, bytes};
use super::error::bouncer_error;
use super::failure::Failure;
use super::status::bouncer_status;
use super::text::bouncer_str;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Finds the token in `value`, the `value_len` bytes of an HTTP Authorization header. Accepts
/// "token=<jwt>" (DC/OS) and "Bearer <jwt>" (RFC 6750 section 2.1).
///
/// On success puts the token in `*token`. It points into `value` and is valid as long as `value`
/// is. On failure: BOUNCER_STATUS_MALFORMED_AUTHORIZATION, also for an empty value.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_authorization_token(
    value: *const c_char,
    value_len: usize,
    token: Option<&mut MaybeUninit<bouncer_str>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        // SAFETY: the caller promises `value` is readable for `value_len` bytes.
        let value = unsafe { bytes("value", value.cast(), value_len) }?;
        let out = token.ok_or(Failure::NullArgument("token"))?;
        out.write(crate::token_from_authorization(value)?.into());
        Ok(())
    })
}
