//! A forked child has a thread and a state of its own, also where it has the process id of its
//! parent.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "fork and unshare")]

use crate::lifecycle::alone;
use crate::server::{Reply, Server};
use crate::{jwks, ready, token};
use bouncer_verify::{RemoteJwkSet, Verifier};

/// Runs `work` in a forked child; whether it returned true.
fn in_a_child(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: nothing else runs in this process but the server's and the key set's threads, whose
    // locks the child does not take, and the allocator, which glibc makes usable in a child.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: an alarm ends a child that hangs.
            unsafe { libc::alarm(20) };
            let code = i32::from(!work());
            // SAFETY: it ends the child at once.
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = 0;
            // SAFETY: `status` is room for what this writes.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }
}

/// A key that is new since the fork takes a fetch, on a thread of the child's own.
fn finds_the_new_key(keys: &RemoteJwkSet, verifier: &Verifier) -> bool {
    let is_clean = keys.status().attempts == 0;
    let known = verifier.verify(token("rsa-2048-a", Some("a"))).is_ok();
    let new = verifier.verify(token("rsa-2048-b", Some("b"))).is_ok();
    is_clean && known && new && keys.status().unknown_kid == 1
}

#[test]
fn a_child_fetches_by_itself() {
    if !alone("fork::a_child_fetches_by_itself") {
        return;
    }
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let (keys, verifier) = ready(&server);
    let tokens = [token("rsa-2048-a", None), token("rsa-2048-b", None)];
    assert!(tokens.iter().all(|token| token.len() > 100), "the keys are loaded before the fork");
    server.say(Reply::json(jwks(&[("rsa-2048-a", "a"), ("rsa-2048-b", "b")])));
    assert!(in_a_child(|| finds_the_new_key(&keys, &verifier)));
    assert_eq!((server.count(), keys.status().attempts), (2, 1));
}

/// As a service in a container does that starts another container's init: both are process 1.
#[test]
fn a_child_with_the_same_process_id_in_another_namespace_fetches_by_itself_too() {
    if !alone("fork::a_child_with_the_same_process_id_in_another_namespace_fetches_by_itself_too") {
        return;
    }
    let new_namespace = || {
        // SAFETY: it changes in which namespace the next child gets its process id, and nothing
        // else.
        unsafe { libc::unshare(libc::CLONE_NEWPID) == 0 }
    };
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    // The keys are loaded before the fork: files and their locks are not for the child.
    let tokens = [token("rsa-2048-a", None), token("rsa-2048-b", None)];
    assert!(tokens.iter().all(|token| token.len() > 100));
    if !new_namespace() {
        eprintln!("skipped: this user may make no pid namespace");
        return;
    }
    assert!(in_a_child(|| {
        assert_eq!(std::process::id(), 1);
        let (keys, verifier) = ready(&server);
        assert!(new_namespace());
        in_a_child(|| {
            assert_eq!(std::process::id(), 1, "the same as its parent");
            let known = verifier.verify(token("rsa-2048-a", Some("a"))).is_ok();
            let is_clean = keys.status().attempts == 0;
            let refreshed = keys.refresh(crate::TIMEOUT).is_ok();
            known && is_clean && refreshed && keys.status().attempts == 1
        })
    }));
    assert_eq!(server.count(), 2);
}
