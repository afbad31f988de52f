//! What a verification asks a remote key set.

use super::jwks_job::MAX_PAUSE_WITHOUT_KEYS;
use super::misses::Misses;
use super::remote_jwk_set::RemoteJwkSet;
use crate::remote::attempts::{Attempts, Reason};
use crate::verify::key_source::{CurrentKeys, KeySource, MissingKey, Refetch};
use crate::verify::ticket::Ticket;
use std::borrow::Cow;
use std::time::{Duration, Instant};

impl KeySource for RemoteJwkSet {
    fn current_keys(&self) -> CurrentKeys {
        let now = Instant::now();
        let snapshot = self.0.worker.job.current();
        let Some(keys) = &*snapshot else { return CurrentKeys::none() };
        if now >= keys.refresh_at {
            // A refresh is due. After a fork there is no thread for it yet.
            self.0.worker.start();
        }
        if now >= keys.usable_until {
            return CurrentKeys::none();
        }
        CurrentKeys::of_snapshot(snapshot)
    }

    fn on_missing_key(&self, missing: MissingKey, generation: u64, before: Option<Ticket>) -> Refetch {
        let now = Instant::now();
        let worker = &self.0.worker;
        worker.with(|attempts| {
            // The key may have come since the token was verified. An attempt puts its keys in use
            // before it is done, so under the lock either the key is there, or the attempt that
            // brings it is in flight.
            let current = worker.job.current();
            let usable = current.as_ref().filter(|keys| now < keys.usable_until);
            if usable.is_some_and(|keys| keys.generation != generation) {
                return Refetch::OtherKeys;
            }
            if worker.is_closed() {
                return unknown(&missing, || Cow::Borrowed("closed"));
            }
            // One token causes one fetch.
            if let Some(before) = before.filter(|before| before.is_last()) {
                return match attempts.succeeded >= before.attempt() {
                    true => Refetch::None,
                    false => unknown(&missing, || lookup_failed(attempts)),
                };
            }
            if let MissingKey::Kid(kid) = &missing
                && attempts.job.is_absent(kid, now)
            {
                attempts.job.suppressed += 1;
                return Refetch::None;
            }
            match (before, attempts.in_flight()) {
                (None, Some(_)) if attempts.in_outage() => {
                    // In an outage, waiting for the next failure would only block threads.
                    attempts.job.suppressed += 1;
                    return unknown(&missing, || lookup_failed(attempts));
                }
                (None, Some(attempt)) => return Refetch::Fetch(Ticket::new(attempt)),
                // Another token has caused this one since.
                (Some(before), Some(attempt)) if before.attempt() < attempt && !attempts.in_outage() => {
                    return Refetch::Fetch(Ticket::last(attempt));
                }
                _ => {}
            }
            if matches!(missing, MissingKey::Keys) {
                return first_fetch(attempts, before, now);
            }
            let Some(attempt) = self.request(attempts, &missing, now) else {
                attempts.job.suppressed += 1;
                return match attempts.failed {
                    true => unknown(&missing, || lookup_failed(attempts)),
                    false => Refetch::None,
                };
            };
            if let MissingKey::Kid(kid) = &missing {
                attempts.job.expect_kid(kid, attempt);
            }
            Refetch::Fetch(Ticket::last(attempt))
        })
    }

    fn allows_fetch_for_known_kid(&self) -> bool {
        self.0.allows_known_kid(Instant::now())
    }

    fn why_none(&self) -> Cow<'static, str> {
        let worker = &self.0.worker;
        let failure = || worker.read(|attempts| attempts.failure().map(ToString::to_string));
        match &*worker.job.current() {
            _ if worker.is_closed() => "closed".into(),
            Some(_) => match failure() {
                Some(error) => format!("not confirmed by the issuer for too long: {error}").into(),
                None => "not confirmed by the issuer for too long".into(),
            },
            None => failure().map_or("not fetched yet".into(), Cow::Owned),
        }
    }

    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        RemoteJwkSet::wait(self, ticket, timeout)
    }

    fn max_wait(&self) -> Duration {
        self.0.max_wait
    }
}

