//! An event loop that waits for logins with a watch.
#![cfg(target_os = "linux")]

use crate::iam::Iam;
use crate::readable::{is_readable, readable_within};
use crate::server::Reply;
use crate::{TIMEOUT, builder, ready};
use bouncer_verify::{ErrorKind, TokenRenewer, Watch};
use std::time::Duration;

#[test]
fn an_event_loop_waits_for_a_login_with_a_watch() {
    let iam = Iam::start();
    let renewer = builder(&iam).lazy().build().unwrap();
    let watch = renewer.watch().unwrap();
    let mut ticket = None;
    assert_eq!(renewer.token_now(&mut ticket).unwrap_err().kind(), ErrorKind::LoginUnavailable);
    let login = ticket.unwrap();
    loop {
        assert!(readable_within(&watch, TIMEOUT));
        watch.clear();
        if renewer.wait(login, Duration::ZERO) {
            break;
        }
    }
    let token = renewer.token_now(&mut ticket).unwrap();
    assert!(iam.accepts(&token) && ticket.is_none() && !is_readable(&watch));

    // The same for a token that a server has rejected.
    std::thread::sleep(Duration::from_millis(1100));
    let _ = renewer.reject_now(&token, &mut ticket);
    while let Some(login) = ticket {
        assert!(readable_within(&watch, TIMEOUT));
        watch.clear();
        if renewer.wait(login, Duration::ZERO) {
            let newer = renewer.reject_now(&token, &mut ticket);
            assert!(ticket.is_some() || *newer.unwrap() != *token);
        }
    }
}

#[test]
fn a_failed_login_and_a_close_make_a_watch_readable() {
    let iam = Iam::start();
    let renewer: TokenRenewer = ready(&iam);
    let watch = renewer.watch().unwrap();
    iam.change(|behaviour| behaviour.fault = Some(Reply::status(503)));
    assert!(renewer.renew(TIMEOUT).is_err());
    assert!(readable_within(&watch, TIMEOUT));
    renewer.close();
    watch.clear();
    assert!(!is_readable(&watch));

    iam.change(|behaviour| behaviour.fault = Some(Reply::Hang));
    let renewer = builder(&iam).lazy().build().unwrap();
    let (watch, of_loop) = (renewer.watch().unwrap(), Watch::new().unwrap());
    renewer.add_notifier(&of_loop.notifier());
    let mut ticket = None;
    assert!(renewer.token_now(&mut ticket).is_err());
    let login = ticket.unwrap();
    assert!(!renewer.wait(login, Duration::ZERO));
    renewer.close();
    assert!(is_readable(&watch) && is_readable(&of_loop));
    assert!(renewer.wait(login, Duration::ZERO), "the loop asks for the token again");
    assert!(renewer.token_now(&mut ticket).is_err() && ticket.is_none());
}
