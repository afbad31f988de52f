//! One HTTP exchange, by the program's own client or by that of `http.rs`.

use crate::error::ErrorKind;
use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Makes the HTTP requests of a remote key set or of a token renewer, for programs that bring their
/// own HTTP client. Closures `Fn(&HttpRequest) -> Result<HttpResponse, FetchError>` are transports.
/// The body may be compressed with gzip or deflate, as Content-Encoding says.
///
/// One background thread at a time calls it, without a lock. It may block for
/// [`HttpRequest::timeout`]. It must not follow redirects to another origin.
pub trait Transport: Send + Sync {
    /// Makes one request and reads the whole response.
    ///
    /// # Errors
    /// Why there is no response. A response of any status is not an error.
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError>;

    /// Interrupts the exchange in flight, if it can, and fails all later ones. Another thread calls
    /// it when the key set is closed.
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
    pub(super) max_body_len: usize,
}

impl HttpRequest<'_> {
    /// The absolute URL.
    pub fn url(&self) -> &str {
        self.url
    }

    /// The header fields to send, besides those that any client sends.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// `"GET"` or `"POST"`.
    pub fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }

    /// The body to send. Its content-type is among the header fields. It may be secret.
    pub fn body(&self) -> Option<&[u8]> {
        self.body
    }

    /// The time for the exchange, from the name's resolution to the body's last byte.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The largest accepted body, in bytes. A longer one is rejected, so reading may stop there.
    pub fn max_body_len(&self) -> usize {
        self.max_body_len
    }
}

/// Shows neither header fields nor body, which may be secret.
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
    /// A response of this status, header fields and body.
    pub fn new(status: u16, headers: impl IntoIterator<Item = (String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers: headers.into_iter().collect(), body }
    }

    /// The values of a header field, in order. The name is compared without case.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }
}

/// Without header fields and body, which may be secret.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({}, {} bytes)", self.status, self.body.len())
    }
}

/// Declares [`FetchFailure`] with its stable names.
macro_rules! fetch_failures {
    ($($(#[$doc:meta])+ $failure:ident, $name:literal, $message:literal;)+) => {
        /// What kind of failure a [`FetchError`] is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FetchFailure { $($(#[$doc])+ $failure,)+ }

        impl FetchFailure {
            /// Every kind.
            pub const ALL: &'static [FetchFailure] = &[$(FetchFailure::$failure,)+];

            /// The stable name, the same in every language: `"timeout"`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$failure => $name,)+ }
            }

            /// The kind in a few words.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$failure => $message,)+ }
            }
        }
    };
}

fetch_failures! {
    /// There is no connection: name resolution, TCP or a proxy failed.
    Connect, "connect", "no connection";
    /// There was no complete response in time.
    Timeout, "timeout", "timed out";
    /// The TLS handshake failed. Often the certificate is not trusted, not for this host, or
    /// expired.
    Tls, "tls", "TLS failed";
    /// The response is not HTTP, is truncated, or has an unsupported Content-Encoding.
    Protocol, "protocol", "invalid HTTP response";
    /// The HTTP status is not a success. For keys that is 200 or 203, for a login also 201.
    Status, "status", "unexpected status";
    /// The response is a redirect that is not followed.
    Redirect, "redirect", "redirect not followed";
    /// The response is larger than its limit: `max_document_len` for a document.
    TooLarge, "too_large", "too large";
    /// The document is not JSON, not a JWK Set, or has no usable key.
    Document, "document", "unusable document";
    /// The metadata names another issuer (OpenID Connect Discovery §4.3).
    Issuer, "issuer", "issuer mismatch";
    /// The login was rejected with 401: unknown account, wrong key or secret.
    Rejected, "rejected", "the login was rejected";
    /// The login request was refused, whoever makes it: a wrong URL or setting. That is 400, 405,
    /// 406, 415, and 403 or 404 before the first successful login.
    Refused, "refused", "the login request was refused";
    /// The secret or private key cannot be read, or is not usable.
    Credentials, "credentials", "unusable credentials";
    /// Something on this machine failed: a CA file, a client certificate, the last-good file, or a
    /// thread.
    System, "system", "system error";
    /// The program's own transport failed without a reason, or panicked.
    Other, "other", "the transport failed";
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a fetch or a login failed. Of the response it holds the status only, and a login's error
/// code.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchError {
    failure: FetchFailure,
    detail: Cow<'static, str>,
    /// Retry-After of the response.
    pub(super) retry_after: Option<Duration>,
    /// The server's time when it answered, in seconds since 1970.
    pub(super) server_time: Option<i64>,
}

impl FetchError {
    /// A failure with a detail, which goes to logs.
    pub fn new(failure: FetchFailure, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { failure, detail: detail.into(), retry_after: None, server_time: None }
    }

    /// The kind of failure, to match on.
    pub fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// The kind of error that a caller gets when its login failed so.
    #[doc(hidden)]
    pub fn login_kind(&self) -> ErrorKind {
        match self.failure {
            FetchFailure::Rejected | FetchFailure::Refused => ErrorKind::LoginRejected,
            FetchFailure::Credentials => ErrorKind::UnusableCredentials,
            _ => ErrorKind::LoginUnavailable,
        }
    }

    /// Whether a retry of the same login would fail too: the operator has to act.
    pub(super) fn is_permanent(&self) -> bool {
        matches!(self.failure, FetchFailure::Rejected | FetchFailure::Refused | FetchFailure::Credentials)
    }

    /// What went wrong; may be empty. The text may change between versions.
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
        // It may hold bytes from the network, and goes to logs of one line.
        f.write_str(&printable(&self.detail, 400))
    }
}

/// `text` without control characters, at most `max` characters: text from the network may go to a
/// log of one line.
pub(super) fn printable(text: &str, max: usize) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(max + 1).collect();
    if let Some((end, _)) = shown.char_indices().nth(max) {
        shown.truncate(end);
        shown.push('\u{2026}');
    }
    shown
}

/// A path of the operator's, for errors.
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
    fn an_error_is_one_bounded_line() {
        let error = FetchError::new(FetchFailure::Connect, format!("a\r\nb\u{1b}[31m{}", "x".repeat(1000)));
        let line = error.to_string();
        assert!(line.starts_with("no connection: ab[31mx") && line.len() < 500, "{line}");
        assert_eq!(FetchError::new(FetchFailure::Timeout, "").to_string(), "timed out");
        assert_eq!(printable("abc", 3), "abc");
        assert_eq!(printable("a\u{7}bcd", 3), "abc\u{2026}");
    }
}
