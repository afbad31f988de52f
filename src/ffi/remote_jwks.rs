//! The remote key set.

use super::boundary::{Failure, act, call, handle, milliseconds, read};
use super::error::bouncer_error;
use super::jwks::bouncer_jwks;
use super::settings::bouncer_settings;
use super::status::bouncer_status;
use crate::{ErrorKind, RemoteJwkSet, RemoteJwkSetBuilder, Ticket};
use std::mem::MaybeUninit;

/// An issuer's key set, fetched from its URL and kept fresh by a thread of its own, through rotations and
/// outages. Any number of threads may use it. Make one for each issuer and keep it: each that is made has a
/// thread, a budget and requests of its own.
///
/// A verification whose key is there takes no lock and never waits for the network. Keys are fetched again
/// at 70 to 80 % of their lifetime; if that fails, the old ones are used up to a bound, then
/// BOUNCER_STATUS_KEYS_UNAVAILABLE. A token of unknown "kid" may cause a fetch, two at once and one in 10
/// seconds; a token without "kid" that no key verifies, or with a wrong signature under the key of its "kid", one in five
/// minutes. Where that fetch fails or is not over in time, it is BOUNCER_STATUS_KEYS_UNAVAILABLE too.
///
/// After fork() the child's handle works and gets a thread of its own when it needs one. All threads of this library have
/// all signals blocked: the program's handlers never run on them, and they take no signal that it waits for.
pub struct bouncer_remote_jwks(pub(super) RemoteJwkSet);

/// Makes a remote key set of settings of BOUNCER_KIND_KEYS, which are copied. Unless "lazy" is set the first fetch begins at
/// once, in the background.
///
/// On success puts the key set in `*out`; free it with bouncer_remote_jwks_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, a setting; BOUNCER_STATUS_MALFORMED_JWK_SET or BOUNCER_STATUS_NO_USABLE_KEY,
/// the seed.
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

/// Waits up to `timeout_ms` milliseconds until there are keys to judge with.
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

/// The keys in use, for bouncer_verify_token() and for looking at them. They stay as they are when newer ones
/// come.
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

/// Fetches the keys now and waits for it up to `timeout_ms` milliseconds; several callers share one fetch. For
/// operators, not for the way of a request: nothing limits how often.
///
/// On failure, BOUNCER_STATUS_KEYS_UNAVAILABLE with the reason in the message, the keys in use stay.
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

/// Waits up to `timeout_ms` milliseconds for the fetch that `ticket` of bouncer_verifier_verify_now() stands for.
/// Gives 1 if it is done, 0 if it is not, or will not be, or `remote` is NULL.
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
/// (BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL), for programs that watch them. Returns 1 if they are, 0 if not or
/// if `remote` is NULL or closed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_wait_attempts(
    remote: Option<&bouncer_remote_jwks>,
    attempts: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(remote?.0.wait_attempts(attempts, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// 0 before the first keys, and one more with each change of them. What is derived from the keys is good
/// for one generation. 0 also if `remote` is NULL. bouncer_remote_jwks_stats() says everything else.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_generation(remote: Option<&bouncer_remote_jwks>) -> u64 {
    read(0, || remote.map_or(0, |remote| remote.0.status().generation))
}

/// Ends it, for all verifiers made of it too: a fetch under way is cut off, the thread ends, and from now on there
/// are no keys. It returns when the thread has ended, after one second at most. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_close(remote: Option<&bouncer_remote_jwks>) {
    read((), || {
        if let Some(remote) = remote {
            remote.0.close();
        }
    });
}

/// Frees a remote key set. Verifiers made of it go on working, and its thread ends with the last: whoever frees that waits
/// as for bouncer_remote_jwks_close(). NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_free(remote: Option<Box<bouncer_remote_jwks>>) {
    read((), || drop(remote));
}
