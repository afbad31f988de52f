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

/// Keeps the service's own token valid. A background thread logs in and renews the token before it
/// expires, and again when a server rejects it. Any number of threads may use the renewer. Make one
/// for each account and keep it.
///
/// The token is renewed at 70 to 80 % of its lifetime. A renewal that fails is retried with
/// back-off; the token in use stays in use until it expires.
///
/// A forked child may use the handle: it starts a thread of its own when it first needs one. It
/// cannot where the program supplies the tokens.
pub struct bouncer_renewer {
    pub(super) renewer: TokenRenewer,
    supplied: Option<Arc<SuppliedTokens>>,
}

impl bouncer_renewer {
    fn supplied(&self) -> Result<&SuppliedTokens, Failure> {
        let wrong = Error::new(ErrorKind::InvalidArgument, "the renewer logs in by itself");
        Ok(self.supplied.as_deref().ok_or(wrong)?)
    }
}

/// Makes a renewer of settings of BOUNCER_KIND_RENEWER, which are copied. Unless "lazy" is set, the
/// first login begins at once in the background.
///
/// On success puts the renewer in `*out`; free it with bouncer_renewer_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT for a setting, BOUNCER_STATUS_UNUSABLE_CREDENTIALS for a secret,
/// a key or its file.
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

/// Returns a valid token. Waits up to "max_wait" where there is none and a login may bring one
/// soon, and in the last seconds of the token in use. In an outage it does not wait.
///
/// On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
/// BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, the operator has to act;
/// BOUNCER_STATUS_LOGIN_UNAVAILABLE.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_token(
    renewer: Option<&bouncer_renewer>,
    out: Option<&mut MaybeUninit<*mut bouncer_own_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(handle("renewer", renewer)?.renewer.token()?.into()))
}

/// Returns a token as bouncer_renewer_token() does, but never waits. For callers that must not
/// block a thread.
///
/// `*ticket` is 0 at first. If it is 0 afterwards, the answer is final. Otherwise a login in flight
/// may bring a better answer: wait for it on a thread that may block (bouncer_renewer_wait()), then
/// call again with the same `ticket`. A call before that login is over returns the final answer.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_token_now(
    renewer: Option<&bouncer_renewer>,
    mut ticket: Option<&mut u64>,
    out: Option<&mut MaybeUninit<*mut bouncer_own_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    // Taken before anything can fail: where nothing is asked there is nothing to wait for.
    let mut login = taken(ticket.as_deref_mut());
    call(out, err, || {
        let renewer = handle("renewer", renewer)?;
        let ticket = handle("ticket", ticket)?;
        answered(renewer.renewer.token_now(&mut login), login, ticket)
    })
}

/// Tells that a server rejected the token of `token_len` bytes at `token`
/// (bouncer_is_token_rejection()), and returns another one. If there is a newer token already, it
/// is that one. Otherwise one login serves all callers: one at once, then at most one in 30
/// seconds. Until it succeeds, other callers still get the rejected token.
///
/// On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
/// BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, the operator has to act;
/// BOUNCER_STATUS_LOGIN_UNAVAILABLE, also if there is no newer token.
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

/// Works as bouncer_renewer_reject() does, but never waits. `ticket` is used as in
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
    // Taken before anything can fail: where nothing is asked there is nothing to wait for.
    let mut login = taken(ticket.as_deref_mut());
    call(out, err, || {
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { text("token", token.cast(), token_len) }?;
        let renewer = handle("renewer", renewer)?;
        let ticket = handle("ticket", ticket)?;
        answered(renewer.renewer.reject_now(token, &mut login), login, ticket)
    })
}

fn taken(ticket: Option<&mut u64>) -> Option<Ticket> {
    Ticket::from_bits(std::mem::take(ticket?))
}

fn answered(
    answer: Result<OwnToken>,
    login: Option<Ticket>,
    ticket: &mut u64,
) -> Result<bouncer_own_token, Failure> {
    *ticket = login.map_or(0, Ticket::to_bits);
    Ok(answer?.into())
}

