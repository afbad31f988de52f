//! The source of the time. A fixed clock lets tests, audits and replays verify a token at any time.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The source of the time for a verification. The default is the system's clock.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    Fixed(i64),
    Function(Arc<dyn Fn() -> i64 + Send + Sync>),
}

impl Clock {
    /// Reads the system's wall clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Always returns `seconds` since 1970-01-01T00:00:00Z.
    pub fn fixed(seconds: i64) -> Self {
        Self(Source::Fixed(seconds))
    }

    /// Calls `now`, which returns the seconds since 1970-01-01T00:00:00Z.
    pub fn from_fn(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Source::Function(Arc::new(now)))
    }

    /// Returns the whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn now(&self) -> i64 {
        match &self.0 {
            Source::Fixed(seconds) => *seconds,
            Source::Function(now) => now(),
            Source::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                Err(before) => {
                    i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -1 - seconds)
                }
            },
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Clock::system()"),
            Source::Fixed(seconds) => write!(f, "Clock::fixed({seconds})"),
            Source::Function(_) => f.write_str("Clock::from_fn(_)"),
        }
    }
}
