//! What the event loops of Python need: a descriptor for the loop, and the coroutines of
//! `bouncer_verify/_waiting.py`.

use crate::settings::seconds;
use pyo3::call::PyCallArgs;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// A descriptor that is readable after each fetch or login of the sources that notify it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Watch(pub(crate) bouncer_verify::Watch);

#[pymethods]
impl Watch {
    /// Raises OSError, for example if the process has too many open files.
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self(bouncer_verify::Watch::new()?))
    }

    #[cfg(unix)]
    fn fileno(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(&self.0)
    }

    /// Makes the descriptor unreadable until the next fetch or login is over.
    fn clear(&self) {
        self.0.clear();
    }
}

/// Returns the coroutine of `wait_ready_async()`. `source` is a `RemoteJwkSet` or a `Verifier`.
pub(crate) fn until_ready<'py>(source: Bound<'py, PyAny>, timeout: f64) -> PyResult<Bound<'py, PyAny>> {
    let py = source.py();
    let timeout = seconds(py, "timeout", timeout)?.as_secs_f64();
    coroutine(py, intern!(py, "wait_ready"), (source, timeout))
}

/// Calls an `async def` function of `_waiting.py`, and returns its coroutine.
pub(crate) fn coroutine<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyString>,
    arguments: impl PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    // This module imports asyncio, so it is imported only if it is needed.
    let module = MODULE.get_or_try_init(py, || py.import("bouncer_verify._waiting").map(Bound::unbind))?;
    module.bind(py).call_method1(function, arguments)
}
