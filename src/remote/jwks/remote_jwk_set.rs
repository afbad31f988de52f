//! The key set that keeps itself.

use super::super::http_settings::{HttpSettings, MAX_TIMEOUT, check_range, http_builder_functions, invalid};
use super::super::transport::FetchError;
use super::super::worker::{Reason, State, Worker};
use super::jwks_job::{JwksJob, LONGEST_PAUSE_IN_NEED, Location, Observer, Settings};
use super::misses::{Misses, RefetchIntervals};
use super::status::RemoteJwkSetStatus;
use crate::crypto::backend::Backend;
use crate::crypto::jwk_set::{JwkSet, Limits, MAX_MEMBERS};
use crate::error::{Error, ErrorKind, Result};
use crate::verify::key_source::{KeySource, MissingKey, Refetch};
use crate::verify::ticket::Ticket;
use crate::verify::verifier::Keys;
use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An issuer's JWK Set, fetched from its URL and kept fresh in the background, through rotations and outages.
///
/// Make one for each issuer and clone it: clones share everything. Each that is made anew has a thread, a
/// budget and requests of its own, so one for every request would be a load on the issuer; it ends with its
/// last clone, or with [`RemoteJwkSet::close`].
///
/// - A verification whose key is there reads it through one atomic pointer: no lock, no waiting, whatever
///   the network does.
/// - Keys are fetched again at 70 to 80 % of their lifetime. If that fails, it is tried again with
///   growing pauses, and the old keys are used up to a bound ([`RemoteJwkSetBuilder::max_stale`]), then not
///   at all: [`ErrorKind::KeysUnavailable`].
/// - A token of unknown "kid" may cause a fetch: two at once and then one in 10 seconds; a token without
///   "kid" that no key verifies, or with a wrong signature under the key of its "kid": one in five minutes. Only a
///   token that would pass otherwise does. A "kid" that a fetch did not find is not looked for again for 5 seconds at
///   first, growing to 60.
/// - Where that fetch fails or is not over in time, the token is not invalid: [`ErrorKind::KeysUnavailable`].
/// - A key that the issuer has removed verifies nothing from the moment the new set is there.
/// - After a fork, each process has its own: nothing needs to be done. (If a fetch was under way at the fork,
///   the child holds its connection open until it exits.)
///
/// ```no_run
/// use bouncer_verify::{Policy, RemoteJwkSet, Verifier};
/// use std::time::Duration;
///
/// let keys = RemoteJwkSet::new("https://master.mesos/acs/api/v1/auth/jwks")?;
/// keys.wait_ready(Duration::from_secs(10))?; // optional: fail at the start rather than at the first request
/// let verifier = Verifier::new(keys, Policy::dcos());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct RemoteJwkSet(Arc<Handle>);

/// What all clones share. The worker's thread has the worker alone, so the last clone can end it.
struct Handle {
    worker: Arc<Worker<JwksJob>>,
    max_wait: Duration,
    created: Instant,
    /// From when, in milliseconds since `created`, a token of a known kid may cause a fetch: what its budget says, without
    /// its lock.
    known_kid_from: AtomicU64,
}

impl Handle {
    fn since_created(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.created).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.close();
    }
}

impl RemoteJwkSet {
    /// The key set at `url`, with the settings of [`RemoteJwkSet::builder`] as they are. The first fetch
    /// begins at once, in the background.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: the URL.
    pub fn new(url: &str) -> Result<Self> {
        Self::builder(url).build()
    }

    /// The key set at `url`: https, or http to this machine.
    pub fn builder(url: &str) -> RemoteJwkSetBuilder {
        RemoteJwkSetBuilder::new(Location::Url(url.to_owned()), DAY)
    }

    /// The key set of `issuer`, found through its metadata at `/.well-known/openid-configuration` (OpenID
    /// Connect Discovery 1.0) or, where that is not found, `/.well-known/oauth-authorization-server` (RFC 8414).
    /// They must name the same issuer, character for character. `issuer` may be the address of the metadata
    /// itself; they then name the issuer of that address. Here [`RemoteJwkSetBuilder::max_stale`] is one hour.
    pub fn discover(issuer: &str) -> RemoteJwkSetBuilder {
        RemoteJwkSetBuilder::new(Location::Issuer(issuer.to_owned()), HOUR)
    }

