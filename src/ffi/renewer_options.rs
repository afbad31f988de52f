//! The settings of a token renewer.

use super::boundary::{Failure, act, call, handle, milliseconds, read, text};
use super::error::bouncer_error;
use super::status::bouncer_status;
use super::supplied_tokens::SuppliedTokens;
use crate::{ServiceAccount, TokenRenewer, TokenRenewerBuilder};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;

/// The settings of a token renewer. What is not set is as it says at the function that sets it. The functions that
/// change one must not run while another thread uses it.
pub struct bouncer_renewer_options {
    pub(super) builder: TokenRenewerBuilder,
    /// Where the program supplies the tokens itself.
    pub(super) supplied: Option<Arc<SuppliedTokens>>,
}

impl From<TokenRenewerBuilder> for bouncer_renewer_options {
    fn from(builder: TokenRenewerBuilder) -> Self {
        Self { builder, supplied: None }
    }
}

/// Tokens of a DC/OS service account, whose secret is JSON of `secret_len` bytes at `secret`: "uid", "private_key" (RSA
/// in PEM) and "login_endpoint", unless that is set. It may be base64 or a JSON string of that JSON. The key that is kept is wiped from memory with the last renewer made of it; reading the
/// secret leaves a copy in memory that is free again.
///
/// On success puts the settings in `*out`; free them with bouncer_renewer_options_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_CREDENTIALS.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_new_service_account(
    secret: *const c_char,
    secret_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_renewer_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `secret` is readable for `secret_len` bytes.
        let secret = unsafe { text("secret", secret.cast(), secret_len) }?;
        Ok(TokenRenewer::service_account(ServiceAccount::from_json(secret)?).into())
    })
}

/// Tokens of the DC/OS service account whose secret is in the file at `path`, which is read for each login. UTF-8.
///
/// On success puts the settings in `*out`; free them with bouncer_renewer_options_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT. The file is first read by bouncer_renewer_new_old().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_new_service_account_file(
    path: *const c_char,
    path_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_renewer_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `path` is readable for `path_len` bytes.
        let path = unsafe { text("path", path.cast(), path_len) }?;
        Ok(TokenRenewer::service_account_file(path).into())
    })
}

/// Tokens of the DC/OS service account in the environment variable DCOS_SERVICE_ACCOUNT_CREDENTIAL, which holds the
/// secret or the path of a file with it.
///
/// On success puts the settings in `*out`; free them with bouncer_renewer_options_free(). On failure:
/// BOUNCER_STATUS_UNUSABLE_CREDENTIALS.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_new_service_account_from_env(
    out: Option<&mut MaybeUninit<*mut bouncer_renewer_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(TokenRenewer::service_account_from_env()?.into()))
}

/// Tokens of an OAuth 2.0 client by the client credentials grant (RFC 6749 section 4.4), from the token endpoint at
/// `token_url`. The client authenticates with HTTP Basic. Each is UTF-8 of the length given.
///
/// On success puts the settings in `*out`; free them with bouncer_renewer_options_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_new_client_credentials(
    token_url: *const c_char,
    token_url_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    client_secret: *const c_char,
    client_secret_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_renewer_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `token_url` is readable for `token_url_len` bytes.
        let token_url = unsafe { text("token_url", token_url.cast(), token_url_len) }?;
        // SAFETY: the caller promises `client_id` is readable for `client_id_len` bytes.
        let client_id = unsafe { text("client_id", client_id.cast(), client_id_len) }?;
        // SAFETY: the caller promises `client_secret` is readable for `client_secret_len` bytes.
        let client_secret = unsafe { text("client_secret", client_secret.cast(), client_secret_len) }?;
        Ok(TokenRenewer::client_credentials(token_url, client_id).client_secret(client_secret).into())
    })
}

