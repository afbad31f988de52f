//! Calls the program's own callables, `fetch` and `source`. Each call runs on its own thread. So a
//! callable that hangs blocks neither a key set nor the exit of the program.

use crate::background;
use bouncer_verify::{FetchError, FetchFailure};
use pyo3::prelude::*;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Maximum time until a closed key set or renewer stops waiting for the callable.
const SLICE: Duration = Duration::from_millis(50);

type Outcome<T> = Result<T, FetchError>;

/// A callable of the program. At most one call is in flight.
pub(crate) struct Callable {
    callable: Py<PyAny>,
    interrupted: AtomicBool,
    /// The id of the process in which a call is in flight; 0 if there is no call. After a fork, the
    /// call continues only in the parent.
    busy: Arc<AtomicU32>,
}

impl Callable {
    pub(crate) fn new(callable: Py<PyAny>) -> Self {
        Self { callable, interrupted: AtomicBool::new(false), busy: Arc::default() }
    }

    /// Starts a call with the function `start`, and waits up to `timeout` for the result of the
    /// call.
    pub(crate) fn call<T: Send>(
        &self,
        timeout: Duration,
        start: impl FnOnce(Python<'_>, &Py<PyAny>, PendingCall<T>) -> PyResult<()>,
    ) -> Outcome<T> {
        let end = Instant::now() + timeout;
        let error = |failure, why| FetchError::new(failure, why);
        if self.busy.swap(process::id(), Ordering::SeqCst) == process::id() {
            // If the callable hangs, more calls would only hang too.
            return Err(error(FetchFailure::Timeout, "the previous call has not returned"));
        }
        let (sender, receiver) = sync_channel(1);
        let call = PendingCall { sender, busy: Arc::clone(&self.busy), over: AtomicBool::new(false) };
        let started = background::attached(|py| {
            start(py, &self.callable, call).map_err(|raised| {
                let name = raised.get_type(py).name().map_or(String::new(), |name| name.to_string());
                FetchError::new(FetchFailure::Other, name)
            })
        });
        started.unwrap_or_else(|| Err(error(FetchFailure::Other, "the program is exiting")))?;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(SLICE)) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(error(FetchFailure::Other, "the callable's thread ended without a result"));
                }
                Err(_) if self.interrupted.load(Ordering::SeqCst) => {
                    return Err(error(FetchFailure::Other, "closed"));
                }
                Err(_) if left.is_zero() => {
                    return Err(error(FetchFailure::Timeout, "the callable has not returned"));
                }
                Err(_) => {}
            }
        }
    }

    /// Ends the wait for the call in flight.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
    }
}

/// One call. The thread that runs the callable reports the result to this object.
pub(crate) struct PendingCall<T> {
    sender: SyncSender<Outcome<T>>,
    busy: Arc<AtomicU32>,
    over: AtomicBool,
}

impl<T> PendingCall<T> {
    pub(crate) fn finish(&self, outcome: Outcome<T>) {
        // This must come before the result is sent: the receiver may start the next call at once.
        self.end();
        let _ = self.sender.try_send(outcome);
    }

    /// Reports that the callable raised an exception. `name` is the name of the exception's class.
    /// The exception's text is not reported, because it may contain secrets.
    pub(crate) fn fail(&self, name: String) {
        self.finish(Err(FetchError::new(FetchFailure::Other, name)));
    }

    /// Records that this call of the callable is no longer in flight. Only the first `end()` has an
    /// effect: at the second one, the next call may already be in flight.
    fn end(&self) {
        if !self.over.swap(true, Ordering::SeqCst) {
            self.busy.store(0, Ordering::SeqCst);
        }
    }
}

impl<T> Drop for PendingCall<T> {
    fn drop(&mut self) {
        self.end();
    }
}
