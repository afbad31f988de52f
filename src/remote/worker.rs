//! The background thread: when to attempt, who waits for it, and what a fork or a close does to it.
//!
//! All attempts are made on one thread, one after another, so any number of callers share each. The lock
//! (a `Desk`'s) is held for bookkeeping alone, never during an attempt.
//!
//! A fork leaves the child without the thread, and perhaps with a lock that a thread of the parent held. So
//! each process has a desk of its own: whoever finds that the desk is another process's puts a new one in its
//! place, which costs one system call where the lock would be taken anyway, and nothing on the way of a
//! verification that has its key.

use super::events::Events;
use super::transport::{FetchError, FetchFailure};
use crate::os;
use arc_swap::ArcSwap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use std::{mem, thread};

/// How often a sleeping thread compares its plan with the wall clock, which goes on while a machine is
/// suspended.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long a failure that is nobody's plan to mend tells of an outage: as long as the pauses of those that are planned.
const OUTAGE: Duration = Duration::from_secs(60);
/// How long closing waits for the threads to end. An exchange of our own transport is cut off at once; a transport of the
/// program's own may hang, and then its thread is left behind.
const LONGEST_CLOSE: Duration = Duration::from_secs(1);
/// As any thread of std's: in a build without optimisation, trying a key takes a megabyte.
const STACK_SIZE: usize = 2 * 1024 * 1024;

/// What a worker does.
pub(super) trait Job: Send + Sync + Sized + 'static {
    /// The thread's name, at most 15 bytes.
    const THREAD: &'static str;
    /// What callers and thread share under the lock; made anew in each process.
    type Book: Send;

    fn new_book(&self) -> Self::Book;
    /// In how long the first attempt of a process is due.
    fn first_due(&self) -> Duration;
    /// One attempt, on the worker's thread; gives in how long the next is due.
    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError>;
    /// How long to pause after so many failures in a row, of which `error` is the last.
    fn pause(&self, failures: u32, error: &FetchError) -> Duration;
    /// After attempt number `attempt`, under the lock.
    fn enter_in_book(&self, book: &mut Self::Book, attempt: u64, success: bool);
    /// After that, without the lock: what is told of the attempt goes to `events`.
    fn report(&self, worker: &Arc<Worker<Self>>, events: &Arc<Events>, result: &Result<Duration, FetchError>);
    /// Ends an attempt that is under way, and drops what no one may use from now on.
    fn close(&self);
}

/// Why an attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The first of the process, or its time had come.
    Schedule,
    /// The one before failed.
    Retry,
    /// A token's kid is in no key.
    UnknownKid,
    /// A token without kid, which no key verifies.
    WithoutKid,
    /// The program asked.
    Request,
    /// A server did not accept the token.
    Rejection,
}

/// The attempts begun, by reason.
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

/// The point in time after `timeout`, which may be as long as a [`Duration`] can be.
pub(super) fn deadline(timeout: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    Instant::now() + timeout.min(FAR)
}

/// A job, its thread and those who wait for it.
pub(super) struct Worker<J: Job> {
    pub(super) job: J,
    closed: AtomicBool,
    desk: ArcSwap<Desk<J::Book>>,
}

/// What one process has of a worker.
struct Desk<B> {
    process: u64,
    has_thread: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    events: Arc<Events>,
    state: Mutex<State<B>>,
    /// The thread waits here.
    wanted: Condvar,
    /// Callers wait here.
    done: Condvar,
}

pub(super) struct State<B> {
    pub(super) book: B,
    pub(super) counts: Counts,
    /// Attempts begun and done. The one under way has the number `begun`.
    begun: u64,
    pub(super) done: u64,
    /// The number of the last that succeeded; 0 if none has.
    pub(super) succeeded: u64,
    /// When attempt number `done` ended.
    pub(super) ended: Option<Instant>,
    wanted: Option<Reason>,
    due: Due,
    /// The server asked to be left alone until then.
    pub(super) hold_until: Option<Instant>,
    pub(super) failures_in_row: u32,
    /// Attempts that failed, all of them.
    pub(super) failures: u64,
    /// Whether attempt number `done` failed.
    pub(super) failed: bool,
    pub(super) last_error: Option<(FetchError, SystemTime)>,
}

