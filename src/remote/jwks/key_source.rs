//! [`KeySource`] for a remote key set: returns the current keys, and decides whether a missing key
//! causes a fetch.

use super::jwks_job::MAX_PAUSE_WITHOUT_KEYS;
use super::misses::Misses;
use super::remote_jwk_set::RemoteJwkSet;
use crate::error::Result;
use crate::remote::attempts::{Attempts, Reason};
use crate::remote::transport::{FetchError, printable};
use crate::verify::key_source::{CurrentKeys, KeySource, MissingKey, Refetch};
use crate::verify::ticket::Ticket;
use crate::verify::watch::Notifier;
use std::borrow::Cow;
use std::time::{Duration, Instant};

const CLOSED: &str = "the key set is closed";
/// Maximum length of the source in an error, in characters.
const MAX_SHOWN: usize = 150;
const TOO_OLD: &str = "the issuer has not confirmed the keys for longer than max_stale";

impl KeySource for RemoteJwkSet {
    fn current_keys(&self) -> CurrentKeys {
        let now = Instant::now();
        let snapshot = self.0.worker.job.current();
        let Some(keys) = &*snapshot else { return CurrentKeys::none() };
        if now >= keys.refresh_at {
            // A refresh is due. Start the worker if this is a forked child that has not started it.
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
            // The key may have been fetched since the token was checked. An attempt publishes its
            // keys before it is recorded as done. So while the lock is held, either the key is
            // published, or the attempt that fetches it is still in flight.
            let current = worker.job.current();
            let usable = current.as_ref().filter(|keys| now < keys.usable_until);
            if usable.is_some_and(|keys| keys.generation != generation) {
                return Refetch::OtherKeys;
            }
            if worker.is_closed() {
                return unknown(&missing, || Cow::Borrowed(CLOSED));
            }
            // This token has already waited for its last fetch, so it causes no other fetch.
            if let Some(before) = before.filter(|before| before.is_last()) {
                return match attempts.succeeded >= before.attempt() {
                    true => Refetch::None,
                    false => unknown(&missing, || self.lookup_failed(attempts, before.attempt())),
                };
            }
            if let MissingKey::Kid(kid) = &missing
                && attempts.job.is_absent(kid, now)
            {
                attempts.job.suppressed += 1;
                return Refetch::None;
            }
            match (before, attempts.in_flight()) {
                (None, Some(attempt)) if attempts.in_outage() => {
                    // In an outage, the fetch in flight will probably fail too. Waiting for that
                    // fetch would only block threads.
                    attempts.job.suppressed += 1;
                    return unknown(&missing, || self.lookup_failed(attempts, attempt));
                }
                (None, Some(attempt)) => return Refetch::Fetch(Ticket::new(attempt)),
                // The token has waited for an earlier fetch, which is over. The fetch in flight
                // began after the token arrived, so it is the last fetch for this token.
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
                    true => unknown(&missing, || self.lookup_failed(attempts, attempts.done)),
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
        let failure = || worker.read(|attempts| attempts.failure().map(|error| self.describe(error)));
        match &*worker.job.current() {
            _ if worker.is_closed() => CLOSED.into(),
            Some(_) => match failure() {
                Some(error) => format!("{TOO_OLD}: {error}").into(),
                None => TOO_OLD.into(),
            },
            None => failure().unwrap_or_else(|| self.not_fetched()).into(),
        }
    }

    fn wait_ready(&self, timeout: Duration) -> Result<()> {
        RemoteJwkSet::wait_ready(self, timeout)
    }

    fn may_become_ready(&self) -> bool {
        RemoteJwkSet::may_become_ready(self)
    }

    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        RemoteJwkSet::wait(self, ticket, timeout)
    }

    fn add_notifier(&self, notifier: &Notifier) {
        self.0.worker.notifiers.add(notifier);
    }

    fn max_wait(&self) -> Duration {
        // After a close, a fetch that has not ended never ends.
        if self.0.worker.is_closed() { Duration::ZERO } else { self.0.max_wait }
    }
}

impl RemoteJwkSet {
    /// Requests a fetch for a token with a missing key, if the budget for that kind of missing key
    /// allows one. Returns the number of the attempt.
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

