//! The verifier: entries that accept tokens, each with the keys of one issuer and a policy.

use super::boundary::{act, bytes, call, handle, milliseconds};
use super::error::bouncer_error;
use super::failure::Failure;
use super::jwks::bouncer_jwks;
use super::panic::read;
use super::policy::bouncer_policy;
use super::remote_jwks::bouncer_remote_jwks;
use super::settings::{self, bouncer_settings};
use super::status::bouncer_status;
use super::token::bouncer_token;
use crate::{Keys, Ticket, Verdict, Verifier};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// Verifies tokens of one issuer or of many. Any number of threads may use it.
///
/// A verifier has entries, each with the keys of one issuer and the policy for its tokens. With
/// several entries, the token's "iss" selects the entry, and decides nothing else: the token must
/// pass that entry's policy, with a signature of that entry's keys.
///
/// "iss" must be one of the "issuers" of an entry. A token without "iss" goes to the entry whose
/// policy names no issuers; only one entry may have such a policy. A token with another "iss" goes
/// to that same entry only if its policy has "any_issuer". Otherwise the status is
/// BOUNCER_STATUS_WRONG_ISSUER, and nothing is fetched.
pub struct bouncer_verifier(pub(super) Verifier);

/// Creates a verifier from `settings`, which must have the kind BOUNCER_KIND_VERIFIER. The settings
/// are copied. Remote keys are fetched in the background, at once.
///
/// ```c
/// bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_VERIFIER);
/// bouncer_settings_load(settings, document, document_len);
/// if (bouncer_verifier_new(settings, &verifier, &error) != BOUNCER_STATUS_OK) ...
/// bouncer_settings_free(settings);
/// ```
///
/// On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT if a setting is invalid; bouncer_error_claim() is then its path,
/// for example "accept[1].keys.max_stale". BOUNCER_STATUS_MALFORMED_JWK_SET or
/// BOUNCER_STATUS_NO_USABLE_KEY if a JWK Set is rejected.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_new(
    settings: Option<&bouncer_settings>,
    out: Option<&mut MaybeUninit<*mut bouncer_verifier>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(bouncer_verifier(Verifier::from_settings(settings::of(settings)?)?)))
}

/// Creates a verifier with a single entry from `jwks` and `policy`. Both may be freed afterwards.
///
/// On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
/// BOUNCER_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_new_jwks(
    jwks: Option<&bouncer_jwks>,
    policy: Option<&bouncer_policy>,
    out: Option<&mut MaybeUninit<*mut bouncer_verifier>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let jwks = Arc::clone(&handle("jwks", jwks)?.set);
        let policy = handle("policy", policy)?.0.clone();
        Ok(bouncer_verifier(Verifier::new(jwks, policy)))
    })
}

/// Creates a verifier with a single entry from `remote` and `policy`. Both may be freed afterwards.
///
/// On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
/// BOUNCER_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_new_remote(
    remote: Option<&bouncer_remote_jwks>,
    policy: Option<&bouncer_policy>,
    out: Option<&mut MaybeUninit<*mut bouncer_verifier>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let remote = handle("remote", remote)?.0.clone();
        let policy = handle("policy", policy)?.0.clone();
        Ok(bouncer_verifier(Verifier::new(remote, policy)))
    })
}

/// Appends an entry with these keys and this policy to the setting "accept" of `settings`, which
/// must have the kind BOUNCER_KIND_VERIFIER. `jwks` and `policy` may be freed afterwards.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT. The settings keep this failure.
/// BOUNCER_STATUS_NULL_ARGUMENT if `settings` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_accept_jwks(
    settings: Option<&mut bouncer_settings>,
    jwks: Option<&bouncer_jwks>,
    policy: Option<&bouncer_policy>,
) -> bouncer_status {
    accept(settings, jwks.map(|jwks| Arc::clone(&jwks.set).into()), policy)
}

