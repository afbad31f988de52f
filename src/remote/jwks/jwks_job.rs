//! One attempt to fetch a JWK Set: from its location to the set in use.

use super::super::events::Events;
use super::super::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport, printable};
use super::super::worker::{Job, Reason, Worker};
use super::super::{decode, freshness, pacing, url};
use super::misses::{Misses, RefetchIntervals};
use super::status::RemoteJwkSetStatus;
use super::{discovery, last_good};
use crate::crypto::backend::Backend;
use crate::crypto::jwk_set::{JwkSet, Limits};
use crate::error::Result;
use arc_swap::{ArcSwapOption, Guard};
use log::Level;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How long discovered metadata are believed. A failed attempt ends it too.
const METADATA_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The longest pause between two attempts in an outage, and where there are no keys to judge with.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
pub(super) const LONGEST_PAUSE_IN_NEED: Duration = Duration::from_secs(15);
/// What records are logged under.
const TARGET: &str = module_path!();

/// What is told of each attempt.
pub(super) type Observer = Arc<dyn Fn(&RemoteJwkSetStatus) + Send + Sync>;

pub(super) struct Settings {
    pub(super) location: Location,
    pub(super) allow_http: bool,
    pub(super) backend: Backend,
    pub(super) limits: Limits,
    pub(super) refetch: RefetchIntervals,
    pub(super) ttl: Duration,
    pub(super) max_ttl: Duration,
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
    /// Keys that were confirmed and are not in the last-good file yet.
    to_write: ArcSwapOption<InUse>,
    last_good_error: ArcSwapOption<FetchError>,
    /// The generation that the log knows.
    logged_generation: AtomicU64,
    closed: AtomicBool,
}

/// The keys that verifications read, and how long they may.
#[derive(Clone)]
pub(super) struct InUse {
    pub(super) jwks: Arc<JwkSet>,
    pub(super) generation: u64,
    pub(super) sha256: String,
    document: Arc<[u8]>,
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
            to_write: ArcSwapOption::empty(),
            last_good_error: ArcSwapOption::empty(),
            logged_generation: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    fn parse(&self, document: &[u8]) -> Result<JwkSet> {
        JwkSet::from_slice_within(document, self.settings.backend, self.settings.limits)
    }

    /// Starts with a document from elsewhere. It may be used at once, and is due for a refresh.
    pub(super) fn seed(&self, document: &[u8]) -> Result<()> {
        self.start_with(document, None, Duration::ZERO, Duration::ZERO)
    }

    /// Starts with a document that is so old already, and was fresh for `lifetime` when the issuer confirmed it.
    fn start_with(
        &self,
        document: &[u8],
        fetched: Option<SystemTime>,
        age: Duration,
        lifetime: Duration,
    ) -> Result<()> {
        let now = Instant::now();
        let fresh_for = lifetime.saturating_sub(age);
        let due = pacing::ahead_of_expiry(lifetime, pacing::random()).saturating_sub(age);
        let in_use = InUse {
            jwks: Arc::new(self.parse(document)?),
            generation: 1,
            sha256: hex(&Sha256::digest(document)),
            document: document.into(),
            fetched,
            lifetime,
            refresh_at: now + due,
            fresh_until: now + fresh_for,
            usable_until: now + fresh_for.max(self.settings.max_stale.saturating_sub(age)),
            validators: None,
        };
        self.in_use.store(Some(Arc::new(in_use)));
        Ok(())
    }

    /// Starts with the last-good file, if there is one of use; while it is fresh, nothing is fetched. One that cannot
    /// be read is no reason not to start: the keys will be fetched.
    pub(super) fn load_last_good(&self) {
        let Some(path) = &self.settings.last_good_file else { return };
        let max_len = self.settings.limits.document_len;
        let loaded =
            last_good::read(path, self.settings.location.as_str(), max_len).and_then(|found| match found {
                None => Ok(()),
                // As if it were not there: a seed may be newer.
                Some(found) if found.age().unwrap_or_default() > self.settings.max_stale => Ok(()),
                Some(found) => {
                    let longest = self.settings.max_ttl.max(self.settings.ttl);
                    // One from the future says nothing about how fresh it is.
                    let lifetime = found.age().map_or(Duration::ZERO, |_| found.lifetime.min(longest));
                    let age = found.age().unwrap_or_default();
                    self.start_with(&found.jwks, Some(found.fetched), age, lifetime)
                        .map_err(|error| FetchError::new(FetchFailure::Document, error.to_string()))
                }
            });
        // This is the program's own thread, in build().
        if let Some(news) = self.note_last_good(loaded) {
            log::warn!(target: TARGET, "{news}");
        }
    }

