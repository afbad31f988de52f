//! An event loop that waits for fetches with a [`Watch`].
#![cfg(target_os = "linux")]

use crate::fork::in_a_child;
use crate::lifecycle::alone;
use crate::readable::{is_readable, readable_within};
use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, decided, jwks, pending, token};
use bouncer_verify::{
    HttpRequest, HttpResponse, JwkSet, KeySource as _, Policy, RemoteJwkSet, Ticket, Verifier, Watch,
};
use std::io::Write;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn body() -> String {
    jwks(&[("rsa-2048-a", "a")])
}

/// Returns a key set that has fetched its keys, and the watches that `make` returns for it. No
/// attempt is in flight, and each watch has been woken once.
fn ready<const N: usize>(
    server: &Server,
    make: impl Fn(&RemoteJwkSet) -> [Watch; N],
) -> (RemoteJwkSet, [Watch; N]) {
    let keys = builder(server).lazy().build().unwrap();
    // wait_ready() returns before the first attempt has notified its watches. So they are made
    // before it, and not after it.
    let watches = make(&keys);
    keys.wait_ready(TIMEOUT).unwrap();
    watches.iter().for_each(wait_and_clear);
    (keys, watches)
}

/// Checks that `watch` becomes readable, and that it has been notified once.
fn wait_and_clear(watch: &Watch) {
    assert!(readable_within(watch, TIMEOUT));
    watch.clear();
    assert!(!is_readable(watch));
}

fn own(keys: &RemoteJwkSet) -> [Watch; 1] {
    [keys.watch().unwrap()]
}

/// Waits for `ticket` as an event loop does, and returns the number of wakeups.
fn wakeups_until_done(watch: &Watch, verifier: &Verifier, ticket: Ticket) -> usize {
    for wakeups in 1.. {
        assert!(readable_within(watch, TIMEOUT), "no wakeup");
        watch.clear();
        if verifier.wait(ticket, Duration::ZERO) {
            return wakeups;
        }
    }
    unreachable!()
}

#[test]
fn no_attempt_is_missed_whether_it_ends_before_or_during_the_loops_wait() {
    let token = token("rsa-2048-a", Some("a"));
    let body = body();
    for round in 0..200 {
        let body = body.clone();
        let transport = move |_: &HttpRequest<'_>| Ok(HttpResponse::new(200, [], body.clone().into()));
        let keys =
            RemoteJwkSet::builder("https://issuer.example/").transport(transport).lazy().build().unwrap();
        let verifier = Verifier::new(keys, Policy::dcos());
        let watch = verifier.watch().unwrap();
        assert!(!is_readable(&watch));
        let ticket = pending(verifier.verify_now(&token));
        if round % 2 == 0 {
            // The attempt is over before the loop waits.
            assert!(verifier.wait(ticket, TIMEOUT));
        }
        assert_eq!(wakeups_until_done(&watch, &verifier, ticket), 1);
        assert!(decided(verifier.resume(&token, ticket)).is_ok());
        assert!(!is_readable(&watch), "one attempt is one wakeup");
    }
}

#[test]
fn one_wakeup_is_enough_for_a_thousand_tickets() {
    let server = Server::saying(Reply::json(body()).late(Duration::from_millis(300)));
    let keys = builder(&server).build().unwrap();
    let verifier = Verifier::new(keys, Policy::dcos());
    let watch = verifier.watch().unwrap();
    let token = token("rsa-2048-a", Some("a"));
    let tickets: Vec<_> = (0..1000).map(|_| pending(verifier.verify_now(&token))).collect();
    assert!(!is_readable(&watch));
    assert_eq!(wakeups_until_done(&watch, &verifier, tickets[0]), 1);
    for ticket in tickets {
        assert!(verifier.wait(ticket, Duration::ZERO));
        assert!(decided(verifier.resume(&token, ticket)).is_ok());
    }
    assert_eq!(server.count(), 1);
}

#[test]
fn every_loop_with_a_watch_of_its_own_is_woken_and_a_failed_attempt_wakes_too() {
    let server = Server::saying(Reply::json(body()));
    let (keys, watches) = ready(&server, |keys| {
        let verifier = Verifier::new(keys.clone(), Policy::dcos());
        [keys.watch().unwrap(), keys.clone().watch().unwrap(), verifier.watch().unwrap()]
    });
    for reply in [Reply::json(body()), Reply::status(503)] {
        let is_ok = matches!(reply, Reply::Answer(200, ..));
        server.say(reply);
        assert_eq!(keys.refresh(TIMEOUT).is_ok(), is_ok);
        watches.iter().for_each(wait_and_clear);
    }
}

