//! Converts keyword arguments to settings of the core, and settings to Python values. A table in
//! the core defines which settings exist.

use crate::error::{exception, invalid_argument};
use crate::python_json;
use crate::text::{Text, not_a, str_of};
use bouncer_verify::{Setting, SettingType, Settings, SettingsKind};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyInt, PyMapping, PyString, PyTuple};
use std::borrow::Cow;
use std::time::Duration;

/// Units of durations, each with its length in milliseconds. "ms" comes before "s", because "5ms"
/// ends in both.
const UNITS: [(&str, f64); 5] = [("ms", 1.0), ("s", 1e3), ("m", 60e3), ("h", 3600e3), ("d", 86400e3)];

/// Returns the settings of the keyword arguments. A keyword with the value `None` leaves its
/// setting unset.
pub(crate) fn of_keywords(
    py: Python<'_>,
    kind: SettingsKind,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Settings> {
    let mut settings = Settings::new(kind);
    for (name, value) in keywords.into_iter().flatten() {
        put(py, &mut settings, &name.extract::<String>()?, &value)?;
    }
    Ok(settings)
}

/// Returns the settings of a JSON document.
pub(crate) fn of_document(py: Python<'_>, kind: SettingsKind, document: &Text<'_>) -> PyResult<Settings> {
    let mut settings = Settings::new(kind);
    let document = std::str::from_utf8(document.as_ref())
        .map_err(|_| invalid_argument(py, "the document is not UTF-8"))?;
    settings.load(document).map_err(|error| exception(py, &error))?;
    Ok(settings)
}

/// Sets `name` to the text of a positional argument.
pub(crate) fn set(py: Python<'_>, settings: &mut Settings, name: &str, text: &str) -> PyResult<()> {
    settings.set(name, text).map_err(|error| exception(py, &error))
}

fn put(py: Python<'_>, settings: &mut Settings, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let Some(setting) = settings.kind().setting(name) else {
        let unknown = settings.set(name, "").err();
        return Err(PyTypeError::new_err(unknown.map_or(String::new(), |error| error.detail().to_owned())));
    };
    if value.is_none() {
        return Ok(());
    }
    match setting.kind {
        SettingType::Map => {
            let map = value.cast::<PyMapping>().map_err(|_| not_a(name, "a mapping", value))?;
            for member in map.items()? {
                let (member, value): (String, Bound<'_, PyAny>) = member.extract()?;
                let name = format!("{name}.{member}");
                match value.is_instance_of::<PyInt>() {
                    true => set(py, settings, &name, &member_of(&name, &value)?)?,
                    false => put_list(py, settings, &name, &value, member_of)?,
                }
            }
            Ok(())
        }
        kind if kind.is_list() => put_list(py, settings, name, value, str_of),
        kind => set(py, settings, name, &text_of(name, kind, value)?),
    }
}

/// The function that converts one value of a list to text.
type ToText = for<'a> fn(&str, &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>>;

/// Converts a value of a mapping: a `str`, or a `bool` or `int` to its JSON text.
fn member_of<'a>(name: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    match value.extract::<bool>() {
        Ok(value) => Ok(if value { "true" } else { "false" }.into()),
        Err(_) if value.is_instance_of::<PyInt>() => Ok(value.str()?.to_string().into()),
        Err(_) => str_of(name, value),
    }
}

/// Sets a list setting from one `str` or from an iterable of values. An empty iterable is an error:
/// an empty value in a configuration must not turn a check off.
fn put_list(
    py: Python<'_>,
    settings: &mut Settings,
    name: &str,
    value: &Bound<'_, PyAny>,
    to_text: ToText,
) -> PyResult<()> {
    if value.is_instance_of::<PyString>() {
        return set(py, settings, name, &str_of(name, value)?);
    }
    // The items of bytes are integers, which would become texts.
    let is_binary = value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>();
    let items = value.try_iter().ok().filter(|_| !is_binary);
    let items = items.ok_or_else(|| not_a(name, "a str or an iterable of str", value))?;
    let mut is_first = true;
    for item in items {
        let (item, one) = (item?, format!("each of {name}"));
        let item = to_text(&one, &item)?;
        let added = if is_first { settings.set(name, &item) } else { settings.add(name, &item) };
        added.map_err(|error| exception(py, &error))?;
        is_first = false;
    }
    if is_first {
        return Err(invalid_argument(py, &format!("{name} is empty: omit it, or pass at least one value")));
    }
    Ok(())
}