    /// Writes the file, if the issuer has confirmed the keys since. Returns what the log is to say.
    fn write_last_good(&self) -> Option<String> {
        let confirmed = self.to_write.swap(None)?;
        let path = self.settings.last_good_file.as_ref()?;
        let file = last_good::Contents {
            source: self.settings.location.as_str(),
            jwks: &confirmed.document,
            fetched: confirmed.fetched?,
            lifetime: confirmed.lifetime,
        };
        self.note_last_good(last_good::write(path, &file))
    }

    /// Keeps what became of the file. Returns a text for the log if that is a failure and not the one of before: each cause
    /// is logged once.
    fn note_last_good(&self, result: Result<(), FetchError>) -> Option<String> {
        let path = self.settings.last_good_file.as_deref().unwrap_or(Path::new(""));
        let with_path = |error: FetchError| {
            let detail = format!("the last-good file {}: {}", path.display(), error.detail());
            Arc::new(FetchError::new(error.failure(), detail))
        };
        let error = result.err().map(with_path);
        let before = self.last_good_error.swap(error.clone());
        let error = error.filter(|error| before.is_none_or(|before| before != *error))?;
        Some(format!(
            "keys of {}: {error}; without the file a restart in an outage has no keys",
            self.source_name()
        ))
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
        let request = HttpRequest {
            url,
            headers,
            body: None,
            timeout: self.settings.timeout,
            max_body_len: self.settings.limits.document_len,
        };
        self.transport.exchange(&request)
    }

    /// The metadata of `issuer`, from the first of its addresses where there are any.
    fn metadata_of(&self, issuer: &str) -> Result<HttpResponse, FetchError> {
        let mut nowhere = Vec::new();
        for (i, url) in discovery::metadata_urls(issuer).iter().enumerate() {
            let response = self.get(url, vec![("accept", "application/json".into())])?;
            match response.status {
                200 | 203 => return Ok(response),
                // Of the addresses that few issuers have, 403 or 400 is a common way to say no.
                status @ 400..=428 if status == 404 || i > 0 => {
                    nowhere.push(format!("{status} at {}", printable(url, 120)));
                }
                _ => return Err(wrong_status(&response)),
            }
        }
        Err(FetchError::new(FetchFailure::Status, nowhere.join(", ")))
    }

    /// The key set's URL.
    fn jwks_url(&self, is_planned: bool) -> Result<String, FetchError> {
        let issuer = match &self.settings.location {
            Location::Url(url) => return Ok(url.clone()),
            Location::Issuer(issuer) => issuer,
        };
        // A key that is missing may have moved with its set.
        if is_planned
            && let Some(metadata) = self.metadata.load().as_deref()
            && Instant::now() < metadata.until
        {
            return Ok(metadata.jwks_uri.clone());
        }
        let response = self.metadata_of(issuer)?;
        let jwks_uri = discovery::jwks_uri(&response.body, issuer).map_err(|error| {
            let is_json = error.failure() != FetchFailure::Document;
            let why = if is_json { None } else { decode::not_json(&response) };
            why.map_or(error, |why| FetchError::new(FetchFailure::Document, format!("the metadata: {why}")))
        })?;
        let unusable = |why| FetchError::new(FetchFailure::Document, format!("jwks_uri: {why}"));
        let uri = url::check(&jwks_uri, self.settings.allow_http).map_err(unusable)?;
        // Not even to this machine: its services are not an issuer's to point at.
        if uri.scheme_str() == Some("http") && !issuer.starts_with("http:") {
            return Err(unusable("http, though the issuer is https"));
        }
        let metadata = Metadata { jwks_uri: jwks_uri.clone(), until: Instant::now() + METADATA_LIFETIME };
        self.metadata.store(Some(Arc::new(metadata)));
        Ok(jwks_uri)
    }

