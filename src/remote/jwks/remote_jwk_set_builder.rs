//! The builder of a remote key set.

use super::jwks_job::{JwksJob, Location, Settings};
use super::misses::RefetchIntervals;
use super::remote_jwk_set::{Handle, RemoteJwkSet};
use super::status::RemoteJwkSetStatus;
use crate::crypto::backend::Backend;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::load_options::LoadOptions;
use crate::remote::events::Observer;
use crate::remote::http_settings::{HttpSettings, MAX_TIMEOUT, check_range, http_builder_functions};
use crate::remote::worker::Worker;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl RemoteJwkSet {
    /// Makes a key set from `url` with default settings. The first fetch starts at once, in the
    /// background.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: the URL is not valid or not allowed.
    pub fn new(url: &str) -> Result<Self> {
        Self::builder(url).build()
    }

    /// Returns a builder for the key set at `url`. The URL must be https, or http to this machine,
    /// unless [`RemoteJwkSetBuilder::allow_http`] is set.
    pub fn builder(url: &str) -> RemoteJwkSetBuilder {
        RemoteJwkSetBuilder::new(Location::Url(url.to_owned()), DAY)
    }

    /// Returns a builder for the key set of `issuer`. Its URL is found through the issuer's
    /// metadata at `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0) or, if that
    /// is not found, at `/.well-known/oauth-authorization-server` (RFC 8414). "issuer" in the
    /// metadata must equal `issuer` character by character. `issuer` may also be the URL of the
    /// metadata. [`RemoteJwkSetBuilder::max_stale`] is one hour by default.
    pub fn discover(issuer: &str) -> RemoteJwkSetBuilder {
        RemoteJwkSetBuilder::new(Location::Issuer(issuer.to_owned()), HOUR)
    }
}

/// A builder for a [`RemoteJwkSet`].
#[derive(Clone)]
#[must_use]
pub struct RemoteJwkSetBuilder {
    pub(super) location: Location,
    pub(super) http: HttpSettings,
    pub(crate) load: LoadOptions,
    refetch: RefetchIntervals,
    ttl: Duration,
    max_ttl: Duration,
    max_stale: Duration,
    max_wait: Duration,
    pub(super) seed: Option<Vec<u8>>,
    last_good_file: Option<PathBuf>,
    lazy: bool,
    observer: Option<Observer<RemoteJwkSetStatus>>,
}

impl RemoteJwkSetBuilder {
    http_builder_functions!("5");

    fn new(location: Location, max_stale: Duration) -> Self {
        Self {
            location,
            http: HttpSettings::with_timeout(Duration::from_secs(5)),
            load: LoadOptions::new(),
            refetch: RefetchIntervals::DEFAULT,
            ttl: Duration::from_secs(600),
            max_ttl: DAY,
            max_stale,
            max_wait: Duration::from_secs(2),
            seed: None,
            last_good_file: None,
            lazy: false,
            observer: None,
        }
    }

