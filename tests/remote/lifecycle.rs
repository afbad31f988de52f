//! Threads, file descriptors, memory and closing.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, kind, on_threads, ready, token, until};
use bouncer_verify::{ErrorKind, FetchFailure, Policy, RemoteJwkSet, Verifier};
use std::fs;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

fn body() -> String {
    jwks(&[("rsa-2048-a", "a")])
}

/// Returns the number of threads of this process with this name. Other tests run in parallel, so a
/// test that counts threads needs its own process: see [`alone`].
pub(crate) fn threads_named(wanted: &str) -> usize {
    let name = |task: &fs::DirEntry| fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    fs::read_dir("/proc/self/task").unwrap().flatten().filter(|task| name(task).trim() == wanted).count()
}

/// Returns the number of threads of this library in this process.
pub(crate) fn library_threads() -> usize {
    ["bouncer-sched", "bouncer-fetch", "bouncer-login", "bouncer-events"].map(threads_named).iter().sum()
}

/// Runs only the test `test` in a new process, waits for it and returns false. In the new process,
/// returns true.
pub(crate) fn alone(test: &str) -> bool {
    beside(test, || ((), "1".to_owned())).is_some()
}

/// Like [`alone`], beside a server in this process. Returns `None` here, and the text of `server`
/// in the new process.
pub(crate) fn beside<T>(test: &str, server: impl FnOnce() -> (T, String)) -> Option<String> {
    if let Ok(text) = std::env::var("BOUNCER_ALONE") {
        return Some(text);
    }
    let (_server, text) = server();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("BOUNCER_ALONE", text)
        .status()
        .unwrap();
    assert!(status.success(), "{test}");
    None
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_refreshes_leak_no_threads_descriptors_or_memory() {
    if !alone("lifecycle::ten_thousand_refreshes_leak_no_threads_descriptors_or_memory") {
        return;
    }
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let resident = || {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
    };
    let server = Server::saying(Reply::json(body()));
    // Use a name instead of an address, so that name resolution is counted too.
    let url = server.url().replace("127.0.0.1", "localhost");
    let keys = RemoteJwkSet::new(&url).unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let threads = || fs::read_dir("/proc/self/task").unwrap().count();
    let refresh = |times: usize| {
        for i in 0..times {
            // The kid alternates, so every refresh changes the keys.
            let kid = if i % 2 == 0 { "a" } else { "b" };
            server.say(Reply::json(jwks(&[("rsa-2048-a", kid)])));
            keys.refresh(TIMEOUT).unwrap();
        }
    };
    refresh(1000);
    until("the threads of the server have ended", || threads() <= 4);
    let (fds, kib) = (descriptors(), resident());
    refresh(9000);
    assert_eq!((server.count(), keys.status().generation), (10_001, 10_000));
    // The threads of the last fetch may still be ending.
    until("only the scheduler is left", || library_threads() == 1 && threads_named("bouncer-sched") == 1);
    // The threads of main, the test, the scheduler and the server.
    until("no other thread is left", || threads() <= 4);
    // A connection of the server may still be closing.
    assert!(descriptors() <= fds + 4, "{fds} descriptors became {}", descriptors());
    assert!(resident() <= kib + 2048, "{kib} KiB became {}", resident());
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_key_sets_made_and_dropped_leave_no_threads() {
    if !alone("lifecycle::a_thousand_key_sets_made_and_dropped_leave_no_threads") {
        return;
    }
    let server = Server::saying(Reply::json(body()));
    for i in 0..1000 {
        let keys = builder(&server).build().unwrap();
        if i % 10 == 0 {
            keys.wait_ready(TIMEOUT).unwrap();
        }
    }
    until("the threads end", || library_threads() == 0);
    assert!(server.count() <= 1000);
}

#[test]
fn a_lazy_key_set_sends_no_request_before_the_first_verification() {
    let server = Server::saying(Reply::json(body()));
    let keys = builder(&server).lazy().build().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!((server.count(), keys.status().attempts), (0, 0));
    // All concurrent first verifications wait for the same first fetch.
    let verifier = Verifier::new(keys, Policy::dcos());
    let genuine = token("rsa-2048-a", Some("a"));
    assert_eq!(on_threads(8, move |_| verifier.verify(&genuine).is_ok()), [true; 8]);
    assert_eq!(server.count(), 1);
}

#[test]
fn the_first_well_formed_token_causes_the_first_fetch_of_a_lazy_key_set() {
    let unsigned = signer_token(r#"{"alg":"RS256","kid":"a"}"#, r#"{"uid":"peter"}"#);
    let cases = [
        (crate::token_until("rsa-2048-a", Some("a"), crate::now() - 60), ErrorKind::Expired),
        (token("rsa-2048-b", Some("a")), ErrorKind::InvalidSignature),
        (token("rsa-2048-b", Some("b")), ErrorKind::NoMatchingKey),
        (unsigned, ErrorKind::InvalidSignature),
    ];
    for in_a_batch in [false, true] {
        for (token, expected) in &cases {
            let server = Server::saying(Reply::json(body()));
            let keys = builder(&server).lazy().build().unwrap();
            let verifier = Verifier::new(keys.clone(), Policy::dcos());
            assert_eq!(kind(verifier.verify("nonsense")), ErrorKind::MalformedToken);
            assert_eq!((server.count(), keys.status().attempts), (0, 0));
            let verify = || match in_a_batch {
                true => kind(verifier.verify_batch(&[token], 1).remove(0)),
                false => kind(verifier.verify(token)),
            };
            for _ in 0..5 {
                assert_eq!(verify(), *expected);
            }
            // One fetch, or two fetches if another key could make the token valid.
            let may_refetch = !matches!(expected, ErrorKind::Expired) && token.len() > 100;
            assert!(server.count() <= 1 + usize::from(may_refetch), "{expected}: {}", server.count());
        }
    }
}

/// Returns a token with a signature of one byte.
fn signer_token(header: &str, payload: &str) -> String {
    let [header, payload] = [header, payload].map(crate::signer::base64url);
    format!("{header}.{payload}.AA")
}

#[test]
fn a_lazy_key_set_in_an_outage_does_not_fetch_for_each_token() {
    let server = Server::saying(Reply::status(503));
    let keys = builder(&server).lazy().build().unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let (expired, start) = (crate::token_until("rsa-2048-a", Some("a"), 1), Instant::now());
    for _ in 0..10_000 {
        assert_eq!(kind(verifier.verify(&expired)), ErrorKind::KeysUnavailable);
    }
    // One first fetch, and then retries in the background at least 100 ms apart.
    assert!(server.count() as u128 <= 1 + start.elapsed().as_millis() / 100);
}

/// Returns a transport that hangs until `release` is closed, even after the key set is closed.
fn hanging(release: std::sync::mpsc::Receiver<()>) -> impl bouncer_verify::Transport {
    let release = std::sync::Mutex::new(release);
    move |_: &bouncer_verify::HttpRequest<'_>| {
        let _ = release.lock().unwrap().recv();
        Err(bouncer_verify::FetchError::new(FetchFailure::Other, "released"))
    }
}

#[test]
fn a_hanging_transport_delays_a_close_by_at_most_one_second() {
    for is_dropped in [false, true] {
        let (release, released) = std::sync::mpsc::channel();
        let keys = RemoteJwkSet::builder("https://issuer.example/jwks")
            .transport(hanging(released))
            .build()
            .unwrap();
        until("the fetch began", || keys.status().scheduled == 1);
        let start = Instant::now();
        if is_dropped {
            drop(keys)
        } else {
            keys.close()
        }
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(3), "{waited:?}");
        drop(release);
    }
}

/// A transport whose exchange ends 200 ms after it is interrupted.
#[derive(Default)]
struct Slow {
    is_interrupted: std::sync::atomic::AtomicBool,
    has_ended: std::sync::atomic::AtomicBool,
}

impl bouncer_verify::Transport for &'static Slow {
    fn exchange(
        &self,
        _: &bouncer_verify::HttpRequest<'_>,
    ) -> Result<bouncer_verify::HttpResponse, bouncer_verify::FetchError> {
        until("the exchange is interrupted", || self.is_interrupted.load(SeqCst));
        std::thread::sleep(Duration::from_millis(200));
        self.has_ended.store(true, SeqCst);
        Err(bouncer_verify::FetchError::new(FetchFailure::Other, "interrupted"))
    }

    fn interrupt(&self) {
        self.is_interrupted.store(true, SeqCst);
    }
}

