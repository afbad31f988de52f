//! The scheduler of a process: one thread that starts the attempts of all key sets and renewers.
//!
//! A key set or a renewer is a [`Source`]. The thread waits until an attempt of a source is due or
//! requested, and starts a short-lived thread for it. The number of these threads is limited:
//! [`MAX_ATTEMPTS`] at once, and less for attempts that can wait (see [`Class`]). So servers that
//! do not respond cannot delay the attempts of other sources.
//!
//! The scheduler's thread runs no code of the program and does no I/O. It ends when the last source
//! is closed. A forked child has no thread, and may have a copy of a lock that a thread of the
//! parent held. So each process has its own [`Scheduler`].

use super::attempts::Due;
use super::events;
use super::transport::{FetchError, FetchFailure};
use crate::os;
use arc_swap::ArcSwapOption;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{io, mem};

/// Maximum number of attempts at once.
const MAX_ATTEMPTS: usize = 128;
/// Maximum number of attempts at once for sources whose last attempt failed.
const MAX_AFTER_FAILURE: usize = 64;
/// Maximum number of scheduled attempts at once that no caller waits for.
const MAX_UNATTENDED: usize = 96;
/// Maximum sleep of the thread. The monotonic clock stops while the machine is suspended, so the
/// thread wakes up to check the wall clock.
const HEARTBEAT: Duration = Duration::from_secs(30);
const THREAD: &str = "bouncer-sched";
/// Stack size of the scheduler's thread in bytes.
const STACK_SIZE: usize = 256 * 1024;
/// Stack size of an attempt's thread in bytes, the same as std's default. Without compiler
/// optimisation, verifying with a key needs 1 MB.
const ATTEMPT_STACK_SIZE: usize = 2 * 1024 * 1024;

/// What the scheduler makes attempts for: a key set or a renewer in one process.
pub(super) trait Source: Send + Sync {
    /// The name of the threads of attempts, at most 15 bytes.
    fn thread_name(&self) -> &'static str;
    /// Whether a caller is waiting for an attempt. Takes no lock.
    fn has_waiters(&self) -> bool;
    /// Makes the attempt that is requested or due, if any. Then calls `done` with the plan for the
    /// next attempt. The source must not change its plan during that call. The attempt runs on a
    /// thread of its own.
    fn attempt(&self, done: &dyn Fn(Plan));
    /// Records that the attempt failed because its thread could not be started. Calls `done` like
    /// [`Source::attempt`]. Called on the scheduler's thread, so it must not block.
    fn fail_attempt(&self, error: FetchError, done: &dyn Fn(Plan));
}

/// When and how to make the next attempt of a source.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) due: Due,
    /// Whether an attempt is requested, and so due at once.
    pub(super) is_requested: bool,
    /// Whether the last attempt failed.
    pub(super) has_failed: bool,
}

/// A source in its scheduler. [`Registration::close`] removes it.
pub(super) struct Registration {
    scheduler: Arc<Scheduler>,
    id: u64,
}

impl Registration {
    /// Adds `source` to the scheduler of this process. Starts the scheduler's thread if it is not
    /// running.
    ///
    /// # Errors
    /// The thread cannot be started. The source is then not added.
    pub(super) fn new(source: Arc<dyn Source>, plan: Plan) -> io::Result<Self> {
        let scheduler = Scheduler::of_this_process();
        let id = scheduler.add(source, plan)?;
        Ok(Self { scheduler, id })
    }

    /// Starts the attempt that the source requests, or queues it. Does nothing if an attempt of
    /// this source is running: the scheduler reads the source's next plan when that attempt ends.
    pub(super) fn request(&self) {
        self.scheduler.request(self.id);
    }

    /// Moves a queued attempt ahead of attempts that no caller waits for.
    pub(super) fn attend(&self) {
        self.scheduler.attend(self.id);
    }

    /// Removes the source, and waits until its running attempt has ended, up to `deadline`. If this
    /// was the last source, waits for the end of the scheduler's thread too. If an attempt closes
    /// its own source, this function does not wait for that attempt.
    pub(super) fn close(&self, deadline: Instant) {
        self.scheduler.close(self.id, deadline);
    }
}

