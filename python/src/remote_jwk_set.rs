//! The key set that keeps itself.

use crate::background::{self, Detached};
use crate::error::{exception, keys_unavailable};
use crate::fetch::PythonTransport;
use crate::jwk_set::JwkSet;
use crate::settings::{self, seconds};
use crate::text::{Text, not_a, str_of};
use crate::{interrupt, stats};
use bouncer_verify::{RemoteJwkSetBuilder, RemoteJwkSetState, Settings, SettingsKind, Stats, Ticket};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::Duration;

/// Longer than any fetch takes.
pub(crate) const LONGEST_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// An issuer's JWK Set, fetched from its URL and kept fresh by a thread in the background, through
/// rotations and outages. Make one for each issuer; any number of threads and verifiers may use it.
///
/// Settings are keywords: docs/settings.md and `bouncer_verify.types.KeysSettings` list them. A
/// duration is a number of seconds, a timedelta or text such as "30s". None is a setting that is
/// not set.
///
/// url: https, or http to this machine.
/// fetch: a callable that makes the requests in place of the built-in client: fetch(url, headers,
/// timeout) returns (status, headers, body). It is called on a daemon thread, must not follow
/// redirects to elsewhere and returns the body decoded; the settings of the built-in client do not
/// go with it. It must not hold the key set, as a method of the object that keeps it does: the
/// garbage collector does not see that the two keep each other, so neither would be freed, and only
/// close() would end the thread.
/// log: whether changes of keys and failures go to the logger "bouncer_verify".
///
/// Raises InvalidArgumentError, TypeError for an unknown setting or a value of the wrong type, and
/// for the seed MalformedKeySetError or NoUsableKeyError.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct RemoteJwkSet {
    pub(crate) keys: Detached<bouncer_verify::RemoteJwkSet>,
    pub(crate) max_wait: Duration,
}

#[pymethods]
impl RemoteJwkSet {
    #[new]
    #[pyo3(signature = (url, *, fetch = None, log = true, **settings))]
    fn new(
        url: &Bound<'_, PyAny>,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::at("url", &str_of("url", url)?, url.py(), fetch, log, settings)
    }

    /// The key set of `issuer`, found through its metadata at /.well-known/openid-configuration
    /// (OpenID Connect Discovery 1.0), which must name the same issuer, character for character.
    ///
    /// Arguments and errors are those of the constructor.
    #[staticmethod]
    #[pyo3(signature = (issuer, *, fetch = None, log = true, **settings))]
    fn discover(
        issuer: &Bound<'_, PyAny>,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::at("discover", &str_of("issuer", issuer)?, issuer.py(), fetch, log, settings)
    }

    /// The key set of a JSON document: `{"url": "https://id.example/jwks", "ttl": "5m"}`.
    #[staticmethod]
    #[pyo3(signature = (document, /, *, fetch = None, log = true))]
    fn from_json(
        py: Python<'_>,
        document: Text<'_>,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
    ) -> PyResult<Self> {
        Self::made(py, &settings::of_document(py, SettingsKind::Keys, &document)?, fetch, log)
    }

