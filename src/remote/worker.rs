//! The background thread of a key set or a renewer. It makes attempts, and callers wait for them.
//! An attempt is one fetch of keys or one login.
//!
//! One thread makes all attempts, one after another, so concurrent callers share one attempt. No
//! lock is held during an attempt.
//!
//! A forked child has no thread, and may have a copy of a lock that a thread of the parent held. So
//! each process has its own [`ProcessState`]. The first call that finds the state of another
//! process replaces it. A verification whose key is cached does not read this state.

use super::attempts::{Attempts, Reason, deadline};
use super::events::Events;
use super::transport::{FetchError, FetchFailure};
use crate::os;
use crate::verify::watch::Notifiers;
use arc_swap::ArcSwap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{mem, thread};

/// Maximum sleep of the thread. The monotonic clock stops while the machine is suspended, so the
/// thread wakes up to check the wall clock.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Maximum time that `close` waits for the threads. The default transport is interrupted at once. A
/// program's own transport may hang; its thread is then left running.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Stack size of the thread in bytes, the same as std's default. Without compiler optimisation,
/// verifying with a key needs 1 MB.
const STACK_SIZE: usize = 2 * 1024 * 1024;

/// The work of a worker: fetching keys or renewing a token.
pub(super) trait Job: Send + Sync + Sized + 'static {
    /// The thread's name, at most 15 bytes.
    const THREAD: &'static str;
    /// The job's part of [`Attempts`]. Each process makes a new one.
    type State: Send;

    fn new_state(&self) -> Self::State;
    /// Returns the time until the first attempt of a process is due.
    fn first_due(&self) -> Duration;
    /// Makes one attempt, on the worker's thread. Returns the time until the next one is due.
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

/// A job with its background thread. Callers can wait for its attempts.
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
    has_thread: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    events: Arc<Events>,
    attempts: Mutex<Attempts<S>>,
    /// Wakes the thread for a requested attempt or for closing.
    wake: Condvar,
    /// Wakes callers when an attempt or the thread has ended.
    done: Condvar,
}

impl<S> ProcessState<S> {
    fn new<J: Job<State = S>>(job: &J) -> Arc<Self> {
        Arc::new(Self {
            process: os::process_number(),
            has_thread: AtomicBool::new(false),
            thread: Mutex::default(),
            events: Arc::default(),
            attempts: Mutex::new(Attempts::new(job.new_state(), job.first_due())),
            wake: Condvar::new(),
            done: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Attempts<S>> {
        // Only a bug could panic under the lock. Continue with the state that it left.
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits up to `deadline` until the thread has ended. The caller must have set `closed`.
    /// Returns at once if the caller is this thread, because a transport may call `close`.
    fn join(&self, deadline: Instant) {
        if self.thread().as_ref().is_none_or(|thread| thread.thread().id() == thread::current().id()) {
            return;
        }
        let mut attempts = self.lock();
        while self.has_thread.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            attempts = self.done.wait_timeout(attempts, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(attempts);
        let thread = self.thread().take();
        if let Some(thread) = thread {
            // The thread has left `run`, so joining it does not block for long.
            let _ = thread.join();
        }
    }
}

impl<J: Job> Worker<J> {
    /// Makes a worker without a thread. [`Worker::start`] and [`Worker::with`] start the thread.
    pub(super) fn new(job: J) -> Arc<Self> {
        let process = ArcSwap::new(ProcessState::new(&job));
        Arc::new(Self { job, notifiers: Notifiers::default(), closed: AtomicBool::new(false), process })
    }

    /// Starts the thread if this process has none. Takes no lock if the thread is running.
    pub(super) fn start(self: &Arc<Self>) {
        let process = self.process.load();
        if process.process != os::process_number() || !process.has_thread.load(Ordering::Acquire) {
            drop(process);
            self.with(|_| ());
        }
    }

    /// Calls `change` with the attempts, under the lock. Starts the thread if this process has
    /// none.
    pub(super) fn with<T>(self: &Arc<Self>, change: impl FnOnce(&mut Attempts<J::State>) -> T) -> T {
        let process = self.process();
        let mut attempts = process.lock();
        if !self.is_closed() && !process.has_thread.load(Ordering::Acquire) {
            self.start_thread(&process, &mut attempts);
        }
        let result = change(&mut attempts);
        if attempts.requested().is_some() {
            process.wake.notify_one();
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

    fn wait(&self, attempt: u64, deadline: Instant) -> bool {
        let process = self.process();
        let mut attempts = process.lock();
        loop {
            if attempts.done >= attempt {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_closed() {
                return false;
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

    /// Stops the threads and wakes all waiting callers. Waits until the threads have ended, up to
    /// [`CLOSE_TIMEOUT`].
    pub(super) fn close(&self) {
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        self.closed.store(true, Ordering::SeqCst);
        self.job.close();
        let process = self.process();
        // The lock is needed: without it, a thread that is about to wait would miss the
        // notification.
        let attempts = process.lock();
        process.wake.notify_all();
        process.done.notify_all();
        drop(attempts);
        self.notifiers.notify();
        process.join(deadline);
        // Must follow `join`, because the thread may have added events.
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

    fn start_thread(
        self: &Arc<Self>,
        process: &Arc<ProcessState<J::State>>,
        attempts: &mut Attempts<J::State>,
    ) {
        let (worker, its_process) = (Arc::clone(self), Arc::clone(process));
        let builder = thread::Builder::new().name(J::THREAD.to_owned()).stack_size(STACK_SIZE);
        match os::with_signals_blocked(|| builder.spawn(move || worker.run(&its_process))) {
            Ok(thread) => {
                *process.thread() = Some(thread);
                process.has_thread.store(true, Ordering::Release);
            }
            Err(error) => {
                let detail = format!("cannot start the background thread: {error}: check the thread limit");
                attempts.record_no_thread(FetchError::new(FetchFailure::System, detail));
            }
        }
    }

    fn run(self: &Arc<Self>, process: &ProcessState<J::State>) {
        let mut attempts = process.lock();
        while !self.is_closed() {
            let reason = match attempts.begin() {
                Ok(reason) => reason,
                Err(left) => {
                    let sleep = left.min(HEARTBEAT);
                    let woken = process.wake.wait_timeout(attempts, sleep);
                    attempts = woken.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            drop(attempts);
            // A program's own transport or token source may panic.
            let result = match catch_unwind(AssertUnwindSafe(|| self.job.attempt(reason))) {
                // `close` interrupts the exchange, whose error is then meaningless.
                Ok(Err(error)) if self.is_closed() && error.may_be_interruption() => {
                    Err(FetchError::closed())
                }
                Ok(result) => result,
                Err(_) => Err(FetchError::new(
                    FetchFailure::Other,
                    "the transport or token source panicked, which is a bug",
                )),
            };
            attempts = process.lock();
            attempts.record(reason, &result, |failures, error| self.job.pause(failures, error));
            self.job.record_attempt(&mut attempts);
            process.done.notify_all();
            drop(attempts);
            self.notifiers.notify();
            let _ = catch_unwind(AssertUnwindSafe(|| self.job.report(self, &process.events, &result)));
            attempts = process.lock();
        }
        process.has_thread.store(false, Ordering::Release);
        process.done.notify_all();
    }
}
