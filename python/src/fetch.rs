//! Requests that a callable of the program makes, with the HTTP client of its choice.

use crate::background;
use crate::pending_call::PendingCall;
use bouncer_verify::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How soon a closed key set stops waiting for the callable.
const SLICE: Duration = Duration::from_millis(50);

type Answer = Result<HttpResponse, FetchError>;

pub(crate) struct PythonTransport {
    fetch: Py<PyAny>,
    interrupted: AtomicBool,
    /// The process in which a call is under way: a call does not survive a fork.
    busy: Arc<AtomicU32>,
}

impl PythonTransport {
    pub(crate) fn new(fetch: Py<PyAny>) -> Self {
        Self { fetch, interrupted: AtomicBool::new(false), busy: Arc::default() }
    }
}

impl Transport for PythonTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Answer {
        let end = Instant::now() + request.timeout();
        if self.busy.swap(process::id(), Ordering::SeqCst) == process::id() {
            // One that hangs must not become many.
            return Err(FetchError::new(FetchFailure::Timeout, "the call before has not returned"));
        }
        let (sender, receiver) = sync_channel(1);
        let call = FetchCall(PendingCall::new(sender, &self.busy));
        let started = background::attached(|py| {
            let name =
                |error: PyErr| error.get_type(py).name().map_or(String::new(), |name| name.to_string());
            self.start(py, request, call).map_err(|error| FetchError::new(FetchFailure::Other, name(error)))
        });
        started.unwrap_or_else(|| Err(FetchError::new(FetchFailure::Other, "the program ends")))?;
        loop {
            let left = end.saturating_duration_since(Instant::now());
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

impl PythonTransport {
    fn start(&self, py: Python<'_>, request: &HttpRequest<'_>, call: FetchCall) -> PyResult<()> {
        let headers = PyDict::new(py);
        for (name, value) in request.headers() {
            headers.set_item(name, value)?;
        }
        let timeout = request.timeout().as_secs_f64();
        let arguments = (&self.fetch, request.url(), headers, timeout, call);
        background::module(py)?.call_method1("start_fetch", arguments).map(drop)
    }
}

/// One call of the program's callable, for the thread that makes it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct FetchCall(PendingCall<Answer>);

#[pymethods]
impl FetchCall {
    /// What the callable gave.
    fn answer(&self, status: u16, headers: &Bound<'_, PyAny>, body: &[u8]) -> PyResult<()> {
        // Some clients' headers have the methods of a Mapping and are none.
        let fields = headers.call_method0("items")?.try_iter()?.map(|field| field?.extract());
        let mut fields: Vec<(String, String)> = fields.collect::<PyResult<_>>()?;
        // The client has undone it, if it knows it at all.
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        self.0.answer(Ok(HttpResponse::new(status, fields, body.to_vec())));
        Ok(())
    }

    /// The name of the class of what the callable raised. Its text may hold what is not for logs.
    fn fail(&self, name: String) {
        self.0.answer(Err(FetchError::new(FetchFailure::Other, name)));
    }
}
