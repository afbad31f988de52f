//! Whether the descriptor of a watch is readable.

use bouncer_verify::Watch;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Waits until `watch` is readable, as an event loop does. Returns false after `timeout`.
pub(crate) fn readable_within(watch: &Watch, timeout: Duration) -> bool {
    let mut poll = libc::pollfd { fd: watch.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = timeout.as_millis().try_into().unwrap();
    #[allow(unsafe_code, reason = "std has no poll()")]
    // SAFETY: `poll` is valid for the read and the write of one element.
    let ready = unsafe { libc::poll(&raw mut poll, 1, milliseconds) };
    assert!(ready >= 0, "{}", std::io::Error::last_os_error());
    ready == 1
}

pub(crate) fn is_readable(watch: &Watch) -> bool {
    readable_within(watch, Duration::ZERO)
}
