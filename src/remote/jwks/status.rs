//! The status of a remote key set.

use crate::remote::transport::FetchError;
use std::time::{Duration, SystemTime};

/// A snapshot of a remote key set, for metrics, logs and health checks. Counts are those of this
/// process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RemoteJwkSetStatus {
    /// The URL, without its query, or the issuer.
    pub source: String,
    /// Whether and how the keys can be used.
    pub state: RemoteJwkSetState,
    /// 0 before the first keys, and one more with each change of the keys. Data that is derived
    /// from the keys is valid for one generation.
    pub generation: u64,
    /// SHA-256 of the document in use, in hex.
    pub sha256: Option<String>,
    /// The number of usable keys.
    pub usable_keys: usize,
    /// The number of keys that cannot be used.
    pub skipped_keys: usize,
    /// When the issuer last confirmed the keys in use; `None` for a seed.
    pub last_success: Option<SystemTime>,
    /// The time since then.
    pub age: Option<Duration>,
    /// The latest failure, even if an attempt has succeeded since.
    pub last_error: Option<FetchError>,
    /// When that was.
    pub last_error_at: Option<SystemTime>,
    /// Attempts that failed.
    pub failures: u64,
    /// Scheduled attempts that failed since the last success.
    pub failures_in_row: u32,
    /// The time until the next scheduled attempt. A token may cause one before.
    pub next_attempt: Duration,
    /// Attempts done.
    pub attempts: u64,
    /// Attempts begun because they were due.
    pub scheduled: u64,
    /// Attempts begun because the one before failed.
    pub retries: u64,
    /// Attempts begun because of a token with an unknown kid.
    pub unknown_kid: u64,
    /// Attempts begun because of a token without kid that no key verified, or with a wrong
    /// signature under the key of its kid.
    pub without_kid: u64,
    /// Attempts that the program requested.
    pub requested: u64,
    /// Tokens without a matching key that caused no attempt: their kid was known to be absent, or
    /// the budget was spent.
    pub suppressed: u64,
    /// Why the last-good file could not be read or written.
    pub last_good_error: Option<FetchError>,
}

/// Whether and how the keys of a remote key set can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteJwkSetState {
    /// No keys yet.
    Empty,
    /// Fetched, and fresh.
    Fresh,
    /// In use, but a refresh is overdue, or they are from a seed or a file.
    Stale,
    /// Not confirmed for longer than `max_stale`, and not used any more.
    TooOld,
    /// Closed.
    Closed,
}

impl RemoteJwkSetState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Empty, Self::Fresh, Self::Stale, Self::TooOld, Self::Closed];

    /// The stable name, the same in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::TooOld => "too_old",
            Self::Closed => "closed",
        }
    }
}
