//! The token in an Authorization header.

use crate::error::exception;
use crate::text::Text;
use pyo3::prelude::*;

/// Returns the token in the value of an HTTP Authorization header: `Bearer <jwt>`, or `token=<jwt>`
/// as in DC/OS. None means a request without that header.
///
/// Raises MalformedAuthorizationError.
#[pyfunction]
#[pyo3(signature = (value, /))]
pub(crate) fn token_from_authorization(py: Python<'_>, value: Option<Text<'_>>) -> PyResult<String> {
    token_in(py, value.as_ref()).map(str::to_owned)
}

/// The token in the value of an Authorization header. A missing header is treated as an empty one.
pub(crate) fn token_in<'a>(py: Python<'_>, value: Option<&'a Text<'_>>) -> PyResult<&'a str> {
    let value = value.map(AsRef::as_ref).unwrap_or_default();
    bouncer_verify::token_from_authorization(value).map_err(|error| exception(py, &error))
}
