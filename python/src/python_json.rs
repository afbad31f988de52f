//! Converts JSON to Python objects, and back. The core checks the JSON.

use crate::error::{invalid_argument, invalid_value};
use crate::text::not_a;
use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple, PyType};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Converts `json` to exactly the value that Python's `json.loads` returns.
///
/// Calls `json.loads` for a document with a fraction, an exponent or an integer over 64 bits:
/// `json.loads` rounds correctly and returns integers of any length. Such numbers are rare in
/// tokens.
pub(crate) fn loads<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    match Value(py).deserialize(&mut serde_json::Deserializer::from_str(json)) {
        Ok(value) => Ok(value),
        Err(_) => py.import(intern!(py, "json"))?.call_method1(intern!(py, "loads"), (json,)),
    }
}

/// Returns a deep copy of `value`: its lists and dicts are copied at every level.
pub(crate) fn copied<'py>(value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(dict) = value.cast::<PyDict>() {
        let copy = PyDict::new(dict.py());
        for (name, value) in dict {
            copy.set_item(name, copied(value)?)?;
        }
        return Ok(copy.into_any());
    }
    if let Ok(list) = value.cast::<PyList>() {
        let elements: PyResult<Vec<_>> = list.iter().map(copied).collect();
        return Ok(PyList::new(value.py(), elements?)?.into_any());
    }
    Ok(value)
}

/// Maximum number of levels of a document that [`dumps`] writes. The core accepts fewer.
const MAX_LEVELS: usize = 64;

/// Converts a mapping to JSON. It may contain the types that `json.loads` returns, tuples and other
/// mappings.
///
/// Unlike Python's `json.dumps`, this converts no other names of members to `str`, and its errors
/// contain the path of the value, such as `accept[1].leeway`.
pub(crate) fn dumps(mapping: &Bound<'_, PyMapping>) -> PyResult<String> {
    let mut writer = Writer { json: String::new(), path: String::new() };
    writer.write(mapping.as_any(), 1)?;
    Ok(writer.json)
}

struct Writer {
    json: String,
    /// The path of the value that is written now. Empty for the whole document.
    path: String,
}

impl Writer {
    fn write(&mut self, value: &Bound<'_, PyAny>, level: usize) -> PyResult<()> {
        let py = value.py();
        let invalid = |why| match self.path.as_str() {
            "" => Err(invalid_argument(py, &format!("the document: {why}"))),
            path => Err(invalid_value(py, path, why)),
        };
        if value.is_none() {
            self.json += "null";
        } else if let Ok(text) = value.cast::<PyString>() {
            match text.to_cow() {
                Ok(text) => self.json += &serde_json::Value::from(&*text).to_string(),
                Err(_) => return invalid("it is not UTF-8"),
            }
        } else if value.is_instance_of::<PyBool>() {
            self.json += if value.is_truthy()? { "true" } else { "false" };
        } else if value.is_instance_of::<PyInt>() {
            // The class may have another __repr__, for example that of an Enum.
            self.json += &repr(&py.get_type::<PyInt>(), value)?;
        } else if let Ok(number) = value.cast::<PyFloat>() {
            if !number.value().is_finite() {
                return invalid("it is not a finite number");
            }
            self.json += &repr(&py.get_type::<PyFloat>(), value)?;
        } else if level > MAX_LEVELS {
            return invalid("it is nested too deeply");
        } else if let Ok(mapping) = value.cast::<PyMapping>() {
            self.write_members(mapping, level)?;
        } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            self.json.push('[');
            for (index, element) in value.try_iter()?.enumerate() {
                self.separate(index);
                self.write_at(&format!("[{index}]"), &element?, level)?;
            }
            self.json.push(']');
        } else {
            let expected = "a str, an int, a float, a bool, None, a list or a dict";
            return Err(not_a(&self.path, expected, value));
        }
        Ok(())
    }

    fn write_members(&mut self, mapping: &Bound<'_, PyMapping>, level: usize) -> PyResult<()> {
        self.json.push('{');
        // A copy: another thread may change the mapping meanwhile.
        for (index, member) in mapping.items()?.iter().enumerate() {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = member.extract()?;
            self.separate(index);
            let Ok(text) = name.cast::<PyString>() else {
                let what = if self.path.is_empty() { "the document" } else { &self.path };
                return Err(not_a(&format!("each name in {what}"), "a str", &name));
            };
            self.write(text.as_any(), level)?;
            self.json.push(':');
            let dot = if self.path.is_empty() { "" } else { "." };
            self.write_at(&format!("{dot}{text}"), &value, level)?;
        }
        self.json.push('}');
        Ok(())
    }

    fn write_at(&mut self, step: &str, value: &Bound<'_, PyAny>, level: usize) -> PyResult<()> {
        let len = self.path.len();
        self.path += step;
        self.write(value, level + 1)?;
        self.path.truncate(len);
        Ok(())
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.json.push(',');
        }
    }
}

/// Returns the result of the method `__repr__` of `class`, for a subclass too.
fn repr(class: &Bound<'_, PyType>, value: &Bound<'_, PyAny>) -> PyResult<String> {
    class.call_method1(intern!(class.py(), "__repr__"), (value,))?.extract()
}

/// Builds Python objects while serde_json parses the text.
#[derive(Clone, Copy)]
struct Value<'py>(Python<'py>);

impl<'py> Value<'py> {
    fn object<E: Error>(self, value: impl IntoPyObject<'py>) -> Result<Bound<'py, PyAny>, E> {
        value.into_bound_py_any(self.0).map_err(E::custom)
    }
}

impl<'de, 'py> DeserializeSeed<'de> for Value<'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 'py> Visitor<'de> for Value<'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.object(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.object(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.object(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(PyString::new(self.0, value).into_any())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let list = PyList::empty(self.0);
        while let Some(element) = elements.next_element_seed(self)? {
            list.append(element).map_err(A::Error::custom)?;
        }
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let dict = PyDict::new(self.0);
        while let Some((name, value)) = members.next_entry_seed(self, self)? {
            dict.set_item(name, value).map_err(A::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}
