//! The default transport: HTTP/1.1 with ureq, TLS with rustls.

use super::client_certificate::ClientCertificate;
use super::connect::ConnectSettings;
use super::decode;
use super::proxy::{Proxies, Route};
use super::redirect;
use super::tls;
use super::trace::Trace;
use super::transport::{BodyLimit, FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use super::trust_store::TrustStore;
use crate::os;
use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use ureq::http::{HeaderValue, Request, Uri, header};
use ureq::{Agent, Error, Proxy};

const MAX_HEADER_LEN: usize = 32 * 1024;
const MAX_REDIRECTS: usize = 3;
const SLOW_SERVER: &str = "no complete response from the server: raise timeout if it is slow";
/// Maximum number of bytes that are read from the body of an error response to a login. The body
/// contains the OAuth error code.
const MAX_LOGIN_ERROR_LEN: u64 = 16 * 1024;

/// The settings of an [`HttpTransport`].
pub(super) struct HttpConfig {
    pub(super) trust: TrustStore,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) proxies: Proxies,
    pub(super) same_origin_redirects: bool,
    pub(super) connect_timeout: Duration,
    pub(super) trace: Trace,
}

/// Makes HTTP requests for a key set or a renewer.
///
/// Creates a new ureq agent for each exchange. So no idle socket is shared with a forked process,
/// and the certificate files are read again for each exchange. Exchanges are minutes apart, so
/// reusing an agent would not save time.
pub(super) struct HttpTransport {
    config: HttpConfig,
    interrupted: AtomicBool,
    in_flight: ArcSwapOption<InFlight>,
}

/// The exchange in flight and its process. A forked child must not shut down its parent's socket.
struct InFlight {
    process: u64,
    agent: Agent,
}

impl HttpTransport {
    pub(super) fn new(config: HttpConfig) -> Self {
        Self { config, interrupted: AtomicBool::new(false), in_flight: ArcSwapOption::empty() }
    }