/// The class of an attempt. Attempts of a lower class start first. Each class has limits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Class {
    /// The attempt is scheduled, and no caller waits for it.
    is_unattended: bool,
    /// The source's last attempt failed, so this one is likely to fail too.
    has_failed: bool,
}

/// All classes in their order.
const CLASSES: [Class; 4] = [
    Class { is_unattended: false, has_failed: false },
    Class { is_unattended: false, has_failed: true },
    Class { is_unattended: true, has_failed: false },
    Class { is_unattended: true, has_failed: true },
];

struct Scheduler {
    process: u64,
    state: Mutex<State>,
    /// Wakes the thread.
    wake: Condvar,
    /// Signals that an attempt of a closed source or the scheduler's thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    sources: HashMap<u64, Entry>,
    last_id: u64,
    /// The sources that wait for their time: on the monotonic clock, and on the wall clock.
    by_monotonic: BTreeSet<(Instant, u64)>,
    by_wall: BTreeSet<(SystemTime, u64)>,
    /// The sources whose attempt can start as soon as the limits allow it. The number in the middle
    /// is their order within the class.
    ready: BTreeSet<(Class, u64, u64)>,
    last_ready: u64,
    running: Running,
    is_thread_running: bool,
    /// The latest scheduler thread. If `is_thread_running` is false, it has ended or is about to.
    thread: Option<JoinHandle<()>>,
}

struct Entry {
    source: Arc<dyn Source>,
    plan: Plan,
    phase: Phase,
    /// Whether a caller waits in [`Scheduler::close`].
    is_closing: bool,
    /// Whether the source was closed by its own attempt.
    is_closed_by_itself: bool,
}

enum Phase {
    /// In `by_monotonic` and `by_wall`.
    Waiting,
    /// In `ready`.
    Ready(Class, u64),
    Running(Class, JoinHandle<()>),
    /// The attempt of a closing source has ended. The closing thread joins its thread.
    Ended(JoinHandle<()>),
}

/// Number of running attempts.
#[derive(Default)]
struct Running {
    all: usize,
    after_failure: usize,
    unattended: usize,
}

impl Running {
    fn allows(&self, class: Class) -> bool {
        self.all < MAX_ATTEMPTS
            && (!class.has_failed || self.after_failure < MAX_AFTER_FAILURE)
            && (!class.is_unattended || self.unattended < MAX_UNATTENDED)
    }

    fn begin(&mut self, class: Class) {
        self.all += 1;
        self.after_failure += usize::from(class.has_failed);
        self.unattended += usize::from(class.is_unattended);
    }

    fn end(&mut self, class: Class) {
        self.all -= 1;
        self.after_failure -= usize::from(class.has_failed);
        self.unattended -= usize::from(class.is_unattended);
    }
}

impl State {
    /// Puts a source that is in no list into the list where its plan belongs.
    fn enlist(&mut self, id: u64) {
        let Some(entry) = self.sources.get_mut(&id) else { return };
        if entry.plan.is_requested || entry.plan.due.left().is_zero() {
            return self.enlist_ready(id);
        }
        let (monotonic, wall) = entry.plan.due.times();
        entry.phase = Phase::Waiting;
        self.by_monotonic.insert((monotonic, id));
        self.by_wall.insert((wall, id));
    }

    fn enlist_ready(&mut self, id: u64) {
        let Some(entry) = self.sources.get_mut(&id) else { return };
        let is_attended = entry.plan.is_requested || entry.source.has_waiters();
        let class = Class { is_unattended: !is_attended, has_failed: entry.plan.has_failed };
        self.last_ready += 1;
        entry.phase = Phase::Ready(class, self.last_ready);
        self.ready.insert((class, self.last_ready, id));
    }

    /// Removes a source from the list that it is in.
    fn delist(&mut self, id: u64) {
        let Some(entry) = self.sources.get(&id) else { return };
        match entry.phase {
            Phase::Waiting => {
                let (monotonic, wall) = entry.plan.due.times();
                self.by_monotonic.remove(&(monotonic, id));
                self.by_wall.remove(&(wall, id));
            }
            Phase::Ready(class, order) => {
                self.ready.remove(&(class, order, id));
            }
            Phase::Running(class, _) => self.running.end(class),
            Phase::Ended(_) => {}
        }
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        self.delist(id);
        self.sources.remove(&id)
    }

