//! Requests through the program's own HTTP client, the callable `fetch`.

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

/// One call of `fetch`. The thread that calls it reports the result here.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct FetchCall(PendingCall<HttpResponse>);

#[pymethods]
impl FetchCall {
    /// Called with the result of the callable.
    fn answer(&self, status: u16, headers: &Bound<'_, PyAny>, body: &[u8]) -> PyResult<()> {
        // Some clients' headers have the methods of a Mapping but are not one.
        let fields = headers.call_method0("items")?.try_iter()?.map(|field| field?.extract());
        let mut fields: Vec<(String, String)> = fields.collect::<PyResult<_>>()?;
        // The client has decoded the body already, if it supports the encoding.
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        self.0.finish(Ok(HttpResponse::new(status, fields, body.to_vec())));
        Ok(())
    }

    /// Called with the class name of the exception that the callable raised.
    fn fail(&self, name: String) {
        self.0.fail(name);
    }
}
