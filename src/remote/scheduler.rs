//! The scheduler of a process: one thread that starts the attempts of all key sets and renewers.
//!
//! A key set or a renewer is a [`Source`]. The thread waits until an attempt of a source is due or
//! requested, and starts a short-lived thread for it. The number of these threads is limited (see
//! [`Running::allows`]), so that servers that do not respond delay no other source.
//!
//! The scheduler's thread runs no code of the program and does no I/O. It ends when the last source
//! is closed. A forked child has no thread, and may have a copy of a lock that a thread of the
//! parent held. So each process has its own [`Scheduler`].

use super::attempt_class::{CLASSES, Class, Health, Running};
use super::attempts::Due;
use super::transport::{FetchError, FetchFailure};
use crate::os;
use arc_swap::ArcSwapOption;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{io, mem};

/// Maximum sleep of the thread. The monotonic clock stops while the machine is suspended, so the
/// thread wakes up to check the wall clock.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// The pause of the scheduler's thread after a panic.
const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(1);
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
    pub(super) health: Health,
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
    sources: BTreeMap<u64, Entry>,
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
        let class = Class { is_unattended: !is_attended, health: entry.plan.health };
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
            let run = move || {
                // Only a bug of this library panics here. All other sources go on.
                while catch_unwind(AssertUnwindSafe(|| its.run())).is_err() {
                    thread::sleep(PAUSE_AFTER_PANIC);
                }
            };
            let thread = os::with_signals_blocked(|| builder.spawn(run))?;
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
        let class = Class { is_unattended: false, health: entry.plan.health };
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
            let sleep = state.left();
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
                let plan = Plan { due: Due::after(HEARTBEAT), is_requested: false, health: Health::Failed };
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
            let retry = Plan { due: Due::after(HEARTBEAT), is_requested: false, health: Health::Failed };
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
                // The attempt has ended. Or it hangs: then it is left running and not counted.
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

#[cfg(test)]
mod tests {
    use super::super::attempt_class::MAX_ATTEMPTS;
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    const LONG: Duration = Duration::from_secs(20);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// A source whose attempts send its name and then hang until `release` is dropped.
    struct Hanging {
        name: usize,
        begun: Mutex<Sender<usize>>,
        hang: Mutex<Receiver<()>>,
        has_waiters: AtomicBool,
        attempts: AtomicUsize,
    }

    fn hanging(name: usize, begun: &Sender<usize>) -> (Arc<Hanging>, Sender<()>) {
        let (release, hang) = channel();
        let (begun, hang) = (Mutex::new(begun.clone()), Mutex::new(hang));
        let (has_waiters, attempts) = (AtomicBool::new(false), AtomicUsize::new(0));
        (Arc::new(Hanging { name, begun, hang, has_waiters, attempts }), release)
    }

    fn plan(due: Duration, health: Health) -> Plan {
        Plan { due: Due::after(due), is_requested: false, health }
    }

    impl Source for Hanging {
        fn thread_name(&self) -> &'static str {
            "test"
        }

        fn has_waiters(&self) -> bool {
            self.has_waiters.load(Ordering::SeqCst)
        }

        fn attempt(&self, done: &dyn Fn(Plan)) {
            self.attempts.fetch_add(1, Ordering::SeqCst);
            let _ = self.begun.lock().unwrap().send(self.name);
            let _ = self.hang.lock().unwrap().recv();
            done(plan(DAY, Health::Succeeded));
        }