    fn agent(
        &self,
        uri: &Uri,
        proxy: Option<&Proxy>,
        end: Instant,
    ) -> Result<(Agent, Vec<String>), FetchError> {
        let is_https = uri.scheme_str() == Some("https");
        let forward = proxy.filter(|_| !is_https).map(|proxy| proxy.uri().clone());
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy.filter(|_| is_https).cloned())
            .user_agent(concat!("bouncer_verify/", env!("CARGO_PKG_VERSION")))
            // Requests an uncompressed body, so that its size is known before it is read.
            .accept_encoding("identity")
            .max_response_header_size(MAX_HEADER_LEN)
            .max_idle_connections(0)
            .timeout_global(Some(end.saturating_duration_since(Instant::now())));
        let (mut server_tls, mut proxy_tls, mut warnings) = (None, None, Vec::new());
        let is_https_proxy = proxy.is_some_and(|proxy| proxy.uri().scheme_str() == Some("https"));
        if is_https || is_https_proxy {
            let system = |why| FetchError::new(FetchFailure::System, why);
            let tls_error = |error: rustls::Error| system(error.to_string());
            let provider = tls::provider();
            let certificate = self.config.client_certificate.as_ref().filter(|_| is_https);
            let certificate = certificate.map(|files| files.load(&provider)).transpose().map_err(system)?;
            let trusted = self.config.trust.read(&provider).map_err(system)?;
            let trace = self.config.trace.clone();
            let verifier = Arc::new(tls::Verifier::new(trusted, provider).with_trace(trace));
            warnings = verifier.warnings();
            if is_https {
                server_tls = Some(Arc::new(verifier.client_config(certificate).map_err(tls_error)?));
            }
            if is_https_proxy {
                proxy_tls = Some(Arc::new(verifier.client_config(None).map_err(tls_error)?));
            }
        }
        let connect_timeout = self.config.connect_timeout;
        let server = uri.authority().cloned();
        let trace = self.config.trace.clone();
        let settings =
            ConnectSettings { server_tls, proxy_tls, server, forward, connect_timeout, end, trace };
        Ok((settings.agent(config.build()), warnings))
    }

    fn exchange_once(
        &self,
        uri: &Uri,
        request: &HttpRequest<'_>,
        end: Instant,
    ) -> Result<HttpResponse, FetchError> {
        let unusable = |why| FetchError::new(FetchFailure::Connect, why);
        self.config.trace.begin(uri);
        let route = self.config.proxies.route(uri).map_err(unusable)?;
        self.config.trace.note(|exchange| exchange.proxy = route.as_ref().map(Route::to_string));
        let proxy = route.as_ref().map(|route| route.proxy);
        let (agent, warnings) = self.agent(uri, proxy, end)?;
        let in_flight = InFlight { process: os::process_number(), agent: agent.clone() };
        self.in_flight.store(Some(Arc::new(in_flight)));
        // This check must follow `store`. Then either `interrupt` finds the agent, or this check
        // sees the flag.
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(FetchError::closed());
        }
        let mut head = Request::builder().method(request.method()).uri(uri.clone());
        for (name, value) in &request.headers {
            head = head.header(*name, value);
        }
        // For https, ureq sends the credentials with CONNECT.
        if let Some(proxy) = proxy.filter(|_| uri.scheme_str() != Some("https"))
            && let Some(credentials) = basic_credentials(proxy)
        {
            head = head.header(header::PROXY_AUTHORIZATION, credentials);
        }
        let host = uri.host().unwrap_or_default();
        let explained = |error| explain(error, host, route.as_ref(), &warnings, request.body_limit);
        let invalid =
            |_| FetchError::new(FetchFailure::Other, "a request header contains an invalid character");
        let mut response = match request.body {
            Some(body) => agent.run(head.body(body).map_err(invalid)?),
            None => agent.run(head.body(()).map_err(invalid)?),
        }
        .map_err(explained)?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let status = response.status().as_u16();
        let mut body = |limit: u64| response.body_mut().with_config().limit(limit).read_to_vec();
        let body = match status {
            200 | 201 | 203 => {
                let limit = request.body_limit;
                if let Some(len) = content_length(&headers).filter(|&len| len > limit.bytes as u64) {
                    return Err(decode::too_large(Some(len), limit));
                }
                body(limit.bytes as u64).map_err(explained)?
            }
            // The body only explains the status, so an unreadable body is not an error.
            400..=599 if request.body.is_some() => body(MAX_LOGIN_ERROR_LEN).unwrap_or_default(),
            _ => Vec::new(),
        };
        let response = HttpResponse::new(status, headers, body);
        self.config.trace.note(|exchange| exchange.response = Some((response.clone(), SystemTime::now())));
        Ok(response)
    }
}

impl Transport for HttpTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError> {
        let end = Instant::now() + request.timeout;
        let not_followed = |detail| FetchError::new(FetchFailure::Redirect, detail);
        let mut uri: Uri =
            request.url.parse().map_err(|_| FetchError::new(FetchFailure::Other, "not a URL"))?;
        for _ in 0..=MAX_REDIRECTS {
            let result = self.exchange_once(&uri, request, end);
            self.in_flight.store(None);
            let response = result?;
            if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let location = response.values("location").next().unwrap_or_default();
            let target = redirect::resolve(&uri, location);
            let target = target.filter(|target| redirect::is_same_origin(&uri, target));
            let where_to = redirect::describe_target(&uri, location);
            uri = match target {
                Some(_) if request.body.is_some() => {
                    return Err(not_followed(format!(
                        "{where_to}: logins are not redirected, configure this URL"
                    )));
                }
                Some(_) if !self.config.same_origin_redirects => {
                    return Err(not_followed(format!("{where_to}: set same_origin_redirects to follow it")));
                }
                Some(target) => target,
                None => return Err(not_followed(where_to)),
            };
        }
        Err(not_followed(format!("more than {MAX_REDIRECTS} redirects: is there a redirect loop?")))
    }

    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        if let Some(in_flight) = self.in_flight.swap(None)
            && in_flight.process == os::process_number()
        {
            in_flight.agent.clone().shutdown();
        }
    }
}

