//! The status of a remote key set.

use crate::remote::transport::FetchError;
use std::time::{Duration, SystemTime};

/// A snapshot of a remote key set, for metrics, logs and health checks. The counters cover only
/// this process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RemoteJwkSetStatus {
    /// The URL, without its query, or the issuer.
    pub source: String,
    /// Whether the keys are usable and fresh.
    pub state: RemoteJwkSetState,
    /// 0 before the first keys, 1 for the first, and one more after each change. Data that is
    /// derived from the keys is valid for one generation only.
    pub generation: u64,
    /// SHA-256 of the document in use, in hexadecimal.
    pub sha256: Option<String>,
    /// Number of usable keys.
    pub usable_keys: usize,
    /// Number of keys of the document that were skipped, for example because they are not usable.
    pub skipped_keys: usize,
    /// See [`crate::JwkSet::accelerated_keys`].
    pub accelerated_keys: usize,
    /// See [`crate::JwkSet::table_memory`].
    pub table_memory: usize,
    /// When the issuer last confirmed the keys in use; `None` for a seed.
    pub last_success: Option<SystemTime>,
    /// The time since `last_success`.
    pub age: Option<Duration>,
    /// The latest failure. It is kept after later successes.
    pub last_error: Option<FetchError>,
    /// The time of `last_error`.
    pub last_error_at: Option<SystemTime>,
    /// Number of failed attempts.
    pub failures: u64,
    /// Number of scheduled attempts that failed since the last success.
    pub failures_in_row: u32,
    /// The time until the next scheduled attempt. A token may cause an earlier one.
    pub next_attempt: Duration,
    /// Number of finished attempts.
    pub attempts: u64,
    /// Number of attempts that began because they were scheduled.
    pub scheduled: u64,
    /// Number of attempts that began because the previous scheduled attempt failed.
    pub retries: u64,
    /// Number of attempts that began because of a token with an unknown kid.
    pub unknown_kid: u64,
    /// Number of attempts that began because of a token that no key verified. The token had no kid,
    /// or its signature was invalid under the key of its kid.
    pub without_kid: u64,
    /// Number of attempts that began because the program requested an attempt.
    pub requested: u64,
    /// Number of tokens without a matching key that caused no attempt, because their kid was known
    /// to be absent or the budget was spent.
    pub suppressed: u64,
    /// Why the last-good file could not be read or written.
    pub last_good_error: Option<FetchError>,
}

/// Whether the keys of a remote key set are usable and fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteJwkSetState {
    /// There are no keys yet.
    Empty,
    /// The keys are fetched and fresh.
    Fresh,
    /// The keys are in use, but their lifetime is over. Either a refresh is overdue, or the keys
    /// come from a seed or from a file that is no longer fresh.
    Stale,
    /// The issuer last confirmed the keys longer than `max_stale` ago, so they are no longer used.
    TooOld,
    /// The key set is closed.
    Closed,
}

impl RemoteJwkSetState {
    /// All states.
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
