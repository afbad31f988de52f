//! `bouncer-verify jwks --watch`: prints a line for each attempt to fetch the keys.

use crate::arguments::JwksArguments;
use crate::fetch::RemoteKeys;
use crate::json::Object;
use crate::report::{Failure, Report};
use crate::text::shown;
use crate::time::utc;
use bouncer_verify::{Clock, RemoteJwkSetStatus};
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Runs until it is interrupted, or until stdout is closed.
pub(crate) fn run(arguments: &JwksArguments) -> Result<Report, Failure> {
    let remote = RemoteKeys::open(&arguments.location()?, &arguments.fetch)?;
    let keys = remote.key_set();
    // Starts the first fetch. The printed lines show whether it succeeds.
    let _ = keys.wait_ready(Duration::ZERO);
    let (mut seen, mut failures) = (0, 0);
    loop {
        while !keys.wait_attempts(seen + 1, Duration::from_secs(3600)) {}
        let status = keys.status();
        remote.warn_of_last_good_file();
        let failed = status.failures > failures;
        let line = if arguments.json { json(&status) } else { text(&status, failed) };
        let mut out = io::stdout().lock();
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            return Ok(Report::success(String::new()));
        }
        (seen, failures) = (status.attempts, status.failures);
    }
}

fn text(status: &RemoteJwkSetStatus, failed: bool) -> String {
    let now = utc(Clock::system().now());
    let next = status.next_attempt.as_secs();
    let keys = format!(
        "generation {}, {} usable, {} skipped",
        status.generation, status.usable_keys, status.skipped_keys
    );
    match &status.last_error {
        Some(error) if failed => {
            format!(
                "{now}  {}  {keys}, next in {next} s: {}\n",
                status.state.as_str(),
                shown(&error.to_string())
            )
        }
        _ => format!("{now}  {}  {keys}, next in {next} s\n", status.state.as_str()),
    }
}

fn json(status: &RemoteJwkSetStatus) -> String {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let maybe = |time: Option<SystemTime>| time.map_or("null".to_owned(), |time| seconds(time).to_string());
    let error = status.last_error.as_ref();
    let mut object = Object::new()
        .string("source", &status.source)
        .string("state", status.state.as_str())
        .maybe_string("sha256", status.sha256.as_deref())
        .raw("last_success", &maybe(status.last_success))
        .maybe_string("last_error_name", error.map(|error| error.failure().as_str()))
        .maybe_string("last_error", error.map(ToString::to_string).as_deref())
        .raw("last_error_at", &maybe(status.last_error_at))
        .raw("next_attempt_ms", &status.next_attempt.as_millis().to_string());
    for (name, number) in [
        ("generation", status.generation),
        ("usable_keys", status.usable_keys as u64),
        ("skipped_keys", status.skipped_keys as u64),
        ("failures", status.failures),
        ("failures_in_row", status.failures_in_row.into()),
        ("attempts", status.attempts),
        ("scheduled", status.scheduled),
        ("retries", status.retries),
    ] {
        object = object.raw(name, &number.to_string());
    }
    object.line()
}
