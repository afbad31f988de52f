//! Passes the log events of this library to a C callback.

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

/// The severity of an event.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_log_level {
    /// A bug in this library, or a fault of the machine.
    Error = 1,
    /// A fetch or a login failed.
    Warn = 2,
    /// New keys or a new token are in use.
    Info = 3,
    /// A fetch returned the keys already in use.
    Debug = 4,
}

/// Receives one event. `level` is a bouncer_log_level. `message` is valid during the call and holds
/// no token, no claim value and no key. `context` is the argument of bouncer_set_logger().
///
/// Any thread may call the callback, including the library's own threads, and several threads may
/// call it at once. The callback must not throw, must not call this library, and must not wait for
/// a token or for keys.
pub type bouncer_log_callback =
    Option<unsafe extern "C" fn(context: *mut c_void, level: u32, message: bouncer_str)>;

/// Sends the events of this library to `callback`: those with the severity `level` (a
/// bouncer_log_level) or a higher severity. The logger cannot be removed or replaced: `callback`
/// and `context` must stay valid until the process ends.
///
/// On failure: BOUNCER_STATUS_NULL_ARGUMENT if `callback` is NULL. BOUNCER_STATUS_INVALID_ARGUMENT
/// if `level` is unknown, or if the process already has a logger. An earlier call may have set it,
/// or a Rust program through the `log` crate.
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
        let (_, filter) =
            found.ok_or_else(|| invalid("unknown log level: use a BOUNCER_LOG_LEVEL_ value"))?;
        static LOGGER: OnceLock<Logger> = OnceLock::new();
        let taken = || invalid("the process already has a logger");
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

// SAFETY: the caller of bouncer_set_logger() promises that any thread may call `callback` with the
// context; nothing else reads the context.
unsafe impl Send for Logger {}
// SAFETY: the caller of bouncer_set_logger() also promises that several threads may call `callback`
// with the context at once.
unsafe impl Sync for Logger {}

impl Log for Logger {
    /// Excludes the events of dependencies, which may contain request and response data.
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
        // SAFETY: the caller of bouncer_set_logger() promises that any thread may call the callback
        // with the context until the process ends; the message is alive during the call.
        unsafe { (self.callback)(self.context, level as u32, message.as_str().into()) };
    }

    fn flush(&self) {}
}
