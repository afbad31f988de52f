//! Errors of the core as the exceptions of `bouncer_verify/exceptions.py`.

use bouncer_verify::{Error, ErrorKind, FetchError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

/// The stable name of every error, for the test that each has its exception.
pub(crate) fn codes(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, ErrorKind::ALL.iter().map(|kind| kind.as_str()))
}

/// The exception for `error`, its text and the claim it names.
#[cold]
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    build(py, error.kind(), &error.to_string(), error.name()).unwrap_or_else(|failure| failure)
}

/// The exception for an argument that this crate finds unusable before the core sees it.
#[cold]
pub(crate) fn invalid_argument(py: Python<'_>, message: &str) -> PyErr {
    build(py, ErrorKind::InvalidArgument, message, None).unwrap_or_else(|failure| failure)
}

/// The exception for a fetch that the program asked for and that failed.
#[cold]
pub(crate) fn keys_unavailable(py: Python<'_>, message: &str) -> PyErr {
    build(py, ErrorKind::KeysUnavailable, message, None).unwrap_or_else(|failure| failure)
}

/// The exception for a login that the program asked for and that failed.
#[cold]
pub(crate) fn login_failed(py: Python<'_>, error: &FetchError) -> PyErr {
    let message = format!("the token was not renewed: {error}");
    build(py, error.login_kind(), &message, None).unwrap_or_else(|failure| failure)
}

/// The exceptions by their codes. They are there from the module's start: a fork while another thread looked them
/// up for the first time would leave the child waiting for that thread.
pub(crate) fn by_code(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static BY_CODE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    BY_CODE.import(py, "bouncer_verify.exceptions", "BY_CODE")
}

fn build(py: Python<'_>, kind: ErrorKind, message: &str, claim: Option<&str>) -> PyResult<PyErr> {
    let exception = by_code(py)?.as_any().get_item(kind.as_str())?.call1((message,))?;
    if let Some(claim) = claim {
        exception.setattr("claim", claim)?;
    }
    Ok(PyErr::from_value(exception))
}
