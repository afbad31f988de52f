//! How to reach a server: what the settings of all remote things have in common.

use super::decode::Decoded;
use super::http::HttpTransport;
use super::proxy::Proxies;
use super::tls::Trust;
use super::transport::Transport;
use super::url;
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
pub(super) struct HttpSettings {
    pub(super) allow_http: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) proxy: ProxySetting,
    pub(super) same_origin_redirects: bool,
    /// For one exchange.
    pub(super) timeout: Duration,
    pub(super) transport: Option<Arc<dyn Transport>>,
}

#[derive(Clone)]
pub(super) enum ProxySetting {
    Environment,
    Off,
    Url(String),
}

fn invalid(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, "").with_detail(detail)
}

impl HttpSettings {
    pub(super) fn with_timeout(timeout: Duration) -> Self {
        Self {
            allow_http: false,
            ca_file: None,
            proxy: ProxySetting::Environment,
            same_origin_redirects: false,
            timeout,
            transport: None,
        }
    }

    /// Refuses a URL that these settings do not allow to be asked, or whose proxy cannot be used.
    pub(super) fn check(&self, url: &str) -> Result<()> {
        let uri = url::check(url, self.allow_http).map_err(invalid)?;
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
                Ok(Proxies::of_environment(variable))
            }
            ProxySetting::Url(url) => Proxies::of_setting(url).map_err(invalid),
        }
    }

    /// What makes the exchanges. The environment is read here, once.
    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>> {
        if self.timeout.is_zero() || self.timeout > Duration::from_secs(300) {
            return Err(invalid("a timeout of 0 or over 300 seconds"));
        }
        let has_http_setting = self.ca_file.is_some()
            || self.same_origin_redirects
            || matches!(self.proxy, ProxySetting::Url(_));
        let transport = match &self.transport {
            Some(_) if has_http_setting => {
                return Err(invalid("a transport of one's own has its own CA bundle, proxy and redirects"));
            }
            Some(transport) => Arc::clone(transport),
            None => {
                let trust = Trust::new(self.ca_file.clone());
                trust.check().map_err(invalid)?;
                Arc::new(HttpTransport::new(trust, self.proxies()?, self.same_origin_redirects))
            }
        };
        Ok(Arc::new(Decoded(transport)))
    }
}
