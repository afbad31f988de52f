//! A forked child has its own thread and state, even if it has the same process id as its parent.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "fork and unshare")]

use crate::lifecycle::alone;
use crate::server::{Reply, Server};
use crate::signer::Key;
use crate::{jwks, ready, token};
use bouncer_verify::{Algorithm, Jwk, JwkSet, Policy, RemoteJwkSet, Verifier, verify_token};

/// Runs `work` in a forked child. Returns whether `work` returned true.
pub(crate) fn in_a_child(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: the only other threads in this process belong to the server and the key set. The
    // child does not take their locks. glibc makes the allocator usable in the child.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: alarm() touches no memory. It ends a child that hangs.
            unsafe { libc::alarm(20) };
            let code = i32::from(!work());
            // SAFETY: _exit() ends the child at once and touches no memory.
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = 0;
            // SAFETY: `status` is valid for the write.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }
}

/// Runs in the child. Returns true if the child's attempt counter starts at 0 and the child fetches
/// key "b", which the parent has not fetched.
fn fetches_the_new_key(keys: &RemoteJwkSet, verifier: &Verifier) -> bool {
    let is_clean = keys.status().attempts == 0;
    let known = verifier.verify(token("rsa-2048-a", Some("a"))).is_ok();
    let new = verifier.verify(token("rsa-2048-b", Some("b"))).is_ok();
    is_clean && known && new && keys.status().unknown_kid == 1
}

#[test]
fn a_forked_child_fetches_for_itself() {
    if !alone("fork::a_forked_child_fetches_for_itself") {
        return;
    }
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let tokens = [token("rsa-2048-a", None), token("rsa-2048-b", None)];
    assert!(tokens.iter().all(|token| token.len() > 100), "the keys are loaded before the fork");
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    assert!(in_a_child(|| fetches_the_new_key(&keys, &verifier)));
    assert_eq!((server.count(), keys.status().attempts), (2, 1));
}

/// For example, a service in a container starts the init process of another container. Both have
/// process id 1.
#[test]
fn a_forked_child_with_the_same_process_id_in_another_namespace_fetches_for_itself() {
    if !alone("fork::a_forked_child_with_the_same_process_id_in_another_namespace_fetches_for_itself") {
        return;
    }
    let new_namespace = || {
        // SAFETY: this only changes the pid namespace of the next child.
        unsafe { libc::unshare(libc::CLONE_NEWPID) == 0 }
    };
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    // This loads the signing keys before the fork, so that the child reads no key files.
    let tokens = [token("rsa-2048-a", None), token("rsa-2048-b", None)];
    assert!(tokens.iter().all(|token| token.len() > 100));
    if !new_namespace() {
        eprintln!("SKIPPED: this user is not allowed to make a pid namespace: run the test as root");
        return;
    }
    assert!(in_a_child(|| {
        assert_eq!(std::process::id(), 1);
        let (keys, verifier) = ready(&server);
        assert!(new_namespace());
        in_a_child(|| {
            assert_eq!(std::process::id(), 1, "the same id as its parent");
            let known = verifier.verify(token("rsa-2048-a", Some("a"))).is_ok();
            let is_clean = keys.status().attempts == 0;
            let refreshed = keys.refresh(crate::TIMEOUT).is_ok();
            known && is_clean && refreshed && keys.status().attempts == 1
        })
    }));
    assert_eq!(server.count(), 2);
}

/// The locks of the scheduler and the queues of events may be held by threads of the parent at the
/// fork. The child must not wait for them.
#[test]
fn a_child_forked_while_fetches_are_in_flight_fetches_for_itself() {
    if !alone("fork::a_child_forked_while_fetches_are_in_flight_fetches_for_itself") {
        return;
    }
    let body = || Reply::json(jwks(&[("rsa-2048-a", "a")]));
    let server = Server::saying(body());
    let (keys, verifier) = ready(&server);
    let own = token("rsa-2048-a", Some("a"));
    assert!(verifier.verify(&own).is_ok(), "the signing key is loaded before the fork");
    // Fetches of the parent hang, and its threads take the locks of the key sets all the time. They
    // start no threads: std holds a lock of its own while a thread starts or ends. In a child that
    // was forked at that moment, no thread of std can start or end.
    let hanging = Server::saying(Reply::Hang);
    let more: Vec<_> = (0..20).map(|_| crate::builder(&hanging).build().unwrap()).collect();
    crate::until("the fetches hang", || hanging.count() == 20);
    let is_stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let busy: Vec<_> = (0..4)
        .map(|i| {
            let (keys, hanging) = (keys.clone(), more[i].clone());
            let is_stopped = std::sync::Arc::clone(&is_stopped);
            std::thread::spawn(move || {
                while !is_stopped.load(std::sync::atomic::Ordering::SeqCst) {
                    assert_eq!(keys.status().attempts, 1);
                    assert!(hanging.wait_ready(std::time::Duration::ZERO).is_err());
                }
            })
        })
        .collect();
    for _ in 0..20 {
        assert!(in_a_child(|| {
            let refreshed = keys.refresh(crate::TIMEOUT).is_ok() && keys.status().attempts == 1;
            let status = more[0].status();
            // A close in the child ends the child's threads only.
            let start = std::time::Instant::now();
            more.iter().for_each(RemoteJwkSet::close);
            keys.close();
            let is_fast = start.elapsed() < std::time::Duration::from_secs(5);
            // The thread of an attempt that has ended may need a moment to exit.
            crate::until("the threads end", || crate::lifecycle::library_threads() == 0);
            let threads = crate::lifecycle::library_threads();
            refreshed && status.attempts == 0 && is_fast && threads == 0
        }));
    }
    is_stopped.store(true, std::sync::atomic::Ordering::SeqCst);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(keys.status().attempts == 1 && verifier.verify(&own).is_ok());
    assert!(more.iter().all(|keys| keys.status().scheduled == 1 && keys.status().last_error.is_none()));
}

/// Threads of the parent compute tables for ES256 and Ed25519 all the time. No lock is held while
/// they do, so a child can compute its own.
#[test]
fn a_child_forked_while_tables_are_computed_computes_its_own() {
    if !alone("fork::a_child_forked_while_tables_are_computed_computes_its_own") {
        return;
    }
    let signed =
        [("p256-a", Algorithm::Es256), ("ed25519-a", Algorithm::Ed25519)].map(|(name, algorithm)| {
            let key = Key::load(name);
            let header = format!("{{\"alg\":\"{algorithm}\"}}");
            let token = key.token(algorithm, header, r#"{"exp":2,"uid":"peter"}"#);
            (Jwk::from_der(&key.public_der()).unwrap(), token)
        });
    let policy = Policy::dcos().algorithms([Algorithm::Es256, Algorithm::Ed25519]).time(1);
    let have_tables = || {
        let jwks = JwkSet::from_keys(signed.iter().map(|(jwk, _)| jwk.clone())).unwrap();
        let mut tokens = signed.iter().map(|(_, token)| token).cycle().take(220);
        tokens.all(|token| verify_token(&jwks, &policy, token).is_ok()) && jwks.table_memory() > 100_000
    };
    let is_stopped = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_stopped.load(std::sync::atomic::Ordering::SeqCst) {
                    assert!(have_tables());
                }
            });
        }
        let children: Vec<_> = (0..50).map(|_| in_a_child(have_tables)).collect();
        is_stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(children, [true; 50]);
    });
}
