//! Measures this library through its C interface, in the same program as the Rust interface.

use crate::{algorithm, version};
use bench_driver::{AUDIENCE, Candidate, Case, ISSUER};
use std::ffi::{c_char, c_void};
use std::ptr;
use std::slice;

struct Verifier(*mut c_void);

// SAFETY: the header allows any number of threads to use a verifier.
unsafe impl Send for Verifier {}
// SAFETY: as above.
unsafe impl Sync for Verifier {}

pub(crate) fn ours(case: &'static Case) -> Candidate {
    let verifier = Verifier::new(case);
    let is_bouncer = case.is_bouncer();
    case.candidate("bouncer_verify, C ABI", &version("bouncer_verify"), move |token, expected| {
        verifier.check(token, expected, is_bouncer)
    })
}

impl Verifier {
    fn new(case: &Case) -> Self {
        let (mut jwks, mut verifier) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the declarations below are the same as in the header. The arguments are valid for
        // the calls.
        unsafe {
            let (json, len) = (case.jwks.as_ptr().cast(), case.jwks.len());
            assert_eq!(bouncer_jwks_load(json, len, &mut jwks, ptr::null_mut()), 0);
            let policy = policy(case);
            assert_eq!(bouncer_verifier_new_jwks(jwks, policy, &mut verifier, ptr::null_mut()), 0);
            bouncer_policy_free(policy);
            bouncer_jwks_free(jwks);
        }
        Self(verifier)
    }

    fn check(&self, text: &str, expected: &str, is_bouncer: bool) -> bool {
        let (mut token, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: as in `new`. The token and the error are freed once, the token after its subject
        // is read.
        unsafe {
            let status =
                bouncer_verifier_verify(self.0, text.as_ptr().cast(), text.len(), &mut token, &mut error);
            if status != 0 {
                bouncer_error_free(error);
                return expected.strip_prefix('!').is_some_and(|reason| reason == reason_of(status));
            }
            let subject = if is_bouncer { bouncer_token_uid(token) } else { bouncer_token_subject(token) };
            let right = slice::from_raw_parts(subject.data.cast::<u8>(), subject.len) == expected.as_bytes();
            bouncer_token_free(token);
            right
        }
    }
}

/// `BOUNCER_KIND_POLICY`.
const KIND_POLICY: u32 = 1;

/// # Safety
/// Callers need to ensure nothing: this function creates all arguments of the C functions itself.
unsafe fn policy(case: &Case) -> *mut c_void {
    let algorithm = algorithm(case);
    let json = if case.is_bouncer() {
        r#"{"profile":"dcos"}"#.to_owned()
    } else {
        format!(r#"{{"issuers":["{ISSUER}"],"audiences":["{AUDIENCE}"],"algorithms":["{algorithm}"]}}"#)
    };
    let mut policy = ptr::null_mut();
    // SAFETY: the document is valid for its length, and the settings are freed once.
    unsafe {
        let settings = bouncer_settings_new(KIND_POLICY);
        assert_eq!(bouncer_settings_load(settings, json.as_ptr().cast(), json.len()), 0);
        assert_eq!(bouncer_policy_new(settings, &mut policy, ptr::null_mut()), 0);
        bouncer_settings_free(settings);
    }
    policy
}

fn reason_of(status: u32) -> &'static str {
    match status {
        209 => "invalid_signature",
        302 => "expired",
        208 => "unknown_key",
        201 | 203 => "malformed",
        _ => "another",
    }
}

#[repr(C)]
struct Str {
    data: *const c_char,
    len: usize,
}

unsafe extern "C" {
    fn bouncer_error_free(error: *mut c_void);
    fn bouncer_jwks_free(jwks: *mut c_void);
    fn bouncer_jwks_load(
        json: *const c_char,
        len: usize,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> u32;
    fn bouncer_policy_free(policy: *mut c_void);
    fn bouncer_policy_new(settings: *const c_void, out: *mut *mut c_void, err: *mut *mut c_void) -> u32;
    fn bouncer_settings_free(settings: *mut c_void);
    fn bouncer_settings_load(settings: *mut c_void, json: *const c_char, len: usize) -> u32;
    fn bouncer_settings_new(kind: u32) -> *mut c_void;
    fn bouncer_token_free(token: *mut c_void);
    fn bouncer_token_subject(token: *const c_void) -> Str;
    fn bouncer_token_uid(token: *const c_void) -> Str;
    fn bouncer_verifier_new_jwks(
        jwks: *const c_void,
        policy: *const c_void,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> u32;
    fn bouncer_verifier_verify(
        verifier: *const c_void,
        token: *const c_char,
        len: usize,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> u32;
}
