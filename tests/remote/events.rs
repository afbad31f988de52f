//! Loggers and observers. If a logger or an observer hangs, fetches still continue.

use crate::lifecycle::alone;
use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, token, until};
use bouncer_verify::{
    FetchError, FetchFailure, NewToken, Policy, RemoteJwkSet, TokenRenewer, TokenSource, Verifier,
};
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

fn body() -> Reply {
    Reply::json(jwks(&[("rsa-2048-a", "a")]))
}

/// Returns a function and a channel. Each call of the function sends a message to the channel, and
/// then hangs until `released` is closed.
fn hanging(released: Receiver<()>) -> (impl Fn() + Send + Sync, Receiver<()>) {
    let (called, calls) = channel();
    let (called, released) = (Mutex::new(called), Mutex::new(released));
    let call = move || {
        let _ = called.lock().unwrap().send(());
        let _ = released.lock().unwrap().recv();
    };
    (call, calls)
}

#[test]
fn a_hanging_observer_blocks_no_fetch_and_receives_the_newest_calls_later() {
    let server = Server::saying(body());
    let (release, released) = channel();
    let (hang, calls) = hanging(released);
    let (sender, attempts) = channel();
    let sender = Mutex::new(sender);
    let keys = builder(&server).observer(move |status| {
        hang();
        sender.lock().unwrap().send(status.attempts).unwrap();
    });
    let keys = keys.build().unwrap();
    calls.recv_timeout(TIMEOUT).unwrap();
    for _ in 0..300 {
        keys.refresh(TIMEOUT).unwrap();
    }
    assert_eq!(server.count(), 301);
    drop(release);
    // The calls arrive in order. The queue holds 256 calls and drops the oldest ones.
    let seen: Vec<u64> = (0..257).map(|_| attempts.recv_timeout(TIMEOUT).unwrap()).collect();
    assert_eq!(seen[0], 1);
    // The call for the last fetch may be queued after the release, so one call less is dropped.
    assert!(seen[1] == 46 || seen[1] == 45, "{}", seen[1]);
    assert_eq!(seen[1..], (seen[1]..seen[1] + 256).collect::<Vec<_>>());
}

#[test]
fn an_observer_may_verify_a_token_that_needs_another_fetch() {
    let server = Server::saying(body());
    let itself = Arc::new(OnceLock::<RemoteJwkSet>::new());
    let its = Arc::clone(&itself);
    let (sender, verdicts) = channel();
    let sender = Mutex::new(sender);
    let is_first = AtomicBool::new(true);
    let keys = builder(&server).max_wait(TIMEOUT).observer(move |_| {
        if is_first.swap(false, Ordering::SeqCst) {
            let verifier = Verifier::new(its.wait().clone(), Policy::dcos());
            sender.lock().unwrap().send(verifier.verify(token("rsa-2048-b", Some("b")))).unwrap();
        }
    });
    let keys = keys.lazy().build().unwrap();
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    // The first fetch returns a set without key "b", so that the observer needs another fetch.
    let first = fetch_once_without_b(&server, &keys);
    itself.set(keys.clone()).unwrap();
    assert!(verdicts.recv_timeout(TIMEOUT).unwrap().is_ok());
    assert_eq!(server.count(), first + 1);
    keys.close();
}

/// Makes one fetch that returns only key "a". Later fetches return "b" too. Returns the number of
/// requests so far.
fn fetch_once_without_b(server: &Server, keys: &RemoteJwkSet) -> usize {
    let is_first = AtomicBool::new(true);
    server.behave(move |_| match is_first.swap(false, Ordering::SeqCst) {
        true => body(),
        false => Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])),
    });
    keys.refresh(TIMEOUT).unwrap();
    server.count()
}

#[test]
fn an_observer_may_close_its_key_set() {
    let server = Server::saying(body());
    let itself = Arc::new(OnceLock::<RemoteJwkSet>::new());
    let its = Arc::clone(&itself);
    let (sender, took) = channel();
    let sender = Mutex::new(sender);
    let keys = builder(&server).observer(move |_| {
        let start = Instant::now();
        its.wait().close();
        sender.lock().unwrap().send(start.elapsed()).unwrap();
    });
    itself.set(keys.build().unwrap()).unwrap();
    assert!(took.recv_timeout(TIMEOUT).unwrap() < Duration::from_millis(900));
}

#[test]
fn close_waits_for_queued_observer_calls_and_no_call_follows() {
    let server = Server::saying(body());
    let (sender, calls) = channel();
    let sender = Mutex::new(sender);
    let keys = builder(&server).observer(move |status| {
        std::thread::sleep(Duration::from_millis(50));
        sender.lock().unwrap().send(status.attempts).unwrap();
    });
    let keys = keys.build().unwrap();
    for _ in 0..3 {
        keys.refresh(TIMEOUT).unwrap();
    }
    keys.close();
    let seen: Vec<u64> = calls.try_iter().collect();
    // The first refresh may share the scheduled first attempt.
    assert!(seen == [1, 2, 3] || seen == [1, 2, 3, 4], "{seen:?}");
    assert!(calls.recv_timeout(Duration::from_millis(200)).is_err());
}

