//! Many key sets in one process share one scheduler. Issuers that do not respond delay no other.
#![cfg(target_os = "linux")]

use crate::authority::{Authority, tomorrow};
use crate::lifecycle::{alone, beside, library_threads, threads_named};
use crate::server::{Reply, Request, Server};
use crate::{TIMEOUT, builder, jwks, pending, token, until};
use bouncer_verify::{Policy, RemoteJwkSet, RemoteJwkSetBuilder, Verifier};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Far longer than a fetch from a loopback server, and far shorter than a timeout of an issuer that
/// does not respond.
const UNDELAYED: Duration = Duration::from_secs(5);

/// An issuer that accepts connections and never responds.
struct Silent {
    url: String,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Silent {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let connections = Arc::<Mutex<Vec<TcpStream>>>::default();
        let its = Arc::clone(&connections);
        std::thread::spawn(move || {
            // The bound ends the thread.
            for stream in listener.incoming().flatten().take(100_000) {
                its.lock().unwrap().push(stream);
            }
        });
        Self { url, connections }
    }

    fn builder(&self) -> RemoteJwkSetBuilder {
        RemoteJwkSet::builder(&self.url)
    }

    fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }
}

fn body(kids: &[(&str, &str)]) -> Reply {
    Reply::json(jwks(kids))
}

/// Measures `work`, and fails if it takes longer than [`UNDELAYED`].
fn undelayed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < UNDELAYED, "{what} took {:?}", start.elapsed());
    result
}

