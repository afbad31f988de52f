//! Jitter, back-off and rate limits. The caller passes the current time.

use std::time::{Duration, Instant};

/// Minimum pause between two background attempts.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Returns a random number from 0 inclusive to 1 exclusive.
///
/// Each call reads the system's random source. A generator with a state would return the same
/// numbers in all forked children of a process. All children would then send their requests at the
/// same time.
pub(super) fn random() -> f64 {
    // If the random source fails, return 0.5. Then there is no jitter, but everything else works.
    let bits = getrandom::u64().unwrap_or(u64::MAX / 2);
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns the time after which keys or a token with this lifetime are renewed: 70 % to 80 % of the
/// lifetime, depending on `random`.
pub(super) fn ahead_of_expiry(lifetime: Duration, random: f64) -> Duration {
    lifetime.mul_f64(0.8 - 0.1 * random)
}

/// Returns the pause after `failures` failures in a row. The upper bound is 1 s, 2 s, 4 s and so on
/// up to `cap`. The pause is a random part of it ("full jitter"), but at least 100 ms.
pub(super) fn back_off(failures: u32, cap: Duration, random: f64) -> Duration {
    let ceiling = Duration::from_secs(1).saturating_mul(1 << failures.saturating_sub(1).min(20)).min(cap);
    ceiling.mul_f64(random).max(SHORTEST_PAUSE)
}

/// A token bucket: allows `capacity` events at once, and one more after each `refill`.
#[derive(Debug)]
pub(super) struct Budget {
    capacity: u32,
    refill: Duration,
    left: u32,
    /// The time up to which refills are counted.
    counted_to: Instant,
}

impl Budget {
    pub(super) fn full(capacity: u32, refill: Duration, now: Instant) -> Self {
        Self { capacity, refill, left: capacity, counted_to: now }
    }

    /// Takes one event from the budget. Returns false if the budget is spent.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        while self.left < self.capacity && now.saturating_duration_since(self.counted_to) >= self.refill {
            self.left += 1;
            self.counted_to += self.refill;
        }
        if self.left == self.capacity {
            self.counted_to = now;
        }
        let spent = self.left > 0;
        self.left -= u32::from(spent);
        spent
    }

    /// Returns the time until the budget allows an event. Call [`Budget::spend`] with the same
    /// `now` first.
    pub(super) fn next_in(&self, now: Instant) -> Duration {
        let refilled = self.counted_to + self.refill;
        if self.left > 0 { Duration::ZERO } else { refilled.saturating_duration_since(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn random_numbers_differ_and_stay_below_one() {
        let numbers: Vec<f64> = (0..1000).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        assert!(numbers.iter().any(|&number| number < 0.1) && numbers.iter().any(|&number| number > 0.9));
    }

    #[test]
    fn renewal_is_between_70_and_80_percent_of_life() {
        let ttl = Duration::from_secs(600);
        assert_eq!(ahead_of_expiry(ttl, 0.0), Duration::from_secs(480));
        assert_eq!(ahead_of_expiry(ttl, 1.0).as_secs_f64().round(), 420.0);
    }

    #[test]
    fn back_off_doubles_up_to_its_cap() {
        let cap = Duration::from_secs(60);
        let longest = |failures| back_off(failures, cap, 1.0).as_secs();
        assert_eq!([1, 2, 3, 6, 7, 8, 1000].map(longest), [1, 2, 4, 32, 60, 60, 60]);
        assert_eq!(back_off(9, cap, 0.5), Duration::from_secs(30));
        assert_eq!(back_off(9, cap, 0.0), SHORTEST_PAUSE);
    }

    #[test]
    fn a_budget_allows_its_capacity_and_one_more_after_each_refill() {
        let start = Instant::now();
        let mut budget = Budget::full(2, 30 * SECOND, start);
        let spent = (0..100_000u64).filter(|i| budget.spend(start + Duration::from_millis(*i))).count();
        assert_eq!(spent, 2 + 3, "100 s: two at once, then at 30, 60 and 90");
        assert_eq!(budget.next_in(start + 100 * SECOND), 20 * SECOND);
        assert_eq!(Budget::full(1, SECOND, start).next_in(start), Duration::ZERO);
        // A long pause fills the budget to its capacity, not beyond.
        assert_eq!((0..9).filter(|_| budget.spend(start + 10_000 * SECOND)).count(), 2);
        assert!(!budget.spend(start + 10_029 * SECOND) && budget.spend(start + 10_030 * SECOND));
        // A clock that goes back refills nothing.
        assert!(!budget.spend(start));
    }
}