    /// Waits until there are keys, at most `timeout` seconds.
    ///
    /// Raises KeysUnavailableError: there are none after that.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        self.wait_for(py, None, seconds(py, "timeout", timeout)?)?;
        self.current(py).map(drop)
    }

    /// wait_ready() for an event loop, which goes on meanwhile.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready_async<'py>(slf: &Bound<'py, Self>, timeout: f64) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let timeout = seconds(py, "timeout", timeout)?.as_secs_f64();
        py.import("bouncer_verify._waiting")?.call_method1("wait_ready", (slf, timeout))
    }

    /// The keys in use. They stay as they are when newer ones come.
    ///
    /// Raises KeysUnavailableError: none yet, too old, or closed.
    fn current(&self, py: Python<'_>) -> PyResult<JwkSet> {
        self.keys.current().map(JwkSet).map_err(|error| exception(py, &error))
    }

    /// Fetches the keys now, for operators; several callers share one fetch. Nothing limits how
    /// often, so it is not for the way of a request. The keys in use stay if it fails.
    ///
    /// Raises KeysUnavailableError: the fetch failed, or is not done after `timeout` seconds.
    #[pyo3(signature = (timeout = 10.0))]
    fn refresh(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let timeout = seconds(py, "timeout", timeout)?.min(LONGEST_REFRESH);
        let keys = self.keys.clone();
        // To ask again in slices would be to ask for another fetch.
        interrupt::wait_for(py, "bouncer-refresh", move || keys.refresh(timeout))?
            .map_err(|error| keys_unavailable(py, &format!("the keys were not fetched: {error}")))
    }

    /// "empty": no keys yet; "fresh"; "stale": in use, though they should have been confirmed by
    /// now, or come from a seed or a file; "too_old": not used; "closed".
    #[getter]
    fn state(&self) -> &'static str {
        self.keys.status().state.as_str()
    }

    /// Grows by one with each change of the keys; 0 before the first.
    #[getter]
    fn generation(&self) -> u64 {
        self.keys.generation()
    }

    /// What it is doing, for metrics, logs and health checks: a `bouncer_verify.types.KeysStats`.
    /// Counts are this process's alone.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats::dict(py, &Stats::from(&*self.keys))
    }

    /// The same in the text format of Prometheus.
    fn prometheus(&self) -> String {
        Stats::from(&*self.keys).prometheus()
    }

    /// Ends it, for all that use it: a fetch under way is cut off, the thread ends, and from now on
    /// there are no keys. What nobody uses any more ends by itself.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.keys.close());
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        let status = self.keys.status();
        format!("<RemoteJwkSet {}: {}, {} keys>", status.source, status.state.as_str(), status.usable_keys)
    }

    #[getter]
    fn _max_wait(&self) -> f64 {
        self.max_wait.as_secs_f64()
    }

    /// Waits until the fetch of this ticket is over, or for 0 until there are keys, at most so many
    /// seconds: True if waiting longer is of no use.
    #[pyo3(signature = (ticket, timeout, /))]
    fn _wait(&self, py: Python<'_>, ticket: u64, timeout: f64) -> PyResult<bool> {
        self.wait_for(py, Ticket::from_bits(ticket), seconds(py, "timeout", timeout)?)
    }
}

impl RemoteJwkSet {
    fn at(
        name: &str,
        place: &str,
        py: Python<'_>,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut settings = settings::of_keywords(py, SettingsKind::Keys, keywords)?;
        settings::set(py, &mut settings, name, place)?;
        Self::made(py, &settings, fetch, log)
    }

    fn made(
        py: Python<'_>,
        settings: &Settings,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
    ) -> PyResult<Self> {
        let builder = RemoteJwkSetBuilder::from_settings(settings);
        let mut builder = builder.map_err(|error| exception(py, &error))?;
        if let Some(fetch) = fetch {
            if !fetch.is_callable() {
                return Err(not_a("fetch", "a callable", &fetch));
            }
            background::prepare(py)?;
            builder = builder.transport(PythonTransport::new(fetch.unbind()));
        }
        if log {
            background::module(py)?;
            builder = builder.observer(background::reporter());
        }
        let keys = py.detach(|| builder.build()).map_err(|error| exception(py, &error))?;
        Ok(Self { keys: keys.into(), max_wait: settings::duration(py, settings, "max_wait")? })
    }

    /// Waits until the fetch of `ticket` is over, or without one until there are keys; true if
    /// waiting longer is of no use.
    pub(crate) fn wait_for(
        &self,
        py: Python<'_>,
        ticket: Option<Ticket>,
        timeout: Duration,
    ) -> PyResult<bool> {
        let over = interrupt::in_slices(py, timeout, |slice| {
            let done = match ticket {
                Some(ticket) => self.keys.wait(ticket, slice),
                None => self.keys.wait_ready(slice).is_ok(),
            };
            (done || self.keys.status().state == RemoteJwkSetState::Closed).then_some(())
        });
        Ok(over?.is_some())
    }
}

/// The number of the fetch or login that a ticket is for. Tickets of one attempt may differ.
#[pyfunction]
#[pyo3(signature = (ticket, /))]
pub(crate) fn _attempt(ticket: u64) -> u64 {
    Ticket::from_bits(ticket).map_or(0, Ticket::attempt)
}