    /// Formats the error of a fetch with the source of the keys, for an error that a caller gets.
    #[doc(hidden)]
    pub fn describe(&self, error: &FetchError) -> String {
        format!("keys of {}: {error}", self.shown_source())
    }

    fn shown_source(&self) -> String {
        printable(self.0.worker.job.source_name(), MAX_SHOWN)
    }

    /// Describes the state before the first fetch is done.
    #[cold]
    fn not_fetched(&self) -> String {
        let (source, max_wait) = (self.shown_source(), self.0.max_wait.as_secs_f64());
        match self.0.worker.read(|attempts| attempts.since_begin(1)) {
            None => format!("the first fetch from {source} has not begun: wait_ready begins it"),
            Some(since) => format!(
                "the first fetch from {source} has not finished after {:.1} s: raise max_wait ({max_wait} s) \
                 or the timeout of wait_ready if the issuer is slow",
                since.as_secs_f64()
            ),
        }
    }

    /// Describes why attempt number `attempt` has not found the key of a token.
    #[cold]
    fn lookup_failed(&self, attempts: &Attempts<Misses>, attempt: u64) -> Cow<'static, str> {
        if let Some(error) = attempts.failure() {
            return format!("the token's key could not be looked up: {}", self.describe(error)).into();
        }
        let (source, max_wait) = (self.shown_source(), self.0.max_wait.as_secs_f64());
        match attempts.since_begin(attempt) {
            // The attempt waits until an earlier one is over.
            None => format!(
                "the fetch of the token's key from {source} has not begun: raise max_wait ({max_wait} s) if \
                 the issuer is slow"
            ),
            Some(since) => format!(
                "the fetch of the token's key from {source} has not finished after {:.1} s: raise max_wait \
                 ({max_wait} s) if the issuer is slow",
                since.as_secs_f64()
            ),
        }
        .into()
    }
}

/// Requests a fetch for a token while there are no usable keys at all. Requests no fetch during an
/// outage, because the background thread retries at least every [`MAX_PAUSE_WITHOUT_KEYS`].
///
/// The current pause can be longer than [`MAX_PAUSE_WITHOUT_KEYS`] if it began while the old keys
/// were still usable. So a token requests a fetch even during an outage if the last attempt ended
/// [`MAX_PAUSE_WITHOUT_KEYS`] ago or earlier. Retry-After can forbid this fetch.
fn first_fetch(attempts: &mut Attempts<Misses>, before: Option<Ticket>, now: Instant) -> Refetch {
    let paused = attempts.ended.map(|ended| now.saturating_duration_since(ended));
    let is_retried_soon =
        attempts.in_outage() && paused.is_some_and(|paused| paused < MAX_PAUSE_WITHOUT_KEYS);
    match before.is_some() || attempts.must_wait(now) || is_retried_soon {
        true => Refetch::None,
        false => Refetch::Fetch(Ticket::last(attempts.request(Reason::Schedule))),
    }
}

