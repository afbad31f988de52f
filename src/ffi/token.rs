//! Verification of a token, and the verified token.

use super::boundary::{act, bytes, call, handle, text};
use super::error::bouncer_error;
use super::jwks::bouncer_jwks;
use super::panic::read;
use super::policy::bouncer_policy;
use super::status::bouncer_status;
use super::text::{address_of, bouncer_str};
use super::typed_claims::TypedClaims;
use crate::VerifiedToken;
use std::borrow::Cow;
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// A token that passed every check. There is no handle for a rejected token. Immutable; any number
/// of threads may read it.
pub struct bouncer_token {
    pub(super) token: VerifiedToken,
    /// What callers may read later. One pointer, because most callers do not.
    parsed: OnceLock<Box<Parsed>>,
}

#[derive(Default)]
struct Parsed {
    /// Parsed at the first call that reads a typed claim.
    claims: OnceLock<TypedClaims>,
    /// Parsed at the first call that reads them by index.
    scopes: OnceLock<Vec<String>>,
}

impl From<VerifiedToken> for bouncer_token {
    fn from(token: VerifiedToken) -> Self {
        Self { token, parsed: OnceLock::new() }
    }
}

impl bouncer_token {
    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(Box::default)
    }

    fn claims(&self) -> &TypedClaims {
        self.parsed().claims.get_or_init(|| TypedClaims::read(self.token.payload()))
    }

    fn scopes(&self) -> &[String] {
        let scopes = &self.parsed().scopes;
        scopes.get_or_init(|| self.token.scopes().into_iter().map(Cow::into_owned).collect())
    }
}

/// Verifies a JWT: its signature with the keys of `jwks`, then its claims against `policy` (RFC
/// 7519 section 7.2). The token is `token_len` bytes of JWS Compact Serialization at `token`,
/// without white space around it.
///
/// On success puts the verified token in `*out`; free it with bouncer_token_free(). On failure: a
/// status from 200 to 399. The checks run in a fixed order. The first check that fails determines
/// the status.
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

/// Writes the time and returns 1, or writes nothing and returns 0.
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

/// Returns "uid", the user or service in tokens of DC/OS. Returns no text if the claim is absent or
/// not a string. Valid until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_uid(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::uid)
}

/// Returns the user or service: the claim of the policy's setting identity_claim, or else "sub".
/// Returns no text if that claim is absent, empty or not a string. Valid until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_identity(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::identity)
}

/// Returns "iss" (RFC 7519 section 4.1.1), or no text if it is absent. Valid until `token` is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_issuer(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::issuer)
}

/// Returns "sub" (RFC 7519 section 4.1.2), or no text if it is absent. Valid until `token` is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_subject(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::subject)
}

/// Returns "jti" (RFC 7519 section 4.1.7), or no text if it is absent. Valid until `token` is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_token_id(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::token_id)
}

/// Returns the number of values of "aud" (RFC 7519 section 4.1.3): 1 for a string. Returns 0 if the
/// claim is absent or an empty array, or if `token` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_audience_count(token: Option<&bouncer_token>) -> usize {
    read(0, || token.map_or(0, |token| token.token.audience().len()))
}

/// Returns the value of "aud" at `index`, from 0, or no text if `index` is out of range. Valid
/// until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_audience(token: Option<&bouncer_token>, index: usize) -> bouncer_str {
    text_of(token, |token| token.audience().nth(index))
}

/// Returns 1 if `scope` (`scope_len` bytes) is one of the token's scopes, otherwise 0. Case
/// matters. The scopes are those of the claims "scope" and "scp", or of the policy's setting
/// scope_claims.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_token_has_scope(
    token: Option<&bouncer_token>,
    scope: *const c_char,
    scope_len: usize,
) -> i32 {
    read(0, || {
        // SAFETY: the caller promises `scope` is readable for `scope_len` bytes.
        let scope = unsafe { text("scope", scope.cast(), scope_len) };
        token.zip(scope.ok()).is_some_and(|(token, scope)| token.token.has_scope(scope)).into()
    })
}

/// Returns the number of scopes, or 0 if `token` is NULL. The first call for a token parses its
/// scopes.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_scope_count(token: Option<&bouncer_token>) -> usize {
    read(0, || token.map_or(0, |token| token.scopes().len()))
}

/// Returns the scope at `index`, from 0, or no text if `index` is out of range. Valid until `token`
/// is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_scope(token: Option<&bouncer_token>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || token.and_then(|token| token.scopes().get(index)).map(String::as_str).into())
}

/// Returns the JSON text of the claim at `index`, from 0, of those that contain scopes. Returns no
/// text if the token has no further such claim. For bindings that copy the token. Valid until
/// `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_scope_claim(token: Option<&bouncer_token>, index: usize) -> bouncer_str {
    text_of(token, |token| token.scope_claims().nth(index))
}

/// Reads "exp" (RFC 7519 section 4.1.4). Returns 1 and puts the seconds since 1970-01-01T00:00:00Z,
/// rounded down, in `*seconds`. Returns 0 and does not write `*seconds` if the claim is absent or
/// an argument is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_expires_at(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(token, seconds, VerifiedToken::expires_at)
}

/// Reads "nbf" (RFC 7519 section 4.1.5) as bouncer_token_expires_at() reads "exp", but rounds up.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_not_before(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(token, seconds, VerifiedToken::not_before)
}

/// Reads "iat" (RFC 7519 section 4.1.6) as bouncer_token_expires_at() reads "exp".
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_issued_at(
    token: Option<&bouncer_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    time_of(token, seconds, VerifiedToken::issued_at)
}

/// Returns the JSON text of the claim `name` (`name_len` bytes), exactly as signed. The text of a
/// string includes the quotation marks. A name with dots may name a nested claim, as in the setting
/// required_claims. Returns no text if the claim is absent or the name is not UTF-8. Valid until
/// `token` is freed.
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

/// Puts the string of the claim `name` (`name_len` bytes) in `*value`: without quotation marks, and
/// with escapes decoded. The claim must be a string. The text is valid until `token` is freed.
///
/// On failure: BOUNCER_STATUS_MISSING_CLAIM if the claim is absent or null,
/// BOUNCER_STATUS_MALFORMED_CLAIMS if it has another type. The first call for a token parses all
/// its claims; later calls look them up.
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

/// Puts the claim `name` (`name_len` bytes) in `*value`. The claim must be an integer from -2^63 to
/// 2^63 - 1. Numbers such as 1.0 or 1e3 count as integers up to 2^53.
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

/// Puts the strings of the claim `name` (`name_len` bytes) as an array in `*values` and their
/// number in `*count`. The claim must be an array of strings, or a string, which counts as an array
/// of one. The array is valid until `token` is freed.
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

/// Returns the whole Claims Set, a JSON object, exactly as signed. Returns no text if `token` is
/// NULL. Valid until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_payload(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, |token| Some(token.payload()))
}

/// Returns the JOSE Header, a JSON object. Returns no text if `token` is NULL. Valid until `token`
/// is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_header(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, |token| Some(token.header()))
}

/// Returns the "kid" of the key that verified the token. Returns no text if that key has none or
/// `token` is NULL. Valid until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_kid(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, VerifiedToken::kid)
}

/// Returns the algorithm of the signature, for example "RS256". Returns no text if `token` is NULL.
/// The text is static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_algorithm(token: Option<&bouncer_token>) -> bouncer_str {
    text_of(token, |token| Some(token.algorithm().as_str()))
}

/// Frees a verified token. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_token_free(token: Option<Box<bouncer_token>>) {
    read((), || drop(token));
}
