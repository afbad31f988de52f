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

/// An issuer's key set that a background thread fetches from a URL and refreshes. It follows key
/// rotations and survives outages. Any number of threads may use it. Create one for each issuer and
/// keep it: each has its own rate limits and requests. One thread serves all of them.
///
/// A verification whose key is cached takes no lock and never waits for the network. Keys are
/// refreshed after 70 to 80 % of their lifetime. If refreshes fail, the cached keys stay in use
/// until "max_stale" has passed since the issuer last confirmed them. After that, verifications
/// fail with BOUNCER_STATUS_KEYS_UNAVAILABLE.
///
/// A token with an unknown "kid" may cause a fetch. The limit is a burst of two fetches, then one
/// per "refetch_interval". A token without "kid" may cause a fetch if no key verifies it. A token
/// with a known "kid" may cause a fetch if the key with that "kid" does not verify it. For these
/// two kinds of tokens the limit is one fetch per "refetch_interval_without_kid". If a fetch that a
/// token caused fails or does not end in time, the verification fails with
/// BOUNCER_STATUS_KEYS_UNAVAILABLE.
///
/// A forked child may use the handle: it starts its own threads when it first needs them. All
/// threads of this library block all signals, so the program's signal handlers never run on them.
pub struct bouncer_remote_jwks(pub(super) RemoteJwkSet);

/// Creates a remote key set from `settings`, which must have the kind BOUNCER_KIND_KEYS. The
/// settings are copied. The first fetch starts at once in the background, unless "lazy" is set.
///
/// On success puts the key set in `*out`; free it with bouncer_remote_jwks_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT if a setting is invalid. BOUNCER_STATUS_MALFORMED_JWK_SET or
/// BOUNCER_STATUS_NO_USABLE_KEY if the document in "seed" is rejected.
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

/// Waits up to `timeout_ms` milliseconds for usable keys. Returns sooner if the metadata contains
/// another issuer.
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

/// Returns 0 if waiting for keys does not help: the key set is closed, or the metadata contains
/// another issuer. Also returns 0 if `remote` is NULL. Otherwise returns 1. For event loops, which
/// wait with a bouncer_watch in place of bouncer_remote_jwks_wait_ready().
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_may_become_ready(remote: Option<&bouncer_remote_jwks>) -> i32 {
    read(0, || remote.map_or(0, |remote| i32::from(remote.0.may_become_ready())))
}

/// Returns a snapshot of the keys in use, for bouncer_verify_token() or for inspection. A later
/// fetch does not change it.
///
/// On success puts the keys in `*out`; free them with bouncer_jwks_free(). On failure:
/// BOUNCER_STATUS_KEYS_UNAVAILABLE.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_current(
    remote: Option<&bouncer_remote_jwks>,
    out: Option<&mut MaybeUninit<*mut bouncer_jwks>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(handle("remote", remote)?.0.current()?.into()))
}

/// Fetches the keys now and waits up to `timeout_ms` milliseconds for the fetch to end. Concurrent
/// callers share one fetch. No rate limit applies, so call this function for operator commands,
/// never for each request.
///
/// On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE, with the cause in the message. The keys in use stay
/// in use.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_refresh(
    remote: Option<&bouncer_remote_jwks>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let keys = &handle("remote", remote)?.0;
        let describe = |error| Failure::Fetch(ErrorKind::KeysUnavailable, keys.describe(&error));
        keys.refresh(milliseconds(timeout_ms)).map_err(describe)
    })
}

/// Waits up to `timeout_ms` milliseconds for the fetch of `ticket`, which
/// bouncer_verifier_verify_now() returned. Returns 1 if the fetch has ended, or if the key set is
/// closed. Returns 0 on timeout, if `ticket` is 0, or if `remote` is NULL. Only a value that this
/// library returned is a valid ticket.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_wait(
    remote: Option<&bouncer_remote_jwks>,
    ticket: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(remote?.0.wait(Ticket::from_bits(ticket)?, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Waits up to `timeout_ms` milliseconds until the total number of ended fetches
/// (BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL) is at least `attempts`. For programs that monitor the key
/// set. Returns 1 if the number is reached. Returns 0 on timeout, if the key set is closed, or if
/// `remote` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_wait_attempts(
    remote: Option<&bouncer_remote_jwks>,
    attempts: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(remote?.0.wait_attempts(attempts, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Returns the generation of the keys: 0 before the first keys; each change of the keys adds 1. A
/// program that derives data from the keys can cache it by generation. Returns 0 if `remote` is
/// NULL. For all other state see bouncer_remote_jwks_stats().
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_generation(remote: Option<&bouncer_remote_jwks>) -> u64 {
    read(0, || remote.map_or(0, |remote| remote.0.generation()))
}

/// Closes the key set, also for all verifiers that use it. Cancels a fetch in flight and removes
/// the keys. Waits at most one second for the thread of that fetch to end. The thread that serves
/// all key sets and renewers ends with the last of them. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_close(remote: Option<&bouncer_remote_jwks>) {
    read((), || {
        if let Some(remote) = remote {
            remote.0.close();
        }
    });
}

/// Frees a remote key set. Verifiers that use it keep working. The key set is closed when this
/// handle and all those verifiers are freed. The last of these calls waits as
/// bouncer_remote_jwks_close() does. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_free(remote: Option<Box<bouncer_remote_jwks>>) {
    read((), || drop(remote));
}
