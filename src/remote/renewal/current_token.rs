//! The token in use and its expiry.
//!
//! The expiry is measured on two clocks. The monotonic clock is never set, but it stops while the
//! machine is suspended. The wall clock keeps running during a suspension, but it can be set: by
//! hours at boot, or by any amount by an operator. A program cannot distinguish a suspended machine
//! from a wall clock that was set forward.
//!
//! The monotonic clock never runs ahead of real time. So a token that has expired by the monotonic
//! clock has expired, and is never returned. A token that has expired only by the wall clock may be
//! valid:
//!
//! - It is renewed now. Callers wait for that login, as they do in the last seconds of any token.
//! - If that login fails, the token is still returned. If the machine was suspended, the token has
//!   expired, and its receiver responds with 401. If the clock was set, the token is valid, and
//!   callers can use it during an outage of the issuer.
//! - The Date header of a failed login's response distinguishes the two cases. It is used to
//!   correct the expiry on both clocks.

use super::own_token::OwnToken;
use crate::remote::pacing;
use std::time::{Duration, Instant, SystemTime};

/// Tokens with a shorter lifetime are renewed after half of their lifetime.
const SHORT_LIFETIME: Duration = Duration::from_secs(60);
/// Tokens without expiry are renewed as if they had this lifetime.
const RENEWAL_WITHOUT_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// Minimum time from a successful login to the next scheduled one.
pub(super) const MIN_LOGIN_INTERVAL: Duration = Duration::from_secs(1);
/// Differences between the clocks up to this time are ignored: a Date has a precision of one
/// second, and a response takes some time.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);

/// The token in use.
#[derive(Clone)]
pub(super) struct CurrentToken {
    pub(super) token: OwnToken,
    lifetime: Option<Duration>,
    obtained: Instant,
    pub(super) renew_at: Instant,
    expiry: Option<Expiry>,
    /// Whether the lifetime comes from the token's own "exp", which is a time on the issuer's
    /// clock.
    has_exp: bool,
}

/// The time when a token expires, on each clock.
#[derive(Clone, Copy)]
struct Expiry {
    monotonic: Instant,
    wall: SystemTime,
}

impl Expiry {
    fn after(life: Duration, now: Instant, wall: SystemTime) -> Self {
        Self { monotonic: now + life, wall: wall + life }
    }

    /// Returns the time left by the monotonic clock and by the wall clock.
    fn left(self, now: Instant, wall: SystemTime) -> [Duration; 2] {
        let by_wall = self.wall.duration_since(wall).unwrap_or_default();
        [self.monotonic.saturating_duration_since(now), by_wall]
    }
}

impl CurrentToken {
    /// Makes the token, and returns it with the time until its renewal.
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

    /// Whether callers get the token without waiting for a renewal: by both clocks, the time left
    /// is longer than the renewal margin.
    pub(super) fn is_fresh(&self, now: Instant, wall: SystemTime) -> bool {
        self.expiry.zip(self.lifetime).is_none_or(|(expiry, life)| {
            let [monotonic, by_wall] = expiry.left(now, wall);
            monotonic.min(by_wall) > renewal_margin(life)
        })
    }

    /// Whether the token may be returned to callers: it has not expired by the monotonic clock.
    pub(super) fn is_valid(&self, now: Instant, wall: SystemTime) -> bool {
        self.expiry.is_none_or(|expiry| {
            let [monotonic, _] = expiry.left(now, wall);
            !monotonic.is_zero()
        })
    }

    /// Whether the login was less than [`MIN_LOGIN_INTERVAL`] ago.
    pub(super) fn is_recent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.obtained) < MIN_LOGIN_INTERVAL
    }

    /// Returns the time until the token expires, by the clock that reaches the expiry first.
    pub(super) fn left(&self) -> Option<Duration> {
        let [monotonic, by_wall] = self.expiry?.left(Instant::now(), SystemTime::now());
        Some(monotonic.min(by_wall))
    }

    /// Returns the time until the renewal in a forked child. A random time, up to 10 % of the
    /// lifetime, is added to the parent's time. So children do not all log in at the same time.
    pub(super) fn due_after_fork(&self) -> Duration {
        let spread = self.lifetime.unwrap_or(RENEWAL_WITHOUT_EXPIRY).mul_f64(0.1 * pacing::random());
        self.renew_at.saturating_duration_since(Instant::now()) + spread
    }

    /// Returns the token with its expiry corrected by the issuer's time. `None` if both clocks
    /// agree, or if the lifetime does not come from "exp".
    pub(super) fn corrected(&self, server_time: i64, now: Instant, wall: SystemTime) -> Option<Self> {
        let [monotonic, by_wall] = self.expiry?.left(now, wall);
        if !self.has_exp || monotonic.abs_diff(by_wall) <= CLOCK_TOLERANCE {
            return None;
        }
        let left = self.token.expires_at()?.saturating_sub(server_time).max(0).unsigned_abs();
        // The true time left is between the results of the two clocks. The limits matter if the
        // server's own clock is wrong.
        let left = Duration::from_secs(left).clamp(monotonic.min(by_wall), monotonic);
        Some(Self { expiry: Some(Expiry::after(left, now, wall)), ..self.clone() })
    }
}

