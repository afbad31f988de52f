//! Opens the connection for a URL: name resolution, TCP, a proxy, TLS. Uses ureq's own code only
//! for CONNECT proxies and for resolving names, and replaces ureq's other connectors.

use super::tls;
use super::trace::Trace;
use super::transport::{FetchError, FetchFailure, printable};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use std::{fmt, iter};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout, ShutdownHandle,
    Transport, TransportAdapter,
};
use ureq::{Agent, Error};

/// Minimum time for one address before the next one is tried.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(300);

/// How to reach a server for one exchange.
pub(super) struct ConnectSettings {
    /// TLS to the server. Only the server receives the client certificate.
    pub(super) server_tls: Option<Arc<ClientConfig>>,
    /// TLS to an https proxy.
    pub(super) proxy_tls: Option<Arc<ClientConfig>>,
    /// The server's host and port.
    pub(super) server: Option<Authority>,
    /// The proxy that forwards an http request. `None` for https, which uses a CONNECT proxy.
    pub(super) forward: Option<Uri>,
    /// Timeout for the TCP connection only. The handshakes of a proxy and of TLS may take until
    /// `end`.
    pub(super) connect_timeout: Duration,
    /// The deadline of the exchange.
    pub(super) end: Instant,
    pub(super) trace: Trace,
}

impl ConnectSettings {
    pub(super) fn agent(self, config: Config) -> Agent {
        let resolver = InterleavingResolver {
            forward: self.forward.clone(),
            default: DefaultResolver::default(),
            trace: self.trace.clone(),
        };
        let forward = Forward { is_forwarded: self.forward.is_some() };
        let tls = Tls {
            for_server: self.server_tls,
            for_proxy: self.proxy_tls,
            server: self.server,
            forward: self.forward,
            trace: self.trace.clone(),
        };
        let chain =
            ().chain(ConnectProxyConnector::default())
                .chain(Tcp { timeout: self.connect_timeout, end: self.end, trace: self.trace })
                .chain(tls)
                .chain(forward);
        Agent::with_parts(config, chain, resolver)
    }
}

fn fetch_error(failure: FetchFailure, detail: String) -> Error {
    Error::Other(Box::new(FetchError::new(failure, detail)))
}

/// Returns `host:port`, for errors.
fn host_and_port(uri: &Uri) -> String {
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default_port);
    format!("{}:{port}", printable(uri.host().unwrap_or_default(), 100))
}

/// Resolves names and interleaves IPv6 and IPv4 addresses. So if the IPv6 addresses do not respond,
/// there is time left for IPv4.
#[derive(Debug)]
struct InterleavingResolver {
    forward: Option<Uri>,
    default: DefaultResolver,
    trace: Trace,
}

impl Resolver for InterleavingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let uri = self.forward.as_ref().unwrap_or(uri);
        let found = self.default.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Timeout(_) => {
                fetch_error(FetchFailure::Timeout, format!("resolving {}: check DNS", host_and_port(uri)))
            }
            error => {
                fetch_error(FetchFailure::Connect, format!("{}: {}", host_and_port(uri), io_text(error)))
            }
        })?;
        let mut addresses = self.empty();
        interleave(&found).into_iter().for_each(|address| addresses.push(address));
        self.trace.note(|exchange| exchange.addresses = Some(addresses.to_vec()));
        Ok(addresses)
    }
}

/// Interleaves the address families, beginning with the family of the first address (RFC 8305 §4).
/// Keeps the order within each family.
fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut own, mut other): (Vec<_>, Vec<_>) =
        addresses.iter().rev().partition(|address| address.is_ipv6() == first);
    let mut is_own = false;
    iter::from_fn(|| {
        is_own = !is_own;
        if is_own { own.pop().or_else(|| other.pop()) } else { other.pop().or_else(|| own.pop()) }
    })
    .collect()
}

/// Tries the addresses in order and returns the first connection. Each address gets an equal share
/// of the time left until `end`, and at least [`SHORTEST_ATTEMPT`].
fn connect_tcp(addresses: &[SocketAddr], end: Instant) -> io::Result<TcpStream> {
    let mut error = io::Error::from(io::ErrorKind::TimedOut);
    for (i, address) in addresses.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let share = left / u32::try_from(addresses.len() - i).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, share.max(SHORTEST_ATTEMPT).min(left)) {
            Ok(stream) => return Ok(stream),
            // Prefer another error, such as "connection refused", to a timeout, because the other
            // error is more precise.
            Err(why) if error.kind() == io::ErrorKind::TimedOut => error = why,
            Err(_) => {}
        }
    }
    Err(error)
}

#[derive(Debug)]
struct Tcp {
    timeout: Duration,
    end: Instant,
    trace: Trace,
}