/// Converts one value to the text that the core reads.
fn text_of<'a>(name: &str, kind: SettingType, value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    let is_bool = value.is_instance_of::<PyBool>();
    let is_int = value.is_instance_of::<PyInt>() && !is_bool;
    match kind {
        SettingType::Flag if is_bool => Ok(if value.is_truthy()? { "true" } else { "false" }.into()),
        SettingType::Flag => Err(not_a(name, "a bool", value)),
        SettingType::Duration { .. } if value.is_instance_of::<PyString>() => str_of(name, value),
        SettingType::Duration { .. } if is_bool => Err(not_a(name, "a number of seconds", value)),
        SettingType::Duration { .. } => milliseconds_of(name, value).map(Cow::Owned),
        SettingType::Size { .. } if value.is_instance_of::<PyString>() => str_of(name, value),
        SettingType::Size { .. } | SettingType::Count { .. } | SettingType::Time if is_int => {
            Ok(value.str()?.to_string().into())
        }
        SettingType::Size { .. } => Err(not_a(name, "an int or text such as \"32MiB\"", value)),
        SettingType::Count { .. } | SettingType::Time => Err(not_a(name, "an int", value)),
        SettingType::Text if name.ends_with("_file") => {
            let path = value.py().import("os")?.call_method1("fsdecode", (value,));
            let path = path.map_err(|_| not_a(name, "a str or a path", value))?.extract::<String>();
            Ok(path.map_err(|_| not_utf8(name, value))?.into())
        }
        SettingType::Text => match value.extract::<&[u8]>() {
            Ok(bytes) => Ok(std::str::from_utf8(bytes).map_err(|_| not_utf8(name, value))?.into()),
            Err(_) => str_of(name, value),
        },
        _ => str_of(name, value),
    }
}

fn not_utf8(name: &str, value: &Bound<'_, PyAny>) -> PyErr {
    invalid_argument(value.py(), &format!("{name} is not UTF-8"))
}

/// Converts a number of seconds or a timedelta to text.
fn milliseconds_of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let seconds = match value.hasattr("total_seconds")? {
        true => value.call_method0("total_seconds")?,
        false => value.clone(),
    };
    let seconds = match seconds.extract::<f64>() {
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            return Err(not_a(name, "a number of seconds", value));
        }
        seconds => seconds.unwrap_or(f64::INFINITY),
    };
    Ok(match (seconds * 1e3).round() {
        thousands if thousands.is_finite() && thousands % 1e3 == 0.0 => format!("{:.0}s", thousands / 1e3),
        milliseconds if milliseconds.is_finite() => format!("{milliseconds:.0}ms"),
        _ => return Err(invalid_argument(value.py(), &format!("{name} must be a finite number of seconds"))),
    })
}

/// Returns the settings that are set, by name.
pub(crate) fn given<'py>(py: Python<'py>, settings: &Settings) -> PyResult<Bound<'py, PyDict>> {
    let given = python_json::loads(py, &settings.document())?.cast_into::<PyDict>()?;
    for setting in settings.kind().settings() {
        if let Some(value) = given.get_item(setting.name)? {
            given.set_item(setting.name, value_of(setting, value)?)?;
        }
    }
    Ok(given)
}

/// Returns all settings of this kind, by name. The value of a setting that is not set is its
/// default, or `None` if there is no default. A flag that is not set is `False`.
pub(crate) fn all<'py>(py: Python<'py>, settings: &Settings) -> PyResult<Bound<'py, PyDict>> {
    let (given, mut defaults) = (given(py, settings)?, Settings::new(settings.kind()));
    let all = PyDict::new(py);
    for setting in settings.kind().settings() {
        all.set_item(setting.name, (setting.kind == SettingType::Flag).then_some(false))?;
        if !setting.default.is_empty() {
            set(py, &mut defaults, setting.name, setting.default)?;
        }
    }
    all.update(self::given(py, &defaults)?.as_mapping())?;
    all.update(given.as_mapping())?;
    Ok(all)
}

/// Returns the duration that the setting `name` has, or its default.
pub(crate) fn duration(py: Python<'_>, settings: &Settings, name: &str) -> PyResult<Duration> {
    let value = all(py, settings)?.as_any().get_item(name)?.extract()?;
    seconds(py, name, value)
}

/// Converts the argument `name`, a number of seconds.
pub(crate) fn seconds(py: Python<'_>, name: &str, value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| invalid_argument(py, &format!("{name} must be a finite number of seconds, 0 or more")))
}

/// Converts a value of the core's document: a list to a tuple, a duration to seconds.
fn value_of<'py>(setting: &Setting, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    match setting.kind {
        SettingType::Duration { .. } => {
            let text: String = value.extract()?;
            let seconds = UNITS.iter().find_map(|(unit, milliseconds)| {
                Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * milliseconds / 1e3)
            });
            match seconds {
                Some(whole) if whole.fract() == 0.0 => Ok((whole as u64).into_pyobject(py)?.into_any()),
                seconds => Ok(seconds.into_pyobject(py)?.into_any()),
            }
        }
        kind if kind.is_list() && kind != SettingType::Map => {
            Ok(value.extract::<Vec<String>>().map(|items| PyTuple::new(py, items))??.into_any())
        }
        _ => Ok(value),
    }
}
