//! Records what the HTTP client does, for `bouncer-verify check`. Other clients record nothing.

use super::transport::HttpResponse;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The record of all exchanges of one client, or nothing.
#[derive(Clone, Default)]
pub(super) struct Trace(Option<Arc<Mutex<Vec<Exchange>>>>);

/// What happened in one exchange so far.
#[derive(Clone, Default)]
pub(super) struct Exchange {
    pub(super) url: String,
    /// The proxy, and the setting or variable that names it.
    pub(super) proxy: Option<String>,
    /// The addresses of the server or its proxy.
    pub(super) addresses: Option<Vec<SocketAddr>>,
    /// The address of the TCP connection.
    pub(super) peer: Option<SocketAddr>,
    /// The last certificate that was presented, in DER. It may be untrusted.
    pub(super) certificate: Option<Vec<u8>>,
    /// The TLS version after a handshake.
    pub(super) tls_version: Option<String>,
    /// The response, and when it arrived.
    pub(super) response: Option<(HttpResponse, SystemTime)>,
}

impl Trace {
    /// Returns a trace that records.
    pub(super) fn recording() -> Self {
        Self(Some(Arc::default()))
    }

    /// Records the start of an exchange.
    pub(super) fn begin(&self, url: impl fmt::Display) {
        if let Some(exchanges) = &self.0 {
            let exchange = Exchange { url: url.to_string(), ..Exchange::default() };
            exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        }
    }

    /// Changes the record of the current exchange.
    pub(super) fn note(&self, change: impl FnOnce(&mut Exchange)) {
        let Some(exchanges) = &self.0 else { return };
        if let Some(exchange) = exchanges.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
            change(exchange);
        }
    }

    /// Returns the exchanges so far.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let exchanges = self.0.as_ref();
        exchanges
            .map(|exchanges| exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .unwrap_or_default()
    }
}

/// Shows only whether it records: a response may contain secrets.
impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Trace(recording)" } else { "Trace(off)" })
    }
}
