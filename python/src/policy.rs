//! The rules a token is judged by.

use crate::error::{exception, invalid_argument};
use crate::text::named;
use bouncer_verify::{Algorithm, Error};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use std::borrow::Cow;
use std::time::Duration;

/// What a token must be to be believed, beyond its signature. Immutable; any number of threads may use it.
///
/// Start from `Policy.dcos()` or `Policy.for_issuer(issuer, audience)` and change it with `replace()`. The
/// constructor's own defaults are those of `Policy.any_issuer()`; none but `Policy.dcos()` requires "uid".
/// Where several values are possible, one `str` is taken as well as an iterable of them.
///
/// algorithms: the allowed ones.
/// issuers: "iss" must be one of these; None: it is not compared.
/// audiences: "aud" must name one of these; None: a token that has "aud" is refused, unless `any_audience`.
/// exp_required: whether a token without "exp" is refused.
/// require_string: claims that must be strings and not empty; checked before `require`.
/// require: claims that must be there and not be null.
/// token_type: what the header's "typ" must be: "at+jwt".
/// leeway: whole seconds by which "exp" and "nbf" are moved apart, 0 to 300; "nbf" always by 60 at least.
/// max_token_len: bytes, up to 1 MiB.
/// now: the time to judge at, in seconds since 1970, or a callable that gives it; None: the system's clock.
///
/// Raises InvalidArgumentError.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Policy {
    #[pyo3(get)]
    algorithms: Names,
    #[pyo3(get)]
    issuers: Option<Names>,
    #[pyo3(get)]
    audiences: Option<Names>,
    #[pyo3(get)]
    any_audience: bool,
    #[pyo3(get)]
    exp_required: bool,
    #[pyo3(get)]
    require_string: Names,
    #[pyo3(get)]
    require: Names,
    #[pyo3(get)]
    token_type: Option<String>,
    #[pyo3(get)]
    leeway: i64,
    #[pyo3(get)]
    max_token_len: i64,
    #[pyo3(get)]
    now: Option<Py<PyAny>>,
    /// All of the above; the time only if `now` is a number.
    pub(crate) policy: bouncer_verify::Policy,
    pub(crate) asks_for_the_time: bool,
}

/// The arguments of the constructor, which are the readable attributes too.
const SETTINGS: [&str; 11] = [
    "algorithms",
    "issuers",
    "audiences",
    "any_audience",
    "exp_required",
    "require_string",
    "require",
    "token_type",
    "leeway",
    "max_token_len",
    "now",
];

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (
        *,
        algorithms = Names::one("RS256"),
        issuers = None,
        audiences = None,
        any_audience = false,
        exp_required = true,
        require_string = Names::default(),
        require = Names::default(),
        token_type = None,
        leeway = 0,
        max_token_len = 16384,
        now = None,
        _exact_nbf = false,
    ))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        algorithms: Names,
        #[pyo3(from_py_with = issuers_of)] issuers: Option<Names>,
        #[pyo3(from_py_with = audiences_of)] audiences: Option<Names>,
        any_audience: bool,
        exp_required: bool,
        require_string: Names,
        require: Names,
        token_type: Option<String>,
        leeway: i64,
        max_token_len: i64,
        now: Option<Py<PyAny>>,
        _exact_nbf: bool,
    ) -> PyResult<Self> {
        let unusable = |error: Error| exception(py, &error);
        for (name, values) in [
            ("algorithms", Some(&algorithms)),
            ("issuers", issuers.as_ref()),
            ("audiences", audiences.as_ref()),
        ] {
            // What a configuration left empty must not turn a comparison off. For empty values there is check().
            if values.is_some_and(|values| values.0.is_empty()) {
                return Err(invalid_argument(py, &format!("{name} is empty")));
            }
        }
        let allowed: Result<Vec<Algorithm>, _> = algorithms.iter().map(str::parse).collect();
        let mut policy = bouncer_verify::Policy::any_issuer().algorithms(allowed.map_err(unusable)?);
        if let Some(issuers) = &issuers {
            policy = policy.issuers(issuers.iter());
        }
        if let Some(audiences) = &audiences {
            policy = policy.audiences(audiences.iter());
        }
        if any_audience {
            policy = policy.any_audience();
        }
        if !exp_required {
            policy = policy.optional_exp();
        }
        policy = policy.required_string_claims(require_string.iter()).required_claims(require.iter());
        if _exact_nbf {
            policy = policy.exact_nbf();
        }
        if let Some(token_type) = &token_type {
            policy = policy.token_type(token_type);
        }
        let seconds = u64::try_from(leeway).map_err(|_| invalid_argument(py, "leeway is negative"))?;
        policy = policy.leeway(Duration::from_secs(seconds)).map_err(unusable)?;
        let bytes =
            usize::try_from(max_token_len).map_err(|_| invalid_argument(py, "max_token_len is negative"))?;
        policy = policy.max_token_len(bytes).map_err(unusable)?;
        policy.check().map_err(unusable)?;
        let asks_for_the_time = match &now {
            None => false,
            Some(now) if now.bind(py).is_callable() => true,
            Some(now) => {
                policy = policy.time(now.extract(py)?);
                false
            }
        };
        Ok(Self {
            algorithms,
            issuers,
            audiences,
            any_audience,
            exp_required,
            require_string,
            require,
            token_type,
            leeway,
            max_token_len,
            now,
            policy,
            asks_for_the_time,
        })
    }

    /// For the tokens of DC/OS's Bouncer: RS256; "exp" and a string "uid" are required; "iss" is not
    /// compared.
    #[staticmethod]
    fn dcos(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Self::with(py, [("require_string", PyString::new(py, "uid").as_any())])
    }

    /// For tokens that `issuer` made for `audience`: both claims must be there and match, character for
    /// character.
    #[staticmethod]
    fn for_issuer<'py>(
        issuer: &Bound<'py, PyAny>,
        audience: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        for (name, value) in [("issuer", issuer), ("audience", audience)] {
            named(name, value)?;
        }
        Self::with(issuer.py(), [("issuers", issuer), ("audiences", audience)])
    }

    /// Judges the signature and the times only: any token that a key of the set has signed passes, whoever it
    /// was made for, unless it names an audience. Prefer `for_issuer()` where tokens say "iss" and "aud".
    #[staticmethod]
    fn any_issuer(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Self::with(py, [])
    }

    /// The same policy with some settings changed, which are named as in the constructor.
    #[pyo3(signature = (**changes))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let settings = Self::settings(slf)?;
        if let Some(changes) = changes {
            settings.update(changes.as_mapping())?;
        }
        slf.get_type().call((), Some(&settings))
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Self::settings(slf)?.eq(Self::settings(other)?),
            Err(_) => Ok(false),
        }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let settings: PyResult<Vec<_>> = Self::settings(slf)?
            .iter()
            .map(|(name, value)| Ok(format!("{name}={}", value.repr()?)))
            .collect();
        Ok(format!("Policy({})", settings?.join(", ")))
    }
}

