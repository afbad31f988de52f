//! The key set that keeps itself.

use crate::background::{self, Detached};
use crate::error::{exception, invalid_argument, keys_unavailable};
use crate::fetch::PythonTransport;
use crate::interrupt;
use crate::jwk_set::{JwkSet, backend_of};
use crate::remote_jwk_set_status::{self, RemoteJwkSetStatus};
use crate::text::{Text, named};
use bouncer_verify::{RemoteJwkSetBuilder, RemoteJwkSetState, Ticket};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::time::Duration;

/// Longer than any fetch takes.
pub(crate) const LONGEST_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// An issuer's JWK Set, fetched from its URL and kept fresh by a thread in the background, through rotations
/// and outages. Make one for each issuer; any number of threads and verifiers may use it.
///
/// url: https, or http to this machine.
/// ca_file: a PEM file of certificate authorities to trust besides the system's; read for each fetch.
/// proxy: True: what the environment says; False: none; a str: this one, "http://[user:password@]host:port".
/// allow_http: whether http is allowed to other machines; whoever is on the way can then choose the keys.
/// same_origin_redirects: whether redirects to the same scheme, host and port are followed.
/// ttl: seconds that keys are fresh where the server does not say.
/// max_stale: seconds that keys are used after the issuer last confirmed them, if it cannot be reached.
/// timeout: seconds for one HTTP exchange.
/// max_wait: seconds that a verification waits at most for a fetch that may bring its key.
/// seed: a JWK Set document to use until the first fetch succeeds.
/// last_good_file: where the latest good document is kept, and read at the start. Whoever can write it, or its
/// folder, can choose the keys.
/// prefetch: whether to fetch at once; else with the first verification. False for programs that fork later.
/// fetch: a callable that makes the requests in place of the built-in client: fetch(url, headers, timeout)
/// gives (status, headers, body). It is called on a daemon thread, must not follow redirects to elsewhere and
/// gives the body decoded; the three settings of the built-in client do not go with it. It must not hold the key
/// set, as a method of the object that keeps it does: the garbage collector does not see that the two keep each other,
/// so neither would be freed, and only close() would end the thread.
/// log: whether changes of keys and failures go to the logger "bouncer_verify".
/// backend: what does the arithmetic, as with JwkSet.from_json().
///
/// Raises InvalidArgumentError, and for the seed MalformedKeySetError or NoUsableKeyError.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct RemoteJwkSet {
    pub(crate) keys: Detached<bouncer_verify::RemoteJwkSet>,
    pub(crate) max_wait: Duration,
}

/// The arguments that both ways to make one have.
struct Settings<'py> {
    ca_file: Option<PathBuf>,
    proxy: Proxy,
    allow_http: bool,
    same_origin_redirects: bool,
    ttl: f64,
    max_stale: f64,
    timeout: f64,
    max_wait: f64,
    seed: Option<Text<'py>>,
    last_good_file: Option<PathBuf>,
    prefetch: bool,
    fetch: Option<Bound<'py, PyAny>>,
    log: bool,
    backend: Option<String>,
}

#[derive(FromPyObject)]
pub(crate) enum Proxy {
    #[pyo3(annotation = "bool")]
    FromEnvironment(bool),
    #[pyo3(annotation = "str")]
    Url(String),
}

