//! The token in use, and how long it is valid.
//!
//! Two clocks measure that. Nobody sets the monotonic clock, but it stands still while the machine
//! is suspended. The wall clock goes on then, but is set: at boot by hours, by an operator by any
//! time. A program cannot tell a suspended machine from a wall clock that was set forward.
//!
//! The monotonic clock never runs ahead of real time, so a token that has expired by it has
//! expired, and is not handed out. A token that has expired by the wall clock alone may be valid:
//!
//! - It is renewed now. Callers wait for that login, as in the last seconds of any token.
//! - Until a login succeeds, it is handed out. If the machine was suspended, its receiver answers
//!   401, as it would have anyway. If the clock was set, an outage of the issuer costs nothing.
//! - A login that fails tells the time: the answer's Date corrects both clocks of the token.

use super::own_token::OwnToken;
use crate::remote::pacing;
use std::time::{Duration, Instant, SystemTime};

/// Tokens with a shorter lifetime are renewed at half of it.
const SHORT_LIFETIME: Duration = Duration::from_secs(60);
/// How often tokens that do not expire are renewed.
const RENEWAL_WITHOUT_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest time from a successful login to the next scheduled one.
pub(super) const MIN_LOGIN_INTERVAL: Duration = Duration::from_secs(1);
/// Clocks that differ by less agree: a Date has whole seconds, and answers take some.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);

/// The token in use.
#[derive(Clone)]
pub(super) struct CurrentToken {
    pub(super) token: OwnToken,
    lifetime: Option<Duration>,
    obtained: Instant,
    pub(super) renew_at: Instant,
    expiry: Option<Expiry>,
    /// Whether its lifetime is from its own "exp", by the issuer's clock.
    has_exp: bool,
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

    /// The time left by the monotonic clock, and by the wall clock.
    fn left(self, now: Instant, wall: SystemTime) -> [Duration; 2] {
        let by_wall = self.wall.duration_since(wall).unwrap_or_default();
        [self.monotonic.saturating_duration_since(now), by_wall]
    }
}

impl CurrentToken {
    /// The token, and how long it is until its renewal.
    pub(super) fn new(token: OwnToken, lifetime: Option<Duration>, has_exp: bool) -> (Self, Duration) {
        let next = match lifetime {
            None => pacing::ahead_of_expiry(RENEWAL_WITHOUT_EXPIRY, pacing::random()),
            Some(life) if life < SHORT_LIFETIME => (life / 2).max(MIN_LOGIN_INTERVAL),
            Some(life) => pacing::ahead_of_expiry(life, pacing::random()),
        };
        let (obtained, wall) = (Instant::now(), SystemTime::now());
        let expiry = lifetime.map(|life| Expiry::after(life, obtained, wall));
        (Self { token, lifetime, obtained, renew_at: obtained + next, expiry, has_exp }, next)
    }

    /// Whether it is valid for longer than its renewal margin, by both clocks: callers need not
    /// wait for its renewal.
    pub(super) fn is_fresh(&self, now: Instant, wall: SystemTime) -> bool {
        self.expiry.zip(self.lifetime).is_none_or(|(expiry, life)| {
            let [monotonic, by_wall] = expiry.left(now, wall);
            monotonic.min(by_wall) > renewal_margin(life)
        })
    }

    /// Whether it may be handed out: it has not expired by the monotonic clock.
    pub(super) fn is_valid(&self, now: Instant, wall: SystemTime) -> bool {
        self.expiry.is_none_or(|expiry| {
            let [monotonic, _] = expiry.left(now, wall);
            !monotonic.is_zero()
        })
    }

    /// Whether its login was too recent for another.
    pub(super) fn is_recent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.obtained) < MIN_LOGIN_INTERVAL
    }

    /// How long it is until it expires, by the clock that comes first.
    pub(super) fn left(&self) -> Option<Duration> {
        let [monotonic, by_wall] = self.expiry?.left(Instant::now(), SystemTime::now());
        Some(monotonic.min(by_wall))
    }

    /// How long it is until its renewal in a process that has just been forked: a random time later
    /// than in its parent, so that the children do not log in at once.
    pub(super) fn due_after_fork(&self) -> Duration {
        let spread = self.lifetime.unwrap_or(RENEWAL_WITHOUT_EXPIRY).mul_f64(0.1 * pacing::random());
        self.renew_at.saturating_duration_since(Instant::now()) + spread
    }

    /// The token with both clocks corrected by the issuer's time, if they disagree.
    pub(super) fn corrected(&self, server_time: i64, now: Instant, wall: SystemTime) -> Option<Self> {
        let [monotonic, by_wall] = self.expiry?.left(now, wall);
        if !self.has_exp || monotonic.abs_diff(by_wall) <= CLOCK_TOLERANCE {
            return None;
        }
        let left = self.token.expires_at()?.saturating_sub(server_time).max(0).unsigned_abs();
        // The true expiry is between the two, whatever a server with a wrong clock says.
        let left = Duration::from_secs(left).clamp(monotonic.min(by_wall), monotonic);
        Some(Self { expiry: Some(Expiry::after(left, now, wall)), ..self.clone() })
    }
}