#[test]
fn close_and_the_last_drop_wait_until_the_thread_has_ended() {
    for is_dropped in [false, true] {
        let slow: &'static Slow = Box::leak(Box::default());
        let keys = RemoteJwkSet::builder("https://issuer.example/jwks").transport(slow).build().unwrap();
        until("the fetch began", || keys.status().scheduled == 1);
        let other = keys.clone();
        drop(other);
        assert!(!slow.is_interrupted.load(SeqCst), "only dropping the last clone closes the key set");
        if is_dropped {
            drop(keys);
        } else {
            keys.close();
        }
        assert!(slow.has_ended.load(SeqCst));
    }
}

#[test]
fn a_transport_that_closes_its_own_key_set_does_not_wait_for_itself() {
    let itself = std::sync::Arc::new(std::sync::OnceLock::<RemoteJwkSet>::new());
    let its = std::sync::Arc::clone(&itself);
    let (closed, took) = std::sync::mpsc::channel();
    let closed = std::sync::Mutex::new(closed);
    let transport = move |_: &bouncer_verify::HttpRequest<'_>| {
        let start = Instant::now();
        its.wait().close();
        closed.lock().unwrap().send(start.elapsed()).unwrap();
        Err(bouncer_verify::FetchError::new(FetchFailure::Other, "closed"))
    };
    let keys = RemoteJwkSet::builder("https://issuer.example/jwks").transport(transport).build().unwrap();
    itself.set(keys).unwrap();
    assert!(took.recv_timeout(TIMEOUT).unwrap() < Duration::from_millis(700));
}

