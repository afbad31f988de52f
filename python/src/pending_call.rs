//! Calls of the program's own callables, which threads of their own make: a client that hangs holds up
//! neither a key set nor the end of the program.

use crate::background;
use bouncer_verify::{FetchError, FetchFailure};
use pyo3::prelude::*;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How soon a key set or renewer that is closed stops waiting for the callable.
const SLICE: Duration = Duration::from_millis(50);

type Answer<T> = Result<T, FetchError>;

/// A callable of the program. It is called once at a time.
pub(crate) struct Callable {
    callable: Py<PyAny>,
    interrupted: AtomicBool,
    /// The process in which a call is under way, else 0: a call does not survive a fork.
    busy: Arc<AtomicU32>,
}

impl Callable {
    pub(crate) fn new(callable: Py<PyAny>) -> Self {
        Self { callable, interrupted: AtomicBool::new(false), busy: Arc::default() }
    }

    /// Waits at most `timeout` for the answer to the call that `start` begins.
    pub(crate) fn call<T: Send>(
        &self,
        timeout: Duration,
        start: impl FnOnce(Python<'_>, &Py<PyAny>, PendingCall<T>) -> PyResult<()>,
    ) -> Answer<T> {
        let end = Instant::now() + timeout;
        let error = |failure, why| FetchError::new(failure, why);
        if self.busy.swap(process::id(), Ordering::SeqCst) == process::id() {
            // One that hangs must not become many.
            return Err(error(FetchFailure::Timeout, "the call before has not returned"));
        }
        let (sender, receiver) = sync_channel(1);
        let call = PendingCall { sender, busy: Arc::clone(&self.busy), over: AtomicBool::new(false) };
        let started = background::attached(|py| {
            start(py, &self.callable, call).map_err(|raised| {
                let name = raised.get_type(py).name().map_or(String::new(), |name| name.to_string());
                FetchError::new(FetchFailure::Other, name)
            })
        });
        started.unwrap_or_else(|| Err(error(FetchFailure::Other, "the program ends")))?;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(SLICE)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(error(FetchFailure::Other, "")),
                Err(_) if self.interrupted.load(Ordering::SeqCst) => {
                    return Err(error(FetchFailure::Other, "closed"));
                }
                Err(_) if left.is_zero() => return Err(error(FetchFailure::Timeout, "")),
                Err(_) => {}
            }
        }
    }

    /// Ends the wait for a call that is under way.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
    }
}

/// One call, for the thread that makes it.
pub(crate) struct PendingCall<T> {
    sender: SyncSender<Answer<T>>,
    busy: Arc<AtomicU32>,
    over: AtomicBool,
}

impl<T> PendingCall<T> {
    pub(crate) fn answer(&self, answer: Answer<T>) {
        // First, because who gets the answer may call again at once.
        self.end();
        let _ = self.sender.try_send(answer);
    }

    /// What the callable raised is told by the name of its class: its text may hold what is not for
    /// logs.
    pub(crate) fn fail(&self, name: String) {
        self.answer(Err(FetchError::new(FetchFailure::Other, name)));
    }

    /// Once: by now, another call may be under way.
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
