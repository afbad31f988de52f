//! The remote key set.

use super::boundary::{act, call, handle, milliseconds};
use super::error::bouncer_error;
use super::failure::Failure;
use super::jwks::bouncer_jwks;
use super::panic::read;
use super::settings::bouncer_settings;
use super::status::bouncer_status;
use crate::{ErrorKind, RemoteJwkSet, RemoteJwkSetBuilder, Ticket};
use std::mem::MaybeUninit;

/// An issuer's key set. A background thread fetches it from its URL and keeps it fresh, through key
/// rotations and outages. Any number of threads may use it. Make one for each issuer and keep it:
/// each has a thread, rate limits and requests of its own.
///
/// A verification whose key is present takes no lock and never waits for the network. Keys are
/// fetched again at 70 to 80 % of their lifetime. If that fails, the old ones are used for
/// "max_stale", and then the status is BOUNCER_STATUS_KEYS_UNAVAILABLE.
///
/// A token with an unknown "kid" may cause a fetch: two at once, then one in "refetch_interval". So
/// may a token without "kid" that no key verifies, or whose key does not verify it: one in
/// "refetch_interval_without_kid". If that fetch fails, or is not over in time, the status is
/// BOUNCER_STATUS_KEYS_UNAVAILABLE too.
///
/// A forked child may use the handle: it starts a thread of its own when it first needs one. All
/// threads of this library block all signals, so the program's signal handlers never run on them.
pub struct bouncer_remote_jwks(pub(super) RemoteJwkSet);

/// Makes a remote key set of settings of BOUNCER_KIND_KEYS, which are copied. Unless "lazy" is set,
/// the first fetch begins at once in the background.
///
/// On success puts the key set in `*out`; free it with bouncer_remote_jwks_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT for a setting. BOUNCER_STATUS_MALFORMED_JWK_SET or
/// BOUNCER_STATUS_NO_USABLE_KEY for the seed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_new(
    settings: Option<&bouncer_settings>,
    out: Option<&mut MaybeUninit<*mut bouncer_remote_jwks>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let builder = RemoteJwkSetBuilder::from_settings(super::settings::of(settings)?)?;
        Ok(bouncer_remote_jwks(builder.build()?))
    })
}

/// Waits up to `timeout_ms` milliseconds until there are usable keys.
///
/// On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_wait_ready(
    remote: Option<&bouncer_remote_jwks>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || Ok(handle("remote", remote)?.0.wait_ready(milliseconds(timeout_ms))?))
}

/// Returns the keys in use, for bouncer_verify_token() or for inspection. A later fetch does not
/// change them.
///
/// On success puts them in `*out`; free them with bouncer_jwks_free(). On failure:
/// BOUNCER_STATUS_KEYS_UNAVAILABLE.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_current(
    remote: Option<&bouncer_remote_jwks>,
    out: Option<&mut MaybeUninit<*mut bouncer_jwks>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(handle("remote", remote)?.0.current()?.into()))
}

/// Fetches the keys now and waits for it up to `timeout_ms` milliseconds. Several callers share one
/// fetch. For operators, not for requests: nothing limits how often it fetches.
///
/// On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE, with the reason in the message. The keys in use
/// stay.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_refresh(
    remote: Option<&bouncer_remote_jwks>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let refreshed = handle("remote", remote)?.0.refresh(milliseconds(timeout_ms));
        refreshed.map_err(|error| Failure::Fetch(ErrorKind::KeysUnavailable, error))
    })
}

/// Waits up to `timeout_ms` milliseconds for the fetch of `ticket`, which
/// bouncer_verifier_verify_now() returned. Returns 1 if it is over. Returns 0 if it is not, if it
/// never will be, or if `remote` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_wait(
    remote: Option<&bouncer_remote_jwks>,
    ticket: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(remote?.0.wait(Ticket::from_bits(ticket)?, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Waits up to `timeout_ms` milliseconds until `attempts` fetches are over
/// (BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL). For programs that watch the key set. Returns 1 if they are.
/// Returns 0 if they are not, if they never will be, or if `remote` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_wait_attempts(
    remote: Option<&bouncer_remote_jwks>,
    attempts: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(remote?.0.wait_attempts(attempts, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Returns the generation of the keys: 0 before the first keys, then one more with each change.
/// What a program derives from the keys is valid for one generation. Returns 0 if `remote` is NULL.
/// bouncer_remote_jwks_stats() returns everything else.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_generation(remote: Option<&bouncer_remote_jwks>) -> u64 {
    read(0, || remote.map_or(0, |remote| remote.0.generation()))
}

/// Closes the key set, for all verifiers made of it too. It cancels a fetch in flight and ends the
/// thread; from then on there are no keys. Returns when the thread has ended, after one second at
/// most. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_close(remote: Option<&bouncer_remote_jwks>) {
    read((), || {
        if let Some(remote) = remote {
            remote.0.close();
        }
    });
}

/// Frees a remote key set. Verifiers made of it keep working. The thread ends when the last of them
/// is freed; that call waits as bouncer_remote_jwks_close() does. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_free(remote: Option<Box<bouncer_remote_jwks>>) {
    read((), || drop(remote));
}
