//! The threads of this library take none of the program's signals.
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

/// SIGKILL and SIGSTOP, which nobody can block, and the two that glibc keeps to itself.
const NEVER_BLOCKED: u64 = 1 << 8 | 1 << 18 | 1 << 31 | 1 << 32;

/// The name of a thread, and the signals that it has blocked.
fn thread(task: &Path) -> Option<(String, u64)> {
    let status = fs::read_to_string(task.join("status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some((field("Name:")?.to_owned(), u64::from_str_radix(field("SigBlk:")?, 16).ok()?))
}

#[test]
fn every_thread_has_all_signals_blocked_and_the_programs_own_keep_their_masks() {
    if !alone("signals::every_thread_has_all_signals_blocked_and_the_programs_own_keep_their_masks") {
        return;
    }
    let own = || thread(Path::new("/proc/thread-self")).unwrap().1;
    let before = own();
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    // An observer that hangs, so that its thread is there to be looked at.
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let observer = move |_: &_| {
        let _ = released.lock().unwrap().recv();
    };
    // Lazy: the thread starts inside a verification, where no program could wrap it.
    let keys = builder(&server).lazy().observer(observer).build().unwrap();
    let seen = Arc::new(Mutex::new(HashMap::new()));
    let its = Arc::clone(&seen);
    let clock = Clock::from_fn(move || {
        its.lock().unwrap().extend(thread(Path::new("/proc/thread-self")));
        crate::now()
    });
    let verifier = Verifier::new(keys.clone(), Policy::dcos().clock(clock));
    let tokens = vec![token("rsa-2048-a", Some("a")); 256];
    // The first has no keys yet, so its tokens are judged by those who wait; the second is judged
    // by threads.
    for _ in 0..2 {
        assert!(verifier.verify_batch(&tokens, 4).iter().all(Result::is_ok));
    }
    until("all threads are there", || {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        seen.lock().unwrap().extend(tasks.filter_map(|task| thread(&task.path())));
        ["bouncer-keys", "bouncer-events"].iter().all(|name| seen.lock().unwrap().contains_key(*name))
    });
    let seen = seen.lock().unwrap().clone();
    for name in ["bouncer-keys", "bouncer-events", "bouncer-batch"] {
        let blocked = seen.get(name).unwrap_or_else(|| panic!("no {name} in {seen:?}"));
        assert_eq!(blocked | NEVER_BLOCKED, u64::MAX, "{name}: {blocked:x}");
    }
    assert_eq!(own(), before);
    drop(release);
    assert!(keys.refresh(TIMEOUT).is_ok());
}
