//! The job of a key set's background thread: finds the URL, fetches and parses the JWK Set, and
//! publishes the keys.

use super::keys_in_use::{KeysInUse, Validators, sha256};
use super::misses::{Misses, RefetchIntervals};
use super::status::{RemoteJwkSetState, RemoteJwkSetStatus};
use super::{discovery, last_good};
use crate::error::Result;
use crate::keys::jwk_set::JwkSet;
use crate::keys::load_options::LoadOptions;
use crate::remote::attempts::{Attempts, Reason};
use crate::remote::events::{Events, Observer};
use crate::remote::transport::{
    BodyLimit, FetchError, FetchFailure, HttpRequest, HttpResponse, Transport, printable,
};
use crate::remote::worker::{Job, Worker};
use crate::remote::{decode, freshness, pacing, url};
use crate::verify::key_source::KeySnapshot;
use arc_swap::{ArcSwapOption, Guard};
use log::Level;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The time for which discovered metadata is reused. A failed attempt discards the metadata.
const METADATA_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Maximum pause between two attempts in an outage.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Maximum pause between two attempts while there are no usable keys.
pub(super) const MAX_PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(15);
/// The target of log records.
const TARGET: &str = module_path!();

pub(super) struct Settings {
    pub(super) location: Location,
    pub(super) allow_http: bool,
    pub(super) load: LoadOptions,
    pub(super) refetch: RefetchIntervals,
    pub(super) ttl: Duration,
    pub(super) max_ttl: Duration,
    pub(super) max_stale: Duration,
    pub(super) timeout: Duration,
    pub(super) last_good_file: Option<PathBuf>,
    pub(super) observer: Option<Observer<RemoteJwkSetStatus>>,
}

/// The location of the key set.
#[derive(Clone)]
pub(super) enum Location {
    Url(String),
    /// The issuer whose metadata contains the URL.
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
    in_use: ArcSwapOption<KeysInUse>,
    /// The part of `in_use` that verifications read.
    current: ArcSwapOption<KeySnapshot>,
    metadata: ArcSwapOption<Metadata>,
    /// Keys that the issuer has confirmed and that must still be written to the last-good file.
    to_write: ArcSwapOption<KeysInUse>,
    last_good_error: ArcSwapOption<FetchError>,
    /// The generation in the last log record.
    logged_generation: AtomicU64,
    closed: AtomicBool,
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
            current: ArcSwapOption::empty(),
            metadata: ArcSwapOption::empty(),
            to_write: ArcSwapOption::empty(),
            last_good_error: ArcSwapOption::empty(),
            logged_generation: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    fn parse(&self, document: &[u8]) -> Result<JwkSet> {
        JwkSet::load(document, &self.settings.load)
    }

    /// Starts with the seed document. Its keys are usable at once and due for a refresh.
    pub(super) fn seed(&self, document: &[u8]) -> Result<()> {
        self.start_with(document, None, Duration::ZERO, Duration::ZERO)
    }

    /// Starts with a document that the issuer confirmed `age` ago. Its freshness lifetime, counted
    /// from that time, is `lifetime`.
    fn start_with(
        &self,
        document: &[u8],
        fetched: Option<SystemTime>,
        age: Duration,
        lifetime: Duration,
    ) -> Result<()> {
        let mut keys = KeysInUse::new(self.parse(document)?, 1, document.to_vec());
        keys.confirm(fetched, age, lifetime, self.settings.max_stale);
        self.set_in_use(Some(Arc::new(keys)));
        Ok(())
    }

    /// Starts with the keys in the last-good file, if the file is usable. While these keys are
    /// fresh, nothing is fetched. If the file cannot be read, logs a warning and starts without it.
    pub(super) fn load_last_good(&self) {
        let Some(path) = &self.settings.last_good_file else { return };
        let loaded = self.read_last_good(path);
        // build() runs on the program's own thread, so a slow log handler delays no fetch.
        if let Some(message) = self.record_last_good(loaded) {
            log::warn!(target: TARGET, "{message}");
        }
    }

    fn read_last_good(&self, path: &Path) -> Result<(), FetchError> {
        let Settings { location, load, ttl, max_ttl, max_stale, .. } = &self.settings;
        let Some(file) = last_good::read(path, location.as_str(), load.max_document_len)? else {
            return Ok(());
        };
        // If the file's time is in the future, its age is unknown. Its keys are then not fresh.
        let (age, lifetime) = match file.age() {
            Some(age) => (age, file.lifetime.min(*max_ttl.max(ttl))),
            None => (Duration::ZERO, Duration::ZERO),
        };
        // The file is too old. Keep the seed, which may be newer.
        if age > *max_stale {
            return Ok(());
        }
        self.start_with(&file.jwks, Some(file.fetched), age, lifetime)
            .map_err(|error| FetchError::new(FetchFailure::Document, error.to_string()))
    }