        fn fail_attempt(&self, _: FetchError, _: &dyn Fn(Plan)) {}
    }

    /// Returns the names of the attempts that have begun, after no more of them begin.
    fn begun(received: &Receiver<usize>) -> Vec<usize> {
        std::iter::from_fn(|| received.recv_timeout(Duration::from_millis(300)).ok()).collect()
    }

    fn soon() -> Instant {
        Instant::now() + LONG
    }

    #[test]
    fn attempts_that_a_caller_waits_for_and_those_of_healthy_sources_start_first() {
        let scheduler = Scheduler::new();
        let (begun_sender, received) = channel();
        let new_source = |name| hanging(name, &begun_sender);
        // These attempts hang until the end of the test.
        let (blocking, mut releases): (Vec<_>, Vec<_>) = (0..MAX_ATTEMPTS).map(new_source).unzip();
        let requested = |health| Plan { is_requested: true, ..plan(DAY, health) };
        let mut ids: Vec<u64> = Vec::new();
        for source in blocking {
            ids.push(scheduler.add(source, requested(Health::Succeeded)).unwrap());
        }
        assert_eq!(begun(&received).len(), MAX_ATTEMPTS);
        let waited_for = new_source(1005);
        for (source, plan) in [
            (new_source(1000), plan(Duration::ZERO, Health::Failed)),
            (new_source(1001), plan(Duration::ZERO, Health::New)),
            (new_source(1002), plan(Duration::ZERO, Health::Succeeded)),
            (new_source(1003), requested(Health::Failed)),
            (new_source(1004), plan(Duration::ZERO, Health::New)),
            ((Arc::clone(&waited_for.0), waited_for.1), plan(Duration::ZERO, Health::New)),
            (new_source(1006), plan(Duration::ZERO, Health::Succeeded)),
            (new_source(1007), plan(DAY, Health::Succeeded)),
        ] {
            ids.push(scheduler.add(source.0, plan).unwrap());
            releases.push(source.1);
        }
        assert!(begun(&received).is_empty(), "all slots are in use");
        let id_of = |name: usize| ids[MAX_ATTEMPTS + name - 1000];
        waited_for.0.has_waiters.store(true, Ordering::SeqCst);
        scheduler.attend(id_of(1005));
        scheduler.request(id_of(1004));
        // Each of the blocking attempts that ends makes room for one.
        let mut order = Vec::new();
        for release in releases.drain(..7).collect::<Vec<_>>() {
            drop(release);
            order.push(received.recv_timeout(LONG).unwrap());
        }
        assert_eq!(order, [1005, 1004, 1003, 1002, 1006, 1001, 1000]);
        drop(releases);
        ids.iter().for_each(|id| scheduler.close(*id, soon()));
        assert!(!scheduler.lock().is_thread_running && scheduler.lock().thread.is_none());
        assert!(begun(&received).is_empty(), "the last source was not due");
    }

    #[test]
    fn a_source_has_one_attempt_at_a_time_and_an_attempt_is_due_by_either_clock() {
        let scheduler = Scheduler::new();
        let (begun_sender, received) = channel();
        let (source, release) = hanging(0, &begun_sender);
        let id = scheduler.add(Arc::clone(&source) as _, plan(DAY, Health::New)).unwrap();
        assert!(begun(&received).is_empty());
        // The wall clock is a day ahead.
        let due_by_wall = Due::at(Instant::now() + DAY, SystemTime::now());
        scheduler.reschedule(id, Plan { due: due_by_wall, ..plan(DAY, Health::New) });
        scheduler.wake.notify_one();
        assert_eq!(received.recv_timeout(LONG), Ok(0));
        for _ in 0..10 {
            scheduler.request(id);
            scheduler.attend(id);
        }
        assert!(begun(&received).is_empty());
        drop(release);
        // Requests during an attempt are part of the source's next plan.
        assert!(begun(&received).is_empty());
        scheduler.request(id);
        assert_eq!(received.recv_timeout(LONG), Ok(0));
        scheduler.close(id, soon());
        assert_eq!(source.attempts.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_hanging_attempt_of_a_closed_source_takes_no_slot_and_keeps_no_scheduler() {
        let scheduler = Scheduler::new();
        let (begun_sender, received) = channel();
        let (source, release) = hanging(0, &begun_sender);
        let weak = Arc::downgrade(&source);
        let id = scheduler.add(source, plan(Duration::ZERO, Health::New)).unwrap();
        assert_eq!(received.recv_timeout(LONG), Ok(0));
        let start = Instant::now();
        scheduler.close(id, start + Duration::from_millis(200));
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(200) && waited < Duration::from_secs(5), "{waited:?}");
        let state = scheduler.lock();
        assert_eq!((state.running.count(|_| true), state.sources.len()), (0, 0));
        drop(state);
        let end = soon();
        while scheduler.lock().is_thread_running {
            assert!(Instant::now() < end, "the scheduler still runs");
            thread::yield_now();
        }
        assert!(weak.upgrade().is_some(), "the attempt hangs");
        drop(release);
        while weak.upgrade().is_some() {
            assert!(Instant::now() < end, "the attempt has not ended");
            thread::yield_now();
        }
        // The scheduler starts again for the next source.
        let (source, release) = hanging(1, &begun_sender);
        let id = scheduler.add(source, plan(Duration::ZERO, Health::New)).unwrap();
        assert_eq!(received.recv_timeout(LONG), Ok(1));
        drop(release);
        scheduler.close(id, soon());
        assert!(!scheduler.lock().is_thread_running);
    }
}