    /// Moves the sources that are due by one of the clocks to `ready`.
    fn find_due(&mut self) {
        let (now, wall_now) = (Instant::now(), SystemTime::now());
        loop {
            let by_monotonic = self.by_monotonic.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id);
            let by_wall = || self.by_wall.first().filter(|(at, _)| *at <= wall_now).map(|(_, id)| *id);
            let Some(id) = by_monotonic.or_else(by_wall) else { return };
            self.delist(id);
            self.enlist_ready(id);
        }
    }

    /// Returns the next source whose attempt may start, and its class. Removes it from `ready`.
    fn next_to_start(&mut self) -> Option<(Class, u64)> {
        let first = CLASSES.iter().filter(|class| self.running.allows(**class)).find_map(|class| {
            self.ready.range((*class, 0, 0)..).next().filter(|(found, ..)| found == class).copied()
        });
        let (class, order, id) = first?;
        self.ready.remove(&(class, order, id));
        Some((class, id))
    }

    /// Returns the time until the next source is due.
    fn left(&self) -> Duration {
        let (now, wall_now) = (Instant::now(), SystemTime::now());
        let monotonic = self.by_monotonic.first().map(|(at, _)| at.saturating_duration_since(now));
        let wall = self.by_wall.first().map(|(at, _)| at.duration_since(wall_now).unwrap_or_default());
        let first = monotonic.into_iter().chain(wall).min();
        first.unwrap_or(HEARTBEAT).min(HEARTBEAT)
    }
}

