//! Calls of Python on the background threads of the core, which Python did not start.

use bouncer_verify::{
    FetchError, RemoteJwkSetState, RemoteJwkSetStatus, TokenRenewerState, TokenRenewerStatus,
};
use pyo3::prelude::*;
use std::ops::Deref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{process, thread};

/// Admits background threads to Python. The low 31 bits count the threads inside; bit 31 is
/// [`CLOSED`]. The upper half is the id of the process that these bits are for.
///
/// Not a lock: after a fork, a lock could stay held by a thread that does not exist in the child.
static GATE: AtomicU64 = AtomicU64::new(0);
/// Set once no more threads may enter.
const CLOSED: u64 = 1 << 31;
/// How long a program that exits waits for the threads inside.
const LONGEST_END: Duration = Duration::from_secs(1);

/// Runs `work` in Python and returns its result. Returns `None` without running it if the
/// interpreter is about to exit: Python would end the thread inside Rust code, which aborts the
/// process.
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

/// The value of the gate in this process. In a forked child no thread is inside: they exist only in
/// the parent.
fn of_this_process(gate: u64) -> u64 {
    let process = u64::from(process::id()) << 32;
    if gate & !0xFFFF_FFFF == process { gate } else { process | gate & CLOSED }
}

/// Closes the gate and waits for the threads inside. Called by `atexit`.
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

/// Imports `bouncer_verify/_background.py`. The first call is made when a key set or renewer is
/// made, so that no background thread has to load the module.
pub(crate) fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("bouncer_verify._background")
}

/// Prepares for calls of the program's own `fetch` or `source`. Called on the program's thread.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    module(py)?.call_method0("prepare").map(drop)
}

/// A handle of the core that is dropped without the GIL. The last handle waits for the background
/// threads, and those may be waiting for the GIL.
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
        // If Python is about to exit, this fails, and there is no GIL to release. The field's own
        // drop then drops the handle.
        Python::try_attach(|py| py.detach(|| drop(self.0.take())));
    }
}

/// Returns the observer that logs to Python: failed fetches, changes of the keys, and failures of
/// the last-good file.
pub(crate) fn reporter() -> impl Fn(&RemoteJwkSetStatus) + Send + Sync {
    let last = LastReport::default();
    let last_good_error = Mutex::new(None);
    move |status| {
        if status.state == RemoteJwkSetState::Closed {
            return;
        }
        let source = &status.source;
        match last.update(status.generation, status.last_error_at) {
            Some(true) => {
                let (error, failure) = texts(status.last_error.as_ref());
                let next = status.next_attempt.as_secs_f64();
                call("keys_failed", (source, error, failure, status.failures_in_row, next));
            }
            Some(false) => {
                call("keys_changed", (source, status.generation, status.usable_keys, status.skipped_keys));
            }
            None => {}
        }
        let error = status.last_good_error.as_ref().map(ToString::to_string);
        // Only one thread reports at a time. The lock can only be held if a fork interrupted a
        // report. This process then logs no failures of the last-good file.
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
        if status.state == TokenRenewerState::Closed {
            return;
        }
        let (source, next) = (&status.source, status.next_attempt.as_secs_f64());
        match last.update(status.generation, status.last_error_at) {
            Some(true) => {
                let (error, failure) = texts(status.last_error.as_ref());
                call("login_failed", (source, error, failure, status.failures_in_row, next));
            }
            Some(false) => call("token_changed", (source, status.generation, next)),
            None => {}
        }
    }
}

fn texts(error: Option<&FetchError>) -> (String, &'static str) {
    error.map_or((String::new(), ""), |error| (error.to_string(), error.failure().as_str()))
}

/// The last state that was reported. One thread at a time reports, so no lock is needed.
#[derive(Default)]
struct LastReport {
    generation: AtomicU64,
    /// The time of the last reported failure, in nanoseconds since 1970. It tells failures apart.
    failed_at: AtomicU64,
}

impl LastReport {
    /// Returns `Some(true)` for a new failure, `Some(false)` for a new generation, else `None`.
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
