//! The token renewer.

use super::boundary::{act, call, handle, milliseconds, text};
use super::error::bouncer_error;
use super::failure::Failure;
use super::own_token::bouncer_own_token;
use super::panic::read;
use super::settings::bouncer_settings;
use super::status::bouncer_status;
use super::supplied_tokens::SuppliedTokens;
use crate::{Error, ErrorKind, OwnToken, Result, Ticket, TokenRenewer, TokenRenewerBuilder};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

/// Keeps the service's own token valid. A background thread logs in, renews the token before it
/// expires, and logs in again when a server rejects it. Any number of threads may use the renewer.
/// Create one renewer for each account and keep it.
///
/// The token is renewed after 70 to 80 % of its lifetime. A failed renewal is retried with
/// back-off. The current token stays in use until it expires.
///
/// A forked child may use the handle: it starts its own threads when it first needs them. A renewer
/// whose tokens the program supplies does not work in a forked child.
pub struct bouncer_renewer {
    pub(super) renewer: TokenRenewer,
    supplied: Option<Arc<SuppliedTokens>>,
}

impl bouncer_renewer {
    fn supplied(&self) -> Result<&SuppliedTokens, Failure> {
        let wrong = Error::new(
            ErrorKind::InvalidArgument,
            "the renewer logs in by itself: the setting \"supplied\" is not set",
        );
        Ok(self.supplied.as_deref().ok_or(wrong)?)
    }
}

/// Creates a renewer from `settings`, which must have the kind BOUNCER_KIND_RENEWER. The settings
/// are copied. The first login starts at once in the background, unless "lazy" is set.
///
/// On success puts the renewer in `*out`; free it with bouncer_renewer_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT if a setting is invalid; BOUNCER_STATUS_UNUSABLE_CREDENTIALS if
/// a secret, a key or a key file is unusable.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_new(
    settings: Option<&bouncer_settings>,
    out: Option<&mut MaybeUninit<*mut bouncer_renewer>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let settings = super::settings::of(settings)?;
        let supplied = settings.is_set("supplied").then(Arc::<SuppliedTokens>::default);
        let builder = TokenRenewerBuilder::from_settings_and_source(settings, supplied.clone())?;
        Ok(bouncer_renewer { renewer: builder.build()?, supplied })
    })
}

/// Returns a valid token. Waits up to "max_wait" if there is no valid token and a login may soon
/// return one. It also waits if the current token expires soon: within 5 % of its lifetime, but at
/// least 10 and at most 60 seconds, and never more than a quarter. It does not wait if the last
/// login failed and the token is still valid, or after four failures in a row.
///
/// On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
/// BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, which need an operator, or
/// BOUNCER_STATUS_LOGIN_UNAVAILABLE.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_token(
    renewer: Option<&bouncer_renewer>,
    out: Option<&mut MaybeUninit<*mut bouncer_own_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(handle("renewer", renewer)?.renewer.token()?.into()))
}

/// Returns a token as bouncer_renewer_token() does, but never blocks.
///
/// Set `*ticket` to 0 before the first call. If it is 0 afterwards, the result is final. Otherwise
/// a login is in flight that may improve the result. Wait for it in an event loop with
/// bouncer_renewer_watch(), or with bouncer_renewer_wait() on a thread that may block. Then call
/// again with the same `ticket`. If you call again before that login has ended, the result is final
/// too.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_token_now(
    renewer: Option<&bouncer_renewer>,
    mut ticket: Option<&mut u64>,
    out: Option<&mut MaybeUninit<*mut bouncer_own_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    // Reset `*ticket` before anything can fail: after a failure there is no login to wait for.
    let mut login = take_ticket(ticket.as_deref_mut());
    call(out, err, || {
        let renewer = handle("renewer", renewer)?;
        let ticket = handle("ticket", ticket)?;
        with_ticket(renewer.renewer.token_now(&mut login), login, ticket)
    })
}

