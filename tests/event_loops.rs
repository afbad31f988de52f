//! The example servers on an event loop. Each has one thread. While the issuer hangs, a server
//! keeps the requests that need a new key, and answers all others.
#![cfg(all(feature = "remote", target_os = "linux"))]

#[path = "support/c_library.rs"]
mod c_library;
#[path = "support/server.rs"]
mod server;
#[path = "support/signer.rs"]
mod signer;
#[path = "support/tool.rs"]
mod tool;

use bouncer_verify::{Algorithm, Jwk};
use server::{Reply, Server};
use signer::Key;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tool::{has_header, is_installed};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Longer than any operation in these tests, also under valgrind.
const TIMEOUT: Duration = Duration::from_secs(60);
const AUDIENCE: &str = "https://api.example/";
/// The body of each request. It looks like a header, and it ends where the value would begin.
const BODY: &str = "a\r\nAuthorization:";

/// An issuer with the keys "a" and "b". Key "b" is new. The issuer hangs until the test opens it.
struct Issuer {
    server: Server,
    is_open: Arc<(Mutex<bool>, Condvar)>,
}

impl Issuer {
    /// If `publishes_a`, the first fetch returns the key "a" at once.
    fn start(publishes_a: bool) -> Self {
        let server = Server::saying(Reply::status(404));
        let is_open = Arc::new((Mutex::new(false), Condvar::new()));
        let (origin, opened) = (server.origin.clone(), Arc::clone(&is_open));
        let first = Mutex::new(publishes_a);
        server.behave(move |request| match request.path.as_str() {
            "/.well-known/openid-configuration" => {
                Reply::json(format!(r#"{{"issuer":"{origin}/","jwks_uri":"{origin}/jwks"}}"#))
            }
            "/jwks" if std::mem::take(&mut *first.lock().unwrap()) => Reply::json(jwks(&["a"])),
            "/jwks" => {
                let is_open = opened.0.lock().unwrap();
                let waited = opened.1.wait_timeout_while(is_open, TIMEOUT, |is_open| !*is_open);
                assert!(!waited.unwrap().1.timed_out());
                Reply::json(jwks(&["a", "b"]))
            }
            path => panic!("no response for {path}"),
        });
        Self { server, is_open }
    }

    fn open(&self) {
        *self.is_open.0.lock().unwrap() = true;
        self.is_open.1.notify_all();
    }

    fn fetches(&self) -> usize {
        self.server.requests().iter().filter(|request| request.path == "/jwks").count()
    }

    fn token(&self, kid: &str) -> String {
        let exp = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 3600;
        let header = format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#);
        let claims =
            format!(r#"{{"iss":"{}/","aud":"{AUDIENCE}","sub":"peter","exp":{exp}}}"#, self.server.origin);
        key(kid).token(Algorithm::Rs256, header, claims)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.open();
    }
}

fn key(kid: &str) -> Key {
    Key::load(&format!("rsa-2048-{kid}"))
}

fn jwks(kids: &[&str]) -> String {
    let member = |kid: &&str| {
        Jwk::from_der(&key(kid).public_der()).unwrap().with_kid(kid.to_owned()).unwrap().to_json()
    };
    format!(r#"{{"keys":[{}]}}"#, kids.iter().map(member).collect::<Vec<_>>().join(","))
}

/// A running example server.
struct Example {
    process: Child,
    port: u16,
}

impl Example {
    fn start(command: &mut Command, issuer: &Issuer, timeout: Duration) -> Self {
        let mut process = command
            .args([&format!("{}/", issuer.server.origin), AUDIENCE, "0", &timeout.as_millis().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap() }
    }

    /// Sends a request and does not wait for the response.
    fn send(&self, token: Option<&str>) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let field = token.map_or(String::new(), |token| format!("authorization: Bearer {token}\r\n"));
        // Two parts, so that the server must store the first one. The body is no header.
        stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n").unwrap();
        stream.write_all(format!("{field}\r\n{BODY}").as_bytes()).unwrap();
        stream
    }

    fn response(&self, token: Option<&str>) -> String {
        response(self.send(token))
    }

    /// The number of open descriptors.
    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    /// Ends the server with SIGTERM. It must exit with 0, also under valgrind. Returns what it
    /// printed on standard error.
    fn stop(mut self) -> String {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let mut printed = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}\n{printed}");
        printed
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the response until the server closes the connection.
fn response(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn is_unanswered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let result = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !done() {
        assert!(Instant::now() < end, "timed out waiting until: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn assert_accepts(response: &str) {
    assert!(response.starts_with("HTTP/1.1 200 ") && response.ends_with("\r\n\r\npeter"), "{response}");
}

#[track_caller]
fn assert_rejects(response: &str, status: u16, challenge: &str) {
    assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    assert!(response.contains(challenge) && response.contains("\r\nContent-Length: 0\r\n"), "{response}");
}

/// While the issuer hangs, `parked` requests wait for it and `fast` other requests are answered.
fn stays_responsive(command: impl Fn() -> Command, parked: usize, fast: usize) {
    let issuer = Issuer::start(true);
    let example = Example::start(&mut command(), &issuer, TIMEOUT);
    let (known, new) = (issuer.token("a"), issuer.token("b"));
    assert_accepts(&example.response(Some(&known)));
    let descriptors = example.descriptors();

    const ABORTED: usize = 3;
    let mut waiting: Vec<_> = (0..parked + ABORTED).map(|_| example.send(Some(&new))).collect();
    until("all requests have arrived", || example.descriptors() >= descriptors + waiting.len());
    until("the issuer hangs", || issuer.fetches() == 2);
    waiting[0].write_all(b"the rest of a body").unwrap();
    for i in 0..fast {
        match i % 3 {
            0 => assert_accepts(&example.response(Some(&known))),
            1 => assert_rejects(&example.response(None), 401, "\r\nWWW-Authenticate: Bearer\r\n"),
            _ => assert_rejects(&example.response(Some("a.b")), 401, "malformed_token"),
        }
    }
    assert!(waiting.iter().all(is_unanswered));

    // Some clients do not wait any longer.
    let all = example.descriptors();
    drop(waiting.split_off(parked));
    until("the server has closed their connections", || example.descriptors() <= all - ABORTED);
    assert_accepts(&example.response(Some(&known)));
    assert!(waiting.iter().all(is_unanswered));

    issuer.open();
    for stream in waiting {
        assert_accepts(&response(stream));
    }
    assert_eq!(issuer.fetches(), 2, "the first fetch, and one for all parked requests");
    assert_eq!(example.response(Some(&new)), example.response(Some(&known)));
    // Some requests are never completed. The server closes them when it ends.
    let mut unfinished = TcpStream::connect(("127.0.0.1", example.port)).unwrap();
    unfinished.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    until("the request has arrived", || example.descriptors() > descriptors);
    example.stop();
}

/// Parked requests whose time is over get 503, and no other request waits for them.
fn answers_late_requests_with_503(command: impl Fn() -> Command) {
    let issuer = Issuer::start(false);
    let timeout = Duration::from_millis(400);
    let example = Example::start(&mut command(), &issuer, timeout);
    let (token, start) = (issuer.token("a"), Instant::now());
    let waiting: Vec<_> = (0..5).map(|_| example.send(Some(&token))).collect();
    assert_rejects(&example.response(None), 401, "\r\nWWW-Authenticate: Bearer\r\n");
    for stream in waiting {
        let response = response(stream);
        assert_rejects(&response, 503, " keys_unavailable\r\n");
        assert!(!response.contains("WWW-Authenticate"));
    }
    assert!(start.elapsed() >= timeout - Duration::from_millis(50), "{:?}", start.elapsed());
    issuer.open();
    until("there are keys", || example.response(Some(&token)).starts_with("HTTP/1.1 200 "));
    assert_eq!(issuer.fetches(), 1);
    let printed = example.stop();
    assert!(printed.contains("has not finished after "), "{printed}");
}

/// Compiles a program with all warnings as errors.
fn compile(compiler: &str, file: &str, flags: &[&str]) -> PathBuf {
    let name = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let variant: String = flags.concat().chars().filter(char::is_ascii_alphanumeric).collect();
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{variant}"));
    let folder = c_library::folder();
    let status = Command::new(compiler)
        .args(["-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-pthread"])
        .args(flags)
        .args([format!("-I{ROOT}/include"), format!("-I{ROOT}/bindings/cpp/include")])
        .arg(format!("{ROOT}/{file}"))
        .arg("-o")
        .arg(&output)
        .arg(format!("-L{}", folder.display()))
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .arg("-lbouncer_verify")
        .status()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(status.success(), "{file} does not compile");
    output
}

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const EPOLL: &str = "bindings/c/examples/epoll_server.c";
const ASIO: &str = "bindings/cpp/examples/asio_server.cpp";

/// Returns whether asio is installed, and prints the remedy if it is not.
fn has_asio() -> bool {
    has_header("asio.hpp", &[], "apt-get install libasio-dev")
}

#[test]
fn the_epoll_server_stays_responsive_while_the_issuer_hangs() {
    let program = compile("cc", EPOLL, &["-std=c99"]);
    stays_responsive(|| Command::new(&program), 100, 300);
    answers_late_requests_with_503(|| Command::new(&program));
}

#[test]
fn the_epoll_server_passes_under_the_sanitizers() {
    let program = compile("cc", EPOLL, &[&["-std=c11"], &SANITIZERS[..]].concat());
    let command = || sanitized(&program);
    stays_responsive(command, 20, 30);
    answers_late_requests_with_503(command);
}

fn sanitized(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("ASAN_OPTIONS", "detect_leaks=1");
    command
}

#[test]
fn the_epoll_server_passes_under_valgrind() {
    if !is_installed("valgrind", "apt-get install valgrind") {
        return;
    }
    let program = compile("cc", EPOLL, &["-std=c11"]);
    let command = || {
        let mut command = Command::new("valgrind");
        let suppressions = format!("--suppressions={ROOT}/tests/capi/valgrind.supp");
        command.args(["--quiet", "--error-exitcode=9", "--leak-check=full", &suppressions]);
        command.args([
            "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible",
        ]);
        command.arg(&program);
        command
    };
    stays_responsive(command, 20, 30);
}

#[test]
fn the_asio_server_stays_responsive_while_the_issuer_hangs() {
    if has_asio() {
        let program = compile("c++", ASIO, &["-std=c++17"]);
        stays_responsive(|| Command::new(&program), 100, 300);
        answers_late_requests_with_503(|| Command::new(&program));
    }
}

#[test]
fn the_asio_server_passes_under_the_sanitizers() {
    if has_asio() {
        let program = compile("c++", ASIO, &[&["-std=c++17"], &SANITIZERS[..]].concat());
        let command = || sanitized(&program);
        stays_responsive(command, 20, 30);
        answers_late_requests_with_503(command);
    }
}
