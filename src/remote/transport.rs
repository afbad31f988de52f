//! One HTTP exchange, made by the program's own HTTP client or by `http.rs`.

use crate::error::ErrorKind;
use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Makes the HTTP requests of a remote key set or a token renewer. Implement it to use your own
/// HTTP client. Closures `Fn(&HttpRequest) -> Result<HttpResponse, FetchError>` implement it too.
/// The response body may be compressed with gzip or deflate if Content-Encoding names it.
///
/// One background thread at a time calls [`Transport::exchange`], without a lock. The call may
/// block for up to [`HttpRequest::timeout`]. The transport must not follow redirects to another
/// origin.
pub trait Transport: Send + Sync {
    /// Makes one request and reads the whole response.
    ///
    /// # Errors
    /// Returns the cause if there is no complete response. A response with an HTTP error status is
    /// `Ok`.
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError>;

    /// Interrupts the exchange in flight, if possible, and makes all later ones fail. Called by
    /// another thread when the key set or renewer is closed. The default does nothing.
    fn interrupt(&self) {}
}

impl<F> Transport for F
where
    F: Fn(&HttpRequest<'_>) -> Result<HttpResponse, FetchError> + Send + Sync,
{
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError> {
        self(request)
    }
}

/// A request: GET, or POST if it has a body.
#[derive(Clone)]
pub struct HttpRequest<'a> {
    pub(super) url: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) timeout: Duration,
    pub(super) body_limit: BodyLimit,
}

/// The maximum size of a response body, with its name in errors.
#[derive(Clone, Copy)]
pub(super) struct BodyLimit {
    pub(super) name: &'static str,
    pub(super) bytes: usize,
}

impl HttpRequest<'_> {
    /// The absolute URL.
    pub fn url(&self) -> &str {
        self.url
    }

    /// The header fields to send, in addition to those that an HTTP client sends itself.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// `"GET"` or `"POST"`.
    pub fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }

    /// The body to send, which may be secret. The header fields contain its content-type.
    pub fn body(&self) -> Option<&[u8]> {
        self.body
    }

    /// The timeout of the exchange, from name resolution to the last byte of the body.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Maximum size of the response body, in bytes. A larger body is rejected, so a transport may
    /// stop reading once it has more bytes than that.
    pub fn max_body_len(&self) -> usize {
        self.body_limit.bytes
    }
}

/// Shows method and URL only: header fields and body may be secret.
impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {})", self.method(), super::url::without_query(self.url))
    }
}

/// The response to an [`HttpRequest`].
#[derive(Clone)]
pub struct HttpResponse {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl HttpResponse {
    /// Makes a response from its status, header fields and body.
    pub fn new(status: u16, headers: impl IntoIterator<Item = (String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers: headers.into_iter().collect(), body }
    }

    /// Returns the values of a header field, in order. The name is not case-sensitive.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }
}

/// Shows status and size only: header fields and body may be secret.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({}, {} bytes)", self.status, self.body.len())
    }
}

/// Declares [`FetchFailure`] with its stable names.
macro_rules! fetch_failures {
    ($($(#[$doc:meta])+ $failure:ident, $name:literal, $message:literal;)+) => {
        /// The kind of a [`FetchError`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FetchFailure { $($(#[$doc])+ $failure,)+ }

        impl FetchFailure {
            /// All kinds.
            pub const ALL: &'static [FetchFailure] = &[$(FetchFailure::$failure,)+];

            /// The stable name, the same in every language: `"timeout"`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$failure => $name,)+ }
            }

            /// A short description of the kind.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$failure => $message,)+ }
            }
        }
    };
}

