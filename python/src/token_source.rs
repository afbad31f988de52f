//! A token source that calls the program's own callable, `source`.

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

/// One call of `source`. The thread that calls it reports the result here.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct LoginCall(PendingCall<NewToken>);

#[derive(FromPyObject)]
enum Returned {
    WithLifetime(String, f64),
    Token(String),
}

#[pymethods]
impl LoginCall {
    /// Called with the return value of `source`: a token, or a token and its lifetime in seconds.
    fn answer(&self, token: Returned) {
        let new = match token {
            Returned::Token(token) => NewToken::new(token),
            Returned::WithLifetime(token, lifetime) => {
                let lifetime = Duration::try_from_secs_f64(lifetime).map_err(|_| {
                    FetchError::new(FetchFailure::Document, "the lifetime must be 0 seconds or more")
                });
                lifetime.and_then(|lifetime| Ok(NewToken::new(token)?.expires_in(lifetime)))
            }
        };
        self.0.finish(new);
    }

    /// Called with the class name of the exception that `source` raised.
    fn fail(&self, name: String) {
        self.0.fail(name);
    }
}
