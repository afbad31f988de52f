//! After a 401.

use crate::iam::Iam;
use crate::server::Reply;
use crate::{PATIENCE, on_threads, ready};
use bouncer_verify::ErrorKind;
use std::time::{Duration, Instant};

#[test]
fn a_hundred_callers_with_one_rejected_token_cause_one_login() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let old = renewer.token().unwrap();
    iam.forget_tokens();
    iam.change(|behaviour| behaviour.pause = Duration::from_millis(200));
    let (caller, rejected) = (renewer.clone(), old.clone());
    let tokens = on_threads(100, move |_| caller.reject(&rejected).unwrap().as_str().to_owned());
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != *old && iam.accepts(token)));
    assert_eq!((iam.logins(), renewer.status().rejections), (2, 1));
    // Who comes late with the old token has the new one without a login.
    assert_eq!(renewer.reject(&old).unwrap().as_str(), tokens[0]);
    assert_eq!(renewer.reject("a token of long ago").unwrap().as_str(), tokens[0]);
    assert_eq!(iam.logins(), 2);
}

#[test]
fn rejections_cause_one_login_in_thirty_seconds() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    // A server that accepts no token at all.
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
    // The token stays in use for others.
    assert_eq!(renewer.token().unwrap().as_str(), token.as_str());
}

#[test]
fn a_rejection_in_an_outage_is_told_soon_and_the_token_stays() {
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
fn nothing_blocks_who_must_not_be_blocked() {
    let iam = Iam::start();
    let renewer = ready(&iam);
    let old = renewer.token().unwrap();
    let mut ticket = None;
    assert!(renewer.token_now(&mut ticket).is_ok() && ticket.is_none());
    iam.change(|behaviour| behaviour.pause = Duration::from_millis(300));
    let start = Instant::now();
    assert!(renewer.reject_now(&old, &mut ticket).is_err());
    assert!(start.elapsed() < Duration::from_millis(200));
    assert!(renewer.wait(ticket.unwrap(), PATIENCE));
    let new = renewer.reject_now(&old, &mut ticket).unwrap();
    assert!(ticket.is_none() && *new != *old && new.generation() == 2);
}
