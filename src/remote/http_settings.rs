//! The HTTP settings that key sets and renewers share, and the builder functions for them.

use super::client_certificate::ClientCertificate;
use super::decode::DecodingTransport;
use super::http::{HttpConfig, HttpTransport};
use super::proxy::Proxies;
use super::tls;
use super::trace::Trace;
use super::transport::Transport;
use super::trust_store::TrustStore;
use super::url;
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
/// Maximum of all timeouts and of `max_wait`.
pub(super) const MAX_TIMEOUT: Duration = Duration::from_secs(300);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct HttpSettings {
    pub(super) allow_http: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) client_certificate_file: Option<PathBuf>,
    pub(super) client_key_file: Option<PathBuf>,
    pub(super) proxy: ProxySetting,
    pub(super) same_origin_redirects: bool,
    /// The timeout of one HTTP exchange.
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) trace: Trace,
}

#[derive(Clone)]
pub(super) enum ProxySetting {
    Environment,
    Off,
    Url(String),
}

pub(super) fn invalid(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, "").with_detail(detail)
}

/// Rejects a setting outside its limits: `"timeout is 301s; allowed are 1ms to 300s"`.
pub(super) fn check_range<T: PartialOrd + fmt::Debug>(
    name: &str,
    value: T,
    allowed: RangeInclusive<T>,
) -> Result<()> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (min, max) = allowed.into_inner();
    Err(invalid(format!("{name} is {value:?}; allowed are {min:?} to {max:?}")))
}

impl HttpSettings {
    pub(super) fn with_timeout(timeout: Duration) -> Self {
        Self {
            allow_http: false,
            ca_file: None,
            client_certificate_file: None,
            client_key_file: None,
            proxy: ProxySetting::Environment,
            same_origin_redirects: false,
            timeout,
            connect_timeout: None,
            transport: None,
            trace: Trace::default(),
        }
    }

    /// Rejects a URL that these settings do not allow, or whose proxy cannot be used. `setting` is
    /// the name of the setting that contains the URL. The error text contains this name.
    pub(super) fn check(&self, setting: &'static str, url: &str) -> Result<()> {
        let about = |why| Error::about(ErrorKind::InvalidArgument, setting, why);
        let uri = url::check(url, self.allow_http).map_err(about)?;
        if self.transport.is_none() {
            self.proxies()?.route(&uri).map_err(invalid)?;
        }
        Ok(())
    }

    fn proxies(&self) -> Result<Proxies> {
        match &self.proxy {
            ProxySetting::Off => Ok(Proxies::default()),
            ProxySetting::Environment => {
                let variable =
                    |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
                Ok(Proxies::from_environment(variable))
            }
            ProxySetting::Url(url) => Proxies::from_setting(url).map_err(invalid),
        }
    }

    fn client_certificate(&self) -> Result<Option<ClientCertificate>> {
        let certificate_file = match (&self.client_certificate_file, &self.client_key_file) {
            (Some(file), _) => file.clone(),
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err(invalid("client_key_file is set without client_certificate_file: set both"));
            }
        };
        let key_file = self.client_key_file.clone().unwrap_or_else(|| certificate_file.clone());
        let certificate = ClientCertificate { certificate_file, key_file };
        certificate.load(&tls::provider()).map_err(invalid)?;
        Ok(Some(certificate))
    }

    /// Creates the transport. Reads the proxy's environment variables now; the transport does not
    /// read them again.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a setting is invalid, or a file is not usable.
    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>> {
        let connect_timeout = self.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        check_range("timeout", self.timeout, MILLISECOND..=MAX_TIMEOUT)?;
        check_range("connect_timeout", connect_timeout, MILLISECOND..=MAX_TIMEOUT)?;
        let connection_settings = [
            ("ca_file", self.ca_file.is_some()),
            ("client_certificate_file", self.client_certificate_file.is_some()),
            ("client_key_file", self.client_key_file.is_some()),
            ("connect_timeout", self.connect_timeout.is_some()),
            ("proxy", matches!(self.proxy, ProxySetting::Url(_))),
            ("same_origin_redirects", self.same_origin_redirects),
        ];
        let transport = match (&self.transport, connection_settings.iter().find(|(_, is_set)| *is_set)) {
            (Some(_), Some((name, _))) => {
                return Err(invalid(format!(
                    "{name} and a custom transport are mutually exclusive: the transport makes the \
                     connections"
                )));
            }
            (Some(transport), None) => Arc::clone(transport),
            (None, _) => {
                let trust = TrustStore::new(self.ca_file.clone());
                trust.check().map_err(invalid)?;
                Arc::new(HttpTransport::new(HttpConfig {
                    trust,
                    client_certificate: self.client_certificate()?,
                    proxies: self.proxies()?,
                    same_origin_redirects: self.same_origin_redirects,
                    connect_timeout,
                    trace: self.trace.clone(),
                }))
            }
        };
        Ok(Arc::new(DecodingTransport(transport)))
    }
}

