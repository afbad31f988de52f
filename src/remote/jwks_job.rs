//! One attempt to fetch a JWK Set: from its location to the set in use.

use super::misses::Misses;
use super::status::RemoteJwkSetStatus;
use super::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use super::worker::{Job, Reason, Worker};
use super::{discovery, freshness, last_good, pacing, url};
use crate::crypto::jwk_set::{JwkSet, MAX_DOCUMENT_LEN};
use crate::error::Result;
use arc_swap::{ArcSwapOption, Guard};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How long discovered metadata are believed. A failed attempt ends it too.
const METADATA_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What is told of each attempt.
pub(super) type Observer = Arc<dyn Fn(&RemoteJwkSetStatus) + Send + Sync>;

pub(super) struct Settings {
    pub(super) location: Location,
    pub(super) allow_http: bool,
    pub(super) ttl: Duration,
    pub(super) max_stale: Duration,
    pub(super) timeout: Duration,
    pub(super) last_good_file: Option<PathBuf>,
    pub(super) observer: Option<Observer>,
}

/// Where the key set is.
#[derive(Clone)]
pub(super) enum Location {
    Url(String),
    /// Where the metadata of this issuer say.
    Issuer(String),
}

impl Location {
    fn as_str(&self) -> &str {
        match self {
            Self::Url(location) | Self::Issuer(location) => location,
        }
    }
}

pub(super) struct JwksJob {
    settings: Settings,
    transport: Arc<dyn Transport>,
    in_use: ArcSwapOption<InUse>,
    metadata: ArcSwapOption<Metadata>,
    last_good_error: ArcSwapOption<FetchError>,
    closed: AtomicBool,
}

/// The keys that verifications read, and how long they may.
pub(super) struct InUse {
    pub(super) jwks: Arc<JwkSet>,
    pub(super) generation: u64,
    pub(super) sha256: String,
    /// None: from a seed.
    pub(super) fetched: Option<SystemTime>,
    lifetime: Duration,
    pub(super) refresh_at: Instant,
    pub(super) fresh_until: Instant,
    pub(super) usable_until: Instant,
    validators: Option<Validators>,
}

/// What the server can tell by whether its document has changed (RFC 9110 §8.8).
#[derive(Clone)]
struct Validators {
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
}

struct Metadata {
    jwks_uri: String,
    until: Instant,
}

impl JwksJob {
    pub(super) fn new(settings: Settings, transport: Arc<dyn Transport>) -> Self {
        Self {
            settings,
            transport,
            in_use: ArcSwapOption::empty(),
            metadata: ArcSwapOption::empty(),
            last_good_error: ArcSwapOption::empty(),
            closed: AtomicBool::new(false),
        }
    }

    /// Starts with a document from elsewhere. It may be used at once, and is due for a refresh.
    pub(super) fn seed(&self, document: &[u8], fetched: Option<SystemTime>) -> Result<()> {
        let age = fetched.map(|then| SystemTime::now().duration_since(then).unwrap_or_default());
        let left = self.settings.max_stale.saturating_sub(age.unwrap_or_default());
        let now = Instant::now();
        let in_use = InUse {
            jwks: Arc::new(JwkSet::from_slice(document)?),
            generation: 1,
            sha256: hex(&Sha256::digest(document)),
            fetched,
            lifetime: Duration::ZERO,
            refresh_at: now,
            fresh_until: now,
            usable_until: now + left,
            validators: None,
        };
        self.in_use.store(Some(Arc::new(in_use)));
        Ok(())
    }

    /// Starts with the last-good file, if there is one of use. One that cannot be read is no reason not to
    /// start: the keys will be fetched.
    pub(super) fn load_last_good(&self) {
        let Some(path) = &self.settings.last_good_file else { return };
        let loaded = last_good::read(path, self.settings.location.as_str()).and_then(|found| match found {
            None => Ok(()),
            Some(found) => self
                .seed(&found.jwks, Some(found.fetched))
                .map_err(|error| FetchError::new(FetchFailure::Document, format!("last-good file: {error}"))),
        });
        self.note_last_good(loaded);
    }

    fn note_last_good(&self, result: Result<(), FetchError>) {
        if let Err(error) = &result {
            log::warn!("keys of {}: {error}", self.source_name());
        }
        self.last_good_error.store(result.err().map(Arc::new));
    }

    pub(super) fn in_use(&self) -> Guard<Option<Arc<InUse>>> {
        self.in_use.load()
    }

    pub(super) fn last_good_error(&self) -> Option<FetchError> {
        self.last_good_error.load().as_deref().cloned()
    }

    /// The location, for logs.
    pub(super) fn source_name(&self) -> &str {
        url::without_query(self.settings.location.as_str())
    }

