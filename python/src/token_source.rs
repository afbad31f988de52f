//! Tokens that a callable of the program gets, from wherever it likes.

use crate::background;
use crate::pending_call::{Callable, PendingCall};
use bouncer_verify::{FetchError, FetchFailure, NewToken, TokenSource};
use pyo3::prelude::*;
use std::time::Duration;

pub(crate) struct PythonSource {
    source: Callable,
    timeout: Duration,
}

impl PythonSource {
    pub(crate) fn new(source: Py<PyAny>, timeout: Duration) -> Self {
        Self { source: Callable::new(source), timeout }
    }
}

impl TokenSource for PythonSource {
    fn login(&self) -> Result<NewToken, FetchError> {
        self.source.call(self.timeout, |py, source, call| {
            background::module(py)?.call_method1("start_login", (source, LoginCall(call))).map(drop)
        })
    }

    fn interrupt(&self) {
        self.source.interrupt();
    }
}

/// One call of the program's callable, for the thread that makes it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct LoginCall(PendingCall<NewToken>);

#[derive(FromPyObject)]
enum Returned {
    WithLifetime(String, f64),
    Token(String),
}

#[pymethods]
impl LoginCall {
    /// What the callable returned: a token, or a token and its lifetime in seconds.
    fn answer(&self, token: Returned) {
        let new = match token {
            Returned::Token(token) => NewToken::new(token),
            Returned::WithLifetime(token, lifetime) => {
                let lifetime = Duration::try_from_secs_f64(lifetime)
                    .map_err(|_| FetchError::new(FetchFailure::Document, "the lifetime is not a duration"));
                lifetime.and_then(|lifetime| Ok(NewToken::new(token)?.expires_in(lifetime)))
            }
        };
        self.0.answer(new);
    }

    /// The name of the class of what the callable raised.
    fn fail(&self, name: String) {
        self.0.fail(name);
    }
}
