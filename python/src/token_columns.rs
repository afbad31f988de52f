//! The class `TokenColumns`.

use bouncer_verify::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

/// The results of a batch as columns, with one row per token. The columns are read-only buffers
/// that Apache Arrow uses without conversion.
///
/// In a validity bitmap, bit i is set if row i has a value. Bit 0 is the lowest bit of the first
/// byte.
///
/// - status: a memoryview of format "I" (UInt32). 0 for an accepted token, else the number of the
///   error. codes() returns the errors as text.
/// - exp: a memoryview of format "q" (Int64). "exp" of each accepted token, in seconds since 1970;
///   0 if the row has no value.
/// - exp_validity: the validity bitmap of `exp`.
/// - uid_offsets: a memoryview of format "q" (LargeUtf8). The byte offset in `uid_data` at which
///   each "uid" starts, then the offset at which the last one ends.
/// - uid_data: the "uid" of each accepted token, concatenated, in UTF-8.
/// - uid_validity: the validity bitmap of the "uid" column.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct TokenColumns {
    statuses: Vec<u32>,
    #[pyo3(get)]
    status: Py<PyAny>,
    #[pyo3(get)]
    exp: Py<PyAny>,
    #[pyo3(get)]
    exp_validity: Py<PyBytes>,
    #[pyo3(get)]
    uid_offsets: Py<PyAny>,
    #[pyo3(get)]
    uid_data: Py<PyBytes>,
    #[pyo3(get)]
    uid_validity: Py<PyBytes>,
}

#[pymethods]
impl TokenColumns {
    fn __len__(&self) -> usize {
        self.statuses.len()
    }

    /// Returns a list with one item per row: None for an accepted token, else the `code` of the
    /// exception that verify() would raise.
    fn codes<'py>(&self, py: Python<'py>) -> Vec<Option<Bound<'py, PyString>>> {
        let code = |status: &u32| {
            let kind = ErrorKind::ALL.iter().find(|kind| kind.number() == *status)?;
            Some(PyString::intern(py, kind.as_str()))
        };
        self.statuses.iter().map(code).collect()
    }

    fn __repr__(&self) -> String {
        let accepted = self.statuses.iter().filter(|status| **status == 0).count();
        format!("<TokenColumns {} rows, {accepted} accepted>", self.statuses.len())
    }
}

impl TokenColumns {
    pub(crate) fn new(py: Python<'_>, columns: bouncer_verify::TokenColumns) -> PyResult<Self> {
        let bytes = |bytes: &[u8]| PyBytes::new(py, bytes).unbind();
        Ok(Self {
            status: view(py, &columns.status, "I", u32::to_ne_bytes)?,
            exp: view(py, &columns.exp, "q", i64::to_ne_bytes)?,
            exp_validity: bytes(&columns.exp_validity),
            uid_offsets: view(py, &columns.uid_offsets, "q", i64::to_ne_bytes)?,
            uid_data: bytes(columns.uid_data.as_bytes()),
            uid_validity: bytes(&columns.uid_validity),
            statuses: columns.status,
        })
    }
}

/// Returns a memoryview of a copy of `values`. The copy is a bytes object, because the stable ABI
/// of Python 3.10 has no buffer protocol.
fn view<T: Copy, const N: usize>(
    py: Python<'_>,
    values: &[T],
    format: &str,
    bytes_of: fn(T) -> [u8; N],
) -> PyResult<Py<PyAny>> {
    let bytes = PyBytes::new_with(py, values.len() * N, |bytes| {
        for (bytes, value) in bytes.as_chunks_mut::<N>().0.iter_mut().zip(values) {
            *bytes = bytes_of(*value);
        }
        Ok(())
    })?;
    Ok(PyMemoryView::from(&bytes)?.call_method1("cast", (format,))?.unbind())
}
