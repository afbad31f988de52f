//! Verifying, and the verified token.

use super::boundary::{act, bytes, call, handle, text};
use super::error::bouncer_error;
use super::jwks::bouncer_jwks;
use super::panic::read;
use super::policy::bouncer_policy;
use super::status::bouncer_status;
use super::text::{address_of, bouncer_str};
use super::typed_claims::TypedClaims;
use crate::VerifiedToken;
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// A token that passed every check; a rejected token never becomes one. Immutable; any number of
/// threads may read it.
pub struct bouncer_token {
    pub(super) token: VerifiedToken,
    /// Made when the first typed claim is read.
    claims: OnceLock<TypedClaims>,
}

impl From<VerifiedToken> for bouncer_token {
    fn from(token: VerifiedToken) -> Self {
        Self { token, claims: OnceLock::new() }
    }
}

impl bouncer_token {
    fn claims(&self) -> &TypedClaims {
        self.claims.get_or_init(|| TypedClaims::read(self.token.payload()))
    }
}

/// Verifies a JWT: its signature with the keys of `jwks`, then its Claims Set against `policy` (RFC
/// 7519 section 7.2). `token` is `token_len` bytes of JWS Compact Serialization, without white
/// space around it.
///
/// On success puts the verified token in `*out`; free it with bouncer_token_free(). On failure: a
/// status of the 200s or 300s. Checks run in a fixed order, and the first one that fails is the
/// status.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verify_token(
    jwks: Option<&bouncer_jwks>,
    policy: Option<&bouncer_policy>,
    token: *const c_char,
    token_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_token>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let jwks = handle("jwks", jwks)?;
        let policy = handle("policy", policy)?;
        // SAFETY: the caller promises `token` is readable for `token_len` bytes.
        let token = unsafe { bytes("token", token.cast(), token_len) }?;
        Ok(crate::verify_token(&jwks.set, &policy.0, token)?.into())
    })
}

fn text_of(token: Option<&bouncer_token>, part: impl FnOnce(&VerifiedToken) -> Option<&str>) -> bouncer_str {
    read(bouncer_str::NONE, || token.and_then(|token| part(&token.token)).into())
}

/// Writes the time and returns 1, or leaves it alone and returns 0.
fn time_of(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
    part: impl FnOnce(&VerifiedToken) -> Option<i64>,
) -> i32 {
    read(0, || match (token.and_then(|token| part(&token.token)), seconds) {
        (Some(time), Some(seconds)) => {
            seconds.write(time);
            1
        }
        _ => 0,
    })
}

/// "uid", the user or service that DC/OS names. No text if it is absent or no string. Valid as long
/// as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_uid(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::uid)
}

/// "iss" (RFC 7519 section 4.1.1). No text if it is absent. Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_issuer(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::issuer)
}

/// "sub" (RFC 7519 section 4.1.2). No text if it is absent. Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_subject(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::subject)
}

/// "jti" (RFC 7519 section 4.1.7). No text if it is absent. Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_token_id(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::token_id)
}

/// The number of values of "aud" (RFC 7519 section 4.1.3): 1 for a string; 0 if it is absent, an
/// empty array, or `token` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_audience_count(token: Option<&bouncer_token>) -> usize {
    read(0, || token.map_or(0, |token| token.token.audience().len()))
}

/// The value of "aud" at `index`, from 0. No text if there is none. Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_audience(token: Option<&bouncer_token>, index: usize) -> bouncer_str {
    text_of(token, |token| token.audience().nth(index))
}

/// "exp" (RFC 7519 section 4.1.4). Returns 1 and puts the seconds since 1970-01-01T00:00:00Z,
/// rounded down, in `*seconds`. Returns 0 and does not write it if the claim is absent or an
/// argument is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_expires_at(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(token, seconds, VerifiedToken::expires_at)
}

/// "nbf" (RFC 7519 section 4.1.5), as bouncer_token_expires_at(), but rounded up.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_not_before(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(token, seconds, VerifiedToken::not_before)
}

/// "iat" (RFC 7519 section 4.1.6), as bouncer_token_expires_at().
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_issued_at(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(token, seconds, VerifiedToken::issued_at)
}

/// The JSON text of the claim `name`, `name_len` bytes, as it was signed. A string has its quotes.
/// No text if it is absent or the name is not UTF-8. Valid as long as `token`.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_token_claim(
    token: Option<&bouncer_token>,
    name: *const c_char,
    name_len: usize,
) -> bouncer_str {
    text_of(token, |token| {
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        let name = unsafe { text("name", name.cast(), name_len) }.ok()?;
        token.claim(name)
    })
}

/// Puts the text of the claim `name`, `name_len` bytes, in `*value`, without quotes and escapes.
/// The claim must be a string. Valid as long as `token`.
///
/// On failure: BOUNCER_STATUS_MISSING_CLAIM if it is absent or null,
/// BOUNCER_STATUS_MALFORMED_CLAIMS if it is another type. The first call for a token parses all its
/// claims; later calls look them up.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_token_claim_string(
    token: Option<&bouncer_token>,
    name: *const c_char,
    name_len: usize,
    value: Option<&mut MaybeUninit<bouncer_str>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let token = handle("token", token)?;
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        let name = unsafe { text("name", name.cast(), name_len) }?;
        let value = handle("value", value)?;
        value.write(token.claims().string(name)?.into());
        Ok(())
    })
}

/// Puts the claim `name`, `name_len` bytes, in `*value`. It must be an integer from -2^63 to 2^63 -
/// 1. A number with a fraction of zero, as 1.0 or 1e3, is an integer up to 2^53.
///
/// On failure: as bouncer_token_claim_string().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_token_claim_integer(
    token: Option<&bouncer_token>,
    name: *const c_char,
    name_len: usize,
    value: Option<&mut MaybeUninit<i64>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let token = handle("token", token)?;
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        let name = unsafe { text("name", name.cast(), name_len) }?;
        let value = handle("value", value)?;
        value.write(token.claims().integer(name)?);
        Ok(())
    })
}

/// Puts the texts of the claim `name`, `name_len` bytes, as an array in `*values` and its length in
/// `*count`. The claim must be an array of strings or one string, which is an array of one. Both
/// are valid as long as `token`.
///
/// On failure: as bouncer_token_claim_string().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_token_claim_strings(
    token: Option<&bouncer_token>,
    name: *const c_char,
    name_len: usize,
    values: Option<&mut MaybeUninit<*const bouncer_str>>,
    count: Option<&mut MaybeUninit<usize>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        let token = handle("token", token)?;
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        let name = unsafe { text("name", name.cast(), name_len) }?;
        let (values, count) = (handle("values", values)?, handle("count", count)?);
        let strings = token.claims().strings(name)?;
        values.write(address_of(strings));
        count.write(strings.len());
        Ok(())
    })
}

/// The whole Claims Set, a JSON object: the bytes that were signed. No text if `token` is NULL.
/// Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_payload(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, |token| Some(token.payload()))
}

/// The JOSE Header, a JSON object. No text if `token` is NULL. Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_header(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, |token| Some(token.header()))
}

/// The "kid" of the key that verified the token. No text if that key has none or `token` is NULL.
/// Valid as long as `token`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_kid(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::kid)
}

/// The algorithm of the signature: "RS256". No text if `token` is NULL. Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_algorithm(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, |token| Some(token.algorithm().as_str()))
}

/// Frees a verified token. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_free(token: Option<Box<bouncer_token>>) {
    read((), || drop(token));
}
