//! What a token renewer is doing.

use super::boundary::read;
use super::text::bouncer_str;
use crate::TokenRenewerStatus;
use std::mem::MaybeUninit;
use std::time::UNIX_EPOCH;

/// A snapshot of a token renewer, for metrics, logs and health checks. Immutable; any number of threads may read it.
/// Texts are valid as long as it is.
pub struct bouncer_renewal_status {
    status: TokenRenewerStatus,
    last_error: Option<String>,
}

impl From<TokenRenewerStatus> for bouncer_renewal_status {
    fn from(status: TokenRenewerStatus) -> Self {
        let last_error = status.last_error.as_ref().map(ToString::to_string);
        Self { status, last_error }
    }
}

fn text_of(
    status: Option<&bouncer_renewal_status>,
    get: impl Fn(&bouncer_renewal_status) -> Option<&str>,
) -> bouncer_str {
    read(bouncer_str::NONE, || status.and_then(get).into())
}

fn number_of(status: Option<&bouncer_renewal_status>, get: impl Fn(&TokenRenewerStatus) -> u64) -> u64 {
    read(0, || status.map_or(0, |status| get(&status.status)))
}

fn maybe_number_of(
    status: Option<&bouncer_renewal_status>,
    out: Option<&mut MaybeUninit<i64>>,
    get: impl Fn(&TokenRenewerStatus) -> Option<i64>,
) -> i32 {
    read(0, || match (status.and_then(|status| get(&status.status)), out) {
        (Some(number), Some(out)) => {
            out.write(number);
            1
        }
        _ => 0,
    })
}

/// In how many milliseconds the token in use expires: gives 1 and puts them in `*milliseconds`; gives 0 and leaves it
/// alone if there is none, or it does not expire, or an argument is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_expires_in_ms(
    status: Option<&bouncer_renewal_status>,
    milliseconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    maybe_number_of(status, milliseconds, |status| i64::try_from(status.expires_in?.as_millis()).ok())
}

/// When the latest failure was: gives 1 and puts the seconds since 1970-01-01T00:00:00Z in `*seconds`; gives 0 and leaves
/// it alone if there is none or an argument is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_last_error_at(
    status: Option<&bouncer_renewal_status>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    maybe_number_of(status, seconds, |status| {
        Some(status.last_error_at?.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64)
    })
}

/// Where tokens come from.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_source(status: Option<&bouncer_renewal_status>) -> bouncer_str {
    text_of(status, |status| Some(status.status.source.as_str()))
}

/// "empty": none yet; "valid"; "expiring" within seconds, and not renewed yet; "expired"; "closed". Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_state(status: Option<&bouncer_renewal_status>) -> bouncer_str {
    text_of(status, |status| Some(status.status.state.as_str()))
}

/// 0 before the first token, and one more with each.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_generation(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.generation)
}

/// The latest failure, in a few words for a log, even if a login has succeeded since. No text if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_last_error(status: Option<&bouncer_renewal_status>) -> bouncer_str {
    text_of(status, |status| status.last_error.as_deref())
}

/// The same as a stable name: those of bouncer_remote_status_last_error_name(), and "rejected", "refused" and
/// "credentials". No text if there is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_last_error_name(
    status: Option<&bouncer_renewal_status>,
) -> bouncer_str {
    text_of(status, |status| Some(status.status.last_error.as_ref()?.failure().as_str()))
}

/// Logins that failed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_failures(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.failures)
}

/// Scheduled logins that failed since the last success.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_failures_in_row(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| u64::from(status.failures_in_row))
}

/// In how many milliseconds the next login is due, if no rejection causes one before.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_next_attempt_ms(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.next_attempt.as_millis() as u64)
}

/// Logins tried. Counts are this process's alone.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_attempts(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.attempts)
}

/// Logins begun because their time had come, or there was no token.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_scheduled(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.scheduled)
}

/// Logins begun because the one before failed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_retries(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.retries)
}

/// Logins begun because a server did not accept the token.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_rejections(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.rejections)
}

/// Logins that the program asked for.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_requested(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.requested)
}

/// Rejections that caused no login, because their budget was spent.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_suppressed(status: Option<&bouncer_renewal_status>) -> u64 {
    number_of(status, |status| status.suppressed)
}

/// Frees a snapshot. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewal_status_free(status: Option<Box<bouncer_renewal_status>>) {
    read((), || drop(status));
}
