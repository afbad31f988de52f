//! The token of a request.

use crate::error::exception;
use crate::text::Text;
use pyo3::prelude::*;

/// The token in the value of an HTTP Authorization header: `token=<jwt>` as DC/OS sends it, or `Bearer
/// <jwt>`.
///
/// Raises MalformedAuthorizationError.
#[pyfunction]
#[pyo3(signature = (value, /))]
pub(crate) fn token_from_authorization(py: Python<'_>, value: Text<'_>) -> PyResult<String> {
    let token = bouncer_verify::token_from_authorization(value.as_ref());
    token.map(str::to_owned).map_err(|error| exception(py, &error))
}
