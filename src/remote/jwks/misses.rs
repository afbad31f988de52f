//! Which tokens without a matching key may cause a fetch.
//!
//! An unknown kid may mean that the issuer has rotated its keys, or that somebody makes up kids.
//! Budgets count attempts, whether they succeed or not. Nobody waits for a budget to refill.

use crate::keys::jwk_set::JwkSet;
use crate::remote::pacing::Budget;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::mem;
use std::time::{Duration, Instant};

/// Fetches for unknown kids that are made at once, before the interval counts.
const UNKNOWN_KID_BURST: u32 = 2;
/// How long a kid that a fetch did not find counts as absent. A key may be published a moment after
/// its first token, so this is short at first; each further fetch without the kid doubles it.
const MIN_ABSENCE: Duration = Duration::from_secs(5);
const MAX_ABSENCE: Duration = Duration::from_secs(60);
/// When an absent kid is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(120);
/// The most kids that are remembered.
const MAX_KIDS: usize = 1024;

/// How often tokens may cause a fetch, by what they lack.
#[derive(Clone, Copy)]
pub(super) struct RefetchIntervals {
    /// For a kid that no key has. A flood of made-up kids keeps the key of a rotation from being
    /// fetched for that long at most.
    pub(super) unknown_kid: Duration,
    /// For tokens without kid that no key verifies, and for wrong signatures. Any forged token is
    /// one; the real cause, an issuer set up anew, is rare.
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
    /// Kids are kept as keyed hashes: 8 bytes that nobody can choose.
    hasher: RandomState,
    /// Kids that an attempt may find, with its number.
    pending: Vec<(u64, u64)>,
    absent: HashMap<u64, Absent>,
    /// The kids of `absent`, oldest first. One that was fetched for again is in here twice.
    absent_since: VecDeque<(u64, Instant)>,
    /// The generation of the keys that lack the kids of `absent`.
    generation: u64,
    /// Misses that caused no fetch: the kid was known to be absent, or a budget was spent.
    pub(super) suppressed: u64,
}

/// A kid that a fetch did not find.
#[derive(Clone, Copy)]
struct Absent {
    since: Instant,
    duration: Duration,
}

impl Misses {
    pub(super) fn new(refetch: RefetchIntervals, now: Instant) -> Self {
        Self {
            unknown_kid: Budget::full(UNKNOWN_KID_BURST, refetch.unknown_kid, now),
            without_kid: Budget::full(1, refetch.without_kid, now),
            hasher: RandomState::new(),
            pending: Vec::new(),
            absent: HashMap::new(),
            absent_since: VecDeque::new(),
            generation: 0,
            suppressed: 0,
        }
    }

    /// Whether a recent fetch, begun after the kid was first seen, did not find it.
    pub(super) fn is_absent(&self, kid: &str, now: Instant) -> bool {
        let absent = self.absent.get(&self.hasher.hash_one(kid));
        absent.is_some_and(|absent| now.saturating_duration_since(absent.since) < absent.duration)
    }

    /// Notes that attempt number `attempt`, which has not begun, may find the kid.
    pub(super) fn expect_kid(&mut self, kid: &str, attempt: u64) {
        let hash = self.hasher.hash_one(kid);
        if self.pending.len() < MAX_KIDS && !self.pending.contains(&(hash, attempt)) {
            self.pending.push((hash, attempt));
        }
    }

    /// Records attempt number `attempt`. `keys` are the fetched ones; `None` if it failed.
    /// `generation` is that of the keys in use.
    pub(super) fn record_fetch(
        &mut self,
        attempt: u64,
        keys: Option<&JwkSet>,
        generation: u64,
        now: Instant,
    ) {
        if self.generation != generation {
            self.generation = generation;
            self.absent.clear();
            self.absent_since.clear();
        }
        let (done, pending): (Vec<_>, Vec<_>) =
            mem::take(&mut self.pending).into_iter().partition(|&(_, its)| its <= attempt);
        self.pending = pending;
        let Some(keys) = keys else { return };
        let found: HashSet<u64> =
            keys.keys().iter().filter_map(|key| key.kid()).map(|kid| self.hasher.hash_one(kid)).collect();
        for (hash, _) in done {
            if !found.contains(&hash) {
                self.remember_absent(hash, now);
            }
        }
        while let Some(&(hash, since)) = self.absent_since.front()
            && (self.absent.len() > MAX_KIDS || now.saturating_duration_since(since) >= FORGET_AFTER)
        {
            self.absent_since.pop_front();
            if self.absent.get(&hash).is_some_and(|absent| absent.since == since) {
                self.absent.remove(&hash);
            }
        }
    }