/// Reports that a server rejected the token of `token_len` bytes at `token`
/// (bouncer_is_token_rejection()), and returns another token. If there is already a newer token,
/// returns it at once. Otherwise waits up to "max_wait" for a login, which all callers share. The
/// first login starts at once, later ones at most once in 30 seconds. Until a login succeeds,
/// bouncer_renewer_token() still returns the rejected token.
///
/// On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
/// BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, which need an operator, or
/// BOUNCER_STATUS_LOGIN_UNAVAILABLE, which is also the status if there is no newer token.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_reject(
    renewer: Option<&bouncer_renewer>,
    token: *const c_char,
    token_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_own_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { text("token", token.cast(), token_len) }?;
        Ok(handle("renewer", renewer)?.renewer.reject(token)?.into())
    })
}

/// Does the same as bouncer_renewer_reject(), but never blocks. `ticket` works as in
/// bouncer_renewer_token_now().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_reject_now(
    renewer: Option<&bouncer_renewer>,
    token: *const c_char,
    token_len: usize,
    mut ticket: Option<&mut u64>,
    out: Option<&mut MaybeUninit<*mut bouncer_own_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    // Reset `*ticket` before anything can fail: after a failure there is no login to wait for.
    let mut login = take_ticket(ticket.as_deref_mut());
    call(out, err, || {
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { text("token", token.cast(), token_len) }?;
        let renewer = handle("renewer", renewer)?;
        let ticket = handle("ticket", ticket)?;
        with_ticket(renewer.renewer.reject_now(token, &mut login), login, ticket)
    })
}

/// Returns the ticket of an earlier call and sets `*ticket` to 0.
fn take_ticket(ticket: Option<&mut u64>) -> Option<Ticket> {
    Ticket::from_bits(std::mem::take(ticket?))
}

/// Puts the ticket `login` in `*ticket`, or 0 if there is none. Returns `result` as a C type.
fn with_ticket(
    result: Result<OwnToken>,
    login: Option<Ticket>,
    ticket: &mut u64,
) -> Result<bouncer_own_token, Failure> {
    *ticket = login.map_or(0, Ticket::to_bits);
    Ok(result?.into())
}

/// Waits up to `timeout_ms` milliseconds for the login of `ticket`. Returns 1 if it has ended,
/// or if the renewer is closed. Returns 0 on timeout, if `ticket` is 0, or if `renewer` is NULL.
/// Only a value that this library returned is a valid ticket.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait(
    renewer: Option<&bouncer_renewer>,
    ticket: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(renewer?.renewer.wait(Ticket::from_bits(ticket)?, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Waits up to `timeout_ms` milliseconds until BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL, the number of
/// ended logins, is at least `attempts`. For programs that monitor the renewer. Returns 1 if the
/// number is reached. Returns 0 on timeout, if the renewer is closed, or if `renewer` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_attempts(
    renewer: Option<&bouncer_renewer>,
    attempts: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(renewer?.renewer.wait_attempts(attempts, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Waits up to `timeout_ms` milliseconds for a valid token.
///
/// On failure: as bouncer_renewer_token(). Returns at once if only an operator can fix the failure.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_ready(
    renewer: Option<&bouncer_renewer>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || Ok(handle("renewer", renewer)?.renewer.wait_ready(milliseconds(timeout_ms))?))
}

/// Logs in now and waits up to `timeout_ms` milliseconds for the login to end. Concurrent callers
/// share one login. Use it for operator commands, not for requests: no rate limit applies.
///
/// On failure: as bouncer_renewer_token(), with the cause in the message. The current token stays
/// in use.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_renew(
    renewer: Option<&bouncer_renewer>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let renewed = handle("renewer", renewer)?.renewer.renew(milliseconds(timeout_ms));
        renewed.map_err(|error| Failure::Fetch(error.login_kind(), error.to_string()))
    })
}

/// Waits up to `timeout_ms` milliseconds until the renewer requests a token from the program.
/// Returns 1 if it requests a token. Returns 0 on timeout, if the renewer is closed, if the setting
/// "supplied" is not set, or if `renewer` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_login(renewer: Option<&bouncer_renewer>, timeout_ms: u64) -> i32 {
    let wanted = || Some(renewer?.supplied().ok()?.wait(milliseconds(timeout_ms)));
    read(0, || i32::from(wanted() == Some(true)))
}