/// A time on both clocks: the monotonic one, which nobody sets, and the wall's, which counts while suspended.
#[derive(Clone, Copy)]
pub(super) struct Due {
    monotonic: Instant,
    wall: SystemTime,
}

impl Due {
    pub(super) fn after(pause: Duration) -> Self {
        Self { monotonic: Instant::now() + pause, wall: SystemTime::now() + pause }
    }

    pub(super) fn left(self) -> Duration {
        let wall = self.wall.duration_since(SystemTime::now()).unwrap_or_default();
        wall.min(self.monotonic.saturating_duration_since(Instant::now()))
    }
}

impl<B> State<B> {
    fn new(book: B, first_due: Duration) -> Self {
        Self {
            book,
            counts: Counts::default(),
            begun: 0,
            done: 0,
            succeeded: 0,
            ended: None,
            wanted: None,
            due: Due::after(first_due),
            hold_until: None,
            failures_in_row: 0,
            failures: 0,
            failed: false,
            last_error: None,
        }
    }

    /// The number of the attempt under way.
    pub(super) fn under_way(&self) -> Option<u64> {
        (self.begun > self.done).then_some(self.begun)
    }

    /// Whether the next attempt is likely to fail too. Of what a token or the program caused, a failure says nothing about a
    /// later day, and the next scheduled success may be days away.
    pub(super) fn in_outage(&self) -> bool {
        let is_recent = |at: &SystemTime| at.elapsed().is_ok_and(|since| since < OUTAGE);
        self.failed
            && (self.failures_in_row > 0 || self.last_error.as_ref().is_some_and(|(_, at)| is_recent(at)))
    }

    /// Whether the server still wants to be left alone.
    pub(super) fn is_held(&self, now: Instant) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    /// The number of the attempt that is wanted, but has not begun.
    pub(super) fn wanted(&self) -> Option<u64> {
        self.wanted.map(|_| self.begun + 1)
    }

    /// Wants an attempt as soon as possible. Gives its number.
    pub(super) fn want(&mut self, reason: Reason) -> u64 {
        self.wanted.get_or_insert(reason);
        self.begun + 1
    }

    #[cfg(test)]
    pub(super) fn put_off(&mut self, due: Due) {
        self.due = due;
    }

    /// In how long the next attempt is due.
    pub(super) fn next_in(&self) -> Duration {
        self.due.left()
    }
}

