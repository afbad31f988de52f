//! Counts the results of an entry's verifications.

use crate::error::{ErrorKind, Result};
use crate::striped::Striped;
use std::array;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Number of outcomes.
const OUTCOMES: usize = 3 + ErrorKind::ALL.len();

/// What is counted for each verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Accepted, and it was in the cache.
    Hit,
    /// It was in the cache, and its time was over. It also counts as rejected.
    HitRejected,
    /// Accepted, and it was not in the cache.
    Accepted,
    Rejected(ErrorKind),
}

impl Outcome {
    #[inline]
    pub(super) fn of<T>(result: &Result<T>) -> Self {
        result.as_ref().map_or_else(|error| Self::Rejected(error.kind()), |_| Self::Accepted)
    }

    #[inline]
    fn index(self) -> usize {
        match self {
            Self::Hit => 0,
            Self::HitRejected => 1,
            Self::Accepted => 2,
            // The kinds are declared in the order of `ErrorKind::ALL`, without numbers.
            Self::Rejected(kind) => 3 + kind as usize,
        }
    }
}

/// The number of verifications with each outcome.
pub(crate) struct Counts(Striped<[AtomicU64; OUTCOMES]>);

impl Default for Counts {
    fn default() -> Self {
        Self(Striped::from_fn(|| array::from_fn(|_| AtomicU64::new(0))))
    }
}

impl Counts {
    #[inline]
    pub(super) fn count(&self, outcome: Outcome) {
        if let Some(count) = self.0.mine().get(outcome.index()) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts the result of a token that was in the cache.
    #[inline]
    pub(super) fn count_hit<T>(&self, result: &Result<T>) {
        match result {
            Ok(_) => self.count(Outcome::Hit),
            Err(error) => {
                self.count(Outcome::HitRejected);
                self.count(Outcome::Rejected(error.kind()));
            }
        }
    }

    fn sum(&self, outcome: Outcome) -> u64 {
        let of = |counts: &[AtomicU64; OUTCOMES]| counts.get(outcome.index()).map_or(0, |n| n.load(Relaxed));
        self.0.iter().map(of).sum()
    }

    /// Returns the number of tokens that were in the cache.
    pub(crate) fn hits(&self) -> u64 {
        self.sum(Outcome::Hit) + self.sum(Outcome::HitRejected)
    }

    /// Returns the number of accepted tokens.
    pub(crate) fn accepted(&self) -> u64 {
        self.sum(Outcome::Hit) + self.sum(Outcome::Accepted)
    }

    /// Returns the number of tokens that were rejected with an error of this kind.
    pub(crate) fn rejected(&self, kind: ErrorKind) -> u64 {
        self.sum(Outcome::Rejected(kind))
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts").field("accepted", &self.accepted()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn each_kind_has_its_own_count() {
        let counts = Counts::default();
        for (times, &kind) in ErrorKind::ALL.iter().enumerate() {
            (0..=times).for_each(|_| counts.count(Outcome::Rejected(kind)));
        }
        for (times, &kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(counts.rejected(kind), times as u64 + 1, "{kind}");
        }
        assert_eq!((counts.hits(), counts.accepted()), (0, 0));
        counts.count(Outcome::Accepted);
        counts.count_hit(&Ok(()));
        counts.count_hit::<()>(&Err(Error::new(ErrorKind::Expired, "")));
        assert_eq!((counts.hits(), counts.accepted()), (2, 2));
    }
}
