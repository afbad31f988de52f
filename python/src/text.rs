//! Converts `str` and `bytes` arguments to bytes.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;
use std::borrow::Cow;

/// The bytes of a `str` or `bytes` argument. They are borrowed, and stay valid while the GIL is
/// released: both types are immutable, and the caller keeps the object alive during the call.
pub(crate) enum Text<'a> {
    Borrowed(&'a [u8]),
    /// The bytes of a `str` with lone surrogates. They are not valid UTF-8, so the core rejects
    /// them.
    NotUtf8(PyBackedBytes),
}

impl AsRef<[u8]> for Text<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::NotUtf8(bytes) => bytes,
        }
    }
}

impl<'a> FromPyObject<'a, '_> for Text<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, '_, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return match object.extract() {
                Ok(text) => Ok(Self::Borrowed(str::as_bytes(text))),
                Err(_) => {
                    Ok(Self::NotUtf8(object.call_method1("encode", ("utf-8", "surrogatepass"))?.extract()?))
                }
            };
        }
        let bytes = object.extract::<&[u8]>();
        bytes.map(Self::Borrowed).map_err(|_| match object.get_type().name() {
            Ok(other) => PyTypeError::new_err(format!("expected str or bytes, not {other}")),
            Err(error) => error,
        })
    }
}

/// Returns the text of the argument `name`. If it is not a `str`, raises a TypeError that names the
/// argument: a typical mistake is `None` from an unset variable.
pub(crate) fn str_of<'a>(name: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    match value.cast::<PyString>() {
        Ok(text) => text.to_cow(),
        Err(_) => Err(not_a(name, "a str", value)),
    }
}

/// Returns the TypeError for an argument of the wrong type. `expected` includes the article: for
/// example, "a str".
pub(crate) fn not_a(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let other = match value.get_type().name() {
        _ if value.is_none() => "None".into(),
        Ok(other) => other.to_string(),
        Err(error) => return error,
    };
    PyTypeError::new_err(format!("{name} must be {expected}, not {other}"))
}

/// Returns Python's `repr` of an optional `str`.
pub(crate) fn repr(py: Python<'_>, text: Option<&str>) -> PyResult<String> {
    Ok(text.into_pyobject(py)?.repr()?.to_string())
}
