//! What a remote key set is doing, at one moment.

use crate::remote::transport::FetchError;
use std::time::{Duration, SystemTime};

/// A snapshot of a remote key set, for metrics, logs and health checks. Counts are this process's
/// alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RemoteJwkSetStatus {
    /// The URL, without its query, or the issuer.
    pub source: String,
    /// Whether and how the keys can be used.
    pub state: RemoteJwkSetState,
    /// 0 before the first keys, and one more with each change of them: what is derived from the
    /// keys is good for one generation.
    pub generation: u64,
    /// SHA-256 of the document in use, in hex.
    pub sha256: Option<String>,
    /// The number of usable keys.
    pub usable_keys: usize,
    /// The number of keys that cannot be used.
    pub skipped_keys: usize,
    /// When the issuer last confirmed the keys in use. None for keys from a seed.
    pub last_success: Option<SystemTime>,
    /// How long ago that was.
    pub age: Option<Duration>,
    /// The latest failure, even if an attempt has succeeded since.
    pub last_error: Option<FetchError>,
    /// When that was.
    pub last_error_at: Option<SystemTime>,
    /// Attempts that failed.
    pub failures: u64,
    /// Scheduled attempts that failed since the last success.
    pub failures_in_row: u32,
    /// In how long the next attempt is due, if no token causes one before.
    pub next_attempt: Duration,
    /// Attempts done.
    pub attempts: u64,
    /// Attempts begun because their time had come.
    pub scheduled: u64,
    /// Attempts begun because the one before failed.
    pub retries: u64,
    /// Attempts begun because of a token whose kid was unknown.
    pub unknown_kid: u64,
    /// Attempts begun because of a token without kid that no key verified, or of one that the key
    /// of its kid did not.
    pub without_kid: u64,
    /// Attempts that the program asked for.
    pub requested: u64,
    /// Tokens that lacked a key and caused no attempt: their kid was known to be absent, or a
    /// budget was spent.
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
    /// In use, though they should have been confirmed by now, or come from a seed or a file.
    Stale,
    /// Too old to be used.
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
