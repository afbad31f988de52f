//! The class `TokenRenewer`.

use crate::background::{self, Detached};
use crate::error::{exception, invalid_argument, login_failed};
use crate::event_loop::{self, Watch};
use crate::remote_jwk_set::LONGEST_REFRESH;
use crate::settings::{self, seconds};
use crate::text::{Text, not_a, str_of};
use crate::token_source::PythonSource;
use crate::{interrupt, stats};
use bouncer_verify::{
    ErrorKind, OwnToken, Settings, SettingsKind, Stats, Ticket, TokenRenewerBuilder, TokenRenewerState,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Returns whether a response means that the server rejected the request's token. If so, call
/// TokenRenewer.reject().
///
/// True for gRPC status 16 (UNAUTHENTICATED). Also true for HTTP 401 if WWW-Authenticate is absent
/// or empty, or contains a scheme for tokens: Bearer, acsjwt or oauthjwt.
#[pyfunction]
#[pyo3(signature = (status, www_authenticate = None, grpc_status = None))]
pub(crate) fn is_token_rejection(
    status: u16,
    www_authenticate: Option<&str>,
    grpc_status: Option<Bound<'_, PyAny>>,
) -> PyResult<bool> {
    let grpc_status = grpc_status.map(|status| status.str()).transpose()?.map(|status| status.to_string());
    Ok(bouncer_verify::is_token_rejection(status, www_authenticate, grpc_status.as_deref()))
}

/// Keeps the service's own token fresh: logs in, renews the token before it expires, and renews it
/// when a server rejects it. Create one renewer per account, with a static method. Any number of
/// threads may use it.
///
/// Settings are keywords: docs/settings.md and `bouncer_verify.types.RenewerSettings` list them. A
/// duration is a number of seconds, a timedelta or text such as "30s". None leaves a setting at its
/// default.
///
/// log: True logs logins and failures to the logger "bouncer_verify". Tokens and secrets are never
/// logged.
///
/// The static methods raise InvalidArgumentError, UnusableCredentialsError, or TypeError for an
/// unknown setting or a value of the wrong type.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct TokenRenewer {
    renewer: Detached<bouncer_verify::TokenRenewer>,
    max_wait: Duration,
}

#[pymethods]
impl TokenRenewer {
    /// Logs in with the secret of a DC/OS service account, a JSON text.
    #[staticmethod]
    #[pyo3(signature = (secret, *, log = true, **settings))]
    fn service_account(
        secret: &Bound<'_, PyAny>,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let given = [("service_account", &*str_of("secret", secret)?)];
        Self::of_source(secret.py(), &given, log, settings)
    }

    /// Logs in with the secret of a DC/OS service account. `path` is the file with the secret; it
    /// is read again for each login.
    #[staticmethod]
    #[pyo3(signature = (path, *, log = true, **settings))]
    fn service_account_file(
        py: Python<'_>,
        path: PathBuf,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let path = path
            .to_str()
            .ok_or_else(|| invalid_argument(py, "the path of the service account's file is not UTF-8"))?;
        Self::of_source(py, &[("service_account_file", path)], log, settings)
    }

    /// Logs in with a DC/OS service account from the environment. The variable
    /// DCOS_SERVICE_ACCOUNT_CREDENTIAL contains the secret, or the path of a file with the secret.
    #[staticmethod]
    #[pyo3(signature = (*, log = true, **settings))]
    fn service_account_from_env(
        py: Python<'_>,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::of_source(py, &[("service_account_env", "true")], log, settings)
    }

    /// Logs in as an OAuth 2.0 client, with the client credentials grant (RFC 6749 section 4.4).
    ///
    /// To read the secret from a file, set `client_secret_file` instead. The setting `parameters`
    /// adds parameters to the request, such as "scope", "audience" and "resource".
    #[staticmethod]
    #[pyo3(signature = (token_url, client_id, client_secret = None, *, log = true, **settings))]
    fn client_credentials(
        token_url: &Bound<'_, PyAny>,
        client_id: &Bound<'_, PyAny>,
        client_secret: Option<&Bound<'_, PyAny>>,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let secret = client_secret.map(|secret| str_of("client_secret", secret)).transpose()?;
        let (url, id) = (str_of("token_url", token_url)?, str_of("client_id", client_id)?);
        let mut given = vec![("token_url", &*url), ("client_id", &*id)];
        given.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
        Self::of_source(token_url.py(), &given, log, settings)
    }