#[pymethods]
impl RemoteJwkSet {
    #[new]
    #[pyo3(signature = (
        url,
        *,
        ca_file = None,
        proxy = Proxy::FromEnvironment(true),
        allow_http = false,
        same_origin_redirects = false,
        ttl = 600.0,
        max_stale = 86400.0,
        timeout = 5.0,
        max_wait = 2.0,
        seed = None,
        last_good_file = None,
        prefetch = true,
        fetch = None,
        log = true,
        backend = None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        url: &Bound<'_, PyAny>,
        ca_file: Option<PathBuf>,
        proxy: Proxy,
        allow_http: bool,
        same_origin_redirects: bool,
        ttl: f64,
        max_stale: f64,
        timeout: f64,
        max_wait: f64,
        seed: Option<Text<'_>>,
        last_good_file: Option<PathBuf>,
        prefetch: bool,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
        backend: Option<String>,
    ) -> PyResult<Self> {
        let settings = Settings {
            ca_file,
            proxy,
            allow_http,
            same_origin_redirects,
            ttl,
            max_stale,
            timeout,
            max_wait,
            seed,
            last_good_file,
            prefetch,
            fetch,
            log,
            backend,
        };
        Self::made(py, bouncer_verify::RemoteJwkSet::builder(&named("url", url)?), settings)
    }

    /// The key set of `issuer`, found through its metadata at /.well-known/openid-configuration (OpenID
    /// Connect Discovery 1.0), which must name the same issuer, character for character.
    ///
    /// Arguments and errors are those of the constructor.
    #[staticmethod]
    #[pyo3(signature = (
        issuer,
        *,
        ca_file = None,
        proxy = Proxy::FromEnvironment(true),
        allow_http = false,
        same_origin_redirects = false,
        ttl = 600.0,
        max_stale = 3600.0,
        timeout = 5.0,
        max_wait = 2.0,
        seed = None,
        last_good_file = None,
        prefetch = true,
        fetch = None,
        log = true,
        backend = None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords")]
    fn discover(
        py: Python<'_>,
        issuer: &Bound<'_, PyAny>,
        ca_file: Option<PathBuf>,
        proxy: Proxy,
        allow_http: bool,
        same_origin_redirects: bool,
        ttl: f64,
        max_stale: f64,
        timeout: f64,
        max_wait: f64,
        seed: Option<Text<'_>>,
        last_good_file: Option<PathBuf>,
        prefetch: bool,
        fetch: Option<Bound<'_, PyAny>>,
        log: bool,
        backend: Option<String>,
    ) -> PyResult<Self> {
        let settings = Settings {
            ca_file,
            proxy,
            allow_http,
            same_origin_redirects,
            ttl,
            max_stale,
            timeout,
            max_wait,
            seed,
            last_good_file,
            prefetch,
            fetch,
            log,
            backend,
        };
        Self::made(py, bouncer_verify::RemoteJwkSet::discover(&named("issuer", issuer)?), settings)
    }

    /// Waits until there are keys to judge with, at most `timeout` seconds.
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

    /// Fetches the keys now, for operators; several callers share one fetch. Nothing limits how often, so it is
    /// not for the way of a request. The keys in use stay if it fails.
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

    /// What it is doing, for metrics, logs and health checks.
    fn status(&self) -> RemoteJwkSetStatus {
        RemoteJwkSetStatus::from(&self.keys.status())
    }

    /// Ends it, for all that use it: a fetch under way is cut off, the thread ends, and from now on there are
    /// no keys. What nobody uses any more ends by itself.
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

    /// Waits until the fetch of this ticket is over, or for 0 until there are keys, at most so many seconds:
    /// True if waiting longer is of no use.
    #[pyo3(signature = (ticket, timeout, /))]
    fn _wait(&self, py: Python<'_>, ticket: u64, timeout: f64) -> PyResult<bool> {
        self.wait_for(py, Ticket::from_bits(ticket), seconds(py, "timeout", timeout)?)
    }
}

impl RemoteJwkSet {
    fn made(py: Python<'_>, builder: RemoteJwkSetBuilder, settings: Settings<'_>) -> PyResult<Self> {
        let max_wait = seconds(py, "max_wait", settings.max_wait)?;
        let mut builder = builder
            .ttl(seconds(py, "ttl", settings.ttl)?)
            .max_stale(seconds(py, "max_stale", settings.max_stale)?)
            .timeout(seconds(py, "timeout", settings.timeout)?)
            .max_wait(max_wait)
            .backend(backend_of(py, settings.backend.as_deref())?);
        if let Some(path) = settings.ca_file {
            builder = builder.ca_file(path);
        }
        builder = match &settings.proxy {
            Proxy::FromEnvironment(true) => builder,
            Proxy::FromEnvironment(false) => builder.no_proxy(),
            Proxy::Url(url) => builder.proxy(url),
        };
        if settings.allow_http {
            builder = builder.allow_http();
        }
        if settings.same_origin_redirects {
            builder = builder.same_origin_redirects();
        }
        if let Some(document) = &settings.seed {
            builder = builder.seed(document.as_ref());
        }
        if let Some(path) = settings.last_good_file {
            builder = builder.last_good_file(path);
        }
        if !settings.prefetch {
            builder = builder.lazy();
        }
        if let Some(fetch) = settings.fetch {
            if !fetch.is_callable() {
                return Err(PyTypeError::new_err("fetch is not callable"));
            }
            background::prepare(py)?;
            builder = builder.transport(PythonTransport::new(fetch.unbind()));
        }
        if settings.log {
            background::module(py)?;
            builder = builder.observer(background::reporter());
        }
        remote_jwk_set_status::load(py)?;
        let keys = py.detach(|| builder.build()).map_err(|error| exception(py, &error))?;
        Ok(Self { keys: keys.into(), max_wait })
    }

    /// Waits until the fetch of `ticket` is over, or without one until there are keys; true if waiting longer
    /// is of no use.
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

pub(crate) fn seconds(py: Python<'_>, name: &str, value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| invalid_argument(py, &format!("{name} is no number of seconds")))
}
