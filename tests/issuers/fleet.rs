//! A hundred issuers: some rotate their keys, some are down, some hang.

use super::server::{Reply, Server};
use super::{TIMEOUT, accept, entry, jwks, kind, token, verify_until_accepted};
use bouncer_verify::{ErrorKind, Verifier};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ISSUERS: usize = 100;

fn issuer(i: usize) -> String {
    format!("https://{i}.example/")
}

fn kid(i: usize, generation: usize) -> String {
    format!("{i}-{generation}")
}

fn hangs(i: usize) -> bool {
    i % 10 == 3
}

fn is_down(i: usize) -> bool {
    i % 10 == 7
}

fn rotates(i: usize) -> bool {
    i % 10 == 5
}

#[test]
fn a_hundred_issuers_do_not_affect_each_other() {
    let counts: Arc<Mutex<HashMap<usize, usize>>> = Arc::default();
    let its = Arc::clone(&counts);
    let server = Server::start(move |request| {
        let i: usize = request.path.trim_start_matches('/').parse().unwrap();
        let count = {
            let mut counts = its.lock().unwrap();
            let count = counts.entry(i).or_default();
            *count += 1;
            *count
        };
        match i {
            _ if hangs(i) => Reply::Hang,
            _ if is_down(i) => Reply::status(503),
            _ => {
                let generation = if rotates(i) { count } else { 1 };
                Reply::json(jwks(generation % 2, &kid(i, generation)).to_string())
            }
        }
    });
    let entries: Vec<_> = (0..ISSUERS)
        .map(|i| entry(&issuer(i), json!({"url": format!("{}/{i}", server.origin), "max_wait": "100ms"})))
        .collect();
    let verifier = Verifier::from_config(&accept(&entries)).unwrap();
    let begin = Instant::now();
    let of = |i: usize, generation: usize| token(generation % 2, &kid(i, generation), &issuer(i));
    let healthy = || (0..ISSUERS).filter(|&i| !hangs(i) && !is_down(i));
    healthy().for_each(|i| verify_until_accepted(&verifier, &of(i, 1)));
    // One hanging issuer alone takes five seconds.
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    for i in healthy() {
        assert_eq!(verifier.verify(of(i, 1)).unwrap().issuer(), Some(&*issuer(i)));
    }
    for i in healthy() {
        // The same kid and the same key, for another issuer.
        let other = token(1, &kid(i, 1), &issuer((i + 10) % ISSUERS));
        let expected = [Some(ErrorKind::NoMatchingKey), Some(ErrorKind::KeysUnavailable)];
        assert!(expected.contains(&kind(verifier.verify(other))), "{i}");
    }
    for i in (0..ISSUERS).filter(|&i| hangs(i) || is_down(i)) {
        assert_eq!(kind(verifier.verify(of(i, 1))), Some(ErrorKind::KeysUnavailable), "{i}");
    }
    for i in healthy().filter(|&i| rotates(i)) {
        // A forged token may have caused a fetch already.
        let generation = counts.lock().unwrap()[&i].max(2);
        let end = Instant::now() + TIMEOUT;
        while verifier.verify(of(i, generation)).is_err() {
            assert!(Instant::now() < end, "{i} {generation}");
        }
    }
    let counts = counts.lock().unwrap();
    for i in healthy().filter(|&i| !rotates(i)) {
        assert!(counts[&i] <= 2, "{i}: the first fetch, and one for the kid of another issuer");
    }
}
