//! A program as in C, small enough for Miri: it verifies the token of the DC/OS documentation. The
//! keys use the pure-Rust back end, because Miri runs no C code. `make miri` runs this test.

use super::error::{
    bouncer_error, bouncer_error_claim, bouncer_error_free, bouncer_error_message, bouncer_error_status,
};
use super::jwk::{bouncer_jwk, bouncer_jwk_free, bouncer_jwk_from_json, bouncer_jwk_n};
use super::jwks::{bouncer_jwks, bouncer_jwks_free, bouncer_jwks_key, bouncer_jwks_key_count};
use super::policy::{bouncer_policy, bouncer_policy_free, bouncer_policy_new};
use super::settings::{
    bouncer_settings, bouncer_settings_error, bouncer_settings_free, bouncer_settings_json,
    bouncer_settings_new, bouncer_settings_set,
};
use super::status::bouncer_status;
use super::text::bouncer_str;
use super::token::{
    bouncer_token, bouncer_token_claim, bouncer_token_claim_integer, bouncer_token_claim_strings,
    bouncer_token_free, bouncer_token_header, bouncer_token_uid, bouncer_verify_token,
};
use crate::{Backend, JwkSet, SettingsKind};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::{ptr, slice, str};

const KEYS: &str = include_str!("../../tests/data/document_jwks.json");
const TOKEN: &str = include_str!("../../tests/data/document_token.txt");

/// An output argument that C has not initialised.
fn slot<T>() -> MaybeUninit<*mut T> {
    MaybeUninit::uninit()
}

/// Returns the handle that a successful call has written.
fn written<T>(slot: MaybeUninit<*mut T>) -> Box<T> {
    // SAFETY: the call has succeeded and has thus written the slot.
    let handle = unsafe { slot.assume_init() };
    // SAFETY: it is a new handle, which is freed once.
    unsafe { Box::from_raw(handle) }
}

fn text_of(text: bouncer_str) -> String {
    if text.data.is_null() {
        return String::new();
    }
    // SAFETY: the handle that owns the text is still alive.
    let bytes = unsafe { slice::from_raw_parts(text.data.cast(), text.len) };
    str::from_utf8(bytes).unwrap().to_owned()
}