/// Appends an entry with these remote keys and this policy to the setting "accept" of `settings`,
/// which must have the kind BOUNCER_KIND_VERIFIER. `remote` and `policy` may be freed afterwards.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT. The settings keep this failure.
/// BOUNCER_STATUS_NULL_ARGUMENT if `settings` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_accept_remote(
    settings: Option<&mut bouncer_settings>,
    remote: Option<&bouncer_remote_jwks>,
    policy: Option<&bouncer_policy>,
) -> bouncer_status {
    accept(settings, remote.map(|remote| remote.0.clone().into()), policy)
}

fn accept(
    settings: Option<&mut bouncer_settings>,
    keys: Option<Keys>,
    policy: Option<&bouncer_policy>,
) -> bouncer_status {
    let Some(settings) = settings else { return bouncer_status::NullArgument };
    settings.change(|settings| match (keys, policy) {
        (Some(keys), Some(policy)) => settings.accept(keys, policy.0.clone()),
        _ => Err(settings::invalid("the keys or the policy of an entry are NULL")),
    })
}

/// Replaces all entries of `verifier` by those of `settings`, which must have the kind
/// BOUNCER_KIND_VERIFIER. The change is atomic: each verification uses the old entries or the new
/// ones. Other threads may use the verifier meanwhile. `const` means that the call is safe for
/// threads, and not that nothing changes.
///
/// An entry of a document that is the same as before is kept, with its keys, its cached tokens and
/// its counters. If only the policy of an entry differs, its keys are kept. Files of keys are read
/// again. The cache gets the size that the settings name.
///
/// On failure: as bouncer_verifier_new(). The verifier is then unchanged.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_reload(
    verifier: Option<&bouncer_verifier>,
    settings: Option<&bouncer_settings>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || Ok(handle("verifier", verifier)?.0.reload_settings(settings::of(settings)?)?))
}

/// Waits up to `timeout_ms` milliseconds until all entries have keys. Returns sooner if the keys of
/// an entry are closed, or if their metadata contains another issuer.
///
/// On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE, about the first entry without keys. Other entries
/// may have theirs.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_wait_ready(
    verifier: Option<&bouncer_verifier>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || Ok(handle("verifier", verifier)?.0.wait_ready(milliseconds(timeout_ms))?))
}

/// Returns 0 if waiting for the keys of all entries does not help: those of the first entry without
/// keys are closed, or their metadata contains another issuer. Also returns 0 if `verifier` is
/// NULL. Otherwise returns 1. For event loops, which wait with a bouncer_watch in place of
/// bouncer_verifier_wait_ready().
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_may_become_ready(verifier: Option<&bouncer_verifier>) -> i32 {
    read(0, || verifier.map_or(0, |verifier| i32::from(verifier.0.may_become_ready())))
}

/// Creates a verifier with the entries of `verifier` and with a new cache. The cache stores about
/// `tokens` accepted tokens: max 2^20; 0 disables the cache. `verifier` may be freed afterwards.
///
/// On a cache hit, the signature is not verified again. The lookup compares the whole token. "exp",
/// "nbf" and the policy's "max_token_age" are checked on each hit. When remote keys change, the
/// tokens of the old keys are removed. A cached token uses about twice its length in memory. Tokens
/// over 4 KiB are not cached. A later bouncer_verifier_reload() of one verifier does not change the
/// other.
///
/// On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
/// BOUNCER_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_with_cache(
    verifier: Option<&bouncer_verifier>,
    tokens: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_verifier>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(bouncer_verifier(handle("verifier", verifier)?.0.with_cache(tokens))))
}

/// Verifies a JWT of `token_len` bytes at `token`, as bouncer_verify_token() does. With remote keys
/// it waits up to "max_wait" if a fetch may return the missing key. If the key is cached, it never
/// waits.
///
/// On failure: as bouncer_verify_token(), and BOUNCER_STATUS_KEYS_UNAVAILABLE with remote keys.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verifier_verify(
    verifier: Option<&bouncer_verifier>,
    token: *const c_char,
    token_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let verifier = handle("verifier", verifier)?;
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { bytes("token", token.cast(), token_len) }?;
        Ok(verifier.0.verify(token)?.into())
    })
}

