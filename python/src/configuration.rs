//! Configuration documents of verifiers.

use crate::background;
use crate::python_json;
use crate::settings;
use crate::text::Text;
use bouncer_verify::{RemoteJwkSetBuilder, Settings, SettingsKind};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

/// Returns the settings of a document: JSON as `str` or `bytes`, or a mapping. With `log`, the key
/// sets that are made from the settings write to Python's log.
pub(crate) fn settings(document: &Bound<'_, PyAny>, log: bool) -> PyResult<Settings> {
    let py = document.py();
    let json;
    let text = match document.cast::<PyMapping>() {
        Ok(mapping) => {
            json = python_json::dumps(mapping)?;
            Text::Borrowed(json.as_bytes())
        }
        Err(_) => document.extract().map_err(|_| match document.get_type().name() {
            Ok(other) => PyTypeError::new_err(format!("expected str, bytes or a dict, not {other}")),
            Err(error) => error,
        })?,
    };
    let mut settings = settings::of_document(py, SettingsKind::Verifier, &text)?;
    if log {
        background::module(py)?;
        settings.with_keys(logged);
    }
    Ok(settings)
}

fn logged(builder: RemoteJwkSetBuilder) -> RemoteJwkSetBuilder {
    builder.observer(background::reporter())
}
