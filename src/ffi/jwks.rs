//! The JWK Set.

use super::boundary::{bytes, call, handle};
use super::error::bouncer_error;
use super::failure::Failure;
use super::jwk::bouncer_jwk;
use super::panic::read;
use super::status::bouncer_status;
use super::text::bouncer_str;
use crate::{Error, ErrorKind, Jwk, JwkSet, SkippedKey};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// An issuer's public keys (RFC 7517 section 5), parsed and checked once. Immutable; any number of
/// threads may use it.
pub struct bouncer_jwks {
    pub(super) set: Arc<JwkSet>,
    keys: Box<[bouncer_jwk]>,
}

impl<T: Into<Arc<JwkSet>>> From<T> for bouncer_jwks {
    fn from(set: T) -> Self {
        let set = set.into();
        Self { keys: set.keys().iter().map(|jwk| jwk.clone().into()).collect(), set }
    }
}

impl bouncer_jwks {
    fn skipped(&self, index: usize) -> Option<&SkippedKey> {
        self.set.skipped().get(index)
    }
}

/// Parses a JWK Set document: strict JSON of `json_len` bytes at `json`. The document may be at
/// most 1 MiB long, with at most 1000 members in "keys".
///
/// A key that cannot be used is skipped; bouncer_jwks_skipped_reason() returns the reason.
///
/// On success puts the key set in `*out`; free it with bouncer_jwks_free(). On failure:
/// BOUNCER_STATUS_MALFORMED_JWK_SET or BOUNCER_STATUS_NO_USABLE_KEY. The message of the latter
/// contains the reason why the first key was skipped.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwks_load(
    json: *const c_char,
    json_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwks>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `json` is readable for `json_len` bytes.
        let json = unsafe { bytes("json", json.cast(), json_len) }?;
        Ok(JwkSet::from_slice(json)?.into())
    })
}

/// Parses a JWK Set document as bouncer_jwks_load() does. `backend`, a bouncer_backend, is the back
/// end that verifies signatures with these keys.
///
/// The failures are those of bouncer_jwks_load(), and BOUNCER_STATUS_INVALID_ARGUMENT for an
/// unknown back end.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwks_load_with(
    json: *const c_char,
    json_len: usize,
    backend: u32,
    out: Option<&mut MaybeUninit<*mut bouncer_jwks>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `json` is readable for `json_len` bytes.
        let json = unsafe { bytes("json", json.cast(), json_len) }?;
        Ok(JwkSet::from_slice_with(json, super::backend::backend(backend)?)?.into())
    })
}

/// Creates a key set from the `count` keys in the array `keys`. The keys are copied.
///
/// On success puts the key set in `*out`; free it with bouncer_jwks_free(). On failure:
/// BOUNCER_STATUS_NO_USABLE_KEY, or BOUNCER_STATUS_MALFORMED_JWK_SET if `count` is over 1000.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwks_from_keys(
    keys: *const Option<&bouncer_jwk>,
    count: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwks>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let keys: &[Option<&bouncer_jwk>] = if count == 0 {
            &[]
        } else if keys.is_null() {
            return Err(Failure::NullArgument("keys"));
        } else if count > isize::MAX as usize / size_of::<*const bouncer_jwk>() {
            return Err(Error::new(ErrorKind::InvalidArgument, "a length is larger than PTRDIFF_MAX").into());
        } else {
            // SAFETY: `keys` is not NULL and not longer than PTRDIFF_MAX. The caller promises
            // `count` pointers, each NULL or valid, and a nullable reference has the layout of a
            // pointer.
            unsafe { std::slice::from_raw_parts(keys, count) }
        };
        let keys: Result<Vec<Jwk>, Failure> =
            keys.iter().map(|&key| Ok(handle("keys[]", key)?.jwk.clone())).collect();
        Ok(JwkSet::from_keys(keys?)?.into())
    })
}

/// Returns the number of usable keys, or 0 if `jwks` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_key_count(jwks: Option<&bouncer_jwks>) -> usize {
    read(0, || jwks.map_or(0, |jwks| jwks.keys.len()))
}

/// Returns the usable key at `index`, in document order from 0. Returns NULL if `index` is out of
/// range or `jwks` is NULL. The key belongs to `jwks`: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_key(jwks: Option<&bouncer_jwks>, index: usize) -> Option<&bouncer_jwk> {
    read(None, || jwks?.keys.get(index))
}

/// Returns the number of keys whose next signature this library's own code verifies
/// (BOUNCER_BACKEND_ACCELERATED), or 0 if `jwks` is NULL. ES256 and Ed25519 keys count once they
/// have tables: after 100 valid tokens.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_accelerated_keys(jwks: Option<&bouncer_jwks>) -> usize {
    read(0, || jwks.map_or(0, |jwks| jwks.set.accelerated_keys()))
}

/// Returns the number of skipped keys, or 0 if `jwks` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_count(jwks: Option<&bouncer_jwks>) -> usize {
    read(0, || jwks.map_or(0, |jwks| jwks.set.skipped().len()))
}

/// Returns the position of the skipped key at `index` in the document's "keys" array, from 0.
/// Returns SIZE_MAX if `index` is out of range or `jwks` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_index(jwks: Option<&bouncer_jwks>, index: usize) -> usize {
    read(usize::MAX, || jwks.and_then(|jwks| jwks.skipped(index)).map_or(usize::MAX, SkippedKey::index))
}

/// Returns the "kid" of the skipped key at `index`. Returns no text if the key has none, `index` is
/// out of range, or `jwks` is NULL. Valid until `jwks` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_kid(jwks: Option<&bouncer_jwks>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || jwks.and_then(|jwks| jwks.skipped(index)?.kid()).into())
}

/// Returns the stable name of the reason why the skipped key at `index` was skipped, for example
/// "wrong_use". Returns no text if `index` is out of range or `jwks` is NULL. The text is static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_reason(jwks: Option<&bouncer_jwks>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || jwks.and_then(|jwks| Some(jwks.skipped(index)?.reason().as_str())).into())
}

/// Returns the reason why the skipped key at `index` was skipped, as text for a log. The text
/// contains details such as the wrong member or the key size. Returns no text if `index` is out of
/// range or `jwks` is NULL. Valid until `jwks` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_message(jwks: Option<&bouncer_jwks>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || jwks.and_then(|jwks| Some(jwks.skipped(index)?.message())).into())
}

/// Frees a key set. Verifiers that use it keep working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_free(jwks: Option<Box<bouncer_jwks>>) {
    read((), || drop(jwks));
}