impl Scheduler {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            process: os::process_number(),
            state: Mutex::default(),
            wake: Condvar::new(),
            ended: Condvar::new(),
        })
    }

    fn of_this_process() -> Arc<Self> {
        static CURRENT: ArcSwapOption<Scheduler> = ArcSwapOption::const_empty();
        os::of_this_process(&CURRENT, |scheduler| scheduler.process, Self::new)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only a bug could panic under the lock. Continue with the state that it left.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(self: &Arc<Self>, source: Arc<dyn Source>, plan: Plan) -> io::Result<u64> {
        let mut state = self.lock();
        let mut before = None;
        if !state.is_thread_running {
            let its = Arc::clone(self);
            let builder = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK_SIZE);
            let thread = os::with_signals_blocked(|| builder.spawn(move || its.run()))?;
            state.is_thread_running = true;
            before = state.thread.replace(thread);
        }
        state.last_id += 1;
        let id = state.last_id;
        let phase = Phase::Waiting;
        let entry = Entry { source, plan, phase, is_closing: false, is_closed_by_itself: false };
        state.sources.insert(id, entry);
        state.enlist(id);
        self.wake.notify_one();
        drop(state);
        drop(before);
        Ok(id)
    }

    fn request(&self, id: u64) {
        let mut state = self.lock();
        let Some(entry) = state.sources.get_mut(&id) else { return };
        let class = Class { is_unattended: false, has_failed: entry.plan.has_failed };
        match entry.phase {
            Phase::Waiting => {}
            Phase::Ready(before, _) if before > class => {}
            _ => return,
        }
        state.delist(id);
        if let Some(entry) = state.sources.get_mut(&id) {
            entry.plan.is_requested = true;
        }
        state.enlist(id);
        self.wake.notify_one();
    }

    fn attend(&self, id: u64) {
        let mut state = self.lock();
        let Some(entry) = state.sources.get(&id) else { return };
        if let Phase::Ready(class, _) = entry.phase
            && class.is_unattended
        {
            state.delist(id);
            state.enlist(id);
            self.wake.notify_one();
        }
    }

    fn run(self: &Arc<Self>) {
        loop {
            // An observer or a log handler must not hold up the events of other sources.
            let next_check = events::replace_blocked_threads();
            let mut state = self.lock();
            loop {
                if state.sources.is_empty() {
                    state.is_thread_running = false;
                    self.ended.notify_all();
                    return;
                }
                state.find_due();
                let Some((class, id)) = state.next_to_start() else { break };
                // Releases the lock after each start, so that callers do not wait for all starts.
                self.start(state, class, id);
                state = self.lock();
            }
            let sleep = state.left().min(next_check.unwrap_or(HEARTBEAT));
            drop(self.wake.wait_timeout(state, sleep));
        }
    }

    /// Starts the thread of an attempt.
    fn start(self: &Arc<Self>, mut state: MutexGuard<'_, State>, class: Class, id: u64) {
        let Some(entry) = state.sources.get_mut(&id) else { return };
        let (its, source) = (Arc::clone(self), Arc::clone(&entry.source));
        let name = source.thread_name().to_owned();
        let builder = thread::Builder::new().name(name).stack_size(ATTEMPT_STACK_SIZE);
        let attempt = move || {
            let done = |plan| its.end(id, Some(plan));
            let result = catch_unwind(AssertUnwindSafe(|| source.attempt(&done)));
            if result.is_err() {
                // Only a bug of this library panics here.
                its.end(id, None);
            }
        };
        match os::with_signals_blocked(|| builder.spawn(attempt)) {
            Ok(thread) => {
                entry.phase = Phase::Running(class, thread);
                state.running.begin(class);
            }
            Err(error) => {
                let source = Arc::clone(&entry.source);
                let plan = Plan { due: Due::after(HEARTBEAT), is_requested: false, has_failed: true };
                entry.plan = plan;
                state.enlist(id);
                drop(state);
                let detail = format!("cannot start a thread: {error}: check the thread limit");
                let error = FetchError::new(FetchFailure::System, detail);
                source.fail_attempt(error, &|plan| self.reschedule(id, plan));
            }
        }
    }

    /// Replaces the plan of a source that is not running.
    fn reschedule(&self, id: u64, plan: Plan) {
        let mut state = self.lock();
        state.delist(id);
        if let Some(entry) = state.sources.get_mut(&id) {
            entry.plan = plan;
        }
        state.enlist(id);
    }

    /// Records the end of an attempt. Called by the attempt's thread.
    fn end(&self, id: u64, plan: Option<Plan>) {
        let mut state = self.lock();
        let Some(entry) = state.sources.get(&id) else { return };
        if !matches!(entry.phase, Phase::Running(..)) {
            return;
        }
        state.delist(id);
        let mut removed = None;
        if let Some(entry) = state.sources.get_mut(&id) {
            let retry = Plan { due: Due::after(HEARTBEAT), is_requested: false, has_failed: true };
            entry.plan = plan.unwrap_or(retry);
            let before = mem::replace(&mut entry.phase, Phase::Waiting);
            match before {
                Phase::Running(_, thread) if entry.is_closing => entry.phase = Phase::Ended(thread),
                _ if entry.is_closed_by_itself => removed = state.sources.remove(&id),
                // The thread is detached, and ends soon.
                _ => state.enlist(id),
            }
        }
        self.wake.notify_one();
        self.ended.notify_all();
        drop(state);
        // Drop the source after releasing the lock, because this may run the program's code.
        drop(removed);
    }

    fn close(&self, id: u64, deadline: Instant) {
        let this_thread = thread::current().id();
        let mut state = self.lock();
        let removed = loop {
            let Some(entry) = state.sources.get_mut(&id) else { break None };
            let left = deadline.saturating_duration_since(Instant::now());
            match &entry.phase {
                Phase::Running(_, thread) if thread.thread().id() == this_thread => {
                    entry.is_closed_by_itself = true;
                    return;
                }
                Phase::Running(..) if !left.is_zero() => {
                    entry.is_closing = true;
                    state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                // The attempt has ended. Or it hangs: then it is left running, and counts no longer.
                _ => break state.remove(id),
            }
        };
        self.wake.notify_one();
        let scheduler_id = state.thread.as_ref().map(|thread| thread.thread().id());
        while state.is_thread_running && state.sources.is_empty() && scheduler_id != Some(this_thread) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let scheduler_thread = if state.is_thread_running { None } else { state.thread.take() };
        drop(state);
        // The attempt has called `done`, so its thread ends soon.
        if let Some(Entry { phase: Phase::Ended(thread), .. }) = removed {
            let _ = thread.join();
        }
        if let Some(thread) = scheduler_thread {
            // The thread has left `run`, so joining it does not block for long.
            let _ = thread.join();
        }
    }
}