fn content_length(headers: &[(String, String)]) -> Option<u64> {
    headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, len)| len.trim().parse().ok())
}

fn basic_credentials(proxy: &Proxy) -> Option<String> {
    let (user, password) = (proxy.username(), proxy.password());
    user.or(password)?;
    let pair = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
    Some(format!("Basic {}", STANDARD.encode(pair)))
}

/// Adds a remedy to ureq's text for a response that it cannot parse. The server is then likely not
/// an HTTP server.
fn not_http(text: &str) -> String {
    match text.split_once("http parse fail: ") {
        Some((_, why)) => format!("the response is not HTTP: check the URL's port ({why})"),
        None => text.to_owned(),
    }
}

/// Converts an error of ureq to an error whose text contains the cause and a remedy.
fn explain(
    error: Error,
    host: &str,
    route: Option<&Route<'_>>,
    warnings: &[String],
    limit: BodyLimit,
) -> FetchError {
    let error = match error {
        // An error of `connect.rs` that was wrapped in an `io::Error`.
        Error::Io(io) if io.get_ref().is_some_and(|inner| inner.is::<Error>()) => Error::from(io),
        error => error,
    };
    let (failure, detail) = match error {
        Error::Other(inner) => match inner.downcast::<FetchError>() {
            Ok(error) => (error.failure(), error.detail().to_owned()),
            Err(other) => (FetchFailure::Other, other.to_string()),
        },
        Error::Timeout(_) => (FetchFailure::Timeout, SLOW_SERVER.to_owned()),
        Error::BodyExceedsLimit(_) => {
            let error = decode::too_large(None, limit);
            (error.failure(), error.detail().to_owned())
        }
        Error::LargeResponseHeader(..) => {
            (FetchFailure::TooLarge, format!("the response header has more than {MAX_HEADER_LEN} bytes"))
        }
        Error::Tls(_) => (FetchFailure::Tls, error.to_string()),
        Error::Rustls(error) => (FetchFailure::Tls, tls::explain(&error, host)),
        Error::Io(io) => match (io.get_ref().and_then(|inner| inner.downcast_ref()), io.kind()) {
            (Some(error), _) => (FetchFailure::Tls, tls::explain(error, host)),
            (_, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                (FetchFailure::Timeout, SLOW_SERVER.to_owned())
            }
            (_, io::ErrorKind::UnexpectedEof) => (
                FetchFailure::Protocol,
                "the server closed the connection before the response was complete".to_owned(),
            ),
            (_, io::ErrorKind::InvalidData) => (FetchFailure::Protocol, io.to_string()),
            _ => (FetchFailure::Connect, io.to_string()),
        },
        // ureq reports the status twice: "502/502".
        Error::ConnectProxyFailed(why) => {
            (FetchFailure::Connect, why.split('/').next().unwrap_or_default().to_owned())
        }
        Error::HostNotFound | Error::ConnectionFailed => (FetchFailure::Connect, error.to_string()),
        error => (FetchFailure::Protocol, not_http(&error.to_string())),
    };
    let detail = match (failure, route) {
        (FetchFailure::Connect | FetchFailure::Timeout | FetchFailure::Tls, Some(route)) => {
            format!("through the proxy {route}: {detail}")
        }
        // The cause may be a skipped certificate of `ca_file` or SSL_CERT_FILE.
        (FetchFailure::Tls, None) => {
            warnings.first().map_or(detail.clone(), |note| format!("{detail}; {note}"))
        }
        _ => detail,
    };
    FetchError::new(failure, detail)
}
