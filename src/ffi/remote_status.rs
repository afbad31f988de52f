//! What a remote key set is doing.

use super::boundary::read;
use super::text::bouncer_str;
use crate::RemoteJwkSetStatus;
use std::mem::MaybeUninit;
use std::time::{SystemTime, UNIX_EPOCH};

/// A snapshot of a remote key set, for metrics, logs and health checks. Immutable; any number of threads may read
/// it. Texts are valid as long as it is.
pub struct bouncer_remote_status {
    status: RemoteJwkSetStatus,
    last_error: Option<String>,
    last_good_error: Option<String>,
}

impl From<RemoteJwkSetStatus> for bouncer_remote_status {
    fn from(status: RemoteJwkSetStatus) -> Self {
        let last_error = status.last_error.as_ref().map(ToString::to_string);
        let last_good_error = status.last_good_error.as_ref().map(ToString::to_string);
        Self { status, last_error, last_good_error }
    }
}

fn text_of(
    status: Option<&bouncer_remote_status>,
    get: impl Fn(&bouncer_remote_status) -> Option<&str>,
) -> bouncer_str {
    read(bouncer_str::NONE, || status.and_then(get).into())
}

fn number_of(status: Option<&bouncer_remote_status>, get: impl Fn(&RemoteJwkSetStatus) -> u64) -> u64 {
    read(0, || status.map_or(0, |status| get(&status.status)))
}

fn time_of(
    status: Option<&bouncer_remote_status>,
    seconds: Option<&mut MaybeUninit<i64>>,
    get: impl Fn(&RemoteJwkSetStatus) -> Option<SystemTime>,
) -> i32 {
    read(0, || match (status.and_then(|status| get(&status.status)), seconds) {
        (Some(time), Some(seconds)) => {
            seconds.write(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64);
            1
        }
        _ => 0,
    })
}

/// The URL, without its query, or the issuer.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_source(status: Option<&bouncer_remote_status>) -> bouncer_str {
    text_of(status, |status| Some(status.status.source.as_str()))
}

/// "empty": no keys yet; "fresh"; "stale": in use, though they should have been confirmed by now, or come from a
/// seed or a file; "too_old" to be used; "closed". Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_state(status: Option<&bouncer_remote_status>) -> bouncer_str {
    text_of(status, |status| Some(status.status.state.as_str()))
}

/// 0 before the first keys, and one more with each change of them: what is derived from the keys is good for one
/// generation.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_generation(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.generation)
}

/// SHA-256 of the document in use, in hex. No text if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_sha256(status: Option<&bouncer_remote_status>) -> bouncer_str {
    text_of(status, |status| status.status.sha256.as_deref())
}

/// The number of usable keys.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_usable_keys(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.usable_keys as u64)
}

/// The number of keys that cannot be used.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_skipped_keys(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.skipped_keys as u64)
}

/// When the issuer last confirmed the keys in use: none for keys from a seed. Gives 1 and puts the seconds since
/// 1970-01-01T00:00:00Z in `*seconds`; gives 0 and leaves it alone if there is none or an argument is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_last_success(
    status: Option<&bouncer_remote_status>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(status, seconds, |status| status.last_success)
}

/// The latest failure, in a few words for a log, even if an attempt has succeeded since. No text if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_last_error(status: Option<&bouncer_remote_status>) -> bouncer_str {
    text_of(status, |status| status.last_error.as_deref())
}

/// The same as a stable name: "connect", "timeout", "tls", "protocol", "status", "redirect", "too_large",
/// "document", "issuer", "system" or "other". Static. No text if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_last_error_name(
    status: Option<&bouncer_remote_status>,
) -> bouncer_str {
    text_of(status, |status| Some(status.status.last_error.as_ref()?.failure().as_str()))
}

/// When that was. Gives 1 and puts the seconds since
/// 1970-01-01T00:00:00Z in `*seconds`; gives 0 and leaves it alone if there is none or an argument is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_last_error_at(
    status: Option<&bouncer_remote_status>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(status, seconds, |status| status.last_error_at)
}

/// Why the last-good file could not be read or written. No text if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_last_good_error(
    status: Option<&bouncer_remote_status>,
) -> bouncer_str {
    text_of(status, |status| status.last_good_error.as_deref())
}

/// Attempts that failed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_failures(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.failures)
}

/// Scheduled attempts that failed since the last success.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_failures_in_row(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| u64::from(status.failures_in_row))
}

/// In how many milliseconds the next attempt is due, if no token causes one before.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_next_attempt_ms(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.next_attempt.as_millis() as u64)
}

/// Attempts done. Counts are this process's alone.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_attempts(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.attempts)
}

/// Attempts begun because their time had come.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_scheduled(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.scheduled)
}

/// Attempts begun because the one before failed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_retries(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.retries)
}

/// Attempts begun because of a token whose "kid" was unknown.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_unknown_kid(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.unknown_kid)
}

/// Attempts begun because of a token without "kid" that no key verified.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_without_kid(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.without_kid)
}

/// Attempts that the program asked for.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_requested(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.requested)
}

/// Tokens that lacked a key and caused no attempt: their "kid" was known to be absent, or a budget was spent.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_suppressed(status: Option<&bouncer_remote_status>) -> u64 {
    number_of(status, |status| status.suppressed)
}

/// Frees a snapshot. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_status_free(status: Option<Box<bouncer_remote_status>>) {
    read((), || drop(status));
}
