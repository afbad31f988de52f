//! The key set that keeps itself.

use super::super::http_settings::{HttpSettings, ProxySetting};
use super::super::transport::{FetchError, Transport};
use super::super::worker::{Reason, Worker};
use super::jwks_job::{JwksJob, Location, Observer, Settings};
use super::status::RemoteJwkSetStatus;
use crate::crypto::backend::Backend;
use crate::crypto::jwk_set::JwkSet;
use crate::error::{Error, ErrorKind, Result};
use crate::verify::key_source::{FetchTicket, KeySource, Lack, Prospect};
use crate::verify::verifier::Keys;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
/// - A token of unknown "kid" may cause a fetch: two at once and then one in 30 seconds; a token without
///   "kid" that no key verifies: one in five minutes. Only a token that would pass otherwise does.
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
/// let verifier = Verifier::new(keys, Policy::bouncer());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct RemoteJwkSet(Arc<Handle>);

/// What all clones share. The worker's thread has the worker alone, so the last clone can end it.
struct Handle {
    worker: Arc<Worker<JwksJob>>,
    patience: Duration,
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
        RemoteJwkSetBuilder::new(Location::Url(url.to_owned()), Duration::from_secs(24 * 60 * 60))
    }

    /// The key set of `issuer`, found through its metadata at `/.well-known/openid-configuration` (OpenID
    /// Connect Discovery 1.0) or, where that is not found, `/.well-known/oauth-authorization-server` (RFC 8414).
    /// They must name the same issuer, character for character. `issuer` may be the address of the metadata
    /// itself; they then name the issuer of that address. Here [`RemoteJwkSetBuilder::max_stale`] is one hour.
    pub fn discover(issuer: &str) -> RemoteJwkSetBuilder {
        RemoteJwkSetBuilder::new(Location::Issuer(issuer.to_owned()), Duration::from_secs(60 * 60))
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
    pub fn wait(&self, ticket: FetchTicket, timeout: Duration) -> bool {
        self.0.worker.wait_for(ticket.attempt, timeout)
    }

    /// Waits until `attempts` attempts have been made ([`RemoteJwkSetStatus::attempts`]); false if that is
    /// not so after `timeout`, or will not be. For those who watch it.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Ends it, for all clones and verifiers: an exchange under way is cut off, the thread ends, and from
    /// now on there are no keys.
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

    fn ask(&self, lack: Lack, generation: u64, before: Option<FetchTicket>) -> Prospect {
        let now = Instant::now();
        let later = |attempt| Prospect::Fetch(FetchTicket { attempt, begins_later: true });
        let worker = &self.0.worker;
        worker.with(|books| {
            // The key may have come since the token was judged. From here on, either it has, or the attempt that
            // brings it is under way: an attempt puts its keys in use before it is done.
            let in_use = worker.job.in_use();
            let usable = in_use.as_ref().filter(|in_use| now < in_use.usable_until);
            if usable.is_some_and(|usable| usable.generation != generation) {
                return Prospect::OtherKeys;
            }
            // Nothing that a token asks for is fetched twice for it.
            if before.is_some_and(|before| before.begins_later) || worker.is_closed() {
                return Prospect::None;
            }
            if let Lack::Kid(kid) = &lack
                && books.book.is_absent(kid, now)
            {
                books.book.suppressed += 1;
                return Prospect::None;
            }
            match (before, books.under_way()) {
                (None, Some(_)) if books.in_outage() => {
                    // In an outage, waiting for the next failure would only tie up threads.
                    books.book.suppressed += 1;
                    return Prospect::None;
                }
                (None, Some(attempt)) => {
                    return Prospect::Fetch(FetchTicket { attempt, begins_later: false });
                }
                // Another token has asked for one since this one was seen.
                (Some(before), Some(attempt)) if before.attempt < attempt && !books.in_outage() => {
                    return later(attempt);
                }
                _ => {}
            }
            let reason = match lack {
                // Retries are the background's business.
                Lack::Keys if books.in_outage() || before.is_some() => return Prospect::None,
                Lack::Keys => return later(books.want(Reason::Schedule)),
                Lack::Kid(_) => Reason::UnknownKid,
                Lack::KeyWithoutKid => Reason::WithoutKid,
            };
            let attempt = match books.wanted() {
                Some(attempt) => attempt,
                None => {
                    let budget = match lack {
                        Lack::Kid(_) => &mut books.book.unknown_kid,
                        _ => &mut books.book.without_kid,
                    };
                    if books.hold_until.is_some_and(|until| now < until) || !budget.spend(now) {
                        books.book.suppressed += 1;
                        return Prospect::None;
                    }
                    books.want(reason)
                }
            };
            if let Lack::Kid(kid) = &lack {
                books.book.await_kid(kid, attempt);
            }
            later(attempt)
        })
    }

    fn unavailable(&self) -> Error {
        let worker = &self.0.worker;
        let last_error =
            || worker.read(|books| books.last_error.as_ref().map(|(error, _)| error.to_string()));
        let detail = match &*worker.job.in_use() {
            _ if worker.is_closed() => "closed".to_owned(),
            Some(_) => {
                let why = last_error().map_or(String::new(), |error| format!(": {error}"));
                format!("not confirmed by the issuer for too long{why}")
            }
            None => last_error().unwrap_or_else(|| "not fetched yet".to_owned()),
        };
        Error::new(ErrorKind::KeysUnavailable, "").with_detail(detail)
    }

    fn wait(&self, ticket: FetchTicket, timeout: Duration) -> bool {
        RemoteJwkSet::wait(self, ticket, timeout)
    }

    fn patience(&self) -> Duration {
        self.0.patience
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
    ttl: Duration,
    max_stale: Duration,
    patience: Duration,
    seed: Option<Vec<u8>>,
    last_good_file: Option<PathBuf>,
    prefetch: bool,
    observer: Option<Observer>,
}

impl RemoteJwkSetBuilder {
    fn new(location: Location, max_stale: Duration) -> Self {
        Self {
            location,
            http: HttpSettings::with_timeout(Duration::from_secs(5)),
            backend: Backend::default(),
            ttl: Duration::from_secs(600),
            max_stale,
            patience: Duration::from_secs(2),
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

    /// Allows http to other machines: whoever is on the way can then choose the keys.
    pub fn allow_http(mut self) -> Self {
        self.http.allow_http = true;
        self
    }

    /// Trusts the certificates of this PEM file too, besides the system's authorities: those of CAs, and a
    /// server's own. It is read for each fetch, so it may be replaced; entries that cannot be read are skipped
    /// with a warning.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.http.ca_file = Some(path.into());
        self
    }

    /// Goes through this proxy, `http://[user:password@]host:port`, in place of what the environment says:
    /// https_proxy for https, http_proxy for http, else all_proxy, but for hosts in no_proxy, in lower or
    /// upper case. Never for this machine.
    pub fn proxy(mut self, url: &str) -> Self {
        self.http.proxy = ProxySetting::Url(url.to_owned());
        self
    }

    /// Goes through no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.http.proxy = ProxySetting::Off;
        self
    }

    /// Follows up to three redirects to the same scheme, host and port. By default a redirect is a failure.
    pub fn same_origin_redirects(mut self) -> Self {
        self.http.same_origin_redirects = true;
        self
    }

    /// How long keys are fresh where the server does not say (Cache-Control, Expires): by default 10 minutes,
    /// at least one second. What it says counts from 60 seconds to 24 hours.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long keys are used after the issuer last confirmed them, if it cannot be reached; never less than
    /// they are fresh. By default 24 hours, or one with [`RemoteJwkSet::discover`].
    pub fn max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }

    /// The time for one HTTP exchange: by default 5 seconds. The TCP connection must be there after 2.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.http.timeout = timeout;
        self
    }

    /// How long a verification waits at most for a fetch that may bring its key: by default 2 seconds.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.patience = max_wait;
        self
    }

    /// Starts with this JWK Set document, until the first fetch succeeds: for programs that must answer at once.
    pub fn seed(mut self, document: impl Into<Vec<u8>>) -> Self {
        self.seed = Some(document.into());
        self
    }

    /// Keeps the latest good document in this file (mode 0600, replaced whole), and starts with it if it is
    /// there, from the same source and not older than [`RemoteJwkSetBuilder::max_stale`]. Whoever can write
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

    /// Makes the requests with the program's own HTTP client. TLS, proxies and redirects are then its
    /// business.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.http.transport = Some(Arc::new(transport));
        self
    }

    /// Calls `observer` after each attempt, on the background thread. It must not block for long, and should not
    /// hold the key set itself, which then would not end with its last handle. What happens is also reported through the `log` crate.
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
        let invalid = |detail| Error::new(ErrorKind::InvalidArgument, detail);
        let (Location::Url(location) | Location::Issuer(location)) = &self.location;
        self.http.check(location)?;
        if matches!(&self.location, Location::Issuer(issuer) if issuer.contains(['?', '#'])) {
            return Err(invalid("an issuer with a query or a fragment"));
        }
        const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
        if self.ttl < Duration::from_secs(1) || self.ttl > LONGEST {
            return Err(invalid("a ttl under 1 second or over a year"));
        }
        if self.max_stale > LONGEST {
            return Err(invalid("a max_stale over a year"));
        }
        if self.patience > Duration::from_secs(300) {
            return Err(invalid("a max_wait over 300 seconds"));
        }
        let transport = self.http.transport()?;
        let settings = Settings {
            location: self.location,
            allow_http: self.http.allow_http,
            backend: self.backend,
            ttl: self.ttl,
            max_stale: self.max_stale,
            timeout: self.http.timeout,
            last_good_file: self.last_good_file,
            observer: self.observer,
        };
        let job = JwksJob::new(settings, transport);
        if let Some(document) = &self.seed {
            job.seed(document, None)?;
        }
        job.load_last_good();
        let worker = Worker::new(job);
        if self.prefetch {
            worker.start();
        }
        Ok(RemoteJwkSet(Arc::new(Handle { worker, patience: self.patience })))
    }
}