/// Tokens that the program supplies itself: a thread of its own waits in bouncer_renewer_wait_login() and answers with
/// bouncer_renewer_supply() or bouncer_renewer_supply_failure(). `name` stands for the source in logs. UTF-8. Make one
/// renewer of these settings.
///
/// On success puts the settings in `*out`; free them with bouncer_renewer_options_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_new_supplied(
    name: *const c_char,
    name_len: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_renewer_options>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        let name = unsafe { text("name", name.cast(), name_len) }?;
        let supplied = Arc::new(SuppliedTokens::default());
        let source = Arc::clone(&supplied);
        let builder = TokenRenewer::source(name, source);
        Ok(bouncer_renewer_options { builder, supplied: Some(supplied) })
    })
}

/// Replaces the settings by what `change` makes of them, or leaves them as they are.
fn change(
    options: Option<&mut bouncer_renewer_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
    change: impl FnOnce(TokenRenewerBuilder) -> Result<TokenRenewerBuilder, Failure>,
) -> bouncer_status {
    act(err, || {
        let options = handle("options", options)?;
        options.builder = change(options.builder.clone())?;
        Ok(())
    })
}

/// Logs in at `url`, in place of the service account's "login_endpoint". UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_set_login_endpoint(
    options: Option<&mut bouncer_renewer_options>,
    url: *const c_char,
    url_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `url` is readable for `url_len` bytes.
        let url = unsafe { text("url", url.cast(), url_len) }?;
        Ok(options.login_endpoint(url))
    })
}

/// Sends this parameter with the client credentials: "scope", "audience", "resource". UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_add_parameter(
    options: Option<&mut bouncer_renewer_options>,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `name` is readable for `name_len` bytes.
        let name = unsafe { text("name", name.cast(), name_len) }?;
        // SAFETY: the caller promises `value` is readable for `value_len` bytes.
        let value = unsafe { text("value", value.cast(), value_len) }?;
        Ok(options.parameter(name, value))
    })
}

/// Writes "Bearer <token>" in the Authorization header: the default but for DC/OS.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_bearer(
    options: Option<&mut bouncer_renewer_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.bearer()))
}

/// Writes "token=<token>" in the Authorization header: the default for DC/OS.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_dcos_header(
    options: Option<&mut bouncer_renewer_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.dcos_header()))
}

/// Allows http to other machines: whoever is on the way can then take the token. By default http goes to this machine
/// alone.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_allow_http(
    options: Option<&mut bouncer_renewer_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.allow_http()))
}

/// Trusts the certificate authorities of the PEM file at `path` too, besides the system's. The file is read for each
/// login, so it may be replaced. UTF-8.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_set_ca_file(
    options: Option<&mut bouncer_renewer_options>,
    path: *const c_char,
    path_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `path` is readable for `path_len` bytes.
        let path = unsafe { text("path", path.cast(), path_len) }?;
        Ok(options.ca_file(path))
    })
}

/// Goes through the proxy at `url`, as bouncer_remote_options_set_proxy().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_renewer_options_set_proxy(
    options: Option<&mut bouncer_renewer_options>,
    url: *const c_char,
    url_len: usize,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| {
        // SAFETY: the caller promises `url` is readable for `url_len` bytes.
        let url = unsafe { text("url", url.cast(), url_len) }?;
        Ok(options.proxy(url))
    })
}

/// Goes through no proxy, whatever the environment says.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_no_proxy(
    options: Option<&mut bouncer_renewer_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.no_proxy()))
}

/// The time for one HTTP exchange: by default 10,000 milliseconds. The TCP connection must be there after 2000.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_timeout(
    options: Option<&mut bouncer_renewer_options>,
    timeout_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.timeout(milliseconds(timeout_ms))))
}

/// How long a caller waits at most for a token: by default 10,000 milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_max_wait(
    options: Option<&mut bouncer_renewer_options>,
    max_wait_ms: u64,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.max_wait(milliseconds(max_wait_ms))))
}

/// Logs in, and starts the thread, with the first call, not at once. For programs that fork after they set up.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_set_lazy(
    options: Option<&mut bouncer_renewer_options>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    change(options, err, |options| Ok(options.lazy()))
}

/// Frees settings. Renewers made of them go on working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_options_free(options: Option<Box<bouncer_renewer_options>>) {
    read((), || drop(options));
}
