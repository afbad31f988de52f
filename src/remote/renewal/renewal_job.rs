//! One attempt to get a token: a login, the token in use, and when the next login is due.

use super::current_token::{CurrentToken, MIN_LOGIN_INTERVAL};
use super::own_token::OwnToken;
use super::status::{TokenRenewerState, TokenRenewerStatus};
use super::token_source::{NewToken, TokenSource};
use crate::remote::attempts::{Attempts, Reason};
use crate::remote::events::{Events, Observer};
use crate::remote::pacing::{self, Budget};
use crate::remote::transport::{FetchError, FetchFailure};
use crate::remote::worker::{Job, Worker};
use arc_swap::{ArcSwapOption, Guard};
use log::Level;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime};

/// Rejections cause one login immediately, and then at most one login in each interval of this
/// length.
const REJECTION_INTERVAL: Duration = Duration::from_secs(30);
/// Maximum pause between logins in an outage, if the token is valid for at least this time.
const MAX_PAUSE: Duration = Duration::from_secs(300);
/// Maximum pause between logins in an outage, if there is no valid token or it expires sooner.
const MAX_PAUSE_WITHOUT_TOKEN: Duration = Duration::from_secs(15);
/// Maximum pause after the first permanent failure. It doubles with each further permanent failure,
/// up to [`MAX_PAUSE`], because a retry is unlikely to succeed.
const PERMANENT_FAILURE_PAUSE: Duration = Duration::from_secs(30);
/// If the token in use expires soon, the maximum pause after a permanent failure is reduced, but
/// never below this time.
const MIN_PERMANENT_FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// Tokens with a longer lifetime count as tokens without expiry. This avoids an overflow of a
/// clock.
const MAX_LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
/// The target of log records.
const TARGET: &str = module_path!();

pub(super) struct RenewalJob {
    source: Arc<dyn TokenSource>,
    /// The name of the renewer in logs.
    name: String,
    prefix: Prefix,
    observer: Option<Observer<TokenRenewerStatus>>,
    in_use: ArcSwapOption<CurrentToken>,
    /// Number of permanent failures since the last success. Counts only failures that made the next
    /// pause longer.
    permanent_failures: AtomicU32,
    closed: AtomicBool,
    /// The worker's thread, while it waits between two logins of one attempt.
    waiting_thread: ArcSwapOption<Thread>,
}

/// The text before the token in the Authorization header.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    pub(super) text: &'static str,
    /// Whether the program set the prefix. If so, the prefix is used even if the login's response
    /// contains another scheme.
    pub(super) is_set: bool,
}

/// Returns the maximum pause between logins in an outage. `left` is the time until the token
/// expires: zero without a valid token, `None` for a token without expiry. While the token is
/// valid, less time left means a shorter pause.
fn max_pause(left: Option<Duration>) -> Duration {
    match left {
        Some(Duration::ZERO) => MAX_PAUSE_WITHOUT_TOKEN,
        Some(left) if left < MAX_PAUSE => {
            (left / 4).clamp(Duration::from_millis(250), MAX_PAUSE_WITHOUT_TOKEN)
        }
        _ => MAX_PAUSE,
    }
}

/// Returns the maximum pause after a permanent failure, and whether the next maximum is longer.
/// `failures` is the number of earlier permanent failures. `left` is the same as for [`max_pause`].
/// The pause is at most half of the time left, so that a retry comes before the token expires. But
/// that limit is never below [`MIN_PERMANENT_FAILURE_PAUSE`].
fn permanent_failure_pause(failures: u32, left: Option<Duration>) -> (Duration, bool) {
    let growing = PERMANENT_FAILURE_PAUSE.saturating_mul(1 << failures.min(10)).min(MAX_PAUSE);
    let bound = match left {
        None | Some(Duration::ZERO) => MAX_PAUSE,
        Some(left) => (left / 2).max(MIN_PERMANENT_FAILURE_PAUSE),
    };
    (growing.min(bound), growing <= bound)
}

/// Rejections of the service's own token, in one process.
pub(super) struct Rejections {
    pub(super) budget: Budget,
    /// Number of rejections that caused no login.
    pub(super) suppressed: u64,
}

impl RenewalJob {
    pub(super) fn new(
        source: Arc<dyn TokenSource>,
        name: String,
        prefix: Prefix,
        observer: Option<Observer<TokenRenewerStatus>>,
    ) -> Self {
        Self {
            source,
            name,
            prefix,
            observer,
            in_use: ArcSwapOption::empty(),
            permanent_failures: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            waiting_thread: ArcSwapOption::empty(),
        }
    }

