//! The threads of this library never receive a signal of the program.
#![cfg(target_os = "linux")]

use crate::lifecycle::alone;
use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, token, until};
use bouncer_verify::{Clock, Policy, Verifier};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

/// SIGKILL and SIGSTOP, which cannot be blocked, and the two signals that glibc reserves.
const NEVER_BLOCKED: u64 = 1 << 8 | 1 << 18 | 1 << 31 | 1 << 32;

/// Returns the name of a thread and its blocked signals.
fn thread(task: &Path) -> Option<(String, u64)> {
    let status = fs::read_to_string(task.join("status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some((field("Name:")?.to_owned(), u64::from_str_radix(field("SigBlk:")?, 16).ok()?))
}

/// Returns all threads of this process.
fn threads() -> Vec<(String, u64)> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks.filter_map(|task| thread(&task.path())).collect()
}

#[test]
fn all_library_threads_block_all_signals_and_other_threads_keep_their_masks() {
    if !alone("signals::all_library_threads_block_all_signals_and_other_threads_keep_their_masks") {
        return;
    }
    let own = || thread(Path::new("/proc/thread-self")).unwrap().1;
    let before = own();
    let seen = Arc::new(Mutex::new(HashMap::new()));
    let server = Server::saying(Reply::status(503));
    let (its, body) = (Arc::clone(&seen), Reply::json(jwks(&[("rsa-2048-a", "a")])));
    // The thread of a fetch exists during the request.
    server.behave(move |_| {
        its.lock().unwrap().extend(threads());
        body.clone()
    });
    // The observer hangs, so that its thread exists when it is checked.
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let observer = move |_: &_| {
        let _ = released.lock().unwrap().recv();
    };
    // A lazy key set starts the threads during a verification, where the program cannot block
    // signals for the new thread.
    let keys = builder(&server).lazy().observer(observer).build().unwrap();
    let its = Arc::clone(&seen);
    let clock = Clock::from_fn(move || {
        its.lock().unwrap().extend(thread(Path::new("/proc/thread-self")));
        crate::now()
    });
    let verifier = Verifier::new(keys.clone(), Policy::dcos().clock(clock));
    let tokens = vec![token("rsa-2048-a", Some("a")); 256];
    // The first batch has no keys yet, so the waiting caller verifies its tokens.
    // The second batch is verified by several threads.
    for _ in 0..2 {
        assert!(verifier.verify_batch(&tokens, 4).iter().all(Result::is_ok));
    }
    until("all threads exist", || {
        seen.lock().unwrap().extend(threads());
        let names = ["bouncer-sched", "bouncer-fetch", "bouncer-events"];
        names.iter().all(|name| seen.lock().unwrap().contains_key(*name))
    });
    let seen = seen.lock().unwrap().clone();
    for name in ["bouncer-sched", "bouncer-fetch", "bouncer-events", "bouncer-batch"] {
        let blocked = seen.get(name).unwrap_or_else(|| panic!("no {name} in {seen:?}"));
        assert_eq!(blocked | NEVER_BLOCKED, u64::MAX, "{name}: {blocked:x}");
    }
    assert_eq!(own(), before);
    drop(release);
    assert!(keys.refresh(TIMEOUT).is_ok());
}