/// Verifies the token in an HTTP Authorization header. The header's value is the `value_len` bytes
/// at `value`. The function combines bouncer_authorization_token() and bouncer_verifier_verify().
/// If the request has no such header, pass an empty value.
///
/// On failure: as those two functions. bouncer_status_http_status() and bouncer_status_challenge()
/// return the HTTP status and the WWW-Authenticate header for the response.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verifier_verify_authorization(
    verifier: Option<&bouncer_verifier>,
    value: *const c_char,
    value_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let verifier = handle("verifier", verifier)?;
        // SAFETY: the caller promises `value` is readable for `value_len` bytes.
        let value = unsafe { bytes("value", value.cast(), value_len) }?;
        Ok(verifier.0.verify_authorization(value)?.into())
    })
}

/// Verifies as bouncer_verifier_verify() does, but never blocks.
///
/// Set `*ticket` to 0 before the first call. If the verdict depends on a fetch, the function
/// returns BOUNCER_STATUS_PENDING and puts the ticket of that fetch in `*ticket`. `*out` is then
/// not written, and `*err` is NULL. Wait for the fetch in an event loop with
/// bouncer_verifier_watch(), or with bouncer_verifier_wait() on a thread that may block. Then call
/// again with the same token and `*ticket`. If the fetch has ended, this call may return
/// BOUNCER_STATUS_PENDING again, with another ticket. If the fetch has not ended, this call returns
/// a final status, because the caller has stopped waiting.
///
/// Any other status is final and sets `*ticket` to 0. On failure: as bouncer_verifier_verify().
///
/// ```c
/// uint64_t ticket = 0;
/// for (;;) {
///     status = bouncer_verifier_verify_now(verifier, text, len, &ticket, &token, &err);
///     if (status != BOUNCER_STATUS_PENDING)
///         break;
///     bouncer_verifier_wait(verifier, ticket, time_left_ms);
/// }
/// ```
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verifier_verify_now(
    verifier: Option<&bouncer_verifier>,
    token: *const c_char,
    token_len: usize,
    mut ticket: Option<&mut u64>,
    out: Option<&mut MaybeUninit<*mut bouncer_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    // Reset `*ticket` before anything can fail: after a failure there is no fetch to wait for.
    let before = ticket.as_deref_mut().and_then(|ticket| Ticket::from_bits(std::mem::take(ticket)));
    call(out, err, || {
        let verifier = &handle("verifier", verifier)?.0;
        let ticket = handle("ticket", ticket)?;
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { bytes("token", token.cast(), token_len) }?;
        let verdict = match before {
            None => verifier.verify_now(token),
            Some(before) => verifier.resume(token, before),
        };
        match verdict {
            Verdict::Final(result) => Ok(result?.into()),
            Verdict::Pending(pending) => {
                *ticket = pending.to_bits();
                Err(Failure::Pending)
            }
        }
    })
}

/// Waits up to `timeout_ms` milliseconds for the fetch of `ticket`, which
/// bouncer_verifier_verify_now() or bouncer_batch_ticket() returned. Returns 1 if the fetch has
/// ended, or if the key set is closed. Returns 0 on timeout, if `ticket` is 0, or if `verifier` is
/// NULL. Only a value that this library returned is a valid ticket.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_wait(
    verifier: Option<&bouncer_verifier>,
    ticket: u64,
    timeout_ms: u64,
) -> i32 {
    let wait = || Some(verifier?.0.wait(Ticket::from_bits(ticket)?, milliseconds(timeout_ms)));
    read(0, || i32::from(wait() == Some(true)))
}

/// Returns the longest time that bouncer_verifier_verify() would wait for the fetch of `ticket`, in
/// milliseconds: the "max_wait" of the keys. Returns 0 if no caller needs to wait: the keys are
/// closed, a reload has removed them, `ticket` is 0, or `verifier` is NULL. For event loops, which
/// end the wait of a token themselves.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_max_wait(verifier: Option<&bouncer_verifier>, ticket: u64) -> u64 {
    let max_wait = || Some(verifier?.0.max_wait(Ticket::from_bits(ticket)?));
    read(0, || max_wait().map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}

/// Frees a verifier. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_free(verifier: Option<Box<bouncer_verifier>>) {
    read((), || drop(verifier));
}
