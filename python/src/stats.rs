//! Converts the core's stats to dicts.

use bouncer_verify::{Stat, StatKind, StatValue, Stats};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Returns a dict from the name of each stat to its value. "source" comes first. Counters and
/// gauges are int; times and durations are float.
pub(crate) fn dict<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for stat in stats.rows() {
        if !stat.source.is_empty() {
            dict.set_item("source", &stat.source)?;
        }
        dict.set_item(stat.name, value_of(py, stat)?)?;
    }
    Ok(dict)
}

/// Returns the stats of a verifier, with a dict for each entry in the list "entries".
pub(crate) fn of_verifier<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    let (verifier, unassigned, entries) = (PyDict::new(py), PyDict::new(py), PyList::empty(py));
    let mut entry: Option<Entry<'_>> = None;
    for stat in stats.rows() {
        // This is the first row of each entry. Other rows of the verifier do not have this status.
        if stat.status == "ok" {
            let new = Entry { dict: PyDict::new(py), verifications: PyDict::new(py), keys: None };
            new.dict.set_item("source", &stat.source)?;
            new.dict.set_item(stat.name, &new.verifications)?;
            new.dict.set_item("keys", py.None())?;
            entries.append(&new.dict)?;
            entry = Some(new);
        }
        let value = value_of(py, stat)?;
        match &mut entry {
            None if stat.status.is_empty() => verifier.set_item(stat.name, value)?,
            None => unassigned.set_item(stat.status, value)?,
            Some(entry) if stat.status.is_empty() => entry.keys(stat)?.set_item(stat.name, value)?,
            Some(entry) => entry.verifications.set_item(stat.status, value)?,
        }
    }
    verifier.set_item("unassigned_total", unassigned)?;
    verifier.set_item("entries", entries)?;
    Ok(verifier)
}

struct Entry<'py> {
    dict: Bound<'py, PyDict>,
    verifications: Bound<'py, PyDict>,
    /// The stats of remote keys.
    keys: Option<Bound<'py, PyDict>>,
}

impl<'py> Entry<'py> {
    /// Returns the dict of the remote keys. `stat` is one of their stats.
    fn keys(&mut self, stat: &Stat) -> PyResult<&Bound<'py, PyDict>> {
        match &mut self.keys {
            Some(keys) => Ok(keys),
            none => {
                let keys = PyDict::new(self.dict.py());
                keys.set_item("source", &stat.source)?;
                self.dict.set_item("keys", &keys)?;
                Ok(none.insert(keys))
            }
        }
    }
}

fn value_of<'py>(py: Python<'py>, stat: &Stat) -> PyResult<Bound<'py, PyAny>> {
    Ok(match (&stat.value, stat.kind) {
        (None, _) => py.None().into_bound(py),
        (Some(StatValue::Text(text)), _) => text.into_pyobject(py)?.into_any(),
        (Some(StatValue::Number(number)), StatKind::Counter | StatKind::Gauge) => {
            (*number as u64).into_pyobject(py)?.into_any()
        }
        (Some(StatValue::Number(number)), _) => number.into_pyobject(py)?.into_any(),
    })
}
