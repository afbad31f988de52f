//! One attempt to get a token: from a login to a token in use, and when the next is due.

use super::super::events::Events;
use super::super::pacing::{self, Budget};
use super::super::transport::{FetchError, FetchFailure};
use super::super::worker::{Job, Reason, Worker};
use super::holding::{BETWEEN_LOGINS, Holding};
use super::own_token::OwnToken;
use super::status::TokenRenewerStatus;
use super::token_source::{NewToken, TokenSource};
use arc_swap::{ArcSwapOption, Guard};
use log::Level;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime};

/// Logins after rejections: one at once, and then one in that time.
const REJECTION_REFILL: Duration = Duration::from_secs(30);
/// The longest pause while a token is valid for long, and when it is not.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE_IN_NEED: Duration = Duration::from_secs(15);
/// The first pause after a login that was refused; the next are longer: retrying what is wrong would only be a load.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
/// The shortest longest pause after a refused login, however little is left of the token in use.
const REFUSED_PAUSE_IN_NEED: Duration = Duration::from_secs(5);

/// What is told of each attempt.
pub(super) type Observer = Arc<dyn Fn(&TokenRenewerStatus) + Send + Sync>;

pub(super) struct RenewalJob {
    source: Arc<dyn TokenSource>,
    /// For logs.
    name: String,
    prefix: Prefix,
    observer: Option<Observer>,
    in_use: ArcSwapOption<Holding>,
    /// Logins refused since the last success, as far as they make the pauses grow.
    refusals: AtomicU32,
    closed: AtomicBool,
    /// The thread, while it waits between two logins of one attempt.
    resting: ArcSwapOption<Thread>,
}

/// What stands before the token in an Authorization header.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    pub(super) text: &'static str,
    /// Whether it was set: then it stands even where the login's answer names another scheme.
    pub(super) is_set: bool,
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