    /// Gets tokens from your function: source() returns a token, or (token, lifetime in seconds).
    ///
    /// `source` is called on a daemon thread. If it raises, only the name of the exception's class
    /// is logged. `name` is the name of the source in logs.
    ///
    /// `source` must not reference the renewer, for example as a method of the object that owns the
    /// renewer: the garbage collector does not see such a cycle. Neither object would be freed, and
    /// only close() would end the renewals.
    #[staticmethod]
    #[pyo3(signature = (source, *, name = "callable", log = true, **settings))]
    fn from_callable(
        source: Bound<'_, PyAny>,
        name: &str,
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = source.py();
        let settings = with_source(py, &[("supplied", name)], settings)?;
        if !source.is_callable() {
            return Err(not_a("source", "a callable", &source));
        }
        background::prepare(py)?;
        let timeout = settings::duration(py, &settings, "timeout")?;
        Self::made(py, &settings, Some(PythonSource::new(source.unbind(), timeout)), log)
    }

    /// Creates a renewer from the settings in a JSON document, such as
    /// `{"service_account_file": "/etc/account.json"}`.
    #[staticmethod]
    #[pyo3(signature = (document, /, *, log = true))]
    fn from_json(py: Python<'_>, document: Text<'_>, log: bool) -> PyResult<Self> {
        Self::made(py, &settings::of_document(py, SettingsKind::Renewer, &document)?, None, log)
    }

    /// Returns a valid token. If there is no valid token and a login may succeed soon, waits for up
    /// to `max_wait`. Does not wait during an outage.
    ///
    /// Raises LoginRejectedError or UnusableCredentialsError if the operator has to act. Raises
    /// LoginUnavailableError if there is no valid token for another reason.
    fn token(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.own_token(py)?.as_str().to_owned())
    }

    /// Returns the value of the Authorization header with a valid token. Waits and raises as
    /// token() does.
    fn authorization(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.own_token(py)?.authorization().to_owned())
    }

    /// Returns a newer token after a server rejected `token`: see is_token_rejection().
    ///
    /// Concurrent calls share one login. Rejections cause at most one login in 30 seconds.
    ///
    /// Raises what token() raises, and LoginUnavailableError if there is no newer token.
    fn reject(&self, py: Python<'_>, token: &str) -> PyResult<String> {
        let newer = self.waiting(py, |ticket| self.renewer.reject_now(token, ticket))?;
        Ok(newer.as_str().to_owned())
    }

    /// token() for an event loop of asyncio, uvloop or trio: awaits instead of blocking. A valid
    /// token is returned at once. Waiting uses no thread, as for Verifier.verify_async().
    fn token_async<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        event_loop::coroutine(slf.py(), intern!(slf.py(), "token"), (slf,))
    }

    /// authorization() for an event loop, like token_async().
    fn authorization_async<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        event_loop::coroutine(slf.py(), intern!(slf.py(), "authorization"), (slf,))
    }

    /// reject() for an event loop, like token_async().
    fn reject_async<'py>(slf: &Bound<'py, Self>, token: &str) -> PyResult<Bound<'py, PyAny>> {
        event_loop::coroutine(slf.py(), intern!(slf.py(), "reject"), (slf, token))
    }

    /// Waits until there is a valid token, for up to `timeout` seconds. Raises at once if the
    /// operator has to act, for example if the login is rejected.
    ///
    /// Raises what token() raises.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let timeout = seconds(py, "timeout", timeout)?;
        let mut last = None;
        let result = interrupt::in_slices(py, timeout, |slice| match self.renewer.wait_ready(slice) {
            // Any other error is final and returns before the slice is over: a retry would spin.
            Err(error) if error.kind() == ErrorKind::LoginUnavailable && !self.is_closed() => {
                last = Some(error);
                None
            }
            result => Some(result),
        })?;
        let result = result.or(last.map(Err)).unwrap_or(Ok(()));
        result.map_err(|error| exception(py, &error))
    }

    /// Logs in now. Concurrent callers share one login. If the login fails, the current token stays
    /// in use.
    ///
    /// Meant for operators: the number of logins by renew() is not limited.
    ///
    /// Raises a LoginError if the login fails, or does not finish within `timeout` seconds.
    #[pyo3(signature = (timeout = 10.0))]
    fn renew(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let timeout = seconds(py, "timeout", timeout)?.min(LONGEST_REFRESH);
        let renewer = self.renewer.clone();
        // Waits in one call, not in slices: each call of the core's renew() may start a login.
        interrupt::wait_for(py, "bouncer-renew", move || renewer.renew(timeout))?
            .map_err(|error| login_failed(py, &error))
    }

    /// "empty" (no token yet), "valid", "expiring" (the token expires soon and was not renewed
    /// yet), "expired" or "closed".
    #[getter]
    fn state(&self) -> &'static str {
        self.renewer.status().state.as_str()
    }

    /// Grows by one with each new token. 0 before the first token.
    #[getter]
    fn generation(&self) -> u64 {
        self.renewer.status().generation
    }

    /// Returns counters and states for metrics, logs and health checks, as a
    /// `bouncer_verify.types.RenewerStats`. Only logins of this process are counted.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats::dict(py, &Stats::from(&*self.renewer))
    }

    /// Returns the stats in the text format of Prometheus.
    fn prometheus(&self) -> String {
        Stats::from(&*self.renewer).prometheus()
    }

    /// Closes the renewer for all its users: cancels the login in flight and removes the token.
    /// Waits at most one second for the thread of that login to end. The thread that serves all key
    /// sets and renewers ends with the last of them. A renewer that is freed is closed too.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.renewer.close());
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) {
        self.close(py);
    }

    #[getter]
    fn _max_wait(&self) -> f64 {
        self.max_wait.as_secs_f64()
    }

    /// Returns whether the login of this ticket is over.
    #[pyo3(signature = (ticket, /))]
    fn _is_over(&self, py: Python<'_>, ticket: u64) -> bool {
        let is_over = |login| self.renewer.wait(login, Duration::ZERO);
        py.detach(|| Ticket::from_bits(ticket).is_none_or(is_over))
    }

    /// Makes `watch` readable after each login.
    #[pyo3(signature = (watch, /))]
    fn _notify(&self, watch: &Watch) {
        self.renewer.add_notifier(&watch.0.notifier());
    }

    /// Returns (token, Authorization value), or a ticket if a login may bring a token. Wait for the
    /// login, then call again with the ticket. `ticket` is 0 in the first call.
    #[pyo3(signature = (ticket, /))]
    fn _token_now<'py>(&self, py: Python<'py>, ticket: u64) -> PyResult<Bound<'py, PyAny>> {
        result_or_ticket(py, ticket, |ticket| self.renewer.token_now(ticket))
    }

    /// _token_now() after a server rejected `token`.
    #[pyo3(signature = (token, ticket, /))]
    fn _reject_now<'py>(&self, py: Python<'py>, token: &str, ticket: u64) -> PyResult<Bound<'py, PyAny>> {
        result_or_ticket(py, ticket, |ticket| self.renewer.reject_now(token, ticket))
    }

    fn __repr__(&self) -> String {
        let status = self.renewer.status();
        format!("<TokenRenewer {}: {}>", status.source, status.state.as_str())
    }
}