    /// Verifies signatures with this back end.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.load = self.load.backend(backend);
        self
    }

    /// Follows up to three redirects to the same scheme, host and port. By default a redirect is an
    /// error.
    pub fn same_origin_redirects(mut self) -> Self {
        self.http.same_origin_redirects = true;
        self
    }

    /// Lifetime of the keys if the server states none (Cache-Control, Expires): 1 s to 366 d, 10
    /// minutes by default. Keys are refreshed after 70 to 80 % of their lifetime.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Limit for the lifetime that the server states (Cache-Control, Expires): 1 s to 366 d, 24
    /// hours by default. If the server states less than 60 s, the lifetime is 60 s, or `max_ttl` if
    /// that is less. `max_ttl` does not limit [`RemoteJwkSetBuilder::ttl`].
    ///
    /// Lower `max_ttl` if a revoked key must be rejected before the issuer's `max-age` has passed.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.max_ttl = max_ttl;
        self
    }

    /// Maximum time that keys are used after the issuer last confirmed them, if later fetches fail:
    /// 0 to 366 d. Keys are used for their whole lifetime, even if `max_stale` is shorter. 24 hours
    /// by default, or one hour with [`RemoteJwkSet::discover`].
    pub fn max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }

    /// Maximum time that a verification waits for a fetch that may bring its key: 0 to 300 s, 2 s
    /// by default.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Limits fetches for tokens with an unknown "kid": two immediately, then one per interval. 1 s
    /// to 1 h, 10 s by default.
    ///
    /// So a flood of forged kids causes at most `2 + T / refetch_interval` requests to the issuer
    /// in any time `T`: 362 in an hour by default. A valid token with a new key is rejected for at
    /// most `refetch_interval` during the flood. Failed fetches count too. If a fetch does not find
    /// a "kid", that "kid" causes no further fetch for 5 s. This time doubles with each such fetch,
    /// up to 60 s.
    pub fn refetch_interval(mut self, interval: Duration) -> Self {
        self.refetch.unknown_kid = interval;
        self
    }

    /// Limits fetches for tokens without "kid" that no key verifies, and for tokens that the key
    /// with their "kid" does not verify: one per interval. 1 s to 24 h, 5 minutes by default.
    ///
    /// Any forged token can cause such a fetch, so the issuer receives at most `1 + T /
    /// refetch_interval_without_kid` requests in any time `T`: 13 in an hour by default. Lower the
    /// interval if the issuer publishes keys without "kid", or reuses a "kid" for a new key.
    pub fn refetch_interval_without_kid(mut self, interval: Duration) -> Self {
        self.refetch.without_kid = interval;
        self
    }

    /// Maximum size of a JWK Set or metadata document, in bytes: 1 KiB to 64 MiB, 1 MiB by default.
    /// The fetch of a larger document fails.
    pub fn max_document_len(mut self, bytes: usize) -> Self {
        self.load = self.load.max_document_len(bytes);
        self
    }

    /// Sets the maximum memory in bytes of the tables for ES256 and Ed25519. The default is 32 MiB.
    /// See [`crate::LoadOptions::max_table_memory`].
    pub fn max_table_memory(mut self, bytes: usize) -> Self {
        self.load = self.load.max_table_memory(bytes);
        self
    }

    /// Maximum number of usable keys: 1 to 1000, 100 by default. Further keys are skipped, and
    /// reported as skipped.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.load = self.load.max_keys(keys);
        self
    }

    /// Accepts keys with one of these values of "use". See [`LoadOptions::key_uses`].
    pub fn key_uses(mut self, uses: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.load = self.load.key_uses(uses);
        self
    }

    /// Uses this JWK Set document until the first fetch succeeds. For programs that need keys
    /// immediately.
    pub fn seed(mut self, document: impl Into<Vec<u8>>) -> Self {
        self.seed = Some(document.into());
        self
    }

    /// Stores the latest usable document in this file (mode 0600, replaced atomically), and reads
    /// the file at the start. The stored document is used only if it is from the same source and
    /// not older than [`RemoteJwkSetBuilder::max_stale`]. While it is fresh, nothing is fetched, so
    /// many short-lived processes can share one fetch. Anyone who can write the file or its folder
    /// can choose the keys.
    pub fn last_good_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.last_good_file = Some(path.into());
        self
    }

    /// Starts the first fetch at the first verification, not in [`RemoteJwkSetBuilder::build`]. For
    /// programs that fork after their setup.
    pub fn lazy(mut self) -> Self {
        self.lazy = true;
        self
    }

    /// Calls `observer` after each attempt, in order, on a separate thread. The observer may block,
    /// and may use the key set. If it is slow, up to 256 calls are queued; then the oldest are
    /// dropped. The observer should not own a clone of the key set: such a clone would keep the key
    /// set open after the program has dropped its own. Log records of fetches are delivered to the
    /// `log` crate in the same way.
    pub fn observer(mut self, observer: impl Fn(&RemoteJwkSetStatus) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Makes the key set. The first fetch starts at once, in the background, unless
    /// [`RemoteJwkSetBuilder::lazy`] is set.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: a setting is invalid, or a CA or certificate file is
    /// not usable. [`crate::ErrorKind::MalformedJwkSet`], [`crate::ErrorKind::NoUsableKey`]: the
    /// seed is not usable.
    pub fn build(mut self) -> Result<RemoteJwkSet> {
        let (seed, lazy, max_wait) = (self.seed.take(), self.lazy, self.max_wait);
        let job = self.job()?;
        if let Some(document) = &seed {
            job.seed(document)?;
        }
        job.load_last_good();
        let worker = Worker::new(job);
        if !lazy {
            worker.start();
        }
        Ok(RemoteJwkSet(Arc::new(Handle::new(worker, max_wait))))
    }

    /// Checks the settings, and makes the job of the key set. It has no keys yet.
    pub(super) fn job(self) -> Result<JwksJob> {
        match &self.location {
            Location::Url(url) => self.http.check("url", url)?,
            Location::Issuer(issuer) => self.http.check("discover", issuer)?,
        }
        if matches!(&self.location, Location::Issuer(issuer) if issuer.contains(['?', '#'])) {
            let detail = "the issuer contains a query or a fragment: remove it";
            return Err(Error::about(ErrorKind::InvalidArgument, "discover", detail));
        }
        check_range("ttl", self.ttl, SECOND..=366 * DAY)?;
        check_range("max_ttl", self.max_ttl, SECOND..=366 * DAY)?;
        check_range("max_stale", self.max_stale, Duration::ZERO..=366 * DAY)?;
        check_range("max_wait", self.max_wait, Duration::ZERO..=MAX_TIMEOUT)?;
        check_range("refetch_interval", self.refetch.unknown_kid, SECOND..=HOUR)?;
        check_range("refetch_interval_without_kid", self.refetch.without_kid, SECOND..=DAY)?;
        self.load.check()?;
        let transport = self.http.transport()?;
        let settings = Settings {
            location: self.location,
            allow_http: self.http.allow_http,
            load: self.load,
            refetch: self.refetch,
            ttl: self.ttl,
            max_ttl: self.max_ttl,
            max_stale: self.max_stale,
            timeout: self.http.timeout,
            last_good_file: self.last_good_file,
            observer: self.observer,
        };
        Ok(JwksJob::new(settings, transport))
    }
}
