//! The class `JwkSet`.

use crate::error::{exception, invalid_argument};
use crate::jwk::Jwk;
use crate::text::{Text, repr};
use bouncer_verify::{Backend, Error};
use pyo3::prelude::*;
use std::sync::Arc;

/// An issuer's public keys, checked and parsed once. Immutable; any number of threads may use it.
///
/// A key that cannot be used is skipped and listed in `skipped`. The other keys are not affected.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct JwkSet(pub(crate) Arc<bouncer_verify::JwkSet>);

#[pymethods]
impl JwkSet {
    /// Makes a set from an iterable of Jwk. from_json() describes `backend`.
    ///
    /// Raises NoUsableKeyError.
    #[new]
    #[pyo3(signature = (keys, /, *, backend = None))]
    fn new(keys: &Bound<'_, PyAny>, backend: Option<&str>) -> PyResult<Self> {
        let py = keys.py();
        let backend = backend_of(py, backend)?;
        let keys: PyResult<Vec<_>> = keys.try_iter()?.map(|key| Ok(key?.extract::<Jwk>()?.0)).collect();
        let keys = keys?;
        Self::made(py, py.detach(|| bouncer_verify::JwkSet::from_keys_with(keys, backend)))
    }

    /// Reads a JWK Set document: strict JSON of at most 1 MiB and 1000 members. At most 100 usable
    /// keys are kept.
    ///
    /// backend: the code that verifies signatures. Each back end accepts the same signatures.
    /// "accelerated": the library's own code where it is faster, and aws-lc for the rest. "aws-lc":
    /// aws-lc alone. None: "accelerated", unless the environment variable
    /// BOUNCER_VERIFY_NO_ACCELERATION is neither empty nor 0.
    ///
    /// Raises MalformedKeySetError or NoUsableKeyError.
    #[staticmethod]
    #[pyo3(signature = (json, /, *, backend = None))]
    fn from_json(py: Python<'_>, json: Text<'_>, backend: Option<&str>) -> PyResult<Self> {
        let backend = backend_of(py, backend)?;
        Self::made(py, py.detach(|| bouncer_verify::JwkSet::from_slice_with(json.as_ref(), backend)))
    }

    /// Returns the keys that from_json() skips in this document. Works even if from_json() raises
    /// NoUsableKeyError for the document.
    ///
    /// Raises MalformedKeySetError.
    #[staticmethod]
    #[pyo3(signature = (json, /))]
    fn skipped_in(py: Python<'_>, json: Text<'_>) -> PyResult<Vec<SkippedKey>> {
        let skipped = py.detach(|| bouncer_verify::JwkSet::skipped_in(json.as_ref()));
        let skipped = skipped.map_err(|error| exception(py, &error))?;
        Ok(skipped.into_iter().map(SkippedKey).collect())
    }

    /// The usable keys, in document order.
    #[getter]
    fn keys(&self) -> Vec<Jwk> {
        self.0.keys().iter().cloned().map(Jwk).collect()
    }

    /// The number of keys whose next signature the library's own code verifies. ES256 and Ed25519
    /// keys count once they have tables: after 100 valid tokens.
    #[getter]
    fn accelerated_keys(&self) -> usize {
        self.0.accelerated_keys()
    }

    /// The keys of the document that cannot be used.
    #[getter]
    fn skipped(&self) -> Vec<SkippedKey> {
        self.0.skipped().iter().cloned().map(SkippedKey).collect()
    }

    fn __repr__(&self) -> String {
        format!("<JwkSet {} keys, {} skipped>", self.0.keys().len(), self.0.skipped().len())
    }
}

impl JwkSet {
    fn made(py: Python<'_>, set: Result<bouncer_verify::JwkSet, Error>) -> PyResult<Self> {
        set.map(|set| Self(Arc::new(set))).map_err(|error| exception(py, &error))
    }
}

/// Returns the back end with this name. None means the default.
pub(crate) fn backend_of(py: Python<'_>, name: Option<&str>) -> PyResult<Backend> {
    match name {
        None => Ok(Backend::default()),
        Some("accelerated") => Ok(Backend::Accelerated),
        Some("aws-lc") => Ok(Backend::AwsLc),
        Some(_) => Err(invalid_argument(py, "backend must be \"accelerated\" or \"aws-lc\"")),
    }
}

/// A key of a JWK Set that cannot be used.
#[pyclass(frozen, eq, module = "bouncer_verify")]
#[derive(PartialEq)]
pub(crate) struct SkippedKey(bouncer_verify::SkippedKey);

#[pymethods]
impl SkippedKey {
    /// The index of the key in the document, from 0.
    #[getter]
    fn index(&self) -> usize {
        self.0.index()
    }

    /// The key ID; None if it is missing or cannot be read.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    /// Why the key cannot be used: a stable name such as "wrong_use".
    #[getter]
    fn reason(&self) -> &'static str {
        self.0.reason().as_str()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let kid = repr(py, self.kid())?;
        Ok(format!("<SkippedKey {}, kid {kid}: {}>", self.index(), self.reason()))
    }
}