    /// Writes the last-good file, if the issuer has confirmed the keys since the last write. If
    /// writing fails, returns a message to log.
    fn write_last_good(&self) -> Option<String> {
        let confirmed = self.to_write.swap(None)?;
        let path = self.settings.last_good_file.as_ref()?;
        let file = last_good::Contents {
            source: self.settings.location.as_str(),
            jwks: &confirmed.document,
            fetched: confirmed.fetched?,
            lifetime: confirmed.lifetime,
        };
        self.record_last_good(last_good::write(path, &file))
    }

    /// Records the result of reading or writing the last-good file. Returns a message to log if the
    /// result is an error that differs from the previous result.
    fn record_last_good(&self, result: Result<(), FetchError>) -> Option<String> {
        let path = self.settings.last_good_file.as_deref().unwrap_or(Path::new(""));
        let error = result.err().map(|error| {
            let detail = format!("the last-good file {}: {}", path.display(), error.detail());
            Arc::new(FetchError::new(error.failure(), detail))
        });
        let before = self.last_good_error.swap(error.clone());
        let error = error.filter(|error| before.is_none_or(|before| before != *error))?;
        Some(format!(
            "keys of {}: {error}; until this is fixed, a restart during an outage has no keys",
            self.source_name()
        ))
    }

    fn set_in_use(&self, keys: Option<Arc<KeysInUse>>) {
        self.current.store(keys.as_deref().map(KeysInUse::snapshot).map(Arc::new));
        self.in_use.store(keys);
    }

    /// Returns the keys for verifications.
    pub(super) fn current(&self) -> Guard<Option<Arc<KeySnapshot>>> {
        self.current.load()
    }

    pub(super) fn in_use(&self) -> Guard<Option<Arc<KeysInUse>>> {
        self.in_use.load()
    }

    /// Returns the location without its query, for logs.
    pub(super) fn source_name(&self) -> &str {
        url::without_query(self.settings.location.as_str())
    }

