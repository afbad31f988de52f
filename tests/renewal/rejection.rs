//! Renewal of tokens that a service rejected with HTTP 401.

use crate::iam::{Iam, now};
use crate::server::Reply;
use crate::{TIMEOUT, on_threads, ready, until};
use bouncer_verify::{ErrorKind, NewToken, TokenRenewer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_hundred_callers_with_the_same_rejected_token_cause_one_login() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let old = renewer.token().unwrap();
    iam.forget_tokens();
    iam.change(|behaviour| behaviour.pause = Duration::from_millis(200));
    let (caller, rejected) = (renewer.clone(), old.clone());
    let tokens = on_threads(100, move |_| caller.reject(&rejected).unwrap().as_str().to_owned());
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != *old && iam.accepts(token)));
    assert_eq!((iam.logins(), renewer.status().rejections), (2, 1));
    // A later caller with the old token gets the new token without a login.
    assert_eq!(renewer.reject(&old).unwrap().as_str(), tokens[0]);
    assert_eq!(renewer.reject("an older token").unwrap().as_str(), tokens[0]);
    assert_eq!(iam.logins(), 2);
}

#[test]
fn rejections_cause_at_most_one_login_in_thirty_seconds() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    // The loop acts like the client of a service that rejects every token.
    let mut token = renewer.token().unwrap();
    let start = Instant::now();
    for _ in 0..1000 {
        match renewer.reject(&token) {
            Ok(newer) => token = newer,
            Err(error) => assert_eq!(error.kind(), ErrorKind::LoginUnavailable),
        }
    }
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!((iam.logins(), renewer.status().suppressed), (2, 999));
    // Other callers still get the token.
    assert_eq!(renewer.token().unwrap().as_str(), token.as_str());
}

#[test]
fn a_rejection_in_an_outage_fails_soon_and_the_token_is_kept() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let token = renewer.token().unwrap();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    let start = Instant::now();
    let (caller, rejected) = (renewer.clone(), token.clone());
    let errors = on_threads(20, move |_| caller.reject(&rejected).unwrap_err().kind());
    assert_eq!(errors, [ErrorKind::LoginUnavailable; 20]);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(renewer.token().unwrap().as_str(), token.as_str());
}

#[test]
fn token_now_and_reject_now_never_block() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let old = renewer.token().unwrap();
    let mut ticket = None;
    assert!(renewer.token_now(&mut ticket).is_ok() && ticket.is_none());
    iam.change(|behaviour| behaviour.pause = Duration::from_millis(300));
    let start = Instant::now();
    assert!(renewer.reject_now(&old, &mut ticket).is_err());
    assert!(start.elapsed() < Duration::from_millis(200));
    // A call with the ticket before the login is done returns a final error.
    let mut early = ticket;
    assert!(renewer.reject_now(&old, &mut early).is_err() && early.is_none());
    assert!(renewer.wait(ticket.unwrap(), TIMEOUT));
    let new = renewer.reject_now(&old, &mut ticket).unwrap();
    assert!(ticket.is_none() && *new != *old && new.generation() == 2);
}

#[test]
fn a_login_that_returns_the_rejected_token_is_repeated_a_second_later() {
    // As in DC/OS, a token contains a time in whole seconds. So two logins in the same second
    // return the same token.
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logins);
    let source = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(NewToken::new(format!("of-second-{}", now()))?.expires_in(Duration::from_secs(3600)))
    };
    // Start just after the beginning of a second, so that the following logins are within it.
    let second = now();
    until("the next second begins", || now() > second);
    let renewer = TokenRenewer::source("test", source).build().unwrap();
    let old = renewer.token().unwrap();
    let (caller, rejected) = (renewer.clone(), old.clone());
    let start = Instant::now();
    let tokens = on_threads(50, move |_| caller.reject(&rejected).unwrap().as_str().to_owned());
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != *old), "{tokens:?}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let status = renewer.status();
    assert_eq!((status.rejections, status.suppressed, status.attempts), (1, 0, 2));
    // On a slow machine the second login may be in the next second.
    assert!((2..=3).contains(&logins.load(Ordering::SeqCst)), "{logins:?}");
    assert_eq!(renewer.reject(&old).unwrap().as_str(), tokens[0]);
}

#[test]
fn a_source_with_a_constant_token_is_called_twice_for_a_rejection() {
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logins);
    let source = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        NewToken::new("static")
    };
    let renewer = TokenRenewer::source("test", source).build().unwrap();
    let token = renewer.token().unwrap();
    let start = Instant::now();
    for _ in 0..1000 {
        let error = renewer.reject(&token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginUnavailable);
        assert!(error.to_string().contains("the token was rejected"), "{error}");
    }
    assert!(start.elapsed() >= Duration::from_secs(1) && start.elapsed() < Duration::from_secs(10));
    assert_eq!((logins.load(Ordering::SeqCst), renewer.status().attempts), (3, 2));
    assert_eq!(renewer.token().unwrap().as_str(), "static");
}
