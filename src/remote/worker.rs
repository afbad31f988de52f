//! The background thread of a key set or a renewer: it makes the attempts, and callers wait for
//! them.
//!
//! One thread makes all attempts, one after another, so any number of callers share each. No lock
//! is held during an attempt.
//!
//! A fork leaves the child without the thread, and perhaps with a lock that a thread of the parent
//! held. So each process has a [`ProcessState`] of its own: whoever finds another process's
//! replaces it. A verification that has its key pays nothing for that.

use super::attempts::{Attempts, Reason, deadline};
use super::events::Events;
use super::transport::{FetchError, FetchFailure};
use crate::os;
use arc_swap::ArcSwap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{mem, thread};

/// The longest sleep. The monotonic clock stands still while the machine is suspended, so the
/// thread looks at the wall clock now and then.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long closing waits for the threads. Our own transport is cut off at once; a program's own
/// may hang, and its thread is then left behind.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// std's default. In a build without optimisation, verifying with a key takes a megabyte.
const STACK_SIZE: usize = 2 * 1024 * 1024;

/// What a worker does.
pub(super) trait Job: Send + Sync + Sized + 'static {
    /// The thread's name, at most 15 bytes.
    const THREAD: &'static str;
    /// The job's own part of [`Attempts`], new in each process.
    type State: Send;

    fn new_state(&self) -> Self::State;
    /// How long it is until the first attempt of a process is due.
    fn first_due(&self) -> Duration;
    /// Makes one attempt, on the worker's thread. Returns how long it is until the next is due.
    fn attempt(&self, reason: Reason) -> Result<Duration, FetchError>;
    /// The pause after so many failures in a row, of which `error` is the last.
    fn pause(&self, failures: u32, error: &FetchError) -> Duration;
    /// Records the attempt that is done. Called under the lock.
    fn record_attempt(&self, attempts: &mut Attempts<Self::State>);
    /// Tells logs and observers about the attempt, through `events`. Called without the lock, after
    /// waiting callers are woken.
    fn report(&self, worker: &Arc<Worker<Self>>, events: &Arc<Events>, result: &Result<Duration, FetchError>);
    /// Interrupts an attempt in flight, and drops what must not be used any more.
    fn close(&self);
}

/// A job, its thread and the callers that wait for it.
pub(super) struct Worker<J: Job> {
    pub(super) job: J,
    closed: AtomicBool,
    process: ArcSwap<ProcessState<J::State>>,
}

/// What one process has of a worker.
struct ProcessState<S> {
    process: u64,
    has_thread: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    events: Arc<Events>,
    attempts: Mutex<Attempts<S>>,
    /// The thread waits here for a request.
    wake: Condvar,
    /// Callers wait here for the end of an attempt.
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
        // Only a bug panics under the lock. What it leaves is the best there is.
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the thread, which was told to end, has ended. The thread does not wait for
    /// itself: a transport may close.
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
            // It has left `run`, so this takes a moment only.
            let _ = thread.join();
        }
    }
}

impl<J: Job> Worker<J> {
    /// A worker without a thread; [`Worker::start`] and [`Worker::with`] start it.
    pub(super) fn new(job: J) -> Arc<Self> {
        let process = ArcSwap::new(ProcessState::new(&job));
        Arc::new(Self { job, closed: AtomicBool::new(false), process })
    }

    /// Starts the thread if this process has none. Takes no lock if it has one.
    pub(super) fn start(self: &Arc<Self>) {
        let process = self.process.load();
        if process.process != os::process_number() || !process.has_thread.load(Ordering::Acquire) {
            drop(process);
            self.with(|_| ());
        }
    }

    /// Reads and changes the attempts under the lock, and starts the thread if this process has
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

    /// Reads the attempts under the lock.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Attempts<J::State>) -> T) -> T {
        read(&self.process().lock())
    }

    /// Waits until attempt number `attempt` is done. Returns false after `timeout`, or if it will
    /// not be done.
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

    /// Makes an attempt now and waits for it. Concurrent callers share one.
    pub(super) fn attempt_now(self: &Arc<Self>, timeout: Duration) -> Result<(), FetchError> {
        let attempt = self.with(|attempts| attempts.request(Reason::Request));
        if self.wait_for(attempt, timeout) {
            return self.read(|attempts| attempts.failure().cloned()).map_or(Ok(()), Err);
        }
        Err(match self.is_closed() {
            true => FetchError::new(FetchFailure::Other, "closed"),
            false => FetchError::new(FetchFailure::Timeout, ""),
        })
    }

    /// Blocks until `ready` succeeds or returns a final error, up to `timeout`. It calls `ready`
    /// after each attempt.
    pub(super) fn wait_until<E>(
        &self,
        timeout: Duration,
        ready: impl Fn() -> Result<(), E>,
        is_final: impl Fn(&E) -> bool,
    ) -> Result<(), E> {
        let deadline = deadline(timeout);
        loop {
            // Read first: an attempt that ends between this and `ready` is seen by the next round.
            let next = self.read(|attempts| attempts.done) + 1;
            match ready() {
                Ok(()) => return Ok(()),
                Err(error) if is_final(&error) => return Err(error),
                // An attempt puts its result in use before it is done.
                Err(_) if !self.wait(next, deadline) => return ready(),
                Err(_) => {}
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Ends the threads and wakes all waiting callers. Waits until the threads have ended, up to
    /// [`CLOSE_TIMEOUT`].
    pub(super) fn close(&self) {
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        self.closed.store(true, Ordering::SeqCst);
        self.job.close();
        let process = self.process();
        // Under the lock, or a thread that is about to wait would miss it.
        let attempts = process.lock();
        process.wake.notify_all();
        process.done.notify_all();
        drop(attempts);
        process.join(deadline);
        // After the thread, which may have added events.
        process.events.close(deadline);
    }

    /// The state of this process.
    fn process(&self) -> Arc<ProcessState<J::State>> {
        let process = self.process.load_full();
        if process.process == os::process_number() {
            return process;
        }
        // The parent may have been changing its state at the fork: nobody may look at it, not even
        // to free it.
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
                let detail = format!("cannot start a thread: {error}");
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
            // A program's own transport may panic.
            let result = catch_unwind(AssertUnwindSafe(|| self.job.attempt(reason)))
                .unwrap_or_else(|_| Err(FetchError::new(FetchFailure::Other, "it panicked")));
            attempts = process.lock();
            attempts.record(reason, &result, |failures, error| self.job.pause(failures, error));
            self.job.record_attempt(&mut attempts);
            process.done.notify_all();
            drop(attempts);
            let _ = catch_unwind(AssertUnwindSafe(|| self.job.report(self, &process.events, &result)));
            attempts = process.lock();
        }
        process.has_thread.store(false, Ordering::Release);
        process.done.notify_all();
    }
}
