//! Decides which tokens without a matching key may cause a fetch.
//!
//! An unknown kid means either that the issuer has rotated its keys, or that the token is forged.
//! Budgets limit the number of fetches. A failed fetch counts like a successful fetch. No caller
//! waits for a budget to refill.

use crate::keys::jwk_set::JwkSet;
use crate::remote::pacing::Budget;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::mem;
use std::time::{Duration, Instant};

/// Number of fetches for unknown kids that are allowed at once, before the interval applies.
const UNKNOWN_KID_BURST: u32 = 2;
/// The time for which a kid counts as absent after the first fetch that did not find it. It is
/// short, because an issuer may publish a key shortly after it has issued the first token. Each
/// further fetch without the kid doubles the time, up to [`MAX_ABSENCE`].
const MIN_ABSENCE: Duration = Duration::from_secs(5);
const MAX_ABSENCE: Duration = Duration::from_secs(60);
/// The age at which an absent kid is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(120);
/// Maximum number of remembered kids.
const MAX_KIDS: usize = 1024;

/// The intervals between fetches that tokens cause.
#[derive(Clone, Copy)]
pub(super) struct RefetchIntervals {
    /// For tokens with a kid that no key has. A flood of forged kids delays the fetch of a new key
    /// by at most this time.
    pub(super) unknown_kid: Duration,
    /// For tokens without kid that no key verifies, and for tokens with an invalid signature under
    /// the key of their kid. Any forged token can cause such a fetch. Legitimate causes are rare,
    /// such as an issuer that was reinstalled.
    pub(super) without_kid: Duration,
}

impl RefetchIntervals {
    pub(super) const DEFAULT: Self =
        Self { unknown_kid: Duration::from_secs(10), without_kid: Duration::from_secs(300) };
}

/// The state of one process about tokens without a matching key.
pub(super) struct Misses {
    pub(super) unknown_kid: Budget,
    pub(super) without_kid: Budget,
    /// Computes the keyed hashes that are stored instead of kids. An attacker does not know the
    /// hash key, and so cannot choose kids with equal hashes.
    hasher: RandomState,
    /// The hashes of kids that an attempt may find, each with the number of that attempt.
    pending: Vec<(u64, u64)>,
    absent: HashMap<u64, Absent>,
    /// The hashes in `absent`, oldest first. A hash is contained once per fetch that did not find
    /// its kid.
    absent_since: VecDeque<(u64, Instant)>,
    /// The generation of the keys that do not contain the kids of `absent`.
    generation: u64,
    /// Number of misses that caused no fetch, because the kid was known to be absent or the budget
    /// was spent.
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

    /// Whether a recent fetch did not find the kid. A fetch counts only if it began after a token
    /// with the kid arrived.
    pub(super) fn is_absent(&self, kid: &str, now: Instant) -> bool {
        let absent = self.absent.get(&self.hasher.hash_one(kid));
        absent.is_some_and(|absent| now.saturating_duration_since(absent.since) < absent.duration)
    }

    /// Records that attempt number `attempt` may find the kid. The attempt has not begun yet.
    pub(super) fn expect_kid(&mut self, kid: &str, attempt: u64) {
        let hash = self.hasher.hash_one(kid);
        if self.pending.len() < MAX_KIDS && !self.pending.contains(&(hash, attempt)) {
            self.pending.push((hash, attempt));
        }
    }

    /// Records the result of attempt number `attempt`. `keys` are the fetched keys; `None` if the
    /// attempt failed. `generation` is the generation of the keys in use.
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
    fn a_kid_that_a_fetch_did_not_find_is_absent_for_five_seconds_and_longer_each_time() {
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
        // Each further fetch that does not find the kid doubles the time.
        let mut at = start;
        for (attempt, lasts) in (8..).zip([5, 10, 20, 40, 60, 60]) {
            assert!(misses.is_absent("lost", at + lasts * SECOND - SECOND / 2), "{lasts}");
            assert!(!misses.is_absent("lost", at + lasts * SECOND), "{lasts}");
            at += (lasts + 1) * SECOND;
            misses.expect_kid("lost", attempt);
            misses.record_fetch(attempt, Some(&keys), 0, at);
        }
        // No token contains the kid any more.
        misses.record_fetch(99, Some(&keys), 0, at + FORGET_AFTER);
        assert!(misses.absent.is_empty() && misses.absent_since.is_empty());
    }

    #[test]
    fn a_failed_fetch_makes_no_kid_absent_and_new_keys_clear_all_absent_kids() {
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
    fn the_number_of_absent_kids_is_bounded_and_the_oldest_is_forgotten_first() {
        let (keys, start) = (keys(), Instant::now());
        let mut misses = Misses::new(RefetchIntervals::DEFAULT, start);
        for attempt in 0..3000 {
            misses.expect_kid(&format!("kid {attempt}"), attempt);
            misses.record_fetch(attempt, Some(&keys), 0, start);
        }
        assert_eq!((misses.absent.len(), misses.absent_since.len()), (MAX_KIDS, MAX_KIDS));
        assert!(misses.is_absent("kid 2999", start) && !misses.is_absent("kid 0", start));
        // One kid that causes many fetches is stored once.
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
