//! One HTTP exchange, for those who bring their own client and for the one in `http`.

use crate::error::ErrorKind;
use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Makes the HTTP requests of a remote key set or of a token renewer, for programs that bring their
/// own HTTP client. Closures `Fn(&HttpRequest) -> Result<HttpResponse, FetchError>` are transports.
/// A body may be compressed with gzip or deflate if its Content-Encoding says so; with any other it
/// is refused.
///
/// It is called by one background thread at a time, with no lock held, and may block as long as
/// [`HttpRequest::timeout`] says. It must not follow redirects to where a plain fetch would not go.
pub trait Transport: Send + Sync {
    /// Makes one request and reads the whole answer.
    ///
    /// # Errors
    /// Why there is no answer. Any status is an answer.
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError>;

    /// Ends the exchange that is under way, if it can, and fails all later ones. Called from
    /// another thread when the key set is closed.
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

    /// The header fields to send, beside those that any client sends.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// `"GET"` or `"POST"`.
    pub fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }

    /// What to send, with the content-type among the header fields. It may be secret.
    pub fn body(&self) -> Option<&[u8]> {
        self.body
    }

    /// The time for everything, from the name's resolution to the body's last byte.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The largest body that is of use, in bytes: a longer one is refused, so reading may end
    /// there.
    pub fn max_body_len(&self) -> usize {
        self.max_body_len
    }
}

/// Without header fields and body, which may be secret.
impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {})", self.method(), super::url::without_query(self.url))
    }
}

/// The answer to an [`HttpRequest`].
#[derive(Clone)]
pub struct HttpResponse {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl HttpResponse {
    /// An answer of this status, header fields and body.
    pub fn new(status: u16, headers: impl IntoIterator<Item = (String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers: headers.into_iter().collect(), body }
    }

    /// The values of a header field, in order. ASCII case does not matter.
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

            /// A few words.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$failure => $message,)+ }
            }
        }
    };
}

fetch_failures! {
    /// No connection: name resolution, TCP or a proxy.
    Connect, "connect", "no connection";
    /// No whole answer in time.
    Timeout, "timeout", "timed out";
    /// The TLS handshake: most often a certificate that is not trusted, not for this host or
    /// expired.
    Tls, "tls", "TLS failed";
    /// The answer is not HTTP, was cut short, or has a Content-Encoding that is not known.
    Protocol, "protocol", "invalid HTTP response";
    /// An HTTP status that is not a success: for keys other than 200 and 203, for a login also than 201.
    Status, "status", "unexpected status";
    /// A redirect that is not followed.
    Redirect, "redirect", "redirect not followed";
    /// The answer is larger than its bound: 1 MiB for a document.
    TooLarge, "too_large", "too large";
    /// The document is not what it should be: not JSON, not a JWK Set, no usable key in it.
    Document, "document", "unusable document";
    /// Discovery: the metadata name another issuer (OpenID Connect Discovery §4.3).
    Issuer, "issuer", "issuer mismatch";
    /// The login was refused with 401: unknown account, wrong key or secret.
    Rejected, "rejected", "the login was rejected";
    /// The login was refused as a request, whoever makes it (400, 405, 406, 415, and 403 or 404 before the first login
    /// that succeeds): a wrong URL or setting.
    Refused, "refused", "the login request was refused";
    /// The service account's secret cannot be read, or is none.
    Credentials, "credentials", "unusable credentials";
    /// The CA bundle, the last-good file or a thread: the surroundings of this program.
    System, "system", "system error";
    /// A transport of the program's own gave no reason, or panicked.
    Other, "other", "the transport failed";
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a fetch, or a login, failed. It holds nothing of the answer but its status, and of a login's also its error code.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchError {
    failure: FetchFailure,
    detail: Cow<'static, str>,
    /// How long the server wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// The server's time when it answered, in seconds since 1970.
    pub(super) server_time: Option<i64>,
}

impl FetchError {
    /// A failure with a few words about it, which go to logs.
    pub fn new(failure: FetchFailure, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { failure, detail: detail.into(), retry_after: None, server_time: None }
    }

    /// The kind of failure, to match on.
    pub fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// The kind of error that a caller gets whose login failed so.
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

    /// What exactly went wrong; may be empty. The words may change between versions.
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
        // It may hold what a library made of bytes from the network, and goes to logs of one line.
        f.write_str(&printable(&self.detail, 400))
    }
}

/// `text` without control characters, at most `max` characters: what comes from a network may go to
/// a log of one line.
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