    fn get(&self, url: &str, headers: Vec<(&'static str, String)>) -> Result<HttpResponse, FetchError> {
        let request =
            HttpRequest { url, headers, timeout: self.settings.timeout, max_body_len: MAX_DOCUMENT_LEN };
        let response = self.transport.exchange(&request)?;
        if response.body.len() > MAX_DOCUMENT_LEN {
            return Err(FetchError::new(FetchFailure::TooLarge, ""));
        }
        if response.values("content-encoding").any(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return Err(FetchError::new(FetchFailure::Protocol, "compressed"));
        }
        Ok(response)
    }

    /// The key set's URL.
    fn jwks_url(&self) -> Result<String, FetchError> {
        let issuer = match &self.settings.location {
            Location::Url(url) => return Ok(url.clone()),
            Location::Issuer(issuer) => issuer,
        };
        if let Some(metadata) = self.metadata.load().as_deref()
            && Instant::now() < metadata.until
        {
            return Ok(metadata.jwks_uri.clone());
        }
        let response =
            self.get(&discovery::configuration_url(issuer), vec![("accept", "application/json".into())])?;
        if response.status != 200 {
            return Err(wrong_status(&response));
        }
        let jwks_uri = discovery::jwks_uri(&response.body, issuer)?;
        url::check(&jwks_uri, self.settings.allow_http)
            .map_err(|why| FetchError::new(FetchFailure::Document, format!("jwks_uri: {why}")))?;
        let metadata = Metadata { jwks_uri: jwks_uri.clone(), until: Instant::now() + METADATA_LIFETIME };
        self.metadata.store(Some(Arc::new(metadata)));
        Ok(jwks_uri)
    }

    fn fetch(&self, reason: Reason) -> Result<Duration, FetchError> {
        let url = self.jwks_url()?;
        let before = self.in_use.load_full();
        let validators = before.as_ref().and_then(|before| before.validators.clone());
        let validators = validators.filter(|validators| validators.url == url);

        let mut headers = vec![("accept", "application/jwk-set+json, application/json".to_owned())];
        if !matches!(reason, Reason::Schedule | Reason::Retry) {
            // A cache on the way may hold the set without the new key.
            headers.push(("cache-control", "no-cache".to_owned()));
        }
        if let Some(validators) = &validators {
            let etag = validators.etag.clone().map(|etag| ("if-none-match", etag));
            let last_modified = validators.last_modified.clone().map(|date| ("if-modified-since", date));
            headers.extend(etag.into_iter().chain(last_modified));
        }
        let response = self.get(&url, headers)?;

        let now = SystemTime::now();
        let (jwks, generation, sha256, validators) = match (response.status, before) {
            (304, Some(before)) if validators.is_some() => {
                (before.jwks.clone(), before.generation, before.sha256.clone(), validators)
            }
            (200, before) => {
                let sha256 = hex(&Sha256::digest(&response.body));
                let validators = Validators::of(&response, url);
                match before {
                    Some(before) if before.sha256 == sha256 => {
                        (before.jwks.clone(), before.generation, sha256, validators)
                    }
                    before => {
                        let jwks = JwkSet::from_slice(&response.body)
                            .map_err(|error| FetchError::new(FetchFailure::Document, error.to_string()))?;
                        let generation = before.map_or(0, |before| before.generation) + 1;
                        (Arc::new(jwks), generation, sha256, validators)
                    }
                }
            }
            _ => return Err(wrong_status(&response)),
        };
        let lifetime = freshness::lifetime(&response, now).unwrap_or(self.settings.ttl);
        let next = pacing::ahead_of_expiry(lifetime, pacing::random());
        let start = Instant::now();
        let in_use = InUse {
            jwks,
            generation,
            sha256,
            fetched: Some(now),
            lifetime,
            refresh_at: start + next,
            fresh_until: start + lifetime,
            usable_until: start + lifetime.max(self.settings.max_stale),
            validators,
        };
        self.in_use.store(Some(Arc::new(in_use)));
        if self.closed.load(Ordering::SeqCst) {
            self.in_use.store(None);
        }
        if let (200, Some(path)) = (response.status, &self.settings.last_good_file) {
            let source = self.settings.location.as_str();
            self.note_last_good(last_good::write(path, source, &response.body, now));
        }
        Ok(next)
    }
}

impl Job for JwksJob {
    const THREAD: &'static str = "bouncer-keys";
    const LONGEST_PAUSE: Duration = Duration::from_secs(60);
    type Book = Misses;

    fn new_book(&self) -> Misses {
        Misses::new(Instant::now())
    }

    fn first_due(&self) -> Duration {
        match &*self.in_use.load() {
            // Children of one fork share the time; they must not all come at once.
            Some(in_use) => {
                in_use.refresh_at.saturating_duration_since(Instant::now())
                    + in_use.lifetime.mul_f64(0.1 * pacing::random())
            }
            None => Duration::ZERO,
        }
    }

    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError> {
        let generation = || self.in_use.load().as_ref().map_or(0, |in_use| in_use.generation);
        let before = generation();
        let result = self.fetch(reason);
        match &result {
            Err(error) => {
                self.metadata.store(None);
                log::warn!("keys of {}: {error}", self.source_name());
            }
            Ok(_) if generation() != before => {
                log::info!("keys of {}: generation {}", self.source_name(), generation());
            }
            Ok(_) => log::debug!("keys of {}: unchanged", self.source_name()),
        }
        result
    }

    fn enter_in_book(&self, misses: &mut Misses, attempt: u64, success: bool) {
        let in_use = self.in_use.load();
        let in_use = in_use.as_ref();
        let generation = in_use.map_or(0, |in_use| in_use.generation);
        let changed = misses.generation != generation;
        misses.generation = generation;
        let jwks = in_use.filter(|_| success).map(|in_use| &*in_use.jwks);
        misses.settle(attempt, jwks, changed, Instant::now());
    }

    fn report(&self, worker: &Arc<Worker<Self>>) {
        if let Some(observer) = &self.settings.observer {
            observer(&RemoteJwkSetStatus::of(worker));
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.in_use.store(None);
        self.transport.interrupt();
    }
}

impl Validators {
    fn of(response: &HttpResponse, url: String) -> Option<Self> {
        let first = |name| response.values(name).next().map(str::to_owned);
        let (etag, last_modified) = (first("etag"), first("last-modified"));
        (etag.is_some() || last_modified.is_some()).then_some(Self { url, etag, last_modified })
    }
}

fn wrong_status(response: &HttpResponse) -> FetchError {
    let mut error = FetchError::new(FetchFailure::Status, response.status.to_string());
    error.retry_after = freshness::retry_after(response, SystemTime::now());
    error
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
