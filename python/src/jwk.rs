//! The class `Jwk`.

use crate::error::exception;
use crate::text::{Text, repr};
use bouncer_verify::Error;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyType};
use std::hash::{Hash, Hasher};

/// A public key that verifies signatures. Immutable.
///
/// The static methods make a Jwk. They raise InvalidKeyError for an unsafe key: a private or
/// symmetric key, a point that is not on its curve, or an even RSA exponent. An RSA modulus must
/// have 2048 to 8192 bits.
#[pyclass(frozen, eq, hash, from_py_object, module = "bouncer_verify")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Jwk(pub(crate) bouncer_verify::Jwk);

impl Hash for Jwk {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0.n() {
            Some(n) => n.hash(state),
            None => self.0.to_der().hash(state),
        }
        self.0.kid().hash(state);
    }
}

#[pymethods]
impl Jwk {
    /// Makes an RSA key from its modulus and exponent.
    #[staticmethod]
    fn from_numbers(n: &Bound<'_, PyInt>, e: &Bound<'_, PyInt>) -> PyResult<Self> {
        let (n_octets, e_octets) = (big_endian(n)?, big_endian(e)?);
        made(n.py(), bouncer_verify::Jwk::from_rsa_components(n_octets.as_bytes(), e_octets.as_bytes()))
    }

    /// Makes an RSA key from "n" and "e" of a JWK, in base64url.
    #[staticmethod]
    fn from_rsa_base64url(py: Python<'_>, n: &str, e: &str) -> PyResult<Self> {
        made(py, bouncer_verify::Jwk::from_rsa_base64url(n, e))
    }

    /// Reads one JWK, a JSON object.
    #[staticmethod]
    #[pyo3(signature = (json, /))]
    fn from_json(py: Python<'_>, json: Text<'_>) -> PyResult<Self> {
        made(py, bouncer_verify::Jwk::from_slice(json.as_ref()))
    }

    /// Reads PEM with the label "PUBLIC KEY", "RSA PUBLIC KEY" or "CERTIFICATE".
    #[staticmethod]
    #[pyo3(signature = (pem, /))]
    fn from_pem(py: Python<'_>, pem: Text<'_>) -> PyResult<Self> {
        made(py, bouncer_verify::Jwk::from_pem(pem.as_ref()))
    }

    /// Reads DER SubjectPublicKeyInfo.
    #[staticmethod]
    #[pyo3(signature = (der, /))]
    fn from_der(py: Python<'_>, der: &[u8]) -> PyResult<Self> {
        made(py, bouncer_verify::Jwk::from_der(der))
    }

    /// Returns the same key with another key ID.
    #[pyo3(signature = (kid, /))]
    fn with_kid(&self, py: Python<'_>, kid: &str) -> PyResult<Self> {
        made(py, self.0.clone().with_kid(kid))
    }

    /// Returns the same key, restricted to one algorithm.
    #[pyo3(signature = (alg, /))]
    fn with_alg(&self, py: Python<'_>, alg: &str) -> PyResult<Self> {
        made(py, alg.parse().and_then(|algorithm| self.0.clone().with_algorithm(algorithm)))
    }

    /// The key ID, or None.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    /// The algorithm that the key is restricted to, such as "RS256"; None if it is not.
    #[getter]
    fn alg(&self) -> Option<&'static str> {
        self.0.algorithm().map(|algorithm| algorithm.as_str())
    }

    /// The key type: "RSA", "EC" or "OKP".
    #[getter]
    fn kty(&self) -> &'static str {
        self.0.key_type()
    }

    /// The curve: "P-256", "P-384", "P-521" or "Ed25519"; None for RSA.
    #[getter]
    fn crv(&self) -> Option<&'static str> {
        self.0.curve()
    }

    /// The size of the RSA modulus, or of the curve, in bits.
    #[getter]
    fn bits(&self) -> usize {
        self.0.bits()
    }

    /// The RSA modulus; None for other key types.
    #[getter]
    fn n<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.n().map(|octets| integer(py, octets)).transpose()
    }

    /// The RSA exponent; None for other key types.
    #[getter]
    fn e<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.e().map(|octets| integer(py, octets)).transpose()
    }

    /// True if "n" or "e" had an encoding that RFC 7518 forbids, but that this library accepts:
    /// padding, the standard base64 alphabet, or a leading zero octet.
    #[getter]
    fn is_tolerated(&self) -> bool {
        self.0.is_tolerated()
    }

    /// Returns the key as PEM with the label "PUBLIC KEY".
    fn to_pem(&self) -> String {
        self.0.to_pem()
    }

    /// Returns the key as DER SubjectPublicKeyInfo.
    fn to_der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_der())
    }

    /// Returns the key as a JWK, a JSON object.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Returns the JWK Thumbprint with SHA-256 (RFC 7638), in base64url.
    fn thumbprint(&self) -> String {
        self.0.thumbprint()
    }

    /// Returns the key ID that DC/OS computes for an RSA key; None for other key types.
    fn dcos_kid(&self) -> Option<String> {
        self.0.dcos_kid()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let kid = repr(py, self.kid())?;
        Ok(format!("<Jwk {} {} bits, kid {kid}>", self.kty(), self.bits()))
    }
}

fn made(py: Python<'_>, key: Result<bouncer_verify::Jwk, Error>) -> PyResult<Jwk> {
    key.map(Jwk).map_err(|error| exception(py, &error))
}

/// Returns the big-endian octets of an `int`. Returns no octets for a negative `int`, as for zero:
/// the core rejects a key with such a number.
fn big_endian<'py>(integer: &Bound<'py, PyInt>) -> PyResult<Bound<'py, PyBytes>> {
    let py = integer.py();
    if integer.lt(0)? {
        return Ok(PyBytes::new(py, &[]));
    }
    let bits: usize = integer.call_method0(intern!(py, "bit_length"))?.extract()?;
    Ok(integer.call_method1(intern!(py, "to_bytes"), (bits.div_ceil(8), "big"))?.cast_into()?)
}

fn integer<'py>(py: Python<'py>, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let int = PyType::new::<PyInt>(py);
    int.call_method1(intern!(py, "from_bytes"), (PyBytes::new(py, octets), "big"))
}