impl RemoteJwkSet {
    /// Requests a fetch for a token, if its budget allows one. Returns the attempt's number.
    fn request(&self, attempts: &mut Attempts<Misses>, missing: &MissingKey, now: Instant) -> Option<u64> {
        if let Some(attempt) = attempts.requested() {
            return Some(attempt);
        }
        if attempts.must_wait(now) {
            return None;
        }
        let reason = match missing {
            MissingKey::Kid(_) => Reason::UnknownKid,
            _ => Reason::WithoutKid,
        };
        let budget = match missing {
            MissingKey::Kid(_) => &mut attempts.job.unknown_kid,
            _ => &mut attempts.job.without_kid,
        };
        let is_allowed = budget.spend(now);
        if reason == Reason::WithoutKid {
            self.0.set_known_kid_from(now + budget.next_in(now));
        }
        is_allowed.then(|| attempts.request(reason))
    }
}

/// There are no usable keys at all. Retries are the background's, unless its pause began while
/// there still were keys.
fn first_fetch(attempts: &mut Attempts<Misses>, before: Option<Ticket>, now: Instant) -> Refetch {
    let paused = attempts.ended.map(|ended| now.saturating_duration_since(ended));
    let is_retried_soon =
        attempts.in_outage() && paused.is_some_and(|paused| paused < MAX_PAUSE_WITHOUT_KEYS);
    match before.is_some() || attempts.must_wait(now) || is_retried_soon {
        true => Refetch::None,
        false => Refetch::Fetch(Ticket::last(attempts.request(Reason::Schedule))),
    }
}

/// No fetch can be waited for, and nobody knows whether the issuer has the key.
fn unknown(missing: &MissingKey, why: impl FnOnce() -> Cow<'static, str>) -> Refetch {
    match missing {
        MissingKey::Kid(_) | MissingKey::KeyWithoutKid => Refetch::Unavailable(why()),
        // The verdict is unavailable already, or the signature is invalid.
        _ => Refetch::None,
    }
}

