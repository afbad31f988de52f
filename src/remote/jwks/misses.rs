//! Tokens that miss a key: which of them may cause a fetch.
//!
//! An unknown kid may mean that the issuer has rotated its keys, or that somebody makes up kids. Budgets count
//! attempts, whether they succeed or not, and nobody waits for a budget to refill.

use super::super::pacing::Budget;
use crate::crypto::jwk_set::JwkSet;
use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

const UNKNOWN_KID_BURST: u32 = 2;
const UNKNOWN_KID_REFILL: Duration = Duration::from_secs(30);
/// Any forged token without kid is such a miss; the real cause, an issuer set up anew, is rare.
const WITHOUT_KID_REFILL: Duration = Duration::from_secs(300);
/// How long, and how many, kids are remembered that a fetch did not find.
const REMEMBERED: Duration = Duration::from_secs(60);
const MOST_REMEMBERED: usize = 1024;

/// What is known in one process about tokens that missed.
pub(super) struct Misses {
    pub(super) unknown_kid: Budget,
    pub(super) without_kid: Budget,
    /// A kid is kept as a keyed hash: 8 bytes that nobody can choose.
    hasher: RandomState,
    /// Kids that wait for an attempt, with its number.
    awaited: Vec<(u64, u64)>,
    absent: HashSet<u64>,
    /// The same in the order of their times.
    absent_since: VecDeque<(u64, Instant)>,
    /// The generation of the keys that `absent` is about.
    pub(super) generation: u64,
    /// Misses that caused no fetch: the kid was known to be absent, or a budget was spent.
    pub(super) suppressed: u64,
}

impl Misses {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            unknown_kid: Budget::full(UNKNOWN_KID_BURST, UNKNOWN_KID_REFILL, now),
            without_kid: Budget::full(1, WITHOUT_KID_REFILL, now),
            hasher: RandomState::new(),
            awaited: Vec::new(),
            absent: HashSet::new(),
            absent_since: VecDeque::new(),
            generation: 0,
            suppressed: 0,
        }
    }

    /// Whether a fetch begun after the kid was asked for did not find it, lately.
    pub(super) fn is_absent(&mut self, kid: &str, now: Instant) -> bool {
        while let Some(&(hash, since)) = self.absent_since.front()
            && now.saturating_duration_since(since) >= REMEMBERED
        {
            self.absent.remove(&hash);
            self.absent_since.pop_front();
        }
        self.absent.contains(&self.hasher.hash_one(kid))
    }

    /// The kid was asked for before attempt number `attempt` began.
    pub(super) fn await_kid(&mut self, kid: &str, attempt: u64) {
        let hash = self.hasher.hash_one(kid);
        if self.awaited.len() < MOST_REMEMBERED && !self.awaited.contains(&(hash, attempt)) {
            self.awaited.push((hash, attempt));
        }
    }

    /// Attempt number `attempt` is done, and its keys are `keys`; `None` if it failed.
    pub(super) fn settle(&mut self, attempt: u64, keys: Option<&JwkSet>, changed: bool, now: Instant) {
        if changed {
            self.absent.clear();
            self.absent_since.clear();
        }
        let awaited = std::mem::take(&mut self.awaited);
        let (settled, later): (Vec<_>, Vec<_>) = awaited.into_iter().partition(|&(_, its)| its <= attempt);
        self.awaited = later;
        let Some(keys) = keys else { return };
        let there: HashSet<u64> =
            keys.keys().iter().filter_map(|key| key.kid()).map(|kid| self.hasher.hash_one(kid)).collect();
        for (hash, _) in settled {
            if !there.contains(&hash) && self.absent.insert(hash) {
                self.absent_since.push_back((hash, now));
            }
        }
        while self.absent.len() > MOST_REMEMBERED
            && let Some((oldest, _)) = self.absent_since.pop_front()
        {
            self.absent.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> JwkSet {
        JwkSet::from_slice(include_bytes!("../../../tests/data/document_jwks.json")).unwrap()
    }

    #[test]
    fn a_kid_that_a_fetch_did_not_find_is_absent_for_a_minute() {
        let (keys, start) = (keys(), Instant::now());
        let there = keys.keys()[0].kid().unwrap();
        let mut misses = Misses::new(start);
        misses.await_kid("lost", 7);
        misses.await_kid(there, 7);
        misses.await_kid("later", 8);
        assert!(!misses.is_absent("lost", start));

        misses.settle(7, Some(&keys), false, start);
        assert!(misses.is_absent("lost", start));
        assert!(!misses.is_absent(there, start) && !misses.is_absent("later", start));
        assert!(misses.is_absent("lost", start + Duration::from_secs(59)));
        assert!(!misses.is_absent("lost", start + Duration::from_secs(60)));
        assert!(misses.absent.is_empty() && misses.absent_since.is_empty());
    }

    #[test]
    fn a_failed_fetch_says_nothing_and_new_keys_change_everything() {
        let (keys, now) = (keys(), Instant::now());
        let mut misses = Misses::new(now);
        misses.await_kid("lost", 1);
        misses.settle(1, None, false, now);
        assert!(!misses.is_absent("lost", now) && misses.awaited.is_empty());

        misses.await_kid("lost", 2);
        misses.settle(2, Some(&keys), false, now);
        assert!(misses.is_absent("lost", now));
        misses.settle(3, Some(&keys), true, now);
        assert!(!misses.is_absent("lost", now));
    }

    #[test]
    fn memory_of_absent_kids_is_bounded_and_the_oldest_goes_first() {
        let (keys, start) = (keys(), Instant::now());
        let mut misses = Misses::new(start);
        for attempt in 0..3000 {
            misses.await_kid(&format!("kid {attempt}"), attempt);
            misses.settle(attempt, Some(&keys), false, start);
        }
        assert_eq!((misses.absent.len(), misses.absent_since.len()), (MOST_REMEMBERED, MOST_REMEMBERED));
        assert!(misses.is_absent("kid 2999", start) && !misses.is_absent("kid 0", start));
        for kid in 0..3000 {
            misses.await_kid(&format!("kid {kid}"), 5000);
        }
        assert_eq!(misses.awaited.len(), MOST_REMEMBERED);
    }
}
