//! Observers of a renewer may hang, and may use the renewer. A custom token source may hang too.

use crate::iam::Iam;
use crate::{TIMEOUT, builder};
use bouncer_verify::TokenRenewer;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

#[test]
fn a_hanging_observer_blocks_no_login() {
    let iam = Iam::start();
    let ((release, released), (called, calls)) = (channel::<()>(), channel());
    let locked = Mutex::new((called, released));
    let renewer = builder(&iam).observer(move |status| {
        let (called, released) = &*locked.lock().unwrap();
        called.send(status.generation).unwrap();
        let _ = released.recv();
    });
    let renewer = renewer.build().unwrap();
    assert_eq!(calls.recv_timeout(TIMEOUT).unwrap(), 1);
    for _ in 0..5 {
        renewer.renew(TIMEOUT).unwrap();
    }
    assert!(renewer.token().is_ok() && renewer.status().generation == 6);
    assert_eq!((iam.logins(), calls.try_iter().count()), (6, 0));
    drop(release);
    let seen: Vec<u64> = (0..5).map(|_| calls.recv_timeout(TIMEOUT).unwrap()).collect();
    assert_eq!(seen, [2, 3, 4, 5, 6]);
}

#[test]
fn an_observer_may_use_the_token_and_cause_another_login() {
    let iam = Iam::start();
    let itself = Arc::new(OnceLock::<TokenRenewer>::new());
    let (its, (sender, tokens)) = (Arc::clone(&itself), channel());
    let sender = Mutex::new(sender);
    // This observer acts like a log handler that sends its records to a server and needs a token
    // for that server.
    let renewer = builder(&iam).observer(move |status| {
        if status.generation == 1 {
            let renewer = its.wait();
            let token = renewer.token().unwrap();
            let newer = renewer.reject(&token).unwrap();
            sender.lock().unwrap().send((token, newer)).unwrap();
        }
    });
    let renewer = renewer.build().unwrap();
    itself.set(renewer.clone()).unwrap();
    let (token, newer) = tokens.recv_timeout(TIMEOUT).unwrap();
    assert!(iam.accepts(&token) && iam.accepts(&newer) && token.generation() < newer.generation());
    assert_eq!(iam.logins(), 2);
    renewer.close();
}

#[test]
fn closing_waits_at_most_one_second_for_a_hanging_source() {
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let source = move || {
        let _ = released.lock().unwrap().recv();
        Err(bouncer_verify::FetchError::new(bouncer_verify::FetchFailure::Other, "released"))
    };
    let renewer = TokenRenewer::source("hangs", source).build().unwrap();
    crate::until("the login began", || renewer.status().scheduled == 1);
    let start = Instant::now();
    drop(renewer);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(3), "{waited:?}");
    drop(release);
}
