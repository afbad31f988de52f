//! The class `RemoteJwkSet`.

use crate::background::{self, Detached};
use crate::error::{exception, keys_unavailable};
use crate::event_loop::{self, Watch};
use crate::fetch::PythonTransport;
use crate::jwk_set::JwkSet;
use crate::settings::{self, seconds};
use crate::text::{Text, not_a, str_of};
use crate::{interrupt, stats};
use bouncer_verify::{KeySource as _, RemoteJwkSetBuilder, Settings, SettingsKind, Stats};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::Duration;

/// The maximum timeout of `refresh()` and `renew()`. Longer timeouts are reduced to this: no fetch
/// or login takes longer.
pub(crate) const LONGEST_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// An issuer's JWK Set, fetched from its URL. A background thread keeps it fresh, through rotations
/// and outages. Make one for each issuer; any number of threads and verifiers may use it.
///
/// For an OpenID Connect provider, call `RemoteJwkSet.discover(issuer)`, which finds the URL.
///
/// Settings are keywords: docs/settings.md and `bouncer_verify.types.KeysSettings` list them. A
/// duration is a number of seconds, a timedelta or text such as "30s". None leaves a setting at its
/// default.
///
/// url: an https URL. An http URL is allowed if its host is this machine, or with
/// `allow_http=True`.
///
/// fetch: a callable that makes the requests in place of the built-in client. fetch(url, headers,
/// timeout) returns (status, headers, body), with the body decoded. `fetch` is called on a daemon
/// thread. It must not follow redirects to another origin. Settings of the built-in client cannot
/// be combined with `fetch`.
///
/// `fetch` must not reference the key set, for example as a method of the object that owns the key
/// set. The garbage collector does not see such a cycle: neither object would be freed, and only
/// close() would end the fetches.
///
/// log: whether the logger "bouncer_verify" logs changes of the keys and failures.
///
/// Raises InvalidArgumentError; TypeError for an unknown setting or a value of the wrong type;
/// MalformedKeySetError or NoUsableKeyError if `seed` is not a usable JWK Set.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct RemoteJwkSet {
    pub(crate) keys: Detached<bouncer_verify::RemoteJwkSet>,
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

    /// Makes the key set of `issuer`. The URL of the JWK Set is read from the issuer's metadata, at
    /// /.well-known/openid-configuration (OpenID Connect Discovery 1.0). The metadata's issuer must
    /// equal `issuer`, character for character.
    ///
    /// The other arguments and the exceptions are those of the constructor.
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

    /// Makes a key set from a JSON document such as
    /// `{"url": "https://id.example/jwks", "ttl": "5m"}`.
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

    /// Waits until there are keys, for up to `timeout` seconds. Failed fetches are retried for the
    /// whole time, even if the failure is permanent, for example if the URL is wrong. The wait ends
    /// early only if the key set is closed, or if the metadata contains another issuer.
    ///
    /// Raises KeysUnavailableError, with the last failure, if there are still no keys.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let ready = |slice| self.keys.wait_ready(slice);
        interrupt::until_ready(py, timeout, ready, || self.keys.may_become_ready())
    }

    /// Does the same as wait_ready(), but does not block the event loop of asyncio, uvloop or trio.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready_async(slf: Bound<'_, Self>, timeout: f64) -> PyResult<Bound<'_, PyAny>> {
        event_loop::until_ready(slf.into_any(), timeout)
    }

    /// Returns the keys in use. The returned set does not change when newer keys are fetched.
    ///
    /// Raises KeysUnavailableError if there are no keys yet, if they are too old, or if the key set
    /// is closed.
    fn current(&self, py: Python<'_>) -> PyResult<JwkSet> {
        self.keys.current().map(JwkSet).map_err(|error| exception(py, &error))
    }

    /// Fetches the keys now. Concurrent callers share one fetch. If it fails, the keys in use stay.
    ///
    /// For operators. The number of these fetches is not limited, so do not call refresh() in the
    /// handler of a request.
    ///
    /// Raises KeysUnavailableError if the fetch fails or takes longer than `timeout` seconds.
    #[pyo3(signature = (timeout = 10.0))]
    fn refresh(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let timeout = seconds(py, "timeout", timeout)?.min(LONGEST_REFRESH);
        let keys = self.keys.clone();
        // Not in slices: each call of the core's refresh() may start another fetch.
        interrupt::wait_for(py, "bouncer-refresh", move || keys.refresh(timeout))?
            .map_err(|error| keys_unavailable(py, &self.keys.describe(&error)))
    }

    /// "empty": no keys yet. "fresh": confirmed by the issuer. "stale": in use, but a refresh is
    /// overdue, or the keys come from a seed or a file. "too_old": no longer used. "closed".
    #[getter]
    fn state(&self) -> &'static str {
        self.keys.status().state.as_str()
    }

    /// Grows by one with each change of the keys. 0 before the first keys.
    #[getter]
    fn generation(&self) -> u64 {
        self.keys.generation()
    }

    /// Returns counters and states for metrics, logs and health checks, as a
    /// `bouncer_verify.types.KeysStats`. They cover only this process.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats::dict(py, &Stats::from(&*self.keys))
    }

    /// Returns the stats in the text format of Prometheus.
    fn prometheus(&self) -> String {
        Stats::from(&*self.keys).prometheus()
    }

    /// Closes the key set for all its users: cancels the fetch in flight and removes the keys.
    /// Waits at most one second for the thread of that fetch to end. The thread that serves all key
    /// sets and renewers ends with the last of them. Dropping the last reference also closes it.
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

    /// Returns whether there are keys, or waiting for them does not help. The ticket is always 0.
    #[pyo3(signature = (_ticket, /))]
    fn _is_over(&self, py: Python<'_>, _ticket: u64) -> bool {
        py.detach(|| self.keys.wait_ready(Duration::ZERO).is_ok() || !self.keys.may_become_ready())
    }

    /// Makes `watch` readable after each fetch.
    #[pyo3(signature = (watch, /))]
    fn _notify(&self, watch: &Watch) {
        self.keys.add_notifier(&watch.0.notifier());
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
        Ok(Self { keys: keys.into() })
    }
}
