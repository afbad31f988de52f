//! The class `Policy`.

use crate::error::{exception, invalid_argument};
use crate::settings;
use crate::text::{Text, not_a, str_of};
use bouncer_verify::{Settings, SettingsKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::borrow::Cow;

/// The rules that a token must meet, in addition to a valid signature. Immutable; any number of
/// threads may use it.
///
/// Settings are keywords: docs/settings.md and `bouncer_verify.types.PolicySettings` list them. A
/// duration is a number of seconds, a timedelta or text such as "30s". A list is a `str` or an
/// iterable of `str`. `time` is an int of seconds since 1970. None leaves a setting at its default.
/// A policy must set `issuers`, `any_issuer=True` or `profile="dcos"`.
///
/// clock: a callable that returns the time at which tokens are verified, in seconds since 1970. It
/// is called once for each token, or once for a whole batch, which a Verifier then verifies on one
/// thread. Entries of Verifier.accepting() cannot have a clock. None: the system's clock.
///
/// Raises InvalidArgumentError, and TypeError for an unknown setting or a value of the wrong type.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Policy {
    settings: Settings,
    #[pyo3(get)]
    clock: Option<Py<PyAny>>,
    exact_nbf: bool,
    /// The core's policy, made from `settings` and `exact_nbf`. It does not use the clock.
    pub(crate) policy: bouncer_verify::Policy,
}

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (*, clock = None, _exact_nbf = false, **settings))]
    fn new(
        py: Python<'_>,
        clock: Option<Bound<'_, PyAny>>,
        _exact_nbf: bool,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let settings = settings::of_keywords(py, SettingsKind::Policy, settings)?;
        Self::made(py, settings, clock, _exact_nbf)
    }

    /// Makes a policy from a JSON document such as
    /// `{"issuers": ["https://id.example"], "leeway": "30s"}`.
    #[staticmethod]
    #[pyo3(signature = (document, /))]
    fn from_json(py: Python<'_>, document: Text<'_>) -> PyResult<Self> {
        Self::made(py, settings::of_document(py, SettingsKind::Policy, &document)?, None, false)
    }

    /// Makes a policy for the tokens of DC/OS's Bouncer. They must be signed with RS256, and have
    /// "exp" and a non-empty string "uid". "iss" is not checked.
    #[staticmethod]
    fn dcos(py: Python<'_>) -> PyResult<Self> {
        Self::with(py, &[("profile", "dcos")])
    }

    /// Makes a policy for tokens that `issuer` signed for `audience`. "iss" and "aud" are required
    /// and must match, character for character. The header parameter "typ" is not checked.
    #[staticmethod]
    fn for_issuer(issuer: &Bound<'_, PyAny>, audience: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (one, other) = (str_of("issuer", issuer)?, str_of("audience", audience)?);
        Self::with(issuer.py(), &[("issuers", &one), ("audiences", &other)])
    }

    /// Makes a policy for OAuth 2.0 access tokens that `issuer` signed for `audience` (RFC 9068),
    /// as `for_issuer()` does. "typ" must be "at+jwt", and "sub", "client_id", "iat" and "jti" are
    /// required.
    #[staticmethod]
    fn access_token(issuer: &Bound<'_, PyAny>, audience: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (one, other) = (str_of("issuer", issuer)?, str_of("audience", audience)?);
        let settings = [("profile", "access_token"), ("issuers", &*one), ("audiences", &*other)];
        Self::with(issuer.py(), &settings)
    }

    /// Makes a policy that does not check "iss". Only the algorithm, the signature and the times
    /// are checked, and a token with "aud" is rejected. Prefer `for_issuer()` if the tokens have
    /// "iss" and "aud".
    #[staticmethod]
    fn any_issuer(py: Python<'_>) -> PyResult<Self> {
        Self::with(py, &[("any_issuer", "true")])
    }

    /// Returns a copy with some settings changed. The keywords are those of the constructor. None
    /// resets a setting to its default.
    #[pyo3(signature = (**changes))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = slf.get().arguments(slf.py())?;
        if let Some(changes) = changes {
            arguments.update(changes.as_mapping())?;
        }
        slf.get_type().call((), Some(&arguments))
    }

    /// All settings by name. The value of a setting that is not set is its default, or None if
    /// there is no default.
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        settings::all(py, &self.settings)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>().map(Bound::get) else { return Ok(false) };
        let comparable = |policy: &Self| -> PyResult<_> {
            // A setting that is set to its default is equal to one that is not set.
            let comparable = policy.settings(py)?;
            comparable.update(policy.arguments(py)?.as_mapping())?;
            Ok(comparable)
        };
        comparable(self)?.eq(comparable(other)?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let arguments: PyResult<Vec<_>> =
            self.arguments(py)?.iter().map(|(name, value)| Ok(format!("{name}={}", value.repr()?))).collect();
        Ok(format!("Policy({})", arguments?.join(", ")))
    }
}

impl Policy {
    /// Returns the core's policy for one verification. If the policy has a clock, the time is set
    /// to the clock's time.
    pub(crate) fn now(&self, py: Python<'_>) -> PyResult<Cow<'_, bouncer_verify::Policy>> {
        Ok(match self.time(py)? {
            Some(now) => Cow::Owned(self.policy.clone().time(now)),
            None => Cow::Borrowed(&self.policy),
        })
    }

    pub(crate) fn has_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// Calls the clock, if there is one, and returns its time.
    pub(crate) fn time(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        let Some(clock) = &self.clock else { return Ok(None) };
        let now = clock.bind(py).call0()?;
        match now.extract::<f64>()? {
            seconds if seconds.is_finite() => Ok(Some(seconds.floor() as i64)),
            _ => Err(invalid_argument(py, "clock() must return a finite number of seconds")),
        }
    }

    fn made(
        py: Python<'_>,
        settings: Settings,
        clock: Option<Bound<'_, PyAny>>,
        exact_nbf: bool,
    ) -> PyResult<Self> {
        match &clock {
            Some(clock) if !clock.is_callable() => return Err(not_a("clock", "a callable", clock)),
            Some(_) if settings::given(py, &settings)?.contains("time")? => {
                return Err(invalid_argument(py, "clock and time are mutually exclusive"));
            }
            _ => {}
        }
        let policy = bouncer_verify::Policy::from_settings(&settings);
        let policy = policy.map_err(|error| exception(py, &error))?;
        let policy = if exact_nbf { policy.exact_nbf() } else { policy };
        Ok(Self { settings, clock: clock.map(Bound::unbind), exact_nbf, policy })
    }

    fn with(py: Python<'_>, texts: &[(&str, &str)]) -> PyResult<Self> {
        let mut settings = Settings::new(SettingsKind::Policy);
        for (name, text) in texts {
            settings::set(py, &mut settings, name, text)?;
        }
        Self::made(py, settings, None, false)
    }

    /// Returns the arguments with which the constructor makes an equal policy.
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let arguments = settings::given(py, &self.settings)?;
        if let Some(clock) = &self.clock {
            arguments.set_item("clock", clock)?;
        }
        if self.exact_nbf {
            arguments.set_item("_exact_nbf", true)?;
        }
        Ok(arguments)
    }
}
