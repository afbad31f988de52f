//! Tests of remote key sets against a loopback server with configurable responses and faults. Most
//! tests check the exact number of requests.
#![cfg(feature = "remote")]

#[path = "../support/authority.rs"]
mod authority;
#[cfg(target_os = "linux")]
#[path = "../support/readable.rs"]
mod readable;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/signer.rs"]
mod signer;

mod cached;
mod client_certificate;
mod discovery;
mod events;
mod fetching;
mod files;
mod fork;
mod lifecycle;
mod load;
mod many_issuers;
mod misses;
mod network;
mod outage;
mod settings;
mod signals;
mod tls;
mod watch;

use bouncer_verify::{
    Algorithm, Error, Jwk, RemoteJwkSet, RemoteJwkSetBuilder, Ticket, Verdict, VerifiedToken, Verifier,
};
use server::Server;
use signer::Key;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// Longer than any operation in these tests.
const TIMEOUT: Duration = Duration::from_secs(20);

fn key(name: &str) -> &'static Key {
    static KEYS: OnceLock<Mutex<HashMap<String, &'static Key>>> = OnceLock::new();
    let mut keys = KEYS.get_or_init(Default::default).lock().unwrap();
    keys.entry(name.to_owned()).or_insert_with(|| Box::leak(Box::new(Key::load(name))))
}

/// Returns a JWK Set document with keys of `tests/data/keys`. Each entry is a name and a kid; ""
/// means no kid.
fn jwks(keys: &[(&str, &str)]) -> String {
    let members = keys.iter().map(|&(name, kid)| {
        let jwk = Jwk::from_der(&key(name).public_der()).unwrap().to_json();
        match kid {
            "" => jwk,
            kid => jwk.replacen('{', &format!("{{\"kid\":\"{kid}\","), 1),
        }
    });
    format!("{{\"keys\":[{}]}}", members.collect::<Vec<_>>().join(","))
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Returns a token in the format of DC/OS, valid for an hour.
fn token(name: &str, kid: Option<&str>) -> String {
    token_until(name, kid, now() + 3600)
}

fn token_until(name: &str, kid: Option<&str>, exp: i64) -> String {
    let kid = kid.map_or(String::new(), |kid| format!(",\"kid\":\"{kid}\""));
    let header = format!("{{\"alg\":\"RS256\",\"typ\":\"JWT\"{kid}}}");
    key(name).token(Algorithm::Rs256, header, format!("{{\"uid\":\"peter\",\"exp\":{exp}}}"))
}

/// Returns `token` with another kid and an unchanged signature. An attacker can make any number of
/// these.
fn forged(token: &str, kid: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", signer::base64url(format!("{{\"alg\":\"RS256\",\"kid\":\"{kid}\"}}")))
}

fn builder(server: &Server) -> RemoteJwkSetBuilder {
    RemoteJwkSet::builder(&server.url())
}

/// Returns a key set that has fetched its keys, and a verifier that uses it.
fn ready(server: &Server) -> (RemoteJwkSet, Verifier) {
    let keys = builder(server).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), bouncer_verify::Policy::dcos());
    (keys, verifier)
}

fn kind(result: Result<VerifiedToken, Error>) -> bouncer_verify::ErrorKind {
    result.unwrap_err().kind()
}

/// Returns the result of a final verdict.
fn decided(verdict: Verdict) -> Result<VerifiedToken, Error> {
    match verdict {
        Verdict::Final(result) => result,
        Verdict::Pending(ticket) => panic!("pending: {ticket:?}"),
    }
}

/// Returns the ticket of a pending verdict.
fn pending(verdict: Verdict) -> Ticket {
    match verdict {
        Verdict::Final(result) => panic!("final: {result:?}"),
        Verdict::Pending(ticket) => ticket,
    }
}

/// Waits until `done` returns true, and fails after [`TIMEOUT`].
fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !done() {
        assert!(Instant::now() < end, "timed out waiting until: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs `work` on `count` threads at once.
fn on_threads<T: Send + 'static>(count: usize, work: impl Fn(usize) -> T + Send + Sync + 'static) -> Vec<T> {
    let work = Arc::new(work);
    let threads: Vec<_> = (0..count)
        .map(|i| {
            let work = Arc::clone(&work);
            std::thread::spawn(move || work(i))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}
