//! An HTTP server on loopback with configurable responses and faults. It counts requests and
//! connections.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Maximum number of stored requests.
const MAX_STORED_REQUESTS: usize = 1000;
/// Maximum time of [`Reply::Hang`], and the read timeout of a connection.
const MAX_HANG: Duration = Duration::from_secs(30);

/// A received request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) at: Instant,
    pub(crate) body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }
}

/// What the server sends for a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Status, header fields and body. The server adds Content-Length and `Connection: close`.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Only these bytes. The server adds no response head.
    Bytes(Vec<u8>),
    /// These bytes one by one, with a pause before each one.
    Drip(Vec<u8>, Duration),
    /// A response head, and then a body of spaces. Its length is this number of bytes, rounded down
    /// to a multiple of 64 KiB.
    Flood(&'static str, usize),
    /// Another reply after a pause.
    Late(Duration, Box<Reply>),
    /// Nothing. The connection stays open until the client disconnects, at most 30 seconds.
    Hang,
}

impl Reply {
    /// Returns a reply with status 200 and a JSON body.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::Answer(200, vec![("Content-Type", "application/json".into())], body.into())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), b"no\n".to_vec())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer(_, headers, _) = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    pub(crate) fn late(self, pause: Duration) -> Self {
        Self::Late(pause, Box::new(self))
    }
}

type Behaviour = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

pub(crate) struct Server {
    /// `http://127.0.0.1:port`
    pub(crate) origin: String,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    requests: Mutex<Vec<Request>>,
    count: AtomicUsize,
    connections: AtomicUsize,
    stopped: AtomicBool,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Server {
    pub(crate) fn start(behaviour: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(None, "http://127.0.0.1", Arc::new(behaviour))
    }

    /// Starts a TLS server at `https://localhost`.
    pub(crate) fn start_tls(
        config: rustls::ServerConfig,
        behaviour: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(Arc::new(config)), "https://localhost", Arc::new(behaviour))
    }

    /// Starts a server that always sends `reply`.
    pub(crate) fn saying(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    fn serve(tls: Option<Arc<rustls::ServerConfig>>, origin: &str, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            requests: Mutex::default(),
            count: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            tls,
        });
        let its = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if its.stopped.load(Ordering::SeqCst) {
                    return;
                }
                its.connections.fetch_add(1, Ordering::SeqCst);
                let its = Arc::clone(&its);
                thread::spawn(move || its.talk(stream));
            }
        });
        Self { origin: format!("{origin}:{port}"), shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/jwks", self.origin)
    }

    pub(crate) fn port(&self) -> u16 {
        self.origin.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Calls `behaviour` for each later request, and sends the reply that it returns.
    pub(crate) fn behave(&self, behaviour: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        *self.shared.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    /// Sends `reply` for all later requests.
    pub(crate) fn say(&self, reply: Reply) {
        self.behave(move |_| reply.clone());
    }

    /// Returns the number of requests so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// Returns the number of connections so far. A failed TLS handshake counts as a connection, but
    /// not as a request.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Returns the first [`MAX_STORED_REQUESTS`] requests.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port()));
    }
}

impl Shared {
    fn talk(&self, tcp: TcpStream) {
        let _ = tcp.set_nodelay(true);
        let _ = tcp.set_read_timeout(Some(MAX_HANG));
        let watched = tcp.try_clone().unwrap();
        match &self.tls {
            None => self.respond(tcp, &watched),
            Some(config) => {
                let Ok(connection) = rustls::ServerConnection::new(Arc::clone(config)) else { return };
                self.respond(rustls::StreamOwned::new(connection, tcp), &watched);
            }
        }
    }

    fn respond(&self, stream: impl Read + Write, watched: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let Some(request) = read_request(&mut reader) else { return };
        let mut requests = self.requests.lock().unwrap();
        if requests.len() < MAX_STORED_REQUESTS {
            requests.push(request.clone());
        }
        drop(requests);
        self.count.fetch_add(1, Ordering::SeqCst);
        let behaviour = Arc::clone(&self.behaviour.lock().unwrap());
        let reply = behaviour(&request);
        // Ignore errors: the client may have disconnected.
        let _ = self.reply(reader.get_mut(), &reply, watched);
        let _ = reader.get_mut().flush();
    }

    fn reply(&self, to: &mut impl Write, reply: &Reply, watched: &TcpStream) -> std::io::Result<()> {
        match reply {
            Reply::Answer(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} Because\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    head += &format!("{name}: {value}\r\n");
                }
                to.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
                to.write_all(body)
            }
            Reply::Bytes(bytes) => to.write_all(bytes),
            Reply::Drip(bytes, pause) => bytes.iter().try_for_each(|byte| {
                self.pause(*pause, watched);
                to.write_all(&[*byte])?;
                to.flush()
            }),
            Reply::Flood(head, len) => {
                to.write_all(head.as_bytes())?;
                (0..len / 65536).try_for_each(|_| to.write_all(&[b' '; 65536]))
            }
            Reply::Late(pause, reply) => {
                self.pause(*pause, watched);
                self.reply(to, reply, watched)
            }
            Reply::Hang => {
                self.pause(MAX_HANG, watched);
                Ok(())
            }
        }
    }

    /// Sleeps for `pause`, or until the client disconnects or the server is dropped.
    fn pause(&self, pause: Duration, watched: &TcpStream) {
        let end = Instant::now() + pause;
        let _ = watched.set_nonblocking(true);
        while Instant::now() < end && !self.stopped.load(Ordering::SeqCst) {
            if matches!(watched.peek(&mut [0]), Ok(0)) {
                break;
            }
            thread::sleep(end.saturating_duration_since(Instant::now()).min(Duration::from_millis(5)));
        }
        let _ = watched.set_nonblocking(false);
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut request = Request { path, at: Instant::now(), body: Vec::new(), headers: Vec::new() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => request.headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let len = request.header("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
    request.body = vec![0; len];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}