    fn remember_absent(&mut self, hash: u64, now: Instant) {
        let before = self.absent.get(&hash);
        if before.is_some_and(|before| before.since == now) {
            return;
        }
        let duration = before.map_or(MIN_ABSENCE, |before| (2 * before.duration).min(MAX_ABSENCE));
        self.absent.insert(hash, Absent { since: now, duration });
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
        misses.expect_kid("lost", 7);
        misses.expect_kid(there, 7);
        misses.expect_kid("later", 8);
        assert!(!misses.is_absent("lost", start));

        misses.record_fetch(7, Some(&keys), 0, start);
        assert!(misses.is_absent("lost", start));
        assert!(!misses.is_absent(there, start) && !misses.is_absent("later", start));
        // As long as the fetches find nothing, which no token can cause sooner.
        let mut at = start;
        for (attempt, lasts) in (8..).zip([5, 10, 20, 40, 60, 60]) {
            assert!(misses.is_absent("lost", at + lasts * SECOND - SECOND / 2), "{lasts}");
            assert!(!misses.is_absent("lost", at + lasts * SECOND), "{lasts}");
            at += (lasts + 1) * SECOND;
            misses.expect_kid("lost", attempt);
            misses.record_fetch(attempt, Some(&keys), 0, at);
        }
        // Nobody asks for it any more.
        misses.record_fetch(99, Some(&keys), 0, at + FORGET_AFTER);
        assert!(misses.absent.is_empty() && misses.absent_since.is_empty());
    }

    #[test]
    fn a_failed_fetch_says_nothing_and_new_keys_change_everything() {
        let (keys, now) = (keys(), Instant::now());
        let mut misses = Misses::new(RefetchIntervals::DEFAULT, now);
        misses.expect_kid("lost", 1);
        misses.record_fetch(1, None, 0, now);
        assert!(!misses.is_absent("lost", now) && misses.pending.is_empty());

        misses.expect_kid("lost", 2);
        misses.record_fetch(2, Some(&keys), 0, now);
        assert!(misses.is_absent("lost", now));
        misses.record_fetch(3, Some(&keys), 1, now);
        assert!(!misses.is_absent("lost", now));
    }

    #[test]
    fn memory_of_absent_kids_is_bounded_and_the_oldest_goes_first() {
        let (keys, start) = (keys(), Instant::now());
        let mut misses = Misses::new(RefetchIntervals::DEFAULT, start);
        for attempt in 0..3000 {
            misses.expect_kid(&format!("kid {attempt}"), attempt);
            misses.record_fetch(attempt, Some(&keys), 0, start);
        }
        assert_eq!((misses.absent.len(), misses.absent_since.len()), (MAX_KIDS, MAX_KIDS));
        assert!(misses.is_absent("kid 2999", start) && !misses.is_absent("kid 0", start));
        // One kid that is looked for again and again takes one place.
        for attempt in 3000..4000u64 {
            misses.expect_kid("again", attempt);
            misses.record_fetch(attempt, Some(&keys), 0, start + Duration::from_millis(attempt));
        }
        assert!(misses.absent.len() <= MAX_KIDS && misses.absent_since.len() < 4 * MAX_KIDS);
        for kid in 0..3000 {
            misses.expect_kid(&format!("kid {kid}"), 5000);
        }
        assert_eq!(misses.pending.len(), MAX_KIDS);
    }
}