/// Returns the renewal margin: if less time is left, callers wait for a renewal. It is 5 % of the
/// lifetime, limited to 10 to 60 s, and at most a quarter of the lifetime.
fn renewal_margin(lifetime: Duration) -> Duration {
    (lifetime / 20).clamp(Duration::from_secs(10), Duration::from_secs(60)).min(lifetime / 4)
}

#[cfg(test)]
impl CurrentToken {
    /// Simulates that the wall clock was set forward, or that the machine was suspended.
    pub(super) fn with_wall_clock_ahead(mut self, by: Duration) -> Self {
        self.expiry.iter_mut().for_each(|expiry| expiry.wall -= by);
        self
    }

    /// Simulates that the login was some time ago.
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
        // On the issuer's clock, the token was issued at 0 and expires at `life`.
        let token = OwnToken::new("", "t", Some(life as i64), 1);
        let (token, next) = CurrentToken::new(token, Some(Duration::from_secs(life)), true);
        (token, next.as_secs_f64() / life as f64)
    }

    #[test]
    fn tokens_are_renewed_after_70_to_80_percent_of_their_lifetime_and_short_ones_after_half() {
        for life in [60, 600, 21_600, 432_000] {
            let parts: Vec<f64> = (0..200).map(|_| token(life).1).collect();
            let (least, most) = parts.iter().fold((1.0f64, 0.0f64), |(a, b), &p| (a.min(p), b.max(p)));
            assert!(least >= 0.699 && most <= 0.801 && most - least > 0.08, "{life}: {least} {most}");
        }
        assert_eq!((token(59).1, token(2).1), (0.5, 0.5));
        // Even for the shortest lifetime, the next login is one second later.
        for life in [0, 1, 500, 1999] {
            let (_, next) =
                CurrentToken::new(OwnToken::new("", "t", None, 1), Some(Duration::from_millis(life)), false);
            assert_eq!(next, MIN_LOGIN_INTERVAL, "{life}");
        }
    }

    #[test]
    fn callers_wait_only_in_the_last_seconds_of_a_lifetime() {
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
    fn a_wall_clock_set_forward_causes_a_renewal_but_does_not_invalidate_the_token() {
        let (token, _) = token(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let second = Duration::from_secs(1);
        // A suspended machine looks the same.
        assert!(!token.is_fresh(now, wall + HOUR) && token.is_valid(now, wall + HOUR));
        // A token that has expired by the monotonic clock has expired.
        assert!(!token.is_valid(now + 601 * second, wall) && !token.is_fresh(now + 601 * second, wall));
        // Setting the wall clock back changes nothing.
        assert!(token.is_fresh(now + 500 * second, wall - HOUR));
        assert!(!token.is_fresh(now + 580 * second, wall - HOUR));
    }

    #[test]
    fn the_date_of_a_failed_login_distinguishes_a_set_clock_from_a_suspended_machine() {
        let (token, _) = token(600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let ahead = wall + HOUR;
        let second = Duration::from_secs(1);
        let state = |token: &CurrentToken| (token.is_fresh(now, ahead), token.is_valid(now, ahead));
        // By the issuer's clock, the token is 10 s old: the wall clock was set.
        let valid = token.corrected(10, now, ahead).unwrap();
        assert_eq!(state(&valid), (true, true));
        assert!(valid.is_valid(now + 589 * second, ahead) && !valid.is_valid(now + 591 * second, ahead));
        // By the issuer's clock, the token is over an hour old: the machine was suspended.
        let expired = token.corrected(3610, now, ahead).unwrap();
        assert_eq!(state(&expired), (false, false));
        // A server whose own clock is a day behind does not extend the lifetime.
        let bounded = token.corrected(10 - 86_400, now, ahead).unwrap();
        assert!(!bounded.is_valid(now + 601 * second, ahead));
        // If the two clocks agree, the server's time is ignored.
        assert!(token.corrected(3610, now, wall).is_none() && valid.corrected(3610, now, ahead).is_none());
        // A lifetime from expires_in is not a time on the issuer's clock.
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