    fn fetch(&self, reason: Reason) -> Result<Duration, FetchError> {
        let is_planned = matches!(reason, Reason::Schedule | Reason::Retry);
        let url = self.jwks_url(is_planned)?;
        let before = self.in_use.load_full();
        // Where a key is missing, nobody's word counts that nothing has changed: neither a cache's on the way nor that
        // of a validator, which some servers make of a file's size and time.
        let validators = before.as_ref().and_then(|before| before.validators.clone());
        let validators = validators.filter(|validators| is_planned && validators.url == url);

        let mut headers = vec![("accept", "application/jwk-set+json, application/json".to_owned())];
        if !is_planned {
            headers.push(("cache-control", "no-cache".to_owned()));
        }
        if let Some(validators) = &validators {
            let etag = validators.etag.clone().map(|etag| ("if-none-match", etag));
            let last_modified = validators.last_modified.clone().map(|date| ("if-modified-since", date));
            headers.extend(etag.into_iter().chain(last_modified));
        }
        let response = self.get(&url, headers)?;

        let now = SystemTime::now();
        let said = freshness::lifetime(&response, now, self.settings.max_ttl);
        let start = Instant::now();
        let mut in_use = match (response.status, before.as_deref()) {
            (304, Some(before)) if validators.is_some() => {
                // RFC 9111 §4.3.4: what a 304 does not say is as it was.
                InUse { lifetime: said.unwrap_or(before.lifetime), validators, ..before.clone() }
            }
            // 203: a proxy on the way has changed the answer (RFC 9110 §15.3.4), as it may do with a 200.
            (200 | 203, before) => {
                let sha256 = hex(&Sha256::digest(&response.body));
                let lifetime = said.unwrap_or(self.settings.ttl);
                let validators = Validators::of(&response, url);
                match before {
                    Some(before) if before.sha256 == sha256 => {
                        InUse { lifetime, validators, ..before.clone() }
                    }
                    before => InUse {
                        jwks: Arc::new(self.parse(&response.body).map_err(|error| {
                            let why = decode::not_json(&response).unwrap_or_else(|| error.to_string());
                            FetchError::new(FetchFailure::Document, why)
                        })?),
                        generation: before.map_or(0, |before| before.generation) + 1,
                        sha256,
                        document: response.body.into(),
                        fetched: None,
                        lifetime,
                        refresh_at: start,
                        fresh_until: start,
                        usable_until: start,
                        validators,
                    },
                }
            }
            _ => return Err(wrong_status(&response)),
        };
        let next = pacing::ahead_of_expiry(in_use.lifetime, pacing::random());
        in_use.fetched = Some(now);
        in_use.refresh_at = start + next;
        in_use.fresh_until = start + in_use.lifetime;
        in_use.usable_until = start + in_use.lifetime.max(self.settings.max_stale);
        let in_use = Arc::new(in_use);
        self.to_write.store(Some(Arc::clone(&in_use)));
        self.in_use.store(Some(in_use));
        if self.closed.load(Ordering::SeqCst) {
            self.in_use.store(None);
        }
        Ok(next)
    }
}

#[cfg(test)]
impl JwksJob {
    pub(super) fn put_in_use(&self, in_use: InUse) {
        self.in_use.store(Some(Arc::new(in_use)));
    }
}

#[cfg(test)]
impl InUse {
    /// As if their time were over.
    pub(super) fn that_ran_out(&self) -> Self {
        let now = Instant::now();
        Self { refresh_at: now, fresh_until: now, usable_until: now, ..self.clone() }
    }
}

impl Job for JwksJob {
    const THREAD: &'static str = "bouncer-keys";
    type Book = Misses;

    fn new_book(&self) -> Misses {
        Misses::new(self.settings.refetch, Instant::now())
    }

    fn first_due(&self) -> Duration {
        let in_use = self.in_use.load();
        let Some(in_use) = &*in_use else { return Duration::ZERO };
        let now = Instant::now();
        // Children of one fork share the time; they must not all come at once. But keys that are not fresh any more
        // are not for waiting.
        let spread = in_use.lifetime.mul_f64(0.1 * pacing::random());
        let due = in_use.refresh_at.saturating_duration_since(now) + spread;
        due.min(in_use.fresh_until.saturating_duration_since(now))
    }

    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError> {
        let result = self.fetch(reason);
        if result.is_err() {
            self.metadata.store(None);
        }
        result
    }

    fn pause(&self, failures: u32, _: &FetchError) -> Duration {
        let in_use = self.in_use.load();
        let is_usable = in_use.as_ref().is_some_and(|in_use| Instant::now() < in_use.usable_until);
        let longest = if is_usable { LONGEST_PAUSE } else { LONGEST_PAUSE_IN_NEED };
        pacing::back_off(failures, longest, pacing::random())
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

    fn report(
        &self,
        worker: &Arc<Worker<Self>>,
        events: &Arc<Events>,
        result: &Result<Duration, FetchError>,
    ) {
        // All of it after those who wait are told: a disk may be slow, and so may a log.
        let source = self.source_name();
        let generation = self.in_use.load().as_ref().map_or(0, |in_use| in_use.generation);
        match result {
            Err(error) => events.log(TARGET, Level::Warn, || format!("keys of {source}: {error}")),
            Ok(_) if self.logged_generation.swap(generation, Ordering::Relaxed) != generation => {
                events.log(TARGET, Level::Info, || format!("keys of {source}: generation {generation}"));
            }
            Ok(_) => events.log(TARGET, Level::Debug, || format!("keys of {source}: unchanged")),
        }
        if let Some(news) = self.write_last_good() {
            events.log(TARGET, Level::Warn, || news);
        }
        if let Some(observer) = &self.settings.observer {
            let (observer, status) = (Arc::clone(observer), RemoteJwkSetStatus::of(worker));
            events.push(Box::new(move || observer(&status)));
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
        // One that is longer than any sane one could make the next request too large for the server.
        let first =
            |name| response.values(name).next().filter(|value| value.len() <= 1024).map(str::to_owned);
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
