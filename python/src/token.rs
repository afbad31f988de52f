//! The class `VerifiedToken`.

use crate::python_json::{copied, loads};
use crate::text::repr;
use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyString, PyTuple};

/// A token that passed every check. Only a successful verification creates it.
///
/// The registered claims are attributes: issuer ("iss"), subject ("sub"), audience ("aud"),
/// expires_at ("exp"), not_before ("nbf"), issued_at ("iat") and token_id ("jti"). The attribute
/// uid is the claim "uid" of DC/OS. The attributes identity and scopes are read from the claims
/// that the policy names.
///
/// The token is also a read-only Mapping of all claims: token["email"], token.get("email"). If a
/// claim is a list or dict, a copy is returned: changing the copy does not change the token.
#[pyclass(frozen, mapping, module = "bouncer_verify")]
pub(crate) struct VerifiedToken {
    token: bouncer_verify::VerifiedToken,
    /// The claims as a dict. Parsed at first use: many callers read only attributes.
    claims: PyOnceLock<Py<PyDict>>,
}

impl From<bouncer_verify::VerifiedToken> for VerifiedToken {
    fn from(token: bouncer_verify::VerifiedToken) -> Self {
        Self { token, claims: PyOnceLock::new() }
    }
}

impl VerifiedToken {
    /// Returns the dict that all calls share. Never return it to Python code: a change of this dict
    /// would change the token.
    fn shared<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        Ok(self.claims.get_or_try_init(py, || PyResult::Ok(self.claims(py)?.unbind()))?.bind(py))
    }

    fn view<'py>(&self, py: Python<'py>, view: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        self.claims(py)?.call_method0(view)
    }
}

#[pymethods]
impl VerifiedToken {
    /// The claim "uid", the user or service in DC/OS. None if it is absent or not a str.
    #[getter]
    fn uid(&self) -> Option<&str> {
        self.token.uid()
    }

    /// The user or service: the claim that the policy's identity_claim names, or else "sub". None
    /// if it is absent, empty or not a str.
    #[getter]
    fn identity(&self) -> Option<&str> {
        self.token.identity()
    }

    /// The scopes of the claims "scope" and "scp", or of the policy's scope_claims, as a tuple.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.token.scopes())
    }

    /// Returns whether `scope` is one of the scopes. Case matters.
    #[pyo3(signature = (scope, /))]
    fn has_scope(&self, scope: &str) -> bool {
        self.token.has_scope(scope)
    }

    /// The claim "iss", or None.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.token.issuer()
    }

    /// The claim "sub", or None.
    #[getter]
    fn subject(&self) -> Option<&str> {
        self.token.subject()
    }

    /// The claim "aud" as a tuple, which is empty if the claim is absent.
    #[getter]
    fn audience<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.token.audience())
    }

    /// The claim "exp" in seconds since 1970, rounded down; None if absent.
    #[getter]
    fn expires_at(&self) -> Option<i64> {
        self.token.expires_at()
    }

    /// The claim "nbf" in seconds since 1970, rounded up; None if absent.
    #[getter]
    fn not_before(&self) -> Option<i64> {
        self.token.not_before()
    }

    /// The claim "iat" in seconds since 1970, rounded down; None if absent.
    #[getter]
    fn issued_at(&self) -> Option<i64> {
        self.token.issued_at()
    }

    /// The claim "jti", or None.
    #[getter]
    fn token_id(&self) -> Option<&str> {
        self.token.token_id()
    }

    /// The JOSE header, as a new dict.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        loads(py, self.token.header())
    }

    /// The JSON of the claims: the bytes that were signed.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.token.payload().as_bytes())
    }

    /// The key ID of the key that verified the token; None if that key has none.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.token.kid()
    }

    /// The algorithm of the signature, such as "RS256".
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.token.algorithm().as_str()
    }

    /// Returns all claims as a new dict. This is the fastest way to read all claims.
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        Ok(loads(py, self.token.payload())?.cast_into()?)
    }

    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.shared(name.py())?.get_item(name)? {
            Some(value) => copied(value),
            None => Err(PyKeyError::new_err(name.clone().unbind())),
        }
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.shared(name.py())?.contains(name)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.shared(py)?.try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.shared(py)?.len())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let claims = self.shared(other.py())?;
        match other.cast::<Self>() {
            Ok(other) => claims.eq(other.get().shared(other.py())?),
            Err(_) => claims.eq(other),
        }
    }

    /// Returns the claim `key`, or `default` if it is absent.
    #[pyo3(signature = (key, default = None, /))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.shared(key.py())?.get_item(key)? {
            Some(value) => copied(value).map(Some),
            None => Ok(default),
        }
    }

    /// The names of the claims.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, intern!(py, "keys"))
    }

    /// The values of the claims.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, intern!(py, "values"))
    }

    /// The names and values of the claims, as pairs.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, intern!(py, "items"))
    }

    /// Contains no claim, so that logs contain no personal data.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let kid = repr(py, self.kid())?;
        Ok(format!("<VerifiedToken {}, kid {kid}>", self.algorithm()))
    }
}
