//! How to reach a server: what the settings of all remote things have in common.

use super::http::HttpTransport;
use super::transport::Transport;
use super::url;
use crate::error::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::{Proxy, ProxyProtocol};

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

/// In the order in which they count.
const PROXY_VARIABLES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

fn invalid(detail: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, detail)
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

    /// Refuses a URL that these settings do not allow to be asked.
    pub(super) fn check(&self, url: &str) -> Result<()> {
        url::check(url, self.allow_http).map(drop).map_err(invalid)
    }

    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>> {
        if self.timeout.is_zero() || self.timeout > Duration::from_secs(300) {
            return Err(invalid("a timeout of 0 or over 300 seconds"));
        }
        let has_http_setting = self.ca_file.is_some()
            || self.same_origin_redirects
            || matches!(self.proxy, ProxySetting::Url(_));
        match &self.transport {
            Some(_) if has_http_setting => {
                Err(invalid("a transport of one's own has its own CA bundle, proxy and redirects"))
            }
            Some(transport) => Ok(Arc::clone(transport)),
            None => {
                // Read here, once. The variables of the certificate authorities and of name resolution are read with each use.
                let proxy = match &self.proxy {
                    ProxySetting::Off => None,
                    ProxySetting::Environment => proxy_of_environment()?,
                    ProxySetting::Url(url) => Some(http_proxy(url)?),
                };
                Ok(Arc::new(HttpTransport::new(self.ca_file.clone(), proxy, self.same_origin_redirects)))
            }
        }
    }
}

/// A proxy that is not understood must not be passed over in silence: it would mean to go without.
fn http_proxy(url: &str) -> Result<Proxy> {
    match Proxy::new(url) {
        Ok(proxy) if matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) => Ok(proxy),
        _ => Err(invalid("a proxy, set or in the environment, that is not http:// or https://")),
    }
}

fn proxy_of_environment() -> Result<Option<Proxy>> {
    let set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let Some(name) = PROXY_VARIABLES.iter().find(set) else { return Ok(None) };
    http_proxy(&std::env::var(name).unwrap_or_default())?;
    // The same variable, and what NO_PROXY says.
    Ok(Proxy::try_from_env())
}
