//! The settings of a remote key set and their effects.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, forged, jwks, kind, token, until};
use bouncer_verify::{ErrorKind, FetchFailure, Policy, RemoteJwkSet, RemoteJwkSetBuilder, Verifier};
use std::iter;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(86400);

fn body() -> Reply {
    Reply::json(jwks(&[("rsa-2048-a", "a")]))
}

#[test]
fn the_error_for_a_setting_outside_its_limits_contains_the_limits() {
    type Change = fn(RemoteJwkSetBuilder) -> RemoteJwkSetBuilder;
    let changes: [(Change, &str); 12] = [
        (|keys| keys.timeout(Duration::ZERO), "timeout is 0ns; allowed are 1ms to 300s"),
        (|keys| keys.timeout(301 * SECOND), "timeout is 301s; allowed are 1ms to 300s"),
        (|keys| keys.connect_timeout(Duration::ZERO), "connect_timeout is 0ns; allowed are 1ms to 300s"),
        (|keys| keys.ttl(999 * MILLISECOND), "ttl is 999ms; allowed are 1s to 31622400s"),
        (|keys| keys.max_ttl(367 * DAY), "max_ttl is 31708800s; allowed are 1s to 31622400s"),
        (|keys| keys.max_stale(367 * DAY), "max_stale is 31708800s; allowed are 0ns to 31622400s"),
        (|keys| keys.max_wait(301 * SECOND), "max_wait is 301s; allowed are 0ns to 300s"),
        (|keys| keys.refetch_interval(MILLISECOND), "refetch_interval is 1ms; allowed are 1s to 3600s"),
        (
            |keys| keys.refetch_interval_without_kid(2 * DAY),
            "refetch_interval_without_kid is 172800s; allowed are 1s to 86400s",
        ),
        (|keys| keys.max_document_len(1023), "max_document_len is 1023; allowed are 1024 to 67108864"),
        (|keys| keys.max_keys(0), "max_keys is 0; allowed are 1 to 1000"),
        (|keys| keys.max_keys(1001), "max_keys is 1001; allowed are 1 to 1000"),
    ];
    for (change, expected) in changes {
        let error = change(RemoteJwkSet::builder("https://idp.example/jwks").lazy()).build().unwrap_err();
        assert_eq!((error.kind(), error.detail()), (ErrorKind::InvalidArgument, expected));
    }
}

#[test]
fn max_ttl_limits_the_servers_max_age() {
    let server = Server::saying(body().with("Cache-Control", "max-age=86400"));
    for (max_ttl, longest) in [(DAY, DAY), (600 * SECOND, 600 * SECOND), (5 * SECOND, 5 * SECOND)] {
        let keys = builder(&server).max_ttl(max_ttl).lazy().build().unwrap();
        keys.refresh(TIMEOUT).unwrap();
        let next = keys.status().next_attempt;
        assert!(next <= longest.mul_f64(0.8) && next > longest.mul_f64(0.6), "{max_ttl:?}: {next:?}");
    }
    // If the server states no lifetime, `ttl` applies, even if it is longer than `max_ttl`.
    let server = Server::saying(body());
    let keys = builder(&server).ttl(2 * DAY).max_ttl(600 * SECOND).lazy().build().unwrap();
    keys.refresh(TIMEOUT).unwrap();
    assert!(keys.status().next_attempt > DAY);
}

#[test]
fn max_ttl_limits_the_freshness_of_a_last_good_file() {
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("remote-max-ttl.json");
    let _ = std::fs::remove_file(&file);
    let server = Server::saying(body().with("Cache-Control", "max-age=86400"));
    let keys = builder(&server).last_good_file(&file).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    until("the file is written", || file.exists());
    let keys = builder(&server).last_good_file(&file).max_ttl(600 * SECOND).build().unwrap();
    assert!(keys.current().is_ok() && keys.status().next_attempt <= 600 * SECOND);
    assert_eq!(server.count(), 1, "the file is fresh");
}

/// Returns a listener whose queue is full, so that the kernel drops new connections, and the
/// connections that fill the queue.
fn silent() -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, 100 * MILLISECOND).ok();
    let queue = iter::from_fn(connect).take(10_000).collect();
    (listener, queue)
}

