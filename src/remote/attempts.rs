//! The attempts of one worker in one process: their number, their results, and when the next one is
//! due.

use super::transport::FetchError;
use std::time::{Duration, Instant, SystemTime};

/// The time for which an unscheduled failure counts as an outage. Equal to the maximum pause
/// between scheduled attempts of a key set during an outage.
const OUTAGE: Duration = Duration::from_secs(60);

/// Why an attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The attempt was due, or a caller needs the first keys or the first token now.
    Schedule,
    /// The previous scheduled attempt failed.
    Retry,
    /// No key has the kid of a token.
    UnknownKid,
    /// No key verifies a token that has no kid or the kid of a known key.
    WithoutKid,
    /// The program requested an attempt.
    Request,
    /// A server rejected the service's own token.
    Rejection,
}

/// Number of attempts begun, by reason.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts([u64; 6]);

impl Counts {
    pub(super) fn of(&self, reason: Reason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or_default()
    }

    fn count(&mut self, reason: Reason) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += 1;
        }
    }
}

/// Returns the point in time that is `timeout` from now. Accepts any [`Duration`]: a timeout of
/// more than 366 days counts as 366 days.
pub(super) fn deadline(timeout: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    Instant::now() + timeout.min(FAR)
}

/// When an attempt is due, on the monotonic clock and on the wall clock. The attempt is due when
/// either clock reaches its time. One clock alone is not enough: the wall clock can be set back,
/// and the monotonic clock stops while the machine is suspended.
#[derive(Clone, Copy)]
pub(super) struct Due {
    monotonic: Instant,
    wall: SystemTime,
}

impl Due {
    pub(super) fn after(pause: Duration) -> Self {
        Self { monotonic: Instant::now() + pause, wall: SystemTime::now() + pause }
    }

    #[cfg(test)]
    pub(super) fn at(monotonic: Instant, wall: SystemTime) -> Self {
        Self { monotonic, wall }
    }

    /// Returns the two times: on the monotonic clock and on the wall clock.
    pub(super) fn times(self) -> (Instant, SystemTime) {
        (self.monotonic, self.wall)
    }

    pub(super) fn left(self) -> Duration {
        let wall = self.wall.duration_since(SystemTime::now()).unwrap_or_default();
        wall.min(self.monotonic.saturating_duration_since(Instant::now()))
    }
}

/// The attempts of a worker in one process. `job` is the job's own state; its type depends on the
/// kind of job.
pub(super) struct Attempts<S> {
    pub(super) job: S,
    pub(super) counts: Counts,
    /// Number of attempts begun. Attempts are numbered from 1, so this is also the number of the
    /// latest one.
    begun: u64,
    /// When attempt number `begun` began.
    began: Option<Instant>,
    /// Number of attempts done.
    pub(super) done: u64,
    /// The number of the last attempt that succeeded; 0 if none has succeeded.
    pub(super) succeeded: u64,
    /// When attempt number `done` ended.
    pub(super) ended: Option<Instant>,
    /// The reason of a requested attempt that has not begun.
    requested: Option<Reason>,
    due: Due,
    /// The end of the pause that the server's Retry-After requested.
    pub(super) retry_after: Option<Instant>,
    /// Number of scheduled attempts that failed since the last success.
    pub(super) failures_in_row: u32,
    /// Number of all failed attempts, including attempts for which no thread could be started.
    pub(super) failures: u64,
    /// Whether attempt number `done` failed, or no thread could be started for the attempt after
    /// it.
    pub(super) failed: bool,
    pub(super) last_error: Option<(FetchError, SystemTime)>,
}

impl<S> Attempts<S> {
    pub(super) fn new(job: S, first_due: Duration) -> Self {
        Self {
            job,
            counts: Counts::default(),
            begun: 0,
            began: None,
            done: 0,
            succeeded: 0,
            ended: None,
            requested: None,
            due: Due::after(first_due),
            retry_after: None,
            failures_in_row: 0,
            failures: 0,
            failed: false,
            last_error: None,
        }
    }

    /// Returns the number of the attempt in flight.
    pub(super) fn in_flight(&self) -> Option<u64> {
        (self.begun > self.done).then_some(self.begun)
    }

    /// Returns the time since the latest attempt began. `None` if attempt number `attempt` has not
    /// begun.
    pub(super) fn since_begin(&self, attempt: u64) -> Option<Duration> {
        self.began.filter(|_| attempt <= self.begun).map(|began| began.elapsed())
    }

    /// Returns the number of the attempt that is requested and has not begun.
    pub(super) fn requested(&self) -> Option<u64> {
        self.requested.map(|_| self.begun + 1)
    }

    /// Requests an attempt as soon as possible, and returns its number. If an attempt is already
    /// requested, returns the number of that attempt.
    pub(super) fn request(&mut self, reason: Reason) -> u64 {
        self.requested.get_or_insert(reason);
        self.begun + 1
    }

    /// Returns whether the next attempt is likely to fail too. An unscheduled failure counts as an
    /// outage only for the time [`OUTAGE`]. Without this limit the outage would last until the next
    /// scheduled attempt, which may be days away.
    pub(super) fn in_outage(&self) -> bool {
        let is_recent = |at: &SystemTime| at.elapsed().is_ok_and(|since| since < OUTAGE);
        self.failed
            && (self.failures_in_row > 0 || self.last_error.as_ref().is_some_and(|(_, at)| is_recent(at)))
    }

