//! Python on the background threads of the core, which are not Python's own.

use bouncer_verify::{
    FetchError, RemoteJwkSetState, RemoteJwkSetStatus, TokenRenewerState, TokenRenewerStatus,
};
use pyo3::prelude::*;
use std::ops::Deref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{process, thread};

/// How many background threads are in Python, whether any more may enter, and in the upper half the
/// process that this is about. It is no lock: a fork could leave that held by a thread which is not
/// there any more.
static GATE: AtomicU64 = AtomicU64::new(0);
const CLOSED: u64 = 1 << 31;
/// How long a program that ends waits for them.
const LONGEST_END: Duration = Duration::from_secs(1);

/// Runs `work` in Python, or not at all if the interpreter is about to end: a thread that Python
/// catches then is ended in the middle of its Rust, which aborts the process.
pub(crate) fn attached<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    /// Leaves the gate also when `work` panics.
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

/// The gate as a new process finds it: the threads that were inside have stayed with its parent.
fn of_this_process(gate: u64) -> u64 {
    let process = u64::from(process::id()) << 32;
    if gate & !0xFFFF_FFFF == process { gate } else { process | gate & CLOSED }
}

/// Keeps the background out of Python from now on. For `atexit`.
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

/// `bouncer_verify/_background.py`. It is first asked for when a key set is made, so that no
/// background thread ever loads it.
pub(crate) fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("bouncer_verify._background")
}

/// Makes ready for a callable of the program's, on the program's own thread.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    module(py)?.call_method0("prepare").map(drop)
}

/// A handle of the core that is dropped without the GIL. The last one waits for the background
/// threads, and those may be about to enter Python.
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
            None => unreachable!("only the drop takes it"),
        }
    }
}

impl<T: Send> Drop for Detached<T> {
    fn drop(&mut self) {
        // Where Python is about to end, nobody enters it any more, and there is no GIL to hold.
        Python::try_attach(|py| py.detach(|| drop(self.0.take())));
    }
}

/// What tells Python's logging of an attempt: of one that failed, and of one that changed the keys,
/// or could not keep them.
pub(crate) fn reporter() -> impl Fn(&RemoteJwkSetStatus) + Send + Sync {
    let news = News::default();
    let last_good_error = Mutex::new(None);
    move |status| {
        if status.state == RemoteJwkSetState::Closed {
            return;
        }
        let source = &status.source;
        match news.of(status.generation, status.last_error_at) {
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
        // Nobody else is here, unless a fork left it held by a thread that is not there any more.
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

/// The same for a token renewer.
pub(crate) fn token_reporter() -> impl Fn(&TokenRenewerStatus) + Send + Sync {
    let news = News::default();
    move |status| {
        if status.state == TokenRenewerState::Closed {
            return;
        }
        let (source, next) = (&status.source, status.next_attempt.as_secs_f64());
        match news.of(status.generation, status.last_error_at) {
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

/// What was told last. One thread at a time tells, so it needs no lock.
#[derive(Default)]
struct News {
    generation: AtomicU64,
    /// The time tells failures apart.
    failed_at: AtomicU64,
}

impl News {
    /// Whether an attempt failed, or else something changed. `None`: nothing is new.
    fn of(&self, generation: u64, error_at: Option<SystemTime>) -> Option<bool> {
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
