//! Converts `str` and `bytes` arguments to bytes.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;
use std::borrow::Cow;

/// The bytes of a `str` or `bytes` argument. They are borrowed, even while other threads run: both
/// types are immutable, and the caller keeps the object alive during the call.
pub(crate) enum Text<'a> {
    Borrowed(&'a [u8]),
    /// A `str` with lone surrogates has no UTF-8 form. The core rejects these bytes.
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

/// The `str` argument `name`. Any other type raises a TypeError that names the argument, because an
/// unset variable often is `None`.
pub(crate) fn str_of<'a>(name: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    match value.cast::<PyString>() {
        Ok(text) => text.to_cow(),
        Err(_) => Err(not_a(name, "a str", value)),
    }
}

/// The TypeError for an argument of the wrong type. `expected` includes the article: "a str".
pub(crate) fn not_a(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let other = match value.get_type().name() {
        _ if value.is_none() => "None".into(),
        Ok(other) => other.to_string(),
        Err(error) => return error,
    };
    PyTypeError::new_err(format!("{name} must be {expected}, not {other}"))
}

/// Python's `repr` of an optional `str`.
pub(crate) fn repr(py: Python<'_>, text: Option<&str>) -> PyResult<String> {
    Ok(text.into_pyobject(py)?.repr()?.to_string())
}
