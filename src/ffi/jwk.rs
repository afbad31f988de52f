//! A single public key.

use super::boundary::{bytes, call, text};
use super::error::bouncer_error;
use super::panic::read;
use super::status::bouncer_status;
use super::text::{bouncer_bytes, bouncer_str};
use crate::{Algorithm, Jwk};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// A public key that verifies signatures (RFC 7517 section 4). Immutable; any number of threads may
/// use it.
pub struct bouncer_jwk {
    pub(super) jwk: Jwk,
    /// The key in other formats, computed at first use.
    formats: OnceLock<Formats>,
}

struct Formats {
    pem: String,
    der: Vec<u8>,
    json: String,
    thumbprint: String,
    dcos_kid: Option<String>,
}

impl From<Jwk> for bouncer_jwk {
    fn from(jwk: Jwk) -> Self {
        Self { jwk, formats: OnceLock::new() }
    }
}

impl bouncer_jwk {
    fn formats(&self) -> &Formats {
        self.formats.get_or_init(|| Formats {
            pem: self.jwk.to_pem(),
            der: self.jwk.to_der(),
            json: self.jwk.to_json(),
            thumbprint: self.jwk.thumbprint(),
            dcos_kid: self.jwk.dcos_kid(),
        })
    }
}

fn text_of(key: Option<&bouncer_jwk>, part: impl FnOnce(&bouncer_jwk) -> bouncer_str) -> bouncer_str {
    read(bouncer_str::NONE, || key.map_or(bouncer_str::NONE, part))
}

fn bytes_of(key: Option<&bouncer_jwk>, part: impl FnOnce(&bouncer_jwk) -> Option<&[u8]>) -> bouncer_bytes {
    read(bouncer_bytes::NONE, || key.and_then(part).into())
}

/// Parses one JWK: a JSON object of `json_len` bytes at `json`.
///
/// On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_KEY.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwk_from_json(
    json: *const c_char,
    json_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwk>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `json` is readable for `json_len` bytes.
        let json = unsafe { bytes("json", json.cast(), json_len) }?;
        Ok(Jwk::from_slice(json)?.into())
    })
}

/// Creates an RSA key from its modulus and exponent as Base64urlUInt (RFC 7518 section 2), the
/// format of "n" and "e" in a JWK. The modulus is `n_len` bytes of text at `n`, the exponent
/// `e_len` bytes at `e`.
///
/// On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_KEY.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwk_from_rsa_base64url(
    n: *const c_char,
    n_len: usize,
    e: *const c_char,
    e_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwk>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `n` is readable for `n_len` bytes.
        let n = unsafe { text("n", n.cast(), n_len) }?;
        // SAFETY: the caller promises `e` is readable for `e_len` bytes.
        let e = unsafe { text("e", e.cast(), e_len) }?;
        Ok(Jwk::from_rsa_base64url(n, e)?.into())
    })
}

/// Creates an RSA key from its modulus and exponent as big-endian octets: `n_len` octets at `n`,
/// `e_len` octets at `e`. Leading zeros are allowed.
///
/// On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_KEY.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwk_from_rsa_components(
    n: *const u8,
    n_len: usize,
    e: *const u8,
    e_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwk>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `n` is readable for `n_len` bytes.
        let n = unsafe { bytes("n", n, n_len) }?;
        // SAFETY: the caller promises `e` is readable for `e_len` bytes.
        let e = unsafe { bytes("e", e, e_len) }?;
        Ok(Jwk::from_rsa_components(n, e)?.into())
    })
}

/// Parses a key in PEM of `pem_len` bytes at `pem`, with the label "PUBLIC KEY", "RSA PUBLIC KEY"
/// or "CERTIFICATE" (RFC 7468). Only the public key of a certificate is used; the certificate
/// itself is not verified.
///
/// On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_KEY.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwk_from_pem(
    pem: *const c_char,
    pem_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwk>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `pem` is readable for `pem_len` bytes.
        let pem = unsafe { bytes("pem", pem.cast(), pem_len) }?;
        Ok(Jwk::from_pem(pem)?.into())
    })
}

/// Parses a key in DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of `der_len` bytes at `der`.
///
/// On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_KEY.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_jwk_from_der(
    der: *const u8,
    der_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_jwk>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `der` is readable for `der_len` bytes.
        let der = unsafe { bytes("der", der, der_len) }?;
        Ok(Jwk::from_der(der)?.into())
    })
}

/// Returns "kid", the key ID. Returns no text if the key has none or `key` is NULL. Valid until
/// `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_kid(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.jwk.kid().into())
}

/// Returns "alg", the only algorithm that the key may be used with. Returns no text if the key has
/// none or `key` is NULL. The text is static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_algorithm(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.jwk.algorithm().map(Algorithm::as_str).into())
}

/// Returns "kty", the key type: "RSA", "EC" or "OKP". Returns no text if `key` is NULL. The text is
/// static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_key_type(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.jwk.key_type().into())
}

/// Returns "crv", the curve. Returns no text for an RSA key or if `key` is NULL. The text is
/// static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_curve(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.jwk.curve().into())
}

/// Returns the size of the RSA modulus or of the curve in bits, or 0 if `key` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_bits(key: Option<&bouncer_jwk>) -> usize {
    read(0, || key.map_or(0, |key| key.jwk.bits()))
}

/// Returns the RSA modulus, big-endian without leading zeros. Returns no bytes for other key types
/// or if `key` is NULL. Valid until `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_n(key: Option<&bouncer_jwk>) -> bouncer_bytes {
    bytes_of(key, |key| key.jwk.n())
}

/// Returns the RSA exponent, big-endian without leading zeros. Returns no bytes for other key types
/// or if `key` is NULL. Valid until `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_e(key: Option<&bouncer_jwk>) -> bouncer_bytes {
    bytes_of(key, |key| key.jwk.e())
}

/// Returns 1 if a number of the key is written in a form that RFC 7518 forbids and this library
/// tolerates. Those forms are padding, the standard base64 alphabet, a leading zero octet, and a
/// coordinate without its leading zeros. Returns 0 otherwise, and if `key` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_is_tolerated(key: Option<&bouncer_jwk>) -> i32 {
    read(0, || key.is_some_and(|key| key.jwk.is_tolerated()).into())
}

/// Returns the key in PEM, with the label "PUBLIC KEY". Returns no text if `key` is NULL. Valid
/// until `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_pem(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.formats().pem.as_str().into())
}

/// Returns the key in DER SubjectPublicKeyInfo. Returns no bytes if `key` is NULL. Valid until
/// `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_der(key: Option<&bouncer_jwk>) -> bouncer_bytes {
    bytes_of(key, |key| Some(&key.formats().der))
}

/// Returns the key as a JWK, a JSON object. Returns no text if `key` is NULL. Valid until `key` is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_json(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.formats().json.as_str().into())
}

/// Returns the JWK Thumbprint with SHA-256 (RFC 7638), in base64url. Returns no text if `key` is
/// NULL. Valid until `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_thumbprint(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.formats().thumbprint.as_str().into())
}

/// Returns the "kid" that DC/OS's Bouncer derives from an RSA key. Returns no text for other key
/// types or if `key` is NULL. Valid until `key` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_dcos_kid(key: Option<&bouncer_jwk>) -> bouncer_str {
    text_of(key, |key| key.formats().dcos_kid.as_deref().into())
}

/// Frees a key that a bouncer_jwk_from_ function returned. Never pass a key that belongs to a key
/// set. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_jwk_free(key: Option<Box<bouncer_jwk>>) {
    read((), || drop(key));
}