    fn get(&self, url: &str, headers: Vec<(&'static str, String)>) -> Result<HttpResponse, FetchError> {
        let request = HttpRequest {
            url,
            headers,
            body: None,
            timeout: self.settings.timeout,
            body_limit: BodyLimit { name: "max_document_len", bytes: self.settings.load.max_document_len },
        };
        self.transport.exchange(&request)
    }

    /// Fetches the metadata of `issuer` from the first URL that has it.
    fn metadata_of(&self, issuer: &str) -> Result<HttpResponse, FetchError> {
        let mut not_found = Vec::new();
        for (i, url) in discovery::metadata_urls(issuer).iter().enumerate() {
            let response = self.get(url, vec![("accept", "application/json".into())])?;
            match response.status {
                200 | 203 => return Ok(response),
                // Try the next URL. Few issuers serve the later URLs, and some respond there with
                // 403 or 400.
                status @ 400..=428 if status == 404 || i > 0 => {
                    not_found.push(format!("HTTP {status} at {}", printable(url, 120)));
                }
                _ => return Err(wrong_status(&response)),
            }
        }
        Err(FetchError::new(FetchFailure::Status, format!("{}: check the issuer", not_found.join(", "))))
    }

    /// Returns the URL of the key set.
    fn jwks_url(&self, is_scheduled: bool) -> Result<String, FetchError> {
        let issuer = match &self.settings.location {
            Location::Url(url) => return Ok(url.clone()),
            Location::Issuer(issuer) => issuer,
        };
        // An unscheduled fetch fetches the metadata again: a missing key may be at a new URL.
        if is_scheduled
            && let Some(metadata) = self.metadata.load().as_deref()
            && Instant::now() < metadata.until
        {
            return Ok(metadata.jwks_uri.clone());
        }
        let response = self.metadata_of(issuer)?;
        let jwks_uri = discovery::jwks_uri(&response.body, issuer).map_err(|error| {
            let is_json = error.failure() != FetchFailure::Document;
            let why = if is_json { None } else { decode::not_json(&response) };
            why.map_or(error, |why| FetchError::new(FetchFailure::Document, format!("metadata: {why}")))
        })?;
        let unusable = |why| FetchError::new(FetchFailure::Document, format!("jwks_uri: {why}"));
        let uri = url::check(&jwks_uri, self.settings.allow_http).map_err(unusable)?;
        // http is not allowed here, even to this machine. Otherwise an https issuer could cause
        // requests to local services.
        if uri.scheme_str() == Some("http") && !issuer.starts_with("http:") {
            return Err(unusable("http is not allowed, because the issuer is https"));
        }
        let metadata = Metadata { jwks_uri: jwks_uri.clone(), until: Instant::now() + METADATA_LIFETIME };
        self.metadata.store(Some(Arc::new(metadata)));
        Ok(jwks_uri)
    }

    fn fetch(&self, reason: Reason) -> Result<Duration, FetchError> {
        let is_scheduled = matches!(reason, Reason::Schedule | Reason::Retry);
        let url = self.jwks_url(is_scheduled)?;
        let before = self.in_use.load_full();
        // When a key is missing, send no validators and bypass caches. A stale cache or a weak
        // validator could hide a rotation.
        let validators = before.as_ref().and_then(|before| before.validators.clone());
        let validators = validators.filter(|validators| is_scheduled && validators.url == url);
        let response = self.get(&url, request_headers(is_scheduled, validators.as_ref()))?;

        let now = SystemTime::now();
        let stated = freshness::lifetime(&response, now, self.settings.max_ttl);
        let (mut keys, lifetime) = match (response.status, before.as_deref()) {
            (304, Some(before)) if validators.is_some() => {
                // RFC 9111 §4.3.4: if the 304 states no lifetime, the previous lifetime applies.
                (KeysInUse { validators, ..before.clone() }, stated.unwrap_or(before.lifetime))
            }
            // 203: a proxy has changed the response (RFC 9110 §15.3.4).
            (200 | 203, before) => {
                let validators = Validators::of(&response, url);
                let keys = match before {
                    Some(before) if before.sha256 == sha256(&response.body) => before.clone(),
                    before => self.new_keys(&response, before.map_or(0, |before| before.generation) + 1)?,
                };
                (KeysInUse { validators, ..keys }, stated.unwrap_or(self.settings.ttl))
            }
            _ => return Err(wrong_status(&response)),
        };
        let next = keys.confirm(Some(now), Duration::ZERO, lifetime, self.settings.max_stale);
        let keys = Arc::new(keys);
        self.to_write.store(Some(Arc::clone(&keys)));
        self.set_in_use(Some(keys));
        if self.closed.load(Ordering::SeqCst) {
            self.set_in_use(None);
        }
        Ok(next)
    }

    fn new_keys(&self, response: &HttpResponse, generation: u64) -> Result<KeysInUse, FetchError> {
        let jwks = self.parse(&response.body).map_err(|error| {
            let why = decode::not_json(response).unwrap_or_else(|| error.to_string());
            FetchError::new(FetchFailure::Document, why)
        })?;
        Ok(KeysInUse::new(jwks, generation, response.body.clone()))
    }

    /// Returns a snapshot of the state.
    pub(super) fn status(worker: &Worker<Self>) -> RemoteJwkSetStatus {
        let now = Instant::now();
        let in_use = worker.job.in_use();
        let keys = in_use.as_ref();
        let state = match keys {
            _ if worker.is_closed() => RemoteJwkSetState::Closed,
            None => RemoteJwkSetState::Empty,
            Some(keys) if now >= keys.usable_until => RemoteJwkSetState::TooOld,
            Some(keys) if now >= keys.fresh_until => RemoteJwkSetState::Stale,
            Some(_) => RemoteJwkSetState::Fresh,
        };
        let last_success = keys.and_then(|keys| keys.fetched);
        worker.read(|attempts| RemoteJwkSetStatus {
            source: worker.job.source_name().to_owned(),
            state,
            generation: keys.map_or(0, |keys| keys.generation),
            sha256: keys.map(|keys| keys.sha256.clone()),
            usable_keys: keys.map_or(0, |keys| keys.jwks.keys().len()),
            skipped_keys: keys.map_or(0, |keys| keys.jwks.skipped().len()),
            accelerated_keys: keys.map_or(0, |keys| keys.jwks.accelerated_keys()),
            table_memory: keys.map_or(0, |keys| keys.jwks.table_memory()),
            last_success,
            age: last_success.map(|then| SystemTime::now().duration_since(then).unwrap_or_default()),
            last_error: attempts.last_error.as_ref().map(|(error, _)| error.clone()),
            last_error_at: attempts.last_error.as_ref().map(|(_, at)| *at),
            failures: attempts.failures,
            failures_in_row: attempts.failures_in_row,
            next_attempt: attempts.next_in(),
            attempts: attempts.done,
            scheduled: attempts.counts.of(Reason::Schedule),
            retries: attempts.counts.of(Reason::Retry),
            unknown_kid: attempts.counts.of(Reason::UnknownKid),
            without_kid: attempts.counts.of(Reason::WithoutKid),
            requested: attempts.counts.of(Reason::Request),
            suppressed: attempts.job.suppressed,
            last_good_error: worker.job.last_good_error.load().as_deref().cloned(),
        })
    }
}

fn request_headers(is_scheduled: bool, validators: Option<&Validators>) -> Vec<(&'static str, String)> {
    let mut headers = vec![("accept", "application/jwk-set+json, application/json".to_owned())];
    if !is_scheduled {
        headers.push(("cache-control", "no-cache".to_owned()));
    }
    if let Some(validators) = validators {
        let etag = validators.etag.clone().map(|etag| ("if-none-match", etag));
        let last_modified = validators.last_modified.clone().map(|date| ("if-modified-since", date));
        headers.extend(etag.into_iter().chain(last_modified));
    }
    headers
}

#[cfg(test)]
impl JwksJob {
    pub(super) fn put_in_use(&self, keys: KeysInUse) {
        self.set_in_use(Some(Arc::new(keys)));
    }
}

impl Job for JwksJob {
    const THREAD: &'static str = "bouncer-fetch";
    type State = Misses;

