//! The descriptor that wakes up an event loop.

use super::boundary::{call, handle};
use super::error::bouncer_error;
use super::failure::Failure;
use super::panic::read;
use super::remote_jwks::bouncer_remote_jwks;
use super::renewer::bouncer_renewer;
use super::status::bouncer_status;
use super::verifier::bouncer_verifier;
use crate::Watch;
use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;

/// A file descriptor that wakes up an event loop after each fetch of keys, or after each login of a
/// renewer. The loop needs no thread that waits.
///
/// The descriptor is an eventfd, non-blocking and close-on-exec. It becomes readable after each
/// attempt, successful or not, and when the key set or renewer is closed. The watch of a verifier
/// also becomes readable after bouncer_verifier_reload(). The descriptor stays readable until 8
/// bytes are read. One wakeup may be for several attempts.
///
/// 1. Create one watch for each loop, before the loop verifies its first token. Add the descriptor
///    to the loop, for reading.
/// 2. If bouncer_verifier_verify_now() returns BOUNCER_STATUS_PENDING, store the request with its
///    token and its ticket, and with a time after which it is answered in any case.
/// 3. If the descriptor is readable, read 8 bytes first. Then go through the stored requests. If
///    bouncer_verifier_wait(verifier, ticket, 0) returns 1, call bouncer_verifier_verify_now()
///    again with the same token and ticket. That call may return BOUNCER_STATUS_PENDING again.
/// 4. When the time of a request is over, make the same call: it returns a final status.
///
/// ```c
/// uint64_t count;
/// (void)!read(bouncer_watch_fd(watch), &count, sizeof count);
/// for each stored request r:
///     if (bouncer_verifier_wait(verifier, r->ticket, 0) == 1)
///         verify(r);
/// ```
///
/// In this order no attempt is missed: if it ends before the loop waits, the descriptor is readable
/// already. The library never blocks on the descriptor, even if the loop never reads it.
///
/// A watch belongs to the process that created it. After fork(), the child frees the copy of its
/// parent's watch and creates its own: the attempts of the child do not wake up the parent.
pub struct bouncer_watch(Watch);

/// Creates a watch for the fetches of `remote`.
///
/// On success puts the watch in `*out`; free it with bouncer_watch_free(). It does not keep
/// `remote` alive. On failure: BOUNCER_STATUS_SYSTEM_ERROR, for example if the process has too many
/// open files. The program can then wait with bouncer_remote_jwks_wait() on a thread.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_watch(
    remote: Option<&bouncer_remote_jwks>,
    out: Option<&mut MaybeUninit<*mut bouncer_watch>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || watch(handle("remote", remote)?.0.watch()))
}

/// Creates a watch for the fetches of all keys that `verifier` uses, also of keys that a reload
/// adds. The descriptor also becomes readable after bouncer_verifier_reload(). If the keys never
/// change and the verifier is never reloaded, it never becomes readable.
///
/// On success puts the watch in `*out`; free it with bouncer_watch_free(). It does not keep
/// `verifier` alive. On failure: as bouncer_remote_jwks_watch().
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_watch(
    verifier: Option<&bouncer_verifier>,
    out: Option<&mut MaybeUninit<*mut bouncer_watch>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || watch(handle("verifier", verifier)?.0.watch()))
}

/// Creates a watch for the logins of `renewer`. The loop uses it with bouncer_renewer_token_now(),
/// bouncer_renewer_reject_now() and bouncer_renewer_wait().
///
/// On success puts the watch in `*out`; free it with bouncer_watch_free(). It does not keep
/// `renewer` alive. On failure: as bouncer_remote_jwks_watch().
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_watch(
    renewer: Option<&bouncer_renewer>,
    out: Option<&mut MaybeUninit<*mut bouncer_watch>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || watch(handle("renewer", renewer)?.renewer.watch()))
}

/// Returns the file descriptor, or -1 if `watch` is NULL. It is valid until the watch is freed. Do
/// not close it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_watch_fd(watch: Option<&bouncer_watch>) -> c_int {
    read(-1, || watch.map_or(-1, |watch| descriptor(&watch.0)))
}

/// Frees a watch and closes its descriptor. Remove the descriptor from the loop first. The watch
/// may be freed while attempts run, and after its key set, verifier or renewer is freed. NULL is
/// allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_watch_free(watch: Option<Box<bouncer_watch>>) {
    read((), || drop(watch));
}

fn watch(result: io::Result<Watch>) -> Result<bouncer_watch, Failure> {
    result.map(bouncer_watch).map_err(|error| {
        Failure::System(format!("cannot create an eventfd: {error}: check the limit on open files"))
    })
}

#[cfg(unix)]
fn descriptor(watch: &Watch) -> c_int {
    std::os::fd::AsRawFd::as_raw_fd(watch)
}

/// No watch exists on this system.
#[cfg(not(unix))]
fn descriptor(_: &Watch) -> c_int {
    -1
}