impl<In: Transport> Connector<In> for Tcp {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(tunnel) = chained {
            return Ok(Some(Box::new(tunnel)));
        }
        let end = self.end.min(Instant::now() + self.timeout);
        let stream = connect_tcp(&details.addrs, end).map_err(|error| {
            let addresses = match details.addrs.len() {
                1 => String::new(),
                count => format!(" ({count} addresses)"),
            };
            let host = host_and_port(details.uri);
            match error.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                    let detail =
                        format!("connecting to {host}{addresses}: check firewall and proxy settings");
                    fetch_error(FetchFailure::Timeout, detail)
                }
                _ => fetch_error(FetchFailure::Connect, format!("{host}{addresses}: {error}")),
            }
        })?;
        self.trace.note(|exchange| exchange.peer = stream.peer_addr().ok());
        stream.set_nodelay(true)?;
        let stream = Arc::new(stream);
        let handle: Weak<TcpStream> = Arc::downgrade(&stream);
        (details.register_shutdown)(handle as Weak<dyn ShutdownHandle>)?;
        let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Box::new(Socket { stream, buffers: LazyBuffers::new(input, output), end: self.end })))
    }
}

/// A TCP connection. All its reads and writes time out at `end`, also those of handshakes.
#[derive(Debug)]
struct Socket {
    stream: Arc<TcpStream>,
    buffers: LazyBuffers,
    end: Instant,
}

/// Returns the time left until `end` or until ureq's own timeout, whichever is earlier. Fails if no
/// time is left.
fn time_left(end: Instant, timeout: &NextTimeout) -> Result<Duration, Error> {
    let left = end.saturating_duration_since(Instant::now()).min(*timeout.after);
    if left.is_zero() { Err(Error::Timeout(timeout.reason)) } else { Ok(left) }
}

fn map_timeout<T>(result: io::Result<T>, timeout: &NextTimeout) -> Result<T, Error> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    })
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut rest: &[u8] = self.buffers.output().get(..amount).unwrap_or_default();
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(time_left(self.end, &timeout)?))?;
            match (&*self.stream).write(rest) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                written => rest = rest.get(map_timeout(written, &timeout)?..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        loop {
            self.stream.set_read_timeout(Some(time_left(self.end, &timeout)?))?;
            match (&*self.stream).read(self.buffers.input_append_buf()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let read = map_timeout(read, &timeout)?;
                    self.buffers.input_appended(read);
                    return Ok(read > 0);
                }
            }
        }
    }

    /// Connections are not reused.
    fn is_open(&mut self) -> bool {
        false
    }
}

/// Adds TLS to a connection with the server or with an https proxy.
struct Tls {
    for_server: Option<Arc<ClientConfig>>,
    for_proxy: Option<Arc<ClientConfig>>,
    server: Option<Authority>,
    forward: Option<Uri>,
    trace: Trace,
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        let uri = self.forward.as_ref().unwrap_or(details.uri);
        if uri.scheme_str() != Some("https") || transport.is_tls() {
            return Ok(Some(Box::new(transport)));
        }
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let tls = |detail: String| fetch_error(FetchFailure::Tls, detail);
        let server = ServerName::try_from(bare.to_owned())
            .map_err(|_| tls(format!("{} is not a valid host name for TLS", printable(host, 100))))?;
        let is_server = self.forward.is_none() && details.uri.authority() == self.server.as_ref();
        let config = if is_server { &self.for_server } else { &self.for_proxy };
        let config = config.clone().ok_or(Error::TlsRequired)?;
        let explained = |error: &rustls::Error| tls(tls::explain(error, &printable(host, 100)));
        let mut connection = ClientConnection::new(config, server).map_err(|error| explained(&error))?;
        let mut socket = TransportAdapter::new(
            Box::new(transport) as Box<dyn Transport>,
            Arc::clone(&details.current_time),
        );
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket).map_err(|error| {
            match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(error) => explained(error),
                None if error.kind() == io::ErrorKind::UnexpectedEof => tls(format!(
                    "{} closed the connection during the TLS handshake: check the URL's port",
                    host_and_port(uri)
                )),
                None => Error::from(error),
            }
        })?;
        let version = connection.protocol_version().map(|version| format!("{version:?}").replace('_', "."));
        self.trace.note(|exchange| exchange.tls_version = version);
        let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
        let stream = StreamOwned { conn: connection, sock: socket };
        Ok(Some(Box::new(TlsTransport { buffers: LazyBuffers::new(input, output), stream })))
    }
}

struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl TlsTransport {
    /// Returns the TLS alert that the server sent before it closed the connection. With TLS 1.3,
    /// the server may reject the client certificate while the request is being written.
    fn received_alert(&mut self) -> Option<io::Error> {
        while self.stream.conn.read_tls(&mut self.stream.sock).ok()? > 0 {
            if let Err(error) = self.stream.conn.process_new_packets() {
                return Some(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        None
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        let written = self.stream.write_all(output);
        written.map_err(|error| self.received_alert().unwrap_or(error).into())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// Sends an http request to a proxy, with the request target in absolute form (RFC 9112 §3.2.2).
#[derive(Debug)]
struct Forward {
    is_forwarded: bool,
}

impl<In: Transport> Connector<In> for Forward {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !self.is_forwarded {
            return Ok(Some(Box::new(transport)));
        }
        let authority = details.uri.authority().map_or("", |authority| authority.as_str());
        let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Box::new(ForwardTransport {
            buffers: LazyBuffers::new(input, output),
            origin: Some(format!("http://{authority}")),
            proxy: TransportAdapter::new(transport, Arc::clone(&details.current_time)),
        })))
    }
}

/// Changes ureq's "GET /path" to "GET http://host/path".
struct ForwardTransport<T: Transport> {
    buffers: LazyBuffers,
    /// `None` after the first line was sent.
    origin: Option<String>,
    proxy: TransportAdapter<T>,
}

impl<T: Transport> Transport for ForwardTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.proxy.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        match (self.origin.take(), output.iter().position(|&byte| byte == b' ')) {
            (Some(origin), Some(space)) => {
                let (method, rest) = output.split_at(space + 1);
                self.proxy.write_all(&[method, origin.as_bytes(), rest].concat())?;
            }
            _ => self.proxy.write_all(output)?,
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.proxy.set_timeout(timeout);
        let read = self.proxy.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}

/// Returns the text of an I/O error without ureq's prefix.
fn io_text(error: Error) -> String {
    match error {
        Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

// `Debug` shows only the type: the contents are secret, or useless in a log.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}

impl<T: Transport> fmt::Debug for ForwardTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForwardTransport")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// An address that does not respond: its listener's queue is full, so the kernel drops new
    /// connections.
    struct Silent {
        listener: TcpListener,
        _queue: Vec<TcpStream>,
    }

    impl Silent {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
            let queue = iter::from_fn(connect).take(10_000).collect();
            Self { listener, _queue: queue }
        }

        fn address(&self) -> SocketAddr {
            self.listener.local_addr().unwrap()
        }
    }

    const TIMEOUT: Duration = Duration::from_secs(2);

    fn soon(time: Duration) -> Instant {
        Instant::now() + time
    }

    #[test]
    fn address_families_alternate_and_keep_their_order() {
        let order = |addresses: &[&str]| {
            let parsed: Vec<SocketAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            interleave(&parsed).iter().map(SocketAddr::to_string).collect::<Vec<_>>()
        };
        let [a, b, c, d] = ["[::a]:1", "[::b]:1", "[::c]:1", "[::d]:1"];
        let [x, y] = ["1.0.0.1:1", "1.0.0.2:1"];
        assert_eq!(order(&[a, b, c, d, x]), [a, x, b, c, d]);
        assert_eq!(order(&[a, b, x, y]), [a, x, b, y]);
        assert_eq!(order(&[x, y, a]), [x, a, y]);
        assert_eq!(order(&[a, b]), [a, b]);
        assert_eq!(order(&[x]), [x]);
        assert!(order(&[]).is_empty());
    }

    #[test]
    fn addresses_that_do_not_respond_leave_time_for_one_that_does() {
        let silent = Silent::new();
        let good = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = good.local_addr().unwrap();
        for before in 0..=4 {
            let mut addresses = vec![silent.address(); before];
            addresses.push(address);
            let stream = connect_tcp(&addresses, soon(TIMEOUT)).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), address, "{before}");
        }
        // Interleaved addresses: four IPv6 addresses that do not respond, and one IPv4 address that
        // does.
        let start = Instant::now();
        let addresses = [silent.address(), address, silent.address(), silent.address(), silent.address()];
        assert!(connect_tcp(&addresses, soon(TIMEOUT)).is_ok());
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }

    #[test]
    fn connecting_ends_at_its_deadline_and_prefers_connection_refused_to_a_timeout() {
        let silent = Silent::new();
        let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let start = Instant::now();
        let error = connect_tcp(&[silent.address(); 16], soon(Duration::from_millis(700))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
        for addresses in [[silent.address(), refused], [refused, silent.address()]] {
            let error = connect_tcp(&addresses, soon(Duration::from_millis(700))).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
        assert!(connect_tcp(&[refused], Instant::now()).is_err());
    }
}