fn chars(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

fn set(settings: &mut bouncer_settings, name: &CStr, value: &str) -> bouncer_status {
    let (value, len) = chars(value);
    // SAFETY: the name ends with NUL, and `value` is readable for `len` bytes.
    unsafe { bouncer_settings_set(Some(settings), name.as_ptr(), value, len) }
}

fn policy(time: &str) -> Box<bouncer_policy> {
    let mut settings = bouncer_settings_new(SettingsKind::Policy.number()).unwrap();
    assert_eq!(set(&mut settings, c"profile", "dcos"), bouncer_status::Ok);
    assert_eq!(set(&mut settings, c"time", time), bouncer_status::Ok);
    assert!(bouncer_settings_error(Some(&settings)).is_none());
    assert!(text_of(bouncer_settings_json(Some(&settings))).contains("dcos"));
    let mut out = slot();
    assert_eq!(bouncer_policy_new(Some(&settings), Some(&mut out), None), bouncer_status::Ok);
    bouncer_settings_free(Some(settings));
    written(out)
}

fn verify(
    jwks: &bouncer_jwks,
    policy: &bouncer_policy,
    token: &str,
) -> Result<Box<bouncer_token>, Box<bouncer_error>> {
    let (mut out, mut err) = (slot(), slot());
    let (token, len) = chars(token);
    // SAFETY: `token` is readable for `len` bytes.
    let status =
        unsafe { bouncer_verify_token(Some(jwks), Some(policy), token, len, Some(&mut out), Some(&mut err)) };
    if status == bouncer_status::Ok { Ok(written(out)) } else { Err(written(err)) }
}

fn check_error(error: Box<bouncer_error>, status: bouncer_status, claim: &str) {
    assert_eq!(bouncer_error_status(Some(&error)), status);
    assert_eq!(text_of(bouncer_error_claim(Some(&error))), claim);
    // SAFETY: the message ends with NUL.
    let message = unsafe { CStr::from_ptr(bouncer_error_message(Some(&error))) };
    assert!(!message.is_empty());
    bouncer_error_free(Some(error));
}

#[test]
fn miri_finds_no_undefined_behaviour_in_a_program_in_c() {
    let set = JwkSet::from_slice_with(KEYS.as_bytes(), Backend::RustCrypto).unwrap();
    let jwks = Box::new(bouncer_jwks::from(set));
    assert_eq!(bouncer_jwks_key_count(Some(&jwks)), 1);
    assert_eq!(bouncer_jwk_n(bouncer_jwks_key(Some(&jwks), 0)).len, 256);
    let (token, valid) = (TOKEN.trim_end(), policy("1467985465"));

    let accepted = verify(&jwks, &valid, token).ok().unwrap();
    assert_eq!(text_of(bouncer_token_uid(Some(&accepted))), "peter");
    assert!(text_of(bouncer_token_header(Some(&accepted))).contains("RS256"));
    let (name, len) = chars("exp");
    let mut seconds = MaybeUninit::uninit();
    // SAFETY: `name` is readable for `len` bytes.
    let status = unsafe { bouncer_token_claim_integer(Some(&accepted), name, len, Some(&mut seconds), None) };
    assert_eq!(status, bouncer_status::Ok);
    // SAFETY: the call has written the value.
    let seconds = unsafe { seconds.assume_init() };
    assert_eq!(seconds, 1_467_985_466);
    // SAFETY: `name` is readable for `len` bytes.
    let claim = unsafe { bouncer_token_claim(Some(&accepted), name, len) };
    assert_eq!(text_of(claim), "1467985466");
    let (mut values, mut count, mut err) = (MaybeUninit::uninit(), MaybeUninit::uninit(), slot());
    // SAFETY: `name` is readable for `len` bytes.
    let status = unsafe {
        bouncer_token_claim_strings(
            Some(&accepted),
            name,
            len,
            Some(&mut values),
            Some(&mut count),
            Some(&mut err),
        )
    };
    assert_ne!(status, bouncer_status::Ok);
    check_error(written(err), status, "exp");
    bouncer_token_free(Some(accepted));

    let expired = policy("1467985466");
    check_error(verify(&jwks, &expired, token).err().unwrap(), bouncer_status::Expired, "exp");
    let changed = token.replacen("Njc5", "Njc4", 1);
    assert_ne!(changed, token);
    check_error(verify(&jwks, &valid, &changed).err().unwrap(), bouncer_status::InvalidSignature, "");
    bouncer_policy_free(Some(expired));
    bouncer_policy_free(Some(valid));
    bouncer_jwks_free(Some(jwks));
}

#[test]
fn miri_finds_no_undefined_behaviour_with_null_and_empty_arguments() {
    let mut err = slot();
    let mut out: MaybeUninit<*mut bouncer_jwk> = slot();
    // SAFETY: NULL is allowed if the length is 0, and is detected otherwise.
    let status = unsafe { bouncer_jwk_from_json(ptr::null(), 1, Some(&mut out), Some(&mut err)) };
    check_error(written(err), status, "");
    assert_eq!(status, bouncer_status::NullArgument);
    // SAFETY: the same.
    let status = unsafe { bouncer_jwk_from_json(ptr::null(), 0, Some(&mut out), None) };
    assert_eq!(status, bouncer_status::UnusableKey);
    // SAFETY: the same.
    let status = unsafe { bouncer_jwk_from_json(ptr::null(), 0, None, None) };
    assert_eq!(status, bouncer_status::NullArgument);
    bouncer_jwk_free(None);
    assert!(bouncer_jwk_n(None).data.is_null());
    assert!(bouncer_token_uid(None).data.is_null());
    assert!(bouncer_error_message(None).is_null());

    let mut settings = bouncer_settings_new(SettingsKind::Policy.number()).unwrap();
    assert_ne!(set(&mut settings, c"unknown", "1"), bouncer_status::Ok);
    let error = bouncer_settings_error(Some(&settings));
    assert_ne!(bouncer_error_status(error), bouncer_status::Ok);
    bouncer_settings_free(Some(settings));
}
