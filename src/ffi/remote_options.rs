//! The settings of a remote key set.

use super::boundary::{Failure, act, call, handle, read, text};
use super::error::bouncer_error;
use super::status::bouncer_status;
use crate::{RemoteJwkSet, RemoteJwkSetBuilder};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

/// The settings of a remote key set. What is not set is as it says at the function that sets it. The functions
/// that change one must not run while another thread uses it.
pub struct bouncer_remote_options(pub(super) RemoteJwkSetBuilder);

/// Settings for the key set at `url`: https, or http to this machine. UTF-8.
///
/// On success puts the settings in `*out`; free them with bouncer_remote_options_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, not UTF-8. The URL itself is looked at by bouncer_remote_jwks_new().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_remote_options_new(
    url: *const c_char,
    url_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_remote_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `url` is readable for `url_len` bytes.
        let url = unsafe { text("url", url.cast(), url_len) }?;
        Ok(bouncer_remote_options(RemoteJwkSet::builder(url)))
    })
}

/// Settings for the key set of `issuer`, found through its metadata at "/.well-known/openid-configuration"
/// (OpenID Connect Discovery 1.0), which must name the same issuer, character for character. Here keys are used
/// for one hour after the issuer last confirmed them, unless set otherwise.
///
/// On success puts the settings in `*out`; free them with bouncer_remote_options_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, not UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_remote_options_new_for_issuer(
    issuer: *const c_char,
    issuer_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_remote_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `issuer` is readable for `issuer_len` bytes.
        let issuer = unsafe { text("issuer", issuer.cast(), issuer_len) }?;
        Ok(bouncer_remote_options(RemoteJwkSet::discover(issuer)))
    })
}

/// Replaces the settings by what `change` makes of them, or leaves them as they are.
fn change(
    options: Option<&mut bouncer_remote_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
    change: impl FnOnce(RemoteJwkSetBuilder) -> Result<RemoteJwkSetBuilder, Failure>,
) -> bouncer_status {
    act(err, || {
        let options = handle("options", options)?;
        options.0 = change(options.0.clone())?;
        Ok(())
    })
}

/// Verifies with `backend`, a bouncer_backend. Default: as for bouncer_jwks_load().
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT, no such back end.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_backend(
    options: Option<&mut bouncer_remote_options>,
    backend: u32,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.backend(super::backend::backend(backend)?)))
}

/// Allows http to other machines: whoever is on the way can then choose the keys. By default http goes to this
/// machine alone.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_allow_http(
    options: Option<&mut bouncer_remote_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.allow_http()))
}

/// Trusts the certificate authorities of the PEM file at `path` too, besides the system's. The file is read for
/// each fetch, so it may be replaced; one that cannot be read at first is an error of bouncer_remote_jwks_new().
/// UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_remote_options_set_ca_file(
    options: Option<&mut bouncer_remote_options>,
    path: *const c_char,
    path_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `path` is readable for `path_len` bytes.
        Ok(options.ca_file(unsafe { text("path", path.cast(), path_len) }?))
    })
}

/// Goes through the proxy at `url`, "http://[user:password@]host:port". By default the environment says:
/// https_proxy for https, http_proxy for http, else all_proxy, but for hosts in no_proxy, in lower or upper case.
/// This machine is never reached through a proxy. UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_remote_options_set_proxy(
    options: Option<&mut bouncer_remote_options>,
    url: *const c_char,
    url_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `url` is readable for `url_len` bytes.
        Ok(options.proxy(unsafe { text("url", url.cast(), url_len) }?))
    })
}

/// Goes through no proxy, whatever the environment says.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_no_proxy(
    options: Option<&mut bouncer_remote_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.no_proxy()))
}

/// Follows up to three redirects to the same scheme, host and port. By default a redirect is a failure.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_same_origin_redirects(
    options: Option<&mut bouncer_remote_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.same_origin_redirects()))
}

/// How long keys are fresh where the server does not say (Cache-Control, Expires), in milliseconds: by default
/// 600,000, at least 1000. What the server says counts from 60 seconds to 24 hours.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_ttl(
    options: Option<&mut bouncer_remote_options>,
    milliseconds: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.ttl(Duration::from_millis(milliseconds))))
}

/// How long keys are used after the issuer last confirmed them, if it cannot be reached, in milliseconds; never
/// less than they are fresh. By default 24 hours, or one for settings made of an issuer.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_max_stale(
    options: Option<&mut bouncer_remote_options>,
    milliseconds: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.max_stale(Duration::from_millis(milliseconds))))
}

/// The time for one HTTP exchange, in milliseconds: by default 5000. The TCP connection must be there after 2000.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_timeout(
    options: Option<&mut bouncer_remote_options>,
    milliseconds: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.timeout(Duration::from_millis(milliseconds))))
}

/// How long a verification waits at most for a fetch that may bring its key, in milliseconds: by default 2000.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_max_wait(
    options: Option<&mut bouncer_remote_options>,
    milliseconds: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.max_wait(Duration::from_millis(milliseconds))))
}

/// Starts with a JWK Set document of `json_len` bytes at `json`, until the first fetch succeeds. It is copied,
/// and looked at by bouncer_remote_jwks_new().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_remote_options_set_seed(
    options: Option<&mut bouncer_remote_options>,
    json: *const c_char,
    json_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `json` is readable for `json_len` bytes.
        Ok(options.seed(unsafe { text("json", json.cast(), json_len) }?))
    })
}

/// Keeps the latest good document in the file at `path` (mode 0600, replaced whole), and starts with it if it is
/// there, from the same source and not too old. Whoever can write the file, or its folder, can choose the keys.
/// UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_remote_options_set_last_good_file(
    options: Option<&mut bouncer_remote_options>,
    path: *const c_char,
    path_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `path` is readable for `path_len` bytes.
        Ok(options.last_good_file(unsafe { text("path", path.cast(), path_len) }?))
    })
}

/// Begins to fetch, and starts the thread, with the first verification or wait, not at once. For programs that
/// fork after they set up.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_set_lazy(
    options: Option<&mut bouncer_remote_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.lazy()))
}

/// Frees settings. Key sets made of them go on working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_options_free(options: Option<Box<bouncer_remote_options>>) {
    read((), || drop(options));
}
