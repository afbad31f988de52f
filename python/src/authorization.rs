//! Reads the token from the value of an Authorization header.

use crate::error::exception;
use crate::text::Text;
use pyo3::prelude::*;

/// Returns the token in the value of an HTTP Authorization header: `Bearer <jwt>`, or `token=<jwt>`
/// as in DC/OS. Pass None if the request has no such header.
///
/// Raises MalformedAuthorizationError, also for None.
#[pyfunction]
#[pyo3(signature = (value, /))]
pub(crate) fn token_from_authorization(py: Python<'_>, value: Option<Text<'_>>) -> PyResult<String> {
    token_in(py, value.as_ref()).map(str::to_owned)
}

/// Returns the token in the value of an Authorization header. A missing header is treated as an
/// empty value.
pub(crate) fn token_in<'a>(py: Python<'_>, value: Option<&'a Text<'_>>) -> PyResult<&'a str> {
    let value = value.map(AsRef::as_ref).unwrap_or_default();
    bouncer_verify::token_from_authorization(value).map_err(|error| exception(py, &error))
}