    /// Waits until there are keys to judge with.
    ///
    /// # Errors
    /// [`ErrorKind::KeysUnavailable`]: not after `timeout`.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        self.0.worker.wait_until(timeout, || self.current().map(drop), |_| false)
    }

    /// The keys in use. They stay as they are when newer ones come.
    ///
    /// # Errors
    /// [`ErrorKind::KeysUnavailable`]: none yet, too old, or closed.
    pub fn current(&self) -> Result<Arc<JwkSet>> {
        let mut current = None;
        if let Some(in_use) = &*self.0.worker.job.in_use()
            && Instant::now() < in_use.usable_until
        {
            current = Some(Arc::clone(&in_use.jwks));
        }
        current.ok_or_else(|| self.unavailable())
    }

    /// Fetches the keys now, for operators; several callers share one fetch. Nothing limits how often, so it
    /// is not for the way of a request.
    ///
    /// # Errors
    /// Why the fetch failed; [`crate::FetchFailure::Timeout`]: it is not done after `timeout`. The keys in use stay.
    pub fn refresh(&self, timeout: Duration) -> Result<(), FetchError> {
        self.0.worker.attempt_now(timeout)
    }

    /// What it is doing.
    pub fn status(&self) -> RemoteJwkSetStatus {
        RemoteJwkSetStatus::of(&self.0.worker)
    }

    /// Waits until the fetch that `ticket` stands for is done; false if it is not after `timeout`, or will not
    /// be.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        self.0.worker.wait_for(ticket.attempt(), timeout)
    }

    /// Waits until `attempts` attempts have been made ([`RemoteJwkSetStatus::attempts`]); false if that is
    /// not so after `timeout`, or will not be. For those who watch it.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Ends it, for all clones and verifiers: an exchange under way is cut off, the threads end, and from
    /// now on there are no keys. It waits until they have ended, one second at most: a transport of the
    /// program's own that does not return is left behind. So does the drop of the last clone.
    pub fn close(&self) {
        self.0.worker.close();
    }
}

impl KeySource for RemoteJwkSet {
    fn with_keys(&self, judge: &mut dyn FnMut(Option<&JwkSet>, u64)) {
        let now = Instant::now();
        let in_use = self.0.worker.job.in_use();
        if let Some(in_use) = &*in_use
            && now >= in_use.refresh_at
        {
            // The thread should be at it. After a fork, there is none.
            self.0.worker.start();
        }
        let usable = in_use.as_ref().filter(|in_use| now < in_use.usable_until);
        judge(usable.map(|in_use| &*in_use.jwks), usable.map_or(0, |in_use| in_use.generation));
    }

    fn on_missing_key(&self, missing: MissingKey, generation: u64, before: Option<Ticket>) -> Refetch {
        let now = Instant::now();
        let worker = &self.0.worker;
        worker.with(|books| {
            // The key may have come since the token was judged. From here on, either it has, or the attempt that
            // brings it is under way: an attempt puts its keys in use before it is done.
            let in_use = worker.job.in_use();
            let usable = in_use.as_ref().filter(|in_use| now < in_use.usable_until);
            if usable.is_some_and(|usable| usable.generation != generation) {
                return Refetch::OtherKeys;
            }
            let later = |attempt| Refetch::Fetch(Ticket::last(attempt));
            if worker.is_closed() {
                return undecided(&missing, || Error::new(ErrorKind::KeysUnavailable, "closed"));
            }
            let not_heard = |books: &State<Misses>| undecided(&missing, || not_looked_up(books));
            // Nothing that a token asks for is fetched twice for it.
            if let Some(before) = before.filter(|before| before.is_last()) {
                return if books.succeeded >= before.attempt() { Refetch::None } else { not_heard(books) };
            }
            if let MissingKey::Kid(kid) = &missing
                && books.book.is_absent(kid, now)
            {
                books.book.suppressed += 1;
                return Refetch::None;
            }
            match (before, books.under_way()) {
                (None, Some(_)) if books.in_outage() => {
                    // In an outage, waiting for the next failure would only tie up threads.
                    books.book.suppressed += 1;
                    return not_heard(books);
                }
                (None, Some(attempt)) => return Refetch::Fetch(Ticket::new(attempt)),
                // Another token has asked for one since this one was seen.
                (Some(before), Some(attempt)) if before.attempt() < attempt && !books.in_outage() => {
                    return later(attempt);
                }
                _ => {}
            }
            let reason = match &missing {
                MissingKey::Keys if before.is_some() || books.is_held(now) => return Refetch::None,
                MissingKey::Keys => {
                    // Retries are the background's business, unless its pause began when there were keys still.
                    let paused = books.ended.map(|ended| now.saturating_duration_since(ended));
                    let is_soon = paused.is_some_and(|paused| paused < LONGEST_PAUSE_IN_NEED);
                    return match books.in_outage() && is_soon {
                        true => Refetch::None,
                        false => later(books.want(Reason::Schedule)),
                    };
                }
                MissingKey::Kid(_) => Reason::UnknownKid,
                MissingKey::KeyWithoutKid | MissingKey::NewKeyOfKid => Reason::WithoutKid,
            };
            let attempt = match books.wanted() {
                Some(attempt) => attempt,
                None => {
                    let is_held = books.is_held(now);
                    let budget = match missing {
                        MissingKey::Kid(_) => &mut books.book.unknown_kid,
                        _ => &mut books.book.without_kid,
                    };
                    let is_spent = !is_held && budget.spend(now);
                    if reason == Reason::WithoutKid && !is_held {
                        let next = self.0.since_created(now + budget.next_in(now));
                        self.0.known_kid_from.store(next, Ordering::Relaxed);
                    }
                    if !is_spent {
                        books.book.suppressed += 1;
                        return if books.failed { not_heard(books) } else { Refetch::None };
                    }
                    books.want(reason)
                }
            };
            if let MissingKey::Kid(kid) = &missing {
                books.book.await_kid(kid, attempt);
            }
            later(attempt)
        })
    }

