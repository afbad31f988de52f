//! Waits that Ctrl-C ends.

use bouncer_verify::FetchTicket;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// How long a wait goes on before it looks for signals.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

/// The ticket for a last look after the wait for `ticket` has ended in vain: what it stands for may be in use by now. The
/// answer is final.
pub(crate) fn last_look(ticket: FetchTicket) -> Option<FetchTicket> {
    /// As in `_waiting.py`.
    const BEGINS_LATER: u64 = 1 << 63;
    FetchTicket::from_bits(ticket.to_bits() | BEGINS_LATER)
}

/// Does `work`, which the core cannot do in slices. On the main thread, the one that signals come to, another thread
/// named `name` does it: a signal ends the waiting for that, and the work goes on to its end.
pub(crate) fn wait_for<T: Send + 'static>(
    py: Python<'_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    if !main.eq(threading.call_method0("get_ident")?)? {
        return Ok(py.detach(work));
    }
    let (sender, mut receiver) = sync_channel(1);
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || sender.send(work()).ok())
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    loop {
        let result;
        (receiver, result) = py.detach(move || {
            let result = receiver.recv_timeout(SLICE);
            (receiver, result)
        });
        match result {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => return Err(PyRuntimeError::new_err("it panicked")),
        }
    }
}
