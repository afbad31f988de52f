//! Functions that wait. Ctrl-C can interrupt the wait, and other greenlets can run during it.

use crate::error::exception;
use crate::settings::seconds;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// The time between two checks for signals.
const SLICE: Duration = Duration::from_millis(100);
/// The time that a greenlet sleeps between two calls of `step`.
const NAP: Duration = Duration::from_millis(10);

/// Calls `step` until it returns `Some`, and returns that. Returns `None` after `timeout`. `step`
/// is called with a duration, and must not wait longer than this duration.
///
/// Other threads can run Python while `step` waits. If a signal handler raises an exception,
/// returns that exception as the error.
///
/// If gevent or eventlet has patched `time.sleep`, `step` is called with a duration of zero, and
/// the greenlet sleeps between two calls. If `step` blocked the thread, no greenlet of its hub
/// could run.
pub(crate) fn in_slices<T: Send>(
    py: Python<'_>,
    timeout: Duration,
    mut step: impl FnMut(Duration) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    let start = Instant::now();
    let greenlet_sleep = greenlet_sleep(py)?;
    loop {
        let left = timeout.saturating_sub(start.elapsed());
        let slice = if greenlet_sleep.is_some() { Duration::ZERO } else { left.min(SLICE) };
        let result = py.detach(|| step(slice));
        if result.is_some() || left == slice {
            return Ok(result);
        }
        match &greenlet_sleep {
            Some(sleep) => sleep.call1((left.min(NAP).as_secs_f64(),)).map(drop)?,
            None => py.check_signals()?,
        }
    }
}

/// Calls `ready`, which blocks up to the given duration, until it returns `Ok` or `timeout` seconds
/// are over. If `may_become_ready` returns false, waiting does not help: raises the last error.
pub(crate) fn until_ready(
    py: Python<'_>,
    timeout: f64,
    ready: impl Fn(Duration) -> bouncer_verify::Result<()> + Send + Sync,
    may_become_ready: impl Fn() -> bool + Send + Sync,
) -> PyResult<()> {
    let result = in_slices(py, seconds(py, "timeout", timeout)?, |slice| match ready(slice) {
        Err(_) if may_become_ready() => None,
        result => Some(result),
    })?;
    let result = result.unwrap_or_else(|| py.detach(|| ready(Duration::ZERO)));
    result.map_err(|error| exception(py, &error))
}

/// Returns `time.sleep` if gevent or eventlet has patched it. The patched function lets other
/// greenlets run.
fn greenlet_sleep(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let sleep = py.import("time")?.getattr("sleep")?;
    let module = sleep.getattr("__module__").and_then(|module| module.extract::<String>());
    let is_patched =
        module.is_ok_and(|module| module.starts_with("gevent") || module.starts_with("eventlet"));
    Ok(is_patched.then_some(sleep))
}

/// Runs `work`, which cannot be split into slices, and returns its result.
///
/// On the main thread, which receives signals, and in a greenlet, `work` runs on another thread
/// named `name`. If a signal handler raises an exception, the wait ends, but `work` continues.
pub(crate) fn wait_for<T: Send + 'static>(
    py: Python<'_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    if !main.eq(threading.call_method0("get_ident")?)? && greenlet_sleep(py)?.is_none() {
        return Ok(py.detach(work));
    }
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || sender.send(work()).ok())
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let step = move |slice| match receiver.recv_timeout(slice) {
        Err(RecvTimeoutError::Timeout) => None,
        result => Some(result),
    };
    match in_slices(py, Duration::MAX, step)? {
        Some(Ok(result)) => Ok(result),
        _ => Err(PyRuntimeError::new_err("a thread of bouncer_verify panicked: please report this bug")),
    }
}