    fn allows_fetch_for_known_kid(&self) -> bool {
        self.0.known_kid_from.load(Ordering::Relaxed) <= self.0.since_created(Instant::now())
    }

    fn unavailable(&self) -> Error {
        let worker = &self.0.worker;
        let detail = |otherwise: &'static str| {
            worker.read(|books| match &books.last_error {
                Some((error, _)) if books.failed => error.to_string().into(),
                _ => Cow::Borrowed(otherwise),
            })
        };
        let detail = match &*worker.job.in_use() {
            _ if worker.is_closed() => Cow::Borrowed("closed"),
            Some(_) => match detail("") {
                Cow::Owned(error) => format!("not confirmed by the issuer for too long: {error}").into(),
                Cow::Borrowed(_) => Cow::Borrowed("not confirmed by the issuer for too long"),
            },
            None => detail("not fetched yet"),
        };
        Error::new(ErrorKind::KeysUnavailable, "").with_detail(detail)
    }

    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        RemoteJwkSet::wait(self, ticket, timeout)
    }

    fn max_wait(&self) -> Duration {
        self.0.max_wait
    }
}

/// Nothing to wait for, though the issuer was not heard about the key.
fn undecided(missing: &MissingKey, error: impl FnOnce() -> Error) -> Refetch {
    match missing {
        MissingKey::Kid(_) | MissingKey::KeyWithoutKid => Refetch::Unavailable(error()),
        // The verdict says so already, or that a signature is wrong.
        MissingKey::Keys | MissingKey::NewKeyOfKid => Refetch::None,
    }
}

/// Why it was not heard.
fn not_looked_up(books: &State<Misses>) -> Error {
    let error = Error::new(
        ErrorKind::KeysUnavailable,
        "the fetch that may bring the token's key was not over in time",
    );
    match &books.last_error {
        Some((cause, _)) if books.failed => {
            error.with_detail(format!("the token's key could not be looked up: {cause}"))
        }
        _ => error,
    }
}

impl From<RemoteJwkSet> for Keys {
    fn from(keys: RemoteJwkSet) -> Self {
        Self::kept(keys)
    }
}

impl fmt::Debug for RemoteJwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteJwkSet").field(&self.0.worker.job.source_name()).finish()
    }
}

/// The settings of a [`RemoteJwkSet`].
#[derive(Clone)]
#[must_use]
pub struct RemoteJwkSetBuilder {
    location: Location,
    http: HttpSettings,
    backend: Backend,
    limits: Limits,
    refetch: RefetchIntervals,
    ttl: Duration,
    max_ttl: Duration,
    max_stale: Duration,
    max_wait: Duration,
    seed: Option<Vec<u8>>,
    last_good_file: Option<PathBuf>,
    prefetch: bool,
    observer: Option<Observer>,
}

impl RemoteJwkSetBuilder {
    http_builder_functions!("5");