#[test]
fn a_loop_that_never_reads_does_not_delay_an_attempt() {
    let server = Server::saying(Reply::json(body()));
    let (keys, [watch]) = ready(&server, own);
    // The counter is at its maximum, so a write to a descriptor that blocks would wait for a read.
    let mut counter = std::fs::File::from(watch.as_fd().try_clone_to_owned().unwrap());
    counter.write_all(&(u64::MAX - 1).to_ne_bytes()).unwrap();
    assert!(counter.write(&1_u64.to_ne_bytes()).is_err());
    for _ in 0..5 {
        keys.refresh(TIMEOUT).unwrap();
    }
    assert!(is_readable(&watch));
    // The last attempt may still notify the watch.
    watch.clear();
    keys.refresh(TIMEOUT).unwrap();
    assert!(readable_within(&watch, TIMEOUT));
}

#[test]
fn a_watch_is_readable_after_close_and_its_pending_token_gets_a_final_verdict() {
    let server = Server::saying(Reply::Hang);
    let keys = builder(&server).build().unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let watch = verifier.watch().unwrap();
    let token = token("rsa-2048-a", Some("a"));
    let ticket = pending(verifier.verify_now(&token));
    assert!(!is_readable(&watch) && !verifier.wait(ticket, Duration::ZERO));
    keys.close();
    assert!(is_readable(&watch), "close() returns after it has notified the watch");
    watch.clear();
    assert!(verifier.wait(ticket, Duration::ZERO), "the loop resumes the token");
    assert_eq!(crate::kind(decided(verifier.resume(&token, ticket))).as_str(), "keys_unavailable");
    drop((keys, verifier));
    assert!(is_readable(&watch), "a watch may be used after its key set is dropped");
}

#[test]
fn keys_that_never_change_never_wake_a_loop() {
    let verifier = Verifier::new(JwkSet::from_slice(body().as_bytes()).unwrap(), Policy::dcos());
    let watch = verifier.watch().unwrap();
    assert!(decided(verifier.verify_now(token("rsa-2048-a", Some("a")))).is_ok());
    assert!(!is_readable(&watch));
}

#[test]
fn one_watch_can_wait_for_several_sources_and_verifiers() {
    let servers = [(); 3].map(|()| Server::saying(Reply::json(body())));
    let watch = Watch::new().unwrap();
    let sources = servers.each_ref().map(|server| builder(server).lazy().build().unwrap());
    let verifier = Verifier::new(sources[2].clone(), Policy::dcos());
    for _ in 0..2 {
        // The second time, the sources have the notifier already.
        sources[..2].iter().for_each(|source| source.add_notifier(&watch.notifier()));
        verifier.add_notifier(&watch.notifier());
    }
    for source in &sources {
        source.wait_ready(TIMEOUT).unwrap();
        wait_and_clear(&watch);
    }
}

#[test]
fn a_ticket_has_the_max_wait_of_the_keys_that_it_is_for() {
    let server = Server::saying(Reply::Hang);
    let keys = |seconds| builder(&server).max_wait(Duration::from_secs(seconds)).build().unwrap();
    let verifier = Verifier::builder()
        .accept(keys(7), Policy::for_issuer("https://a.example", "b"))
        .accept(keys(8), Policy::dcos())
        .build()
        .unwrap();
    let ticket = pending(verifier.verify_now(token("rsa-2048-a", Some("a"))));
    assert_eq!(verifier.max_wait(ticket), Duration::from_secs(8));
    let fixed = Verifier::new(JwkSet::from_slice(body().as_bytes()).unwrap(), Policy::dcos());
    assert_eq!(fixed.max_wait(Ticket::new(1)), Duration::ZERO);
}

#[test]
fn watches_can_be_made_and_dropped_while_attempts_run() {
    let server = Server::saying(Reply::json(body()));
    let (keys, [kept]) = ready(&server, own);
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (keys, stop) = (keys.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut made = 0;
                while !stop.load(Ordering::Relaxed) {
                    drop([keys.watch().unwrap(), keys.watch().unwrap()]);
                    made += 2;
                }
                made
            })
        })
        .collect();
    let start = Instant::now();
    for _ in 0..200 {
        keys.refresh(TIMEOUT).unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let made: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(made > 100, "{made} watches in {:?}", start.elapsed());
    assert!(readable_within(&kept, TIMEOUT));
}

#[test]
fn a_forked_child_wakes_only_its_own_loops() {
    if !alone("watch::a_forked_child_wakes_only_its_own_loops") {
        return;
    }
    let server = Server::saying(Reply::json(body()));
    let (keys, [watch]) = ready(&server, own);
    assert!(in_a_child(|| {
        // The parent's watch in the child: the child's attempts do not make it readable, because
        // that would wake up the parent.
        keys.add_notifier(&watch.notifier());
        let own = keys.watch().unwrap();
        let refreshed = keys.refresh(TIMEOUT).is_ok();
        let woken = readable_within(&own, TIMEOUT);
        own.clear();
        keys.close();
        refreshed && woken && is_readable(&own) && !is_readable(&watch) && !watch.notifier().notify()
    }));
    assert!(!is_readable(&watch));
    keys.refresh(TIMEOUT).unwrap();
    assert!(readable_within(&watch, TIMEOUT), "the parent's watch still works");
    assert_eq!(server.count(), 3);
}