#[test]
fn connect_timeout_limits_connecting_and_timeout_limits_the_exchange() {
    let (listener, _queue) = silent();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    for (connect_timeout, timeout, shortest, longest) in [
        (300 * MILLISECOND, 5 * SECOND, 300 * MILLISECOND, 2 * SECOND),
        (3 * SECOND, 5 * SECOND, 2900 * MILLISECOND, 4500 * MILLISECOND),
        (3 * SECOND, SECOND, 900 * MILLISECOND, 2 * SECOND),
    ] {
        let keys = RemoteJwkSet::builder(&url).connect_timeout(connect_timeout).timeout(timeout).lazy();
        let keys = keys.build().unwrap();
        let start = Instant::now();
        let error = keys.refresh(TIMEOUT).unwrap_err();
        let took = start.elapsed();
        assert_eq!(error.failure(), FetchFailure::Timeout);
        assert!(error.detail().starts_with("connecting to 127.0.0.1:"), "{error}");
        assert!(took >= shortest && took < longest, "{connect_timeout:?} {timeout:?}: {took:?}");
    }
    // connect_timeout does not limit a slow response.
    let server = Server::saying(body().late(500 * MILLISECOND));
    let keys = builder(&server).connect_timeout(100 * MILLISECOND).lazy().build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));
}

#[test]
fn max_document_len_limits_fetched_documents_seeds_and_files() {
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("remote-max-document-len.json");
    let _ = std::fs::remove_file(&file);
    let document = jwks(&[("rsa-2048-a", "a")]);
    let large = format!("{document}{}", " ".repeat((3 << 20) - document.len()));
    let server = Server::saying(Reply::json(large.clone()));
    let error = builder(&server).lazy().build().unwrap().refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::TooLarge);
    let error = builder(&server).seed(large.as_str()).lazy().build().unwrap_err();
    assert_eq!(
        (error.kind(), error.detail()),
        (ErrorKind::MalformedJwkSet, "3145728 bytes; at most 1048576 (max_document_len)")
    );

    let generous = builder(&server).max_document_len(3 << 20);
    let keys = generous.clone().last_good_file(&file).lazy().build().unwrap();
    keys.refresh(TIMEOUT).unwrap();
    until("the file is written", || file.exists());
    server.say(Reply::status(503));
    assert!(generous.clone().last_good_file(&file).build().unwrap().current().is_ok());
    assert!(generous.seed(large.as_str()).build().unwrap().current().is_ok());

    let server = Server::saying(Reply::json(document));
    let keys = builder(&server).max_document_len(1024).lazy().build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()), "a small document is accepted");
}

#[test]
fn keys_over_max_keys_are_skipped() {
    let names = ["rsa-2048-a", "rsa-2048-b", "p256-a"];
    let server = Server::saying(Reply::json(jwks(&names.map(|name| (name, name)))));
    for (max_keys, used) in [(1, 1), (2, 2), (1000, 3)] {
        let keys = builder(&server).max_keys(max_keys).lazy().build().unwrap();
        keys.refresh(TIMEOUT).unwrap();
        let status = keys.status();
        assert_eq!((status.usable_keys, status.skipped_keys), (used, 3 - used));
        for skipped in keys.current().unwrap().skipped() {
            assert_eq!(skipped.message(), format!("over the limit of {max_keys} usable keys (max_keys)"));
        }
    }
}

#[test]
fn a_rotation_after_forged_kids_is_found_after_refetch_interval() {
    let server = Server::saying(body());
    let keys = builder(&server).refetch_interval(SECOND).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let forged_token = token("rsa-2048-a", Some("a"));
    let start = Instant::now();
    for i in 0..1000 {
        assert_eq!(
            kind(verifier.verify(forged(&forged_token, &format!("forged-{i}")))),
            ErrorKind::NoMatchingKey
        );
    }
    let allowed = 2 + start.elapsed().as_secs() as usize;
    assert!(server.count() > 2 && server.count() - 1 <= allowed, "{} fetches", server.count() - 1);
    server.say(Reply::json(jwks(&[("rsa-2048-b", "b")])));
    let new = token("rsa-2048-b", Some("b"));
    let start = Instant::now();
    until("the budget is refilled", || verifier.verify(&new).is_ok());
    assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
}

#[test]
fn keys_without_kid_are_fetched_again_after_refetch_interval_without_kid() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "")])));
    let keys = builder(&server).refetch_interval_without_kid(SECOND).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    let new = token("rsa-2048-b", None);
    assert_eq!(kind(verifier.verify(&new)), ErrorKind::InvalidSignature);
    assert_eq!(server.count(), 2);
    server.say(Reply::json(jwks(&[("rsa-2048-b", "")])));
    let start = Instant::now();
    until("the budget is refilled", || verifier.verify(&new).is_ok());
    assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
    assert_eq!((server.count(), keys.status().without_kid), (3, 2));
}
