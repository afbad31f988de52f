//! The time as a value: tests, audits and replays verify a token at a time of their choice.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a verification takes the time from. The default is the system's clock.
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
    /// The system's wall clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `seconds` since 1970-01-01T00:00:00Z.
    pub fn fixed(seconds: i64) -> Self {
        Self(Source::Fixed(seconds))
    }

    /// A clock that asks `now` for the seconds since 1970-01-01T00:00:00Z.
    pub fn from_fn(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Source::Function(Arc::new(now)))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
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
