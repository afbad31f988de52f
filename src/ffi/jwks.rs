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

/// An issuer's public keys (RFC 7517 section 5), checked and parsed once. Immutable; any number of
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

/// Reads a JWK Set document: strict JSON of `json_len` bytes at `json`, at most 1 MiB and 1000
/// members.
///
/// A key that cannot be used is skipped; bouncer_jwks_skipped_reason() says why.
///
/// On success puts the key set in `*out`; free it with bouncer_jwks_free(). On failure:
/// BOUNCER_STATUS_MALFORMED_JWK_SET, or BOUNCER_STATUS_NO_USABLE_KEY with the first skipped key's
/// reason in the message.
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

/// Reads a JWK Set document as bouncer_jwks_load() does. Its keys verify with `backend`, a
/// bouncer_backend.
///
/// On failure also: BOUNCER_STATUS_INVALID_ARGUMENT, there is no such back end.
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

/// Makes a key set of the `count` keys in the array `keys`. They are copied.
///
/// On success puts the key set in `*out`; free it with bouncer_jwks_free(). On failure:
/// BOUNCER_STATUS_NO_USABLE_KEY.
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
            return Err(Error::new(ErrorKind::InvalidArgument, "a length over PTRDIFF_MAX").into());
        } else {
            // SAFETY: not NULL, not longer than any object can be; the caller promises `count` pointers, each
            // NULL or a key's, and a nullable reference is a pointer.
            unsafe { std::slice::from_raw_parts(keys, count) }
        };
        let keys: Result<Vec<Jwk>, Failure> =
            keys.iter().map(|&key| Ok(handle("keys[]", key)?.jwk.clone())).collect();
        Ok(JwkSet::from_keys(keys?)?.into())
    })
}

/// The number of usable keys; 0 if `jwks` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_key_count(jwks: Option<&bouncer_jwks>) -> usize {
    read(0, || jwks.map_or(0, |jwks| jwks.keys.len()))
}

/// Returns the usable key at `index`, in document order from 0; NULL if there is none or `jwks` is
/// NULL. It belongs to `jwks` and lives as long: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_key(jwks: Option<&bouncer_jwks>, index: usize) -> Option<&bouncer_jwk> {
    read(None, || jwks?.keys.get(index))
}

/// Returns how many keys verify RS256 with the accelerated arithmetic
/// (BOUNCER_BACKEND_ACCELERATED); 0 if `jwks` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_accelerated_keys(jwks: Option<&bouncer_jwks>) -> usize {
    read(0, || jwks.map_or(0, |jwks| jwks.set.accelerated_keys()))
}

/// The number of keys that cannot be used; 0 if `jwks` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_count(jwks: Option<&bouncer_jwks>) -> usize {
    read(0, || jwks.map_or(0, |jwks| jwks.set.skipped().len()))
}

/// Returns where the skipped key at `index` is in the document's "keys" array, from 0; SIZE_MAX if
/// there is no such key.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_index(jwks: Option<&bouncer_jwks>, index: usize) -> usize {
    read(usize::MAX, || jwks.and_then(|jwks| jwks.skipped(index)).map_or(usize::MAX, SkippedKey::index))
}

/// "kid" of the skipped key at `index`. No text if it has none, or if there is no such key. Valid
/// as long as `jwks`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_kid(jwks: Option<&bouncer_jwks>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || jwks.and_then(|jwks| jwks.skipped(index)?.kid()).into())
}

/// Why the key at `index` was skipped, as a stable name: "wrong_use". No text if there is none.
/// Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_reason(jwks: Option<&bouncer_jwks>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || jwks.and_then(|jwks| Some(jwks.skipped(index)?.reason().as_str())).into())
}

/// Why the key at `index` was skipped, for a log: which member is wrong, how many bits it has. No
/// text if there is none. Valid as long as `jwks`.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_skipped_message(jwks: Option<&bouncer_jwks>, index: usize) -> bouncer_str {
    read(bouncer_str::NONE, || jwks.and_then(|jwks| Some(jwks.skipped(index)?.message())).into())
}

/// Frees a key set. Verifiers made of it keep working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwks_free(jwks: Option<Box<bouncer_jwks>>) {
    read((), || drop(jwks));
}
