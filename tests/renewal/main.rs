//! Tests of [`TokenRenewer`] against an identity provider on the loopback interface. Each test sets
//! the responses and faults of the provider. Most tests check the exact number of logins.
#![cfg(feature = "remote")]

#[path = "../support/authority.rs"]
mod authority;
mod iam;
#[cfg(target_os = "linux")]
#[path = "../support/readable.rs"]
mod readable;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/signer.rs"]
mod signer;
#[path = "../support/vectors.rs"]
mod vectors;

mod auth_method;
mod events;
mod login;
mod other_sources;
mod rejection;
mod renewal;
mod secrecy;
mod watch;

use bouncer_verify::{ServiceAccount, TokenRenewer, TokenRenewerBuilder};
use iam::Iam;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than any operation in these tests.
const TIMEOUT: Duration = Duration::from_secs(20);

fn builder(iam: &Iam) -> TokenRenewerBuilder {
    TokenRenewer::service_account(ServiceAccount::from_json(&iam.secret()).unwrap())
}

fn ready(iam: &Iam) -> TokenRenewer {
    let renewer = builder(iam).build().unwrap();
    // Not wait_ready(): it returns when the token is published, before the attempt is counted. Some
    // tests read the number of attempts.
    assert!(renewer.wait_attempts(1, TIMEOUT));
    renewer
}

/// Waits until `done` returns true, and fails after [`TIMEOUT`].
fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !done() {
        assert!(Instant::now() < end, "timed out waiting until: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs `work` on `count` threads at the same time, and returns their results in order.
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