    /// Returns whether Retry-After forbids an attempt now.
    pub(super) fn must_wait(&self, now: Instant) -> bool {
        self.retry_after.is_some_and(|until| now < until)
    }

    /// Returns the last error if [`Attempts::failed`] is set.
    pub(super) fn failure(&self) -> Option<&FetchError> {
        self.last_error.as_ref().filter(|_| self.failed).map(|(error, _)| error)
    }

    /// Returns when the next scheduled attempt is due.
    pub(super) fn due(&self) -> Due {
        self.due
    }

    /// Returns the time until the next attempt is due.
    pub(super) fn next_in(&self) -> Duration {
        self.due.left()
    }

    /// Begins the attempt that is requested or due, and returns its reason. If no attempt is
    /// requested or due, returns the time until the next one is due.
    pub(super) fn begin(&mut self) -> Result<Reason, Duration> {
        let left = self.due.left();
        let reason = match self.requested.take().or(left.is_zero().then_some(Reason::Schedule)) {
            None => return Err(left),
            Some(Reason::Schedule) if self.failures_in_row > 0 => Reason::Retry,
            Some(reason) => reason,
        };
        self.begun += 1;
        self.began = Some(Instant::now());
        self.counts.count(reason);
        Ok(reason)
    }

    /// Records the result of the attempt in flight: the time until the next attempt, or the error.
    /// `pause` returns the pause before the next attempt. Its argument is the number of scheduled
    /// failures in a row.
    pub(super) fn record(
        &mut self,
        reason: Reason,
        result: &Result<Duration, FetchError>,
        pause: impl FnOnce(u32, &FetchError) -> Duration,
    ) {
        let now = Instant::now();
        self.done = self.begun;
        self.ended = Some(now);
        self.failed = result.is_err();
        self.failures += u64::from(self.failed);
        match result {
            Ok(next) => {
                self.succeeded = self.done;
                self.failures_in_row = 0;
                self.retry_after = None;
                self.due = Due::after(*next);
            }
            Err(error) => {
                // A failure without Retry-After does not cancel an earlier Retry-After.
                self.retry_after = error.retry_after.map(deadline).or(self.retry_after);
                let forbidden =
                    self.retry_after.map(|until| until.saturating_duration_since(now)).unwrap_or_default();
                // An unscheduled failure counts as a scheduled one if an attempt is due anyway.
                // Otherwise it changes the schedule only to obey Retry-After.
                if matches!(reason, Reason::Schedule | Reason::Retry) || self.due.left().is_zero() {
                    self.failures_in_row = self.failures_in_row.saturating_add(1);
                    self.due = Due::after(pause(self.failures_in_row, error).max(forbidden));
                } else if self.due.left() < forbidden {
                    self.due = Due::after(forbidden);
                }
                self.last_error = Some((error.clone(), SystemTime::now()));
            }
        }
    }

    /// Records a failed attempt that did not begin, because the scheduler's thread could not be
    /// started.
    pub(super) fn record_no_thread(&mut self, error: FetchError) {
        self.last_error = Some((error, SystemTime::now()));
        (self.failed, self.failures) = (true, self.failures + 1);
    }

    #[cfg(test)]
    pub(super) fn put_off(&mut self, pause: Duration) {
        self.due = Due::after(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::FetchFailure;
    use super::*;

    #[test]
    fn an_attempt_is_due_when_either_clock_reaches_its_time() {
        const DAY: Duration = Duration::from_secs(86400);
        let (monotonic, wall) = (Instant::now(), SystemTime::now());
        // The machine was suspended, or the wall clock was set forward: the monotonic clock has not
        // moved.
        assert_eq!(Due { monotonic: monotonic + DAY, wall }.left(), Duration::ZERO);
        // The wall clock was set back.
        assert_eq!(Due { monotonic, wall: wall + DAY }.left(), Duration::ZERO);
        assert!(Due::after(DAY).left() > DAY - Duration::from_secs(60));
    }

    #[test]
    fn an_old_unscheduled_failure_is_an_outage_only_if_scheduled_attempts_failed_too() {
        let mut attempts = Attempts::new((), Duration::ZERO);
        assert!(!attempts.in_outage());
        let mut failed = |ago: Duration, in_row: u32| {
            let error = FetchError::new(FetchFailure::Timeout, "");
            (attempts.failed, attempts.failures_in_row) = (true, in_row);
            attempts.last_error = Some((error, SystemTime::now() - ago));
            attempts.in_outage()
        };
        assert!(failed(Duration::ZERO, 0) && failed(OUTAGE / 2, 0) && failed(2 * OUTAGE, 1));
        assert!(!failed(2 * OUTAGE, 0));
        attempts.last_error.iter_mut().for_each(|(_, at)| *at = SystemTime::now());
        attempts.failed = false;
        assert!(!attempts.in_outage(), "the last attempt succeeded");
    }

    #[test]
    fn any_timeout_has_a_deadline() {
        assert!(deadline(Duration::MAX) > Instant::now());
        assert!(deadline(Duration::ZERO) <= Instant::now());
    }
}
