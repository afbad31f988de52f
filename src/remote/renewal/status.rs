//! The status of a token renewer.

use crate::remote::transport::FetchError;
use std::time::{Duration, SystemTime};

/// A snapshot of a token renewer, for metrics, logs and health checks. Counts are those of this
/// process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TokenRenewerStatus {
    /// Where tokens come from.
    pub source: String,
    /// Whether there is a token to hand out.
    pub state: TokenRenewerState,
    /// 0 before the first token, and one more with each.
    pub generation: u64,
    /// The time until the token in use expires; `None` if it does not.
    pub expires_in: Option<Duration>,
    /// The latest failure, even if a login has succeeded since.
    pub last_error: Option<FetchError>,
    /// When that was.
    pub last_error_at: Option<SystemTime>,
    /// Logins that failed.
    pub failures: u64,
    /// Scheduled logins that failed since the last success.
    pub failures_in_row: u32,
    /// The time until the next scheduled login. A rejection may cause one before.
    pub next_attempt: Duration,
    /// Logins done, whether they succeeded or not.
    pub attempts: u64,
    /// Logins begun because they were due, or there was no token.
    pub scheduled: u64,
    /// Logins begun because the one before failed.
    pub retries: u64,
    /// Logins begun because a server rejected the token.
    pub rejections: u64,
    /// Logins that the program requested.
    pub requested: u64,
    /// Rejections that caused no login, because the budget was spent.
    pub suppressed: u64,
}

/// Whether a token renewer has a token to hand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenRenewerState {
    /// None yet.
    Empty,
    /// A valid one.
    Valid,
    /// One that expires within seconds and is not renewed yet.
    Expiring,
    /// One that has expired.
    Expired,
    /// Closed.
    Closed,
}

impl TokenRenewerState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Empty, Self::Valid, Self::Expiring, Self::Expired, Self::Closed];

    /// The stable name, the same in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Valid => "valid",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Closed => "closed",
        }
    }
}
