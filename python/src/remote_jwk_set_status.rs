//! What a remote key set is doing, at one moment.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::SystemTime;

/// A snapshot of a RemoteJwkSet. Counts are this process's alone; times are datetimes in UTC.
///
/// source: the URL, without its query, or the issuer.
/// state: "empty": no keys yet; "fresh"; "stale": in use, though they should have been confirmed by now, or come
/// from a seed or a file; "too_old": not used; "closed".
/// generation: 0 before the first keys, and one more with each change of them.
/// sha256: of the document in use, in hex.
/// usable_keys, skipped_keys: how many keys can and cannot be used.
/// last_success: when the issuer last confirmed the keys in use; None for keys from a seed.
/// age: the seconds since then.
/// last_error, last_error_name, last_error_at: the latest failure as text and as a stable name such as
/// "timeout", and its time, even if an attempt has succeeded since.
/// failures: attempts that failed.
/// failures_in_row: scheduled attempts that failed since the last success.
/// next_attempt: in how many seconds the next attempt is due, if no token causes one before.
/// attempts: how many are done.
/// scheduled, retries, unknown_kid, without_kid, requested: how many were begun, by reason: their time had come,
/// the one before failed, a token of unknown kid, a token without kid that no key verified, refresh().
/// suppressed: tokens that lacked a key and caused no attempt.
/// last_good_error: why the last-good file could not be read or written.
#[pyclass(frozen, get_all, module = "bouncer_verify")]
pub(crate) struct RemoteJwkSetStatus {
    source: String,
    state: &'static str,
    generation: u64,
    sha256: Option<String>,
    usable_keys: usize,
    skipped_keys: usize,
    last_success: Option<SystemTime>,
    age: Option<f64>,
    last_error: Option<String>,
    last_error_name: Option<&'static str>,
    last_error_at: Option<SystemTime>,
    failures: u64,
    failures_in_row: u32,
    next_attempt: f64,
    attempts: u64,
    scheduled: u64,
    retries: u64,
    unknown_kid: u64,
    without_kid: u64,
    requested: u64,
    suppressed: u64,
    last_good_error: Option<String>,
}

const FIELDS: [&str; 22] = [
    "source",
    "state",
    "generation",
    "sha256",
    "usable_keys",
    "skipped_keys",
    "last_success",
    "age",
    "last_error",
    "last_error_name",
    "last_error_at",
    "failures",
    "failures_in_row",
    "next_attempt",
    "attempts",
    "scheduled",
    "retries",
    "unknown_kid",
    "without_kid",
    "requested",
    "suppressed",
    "last_good_error",
];

/// Loads what the times are made with, for the reason in `error::by_code`.
pub(crate) fn load(py: Python<'_>) -> PyResult<()> {
    SystemTime::UNIX_EPOCH.into_pyobject(py).map(drop)
}

#[pymethods]
impl RemoteJwkSetStatus {
    /// All of it, by name.
    fn as_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(slf.py());
        for name in FIELDS {
            fields.set_item(name, slf.getattr(name)?)?;
        }
        Ok(fields)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let fields: PyResult<Vec<_>> =
            FIELDS.iter().map(|name| Ok(format!("{name}={}", slf.getattr(*name)?.repr()?))).collect();
        Ok(format!("RemoteJwkSetStatus({})", fields?.join(", ")))
    }
}

impl From<&bouncer_verify::RemoteJwkSetStatus> for RemoteJwkSetStatus {
    fn from(status: &bouncer_verify::RemoteJwkSetStatus) -> Self {
        let last_error = status.last_error.as_ref();
        Self {
            source: status.source.clone(),
            state: status.state.as_str(),
            generation: status.generation,
            sha256: status.sha256.clone(),
            usable_keys: status.usable_keys,
            skipped_keys: status.skipped_keys,
            last_success: status.last_success,
            age: status.age.map(|age| age.as_secs_f64()),
            last_error: last_error.map(ToString::to_string),
            last_error_name: last_error.map(|error| error.failure().as_str()),
            last_error_at: status.last_error_at,
            failures: status.failures,
            failures_in_row: status.failures_in_row,
            next_attempt: status.next_attempt.as_secs_f64(),
            attempts: status.attempts,
            scheduled: status.scheduled,
            retries: status.retries,
            unknown_kid: status.unknown_kid,
            without_kid: status.without_kid,
            requested: status.requested,
            suppressed: status.suppressed,
            last_good_error: status.last_good_error.as_ref().map(ToString::to_string),
        }
    }
}
