//! The token renewer.

use super::boundary::{Failure, act, call, handle, milliseconds, read, text};
use super::error::bouncer_error;
use super::own_token::bouncer_own_token;
use super::settings::bouncer_settings;
use super::status::bouncer_status;
use super::supplied_tokens::SuppliedTokens;
use crate::{Error, ErrorKind, OwnToken, Result, Ticket, TokenRenewer, TokenRenewerBuilder};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

/// Keeps the service's own token valid: logs in, hands the token out without latency, renews it before it expires, in a
/// thread of its own, and again when a server does not accept it. Any number of threads may use it. Make one for each
/// account and keep it.
///
/// The token is renewed at 70 to 80 % of the life that it says itself. A renewal that fails displaces nothing: it is
/// tried again with growing pauses, and the token in use is used up to its expiry.
///
/// After fork() the child's handle works and gets a thread of its own when it needs one, but not where the program
/// supplies the tokens.
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

/// Makes a renewer of settings of BOUNCER_KIND_RENEWER, which are copied. Unless "lazy" is set the first login begins at
/// once, in the background.
///
/// On success puts the renewer in `*out`; free it with bouncer_renewer_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, a setting; BOUNCER_STATUS_UNUSABLE_CREDENTIALS, a secret or its file.
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

/// A valid token. It waits where there is none and one may come soon, 10 seconds at most unless set otherwise, and in the
/// last seconds of one for its renewal; in an outage, not at all.
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

/// As bouncer_renewer_token() without ever waiting, for callers that must not block a thread.
///
/// `*ticket` is 0 at first. If it is not 0 afterwards, there may be a better answer once that login is over: wait for it on
/// some thread (bouncer_renewer_wait()) and call again with it. If it is 0, the answer is final. A call before that login is
/// over returns the final answer.
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

/// A server did not accept the token of `token_len` bytes at `token` (bouncer_is_token_rejection()): gives another. If
/// there is a newer one already, that is it. Otherwise one login serves all that ask; there is one at once and then one in
/// 30 seconds at most. Until it succeeds the token stays in use for others.
///
/// On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
/// BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, the operator has to act;
/// BOUNCER_STATUS_LOGIN_UNAVAILABLE also if
/// there is no newer one.
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

/// As bouncer_renewer_reject() without ever waiting; `ticket` is as for bouncer_renewer_token_now().
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

/// Waits up to `timeout_ms` milliseconds for the login that `ticket` stands for. Gives 1 if it is done, 0 if it is not, or
/// will not be, or `renewer` is NULL.
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
/// (BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL), for programs that watch them. Returns 1 if they are, 0 if not
/// or if `renewer` is NULL or closed.
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
/// On failure: as bouncer_renewer_token(), at once where waiting does not mend it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_ready(
    renewer: Option<&bouncer_renewer>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || Ok(handle("renewer", renewer)?.renewer.wait_ready(milliseconds(timeout_ms))?))
}

/// Logs in now and waits for it up to `timeout_ms` milliseconds; several callers share one login. For operators, not for
/// the way of a request: nothing limits how often.
///
/// On failure, as of bouncer_renewer_token() with the reason in the message, the token in use stays.
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

/// Where the program supplies the tokens: waits up to `timeout_ms` milliseconds until one is wanted. Gives 1 if so; 0 if
/// not, or the renewer is closed, or logs in by itself, or is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_wait_login(renewer: Option<&bouncer_renewer>, timeout_ms: u64) -> i32 {
    let wanted = || Some(renewer?.supplied().ok()?.wait(milliseconds(timeout_ms)));
    read(0, || i32::from(wanted() == Some(true)))
}

/// Supplies the token that is wanted: of `token_len` bytes at `token`, copied. It lives for `lifetime_s` seconds from now,
/// or, if that is negative, as long as it says itself: a JWT up to its "exp", another for ever.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT, the renewer logs in by itself, no token is wanted, or it is not UTF-8,
/// and then one is still wanted. A token that cannot stand in a header is a login that failed.
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

/// Tells that the token that is wanted cannot be had now. `rejected` is not 0: the login was refused, so trying again soon
/// is of no use. `reason` goes to logs and must hold no secret; UTF-8.
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

/// Whether an answer to a request with the own token says that the token was not accepted, so that
/// bouncer_renewer_reject() is worth a call. Gives 1 for HTTP status 401 whose WWW-Authenticate is absent (NULL), empty, or
/// asks for "acsjwt", "oauthjwt" or "Bearer", and for status 16 of gRPC (`grpc_status`, NULL if there is none); 0
/// otherwise, and always for 403. Each text is of the length given.
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

/// Ends it: a login under way is cut off, the thread ends, and from now on there is no token. It returns when the thread
/// has ended, after one second at most. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_close(renewer: Option<&bouncer_renewer>) {
    read((), || {
        if let Some(renewer) = renewer {
            renewer.renewer.close();
        }
    });
}

/// Frees a renewer, and ends it as bouncer_renewer_close() does. Tokens that it gave stay. No thread may be in a call with it: where one waits in
/// bouncer_renewer_wait_login(), close first. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_free(renewer: Option<Box<bouncer_renewer>>) {
    read((), || drop(renewer));
}