/// A logger that stores its records, and hangs if `hangs` is set.
#[derive(Default)]
struct Logger {
    lines: Mutex<Vec<(Level, String)>>,
    hangs: AtomicBool,
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target().starts_with("bouncer_verify") {
            self.lines.lock().unwrap().push((record.level(), record.args().to_string()));
            while self.hangs.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn flush(&self) {}
}

fn logger() -> &'static Logger {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    let logger = LOGGER.get_or_init(Logger::default);
    let _ = log::set_logger(logger);
    log::set_max_level(LevelFilter::Debug);
    logger
}

#[test]
fn a_hanging_logger_blocks_no_fetch_and_receives_the_number_of_dropped_events() {
    if !alone("events::a_hanging_logger_blocks_no_fetch_and_receives_the_number_of_dropped_events") {
        return;
    }
    let logger = logger();
    logger.hangs.store(true, Ordering::SeqCst);
    let server = Server::saying(body());
    let keys = builder(&server).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    until("the logger hangs", || !logger.lines.lock().unwrap().is_empty());
    for _ in 0..300 {
        keys.refresh(TIMEOUT).unwrap();
    }
    logger.hangs.store(false, Ordering::SeqCst);
    until("all records are logged", || logger.lines.lock().unwrap().len() >= 258);
    let lines = logger.lines.lock().unwrap();
    let name = server.url();
    assert_eq!(lines[0], (Level::Info, format!("keys of {name}: new keys, generation 1")));
    let dropped = "44 events were dropped: a log handler or an observer is too slow and must return sooner";
    assert_eq!(lines[1], (Level::Warn, dropped.to_owned()));
    assert_eq!(lines[2], (Level::Debug, format!("keys of {name}: unchanged")));
}

#[test]
fn a_failing_last_good_file_is_logged_once_for_each_cause() {
    if !alone("events::a_failing_last_good_file_is_logged_once_for_each_cause") {
        return;
    }
    let logger = logger();
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("remote-logged");
    let _ = std::fs::remove_dir_all(&folder);
    let file = folder.join("missing").join("keys.json");
    let server = Server::saying(body());
    let keys = builder(&server).last_good_file(&file).build().unwrap();
    let warnings = || {
        let lines = logger.lines.lock().unwrap();
        let warned =
            |(level, text): &&(Level, String)| *level == Level::Warn && text.contains("last-good file");
        lines.iter().filter(warned).map(|(_, text)| text.clone()).collect::<Vec<_>>()
    };
    until("the first cause is logged", || warnings().len() == 1);
    // The log record contains the path and the system's error.
    let named = format!("the last-good file {}: No such file", file.display());
    assert!(warnings()[0].contains(&named), "{:?}", warnings());
    let refresh = || (0..5).for_each(|_| keys.refresh(TIMEOUT).unwrap());
    refresh();
    assert!(keys.status().last_good_error.is_some());
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    refresh();
    until("the file is written", || file.exists() && keys.status().last_good_error.is_none());
    // A second cause is logged once too.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    refresh();
    until("the second cause is logged", || warnings().len() == 2);
    keys.close();
    drop(keys);
    // If the file cannot be read when the key set is built, this is logged too.
    let keys = builder(&server).lazy().last_good_file(&file).build().unwrap();
    let warnings = warnings();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(
        warnings[0].contains(&format!("keys of {}", server.url())) && warnings[0] != warnings[1],
        "{warnings:?}"
    );
    drop(keys);
}

#[test]
fn an_attempt_that_closing_interrupts_is_not_logged() {
    if !alone("events::an_attempt_that_closing_interrupts_is_not_logged") {
        return;
    }
    let logger = logger();
    // A document without a length ends where the connection ends, also when closing ends it.
    let without_length = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b' '; 5000]].concat();
    for reply in [Reply::Hang, Reply::Drip(without_length, Duration::from_millis(1))] {
        let server = Server::saying(reply);
        let keys = builder(&server).build().unwrap();
        until("the fetch hangs", || server.count() == 1);
        // The head of the response arrives meanwhile.
        std::thread::sleep(Duration::from_millis(200));
        keys.close();
        assert!(keys.status().last_error.unwrap().is_closed());
    }
    let (release, released) = channel::<()>();
    let (released, release) = (Mutex::new(released), Mutex::new(Some(release)));
    let renewer = TokenRenewer::source("hangs", Interrupted { release, released }).build().unwrap();
    until("the login hangs", || renewer.status().scheduled == 1);
    renewer.close();
    assert!(renewer.status().last_error.unwrap().is_closed());
    let lines = logger.lines.lock().unwrap();
    assert!(lines.is_empty(), "{lines:?}");
}

/// A token source whose login hangs until it is interrupted.
struct Interrupted {
    released: Mutex<Receiver<()>>,
    release: Mutex<Option<Sender<()>>>,
}

impl TokenSource for Interrupted {
    fn login(&self) -> Result<NewToken, FetchError> {
        let _ = self.released.lock().unwrap().recv();
        Err(FetchError::new(FetchFailure::Other, "interrupted"))
    }

    fn interrupt(&self) {
        self.release.lock().unwrap().take();
    }
}
