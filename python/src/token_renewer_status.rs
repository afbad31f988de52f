//! What a token renewer is doing, at one moment.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::SystemTime;

/// A snapshot of a TokenRenewer. Counts are this process's alone; times are datetimes in UTC.
///
/// source: where tokens come from.
/// state: "empty": no token yet; "valid"; "expiring": within seconds, and it could not be renewed yet;
/// "expired"; "closed".
/// generation: 0 before the first token, and one more with each.
/// expires_in: the seconds that the token in use has left; None: it does not expire, or there is none.
/// last_error, last_error_name, last_error_at: the latest failure as text and as a stable name such as
/// "rejected", and its time, even if a login has succeeded since.
/// failures: logins that failed.
/// failures_in_row: scheduled logins that failed since the last success.
/// next_attempt: in how many seconds the next login is due, if no rejection causes one before.
/// attempts: how many logins are done.
/// scheduled, retries, rejections, requested: how many were begun, by reason: their time had come, the one
/// before failed, a server did not accept the token, renew().
/// suppressed: rejections that caused no login.
#[pyclass(frozen, get_all, module = "bouncer_verify")]
pub(crate) struct TokenRenewerStatus {
    source: String,
    state: &'static str,
    generation: u64,
    expires_in: Option<f64>,
    last_error: Option<String>,
    last_error_name: Option<&'static str>,
    last_error_at: Option<SystemTime>,
    failures: u64,
    failures_in_row: u32,
    next_attempt: f64,
    attempts: u64,
    scheduled: u64,
    retries: u64,
    rejections: u64,
    requested: u64,
    suppressed: u64,
}

const FIELDS: [&str; 16] = [
    "source",
    "state",
    "generation",
    "expires_in",
    "last_error",
    "last_error_name",
    "last_error_at",
    "failures",
    "failures_in_row",
    "next_attempt",
    "attempts",
    "scheduled",
    "retries",
    "rejections",
    "requested",
    "suppressed",
];

#[pymethods]
impl TokenRenewerStatus {
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
        Ok(format!("TokenRenewerStatus({})", fields?.join(", ")))
    }
}

impl From<&bouncer_verify::TokenRenewerStatus> for TokenRenewerStatus {
    fn from(status: &bouncer_verify::TokenRenewerStatus) -> Self {
        let last_error = status.last_error.as_ref();
        Self {
            source: status.source.clone(),
            state: status.state.as_str(),
            generation: status.generation,
            expires_in: status.expires_in.map(|left| left.as_secs_f64()),
            last_error: last_error.map(ToString::to_string),
            last_error_name: last_error.map(|error| error.failure().as_str()),
            last_error_at: status.last_error_at,
            failures: status.failures,
            failures_in_row: status.failures_in_row,
            next_attempt: status.next_attempt.as_secs_f64(),
            attempts: status.attempts,
            scheduled: status.scheduled,
            retries: status.retries,
            rejections: status.rejections,
            requested: status.requested,
            suppressed: status.suppressed,
        }
    }
}
