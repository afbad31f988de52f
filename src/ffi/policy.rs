//! The policy.

use super::boundary::{Failure, act, call, handle, read, text};
use super::error::bouncer_error;
use super::settings::bouncer_settings;
use super::status::bouncer_status;
use crate::{Algorithm, Policy};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

/// What a token must be to be believed, beyond its signature. The functions that change one
/// (`bouncer_policy_set_…`, `bouncer_policy_add_…`) must not run while another thread uses it; between
/// changes any number of threads may.
pub struct bouncer_policy(pub(super) Policy);

/// Makes a policy of settings of BOUNCER_KIND_POLICY, which are copied.
///
/// On success puts the policy in `*out`; free it with bouncer_policy_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, the first failure of the settings, or they do not say whose tokens are accepted.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_new(
    settings: Option<&bouncer_settings>,
    out: Option<&mut MaybeUninit<*mut bouncer_policy>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(bouncer_policy(Policy::from_settings(super::settings::of(settings)?)?)))
}

/// A policy for DC/OS's Bouncer: RS256; "exp" and a non-empty string "uid" are required; "iss" is not
/// compared. Free it with bouncer_policy_free(). Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_new_old() -> Option<Box<bouncer_policy>> {
    read(None, || Some(Box::new(bouncer_policy(Policy::dcos()))))
}

/// A policy that judges the signature and the times only: RS256, "exp" required. Prefer
/// bouncer_policy_new_for_issuer() where tokens say "iss" and "aud". Free it with bouncer_policy_free().
/// Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_new_any_issuer() -> Option<Box<bouncer_policy>> {
    read(None, || Some(Box::new(bouncer_policy(Policy::any_issuer()))))
}

/// A policy for tokens that `issuer` made for `audience`: RS256; "exp" is required, and "iss" and "aud" must
/// match. Each is UTF-8 of the length given.
///
/// On success puts the policy in `*out`; free it with bouncer_policy_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, also where one of the two is empty.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_new_for_issuer(
    issuer: *const c_char,
    issuer_len: usize,
    audience: *const c_char,
    audience_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_policy>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `issuer` is readable for `issuer_len` bytes.
        let issuer = unsafe { text("issuer", issuer.cast(), issuer_len) }?;
        // SAFETY: the caller promises `audience` is readable for `audience_len` bytes.
        let audience = unsafe { text("audience", audience.cast(), audience_len) }?;
        let policy = Policy::for_issuer(issuer, audience);
        policy.check()?;
        Ok(bouncer_policy(policy))
    })
}

/// Replaces the policy by what `change` makes of it, or leaves it as it is.
fn change(
    policy: Option<&mut bouncer_policy>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
    change: impl FnOnce(Policy) -> Result<Policy, Failure>,
) -> bouncer_status {
    act(err, || {
        let policy = handle("policy", policy)?;
        let changed = change(policy.0.clone())?;
        changed.check()?;
        policy.0 = changed;
        Ok(())
    })
}

/// Allows exactly the algorithms of `names`, "alg" values with one space between: "RS256 ES256".
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT for a name that is not known, the policy is as before.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_set_algorithms(
    policy: Option<&mut bouncer_policy>,
    names: *const c_char,
    names_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| {
        // SAFETY: the caller promises `names` is readable for `names_len` bytes.
        let names = unsafe { text("names", names.cast(), names_len) }?;
        let algorithms: Result<Vec<Algorithm>, _> = names.split(' ').map(str::parse).collect();
        Ok(policy.algorithms(algorithms?))
    })
}

/// Accepts `issuer` too; "iss" is required from now on.
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if it is empty or not UTF-8, the policy is as before.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_add_issuer(
    policy: Option<&mut bouncer_policy>,
    issuer: *const c_char,
    issuer_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| {
        // SAFETY: the caller promises `issuer` is readable for `issuer_len` bytes.
        Ok(policy.accept_issuer(unsafe { text("issuer", issuer.cast(), issuer_len) }?))
    })
}

/// Accepts `audience` too; "aud" is required from now on.
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if it is empty or not UTF-8, the policy is as before.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_add_audience(
    policy: Option<&mut bouncer_policy>,
    audience: *const c_char,
    audience_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| {
        // SAFETY: the caller promises `audience` is readable for `audience_len` bytes.
        Ok(policy.accept_audience(unsafe { text("audience", audience.cast(), audience_len) }?))
    })
}

/// Accepts tokens made for anybody. Without this, and without an accepted audience, a token with "aud" is
/// refused.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_set_any_audience(
    policy: Option<&mut bouncer_policy>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| Ok(policy.any_audience()))
}

/// Accepts tokens without "exp": they are valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_set_optional_exp(
    policy: Option<&mut bouncer_policy>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| Ok(policy.optional_exp()))
}

/// Requires the claim `name`, with any value but null.
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if it is not UTF-8, the policy is as before.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_add_required_claim(
    policy: Option<&mut bouncer_policy>,
    name: *const c_char,
    name_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| {
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        Ok(policy.require_claim(unsafe { text("name", name.cast(), name_len) }?))
    })
}

/// Requires the claim `name` to be a string that is not empty.
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if it is not UTF-8, the policy is as before.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_add_required_string_claim(
    policy: Option<&mut bouncer_policy>,
    name: *const c_char,
    name_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| {
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        Ok(policy.require_string_claim(unsafe { text("name", name.cast(), name_len) }?))
    })
}

/// Requires the header parameter "typ" to be the media type `token_type` (RFC 8725 section 3.11): "at+jwt".
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if it is empty or not UTF-8, the policy is as before.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_policy_set_token_type(
    policy: Option<&mut bouncer_policy>,
    token_type: *const c_char,
    token_type_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| {
        // SAFETY: the caller promises `token_type` is readable for `token_type_len` bytes.
        Ok(policy.token_type(unsafe { text("token_type", token_type.cast(), token_type_len) }?))
    })
}

/// Allows for clocks that differ: moves "exp" and "nbf" apart by `seconds`; "nbf" always by 60 at least.
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if over 300, the policy is as before.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_set_leeway(
    policy: Option<&mut bouncer_policy>,
    seconds: u32,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| Ok(policy.leeway(Duration::from_secs(seconds.into()))?))
}

/// Refuses tokens longer than `bytes`, in place of 16384.
///
/// On failure, BOUNCER_STATUS_INVALID_ARGUMENT if over 1048576, the policy is as before.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_set_max_token_len(
    policy: Option<&mut bouncer_policy>,
    bytes: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| Ok(policy.max_token_len(bytes)?))
}

/// Judges at the time `seconds` since 1970-01-01T00:00:00Z, in place of the system's: for tests and audits.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_set_time(
    policy: Option<&mut bouncer_policy>,
    seconds: i64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(policy, err, |policy| Ok(policy.time(seconds)))
}

/// Frees a policy. Verifiers made of it go on working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_free(policy: Option<Box<bouncer_policy>>) {
    read((), || drop(policy));
}