/// The longest pause after so many refused logins, with a token that expires in `left`, and whether the next is to be
/// longer. It is a part of what is left, so that the token is not lost to one refusal, but not less than some seconds: a
/// refused login is not to hammer.
fn refused_pause(refusals: u32, left: Option<Duration>) -> (Duration, bool) {
    let growing = REFUSED_PAUSE.saturating_mul(1 << refusals.min(10)).min(LONGEST_PAUSE);
    let bound = match left {
        None | Some(Duration::ZERO) => LONGEST_PAUSE,
        Some(left) => (left / 2).max(REFUSED_PAUSE_IN_NEED),
    };
    (growing.min(bound), growing <= bound)
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
        prefix: Prefix,
        observer: Option<Observer>,
    ) -> Self {
        let (in_use, resting) = (ArcSwapOption::empty(), ArcSwapOption::empty());
        let (refusals, closed) = (AtomicU32::new(0), AtomicBool::new(false));
        Self { source, name, prefix, observer, in_use, refusals, closed, resting }
    }

    pub(super) fn in_use(&self) -> Guard<Option<Arc<Holding>>> {
        self.in_use.load()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Logs in, once more if that gives the token that was just rejected: a token of DC/OS names whole seconds alone, so
    /// two logins of one second give one text.
    fn login(&self, reason: Reason) -> Result<Duration, FetchError> {
        let mut new = self.source.login()?;
        let is_in_use = |new: &NewToken| {
            self.in_use.load().as_ref().is_some_and(|holding| holding.token.as_str() == new.token.as_str())
        };
        if reason == Reason::Rejection && is_in_use(&new) {
            self.rest(BETWEEN_LOGINS);
            if self.closed.load(Ordering::SeqCst) {
                return Err(FetchError::new(FetchFailure::Other, "closed"));
            }
            new = self.source.login()?;
        }
        self.keep(&new)
    }

    /// Waits for that long, or until it is closed.
    fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        self.resting.store(Some(Arc::new(thread::current())));
        while !self.closed.load(Ordering::SeqCst) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        self.resting.store(None);
    }

    /// Takes the issuer's time from the answer of a login that failed.
    fn correct(&self, server_time: i64) {
        let corrected = self
            .in_use
            .load()
            .as_ref()
            .and_then(|holding| holding.corrected(server_time, Instant::now(), SystemTime::now()));
        if let Some(holding) = corrected {
            self.put_in_use(holding);
        }
    }

    pub(super) fn put_in_use(&self, holding: Holding) {
        self.in_use.store(Some(Arc::new(holding)));
        if self.closed.load(Ordering::SeqCst) {
            self.in_use.store(None);
        }
    }

    fn keep(&self, new: &NewToken) -> Result<Duration, FetchError> {
        let lifetime = new.lifetime(SystemTime::now());
        if lifetime == Some(Duration::ZERO) {
            return Err(FetchError::new(FetchFailure::Document, "the token has expired already"));
        }
        let generation = self.in_use.load().as_ref().map_or(0, |holding| holding.token.generation()) + 1;
        let named = new.scheme.as_ref().filter(|_| !self.prefix.is_set).map(|scheme| format!("{scheme} "));
        let prefix = named.as_deref().unwrap_or(self.prefix.text);
        let token = OwnToken::new(prefix, &new.token, new.expires_at, generation);
        // A life of centuries must not overflow a clock.
        let lifetime = lifetime.filter(|life| *life < Duration::from_secs(100 * 365 * 24 * 60 * 60));
        let (holding, next) = Holding::new(token, lifetime, new.lives_by_exp());
        self.put_in_use(holding);
        self.refusals.store(0, Ordering::Relaxed);
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
            Some(holding) => holding.due_after_fork(),
            None => Duration::ZERO,
        }
    }

    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError> {
        let result = self.login(reason);
        if let Err(FetchError { server_time: Some(server_time), .. }) = &result {
            self.correct(*server_time);
        }
        result
    }

    fn pause(&self, failures: u32, error: &FetchError) -> Duration {
        let random = pacing::random();
        let left = self.in_use.load().as_ref().map_or(Some(Duration::ZERO), |holding| holding.left());
        match error.failure() {
            FetchFailure::Refused | FetchFailure::Rejected | FetchFailure::Credentials => {
                let (longest, grows) = refused_pause(self.refusals.load(Ordering::Relaxed), left);
                self.refusals.fetch_add(grows.into(), Ordering::Relaxed);
                longest.mul_f64(0.5 + 0.5 * random)
            }
            _ => pacing::back_off(failures, longest_pause(left), random),
        }
    }

    fn enter_in_book(&self, _: &mut Book, _: u64, _: bool) {}

    fn report(
        &self,
        worker: &Arc<Worker<Self>>,
        events: &Arc<Events>,
        result: &Result<Duration, FetchError>,
    ) {
        const TARGET: &str = module_path!();
        let name = &self.name;
        match result {
            Ok(next) => events.log(TARGET, Level::Info, || {
                format!("token of {name}: renewed, next in {} s", next.as_secs())
            }),
            Err(error) => events.log(TARGET, Level::Warn, || format!("token of {name}: {error}")),
        }
        if let Some(observer) = &self.observer {
            let (observer, status) = (Arc::clone(observer), TokenRenewerStatus::of(worker));
            events.push(Box::new(move || observer(&status)));
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.in_use.store(None);
        self.source.interrupt();
        if let Some(thread) = self.resting.load_full() {
            thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_probed_more_often_the_less_is_left() {
        let pause = |left: Option<f64>| longest_pause(left.map(Duration::from_secs_f64)).as_secs_f64();
        let lefts =
            [None, Some(10_000.0), Some(300.0), Some(299.0), Some(40.0), Some(4.0), Some(0.5), Some(0.0)];
        assert_eq!(lefts.map(pause), [300.0, 300.0, 300.0, 15.0, 10.0, 1.0, 0.25, 15.0]);
    }

    #[test]
    fn a_refused_login_is_tried_again_within_what_is_left_of_the_token_and_never_often() {
        let secs = |(pause, grows): (Duration, bool)| (pause.as_secs_f64(), grows);
        let pause =
            |refusals, left: Option<f64>| secs(refused_pause(refusals, left.map(Duration::from_secs_f64)));
        // Without a token, or with one that never expires: 30 s, growing to five minutes.
        for left in [Some(0.0), None] {
            let pauses = [0, 1, 2, 3, 4, 100].map(|refusals| pause(refusals, left).0);
            assert_eq!(pauses, [30.0, 60.0, 120.0, 240.0, 300.0, 300.0]);
        }
        // The first one comes after 15 to 30 s, and well within what is left.
        assert_eq!(pause(0, Some(100_000.0)), (30.0, true));
        assert_eq!(pause(0, Some(40.0)), (20.0, false));
        assert_eq!(pause(9, Some(40.0)), (20.0, false), "many refusals before do not cost the token");
        assert_eq!(pause(0, Some(0.1)), (5.0, false));
        // All that 401 causes in the last ten minutes of a token, at the shortest pauses.
        let (mut left, mut refusals, mut logins) = (600.0, 0, 0);
        while left > 0.0 {
            let (longest, grows) = pause(refusals, Some(left));
            (left, refusals, logins) = (left - longest / 2.0, refusals + u32::from(grows), logins + 1);
        }
        assert_eq!(logins, 21);
    }

    fn job(source: impl TokenSource + 'static) -> RenewalJob {
        let prefix = Prefix { text: "Bearer ", is_set: false };
        RenewalJob::new(Arc::new(source), "test".to_owned(), prefix, None)
    }

    #[test]
    fn only_refusals_make_the_pauses_after_refusals_grow() {
        let job = job(|| NewToken::new("opaque"));
        let pause = |failure| job.pause(20, &FetchError::new(failure, "")).as_secs_f64();
        // Twenty failures came before, and none was a refusal.
        assert!((15.0..=30.0).contains(&pause(FetchFailure::Refused)));
        assert!(pause(FetchFailure::Status) <= 15.0, "there is no token");
        assert!((30.0..=60.0).contains(&pause(FetchFailure::Rejected)));
        assert!((60.0..=120.0).contains(&pause(FetchFailure::Credentials)));
        assert_eq!(job.refusals.load(Ordering::Relaxed), 3);
        job.attempt(Reason::Retry).unwrap();
        assert!((15.0..=30.0).contains(&pause(FetchFailure::Refused)), "a success has been in between");
    }

    fn put_in_use(job: &RenewalJob, expires_at: i64, wall_is_ahead_by: Duration) {
        let token = OwnToken::new("", "t", Some(expires_at), 1);
        let (holding, _) = Holding::new(token, Some(Duration::from_secs(600)), true);
        job.put_in_use(holding.with_wall_clock_ahead(wall_is_ahead_by));
    }

    fn is_in_use(job: &RenewalJob) -> (bool, bool) {
        let (in_use, now, wall) = (job.in_use(), Instant::now(), SystemTime::now());
        in_use
            .as_ref()
            .map_or((false, false), |holding| (holding.is_ample(now, wall), holding.is_valid(now, wall)))
    }

    #[test]
    fn the_date_of_a_login_that_failed_corrects_a_wall_clock_that_was_set() {
        let job = job(|| {
            let mut error = FetchError::new(FetchFailure::Status, "HTTP 503");
            error.server_time = Some(1000);
            Err(error)
        });
        assert!(job.attempt(Reason::Schedule).is_err() && job.in_use().is_none());
        let hour = Duration::from_secs(3600);
        for (expires_at, after) in [(1590, (true, true)), (900, (false, false))] {
            put_in_use(&job, expires_at, hour);
            assert_eq!(is_in_use(&job), (false, true));
            assert!(job.attempt(Reason::Schedule).is_err());
            assert_eq!(is_in_use(&job), after, "{expires_at}");
        }
        job.close();
        put_in_use(&job, 1590, Duration::ZERO);
        assert!(job.in_use().is_none(), "closed");
    }

    #[test]
    fn closing_ends_the_wait_between_two_logins() {
        let job = Arc::new(job(|| NewToken::new("the-same")));
        job.attempt(Reason::Schedule).unwrap();
        let its = Arc::clone(&job);
        let start = Instant::now();
        let attempt = thread::spawn(move || its.login(Reason::Rejection).map(|_| ()));
        while job.resting.load().is_none() {
            thread::yield_now();
        }
        job.close();
        assert_eq!(attempt.join().unwrap().unwrap_err().detail(), "closed");
        assert!(start.elapsed() < BETWEEN_LOGINS);
    }
}
