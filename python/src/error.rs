//! Converts errors of the core into the exceptions of `bouncer_verify/exceptions.py`.

use bouncer_verify::{Error, ErrorKind, FetchError};
use pyo3::exceptions::PySystemError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use std::sync::Mutex;

/// Returns the codes of all errors. A test checks that each code has an exception class.
pub(crate) fn codes(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, ErrorKind::ALL.iter().map(|kind| kind.as_str()))
}

/// Returns the exception for `error`, with the text and the claim name of `error`.
#[cold]
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    build(py, error).unwrap_or_else(|failure| failure)
}

/// Returns the exception for an argument that this module rejects before it calls the core.
#[cold]
pub(crate) fn invalid_argument(py: Python<'_>, message: &str) -> PyErr {
    with_text(py, ErrorKind::InvalidArgument, message)
}

/// Returns the exception for a value in a configuration, at `path`.
#[cold]
pub(crate) fn invalid_value(py: Python<'_>, path: &str, why: &str) -> PyErr {
    let error = invalid_argument(py, &format!("{path}: {why}"));
    let named = error.value(py).setattr(intern!(py, "_claim"), path);
    named.map_or_else(|failure| failure, |()| error)
}

/// Returns the exception for a failed call of `refresh()`.
#[cold]
pub(crate) fn keys_unavailable(py: Python<'_>, message: &str) -> PyErr {
    with_text(py, ErrorKind::KeysUnavailable, message)
}

/// Returns the exception for a failed call of `renew()`.
#[cold]
pub(crate) fn login_failed(py: Python<'_>, error: &FetchError) -> PyErr {
    with_text(py, error.login_kind(), &format!("the token was not renewed: {error}"))
}

/// The exception class for one kind of error.
struct Cause {
    class: Py<PyType>,
    /// The last error of this kind and its Python objects. If the next error is equal, the objects
    /// are reused: a flood of rejected tokens repeats the same few texts.
    ///
    /// Locked only with `try_lock`: after a fork, the mutex may stay locked in the child.
    last: Mutex<Option<Last>>,
}

struct Last {
    error: Error,
    parts: Parts,
}

/// The Python objects that an exception is made from.
struct Parts {
    /// The text, as the only argument of the class.
    args: Py<PyTuple>,
    claim: Option<Py<PyString>>,
}

impl Parts {
    fn new(py: Python<'_>, error: &Error) -> PyResult<Self> {
        let args = PyTuple::new(py, [error.to_string()])?.unbind();
        Ok(Self { args, claim: error.name().map(|name| PyString::intern(py, name).unbind()) })
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        let claim = self.claim.as_ref().map(|claim| claim.clone_ref(py));
        Self { args: self.args.clone_ref(py), claim }
    }
}

/// The exception classes, in the order of `ErrorKind::ALL`.
static CAUSES: PyOnceLock<Vec<Cause>> = PyOnceLock::new();

/// Looks up the exception classes. Called when the module is loaded, not at first use. If a fork
/// happened during the first use, the child would wait forever for a thread of the parent.
pub(crate) fn load(py: Python<'_>) -> PyResult<()> {
    let by_code = py.import("bouncer_verify.exceptions")?.getattr("BY_CODE")?.cast_into::<PyDict>()?;
    let cause = |kind: &ErrorKind| {
        let class = by_code.as_any().get_item(kind.as_str())?.cast_into::<PyType>()?;
        Ok(Cause { class: class.unbind(), last: Mutex::default() })
    };
    let causes: PyResult<Vec<_>> = ErrorKind::ALL.iter().map(cause).collect();
    let _ = CAUSES.set(py, causes?);
    Ok(())
}

fn cause(py: Python<'_>, kind: ErrorKind) -> PyResult<&Cause> {
    let causes = CAUSES.get(py).map(Vec::as_slice).unwrap_or_default();
    causes
        .get(kind as usize)
        .ok_or_else(|| PySystemError::new_err("no exception class: exceptions.py is from another version"))
}

fn build(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let cause = cause(py, error.kind())?;
    let known = cause.last.try_lock().ok().and_then(|last| {
        last.as_ref().filter(|last| last.error == *error).map(|last| last.parts.clone_ref(py))
    });
    let parts = match known {
        Some(parts) => parts,
        None => {
            let parts = Parts::new(py, error)?;
            let new = Last { error: error.clone(), parts: parts.clone_ref(py) };
            // The old objects are dropped after the lock is released: dropping may run Python code.
            let _old = cause.last.try_lock().map(|mut last| last.replace(new));
            parts
        }
    };
    let exception = cause.class.bind(py).call1(parts.args)?;
    if let Some(claim) = parts.claim {
        exception.setattr(intern!(py, "_claim"), claim)?;
    }
    Ok(PyErr::from_value(exception))
}

fn with_text(py: Python<'_>, kind: ErrorKind, text: &str) -> PyErr {
    let made = || PyResult::Ok(PyErr::from_value(cause(py, kind)?.class.bind(py).call1((text,))?));
    made().unwrap_or_else(|failure| failure)
}
