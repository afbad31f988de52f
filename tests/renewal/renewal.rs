//! Renewal before expiry.

use crate::iam::{Iam, foreign_token, now};
use crate::server::Reply;
use crate::{TIMEOUT, builder, ready, until};
use bouncer_verify::{ErrorKind, FetchError, FetchFailure, NewToken, TokenRenewer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_token_is_renewed_before_it_expires_without_any_call() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.life = 4);
    let renewer = ready(&iam);
    let first = renewer.token().unwrap();
    until("there is a second token", || renewer.status().generation == 2);
    let second = renewer.token().unwrap();
    assert!(iam.accepts(&second) && *second != *first && first.expires_at().unwrap() > now());
}

#[test]
fn a_failed_renewal_keeps_the_token_and_delays_no_caller() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let token = renewer.token().unwrap();
    for fault in [Reply::status(500), Reply::status(401), Reply::json("garbage"), Reply::status(404)] {
        iam.change(|behaviour| behaviour.fault = Some(fault));
        assert!(renewer.renew(TIMEOUT).is_err());
        let start = Instant::now();
        assert_eq!(renewer.token().unwrap().as_str(), token.as_str());
        assert!(start.elapsed() < Duration::from_millis(200));
    }
    assert_eq!(renewer.status().state.as_str(), "valid");
}

#[test]
fn no_caller_sees_an_outage_of_90_percent_of_the_time_from_renewal_to_expiry() {
    // The lifetime is 12 s and the renewal is due after 6 s, so 6 s are left for retries.
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.life = 12);
    let renewer = ready(&iam);
    let expires_in = renewer.status().expires_in.unwrap().as_secs_f64();
    let stop = Arc::new(AtomicBool::new(false));
    let (caller, end) = (renewer.clone(), Arc::clone(&stop));
    let thread = std::thread::spawn(move || {
        let mut longest = Duration::ZERO;
        let mut calls = 0u32;
        while !end.load(Ordering::Relaxed) {
            let start = Instant::now();
            caller.token().expect("a caller saw an error");
            longest = longest.max(start.elapsed());
            calls += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        (calls, longest)
    });
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    std::thread::sleep(Duration::from_secs_f64(expires_in - 0.6));
    assert_eq!(renewer.status().generation, 1);
    assert!(renewer.status().failures_in_row >= 2);
    iam.change(|behaviour| behaviour.fault = None);
    until("the token is renewed", || renewer.status().generation == 2);
    stop.store(true, Ordering::Relaxed);
    let (calls, longest) = thread.join().unwrap();
    eprintln!("{calls} calls during an outage, the longest took {longest:?}");
    assert!(calls > 1000 && longest < Duration::from_millis(500), "{calls} {longest:?}");
}

#[test]
fn an_expired_token_is_not_returned() {
    let iam = Iam::start();
    iam.change(|behaviour| behaviour.life = 2);
    let renewer = ready(&iam);
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(401)));
    until("the token has expired", || renewer.status().state.as_str() == "expired");
    assert_eq!(renewer.token().unwrap_err().kind(), ErrorKind::LoginRejected);
    iam.change(|behaviour| behaviour.fault = None);
    renewer.renew(TIMEOUT).unwrap();
    assert!(renewer.token().is_ok());
}

#[test]
fn the_current_token_is_returned_during_a_slow_login_and_after_a_failed_login() {
    // The second login of this source takes 300 ms, and the third one fails.
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let source = move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => NewToken::new("first").map(|token| token.expires_in(Duration::from_secs(4))),
        1 => {
            std::thread::sleep(Duration::from_millis(300));
            NewToken::new("second").map(|token| token.expires_in(Duration::from_secs(3600)))
        }
        _ => Err(FetchError::new(FetchFailure::Status, "503")),
    };
    let renewer = TokenRenewer::source("test", source).build().unwrap();
    assert_eq!(renewer.token().unwrap().as_str(), "first");
    until("the second token is returned", || renewer.token().unwrap().as_str() == "second");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert!(renewer.renew(TIMEOUT).is_err());
    assert_eq!(renewer.token().unwrap().as_str(), "second");
}

