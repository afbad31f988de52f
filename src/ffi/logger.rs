//! What happens in the background, for the log of a program in C.

use super::boundary::act;
use super::error::bouncer_error;
use super::failure::Failure;
use super::status::bouncer_status;
use super::text::bouncer_str;
use crate::{Error, ErrorKind};
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// How important an event is.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_log_level {
    /// A bug, or a fault of the machine.
    Error = 1,
    /// A fetch or a login that failed.
    Warn = 2,
    /// New keys, a new token.
    Info = 3,
    /// A fetch that found nothing new.
    Debug = 4,
}

/// Takes one event: `level` is a bouncer_log_level, `message` is valid during the call. It holds no
/// token, no claim value and no key. `context` is that of bouncer_set_logger().
///
/// Called by any thread, the library's own included, and by several at once. It must not throw,
/// must not call back into this library, and must not wait for a token or for keys.
pub type bouncer_log_callback =
    Option<unsafe extern "C" fn(context: *mut c_void, level: u32, message: bouncer_str)>;

/// Sends the events of this library to `callback`: those of `level` (a bouncer_log_level) and more
/// important ones. It holds for the whole process until it ends, and so long `callback` and
/// `context` must stay valid.
///
/// On failure: BOUNCER_STATUS_NULL_ARGUMENT if `callback` is NULL. BOUNCER_STATUS_INVALID_ARGUMENT
/// if there is no such level, or if there is a logger already: of an earlier call, or the `log`
/// crate's in a Rust program.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_set_logger(
    callback: bouncer_log_callback,
    context: *mut c_void,
    level: u32,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    act(err, || {
        const LEVELS: [(bouncer_log_level, LevelFilter); 4] = [
            (bouncer_log_level::Error, LevelFilter::Error),
            (bouncer_log_level::Warn, LevelFilter::Warn),
            (bouncer_log_level::Info, LevelFilter::Info),
            (bouncer_log_level::Debug, LevelFilter::Debug),
        ];
        let invalid = |why| Failure::from(Error::new(ErrorKind::InvalidArgument, why));
        let callback = callback.ok_or(Failure::NullArgument("callback"))?;
        let found = LEVELS.into_iter().find(|(own, _)| *own as u32 == level);
        let (_, filter) = found.ok_or_else(|| invalid("no such log level"))?;
        static LOGGER: OnceLock<Logger> = OnceLock::new();
        let taken = || invalid("the process has a logger already");
        LOGGER.set(Logger { callback, context }).map_err(|_| taken())?;
        let logger = LOGGER.get().ok_or_else(taken)?;
        log::set_logger(logger).map_err(|_| taken())?;
        log::set_max_level(filter);
        Ok(())
    })
}

struct Logger {
    callback: unsafe extern "C" fn(*mut c_void, u32, bouncer_str),
    context: *mut c_void,
}

// SAFETY: the caller of bouncer_set_logger() promises that any thread may call with the context; nothing else reads it.
unsafe impl Send for Logger {}
// SAFETY: as above, and several at once.
unsafe impl Sync for Logger {}

impl Log for Logger {
    /// Not the events of the crates below, which may show what was sent and received.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().split("::").next() == Some(env!("CARGO_PKG_NAME"))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            Level::Error => bouncer_log_level::Error,
            Level::Warn => bouncer_log_level::Warn,
            Level::Info => bouncer_log_level::Info,
            Level::Debug | Level::Trace => bouncer_log_level::Debug,
        };
        let message = record.args().to_string();
        // SAFETY: the caller of bouncer_set_logger() promises that it may be called with the context on any thread, for
        // ever; the message is alive during the call.
        unsafe { (self.callback)(self.context, level as u32, message.as_str().into()) };
    }

    fn flush(&self) {}
}