/// Waits up to `timeout_ms` milliseconds for the login of `ticket`. Returns 1 if it is over.
/// Returns 0 if it is not, if it never will be, or if `renewer` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait(
    renewer: Option<&bouncer_renewer>,
    ticket: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(renewer?.renewer.wait(Ticket::from_bits(ticket)?, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Waits up to `timeout_ms` milliseconds until `attempts` logins are over
/// (BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL). For programs that watch the renewer. Returns 1 if they
/// are. Returns 0 if they are not, if they never will be, or if `renewer` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_attempts(
    renewer: Option<&bouncer_renewer>,
    attempts: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(renewer?.renewer.wait_attempts(attempts, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Waits up to `timeout_ms` milliseconds until there is a valid token.
///
/// On failure: as bouncer_renewer_token(). Returns at once where waiting cannot help.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_ready(
    renewer: Option<&bouncer_renewer>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || Ok(handle("renewer", renewer)?.renewer.wait_ready(milliseconds(timeout_ms))?))
}

/// Logs in now and waits for it up to `timeout_ms` milliseconds. Several callers share one login.
/// For operators, not for requests: nothing limits how often it logs in.
///
/// On failure: as bouncer_renewer_token(), with the reason in the message. The token in use stays.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_renew(
    renewer: Option<&bouncer_renewer>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let renewed = handle("renewer", renewer)?.renewer.renew(milliseconds(timeout_ms));
        renewed.map_err(|error| Failure::Fetch(error.login_kind(), error))
    })
}

/// Waits up to `timeout_ms` milliseconds until the program has to supply a token ("supplied").
/// Returns 1 if it has to. Returns 0 if not, if the renewer is closed or logs in by itself, or if
/// it is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_login(renewer: Option<&bouncer_renewer>, timeout_ms: u64) -> i32 {
    let wanted = || Some(renewer?.supplied().ok()?.wait(milliseconds(timeout_ms)));
    read(0, || i32::from(wanted() == Some(true)))
}

/// Supplies the token that bouncer_renewer_wait_login() asked for: `token_len` bytes at `token`,
/// copied. It is valid for `lifetime_s` seconds from now. If that is negative, a JWT is valid until
/// its "exp", and another token for ever.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT, the renewer logs in by itself, needs no token, or
/// the token is not UTF-8. In the last case the renewer still waits for a token. A token that
/// cannot stand in a header counts as a failed login.
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

/// Tells that the program has no token now. `rejected` is not 0 if the login was rejected: retrying
/// soon is then of no use. `reason` goes to logs and must hold no secret; UTF-8.
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

/// Returns 1 if an answer to a request with the own token says that the server rejected it, so that
/// bouncer_renewer_reject() can help. That is HTTP status 401, if WWW-Authenticate is absent
/// (NULL), empty, or asks for "acsjwt", "oauthjwt" or "Bearer"; and status 16 of gRPC
/// (`grpc_status`, NULL if there is none). Returns 0 otherwise, and always for HTTP status 403.
/// Each text is of the length given.
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
        // SAFETY: the caller promises `www_authenticate` is readable for `www_authenticate_len` bytes.
        let challenge = unsafe { maybe_text(www_authenticate, www_authenticate_len) };
        // SAFETY: the caller promises `grpc_status` is readable for `grpc_status_len` bytes.
        let grpc = unsafe { maybe_text(grpc_status, grpc_status_len) };
        i32::from(crate::is_token_rejection(http_status, challenge, grpc))
    })
}

/// A text that may be absent. One that is not UTF-8 is there, is not empty, and asks for nothing.
///
/// # Safety
/// As [`text`].
unsafe fn maybe_text<'a>(data: *const c_char, len: usize) -> Option<&'a str> {
    if data.is_null() {
        return None;
    }
    // SAFETY: the caller's promise is the same.
    Some(unsafe { text("text", data.cast(), len) }.unwrap_or("\u{fffd}"))
}

/// Closes the renewer. It cancels a login in flight and ends the thread; from then on there is no
/// token. Returns when the thread has ended, after one second at most. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_close(renewer: Option<&bouncer_renewer>) {
    read((), || {
        if let Some(renewer) = renewer {
            renewer.renewer.close();
        }
    });
}

/// Frees a renewer, and closes it as bouncer_renewer_close() does. Tokens that it returned stay
/// valid. No thread may be in a call with it: if one waits in bouncer_renewer_wait_login(), close
/// it first. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_free(renewer: Option<Box<bouncer_renewer>>) {
    read((), || drop(renewer));
}