fetch_failures! {
    /// No connection: name resolution, TCP or a proxy failed.
    Connect, "connect", "no connection";
    /// The response was not complete before the timeout.
    Timeout, "timeout", "timed out";
    /// The TLS handshake failed. Usually the certificate is not trusted, is for another host, or
    /// has expired.
    Tls, "tls", "TLS failed";
    /// The response is not HTTP, is truncated, or has an unsupported Content-Encoding.
    Protocol, "protocol", "invalid HTTP response";
    /// The HTTP status is not a success. Success is 200 or 203, and for a login also 201.
    Status, "status", "unexpected status";
    /// The response is a redirect that may not be followed.
    Redirect, "redirect", "redirect not followed";
    /// The response is larger than the limit. For keys and metadata that is `max_document_len`.
    TooLarge, "too_large", "too large";
    /// The document is not usable: it is not valid JSON, a JWK Set has no usable key, metadata has
    /// no usable URL, or a login response has no usable token.
    Document, "document", "unusable document";
    /// The metadata contains another issuer (OpenID Connect Discovery §4.3).
    Issuer, "issuer", "issuer mismatch";
    /// The server rejected the login with 401, or with 400 and the error "invalid_client": the
    /// account is unknown, or its key or secret is wrong.
    Rejected, "rejected", "the login was rejected";
    /// The server refused the login request because of a wrong URL or setting: HTTP 400, 405, 406
    /// or 415, and before the first successful login also 403 or 404.
    Refused, "refused", "the login request was refused";
    /// The secret or private key cannot be read or is not usable.
    Credentials, "credentials", "unusable credentials";
    /// Something on this machine failed: reading a CA file or client certificate, the last-good
    /// file, or starting a thread.
    System, "system", "system error";
    /// The program's own transport or token source failed without an error text or panicked, or the
    /// handle was closed.
    Other, "other", "the transport failed";
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const CLOSED: &str = "the key set or renewer was closed";

/// The error of a failed fetch or login. The only parts of the response that it contains are the
/// status and the error code of a login.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchError {
    failure: FetchFailure,
    detail: Cow<'static, str>,
    /// Whether closing the key set or renewer interrupted the attempt.
    is_closed: bool,
    /// The pause that Retry-After requests.
    pub(super) retry_after: Option<Duration>,
    /// The server's time in the response, in seconds since 1970.
    pub(super) server_time: Option<i64>,
}

impl FetchError {
    /// Makes an error from its kind and a detail. The detail appears in logs.
    pub fn new(failure: FetchFailure, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { failure, detail: detail.into(), is_closed: false, retry_after: None, server_time: None }
    }

    /// Makes the error of an attempt that [`close`](crate::RemoteJwkSet::close) interrupted.
    pub(super) fn closed() -> Self {
        Self { is_closed: true, ..Self::new(FetchFailure::Other, CLOSED) }
    }

    /// Whether closing the key set or renewer interrupted the attempt, so nothing is known about
    /// the server.
    #[doc(hidden)]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether an interrupted exchange can fail like this. The document of a response without a
    /// length ends where the connection ends. The other kinds of failure need a complete response
    /// or a file, so closing does not cause them.
    pub(super) fn may_be_interruption(&self) -> bool {
        use FetchFailure::{Connect, Document, Other, Protocol, Timeout, Tls};
        matches!(self.failure, Connect | Document | Timeout | Tls | Protocol | Other)
    }

    /// The kind of failure, to match on.
    pub fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// The kind of the error that a caller receives for this failed login.
    #[doc(hidden)]
    pub fn login_kind(&self) -> ErrorKind {
        match self.failure {
            FetchFailure::Rejected | FetchFailure::Refused => ErrorKind::LoginRejected,
            FetchFailure::Credentials => ErrorKind::UnusableCredentials,
            _ => ErrorKind::LoginUnavailable,
        }
    }

    /// Whether retrying the same login is useless until the operator acts.
    pub(super) fn is_permanent(&self) -> bool {
        matches!(self.failure, FetchFailure::Rejected | FetchFailure::Refused | FetchFailure::Credentials)
    }

    /// The cause. It may be empty, and the text may change between versions.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.failure.message())?;
        if !self.detail.is_empty() {
            f.write_str(": ")?;
        }
        // The detail may contain bytes from the network, and a log record is one line.
        f.write_str(&printable(&self.detail, 400))
    }
}

/// Removes control characters and truncates to `max` characters. For text from the network, which
/// must fit in one line of a log.
pub(super) fn printable(text: &str, max: usize) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(max + 1).collect();
    if let Some((end, _)) = shown.char_indices().nth(max) {
        shown.truncate(end);
        shown.push('\u{2026}');
    }
    shown
}

/// Formats a path for errors.
pub(super) fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy(), 150)
}

impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchError({self})")
    }
}

impl std::error::Error for FetchError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_of_bounded_length() {
        let error = FetchError::new(FetchFailure::Connect, format!("a\r\nb\u{1b}[31m{}", "x".repeat(1000)));
        let line = error.to_string();
        assert!(line.starts_with("no connection: ab[31mx") && line.len() < 500, "{line}");
        assert_eq!(FetchError::new(FetchFailure::Timeout, "").to_string(), "timed out");
        assert_eq!(printable("abc", 3), "abc");
        assert_eq!(printable("a\u{7}bcd", 3), "abc\u{2026}");
    }
}