/// Closes a key set during its first fetch, and returns the last error. The transport returns the
/// result of `exchange` after it is interrupted.
fn error_after_close(
    exchange: fn() -> Result<bouncer_verify::HttpResponse, bouncer_verify::FetchError>,
) -> bouncer_verify::FetchError {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (released, release) = (std::sync::Mutex::new(released), std::sync::Mutex::new(Some(release)));
    let transport = Interrupted { exchange, released, release };
    let keys = RemoteJwkSet::builder("https://issuer.example/jwks").transport(transport).build().unwrap();
    until("the fetch began", || keys.status().scheduled == 1);
    keys.close();
    keys.status().last_error.unwrap()
}

/// A transport whose exchange waits until it is interrupted.
struct Interrupted {
    exchange: fn() -> Result<bouncer_verify::HttpResponse, bouncer_verify::FetchError>,
    released: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
    release: std::sync::Mutex<Option<std::sync::mpsc::Sender<()>>>,
}

impl bouncer_verify::Transport for Interrupted {
    fn exchange(
        &self,
        _: &bouncer_verify::HttpRequest<'_>,
    ) -> Result<bouncer_verify::HttpResponse, bouncer_verify::FetchError> {
        let _ = self.released.lock().unwrap().recv();
        (self.exchange)()
    }

    fn interrupt(&self) {
        self.release.lock().unwrap().take();
    }
}

#[test]
fn closing_replaces_only_an_error_that_it_can_cause() {
    use bouncer_verify::{FetchError, HttpResponse};
    let interrupted = error_after_close(|| Err(FetchError::new(FetchFailure::Connect, "broken pipe")));
    assert!(interrupted.is_closed(), "{interrupted}");
    let status = error_after_close(|| Ok(HttpResponse::new(503, [], Vec::new())));
    assert_eq!((status.to_string().as_str(), status.is_closed()), ("unexpected status: HTTP 503", false));
    let panicked = error_after_close(|| panic!("a bug of the program"));
    assert!(panicked.detail().contains("panicked") && !panicked.is_closed(), "{panicked}");
    // A program's own error with the same text is not the library's error.
    let text = interrupted.detail().to_owned();
    assert!(!FetchError::new(FetchFailure::Other, text).is_closed());
}

#[test]
fn closing_interrupts_a_fetch_and_wakes_all_waiting_callers() {
    let server = Server::saying(Reply::json(body()));
    let keys = builder(&server).timeout(Duration::from_secs(60)).max_wait(TIMEOUT).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    server.say(Reply::Hang);
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let (waiter, refresher) = (verifier.clone(), keys.clone());
    let new = token("rsa-2048-b", Some("b"));
    let waiting = std::thread::spawn(move || kind(waiter.verify(new)));
    until("the fetch hangs", || server.count() == 2);
    let refreshing = std::thread::spawn(move || refresher.refresh(TIMEOUT).unwrap_err());
    std::thread::sleep(Duration::from_millis(50));

    let start = Instant::now();
    keys.close();
    assert!(start.elapsed() < Duration::from_millis(1500), "close waits at most one second for its threads");
    assert_eq!(waiting.join().unwrap(), ErrorKind::KeysUnavailable);
    assert_eq!(refreshing.join().unwrap().failure(), FetchFailure::Other);
    assert!(keys.status().last_error.unwrap().is_closed());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());

    let closed = verifier.verify(token("rsa-2048-a", Some("a"))).unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::KeysUnavailable);
    assert_eq!(keys.current().unwrap_err().detail(), "the key set is closed");
    assert_eq!(keys.status().state.as_str(), "closed");
    assert!(keys.wait_ready(TIMEOUT).is_err() && keys.refresh(TIMEOUT).is_err());
    assert!(start.elapsed() < Duration::from_secs(6), "no call waits after a close");
    keys.close();
    assert_eq!(server.count(), 2);
}

#[test]
fn closing_during_a_fetch_leaves_no_keys() {
    for _ in 0..50 {
        let server = Server::saying(Reply::json(body()));
        let keys = builder(&server).build().unwrap();
        keys.close();
        until("the keys are removed", || keys.current().is_err());
        std::thread::sleep(Duration::from_millis(2));
        assert!(keys.current().is_err());
    }
}

#[test]
fn any_timeout_is_accepted() {
    let server = Server::saying(Reply::json(body()));
    let (keys, verifier) = ready(&server);
    keys.wait_ready(Duration::MAX).unwrap();
    keys.refresh(Duration::MAX).unwrap();
    assert!(keys.wait_attempts(2, Duration::MAX) && !keys.wait_attempts(3, Duration::ZERO));
    let never = bouncer_verify::Ticket::from_bits(77).unwrap();
    assert!(!verifier.wait(never, Duration::from_millis(1)));
}

#[test]
fn clones_and_verifiers_share_one_key_set() {
    let server = Server::saying(Reply::json(body()));
    let (keys, verifier) = ready(&server);
    let clones: Vec<RemoteJwkSet> = (0..100).map(|_| keys.clone()).collect();
    drop((keys, clones));
    // The verifier keeps the key set open.
    assert!(verifier.verify(token("rsa-2048-a", Some("a"))).is_ok());
    assert_eq!(server.count(), 1);
}
