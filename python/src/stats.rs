//! Converts the core's stats to a dict.

use bouncer_verify::{StatKind, StatValue, Stats};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Returns a dict from the name of each stat to its value. "source" comes first, if there is one.
/// Counters and gauges are int; times and durations are float.
pub(crate) fn dict<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for stat in stats.rows() {
        if !stat.source.is_empty() {
            dict.set_item("source", &stat.source)?;
        }
        match (&stat.value, stat.kind) {
            (None, _) => dict.set_item(stat.name, None::<u64>)?,
            (Some(StatValue::Text(text)), _) => dict.set_item(stat.name, text)?,
            (Some(StatValue::Number(number)), StatKind::Counter | StatKind::Gauge) => {
                dict.set_item(stat.name, *number as u64)?;
            }
            (Some(StatValue::Number(number)), _) => dict.set_item(stat.name, number)?,
        }
    }
    Ok(dict)
}
