//! The attempts of a key set or a renewer, and the callers that wait for them. An attempt is one
//! fetch of keys or one login.
//!
//! The scheduler starts one attempt of a worker at a time, so concurrent callers share one attempt.
//! No lock is held during an attempt.
//!
//! A forked child has no threads, and may have a copy of a lock that a thread of the parent held.
//! So each process has its own [`ProcessState`]. The first call that finds the state of another
//! process replaces it. A verification whose key is cached does not read this state.

use super::attempt_class::Health;
use super::attempts::{Attempts, Reason, deadline};
use super::events::Events;
use super::scheduler::{Plan, Registration, Source};
use super::transport::{FetchError, FetchFailure};
use crate::os;
use crate::verify::watch::Notifiers;
use arc_swap::ArcSwap;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Maximum time that `close` waits for the threads. The default transport is interrupted at once. A
/// program's own transport may hang; its thread is then left running.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The work of a worker: fetching keys or renewing a token.
pub(super) trait Job: Send + Sync + Sized + 'static {
    /// The name of the threads that make attempts, at most 15 bytes.
    const THREAD: &'static str;
    /// The job's part of [`Attempts`]. Each process makes a new one.
    type State: Send;

    fn new_state(&self) -> Self::State;
    /// Returns the time until the first attempt of a process is due.
    fn first_due(&self) -> Duration;
    /// Makes one attempt, on a thread of its own. Returns the time until the next one is due.
    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError>;
    /// Returns the pause after `failures` scheduled failures in a row. `error` is the last failure.
    fn pause(&self, failures: u32, error: &FetchError) -> Duration;
    /// Updates `attempts` after an attempt. Called with the lock held.
    fn record_attempt(&self, attempts: &mut Attempts<Self::State>);
    /// Reports the attempt to logs and observers, through `events`. Called without the lock, after
    /// waiting callers are woken.
    fn report(&self, worker: &Arc<Worker<Self>>, events: &Arc<Events>, result: &Result<Duration, FetchError>);
    /// Interrupts an attempt in flight, and drops the keys or the token.
    fn close(&self);
}

/// A job and its attempts. Callers can wait for an attempt.
pub(super) struct Worker<J: Job> {
    pub(super) job: J,
    /// The event loops that wait for attempts. Each process notifies only its own.
    pub(super) notifiers: Notifiers,
    closed: AtomicBool,
    process: ArcSwap<ProcessState<J::State>>,
}

/// The state of a worker in one process.
struct ProcessState<S> {
    process: u64,
    /// Empty until the worker is started in this process.
    registration: OnceLock<Registration>,
    events: Arc<Events>,
    attempts: Mutex<Attempts<S>>,
    /// Number of callers that wait for an attempt.
    waiting: AtomicUsize,
    /// Wakes the waiting callers when an attempt has ended, or when the worker is closed.
    done: Condvar,
}