#[test]
fn logins_are_at_least_a_second_apart_for_any_lifetime() {
    for life in [Duration::from_millis(1), Duration::from_nanos(1), Duration::from_millis(600)] {
        let logins = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&logins);
        let source = move || {
            let serial = counted.fetch_add(1, Ordering::SeqCst);
            Ok(NewToken::new(format!("t{serial}"))?.expires_in(life))
        };
        let settings = TokenRenewer::source("test", source).max_wait(Duration::from_millis(50));
        let renewer = settings.build().unwrap();
        let start = Instant::now();
        let (end, caller) = (start + Duration::from_millis(2200), renewer.clone());
        let calls = crate::on_threads(8, move |i| {
            let mut calls = 0;
            while Instant::now() < end {
                match i {
                    0 => drop(caller.wait_ready(Duration::from_millis(1))),
                    1 => drop(caller.token_now(&mut None)),
                    _ => drop(caller.token()),
                }
                calls += 1;
            }
            calls
        });
        assert!(calls.iter().sum::<u32>() > 100, "{calls:?}");
        let elapsed = start.elapsed().as_secs_f64();
        let logins = logins.load(Ordering::SeqCst);
        assert!(logins >= 2 && logins as f64 <= elapsed + 1.1, "{logins} logins in {elapsed} s");
    }
}

#[test]
fn returning_a_valid_token_does_not_wait_for_a_login_in_flight() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    iam.change(|behaviour| behaviour.fault = Some(Reply::Hang));
    let hanging = renewer.clone();
    let login = std::thread::spawn(move || hanging.renew(Duration::from_secs(3)));
    until("the login hangs", || iam.logins() == 2);
    let start = Instant::now();
    for _ in 0..100_000 {
        renewer.token().unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(renewer.status().attempts, 1, "the login still hangs");
    renewer.close();
    assert!(login.join().unwrap().is_err());
    assert_eq!(renewer.token().unwrap_err().detail(), "the renewer is closed");
}

#[test]
fn a_thousand_renewers_started_together_spread_their_renewals() {
    let life = 21_600;
    let renewers: Vec<_> = (0..1000)
        .map(|_| {
            let source = move || NewToken::new(foreign_token(now() + life));
            TokenRenewer::source("test", source).build().unwrap()
        })
        .collect();
    let due: Vec<f64> = renewers
        .iter()
        .map(|renewer| {
            assert!(renewer.wait_attempts(1, TIMEOUT));
            renewer.status().next_attempt.as_secs_f64() / life as f64
        })
        .collect();
    let (first, last) = due.iter().fold((1.0f64, 0.0f64), |(a, b), &due| (a.min(due), b.max(due)));
    assert!(last - first >= 0.08 && first >= 0.69 && last <= 0.81, "{first} {last}");
    // The renewals are spread evenly: each tenth of the time between the first and the last has
    // fewer than 200 of the 1000 renewals.
    let tenth = |i: usize| {
        let from = first + (last - first) * i as f64 / 10.0;
        due.iter().filter(|&&due| due >= from && due < from + (last - first) / 10.0).count()
    };
    assert!((0..10).all(|i| tenth(i) < 200));
}

#[test]
fn a_token_without_expiry_is_renewed_once_a_day() {
    let renewer = TokenRenewer::source("test", || NewToken::new("opaque")).build().unwrap();
    assert!(renewer.wait_attempts(1, TIMEOUT));
    let status = renewer.status();
    assert_eq!((status.expires_in, status.state.as_str()), (None, "valid"));
    assert!((16 * 3600..=20 * 3600).contains(&status.next_attempt.as_secs()));
}

#[test]
fn a_thousand_renewers_made_and_dropped_leave_no_threads() {
    let threads = || {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .filter(|task| {
                std::fs::read_to_string(task.path().join("comm"))
                    .is_ok_and(|name| name.starts_with("bouncer-"))
            })
            .count()
    };
    if std::env::var_os("BOUNCER_ALONE").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "renewal::a_thousand_renewers_made_and_dropped_leave_no_threads"])
            .env("BOUNCER_ALONE", "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    for _ in 0..1000 {
        let renewer = TokenRenewer::source("test", || NewToken::new("opaque")).build().unwrap();
        renewer.token().unwrap();
    }
    until("the threads end", || threads() == 0);
}

#[test]
fn a_lazy_renewer_logs_in_with_the_first_call() {
    let iam = Iam::start();
    let renewer = builder(&iam).lazy().build().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(iam.logins(), 0);
    assert!(iam.accepts(&renewer.token().unwrap()));
}