    pub(super) fn in_use(&self) -> Guard<Option<Arc<CurrentToken>>> {
        self.in_use.load()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Logs in. If the login returns the token that was just rejected, logs in again a second
    /// later. DC/OS tokens contain times in whole seconds, so two logins within one second return
    /// the same token.
    fn login(&self, reason: Reason) -> Result<Duration, FetchError> {
        let mut new = self.source.login()?;
        let is_in_use = |new: &NewToken| {
            self.in_use.load().as_ref().is_some_and(|current| current.token.as_str() == new.token.as_str())
        };
        if reason == Reason::Rejection && is_in_use(&new) {
            self.wait_unless_closed(MIN_LOGIN_INTERVAL);
            if self.closed.load(Ordering::SeqCst) {
                return Err(FetchError::closed());
            }
            new = self.source.login()?;
        }
        self.put_new_in_use(&new)
    }

    fn wait_unless_closed(&self, pause: Duration) {
        let end = Instant::now() + pause;
        self.waiting_thread.store(Some(Arc::new(thread::current())));
        while !self.closed.load(Ordering::SeqCst) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        self.waiting_thread.store(None);
    }

    /// Corrects the expiry of the token in use. `server_time` is the issuer's time, from the
    /// response of a failed login.
    fn correct_clocks(&self, server_time: i64) {
        let in_use = self.in_use.load();
        let corrected = in_use
            .as_ref()
            .and_then(|current| current.corrected(server_time, Instant::now(), SystemTime::now()));
        if let Some(current) = corrected {
            self.put_in_use(current);
        }
    }

    pub(super) fn put_in_use(&self, current: CurrentToken) {
        self.in_use.store(Some(Arc::new(current)));
        if self.closed.load(Ordering::SeqCst) {
            self.in_use.store(None);
        }
    }

    fn put_new_in_use(&self, new: &NewToken) -> Result<Duration, FetchError> {
        let lifetime = new.lifetime(SystemTime::now());
        if lifetime == Some(Duration::ZERO) {
            return Err(FetchError::new(
                FetchFailure::Document,
                "the new token has already expired: check the clock of this machine and of the issuer",
            ));
        }
        let generation = self.in_use.load().as_ref().map_or(0, |current| current.token.generation()) + 1;
        let named = new.scheme.as_ref().filter(|_| !self.prefix.is_set).map(|scheme| format!("{scheme} "));
        let prefix = named.as_deref().unwrap_or(self.prefix.text);
        let token = OwnToken::new(prefix, &new.token, new.expires_at, generation);
        let lifetime = lifetime.filter(|lifetime| *lifetime < MAX_LIFETIME);
        let (current, next) = CurrentToken::new(token, lifetime, new.expires_by_exp());
        self.put_in_use(current);
        self.permanent_failures.store(0, Ordering::Relaxed);
        Ok(next)
    }

    /// Returns a snapshot of the state.
    pub(super) fn status(worker: &Worker<Self>) -> TokenRenewerStatus {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let in_use = worker.job.in_use();
        let current = in_use.as_ref();
        let state = match current {
            _ if worker.is_closed() => TokenRenewerState::Closed,
            None => TokenRenewerState::Empty,
            Some(current) if current.is_fresh(now, wall) => TokenRenewerState::Valid,
            Some(current) if current.is_valid(now, wall) => TokenRenewerState::Expiring,
            Some(_) => TokenRenewerState::Expired,
        };
        worker.read(|attempts| TokenRenewerStatus {
            source: worker.job.name.clone(),
            state,
            generation: current.map_or(0, |current| current.token.generation()),
            expires_in: current.and_then(|current| current.left()),
            last_error: attempts.last_error.as_ref().map(|(error, _)| error.clone()),
            last_error_at: attempts.last_error.as_ref().map(|(_, at)| *at),
            failures: attempts.failures,
            failures_in_row: attempts.failures_in_row,
            next_attempt: attempts.next_in(),
            attempts: attempts.done,
            scheduled: attempts.counts.of(Reason::Schedule),
            retries: attempts.counts.of(Reason::Retry),
            rejections: attempts.counts.of(Reason::Rejection),
            requested: attempts.counts.of(Reason::Request),
            suppressed: attempts.job.suppressed,
        })
    }
}

impl Job for RenewalJob {
    const THREAD: &'static str = "bouncer-login";
    type State = Rejections;

    fn new_state(&self) -> Rejections {
        Rejections { budget: Budget::full(1, REJECTION_INTERVAL, Instant::now()), suppressed: 0 }
    }

    fn first_due(&self) -> Duration {
        match &*self.in_use.load() {
            Some(current) => current.due_after_fork(),
            None => Duration::ZERO,
        }
    }

    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError> {
        let result = self.login(reason);
        if let Err(FetchError { server_time: Some(server_time), .. }) = &result {
            self.correct_clocks(*server_time);
        }
        result
    }

    fn pause(&self, failures: u32, error: &FetchError) -> Duration {
        let random = pacing::random();
        let left = self.in_use.load().as_ref().map_or(Some(Duration::ZERO), |current| current.left());
        if error.is_permanent() {
            let failures = self.permanent_failures.load(Ordering::Relaxed);
            let (longest, grows) = permanent_failure_pause(failures, left);
            self.permanent_failures.fetch_add(grows.into(), Ordering::Relaxed);
            return longest.mul_f64(0.5 + 0.5 * random);
        }
        pacing::back_off(failures, max_pause(left), random)
    }

    fn record_attempt(&self, _: &mut Attempts<Rejections>) {}