impl Policy {
    /// The policy, with the time if that has to be asked for.
    pub(crate) fn now(&self, py: Python<'_>) -> PyResult<Cow<'_, bouncer_verify::Policy>> {
        Ok(match self.time(py)? {
            Some(now) => Cow::Owned(self.policy.clone().time(now)),
            None => Cow::Borrowed(&self.policy),
        })
    }

    /// The time, if it has to be asked for.
    pub(crate) fn time(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        let Some(clock) = self.now.as_ref().filter(|_| self.asks_for_the_time) else { return Ok(None) };
        let now = clock.bind(py).call0()?;
        match now.extract::<f64>()? {
            seconds if seconds.is_finite() => Ok(Some(seconds.floor() as i64)),
            _ => Err(invalid_argument(py, "now() gave no time")),
        }
    }

    fn settings<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let settings = PyDict::new(slf.py());
        for name in SETTINGS {
            settings.set_item(name, slf.getattr(name)?)?;
        }
        Ok(settings)
    }

    fn with<'py, const N: usize>(
        py: Python<'py>,
        settings: [(&str, &Bound<'py, PyAny>); N],
    ) -> PyResult<Bound<'py, PyAny>> {
        let keywords = PyDict::new(py);
        for (name, value) in settings {
            keywords.set_item(name, value)?;
        }
        py.get_type::<Self>().call((), Some(&keywords))
    }
}

/// One `str` or an iterable of them; in Python a tuple.
#[derive(Clone, Default)]
struct Names(Vec<String>);

impl Names {
    fn one(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn issuers_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Names>> {
    named_names("issuers", object)
}

fn audiences_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Names>> {
    named_names("audiences", object)
}

/// The names of the argument `name`; what is wrong with them names it.
fn named_names(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<Names>> {
    if object.is_none() {
        return Ok(None);
    }
    if object.is_instance_of::<PyString>() {
        return Ok(Some(Names(vec![named(name, object)?.into_owned()])));
    }
    let Ok(values) = object.try_iter() else {
        return Err(PyTypeError::new_err(format!("{name} must be a str or an iterable of str")));
    };
    let one = format!("each of {name}");
    values.map(|value| Ok(named(&one, &value?)?.into_owned())).collect::<PyResult<_>>().map(Names).map(Some)
}

impl<'py> FromPyObject<'_, 'py> for Names {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(one) = object.cast::<PyString>() {
            return Ok(Self(vec![one.extract()?]));
        }
        let expected = |_| PyTypeError::new_err("expected a str or an iterable of str");
        let names: PyResult<_> = object.try_iter().map_err(expected)?.map(|name| name?.extract()).collect();
        Ok(Self(names?))
    }
}

impl<'py> IntoPyObject<'py> for Names {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        PyTuple::new(py, self.0)
    }
}
