//! Tokens that a callable of the program gets, from wherever it likes.

use crate::background;
use crate::pending_call::PendingCall;
use bouncer_verify::{FetchError, FetchFailure, NewToken, TokenSource};
use pyo3::prelude::*;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How soon a closed renewer stops waiting for the callable.
const SLICE: Duration = Duration::from_millis(50);

type Answer = Result<NewToken, FetchError>;

pub(crate) struct PythonSource {
    source: Py<PyAny>,
    timeout: Duration,
    interrupted: AtomicBool,
    /// The process in which a call is under way: a call does not survive a fork.
    busy: Arc<AtomicU32>,
}

impl PythonSource {
    pub(crate) fn new(source: Py<PyAny>, timeout: Duration) -> Self {
        Self { source, timeout, interrupted: AtomicBool::new(false), busy: Arc::default() }
    }
}

impl TokenSource for PythonSource {
    fn login(&self) -> Answer {
        let start = Instant::now();
        if self.busy.swap(process::id(), Ordering::SeqCst) == process::id() {
            // One that hangs must not become many.
            return Err(FetchError::new(FetchFailure::Timeout, "the call before has not returned"));
        }
        let (sender, receiver) = sync_channel(1);
        let call = LoginCall(PendingCall::new(sender, &self.busy));
        let started = background::attached(|py| {
            let start = || background::module(py)?.call_method1("start_login", (&self.source, call));
            let name =
                |error: PyErr| error.get_type(py).name().map_or(String::new(), |name| name.to_string());
            start().map(drop).map_err(|error| FetchError::new(FetchFailure::Other, name(error)))
        });
        started.unwrap_or_else(|| Err(FetchError::new(FetchFailure::Other, "the program ends")))?;
        loop {
            let left = self.timeout.saturating_sub(start.elapsed());
            match receiver.recv_timeout(left.min(SLICE)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(FetchError::new(FetchFailure::Other, "")),
                Err(_) if self.interrupted.load(Ordering::SeqCst) => {
                    return Err(FetchError::new(FetchFailure::Other, "closed"));
                }
                Err(_) if left.is_zero() => return Err(FetchError::new(FetchFailure::Timeout, "")),
                Err(_) => {}
            }
        }
    }

    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
    }
}

/// One call of the program's callable, for the thread that makes it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct LoginCall(PendingCall<Answer>);

#[derive(FromPyObject)]
enum Given {
    WithLifetime(String, f64),
    Token(String),
}

#[pymethods]
impl LoginCall {
    /// What the callable gave: a token, or a token and its lifetime in seconds.
    fn answer(&self, token: Given) {
        let new = match token {
            Given::Token(token) => NewToken::new(token),
            Given::WithLifetime(token, lifetime) => {
                let lifetime = Duration::try_from_secs_f64(lifetime)
                    .map_err(|_| FetchError::new(FetchFailure::Document, "a lifetime that is none"));
                lifetime.and_then(|lifetime| Ok(NewToken::new(token)?.expires_in(lifetime)))
            }
        };
        self.0.answer(new);
    }

    /// The name of the class of what the callable raised. Its text may hold what is not for logs.
    fn fail(&self, name: String) {
        self.0.answer(Err(FetchError::new(FetchFailure::Other, name)));
    }
}
