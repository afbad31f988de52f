//! One attempt to get a token: from a login to a token in use, and when the next is due.

use super::super::pacing::{self, Budget};
use super::super::transport::{FetchError, FetchFailure};
use super::super::worker::{Due, Job, Reason, Worker};
use super::own_token::OwnToken;
use super::status::TokenRenewerStatus;
use super::token_source::{NewToken, TokenSource};
use arc_swap::{ArcSwapOption, Guard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Tokens that live for less are renewed at half of their life.
const SHORT_LIFE: Duration = Duration::from_secs(60);
/// Tokens that do not expire are renewed that often all the same.
const WITHOUT_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// Logins after rejections: one at once, and then one in that time.
const REJECTION_REFILL: Duration = Duration::from_secs(30);
/// The longest pause while a token is valid for long, and when it is not.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE_IN_NEED: Duration = Duration::from_secs(15);
/// The pauses after a login that was rejected: retrying what is wrong would only be a load.
const REJECTED_PAUSE: Duration = Duration::from_secs(30);

/// What is told of each attempt.
pub(super) type Observer = Arc<dyn Fn(&TokenRenewerStatus) + Send + Sync>;

pub(super) struct RenewalJob {
    source: Arc<dyn TokenSource>,
    /// For logs.
    name: String,
    /// What stands before the token in an Authorization header.
    prefix: &'static str,
    observer: Option<Observer>,
    in_use: ArcSwapOption<Holding>,
    closed: AtomicBool,
}

/// The token in use.
pub(super) struct Holding {
    pub(super) token: OwnToken,
    lifetime: Option<Duration>,
    pub(super) renew_at: Instant,
    /// From then on callers wait for a newer one, if it can be had.
    scarce: Option<Due>,
    expires: Option<Due>,
}

impl Holding {
    fn new(token: OwnToken, lifetime: Option<Duration>) -> (Self, Duration) {
        let next = match lifetime {
            None => pacing::ahead_of_expiry(WITHOUT_EXPIRY, pacing::random()),
            Some(life) if life < SHORT_LIFE => life / 2,
            Some(life) => pacing::ahead_of_expiry(life, pacing::random()),
        };
        let scarce = lifetime.map(|life| Due::after(life.saturating_sub(runway(life))));
        let expires = lifetime.map(Due::after);
        (Self { token, lifetime, renew_at: Instant::now() + next, scarce, expires }, next)
    }

    /// Whether it may be handed out without another thought.
    pub(super) fn is_ample(&self, now: Instant, wall: SystemTime) -> bool {
        self.scarce.is_none_or(|scarce| !scarce.has_come(now, wall))
    }

    /// Whether it may be handed out at all.
    pub(super) fn is_valid(&self, now: Instant, wall: SystemTime) -> bool {
        self.expires.is_none_or(|expires| !expires.has_come(now, wall))
    }

    pub(super) fn left(&self) -> Option<Duration> {
        self.expires.map(Due::left)
    }
}

/// How long before its expiry a token becomes scarce: 5 % of its life, from 10 to 60 seconds, a quarter at most.
fn runway(life: Duration) -> Duration {
    (life / 20).clamp(Duration::from_secs(10), Duration::from_secs(60)).min(life / 4)
}

/// The longest pause in an outage, with a token that expires in `left`: the less that is, the more often it is
/// tried, so that what is left of a life after an outage is used.
fn longest_pause(left: Option<Duration>) -> Duration {
    match left {
        None => LONGEST_PAUSE,
        Some(Duration::ZERO) => LONGEST_PAUSE_IN_NEED,
        Some(left) if left < LONGEST_PAUSE => {
            (left / 4).clamp(Duration::from_millis(250), LONGEST_PAUSE_IN_NEED)
        }
        Some(_) => LONGEST_PAUSE,
    }
}

/// What callers and the thread share.
pub(super) struct Book {
    pub(super) rejections: Budget,
    /// Rejections that caused no login.
    pub(super) suppressed: u64,
}

impl RenewalJob {
    pub(super) fn new(
        source: Arc<dyn TokenSource>,
        name: String,
        prefix: &'static str,
        observer: Option<Observer>,
    ) -> Self {
        let in_use = ArcSwapOption::empty();
        Self { source, name, prefix, observer, in_use, closed: AtomicBool::new(false) }
    }

    pub(super) fn in_use(&self) -> Guard<Option<Arc<Holding>>> {
        self.in_use.load()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn keep(&self, new: &NewToken) -> Result<Duration, FetchError> {
        let lifetime = new.lifetime(SystemTime::now());
        if lifetime == Some(Duration::ZERO) {
            return Err(FetchError::new(FetchFailure::Document, "the token has expired already"));
        }
        let generation = self.in_use.load().as_ref().map_or(0, |holding| holding.token.generation()) + 1;
        let token = OwnToken::new(self.prefix, &new.token, new.expires_at, generation);
        // A life of centuries must not overflow a clock.
        let lifetime = lifetime.filter(|life| *life < Duration::from_secs(100 * 365 * 24 * 60 * 60));
        let (holding, next) = Holding::new(token, lifetime);
        self.in_use.store(Some(Arc::new(holding)));
        if self.closed.load(Ordering::SeqCst) {
            self.in_use.store(None);
        }
        Ok(next)
    }
}

impl Job for RenewalJob {
    const THREAD: &'static str = "bouncer-token";
    type Book = Book;

    fn new_book(&self) -> Book {
        Book { rejections: Budget::full(1, REJECTION_REFILL, Instant::now()), suppressed: 0 }
    }

    fn first_due(&self) -> Duration {
        match &*self.in_use.load() {
            // Children of one fork share the time; they must not all come at once.
            Some(holding) => {
                let spread = holding.lifetime.unwrap_or(WITHOUT_EXPIRY).mul_f64(0.1 * pacing::random());
                holding.renew_at.saturating_duration_since(Instant::now()) + spread
            }
            None => Duration::ZERO,
        }
    }

    fn attempt(&self, _: Reason) -> Result<Duration, FetchError> {
        let result = self.source.login().and_then(|new| self.keep(&new));
        match &result {
            Ok(next) => log::info!("token of {}: renewed, next in {} s", self.name, next.as_secs()),
            Err(error) => log::warn!("token of {}: {error}", self.name),
        }
        result
    }

    fn pause(&self, failures: u32, error: &FetchError) -> Duration {
        let random = pacing::random();
        let some_of = |longest: Duration| longest.mul_f64(0.5 + 0.5 * random);
        match error.failure() {
            FetchFailure::Refused => some_of(LONGEST_PAUSE),
            FetchFailure::Rejected | FetchFailure::Credentials => {
                let growing = REJECTED_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(10));
                some_of(growing.min(LONGEST_PAUSE))
            }
            _ => {
                let left = self.in_use.load().as_ref().map_or(Some(Duration::ZERO), |holding| holding.left());
                pacing::back_off(failures, longest_pause(left), random)
            }
        }
    }

    fn enter_in_book(&self, _: &mut Book, _: u64, _: bool) {}

    fn report(&self, worker: &Arc<Worker<Self>>, _: bool) {
        if let Some(observer) = &self.observer {
            observer(&TokenRenewerStatus::of(worker));
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.in_use.store(None);
        self.source.interrupt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(life: u64) -> (Holding, f64) {
        let token = OwnToken::new("", "t", None, 1);
        let (holding, next) = Holding::new(token, Some(Duration::from_secs(life)));
        (holding, next.as_secs_f64() / life as f64)
    }

    #[test]
    fn tokens_are_renewed_at_70_to_80_percent_of_life_and_short_ones_at_half() {
        for life in [60, 600, 21_600, 432_000] {
            let parts: Vec<f64> = (0..200).map(|_| holding(life).1).collect();
            let (least, most) = parts.iter().fold((1.0f64, 0.0f64), |(a, b), &p| (a.min(p), b.max(p)));
            assert!(least >= 0.699 && most <= 0.801 && most - least > 0.08, "{life}: {least} {most}");
        }
        assert_eq!(holding(59).1, 0.5);
    }

    #[test]
    fn an_outage_is_probed_more_often_the_less_is_left() {
        let pause = |left: Option<f64>| longest_pause(left.map(Duration::from_secs_f64)).as_secs_f64();
        let lefts =
            [None, Some(10_000.0), Some(300.0), Some(299.0), Some(40.0), Some(4.0), Some(0.5), Some(0.0)];
        assert_eq!(lefts.map(pause), [300.0, 300.0, 300.0, 15.0, 10.0, 1.0, 0.25, 15.0]);
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
        // The machine was suspended for an hour: the monotonic clock did not count it.
        assert_eq!(state((now, wall + Duration::from_secs(3600))), (false, false));
    }
}
