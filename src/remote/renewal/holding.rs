//! The token in use, and until when.
//!
//! Two clocks measure its life. The monotonic one is never set, but stands still while the machine is suspended. The
//! wall clock goes on then, but is set: at boot by hours, by an operator by any time. A program cannot tell a suspended
//! machine from a wall clock that was set forward without asking the kernel for a third clock, which std does not read.
//!
//! The monotonic clock never runs ahead of the real time, so what has expired by it has expired: such a token is not handed
//! out. What has expired by the wall clock alone may be valid, so:
//!
//! - It is renewed now. Who asks waits for that login, as in the last seconds of any token.
//! - While no login succeeds, the token is handed out. If the machine was suspended, its receiver answers 401, which is
//!   what would have become of the request without it. If the clock was set, an outage of the issuer costs nothing.
//! - A login that is refused says what time it is: the answer's Date sets both clocks of the token anew.

use super::super::pacing;
use super::own_token::OwnToken;
use std::time::{Duration, Instant, SystemTime};

/// Tokens that live for less are renewed at half of their life.
const SHORT_LIFE: Duration = Duration::from_secs(60);
/// Tokens that do not expire are renewed that often all the same.
const WITHOUT_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest time from a login that succeeded to the next that is scheduled.
pub(super) const BETWEEN_LOGINS: Duration = Duration::from_secs(1);
/// Clocks that differ by less agree: a Date has whole seconds, and answers take some.
const AGREEMENT: Duration = Duration::from_secs(30);

/// The token in use.
#[derive(Clone)]
pub(super) struct Holding {
    pub(super) token: OwnToken,
    lifetime: Option<Duration>,
    obtained: Instant,
    pub(super) renew_at: Instant,
    expiry: Option<Expiry>,
    /// Whether its life is read from its own "exp", by the issuer's clock.
    lives_by_exp: bool,
}

/// When a token expires, on both clocks.
#[derive(Clone, Copy)]
struct Expiry {
    monotonic: Instant,
    wall: SystemTime,
}

impl Expiry {
    fn after(life: Duration, now: Instant, wall: SystemTime) -> Self {
        Self { monotonic: now + life, wall: wall + life }
    }

    /// What is left by the monotonic clock, and by the wall's.
    fn left(self, now: Instant, wall: SystemTime) -> [Duration; 2] {
        let by_wall = self.wall.duration_since(wall).unwrap_or_default();
        [self.monotonic.saturating_duration_since(now), by_wall]
    }
}

impl Holding {
    /// The token, and in how long it is to be renewed.
    pub(super) fn new(token: OwnToken, lifetime: Option<Duration>, lives_by_exp: bool) -> (Self, Duration) {
        let next = match lifetime {
            None => pacing::ahead_of_expiry(WITHOUT_EXPIRY, pacing::random()),
            Some(life) if life < SHORT_LIFE => (life / 2).max(BETWEEN_LOGINS),
            Some(life) => pacing::ahead_of_expiry(life, pacing::random()),
        };
        let (obtained, wall) = (Instant::now(), SystemTime::now());
        let expiry = lifetime.map(|life| Expiry::after(life, obtained, wall));
        (Self { token, lifetime, obtained, renew_at: obtained + next, expiry, lives_by_exp }, next)
    }

    /// Whether it may be handed out without another thought: by neither clock it is scarce.
    pub(super) fn is_ample(&self, now: Instant, wall: SystemTime) -> bool {
        self.expiry.zip(self.lifetime).is_none_or(|(expiry, life)| {
            let [monotonic, by_wall] = expiry.left(now, wall);
            monotonic.min(by_wall) > runway(life)
        })
    }

    /// Whether it may be handed out at all: by the monotonic clock it has not expired.
    pub(super) fn is_valid(&self, now: Instant, wall: SystemTime) -> bool {
        self.expiry.is_none_or(|expiry| {
            let [monotonic, _] = expiry.left(now, wall);
            !monotonic.is_zero()
        })
    }

    /// Whether the login that gave it is too recent for another.
    pub(super) fn is_recent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.obtained) < BETWEEN_LOGINS
    }

    /// In how long it expires, by the clock that comes first.
    pub(super) fn left(&self) -> Option<Duration> {
        let [monotonic, by_wall] = self.expiry?.left(Instant::now(), SystemTime::now());
        Some(monotonic.min(by_wall))
    }

    /// In how long it is to be renewed by a process that has just been forked: a random time later than in its parent, or
    /// all of them would log in at once.
    pub(super) fn due_after_fork(&self) -> Duration {
        let spread = self.lifetime.unwrap_or(WITHOUT_EXPIRY).mul_f64(0.1 * pacing::random());
        self.renew_at.saturating_duration_since(Instant::now()) + spread
    }

    /// The same token with both clocks set anew by the issuer's time, if they disagree.
    pub(super) fn corrected(&self, server_time: i64, now: Instant, wall: SystemTime) -> Option<Self> {
        let [monotonic, by_wall] = self.expiry?.left(now, wall);
        if !self.lives_by_exp || monotonic.abs_diff(by_wall) <= AGREEMENT {
            return None;
        }
        let left = self.token.expires_at()?.saturating_sub(server_time).max(0).unsigned_abs();
        // The truth is between the two. A server whose own clock is wrong does not change that.
        let left = Duration::from_secs(left).clamp(monotonic.min(by_wall), monotonic);
        Some(Self { expiry: Some(Expiry::after(left, now, wall)), ..self.clone() })
    }
}