    fn new_state(&self) -> Misses {
        Misses::new(self.settings.refetch, Instant::now())
    }

    fn first_due(&self) -> Duration {
        let in_use = self.in_use.load();
        let Some(keys) = &*in_use else { return Duration::ZERO };
        let now = Instant::now();
        // All forked children of a process share `refresh_at`. The random part spreads their
        // fetches over time. It never delays a fetch until after the keys are stale.
        let spread = keys.lifetime.mul_f64(0.1 * pacing::random());
        let due = keys.refresh_at.saturating_duration_since(now) + spread;
        due.min(keys.fresh_until.saturating_duration_since(now))
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
        let is_usable = in_use.as_ref().is_some_and(|keys| Instant::now() < keys.usable_until);
        let max_pause = if is_usable { MAX_PAUSE } else { MAX_PAUSE_WITHOUT_KEYS };
        pacing::back_off(failures, max_pause, pacing::random())
    }

    fn record_attempt(&self, attempts: &mut Attempts<Misses>) {
        let in_use = self.in_use.load();
        let keys = in_use.as_ref();
        let fetched = keys.filter(|_| !attempts.failed).map(|keys| &*keys.jwks);
        let generation = keys.map_or(0, |keys| keys.generation);
        attempts.job.record_fetch(attempts.done, fetched, generation, Instant::now());
    }

    // Called after the waiting callers are woken, because writing a file or a log may be slow.
    fn report(
        &self,
        worker: &Arc<Worker<Self>>,
        events: &Arc<Events>,
        result: &Result<Duration, FetchError>,
    ) {
        let source = self.source_name();
        let generation = self.in_use.load().as_ref().map_or(0, |keys| keys.generation);
        match result {
            // The program closed the key set. This is no failure, and no attempt follows.
            Err(error) if error.is_closed() => {}
            Err(error) => events.log(TARGET, Level::Warn, || {
                let next = worker.read(Attempts::next_in).as_secs_f64();
                format!("keys of {source}: fetch failed: {error}; next attempt in {next:.1} s")
            }),
            Ok(_) if self.logged_generation.swap(generation, Ordering::Relaxed) != generation => {
                events.log(TARGET, Level::Info, || {
                    format!("keys of {source}: new keys, generation {generation}")
                });
            }
            Ok(_) => events.log(TARGET, Level::Debug, || format!("keys of {source}: unchanged")),
        }
        if let Some(message) = self.write_last_good() {
            events.log(TARGET, Level::Warn, || message);
        }
        events.observe(self.settings.observer.as_ref(), || Self::status(worker));
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.set_in_use(None);
        self.transport.interrupt();
    }
}

fn wrong_status(response: &HttpResponse) -> FetchError {
    let advice = match response.status {
        401 | 403 => ": the URL must be readable without a login",
        404 | 410 => ": check the URL",
        _ => "",
    };
    let mut error = FetchError::new(FetchFailure::Status, format!("HTTP {}{advice}", response.status));
    error.retry_after = freshness::retry_after(response, SystemTime::now());
    error
}