impl<S> ProcessState<S> {
    fn new<J: Job<State = S>>(job: &J) -> Arc<Self> {
        Arc::new(Self {
            process: os::process_number(),
            registration: OnceLock::new(),
            events: Events::new(),
            attempts: Mutex::new(Attempts::new(job.new_state(), job.first_due())),
            waiting: AtomicUsize::new(0),
            done: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Attempts<S>> {
        // Only a bug could panic under the lock. Continue with the state that it left.
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plan<S>(attempts: &Attempts<S>) -> Plan {
    let health = match attempts.failed {
        true => Health::Failed,
        false if attempts.done == 0 => Health::New,
        false => Health::Succeeded,
    };
    Plan { due: attempts.due(), is_requested: attempts.requested().is_some(), health }
}

/// A worker in one process, for the scheduler of that process.
struct Scheduled<J: Job> {
    worker: Arc<Worker<J>>,
    process: Arc<ProcessState<J::State>>,
}

impl<J: Job> Worker<J> {
    /// Makes a worker that is not started. [`Worker::start`] and [`Worker::with`] start it.
    pub(super) fn new(job: J) -> Arc<Self> {
        let process = ArcSwap::new(ProcessState::new(&job));
        Arc::new(Self { job, notifiers: Notifiers::default(), closed: AtomicBool::new(false), process })
    }

    /// Adds the worker to the scheduler of this process, if it is not there. Takes no lock if it is
    /// there.
    pub(super) fn start(self: &Arc<Self>) {
        let process = self.process.load();
        if process.process != os::process_number() || process.registration.get().is_none() {
            drop(process);
            self.with(|_| ());
        }
    }

    /// Calls `change` with the attempts, under the lock. Starts the worker first, if it is not
    /// started in this process.
    pub(super) fn with<T>(self: &Arc<Self>, change: impl FnOnce(&mut Attempts<J::State>) -> T) -> T {
        let process = self.process();
        let mut attempts = process.lock();
        if !self.is_closed() && process.registration.get().is_none() {
            self.register(&process, &mut attempts);
        }
        let was_requested = attempts.requested().is_some();
        let result = change(&mut attempts);
        if !was_requested
            && attempts.requested().is_some()
            && let Some(registration) = process.registration.get()
        {
            registration.request();
        }
        result
    }

    /// Calls `read` with the attempts, under the lock.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Attempts<J::State>) -> T) -> T {
        read(&self.process().lock())
    }

    /// Waits until attempt number `attempt` is done. Returns false after `timeout`, or if the
    /// worker is closed.
    pub(super) fn wait_for(&self, attempt: u64, timeout: Duration) -> bool {
        self.wait(attempt, deadline(timeout))
    }

    /// Waits until attempt number `attempt` is over: done, or never made because the worker is
    /// closed. Returns false after `timeout`.
    pub(super) fn wait_over(&self, attempt: u64, timeout: Duration) -> bool {
        self.wait_for(attempt, timeout) || self.is_closed()
    }

    fn wait(&self, attempt: u64, deadline: Instant) -> bool {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let process = self.process();
        let mut attempts = process.lock();
        let mut waiting = None;
        loop {
            if attempts.done >= attempt {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_closed() {
                return false;
            }
            if waiting.is_none() {
                process.waiting.fetch_add(1, Ordering::SeqCst);
                waiting = Some(Waiting(&process.waiting));
                process.registration.get().into_iter().for_each(Registration::attend);
            }
            attempts = process.done.wait_timeout(attempts, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Requests an attempt and waits for it. Concurrent callers share one attempt.
    pub(super) fn attempt_now(self: &Arc<Self>, timeout: Duration) -> Result<(), FetchError> {
        let attempt = self.with(|attempts| attempts.request(Reason::Request));
        if self.wait_for(attempt, timeout) {
            return self.read(|attempts| attempts.failure().cloned()).map_or(Ok(()), Err);
        }
        Err(match self.is_closed() {
            true => FetchError::new(FetchFailure::Other, "the key set or renewer is closed"),
            false => FetchError::new(
                FetchFailure::Timeout,
                "the attempt did not finish within the caller's timeout",
            ),
        })
    }

    /// Blocks until `ready` succeeds or returns a final error, up to `timeout`. Calls `ready` at
    /// once and after each attempt.
    pub(super) fn wait_until<E>(
        &self,
        timeout: Duration,
        ready: impl Fn() -> Result<(), E>,
        is_final: impl Fn(&E) -> bool,
    ) -> Result<(), E> {
        let deadline = deadline(timeout);
        loop {
            // Must be read before `ready` is called. If an attempt ends in between, the wait below
            // returns at once.
            let next = self.read(|attempts| attempts.done) + 1;
            match ready() {
                Ok(()) => return Ok(()),
                Err(error) if is_final(&error) => return Err(error),
                // An attempt publishes its result before it is done, so the last `ready` may
                // succeed.
                Err(_) if !self.wait(next, deadline) => return ready(),
                Err(_) => {}
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Interrupts an attempt in flight, without waiting for its end. [`Worker::close`] must follow.
    pub(super) fn begin_close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.job.close();
    }

    /// Stops the threads and wakes all waiting callers. Waits until the threads have ended, up to
    /// [`CLOSE_TIMEOUT`].
    pub(super) fn close(&self) {
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        self.begin_close();
        let process = self.process();
        // The lock is needed: without it, a caller that is about to wait would miss the
        // notification. A call of `with` that has not seen `closed` has registered the worker by
        // then.
        let attempts = process.lock();
        process.done.notify_all();
        drop(attempts);
        self.notifiers.notify();
        process.registration.get().into_iter().for_each(|registration| registration.close(deadline));
        // Must follow, because an attempt may have added events.
        process.events.close(deadline);
    }

    /// Returns the state of this process, and makes it if it is missing.
    fn process(&self) -> Arc<ProcessState<J::State>> {
        let process = self.process.load_full();
        if process.process == os::process_number() {
            return process;
        }
        // The parent may have been changing this state at the fork. It must not be read or freed
        // here, so it is leaked.
        mem::forget(Arc::clone(&process));
        let new = ProcessState::new(&self.job);
        let before = self.process.compare_and_swap(&process, Arc::clone(&new));
        if Arc::ptr_eq(&before, &process) { new } else { self.process.load_full() }
    }

    fn register(self: &Arc<Self>, process: &Arc<ProcessState<J::State>>, attempts: &mut Attempts<J::State>) {
        let source = Arc::new(Scheduled { worker: Arc::clone(self), process: Arc::clone(process) });
        match Registration::new(source, plan(attempts)) {
            Ok(registration) => {
                let _ = process.registration.set(registration);
            }
            Err(error) => {
                let detail = format!("cannot start the background thread: {error}: check the thread limit");
                attempts.record_no_thread(FetchError::new(FetchFailure::System, detail));
            }
        }
    }

    /// Records and reports the result of an attempt. Then passes the next plan to `done`.
    fn finish(
        self: &Arc<Self>,
        process: &ProcessState<J::State>,
        reason: Reason,
        result: &Result<Duration, FetchError>,
        done: &dyn Fn(Plan),
    ) {
        let mut attempts = process.lock();
        attempts.record(reason, result, |failures, error| self.job.pause(failures, error));
        self.job.record_attempt(&mut attempts);
        process.done.notify_all();
        drop(attempts);
        self.notifiers.notify();
        let _ = catch_unwind(AssertUnwindSafe(|| self.job.report(self, &process.events, result)));
        // The lock keeps the plan from changing until the scheduler has it.
        let attempts = process.lock();
        done(plan(&attempts));
    }
}

impl<J: Job> Source for Scheduled<J> {
    fn thread_name(&self) -> &'static str {
        J::THREAD
    }

    fn has_waiters(&self) -> bool {
        self.process.waiting.load(Ordering::SeqCst) > 0
    }

    fn attempt(&self, done: &dyn Fn(Plan)) {
        let Self { worker, process } = self;
        let mut attempts = process.lock();
        let begun = if worker.is_closed() { None } else { attempts.begin().ok() };
        let Some(reason) = begun else { return done(plan(&attempts)) };
        drop(attempts);
        // A program's own transport or token source may panic.
        let result = match catch_unwind(AssertUnwindSafe(|| worker.job.attempt(reason))) {
            // `close` interrupts the exchange, whose error is then meaningless.
            Ok(Err(error)) if worker.is_closed() && error.may_be_interruption() => Err(FetchError::closed()),
            Ok(result) => result,
            Err(_) => Err(FetchError::new(
                FetchFailure::Other,
                "the transport or token source panicked, which is a bug",
            )),
        };
        worker.finish(process, reason, &result, done);
    }

    fn fail_attempt(&self, error: FetchError, done: &dyn Fn(Plan)) {
        let Self { worker, process } = self;
        let mut attempts = process.lock();
        match attempts.begin() {
            Ok(reason) => {
                drop(attempts);
                worker.finish(process, reason, &Err(error), done);
            }
            Err(_) => done(plan(&attempts)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A job whose attempts must not begin.
    struct NeverBegins;

    impl Job for NeverBegins {
        const THREAD: &'static str = "test";
        type State = ();

        fn new_state(&self) {}

        fn first_due(&self) -> Duration {
            Duration::ZERO
        }

        fn attempt(&self, _: Reason) -> Result<Duration, FetchError> {
            unreachable!("the attempt has no thread")
        }

        fn pause(&self, _: u32, _: &FetchError) -> Duration {
            Duration::from_secs(7)
        }

        fn record_attempt(&self, _: &mut Attempts<()>) {}

        fn report(&self, _: &Arc<Worker<Self>>, _: &Arc<Events>, _: &Result<Duration, FetchError>) {}

        fn close(&self) {}
    }

    #[test]
    fn an_attempt_without_a_thread_fails_and_its_callers_get_the_error_at_once() {
        let worker = Worker::new(NeverBegins);
        let scheduled = Scheduled { worker: Arc::clone(&worker), process: worker.process() };
        let attempt = scheduled.process.lock().request(Reason::Request);
        let waits = Arc::clone(&worker);
        let waiting = std::thread::spawn(move || waits.wait_for(attempt, Duration::from_secs(20)));
        while !scheduled.has_waiters() {
            std::thread::yield_now();
        }
        let next = Cell::new(None);
        let error = FetchError::new(FetchFailure::System, "cannot start a thread");
        scheduled.fail_attempt(error.clone(), &|plan| next.set(Some(plan)));
        assert!(waiting.join().unwrap() && !scheduled.has_waiters());
        assert_eq!(worker.read(|attempts| attempts.failure().cloned()), Some(error));
        let next = next.get().unwrap();
        assert!(!next.is_requested && next.health == Health::Failed);
        assert!(next.due.left() > Duration::from_secs(5), "the next attempt follows after a pause");
        // Nothing is due now, so nothing fails.
        scheduled.fail_attempt(FetchError::closed(), &|_| ());
        assert_eq!(worker.read(|attempts| attempts.failures), 1);
    }
}
