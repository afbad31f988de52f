//! Calls Python from the core's background threads. Python did not start these threads.

use bouncer_verify::{
    FetchError, RemoteJwkSetState, RemoteJwkSetStatus, TokenRenewerState, TokenRenewerStatus,
};
use pyo3::prelude::*;
use std::ops::Deref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{process, thread};

/// The gate that background threads pass before they call Python. Bits 0 to 30 count the threads
/// inside; bit 31 is [`CLOSED`]. Bits 32 to 63 are the id of the process that the count is for.
///
/// An atomic, not a lock: if a thread held a lock during a fork, the lock would stay locked in the
/// child, where that thread does not exist.
static GATE: AtomicU64 = AtomicU64::new(0);
/// The bit of [`GATE`] that keeps more threads from entering.
const CLOSED: u64 = 1 << 31;
/// Maximum time that an exiting program waits for the threads inside the gate.
const LONGEST_END: Duration = Duration::from_secs(1);

/// Attaches this thread to Python, runs `work` and returns its result.
///
/// If the interpreter is about to exit, returns `None` and does not run `work`. Python would end
/// the thread while it runs Rust code, and that aborts the process.
pub(crate) fn attached<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    /// Leaves the gate, even if `work` panics.
    struct Inside;
    impl Drop for Inside {
        fn drop(&mut self) {
            GATE.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let enter = |gate| Some(of_this_process(gate)).filter(|gate| gate & CLOSED == 0).map(|gate| gate + 1);
    GATE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, enter).ok()?;
    let _inside = Inside;
    Python::try_attach(work)
}

/// Returns the gate's value for this process. In a forked child, the count starts at 0 again: the
/// counted threads exist only in the parent.
fn of_this_process(gate: u64) -> u64 {
    let process = u64::from(process::id()) << 32;
    if gate & !0xFFFF_FFFF == process { gate } else { process | gate & CLOSED }
}

/// Closes the gate and waits up to [`LONGEST_END`] until no thread is inside. Called by `atexit`.
#[pyfunction]
pub(crate) fn _leave_python(py: Python<'_>) {
    let close = |gate| Some(of_this_process(gate) | CLOSED);
    let _ = GATE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, close);
    py.detach(|| {
        let end = Instant::now() + LONGEST_END;
        while GATE.load(Ordering::SeqCst) & (CLOSED - 1) != 0 && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Imports `bouncer_verify/_background.py`. Constructors of key sets and renewers call this before
/// a background thread does, so that no background thread has to load the module.
pub(crate) fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("bouncer_verify._background")
}

/// Prepares gevent, if the program uses it, for calls of the program's own `fetch` or `source`.
/// Must be called on a thread of the program.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    module(py)?.call_method0("prepare").map(drop)
}

/// A handle of the core that is dropped without the GIL. Dropping the last handle waits for the
/// background threads, which may be waiting for the GIL: with the GIL held, that is a deadlock.
pub(crate) struct Detached<T: Send>(Option<T>);

impl<T: Send> From<T> for Detached<T> {
    fn from(handle: T) -> Self {
        Self(Some(handle))
    }
}

impl<T: Send> Deref for Detached<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(handle) => handle,
            None => unreachable!("only drop() takes the handle"),
        }
    }
}

impl<T: Send> Drop for Detached<T> {
    fn drop(&mut self) {
        // If Python is about to exit, try_attach() fails, and there is no GIL to release. The
        // handle is then dropped with the field.
        Python::try_attach(|py| py.detach(|| drop(self.0.take())));
    }
}

/// Returns the observer that logs to Python: failed fetches, changes of the keys, and failures of
/// the last-good file.
pub(crate) fn reporter() -> impl Fn(&RemoteJwkSetStatus) + Send + Sync {
    let last = LastReport::default();
    let last_good_error = Mutex::new(None);
    move |status| {
        let source = &status.source;
        // The key set may have been closed after the attempt. A failure is still logged, unless
        // closing interrupted the attempt.
        let is_closed = status.state == RemoteJwkSetState::Closed;
        match last.update(status.generation, status.last_error_at) {
            Some(_) if is_closed && !has_failed(status.last_error.as_ref()) => {}
            Some(true) => {
                let (error, failure) = texts(status.last_error.as_ref());
                let next = status.next_attempt.as_secs_f64();
                call("keys_failed", (source, error, failure, status.failures_in_row, next));
            }
            Some(false) if is_closed => {}
            Some(false) => {
                call("keys_changed", (source, status.generation, status.usable_keys, status.skipped_keys));
            }
            None => {}
        }
        let error = status.last_good_error.as_ref().map(ToString::to_string);
        // Only one thread reports at a time. So the lock is held here only if the process was
        // forked during a report. The child then logs no failures of the last-good file.
        let is_new = last_good_error.try_lock().is_ok_and(|mut before| {
            let is_new = error.is_some() && *before != error;
            before.clone_from(&error);
            is_new
        });
        if is_new {
            call("last_good_failed", (source, error));
        }
    }
}

/// Returns the observer of a token renewer that logs to Python: failed logins and new tokens.
pub(crate) fn token_reporter() -> impl Fn(&TokenRenewerStatus) + Send + Sync {
    let last = LastReport::default();
    move |status| {
        let is_closed = status.state == TokenRenewerState::Closed;
        let (source, next) = (&status.source, status.next_attempt.as_secs_f64());
        match last.update(status.generation, status.last_error_at) {
            Some(_) if is_closed && !has_failed(status.last_error.as_ref()) => {}
            Some(true) => {
                let (error, failure) = texts(status.last_error.as_ref());
                call("login_failed", (source, error, failure, status.failures_in_row, next));
            }
            Some(false) if is_closed => {}
            Some(false) => call("token_changed", (source, status.generation, next)),
            None => {}
        }
    }
}

/// Returns whether an attempt failed by itself, not because it was interrupted by closing.
fn has_failed(error: Option<&FetchError>) -> bool {
    error.is_some_and(|error| !error.is_closed())
}

fn texts(error: Option<&FetchError>) -> (String, &'static str) {
    error.map_or((String::new(), ""), |error| (error.to_string(), error.failure().as_str()))
}

/// The last state that was reported. Only one thread reports at a time, so this needs no lock.
#[derive(Default)]
struct LastReport {
    generation: AtomicU64,
    /// The time of the last reported failure, in nanoseconds since 1970. A failure with another
    /// time is a new failure.
    failed_at: AtomicU64,
}

impl LastReport {
    /// Returns `Some(true)` for a new failure, `Some(false)` for only a new generation, else
    /// `None`.
    fn update(&self, generation: u64, error_at: Option<SystemTime>) -> Option<bool> {
        let at = error_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let at = at.map_or(0, |at| at.as_nanos() as u64);
        let failed = at != 0 && self.failed_at.swap(at, Ordering::Relaxed) != at;
        let changed = self.generation.swap(generation, Ordering::Relaxed) != generation;
        (failed || changed).then_some(failed)
    }
}

/// Calls `function` of `_background.py`.
fn call(function: &str, arguments: impl for<'py> pyo3::call::PyCallArgs<'py>) {
    attached(|py| {
        let report = || module(py)?.call_method1(function, arguments);
        if let Err(error) = report() {
            error.write_unraisable(py, None);
        }
    });
}