    fn report(
        &self,
        worker: &Arc<Worker<Self>>,
        events: &Arc<Events>,
        result: &Result<Duration, FetchError>,
    ) {
        let name = &self.name;
        match result {
            Ok(next) => events.log(TARGET, Level::Info, || {
                format!("token of {name}: renewed, next login in {} s", next.as_secs())
            }),
            // The program closed the renewer. This is no failure, and no login follows.
            Err(error) if error.is_closed() => {}
            Err(error) => events.log(TARGET, Level::Warn, || {
                let next = worker.read(Attempts::next_in).as_secs_f64();
                format!("token of {name}: login failed: {error}; next login in {next:.1} s")
            }),
        }
        events.observe(self.observer.as_ref(), || Self::status(worker));
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.in_use.store(None);
        self.source.interrupt();
        if let Some(thread) = self.waiting_thread.load_full() {
            thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_an_outage_logins_are_more_frequent_the_sooner_the_token_expires() {
        let pause = |left: Option<f64>| max_pause(left.map(Duration::from_secs_f64)).as_secs_f64();
        let lefts =
            [None, Some(10_000.0), Some(300.0), Some(299.0), Some(40.0), Some(4.0), Some(0.5), Some(0.0)];
        assert_eq!(lefts.map(pause), [300.0, 300.0, 300.0, 15.0, 10.0, 1.0, 0.25, 15.0]);
    }

    #[test]
    fn a_permanent_failure_is_retried_before_the_token_expires_but_not_often() {
        let secs = |(pause, grows): (Duration, bool)| (pause.as_secs_f64(), grows);
        let pause = |failures, left: Option<f64>| {
            secs(permanent_failure_pause(failures, left.map(Duration::from_secs_f64)))
        };
        // Without a token, or with a token without expiry: 30 s, growing to five minutes.
        for left in [Some(0.0), None] {
            let pauses = [0, 1, 2, 3, 4, 100].map(|failures| pause(failures, left).0);
            assert_eq!(pauses, [30.0, 60.0, 120.0, 240.0, 300.0, 300.0]);
        }
        // The first retry comes after 15 to 30 s, and well before the token expires.
        assert_eq!(pause(0, Some(100_000.0)), (30.0, true));
        assert_eq!(pause(0, Some(40.0)), (20.0, false));
        assert_eq!(pause(9, Some(40.0)), (20.0, false), "half of the time left, also after many failures");
        assert_eq!(pause(0, Some(0.1)), (5.0, false));
        // Count the logins in the last ten minutes of a token if each login fails with 401 and each
        // pause is the shortest possible.
        let (mut left, mut failures, mut logins) = (600.0, 0, 0);
        while left > 0.0 {
            let (longest, grows) = pause(failures, Some(left));
            (left, failures, logins) = (left - longest / 2.0, failures + u32::from(grows), logins + 1);
        }
        assert_eq!(logins, 21);
    }

    fn job(source: impl TokenSource + 'static) -> RenewalJob {
        let prefix = Prefix { text: "Bearer ", is_set: false };
        RenewalJob::new(Arc::new(source), "test".to_owned(), prefix, None)
    }

    #[test]
    fn other_failures_do_not_lengthen_the_pause_after_a_permanent_failure() {
        let job = job(|| NewToken::new("opaque"));
        let pause = |failure| job.pause(20, &FetchError::new(failure, "")).as_secs_f64();
        // Twenty failures before this one were not permanent.
        assert!((15.0..=30.0).contains(&pause(FetchFailure::Refused)));
        assert!(pause(FetchFailure::Status) <= 15.0, "there is no token");
        assert!((30.0..=60.0).contains(&pause(FetchFailure::Rejected)));
        assert!((60.0..=120.0).contains(&pause(FetchFailure::Credentials)));
        assert_eq!(job.permanent_failures.load(Ordering::Relaxed), 3);
        job.attempt(Reason::Retry).unwrap();
        assert!((15.0..=30.0).contains(&pause(FetchFailure::Refused)), "a success resets the pause");
    }

    fn put_in_use(job: &RenewalJob, expires_at: i64, wall_is_ahead_by: Duration) {
        let token = OwnToken::new("", "t", Some(expires_at), 1);
        let (current, _) = CurrentToken::new(token, Some(Duration::from_secs(600)), true);
        job.put_in_use(current.with_wall_clock_ahead(wall_is_ahead_by));
    }

    fn is_in_use(job: &RenewalJob) -> (bool, bool) {
        let (in_use, now, wall) = (job.in_use(), Instant::now(), SystemTime::now());
        in_use
            .as_ref()
            .map_or((false, false), |current| (current.is_fresh(now, wall), current.is_valid(now, wall)))
    }

    #[test]
    fn the_date_of_a_failed_login_corrects_the_expiry_after_the_wall_clock_was_set() {
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
        while job.waiting_thread.load().is_none() {
            thread::yield_now();
        }
        job.close();
        assert_eq!(attempt.join().unwrap().unwrap_err().detail(), "the key set or renewer was closed");
        assert!(start.elapsed() < MIN_LOGIN_INTERVAL);
    }
}