/// Returns the result for a token whose key is missing if no fetch is possible now, or if the fetch
/// failed. It is then unknown whether the issuer has the key.
fn unknown(missing: &MissingKey, why: impl FnOnce() -> Cow<'static, str>) -> Refetch {
    match missing {
        MissingKey::Kid(_) | MissingKey::KeyWithoutKid => Refetch::Unavailable(why()),
        // Without any keys, the verdict is `KeysUnavailable` already. If the key with the token's
        // "kid" does not verify the signature, the verdict is `InvalidSignature`.
        _ => Refetch::None,
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

    /// An issuer that sends the response set by `set_response` and counts the requests.
    #[derive(Clone)]
    struct Issuer(Arc<Mutex<(HttpResponse, usize)>>);

    impl Issuer {
        fn keys() -> Self {
            Self(Arc::new(Mutex::new((HttpResponse::new(200, [], DOCUMENT.to_vec()), 0))))
        }

        fn set_response(&self, status: u16, headers: &[(&str, &str)]) {
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
        /// Makes the keys too old to use. Sets the time of the last attempt and of the last error
        /// to `ago` before now.
        fn make_keys_too_old(&self, ago: Duration) {
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
    fn retry_after_is_obeyed_even_if_the_keys_become_too_old() {
        let issuer = Issuer::keys();
        let (keys, verifier) = issuer.key_set();
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        issuer.set_response(503, &[("Retry-After", "300")]);
        assert_eq!(verifier.verify(unknown_kid()).unwrap_err().kind(), ErrorKind::KeysUnavailable);
        assert_eq!(issuer.count(), 2);
        assert!(keys.status().next_attempt > Duration::from_secs(290));
        keys.make_keys_too_old(MINUTE + Duration::from_secs(1));
        for token in [TOKEN.trim(), &unknown_kid()] {
            let error = verifier.verify(token).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
            assert!(error.detail().ends_with("unexpected status: HTTP 503"), "{error}");
        }
        assert_eq!(issuer.count(), 2);
        // `refresh` ignores Retry-After, because operators call it. If `refresh` fails and its
        // response has no Retry-After, the earlier Retry-After still applies to tokens.
        issuer.set_response(500, &[]);
        keys.refresh(LONG).unwrap_err();
        keys.0.worker.with(|attempts| attempts.ended = Some(Instant::now() - MINUTE));
        assert!(
            verifier.verify(TOKEN.trim()).is_err() && keys.status().next_attempt > Duration::from_secs(280)
        );
        assert_eq!(issuer.count(), 3);
        // After the pause that Retry-After requested, a token causes a fetch again.
        keys.0.worker.with(|attempts| attempts.retry_after = Some(Instant::now()));
        issuer.0.lock().unwrap().0 = HttpResponse::new(200, [], DOCUMENT.to_vec());
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        assert_eq!(issuer.count(), 4);
    }

    #[test]
    fn keys_that_are_too_old_are_fetched_for_a_token_fifteen_seconds_after_the_last_attempt() {
        let issuer = Issuer::keys();
        let (keys, verifier) = issuer.key_set();
        issuer.set_response(500, &[]);
        keys.refresh(LONG).unwrap_err();
        // Simulates a long pause of the background thread after many failures in a row.
        let long_pause = || {
            keys.0.worker.with(|attempts| {
                attempts.failures_in_row = 10;
                attempts.put_off(MINUTE);
            });
        };
        long_pause();
        keys.make_keys_too_old(MAX_PAUSE_WITHOUT_KEYS - Duration::from_secs(5));
        assert!(verifier.verify(TOKEN.trim()).is_err());
        assert_eq!(issuer.count(), 2, "too soon after the last attempt");
        keys.make_keys_too_old(MAX_PAUSE_WITHOUT_KEYS);
        for _ in 0..1000 {
            assert_eq!(verifier.verify(TOKEN.trim()).unwrap_err().kind(), ErrorKind::KeysUnavailable);
        }
        assert_eq!((issuer.count(), keys.status().retries), (3, 1));
        // The next pause is short, because there are no usable keys.
        assert!(keys.status().next_attempt <= MAX_PAUSE_WITHOUT_KEYS);
        long_pause();
        keys.make_keys_too_old(MAX_PAUSE_WITHOUT_KEYS);
        issuer.0.lock().unwrap().0 = HttpResponse::new(200, [], DOCUMENT.to_vec());
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        assert_eq!(issuer.count(), 4);
    }

    #[test]
    fn the_error_for_a_token_whose_fetch_has_not_begun_reports_no_time() {
        let issuer = Issuer::keys();
        let (keys, _) = issuer.key_set();
        let hanging = issuer.0.lock().unwrap();
        keys.0.worker.with(|attempts| attempts.request(Reason::Request));
        while keys.0.worker.read(Attempts::in_flight).is_none() {
            std::thread::yield_now();
        }
        let detail = |attempt| match keys.on_missing_key(
            MissingKey::Kid("x".into()),
            1,
            Some(Ticket::last(attempt)),
        ) {
            Refetch::Unavailable(detail) => detail.into_owned(),
            other => panic!("{other:?}"),
        };
        let start = "the fetch of the token's key from https://issuer.example/jwks has not ";
        let end = ": raise max_wait (2 s) if the issuer is slow";
        assert_eq!(detail(3), format!("{start}begun{end}"));
        let in_flight = detail(2);
        assert!(in_flight.starts_with(&format!("{start}finished after 0.")), "{in_flight}");
        assert!(in_flight.ends_with(end), "{in_flight}");
        drop(hanging);
    }
}