/// Supplies the token that the renewer requested (bouncer_renewer_wait_login()): `token_len` bytes
/// at `token`, which are copied. The token is valid for `lifetime_s` seconds from now. If
/// `lifetime_s` is negative, a JWT is valid until its "exp". A token without "exp" does not expire.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT if the setting "supplied" is not set, the renewer is
/// not waiting for a token, or the token is not UTF-8. After a token that is not UTF-8, the renewer
/// still waits for a token. A token with characters that are invalid in an HTTP header counts as a
/// failed login.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_supply(
    renewer: Option<&bouncer_renewer>,
    token: *const c_char,
    token_len: usize,
    lifetime_s: i64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { text("token", token.cast(), token_len) }?;
        let lifetime = u64::try_from(lifetime_s).ok().map(Duration::from_secs);
        Ok(handle("renewer", renewer)?.supplied()?.supply(token, lifetime)?)
    })
}

/// Reports that the program has no token now. If `rejected` is not 0, the login was rejected and an
/// early retry would not help. `reason` is UTF-8 text of `reason_len` bytes for logs. It must not
/// contain a secret.
///
/// On failure: as bouncer_renewer_supply().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_supply_failure(
    renewer: Option<&bouncer_renewer>,
    rejected: i32,
    reason: *const c_char,
    reason_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        // SAFETY: the caller promises `reason` is readable for `reason_len` bytes.
        let reason = unsafe { text("reason", reason.cast(), reason_len) }?;
        Ok(handle("renewer", renewer)?.supplied()?.fail(rejected != 0, reason)?)
    })
}

/// Returns 1 if a response shows that the server rejected the service's own token. Then call
/// bouncer_renewer_reject(). Two responses count as such a rejection:
///
/// - HTTP status 401, if WWW-Authenticate is absent (NULL), empty, or names the scheme "acsjwt",
///   "oauthjwt" or "Bearer".
/// - gRPC status 16 (`grpc_status`; NULL if there is none), with any HTTP status.
///
/// Returns 0 otherwise, for example for HTTP status 403. Each text has the given length.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_is_token_rejection(
    http_status: u16,
    www_authenticate: *const c_char,
    www_authenticate_len: usize,
    grpc_status: *const c_char,
    grpc_status_len: usize,
) -> i32 {
    read(0, || {
        // SAFETY: the caller promises `www_authenticate` is readable for `www_authenticate_len`
        // bytes.
        let challenge = unsafe { maybe_text(www_authenticate, www_authenticate_len) };
        // SAFETY: the caller promises `grpc_status` is readable for `grpc_status_len` bytes.
        let grpc = unsafe { maybe_text(grpc_status, grpc_status_len) };
        i32::from(crate::is_token_rejection(http_status, challenge, grpc))
    })
}

/// Returns the text at `data`, or `None` if `data` is NULL. If the bytes are not UTF-8, returns a
/// replacement text, which is not empty and names no scheme.
///
/// # Safety
/// The contract of [`text`].
unsafe fn maybe_text<'a>(data: *const c_char, len: usize) -> Option<&'a str> {
    if data.is_null() {
        return None;
    }
    // SAFETY: the caller meets the contract of [`text`].
    Some(unsafe { text("text", data.cast(), len) }.unwrap_or("\u{fffd}"))
}

/// Closes the renewer. Cancels a login in flight and removes the token. Waits at most one second
/// for the thread of that login to end. The thread that serves all key sets and renewers ends with
/// the last of them. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_close(renewer: Option<&bouncer_renewer>) {
    read((), || {
        if let Some(renewer) = renewer {
            renewer.renewer.close();
        }
    });
}

/// Frees a renewer after closing it as bouncer_renewer_close() does. Tokens that it returned stay
/// valid. No other thread may be in a call with this renewer. If a thread waits in
/// bouncer_renewer_wait_login(), close the renewer first. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_free(renewer: Option<Box<bouncer_renewer>>) {
    read((), || drop(renewer));
}