impl TokenRenewer {
    fn of_source(
        py: Python<'_>,
        source: &[(&str, &str)],
        log: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::made(py, &with_source(py, source, settings)?, None, log)
    }

    fn made(py: Python<'_>, settings: &Settings, source: Option<PythonSource>, log: bool) -> PyResult<Self> {
        let builder = TokenRenewerBuilder::from_settings_and_source(settings, source);
        let mut builder = builder.map_err(|error| exception(py, &error))?;
        if log {
            background::module(py)?;
            builder = builder.observer(background::token_reporter());
        }
        let renewer = py.detach(|| builder.build()).map_err(|error| exception(py, &error))?;
        Ok(Self { renewer: renewer.into(), max_wait: settings::duration(py, settings, "max_wait")? })
    }

    fn own_token(&self, py: Python<'_>) -> PyResult<OwnToken> {
        self.waiting(py, |ticket| self.renewer.token_now(ticket))
    }

    /// Calls `attempt` until its result is final: then `attempt` sets no ticket. Between calls,
    /// waits for the login of the ticket, for up to `max_wait` in total.
    fn waiting(
        &self,
        py: Python<'_>,
        attempt: impl Fn(&mut Option<Ticket>) -> bouncer_verify::Result<OwnToken>,
    ) -> PyResult<OwnToken> {
        let mut ticket = None;
        let mut began = None;
        loop {
            let result = attempt(&mut ticket);
            let Some(login) = ticket else { return result.map_err(|error| exception(py, &error)) };
            let waited = began.get_or_insert_with(Instant::now).elapsed();
            let left = self.max_wait.saturating_sub(waited);
            interrupt::in_slices(py, left, |slice| self.renewer.wait(login, slice).then_some(()))?;
        }
    }

    fn is_closed(&self) -> bool {
        self.renewer.status().state == TokenRenewerState::Closed
    }
}

/// Returns the settings of the keyword arguments, with those in `source` added.
fn with_source(
    py: Python<'_>,
    source: &[(&str, &str)],
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Settings> {
    let mut settings = settings::of_keywords(py, SettingsKind::Renewer, keywords)?;
    for (name, text) in source {
        settings::set(py, &mut settings, name, text)?;
    }
    Ok(settings)
}

/// Calls `attempt`. Returns its token and the value for Authorization, or its ticket.
fn result_or_ticket<'py>(
    py: Python<'py>,
    ticket: u64,
    attempt: impl Fn(&mut Option<Ticket>) -> bouncer_verify::Result<OwnToken>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut ticket = Ticket::from_bits(ticket);
    let result = attempt(&mut ticket);
    if let Some(ticket) = ticket {
        return Ok(ticket.to_bits().into_pyobject(py)?.into_any());
    }
    let token = result.map_err(|error| exception(py, &error))?;
    Ok((token.as_str(), token.authorization()).into_pyobject(py)?.into_any())
}
