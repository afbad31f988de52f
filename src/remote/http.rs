//! HTTP/1.1 over ureq, TLS over rustls.

use super::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use super::url;
use arc_swap::ArcSwapOption;
use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::http::{Request, Uri, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error, Proxy};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_HEADER_LEN: usize = 32 * 1024;
const MAX_REDIRECTS: usize = 3;

/// The transport that is used unless the program brings its own.
///
/// An agent is made for each exchange, minutes apart: then no idle socket is shared with a forked process, and the
/// certificate authorities are those on the disk now.
pub(super) struct HttpTransport {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) proxy: Option<Proxy>,
    pub(super) same_origin_redirects: bool,
    interrupted: AtomicBool,
    under_way: ArcSwapOption<UnderWay>,
}

/// An exchange, and the process that makes it: a forked child must not shut down its parent's socket.
struct UnderWay {
    process: u32,
    agent: Agent,
}

impl HttpTransport {
    pub(super) fn new(ca_file: Option<PathBuf>, proxy: Option<Proxy>, same_origin_redirects: bool) -> Self {
        let under_way = ArcSwapOption::empty();
        Self { ca_file, proxy, same_origin_redirects, interrupted: AtomicBool::new(false), under_way }
    }

    fn agent(&self, uri: &Uri, timeout: Duration) -> Result<Agent, FetchError> {
        let proxy = self.proxy.clone().filter(|_| !uri.host().is_some_and(url::is_loopback));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .user_agent(concat!("bouncer_verify/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(MAX_HEADER_LEN)
            .max_idle_connections(0)
            .timeout_global(Some(timeout))
            .timeout_connect(Some(timeout.min(CONNECT_TIMEOUT)));
        if uri.scheme_str() == Some("https") {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let tls = TlsConfig::builder()
                .unversioned_rustls_crypto_provider(provider)
                .root_certs(RootCerts::Specific(Arc::new(self.authorities()?)));
            config = config.tls_config(tls.build());
        }
        Ok(config.build().into())
    }

    /// The system's certificate authorities and those of the bundle.
    fn authorities(&self) -> Result<Vec<Certificate<'static>>, FetchError> {
        let system = rustls_native_certs::load_native_certs().certs;
        let mut authorities: Vec<_> =
            system.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        if let Some(file) = &self.ca_file {
            let failed = |why| FetchError::new(FetchFailure::System, format!("the CA bundle: {why}"));
            let bundle = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
            let before = authorities.len();
            for item in parse_pem(&bundle) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => authorities.push(certificate),
                    Ok(_) => {}
                    Err(error) => return Err(failed(error.to_string())),
                }
            }
            if authorities.len() == before {
                return Err(failed("no certificate in it".to_owned()));
            }
        }
        Ok(authorities)
    }

    fn once(
        &self,
        uri: &Uri,
        request: &HttpRequest<'_>,
        timeout: Duration,
    ) -> Result<HttpResponse, FetchError> {
        let agent = self.agent(uri, timeout)?;
        let under_way = UnderWay { process: process::id(), agent: agent.clone() };
        self.under_way.store(Some(Arc::new(under_way)));
        // After the store: whoever interrupts either finds the agent or is seen here.
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(FetchError::new(FetchFailure::Other, "closed"));
        }
        let mut head = Request::builder().method(request.method()).uri(uri.clone());
        for (name, value) in &request.headers {
            head = head.header(*name, value);
        }
        let invalid = |_| FetchError::new(FetchFailure::Other, "a header that cannot be sent");
        let mut answer = match request.body {
            Some(body) => agent.run(head.body(body).map_err(invalid)?),
            None => agent.run(head.body(()).map_err(invalid)?),
        }
        .map_err(failure)?;
        let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> =
            answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let status = answer.status().as_u16();
        let limit = request.max_body_len as u64;
        // Only the body of a success is of use.
        let body = match status {
            200 => answer.body_mut().with_config().limit(limit).read_to_vec().map_err(failure)?,
            _ => Vec::new(),
        };
        Ok(HttpResponse::new(status, headers, body))
    }
}

impl Transport for HttpTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError> {
        let end = Instant::now() + request.timeout;
        let not_followed = |detail| FetchError::new(FetchFailure::Redirect, detail);
        let mut uri: Uri =
            request.url.parse().map_err(|_| FetchError::new(FetchFailure::Other, "not a URL"))?;
        for _ in 0..=MAX_REDIRECTS {
            let left = end.saturating_duration_since(Instant::now());
            let result = self.once(&uri, request, left);
            self.under_way.store(None);
            let response = result?;
            match response.status {
                301 | 302 | 303 | 307 | 308 if request.body.is_some() || !self.same_origin_redirects => {
                    return Err(not_followed(""));
                }
                301 | 302 | 303 | 307 | 308 => {
                    let location = response.values("location").next().unwrap_or_default();
                    uri = url::same_origin(&uri, location).ok_or(not_followed("to another origin"))?;
                }
                _ => return Ok(response),
            }
        }
        Err(not_followed("too many"))
    }

    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        if let Some(under_way) = self.under_way.swap(None)
            && under_way.process == process::id()
        {
            under_way.agent.clone().shutdown();
        }
    }
}

fn failure(error: Error) -> FetchError {
    let failure = match &error {
        Error::Timeout(_) => FetchFailure::Timeout,
        Error::Tls(_) | Error::Pem(_) | Error::Rustls(_) => FetchFailure::Tls,
        Error::Io(io) if io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => FetchFailure::Tls,
        Error::Io(io) => match io.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => FetchFailure::Timeout,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => FetchFailure::Protocol,
            _ => FetchFailure::Connect,
        },
        Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => FetchFailure::Connect,
        Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => FetchFailure::TooLarge,
        _ => FetchFailure::Protocol,
    };
    match failure {
        FetchFailure::TooLarge | FetchFailure::Timeout => FetchError::new(failure, ""),
        _ => FetchError::new(failure, error.to_string()),
    }
}
