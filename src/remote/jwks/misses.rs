//! Tokens that miss a key: which of them may cause a fetch.
//!
//! An unknown kid may mean that the issuer has rotated its keys, or that somebody makes up kids. Budgets count
//! attempts, whether they succeed or not, and nobody waits for a budget to refill.

use super::super::pacing::Budget;
use crate::crypto::jwk_set::JwkSet;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

/// Fetches for unknown kids that are made at once, before the interval counts.
const UNKNOWN_KID_BURST: u32 = 2;
/// How long a kid is remembered that a fetch did not find. A key may be published a moment after its first token, so it
/// is short at first; each fetch that does not find the kid either doubles it.
const FIRST_REMEMBERED: Duration = Duration::from_secs(5);
const LONGEST_REMEMBERED: Duration = Duration::from_secs(60);
/// How long after that the kid still counts as one that was looked for before.
const FORGOTTEN: Duration = Duration::from_secs(120);
const MOST_REMEMBERED: usize = 1024;

/// How often tokens may cause a fetch, by what they lack.
#[derive(Clone, Copy)]
pub(super) struct RefetchIntervals {
    /// For a kid that no key has. A flood of made-up kids keeps the key of a rotation from being fetched for that long at
    /// most.
    pub(super) unknown_kid: Duration,
    /// For tokens without kid that no key verifies, and for wrong signatures. Any forged token is one; the real cause, an
    /// issuer set up anew, is rare.
    pub(super) without_kid: Duration,
}

impl RefetchIntervals {
    pub(super) const DEFAULT: Self =
        Self { unknown_kid: Duration::from_secs(10), without_kid: Duration::from_secs(300) };
}

/// What is known in one process about tokens that missed.
pub(super) struct Misses {
    pub(super) unknown_kid: Budget,
    pub(super) without_kid: Budget,
    /// A kid is kept as a keyed hash: 8 bytes that nobody can choose.
    hasher: RandomState,
    /// Kids that wait for an attempt, with its number.
    awaited: Vec<(u64, u64)>,
    absent: HashMap<u64, Absent>,
    /// The same in the order of their times. One that was looked for again is in here twice.
    absent_since: VecDeque<(u64, Instant)>,
    /// The generation of the keys that `absent` is about.
    pub(super) generation: u64,
    /// Misses that caused no fetch: the kid was known to be absent, or a budget was spent.
    pub(super) suppressed: u64,
}

/// A kid that a fetch did not find.
#[derive(Clone, Copy)]
struct Absent {
    since: Instant,
    lasts: Duration,
}

impl Misses {
    pub(super) fn new(refetch: RefetchIntervals, now: Instant) -> Self {
        Self {
            unknown_kid: Budget::full(UNKNOWN_KID_BURST, refetch.unknown_kid, now),
            without_kid: Budget::full(1, refetch.without_kid, now),
            hasher: RandomState::new(),
            awaited: Vec::new(),
            absent: HashMap::new(),
            absent_since: VecDeque::new(),
            generation: 0,
            suppressed: 0,
        }
    }

    /// Whether a fetch begun after the kid was asked for did not find it, lately.
    pub(super) fn is_absent(&self, kid: &str, now: Instant) -> bool {
        let absent = self.absent.get(&self.hasher.hash_one(kid));
        absent.is_some_and(|absent| now.saturating_duration_since(absent.since) < absent.lasts)
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
            if !there.contains(&hash) {
                self.remember(hash, now);
            }
        }
        while let Some(&(hash, since)) = self.absent_since.front()
            && (self.absent.len() > MOST_REMEMBERED || now.saturating_duration_since(since) >= FORGOTTEN)
        {
            self.absent_since.pop_front();
            if self.absent.get(&hash).is_some_and(|absent| absent.since == since) {
                self.absent.remove(&hash);
            }
        }
    }

    fn remember(&mut self, hash: u64, now: Instant) {
        let before = self.absent.get(&hash);
        if before.is_some_and(|before| before.since == now) {
            return;
        }
        let lasts = before.map_or(FIRST_REMEMBERED, |before| (2 * before.lasts).min(LONGEST_REMEMBERED));
        self.absent.insert(hash, Absent { since: now, lasts });
        self.absent_since.push_back((hash, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> JwkSet {
        JwkSet::from_slice(include_bytes!("../../../tests/data/document_jwks.json")).unwrap()
    }

    #[test]
    fn a_kid_that_a_fetch_did_not_find_is_absent_for_five_seconds_and_then_for_longer() {
        const SECOND: Duration = Duration::from_secs(1);
        let (keys, start) = (keys(), Instant::now());
        let there = keys.keys()[0].kid().unwrap();
        let mut misses = Misses::new(RefetchIntervals::DEFAULT, start);
        misses.await_kid("lost", 7);
        misses.await_kid(there, 7);
        misses.await_kid("later", 8);
        assert!(!misses.is_absent("lost", start));

        misses.settle(7, Some(&keys), false, start);
        assert!(misses.is_absent("lost", start));
        assert!(!misses.is_absent(there, start) && !misses.is_absent("later", start));
        // As long as the fetches find nothing, which no token can cause sooner.
        let mut at = start;
        for (attempt, lasts) in (8..).zip([5, 10, 20, 40, 60, 60]) {
            assert!(misses.is_absent("lost", at + lasts * SECOND - SECOND / 2), "{lasts}");
            assert!(!misses.is_absent("lost", at + lasts * SECOND), "{lasts}");
            at += (lasts + 1) * SECOND;
            misses.await_kid("lost", attempt);
            misses.settle(attempt, Some(&keys), false, at);
        }
        // Nobody asks for it any more.
        misses.settle(99, Some(&keys), false, at + FORGOTTEN);
        assert!(misses.absent.is_empty() && misses.absent_since.is_empty());
    }

    #[test]
    fn a_failed_fetch_says_nothing_and_new_keys_change_everything() {
        let (keys, now) = (keys(), Instant::now());
        let mut misses = Misses::new(RefetchIntervals::DEFAULT, now);
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
        let mut misses = Misses::new(RefetchIntervals::DEFAULT, start);
        for attempt in 0..3000 {
            misses.await_kid(&format!("kid {attempt}"), attempt);
            misses.settle(attempt, Some(&keys), false, start);
        }
        assert_eq!((misses.absent.len(), misses.absent_since.len()), (MOST_REMEMBERED, MOST_REMEMBERED));
        assert!(misses.is_absent("kid 2999", start) && !misses.is_absent("kid 0", start));
        // One kid that is looked for again and again takes one place.
        for attempt in 3000..4000u64 {
            misses.await_kid("again", attempt);
            misses.settle(attempt, Some(&keys), false, start + Duration::from_millis(attempt));
        }
        assert!(misses.absent.len() <= MOST_REMEMBERED && misses.absent_since.len() < 4 * MOST_REMEMBERED);
        for kid in 0..3000 {
            misses.await_kid(&format!("kid {kid}"), 5000);
        }
        assert_eq!(misses.awaited.len(), MOST_REMEMBERED);
    }
}
