//! Converts the argument `tokens` of batch methods to Rust, and their results to a Python list.

use crate::error::{exception, invalid_argument};
use crate::text::Text;
use crate::token::VerifiedToken;
use bouncer_verify::Error;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyList, PyString};

/// The items of an iterable of `str` and `bytes`. This holds a reference to each item, because
/// other threads may change the caller's list during the verification.
pub(crate) struct Texts(pub(crate) Vec<OwnedText>);

pub(crate) enum OwnedText {
    Str(PyBackedStr),
    Bytes(PyBackedBytes),
}

impl AsRef<[u8]> for OwnedText {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Texts {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        // A single `str` or `bytes` is rejected here: it is iterable too, but its items are not
        // tokens.
        let one = object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>();
        if one || object.get_type().getattr_opt("__iter__")?.is_none() {
            let other = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("expected an iterable of str or bytes, not {other}")));
        }
        let texts: PyResult<_> = object.try_iter()?.map(|text| OwnedText::of(&text?)).collect();
        Ok(Self(texts?))
    }
}

impl OwnedText {
    fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>()
            && let Ok(text) = PyBackedStr::try_from(text.clone())
        {
            return Ok(Self::Str(text));
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes.clone().into()));
        }
        match object.extract()? {
            Text::NotUtf8(bytes) => Ok(Self::Bytes(bytes)),
            Text::Borrowed(bytes) => Ok(Self::Bytes(PyBytes::new(object.py(), bytes).into())),
        }
    }
}

pub(crate) type Verdict = Result<bouncer_verify::VerifiedToken, Error>;

/// Returns a list with a VerifiedToken or an exception for each result. Raises no exception for a
/// rejected token.
pub(crate) fn list(py: Python<'_>, verdicts: Vec<Verdict>) -> PyResult<Bound<'_, PyList>> {
    let object = |verdict| -> PyResult<_> {
        Ok(match verdict {
            Ok(token) => Py::new(py, VerifiedToken::from(token))?.into_any(),
            Err(error) => exception(py, &error).into_value(py).into_any(),
        })
    };
    let objects: PyResult<Vec<_>> = verdicts.into_iter().map(object).collect();
    PyList::new(py, objects?)
}

/// Converts the argument `name`, a count. Raises InvalidArgumentError if it is negative.
pub(crate) fn count(py: Python<'_>, name: &str, count: i64) -> PyResult<usize> {
    usize::try_from(count)
        .map_err(|_| invalid_argument(py, &format!("{name} must be 0 or more, not {count}")))
}