impl<B> Desk<B> {
    fn new<J: Job<Book = B>>(job: &J) -> Arc<Self> {
        Arc::new(Self {
            process: os::process_number(),
            has_thread: AtomicBool::new(false),
            thread: Mutex::default(),
            events: Arc::default(),
            state: Mutex::new(State::new(job.new_book(), job.first_due())),
            wanted: Condvar::new(),
            done: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        // A panic under the lock could only come from a bug; the books are still the best there are.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the thread, which was told to end. Not where it waits for itself: a transport may close.
    fn join(&self, deadline: Instant) {
        let its = || self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if its().as_ref().is_none_or(|thread| thread.thread().id() == thread::current().id()) {
            return;
        }
        let mut state = self.lock();
        while self.has_thread.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        let thread = its().take();
        if let Some(thread) = thread {
            // It has left `run`, so this is the moment that the system takes.
            let _ = thread.join();
        }
    }
}

impl<J: Job> Worker<J> {
    /// A worker without a thread yet; [`Worker::start`] and [`Worker::with`] give it one.
    pub(super) fn new(job: J) -> Arc<Self> {
        let desk = ArcSwap::new(Desk::new(&job));
        Arc::new(Self { job, closed: AtomicBool::new(false), desk })
    }

    /// Makes sure that this process has the thread. It takes no lock if there is one.
    pub(super) fn start(self: &Arc<Self>) {
        let desk = self.desk.load();
        if desk.process != os::process_number() || !desk.has_thread.load(Ordering::Acquire) {
            drop(desk);
            self.with(|_| ());
        }
    }

    /// Reads and changes the books, and makes sure that this process has the thread.
    pub(super) fn with<T>(self: &Arc<Self>, change: impl FnOnce(&mut State<J::Book>) -> T) -> T {
        let desk = self.desk();
        let mut state = desk.lock();
        if !self.is_closed() && !desk.has_thread.load(Ordering::Acquire) {
            self.start_thread(&desk, &mut state);
        }
        let result = change(&mut state);
        if state.wanted.is_some() {
            desk.wanted.notify_one();
        }
        result
    }

    /// Reads the books.
    pub(super) fn read<T>(&self, read: impl FnOnce(&State<J::Book>) -> T) -> T {
        read(&self.desk().lock())
    }

    /// Waits until attempt number `attempt` is done. False if it is not after `timeout`, or will not be.
    pub(super) fn wait_for(&self, attempt: u64, timeout: Duration) -> bool {
        self.wait(attempt, deadline(timeout))
    }

    /// As [`Worker::wait_for`], to a point in time.
    pub(super) fn wait(&self, attempt: u64, deadline: Instant) -> bool {
        let desk = self.desk();
        let mut state = desk.lock();
        loop {
            if state.done >= attempt {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_closed() {
                return false;
            }
            state = desk.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Makes an attempt now and waits for it; several callers share one.
    pub(super) fn attempt_now(self: &Arc<Self>, timeout: Duration) -> Result<(), FetchError> {
        let attempt = self.with(|books| books.want(Reason::Request));
        if self.wait_for(attempt, timeout) {
            let failed = self.read(|books| books.last_error.clone().filter(|_| books.failed));
            return failed.map_or(Ok(()), |(error, _)| Err(error));
        }
        Err(match self.is_closed() {
            true => FetchError::new(FetchFailure::Other, "closed"),
            false => FetchError::new(FetchFailure::Timeout, ""),
        })
    }

    /// Waits until `ready` gives no error, which an attempt may bring about, or one that waiting does not mend.
    pub(super) fn wait_until<E>(
        self: &Arc<Self>,
        timeout: Duration,
        ready: impl Fn() -> Result<(), E>,
        is_final: impl Fn(&E) -> bool,
    ) -> Result<(), E> {
        let deadline = deadline(timeout);
        let is_lacking = ready().is_err();
        // In a process that was forked, or is idle, the next attempt may be planned for later.
        self.with(|books| {
            if is_lacking && books.under_way().is_none() && !books.failed {
                books.want(Reason::Schedule);
            }
        });
        loop {
            let next = self.read(|books| books.done) + 1;
            // In this order: what comes in between is found by the next round.
            match ready() {
                Ok(()) => return Ok(()),
                Err(error) if is_final(&error) => return Err(error),
                // It is in use a moment before the attempt is done.
                Err(_) if !self.wait(next, deadline) => return ready(),
                Err(_) => {}
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Ends the threads and every waiting. It waits until they have ended, one second at most.
    pub(super) fn close(&self) {
        let deadline = Instant::now() + LONGEST_CLOSE;
        self.closed.store(true, Ordering::SeqCst);
        self.job.close();
        let desk = self.desk();
        // Under the lock, or a thread that is about to wait would miss it.
        let state = desk.lock();
        desk.wanted.notify_all();
        desk.done.notify_all();
        drop(state);
        desk.join(deadline);
        // After the thread, which may have had something to tell.
        desk.events.close(deadline);
    }

    /// The desk of this process.
    fn desk(&self) -> Arc<Desk<J::Book>> {
        let desk = self.desk.load_full();
        if desk.process == os::process_number() {
            return desk;
        }
        // The parent may have been writing in its books: nobody may look into them, not even to free them.
        mem::forget(Arc::clone(&desk));
        let new = Desk::new(&self.job);
        let before = self.desk.compare_and_swap(&desk, Arc::clone(&new));
        if Arc::ptr_eq(&before, &desk) { new } else { self.desk.load_full() }
    }

    fn start_thread(self: &Arc<Self>, desk: &Arc<Desk<J::Book>>, state: &mut State<J::Book>) {
        let (worker, its_desk) = (Arc::clone(self), Arc::clone(desk));
        let builder = thread::Builder::new().name(J::THREAD.to_owned()).stack_size(STACK_SIZE);
        match os::with_signals_blocked(|| builder.spawn(move || worker.run(&its_desk))) {
            Ok(thread) => {
                *desk.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
                desk.has_thread.store(true, Ordering::Release);
            }
            Err(error) => {
                let error = FetchError::new(FetchFailure::System, format!("no thread: {error}"));
                state.last_error = Some((error, SystemTime::now()));
                // Nobody is to wait for a thread that is not there.
                (state.failed, state.failures) = (true, state.failures + 1);
            }
        }
    }

    fn run(self: &Arc<Self>, desk: &Desk<J::Book>) {
        let mut state = desk.lock();
        while !self.is_closed() {
            let due = state.due.left();
            let Some(reason) = state.wanted.take().or(due.is_zero().then_some(Reason::Schedule)) else {
                let sleep = due.min(HEARTBEAT);
                state = desk.wanted.wait_timeout(state, sleep).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            };
            let again = reason == Reason::Schedule && state.failures_in_row > 0;
            let reason = if again { Reason::Retry } else { reason };
            state.begun += 1;
            state.counts.count(reason);
            drop(state);
            // A program's own transport may panic.
            let result = catch_unwind(AssertUnwindSafe(|| self.job.attempt(reason)))
                .unwrap_or_else(|_| Err(FetchError::new(FetchFailure::Other, "it panicked")));
            state = desk.lock();
            self.settle(&mut state, reason, &result);
            desk.done.notify_all();
            drop(state);
            let _ = catch_unwind(AssertUnwindSafe(|| self.job.report(self, &desk.events, &result)));
            state = desk.lock();
        }
        desk.has_thread.store(false, Ordering::Release);
        desk.done.notify_all();
    }

    fn settle(&self, state: &mut State<J::Book>, reason: Reason, result: &Result<Duration, FetchError>) {
        let now = Instant::now();
        state.done = state.begun;
        state.ended = Some(now);
        state.failed = result.is_err();
        state.failures += u64::from(state.failed);
        match result {
            Ok(next) => {
                state.succeeded = state.done;
                state.failures_in_row = 0;
                state.hold_until = None;
                state.due = Due::after(*next);
            }
            Err(error) => {
                // A failure that says nothing does not take back what another said.
                state.hold_until = error.retry_after.map(deadline).or(state.hold_until);
                let hold =
                    state.hold_until.map(|until| until.saturating_duration_since(now)).unwrap_or_default();
                // What a token or the program caused does not push the plan back; it may come before it.
                if matches!(reason, Reason::Schedule | Reason::Retry) || state.due.left().is_zero() {
                    state.failures_in_row = state.failures_in_row.saturating_add(1);
                    let pause = self.job.pause(state.failures_in_row, error);
                    state.due = Due::after(pause.max(hold));
                } else if state.due.left() < hold {
                    state.due = Due::after(hold);
                }
                state.last_error = Some((error.clone(), SystemTime::now()));
            }
        }
        self.job.enter_in_book(&mut state.book, state.done, !state.failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_on_either_clock_is_due() {
        const DAY: Duration = Duration::from_secs(86400);
        let (monotonic, wall) = (Instant::now(), SystemTime::now());
        // The machine was suspended, or the wall clock was set forward: the monotonic one has not moved.
        assert_eq!(Due { monotonic: monotonic + DAY, wall }.left(), Duration::ZERO);
        // The wall clock was set back.
        assert_eq!(Due { monotonic, wall: wall + DAY }.left(), Duration::ZERO);
        assert!(Due::after(DAY).left() > DAY - Duration::from_secs(60));
    }

    #[test]
    fn a_failure_of_another_day_is_no_outage_unless_the_background_has_failed_since() {
        let mut state = State::new((), Duration::ZERO);
        assert!(!state.in_outage());
        let mut failed = |ago: Duration, in_row: u32| {
            let error = FetchError::new(FetchFailure::Timeout, "");
            (state.failed, state.failures_in_row) = (true, in_row);
            state.last_error = Some((error, SystemTime::now() - ago));
            state.in_outage()
        };
        assert!(failed(Duration::ZERO, 0) && failed(OUTAGE / 2, 0) && failed(2 * OUTAGE, 1));
        assert!(!failed(2 * OUTAGE, 0));
        state.last_error.iter_mut().for_each(|(_, at)| *at = SystemTime::now());
        state.failed = false;
        assert!(!state.in_outage(), "the last attempt succeeded");
    }

    #[test]
    fn any_timeout_has_a_deadline() {
        assert!(deadline(Duration::MAX) > Instant::now());
        assert!(deadline(Duration::ZERO) <= Instant::now());
    }
}