/// How long before its expiry a token becomes scarce: 5 % of its life, from 10 to 60 seconds, a quarter at most.
fn runway(life: Duration) -> Duration {
    (life / 20).clamp(Duration::from_secs(10), Duration::from_secs(60)).min(life / 4)
}

#[cfg(test)]
impl Holding {
    /// As if the wall clock had been set forward since, or the machine been suspended.
    pub(super) fn with_wall_clock_ahead(mut self, by: Duration) -> Self {
        self.expiry.iter_mut().for_each(|expiry| expiry.wall -= by);
        self
    }

    /// As if the login had been a while ago.
    pub(super) fn long_ago(mut self) -> Self {
        self.obtained -= 10 * BETWEEN_LOGINS;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn holding(life: u64) -> (Holding, f64) {
        // It expires at `life` by the issuer's clock, which began with it.
        let token = OwnToken::new("", "t", Some(life as i64), 1);
        let (holding, next) = Holding::new(token, Some(Duration::from_secs(life)), true);
        (holding, next.as_secs_f64() / life as f64)
    }

    #[test]
    fn tokens_are_renewed_at_70_to_80_percent_of_life_and_short_ones_at_half() {
        for life in [60, 600, 21_600, 432_000] {
            let parts: Vec<f64> = (0..200).map(|_| holding(life).1).collect();
            let (least, most) = parts.iter().fold((1.0f64, 0.0f64), |(a, b), &p| (a.min(p), b.max(p)));
            assert!(least >= 0.699 && most <= 0.801 && most - least > 0.08, "{life}: {least} {most}");
        }
        assert_eq!((holding(59).1, holding(2).1), (0.5, 0.5));
        // However short a life is, the next login is a second later.
        for life in [0, 1, 500, 1999] {
            let (_, next) =
                Holding::new(OwnToken::new("", "t", None, 1), Some(Duration::from_millis(life)), false);
            assert_eq!(next, BETWEEN_LOGINS, "{life}");
        }
    }

    #[test]
    fn callers_wait_in_the_last_seconds_of_a_life_alone() {
        for (life, expected) in [(432_000, 60), (600, 30), (100, 10), (20, 5), (4, 1)] {
            assert_eq!(runway(Duration::from_secs(life)), Duration::from_secs(expected), "{life}");
        }
        let (holding, _) = holding(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let after = |seconds| (now + Duration::from_secs(seconds), wall + Duration::from_secs(seconds));
        let state = |(now, wall)| (holding.is_ample(now, wall), holding.is_valid(now, wall));
        assert_eq!(state(after(560)), (true, true));
        assert_eq!(state(after(580)), (false, true));
        assert_eq!(state(after(601)), (false, false));
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_makes_a_token_scarce_and_does_not_kill_it() {
        let (holding, _) = holding(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let second = Duration::from_secs(1);
        // Or the machine was suspended: it looks the same.
        assert!(!holding.is_ample(now, wall + HOUR) && holding.is_valid(now, wall + HOUR));
        // What has expired by the monotonic clock has expired.
        assert!(!holding.is_valid(now + 601 * second, wall) && !holding.is_ample(now + 601 * second, wall));
        // A wall clock that is set back changes nothing.
        assert!(holding.is_ample(now + 500 * second, wall - HOUR));
        assert!(!holding.is_ample(now + 580 * second, wall - HOUR));
    }

    #[test]
    fn the_date_of_a_refused_login_tells_a_clock_that_was_set_from_a_machine_that_was_suspended() {
        let (holding, _) = holding(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let ahead = wall + HOUR;
        let second = Duration::from_secs(1);
        let state = |holding: &Holding| (holding.is_ample(now, ahead), holding.is_valid(now, ahead));
        // 10 s after it was given, by the issuer's clock: the wall clock was set.
        let valid = holding.corrected(10, now, ahead).unwrap();
        assert_eq!(state(&valid), (true, true));
        assert!(valid.is_valid(now + 589 * second, ahead) && !valid.is_valid(now + 591 * second, ahead));
        // An hour after: the machine was suspended.
        let expired = holding.corrected(3610, now, ahead).unwrap();
        assert_eq!(state(&expired), (false, false));
        // A server whose own clock is a day behind lengthens nothing.
        let bounded = holding.corrected(10 - 86_400, now, ahead).unwrap();
        assert!(!bounded.is_valid(now + 601 * second, ahead));
        // Where the clocks agree, nobody else's counts.
        assert!(holding.corrected(3610, now, wall).is_none() && valid.corrected(3610, now, ahead).is_none());
        // A life that expires_in gave is not by the issuer's clock.
        let token = OwnToken::new("", "t", Some(600), 1);
        let (given, _) = Holding::new(token, Some(Duration::from_secs(600)), false);
        assert!(given.corrected(3610, now, ahead).is_none());
    }

    #[test]
    fn a_login_is_recent_for_a_second() {
        let (holding, _) = holding(600);
        let now = Instant::now();
        assert!(holding.is_recent(now) && !holding.is_recent(now + Duration::from_secs(1)));
    }
}
