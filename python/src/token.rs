//! A token that passed everything.

use crate::python_json::{copied, loads};
use crate::text::repr;
use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyString, PyTuple};

/// A token that passed every check; there is no other way to have one.
///
/// It is a read-only Mapping of the claims. A list or dict among them is a copy that the caller may
/// change.
#[pyclass(frozen, mapping, module = "bouncer_verify")]
pub(crate) struct VerifiedToken {
    token: bouncer_verify::VerifiedToken,
    /// Made when first asked for: many callers read `uid` and nothing else.
    claims: PyOnceLock<Py<PyDict>>,
}

impl From<bouncer_verify::VerifiedToken> for VerifiedToken {
    fn from(token: bouncer_verify::VerifiedToken) -> Self {
        Self { token, claims: PyOnceLock::new() }
    }
}

impl VerifiedToken {
    /// Not to be handed out: what the caller changes in it changes the token.
    fn shared<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        Ok(self.claims.get_or_try_init(py, || PyResult::Ok(self.claims(py)?.unbind()))?.bind(py))
    }

    fn view<'py>(&self, py: Python<'py>, view: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        self.claims(py)?.call_method0(view)
    }
}

#[pymethods]
impl VerifiedToken {
    /// "uid", the user or service that DC/OS names, if it is a str.
    #[getter]
    fn uid(&self) -> Option<&str> {
        self.token.uid()
    }

    /// "iss".
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.token.issuer()
    }

    /// "sub".
    #[getter]
    fn subject(&self) -> Option<&str> {
        self.token.subject()
    }

    /// "aud": its one string, or those of its array; empty if there is none.
    #[getter]
    fn audience<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.token.audience())
    }

    /// "exp" in seconds since 1970, rounded down.
    #[getter]
    fn expires_at(&self) -> Option<i64> {
        self.token.expires_at()
    }

    /// "nbf" in seconds since 1970, rounded up.
    #[getter]
    fn not_before(&self) -> Option<i64> {
        self.token.not_before()
    }

    /// "iat" in seconds since 1970, rounded down.
    #[getter]
    fn issued_at(&self) -> Option<i64> {
        self.token.issued_at()
    }

    /// "jti".
    #[getter]
    fn token_id(&self) -> Option<&str> {
        self.token.token_id()
    }

    /// The JOSE Header.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        loads(py, self.token.header())
    }

    /// The JSON of the claims, the very bytes that were signed.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.token.payload().as_bytes())
    }

    /// The "kid" of the key that verified the token, if that key has one.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.token.kid()
    }

    /// The algorithm of the signature: "RS256".
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.token.algorithm().as_str()
    }

    /// The claims as a dict that is the caller's own. The quickest way to read them all.
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

    /// The claim `key`, or `default` if there is none.
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

    /// The claims' names.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, intern!(py, "keys"))
    }

    /// The claims' values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, intern!(py, "values"))
    }

    /// The claims as pairs of name and value.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, intern!(py, "items"))
    }

    /// Shows no claim: what is logged must not hold personal data.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let kid = repr(py, self.kid())?;
        Ok(format!("<VerifiedToken {}, kid {kid}>", self.algorithm()))
    }
}