/// Defines the builder functions of these settings, for a builder with a field `http`. `$timeout`
/// is the default timeout in seconds.
macro_rules! http_builder_functions {
    ($timeout:literal) => {
        /// Allows http to other machines. Anyone on the network path can then change the response.
        pub fn allow_http(mut self) -> Self {
            self.http.allow_http = true;
            self
        }

        /// Trusts the certificates in this PEM file in addition to those of the system. The file
        /// contains CA certificates, or the certificate of the server itself. It is read for each
        /// exchange, so it can be replaced. Invalid entries are skipped with a warning.
        pub fn ca_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.http.ca_file = Some(path.into());
            self
        }

        /// Presents the certificate chain in this PEM file to servers that request a client
        /// certificate (mTLS). A proxy never receives it.
        ///
        /// Certificate and key are read for each exchange, so short-lived certificates can be
        /// replaced while the program runs. If the key does not match the certificate, both are
        /// read once more after 100 ms, because one of them may just have been replaced.
        pub fn client_certificate_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.http.client_certificate_file = Some(path.into());
            self
        }

        /// Sets the file with the private key of the client certificate: unencrypted PEM (PKCS #8,
        /// PKCS #1 or SEC 1). By default the key is read from the certificate's file.
        pub fn client_key_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.http.client_key_file = Some(path.into());
            self
        }

        /// Uses this proxy, `http://[user:password@]host:port`. By default the proxy comes from
        /// environment variables, in lower or upper case: https_proxy for https, http_proxy for
        /// http, and all_proxy if that variable is not set. Hosts in no_proxy are reached directly.
        /// This machine is never reached through a proxy.
        pub fn proxy(mut self, url: &str) -> Self {
            self.http.proxy = $crate::remote::http_settings::ProxySetting::Url(url.to_owned());
            self
        }

        /// Uses no proxy. Ignores the environment variables.
        pub fn no_proxy(mut self) -> Self {
            self.http.proxy = $crate::remote::http_settings::ProxySetting::Off;
            self
        }

        #[doc = concat!("The timeout of one HTTP exchange, from name resolution to the last byte of the body: \
            1 ms to 300 s; ", $timeout, " s by default.")]
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.http.timeout = timeout;
            self
        }

        /// The timeout of the TCP connection to the server or its proxy, for all its addresses
        /// together: 1 ms to 300 s, 2 s by default, and at most `timeout`. It does not include the
        /// handshakes of TLS and of the proxy.
        pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.http.connect_timeout = Some(timeout);
            self
        }

        /// Makes the requests with this transport, for example the program's own HTTP client. The
        /// transport then handles TLS, proxies and redirects.
        pub fn transport(mut self, transport: impl $crate::remote::transport::Transport + 'static) -> Self {
            self.http.transport = Some(std::sync::Arc::new(transport));
            self
        }
    };
}

pub(super) use http_builder_functions;