    fn new(location: Location, max_stale: Duration) -> Self {
        Self {
            location,
            http: HttpSettings::with_timeout(Duration::from_secs(5)),
            backend: Backend::default(),
            limits: Limits::DEFAULT,
            refetch: RefetchIntervals::DEFAULT,
            ttl: Duration::from_secs(600),
            max_ttl: DAY,
            max_stale,
            max_wait: Duration::from_secs(2),
            seed: None,
            last_good_file: None,
            prefetch: true,
            observer: None,
        }
    }

    /// Verifies with this back end.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Follows up to three redirects to the same scheme, host and port. By default a redirect is a failure.
    pub fn same_origin_redirects(mut self) -> Self {
        self.http.same_origin_redirects = true;
        self
    }

    /// How long keys are fresh where the server does not say (Cache-Control, Expires): 1 s to 366 d, by default 10
    /// minutes. Fresh keys are fetched again at 70 to 80 % of that time.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// The longest time that the server may call its keys fresh (Cache-Control, Expires): 1 s to 366 d, by default 24
    /// hours. Whatever it says counts as at least 60 s, or as this if this is less. [`RemoteJwkSetBuilder::ttl`] is not
    /// bounded by it.
    ///
    /// Lower it where a key that is revoked must be gone sooner than the issuer's `max-age` says.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.max_ttl = max_ttl;
        self
    }

    /// How long keys are used after the issuer last confirmed them, if it cannot be reached: at most 366 d, and never less
    /// than they are fresh. By default 24 hours, or one with [`RemoteJwkSet::discover`].
    pub fn max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }

    /// How long a verification waits at most for a fetch that may bring its key: 0 to 300 s, by default 2 s.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// How often tokens of an unknown "kid" may cause a fetch: twice at once, then once in this interval. 1 s to 1 h, by
    /// default 10 s.
    ///
    /// So a flood of made-up kids costs the issuer at most `2 + T / refetch_interval` requests in any time `T`: 362 in an
    /// hour by default. A valid token whose new key comes during the flood is rejected for `refetch_interval` at most.
    /// Fetches that fail count too. A "kid" that a fetch did not find causes no further one for 5 s, then 10 s, and so on
    /// up to 60 s.
    pub fn refetch_interval(mut self, interval: Duration) -> Self {
        self.refetch.unknown_kid = interval;
        self
    }

    /// How often tokens without "kid" that no key verifies, and tokens whose key of the same "kid" does not verify them,
    /// may cause a fetch: once in this interval. 1 s to 24 h, by default 5 minutes.
    ///
    /// Every forged token is such a token, so the issuer gets at most `1 + T / refetch_interval_without_kid` requests in any
    /// time `T`: 13 in an hour by default. Lower it where the issuer publishes keys without "kid", or reuses one.
    pub fn refetch_interval_without_kid(mut self, interval: Duration) -> Self {
        self.refetch.without_kid = interval;
        self
    }

    /// The largest document that is read, JWK Set or metadata, in bytes: 1 KiB to 64 MiB, by default 1 MiB. A larger one
    /// makes the fetch fail.
    pub fn max_document_len(mut self, bytes: usize) -> Self {
        self.limits.document_len = bytes;
        self
    }

    /// The most usable keys of the set: 1 to 1000, by default 100. Further ones are skipped, and listed as such.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.limits.keys = keys;
        self
    }

    /// Starts with this JWK Set document, until the first fetch succeeds: for programs that must answer at once.
    pub fn seed(mut self, document: impl Into<Vec<u8>>) -> Self {
        self.seed = Some(document.into());
        self
    }

    /// Keeps the latest good document in this file (mode 0600, replaced whole), and starts with it if it is
    /// there, from the same source and not older than [`RemoteJwkSetBuilder::max_stale`]. While it is fresh nothing is
    /// fetched, so many short-lived processes can share one fetch. Whoever can write
    /// the file, or its folder, can choose the keys.
    pub fn last_good_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.last_good_file = Some(path.into());
        self
    }

    /// Begins to fetch with the first verification, not at once. For programs that fork after they set up.
    pub fn lazy(mut self) -> Self {
        self.prefetch = false;
        self
    }

    /// Calls `observer` after each attempt, on a thread of its own, in order: it may block, and may ask the key set. Of those
    /// that wait for a slow one, 256 are kept and the oldest are dropped. It should not
    /// hold the key set itself, which then would not end with its last handle. What happens is also reported through the
    /// `log` crate, on the same thread.
    pub fn observer(mut self, observer: impl Fn(&RemoteJwkSetStatus) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The key set.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a setting, or a CA file that cannot be read.
    /// [`ErrorKind::MalformedJwkSet`], [`ErrorKind::NoUsableKey`]: the seed.
    pub fn build(self) -> Result<RemoteJwkSet> {
        let (Location::Url(location) | Location::Issuer(location)) = &self.location;
        self.http.check(location)?;
        if matches!(&self.location, Location::Issuer(issuer) if issuer.contains(['?', '#'])) {
            return Err(invalid("an issuer with a query or a fragment"));
        }
        check_range("ttl", self.ttl, SECOND..=366 * DAY)?;
        check_range("max_ttl", self.max_ttl, SECOND..=366 * DAY)?;
        check_range("max_stale", self.max_stale, Duration::ZERO..=366 * DAY)?;
        check_range("max_wait", self.max_wait, Duration::ZERO..=MAX_TIMEOUT)?;
        check_range("refetch_interval", self.refetch.unknown_kid, SECOND..=HOUR)?;
        check_range("refetch_interval_without_kid", self.refetch.without_kid, SECOND..=DAY)?;
        check_range("max_document_len", self.limits.document_len, 1 << 10..=64 << 20)?;
        check_range("max_keys", self.limits.keys, 1..=MAX_MEMBERS)?;
        let transport = self.http.transport()?;
        let settings = Settings {
            location: self.location,
            allow_http: self.http.allow_http,
            backend: self.backend,
            limits: self.limits,
            refetch: self.refetch,
            ttl: self.ttl,
            max_ttl: self.max_ttl,
            max_stale: self.max_stale,
            timeout: self.http.timeout,
            last_good_file: self.last_good_file,
            observer: self.observer,
        };
        let job = JwksJob::new(settings, transport);
        if let Some(document) = &self.seed {
            job.seed(document)?;
        }
        job.load_last_good();
        let worker = Worker::new(job);
        if self.prefetch {
            worker.start();
        }
        let (created, known_kid_from) = (Instant::now(), AtomicU64::new(0));
        Ok(RemoteJwkSet(Arc::new(Handle { worker, max_wait: self.max_wait, created, known_kid_from })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::transport::{HttpRequest, HttpResponse};
    use crate::remote::worker::Due;
    use crate::verify::policy::Policy;
    use crate::verify::verifier::Verifier;
    use std::sync::Mutex;
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
            self.0.worker.job.put_in_use(in_use.that_ran_out());
            self.0.worker.with(|books| {
                books.ended = Some(Instant::now() - ago);
                if let Some((_, at)) = &mut books.last_error {
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
            assert!(error.detail().ends_with("not status 200: 503"), "{error}");
        }
        assert_eq!(issuer.count(), 2);
        // The operator may. A failure that says nothing does not take back what another said.
        issuer.say(500, &[]);
        keys.refresh(LONG).unwrap_err();
        keys.0.worker.with(|books| books.ended = Some(Instant::now() - MINUTE));
        assert!(
            verifier.verify(TOKEN.trim()).is_err() && keys.status().next_attempt > Duration::from_secs(280)
        );
        assert_eq!(issuer.count(), 3);
        // It is over.
        keys.0.worker.with(|books| books.hold_until = Some(Instant::now()));
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
            keys.0.worker.with(|books| {
                books.failures_in_row = 10;
                books.put_off(Due::after(MINUTE));
            });
        };
        long_pause();
        keys.run_out(LONGEST_PAUSE_IN_NEED - Duration::from_secs(5));
        assert!(verifier.verify(TOKEN.trim()).is_err());
        assert_eq!(issuer.count(), 2, "it is too soon");
        keys.run_out(LONGEST_PAUSE_IN_NEED);
        for _ in 0..1000 {
            assert_eq!(verifier.verify(TOKEN.trim()).unwrap_err().kind(), ErrorKind::KeysUnavailable);
        }
        assert_eq!((issuer.count(), keys.status().retries), (3, 1));
        // Without keys no pause is longer than that.
        assert!(keys.status().next_attempt <= LONGEST_PAUSE_IN_NEED);
        long_pause();
        keys.run_out(LONGEST_PAUSE_IN_NEED);
        issuer.0.lock().unwrap().0 = HttpResponse::new(200, [], DOCUMENT.to_vec());
        assert!(verifier.verify(TOKEN.trim()).is_ok());
        assert_eq!(issuer.count(), 4);
    }
}