/// How long before its expiry callers wait for a token's renewal: 5 % of its lifetime, 10 to 60 s,
/// at most a quarter.
fn renewal_margin(lifetime: Duration) -> Duration {
    (lifetime / 20).clamp(Duration::from_secs(10), Duration::from_secs(60)).min(lifetime / 4)
}

#[cfg(test)]
impl CurrentToken {
    /// As if the wall clock had been set forward since, or the machine been suspended.
    pub(super) fn with_wall_clock_ahead(mut self, by: Duration) -> Self {
        self.expiry.iter_mut().for_each(|expiry| expiry.wall -= by);
        self
    }

    /// As if the login had been a while ago.
    pub(super) fn long_ago(mut self) -> Self {
        self.obtained -= 10 * MIN_LOGIN_INTERVAL;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn token(life: u64) -> (CurrentToken, f64) {
        // It expires at `life` by the issuer's clock, which began with it.
        let token = OwnToken::new("", "t", Some(life as i64), 1);
        let (token, next) = CurrentToken::new(token, Some(Duration::from_secs(life)), true);
        (token, next.as_secs_f64() / life as f64)
    }

    #[test]
    fn tokens_are_renewed_at_70_to_80_percent_of_life_and_short_ones_at_half() {
        for life in [60, 600, 21_600, 432_000] {
            let parts: Vec<f64> = (0..200).map(|_| token(life).1).collect();
            let (least, most) = parts.iter().fold((1.0f64, 0.0f64), |(a, b), &p| (a.min(p), b.max(p)));
            assert!(least >= 0.699 && most <= 0.801 && most - least > 0.08, "{life}: {least} {most}");
        }
        assert_eq!((token(59).1, token(2).1), (0.5, 0.5));
        // However short a life is, the next login is a second later.
        for life in [0, 1, 500, 1999] {
            let (_, next) =
                CurrentToken::new(OwnToken::new("", "t", None, 1), Some(Duration::from_millis(life)), false);
            assert_eq!(next, MIN_LOGIN_INTERVAL, "{life}");
        }
    }

    #[test]
    fn callers_wait_in_the_last_seconds_of_a_life_alone() {
        for (life, expected) in [(432_000, 60), (600, 30), (100, 10), (20, 5), (4, 1)] {
            assert_eq!(renewal_margin(Duration::from_secs(life)), Duration::from_secs(expected), "{life}");
        }
        let (token, _) = token(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let after = |seconds| (now + Duration::from_secs(seconds), wall + Duration::from_secs(seconds));
        let state = |(now, wall)| (token.is_fresh(now, wall), token.is_valid(now, wall));
        assert_eq!(state(after(560)), (true, true));
        assert_eq!(state(after(580)), (false, true));
        assert_eq!(state(after(601)), (false, false));
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_asks_for_renewal_and_does_not_end_a_valid_token() {
        let (token, _) = token(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let second = Duration::from_secs(1);
        // Or the machine was suspended: it looks the same.
        assert!(!token.is_fresh(now, wall + HOUR) && token.is_valid(now, wall + HOUR));
        // What has expired by the monotonic clock has expired.
        assert!(!token.is_valid(now + 601 * second, wall) && !token.is_fresh(now + 601 * second, wall));
        // A wall clock that is set back changes nothing.
        assert!(token.is_fresh(now + 500 * second, wall - HOUR));
        assert!(!token.is_fresh(now + 580 * second, wall - HOUR));
    }

    #[test]
    fn the_date_of_a_refused_login_tells_a_clock_that_was_set_from_a_machine_that_was_suspended() {
        let (token, _) = token(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let ahead = wall + HOUR;
        let second = Duration::from_secs(1);
        let state = |token: &CurrentToken| (token.is_fresh(now, ahead), token.is_valid(now, ahead));
        // 10 s after it was given, by the issuer's clock: the wall clock was set.
        let valid = token.corrected(10, now, ahead).unwrap();
        assert_eq!(state(&valid), (true, true));
        assert!(valid.is_valid(now + 589 * second, ahead) && !valid.is_valid(now + 591 * second, ahead));
        // An hour after: the machine was suspended.
        let expired = token.corrected(3610, now, ahead).unwrap();
        assert_eq!(state(&expired), (false, false));
        // A server whose own clock is a day behind lengthens nothing.
        let bounded = token.corrected(10 - 86_400, now, ahead).unwrap();
        assert!(!bounded.is_valid(now + 601 * second, ahead));
        // Where the clocks agree, nobody else's counts.
        assert!(token.corrected(3610, now, wall).is_none() && valid.corrected(3610, now, ahead).is_none());
        // A life that expires_in gave is not by the issuer's clock.
        let token = OwnToken::new("", "t", Some(600), 1);
        let (given, _) = CurrentToken::new(token, Some(Duration::from_secs(600)), false);
        assert!(given.corrected(3610, now, ahead).is_none());
    }

    #[test]
    fn a_login_is_recent_for_a_second() {
        let (token, _) = token(600);
        let now = Instant::now();
        assert!(token.is_recent(now) && !token.is_recent(now + Duration::from_secs(1)));
    }
}