fn lookup_failed(attempts: &Attempts<Misses>) -> Cow<'static, str> {
    match attempts.failure() {
        Some(cause) => format!("the token's key could not be looked up: {cause}").into(),
        None => "the fetch that may bring the token's key was not over in time".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::remote::transport::{HttpRequest, HttpResponse};
    use crate::verify::policy::Policy;
    use crate::verify::verifier::Verifier;
    use std::sync::{Arc, Mutex};
    use std::time::SystemTime;

    const DOCUMENT: &[u8] = include_bytes!("../../../tests/data/document_jwks.json");
    const TOKEN: &str = include_str!("../../../tests/data/document_token.txt");
    const LONG: Duration = Duration::from_secs(20);
    const MINUTE: Duration = Duration::from_secs(60);

    /// An issuer that answers with what is set, and counts.
    #[derive(Clone)]
    struct Issuer(Arc<Mutex<(HttpResponse, usize)>>);

    impl Issuer {
        fn keys() -> Self {
            Self(Arc::new(Mutex::new((HttpResponse::new(200, [], DOCUMENT.to_vec()), 0))))
        }

        fn say(&self, status: u16, headers: &[(&str, &str)]) {
            let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            self.0.lock().unwrap().0 = HttpResponse::new(status, headers, Vec::new());
        }

        fn count(&self) -> usize {
            self.0.lock().unwrap().1
        }

        fn key_set(&self) -> (RemoteJwkSet, Verifier) {
            let its = Arc::clone(&self.0);
            let transport = move |_: &HttpRequest<'_>| {
                let mut issuer = its.lock().unwrap();
                issuer.1 += 1;
                Ok(issuer.0.clone())
            };
            let keys =
                RemoteJwkSet::builder("https://issuer.example/jwks").transport(transport).build().unwrap();
            assert!(keys.wait_attempts(1, LONG));
            (keys.clone(), Verifier::new(keys, Policy::dcos().time(1467985465)))
        }
    }

    impl RemoteJwkSet {
        /// As if the last attempt had ended so long ago, and the keys had run out since.
        fn run_out(&self, ago: Duration) {
            let in_use = self.0.worker.job.in_use().clone().unwrap();
            self.0.worker.job.put_in_use(in_use.expired());
            self.0.worker.with(|attempts| {
                attempts.ended = Some(Instant::now() - ago);
                if let Some((_, at)) = &mut attempts.last_error {
                    *at = SystemTime::now() - ago;
                }
            });
        }
    }

    fn unknown_kid() -> String {
        // {"alg":"RS256","kid":"x"}
        format!("eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.{}", TOKEN.trim().split_once('.').unwrap().1)
    }

    #[test]
    fn nothing_is_fetched_before_retry_after_is_over_even_when_the_keys_run_out() {
        let issuer = Issuer::keys();
        let (keys, verifier) = issuer.key_set();
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        issuer.say(503, &[("Retry-After", "300")]);
        assert_eq!(verifier.verify(unknown_kid()).unwrap_err().kind(), ErrorKind::KeysUnavailable);
        assert_eq!(issuer.count(), 2);
        assert!(keys.status().next_attempt > Duration::from_secs(290));
        keys.run_out(MINUTE + Duration::from_secs(1));
        for token in [TOKEN.trim(), &unknown_kid()] {
            let error = verifier.verify(token).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
            assert!(error.detail().ends_with("unexpected status: HTTP 503"), "{error}");
        }
        assert_eq!(issuer.count(), 2);
        // The operator may. A failure that says nothing does not take back what another said.
        issuer.say(500, &[]);
        keys.refresh(LONG).unwrap_err();
        keys.0.worker.with(|attempts| attempts.ended = Some(Instant::now() - MINUTE));
        assert!(
            verifier.verify(TOKEN.trim()).is_err() && keys.status().next_attempt > Duration::from_secs(280)
        );
        assert_eq!(issuer.count(), 3);
        // It is over.
        keys.0.worker.with(|attempts| attempts.retry_after = Some(Instant::now()));
        issuer.0.lock().unwrap().0 = HttpResponse::new(200, [], DOCUMENT.to_vec());
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        assert_eq!(issuer.count(), 4);
    }

    #[test]
    fn keys_that_ran_out_are_fetched_for_a_token_fifteen_seconds_after_the_last_attempt() {
        let issuer = Issuer::keys();
        let (keys, verifier) = issuer.key_set();
        issuer.say(500, &[]);
        keys.refresh(LONG).unwrap_err();
        // The background has failed often, and its pause is a long one.
        let long_pause = || {
            keys.0.worker.with(|attempts| {
                attempts.failures_in_row = 10;
                attempts.put_off(MINUTE);
            });
        };
        long_pause();
        keys.run_out(MAX_PAUSE_WITHOUT_KEYS - Duration::from_secs(5));
        assert!(verifier.verify(TOKEN.trim()).is_err());
        assert_eq!(issuer.count(), 2, "it is too soon");
        keys.run_out(MAX_PAUSE_WITHOUT_KEYS);
        for _ in 0..1000 {
            assert_eq!(verifier.verify(TOKEN.trim()).unwrap_err().kind(), ErrorKind::KeysUnavailable);
        }
        assert_eq!((issuer.count(), keys.status().retries), (3, 1));
        // Without keys no pause is longer than that.
        assert!(keys.status().next_attempt <= MAX_PAUSE_WITHOUT_KEYS);
        long_pause();
        keys.run_out(MAX_PAUSE_WITHOUT_KEYS);
        issuer.0.lock().unwrap().0 = HttpResponse::new(200, [], DOCUMENT.to_vec());
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        assert_eq!(issuer.count(), 4);
    }
}
