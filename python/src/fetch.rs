//! Sends requests through the program's own HTTP client, the callable `fetch`.

use crate::background;
use crate::pending_call::{Callable, PendingCall};
use bouncer_verify::{FetchError, HttpRequest, HttpResponse, Transport};
use pyo3::prelude::*;
use pyo3::types::PyDict;

pub(crate) struct PythonTransport(Callable);

impl PythonTransport {
    pub(crate) fn new(fetch: Py<PyAny>) -> Self {
        Self(Callable::new(fetch))
    }
}

impl Transport for PythonTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError> {
        self.0.call(request.timeout(), |py, fetch, call| {
            let headers = PyDict::new(py);
            for (name, value) in request.headers() {
                headers.set_item(name, value)?;
            }
            let timeout = request.timeout().as_secs_f64();
            let arguments = (fetch, request.url(), headers, timeout, FetchCall(call));
            background::module(py)?.call_method1("start_fetch", arguments).map(drop)
        })
    }

    fn interrupt(&self) {
        self.0.interrupt();
    }
}

/// One call of `fetch`. The thread that runs `fetch` reports the result to this object.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct FetchCall(PendingCall<HttpResponse>);

#[pymethods]
impl FetchCall {
    /// Called with the result of `fetch`.
    fn answer(&self, status: u16, headers: &Bound<'_, PyAny>, body: &[u8]) -> PyResult<()> {
        // The headers of some clients have items() but are not a Mapping.
        let fields = headers.call_method0("items")?.try_iter()?.map(|field| field?.extract());
        let mut fields: Vec<(String, String)> = fields.collect::<PyResult<_>>()?;
        // `fetch` returns the body decoded, so this header no longer applies.
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        self.0.finish(Ok(HttpResponse::new(status, fields, body.to_vec())));
        Ok(())
    }

    /// Called with the class name of the exception that `fetch` raised.
    fn fail(&self, name: String) {
        self.0.fail(name);
    }
}
