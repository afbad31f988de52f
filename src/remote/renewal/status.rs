//! The status of a token renewer.

use crate::remote::transport::FetchError;
use std::time::{Duration, SystemTime};

/// A snapshot of a token renewer, for metrics, logs and health checks. All counters count in this
/// process only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TokenRenewerStatus {
    /// The source of the tokens: the URL of the login without its query, or the name of a custom
    /// source.
    pub source: String,
    /// Whether there is a valid token.
    pub state: TokenRenewerState,
    /// Number of the token in use: 0 before the first token, 1 for the first token, and one more
    /// for each new token.
    pub generation: u64,
    /// The time until the token in use expires. `None` if the token does not expire, or if there is
    /// no token.
    pub expires_in: Option<Duration>,
    /// The latest failure. It is kept after later successes.
    pub last_error: Option<FetchError>,
    /// The time of `last_error`.
    pub last_error_at: Option<SystemTime>,
    /// Number of failed logins.
    pub failures: u64,
    /// Number of scheduled logins that failed since the last success.
    pub failures_in_row: u32,
    /// The time until the next scheduled login. A rejected token may cause an earlier login.
    pub next_attempt: Duration,
    /// Number of completed logins, successful or not.
    pub attempts: u64,
    /// Number of logins begun on schedule, or because there was no token.
    pub scheduled: u64,
    /// Number of logins begun because the previous scheduled login failed.
    pub retries: u64,
    /// Number of logins begun because a server rejected the token.
    pub rejections: u64,
    /// Number of logins begun because the program requested a login.
    pub requested: u64,
    /// Number of rejections of a token that caused no login: the limit of one login in 30 s was
    /// reached, or Retry-After forbade a login.
    pub suppressed: u64,
}

/// Whether a token renewer has a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenRenewerState {
    /// There is no token yet.
    Empty,
    /// The token is valid.
    Valid,
    /// The token is about to expire and is not renewed yet: see [`crate::TokenRenewer`].
    Expiring,
    /// The token has expired.
    Expired,
    /// The renewer is closed.
    Closed,
}

impl TokenRenewerState {
    /// All states.
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