/// Returns the longest time between two requests to the server.
fn longest_pause(server: &Server) -> Duration {
    let times: Vec<_> = server.requests().iter().map(|request| request.at).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

#[test]
fn ninety_nine_hanging_issuers_do_not_delay_the_hundredth() {
    if !alone("many_issuers::ninety_nine_hanging_issuers_do_not_delay_the_hundredth") {
        return;
    }
    // At first no attempt of a hanging issuer has ended. In the second round, all have failed.
    for (timeout, wait_for_failures) in [(Duration::from_secs(120), false), (Duration::from_secs(2), true)] {
        let silent = Silent::start();
        let hanging: Vec<_> = (0..99).map(|_| silent.builder().timeout(timeout).build().unwrap()).collect();
        until("the fetches hang", || silent.connections() >= 64);
        if wait_for_failures {
            until("all have failed", || hanging.iter().all(|keys| keys.status().failures > 0));
        }
        let server = Server::saying(body(&[("rsa-2048-a", "a")]));
        let keys = builder(&server).ttl(Duration::from_secs(1)).max_wait(TIMEOUT).build().unwrap();
        undelayed("the first fetch", || keys.wait_ready(TIMEOUT).unwrap());
        let verifier = Verifier::new(keys.clone(), Policy::dcos());
        assert!(verifier.verify(token("rsa-2048-a", Some("a"))).is_ok());
        server.say(body(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")]));
        let new = token("rsa-2048-b", Some("b"));
        undelayed("the fetch for an unknown kid", || assert!(verifier.verify(new).is_ok()));
        let before = keys.status().scheduled;
        undelayed("three refreshes", || {
            until("three refreshes", || keys.status().scheduled >= before + 3);
        });
        assert!(longest_pause(&server) < UNDELAYED);
        undelayed("close", || keys.close());
        undelayed("close of the others", || drop(hanging));
        until("the threads end", || library_threads() == 0);
    }
}

#[test]
fn at_most_128_attempts_run_at_once_and_the_others_begin_when_there_is_room() {
    if !alone("many_issuers::at_most_128_attempts_run_at_once_and_the_others_begin_when_there_is_room") {
        return;
    }
    let silent = Silent::start();
    let fetches = || threads_named("bouncer-fetch");
    // No caller waits for these fetches.
    let timeout = Duration::from_secs(60);
    let unattended: Vec<_> = (0..200).map(|_| silent.builder().timeout(timeout).build().unwrap()).collect();
    until("the fetches hang", || fetches() == 64 && silent.connections() == 64);
    // Callers wait for these.
    let lazy = silent.builder().lazy().timeout(timeout);
    let attended: Vec<_> = (0..200).map(|_| lazy.clone().build().unwrap()).collect();
    let new = token("rsa-2048-a", Some("a"));
    for keys in &attended {
        pending(Verifier::new(keys.clone(), Policy::dcos()).verify_now(&new));
    }
    until("the fetches hang", || fetches() == 112 && silent.connections() == 112);
    // The remaining slots are for issuers that responded before.
    let server = Server::saying(body(&[("rsa-2048-a", "a")]));
    let proven: Vec<_> = (0..40).map(|_| builder(&server).lazy().timeout(timeout).build().unwrap()).collect();
    drop(attended);
    until("callers' fetches are gone", || fetches() == 64);
    proven.iter().for_each(|keys| keys.wait_ready(TIMEOUT).unwrap());
    let attended: Vec<_> = (0..200).map(|_| lazy.clone().build().unwrap()).collect();
    for keys in &attended {
        pending(Verifier::new(keys.clone(), Policy::dcos()).verify_now(&new));
    }
    until("the fetches hang", || fetches() == 112);
    server.say(Reply::Hang);
    let unknown = token("rsa-2048-b", Some("b"));
    for keys in &proven {
        pending(Verifier::new(keys.clone(), Policy::dcos()).verify_now(&unknown));
    }
    until("all slots are in use", || fetches() == 128);
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        assert!(fetches() <= 128);
    }
    // Closing makes room: first for the issuers that responded before, then for callers.
    let begun = |keys: &[RemoteJwkSet]| keys.iter().filter(|keys| keys.status().scheduled > 0).count();
    let refetched = || proven.iter().filter(|keys| keys.status().unknown_kid == 1).count();
    assert_eq!((begun(&unattended), begun(&attended), refetched()), (64, 48, 16));
    let running: Vec<_> = attended.iter().filter(|keys| keys.status().scheduled > 0).collect();
    running.into_iter().for_each(RemoteJwkSet::close);
    until("48 more have begun", || (begun(&attended), refetched()) == (72, 40));
    assert_eq!((begun(&unattended), fetches()), (64, 128));
    undelayed("close", || drop((attended, unattended, proven)));
    until("the threads end", || library_threads() == 0);
}

#[test]
fn closing_a_key_set_does_not_affect_the_fetches_of_others() {
    let server = Server::saying(body(&[("rsa-2048-a", "a")]).late(Duration::from_millis(500)));
    let others: Vec<_> = (0..10).map(|_| builder(&server).build().unwrap()).collect();
    let silent = Silent::start();
    let closed: Vec<_> = (0..10).map(|_| silent.builder().build().unwrap()).collect();
    until("the fetches hang", || silent.connections() == 10);
    undelayed("close", || closed.iter().for_each(RemoteJwkSet::close));
    assert!(closed.iter().all(|keys| keys.status().last_error.unwrap().is_closed()));
    for keys in others {
        keys.wait_ready(TIMEOUT).unwrap();
        let status = keys.status();
        assert_eq!((status.attempts, status.failures), (1, 0));
    }
    assert_eq!(server.count(), 10);
}

#[test]
fn a_hanging_observer_does_not_silence_the_observers_of_other_issuers() {
    let server = Server::saying(body(&[("rsa-2048-a", "a")]));
    let ((release, released), (began, begins)) = (channel::<()>(), channel());
    let (released, began) = (Mutex::new(released), Mutex::new(began));
    let hanging = builder(&server).observer(move |_| {
        let _ = began.lock().unwrap().send(());
        let _ = released.lock().unwrap().recv();
    });
    let hanging = hanging.build().unwrap();
    begins.recv_timeout(TIMEOUT).unwrap();
    let (seen, received) = channel();
    let seen = Mutex::new(seen);
    let other = builder(&server).observer(move |status| seen.lock().unwrap().send(status.attempts).unwrap());
    let other = other.build().unwrap();
    assert_eq!(received.recv_timeout(UNDELAYED), Ok(1));
    other.refresh(TIMEOUT).unwrap();
    assert_eq!(received.recv_timeout(UNDELAYED), Ok(2));
    // A flood of events of one key set drops no event of another.
    for _ in 0..300 {
        hanging.refresh(TIMEOUT).unwrap();
    }
    for attempts in 3..13 {
        other.refresh(TIMEOUT).unwrap();
        assert_eq!(received.recv_timeout(UNDELAYED), Ok(attempts));
    }
    drop(release);
}

/// Returns the resident memory of this process in KiB.
fn resident() -> usize {
    // The numbers in /proc/self/statm are less exact.
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Responds to `/i` with an RSA-2048 key whose kid is `i`.
fn key_of_the_path(request: &Request) -> Reply {
    body(&[("rsa-2048-a", request.path.trim_start_matches('/'))])
}

/// Makes 1,000 key sets with one RSA-2048 key each. Returns by how much the resident memory of this
/// process grew, in KiB for each key set. The first 10 key sets are not counted, because they use
/// memory that all share. The issuers are paths of one server in another process.
fn memory_of_a_key_set(build: impl Fn(usize) -> RemoteJwkSet) -> f64 {
    const COUNT: usize = 1000;
    let ready = |keys: &[RemoteJwkSet]| {
        for keys in keys {
            keys.wait_ready(TIMEOUT).unwrap();
            assert_eq!((keys.status().state.as_str(), keys.status().usable_keys), ("fresh", 1));
        }
        until("only the scheduler is left", || library_threads() == 1);
        assert_eq!(threads_named("bouncer-sched"), 1);
    };
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let warm: Vec<_> = (0..10).map(&build).collect();
    ready(&warm);
    let (before, descriptors_before, begin) = (resident(), descriptors(), Instant::now());
    let all: Vec<_> = (10..10 + COUNT).map(&build).collect();
    let built = begin.elapsed();
    ready(&all);
    let took = begin.elapsed();
    let each = resident().saturating_sub(before) as f64 / COUNT as f64;
    eprintln!("{COUNT} issuers: built after {built:.2?}, keys after {took:.2?}, {each:.1} KiB each");
    assert!(descriptors() <= descriptors_before, "a connection stays open");
    drop((warm, all));
    until("the threads end", || library_threads() == 0);
    each
}

#[test]
fn a_thousand_idle_issuers_need_one_thread_and_at_most_40_kib_each() {
    let name = "many_issuers::a_thousand_idle_issuers_need_one_thread_and_at_most_40_kib_each";
    let server = || {
        let server = Server::start(key_of_the_path);
        let origin = server.origin.clone();
        (server, origin)
    };
    if let Some(origin) = beside(name, server) {
        let each = memory_of_a_key_set(|i| RemoteJwkSet::new(&format!("{origin}/{i}")).unwrap());
        assert!(each <= 40.0, "{each} KiB");
    }
}

#[test]
fn a_thousand_idle_issuers_with_tls_need_one_thread_and_at_most_60_kib_each() {
    let name = "many_issuers::a_thousand_idle_issuers_with_tls_need_one_thread_and_at_most_60_kib_each";
    let server = || {
        let authority = Authority::new();
        let server = Server::start_tls(authority.server("localhost", tomorrow()), key_of_the_path);
        let text = format!("{} {}", server.origin, authority.file("many-issuers").display());
        (server, text)
    };
    if let Some(text) = beside(name, server) {
        let (origin, ca_file) = text.split_once(' ').unwrap();
        let build = |i: usize| {
            let builder = RemoteJwkSet::builder(&format!("{origin}/{i}"));
            builder.ca_file(ca_file).timeout(TIMEOUT).build().unwrap()
        };
        // The allocator of glibc keeps more free memory the more CPUs there are.
        let each = memory_of_a_key_set(build);
        assert!(each <= 60.0, "{each} KiB");
    }
}
