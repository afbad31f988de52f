//! Python on the background threads of the core, which are not Python's own.

use crate::remote_jwk_set_status::RemoteJwkSetStatus;
use bouncer_verify::RemoteJwkSetState;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};
use std::{process, thread};

/// How many background threads are in Python, whether any more may enter, and in the upper half the process
/// that this is about. It is no lock: a fork could leave that held by a thread which is not there any more.
static GATE: AtomicU64 = AtomicU64::new(0);
const CLOSED: u64 = 1 << 31;
/// How long a program that ends waits for them.
const LONGEST_END: Duration = Duration::from_secs(1);

/// Runs `work` in Python, or not at all if the interpreter is about to end: a thread that Python catches then
/// is ended in the middle of its Rust, which aborts the process.
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

/// `bouncer_verify/_background.py`. It is first asked for when a key set is made, so that no background thread
/// ever loads it.
pub(crate) fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("bouncer_verify._background")
}

/// What tells Python's logging of an attempt: of one that failed, and of one that changed the keys.
pub(crate) fn reporter() -> impl Fn(&bouncer_verify::RemoteJwkSetStatus) + Send + Sync {
    // There is one background thread at a time, so these need no lock. The time tells failures apart.
    let (generation, failed_at) = (AtomicU64::new(0), AtomicU64::new(0));
    move |status| {
        if status.state == RemoteJwkSetState::Closed {
            return;
        }
        let at = status.last_error_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let at = at.map_or(0, |at| at.as_nanos() as u64);
        let failed = at != 0 && failed_at.swap(at, Ordering::Relaxed) != at;
        let changed = generation.swap(status.generation, Ordering::Relaxed) != status.generation;
        if failed || changed {
            attached(|py| {
                let status = RemoteJwkSetStatus::from(status);
                let report = || module(py)?.call_method1("report", (status, failed));
                if let Err(error) = report() {
                    error.write_unraisable(py, None);
                }
            });
        }
    }
}
