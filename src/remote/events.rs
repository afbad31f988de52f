//! Delivers log records and observer calls on a separate thread.
//!
//! Log handlers and observers are part of the program that uses this library. They may block, or
//! use the same key set or renewer. So the threads of attempts only queue events. One thread of the
//! process delivers the events of all sources, and exists only while there are events. Sources take
//! turns, and the events of one source are delivered in order.
//!
//! Each source has its own bounded queue. If it is full, the oldest events of that source are
//! dropped, and a log record contains the number of dropped events.
//!
//! If an event blocks the thread for longer than [`MAX_TURN`], another thread delivers the events
//! of the other sources. There are at most [`MAX_THREADS`] threads.

use crate::os;
use arc_swap::ArcSwapOption;
use log::Level;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// Maximum number of queued events of one source.
const CAPACITY: usize = 256;
/// The time after which another thread takes over from a thread that an event blocks.
const MAX_TURN: Duration = Duration::from_secs(1);
/// Maximum number of threads. All but one are blocked by an event.
const MAX_THREADS: usize = 8;
const THREAD: &str = "bouncer-events";

type Event = Box<dyn FnOnce() + Send>;

/// A callback that receives a status after each attempt.
pub(super) type Observer<S> = Arc<dyn Fn(&S) + Send + Sync>;

/// The events of one worker in one process.
pub(super) struct Events {
    delivery: Arc<Delivery>,
    queue: Mutex<Queue>,
    /// Signals the end of a turn.
    turn_ended: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    /// Number of events dropped since the last event was delivered.
    dropped: u64,
    is_closed: bool,
    /// Whether these events are in [`State::turns`], or a thread is delivering one of them.
    has_turn: bool,
    /// The thread that is delivering an event.
    thread: Option<ThreadId>,
}

/// The delivery of all events of a process.
struct Delivery {
    process: u64,
    state: Mutex<State>,
    /// Signals that a thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// The sources with events, in the order in which they take turns.
    turns: VecDeque<Arc<Events>>,
    /// The threads that are delivering an event, and since when.
    busy: Vec<(ThreadId, Instant)>,
    /// Number of threads.
    threads: usize,
    /// The latest thread.
    thread: Option<JoinHandle<()>>,
}

/// Starts another thread if events wait although all threads are blocked by other events. Returns
/// the time until that may be necessary, if events are waiting.
pub(super) fn replace_blocked_threads() -> Option<Duration> {
    Delivery::of_this_process().replace_blocked_threads(None)
}

impl Events {
    pub(super) fn new() -> Arc<Self> {
        Self::delivered_by(Delivery::of_this_process())
    }

    fn delivered_by(delivery: Arc<Delivery>) -> Arc<Self> {
        Arc::new(Self { delivery, queue: Mutex::default(), turn_ended: Condvar::new() })
    }

    /// Queues a log record, if `level` is enabled.
    pub(super) fn log(self: &Arc<Self>, target: &'static str, level: Level, text: impl FnOnce() -> String) {
        if level <= log::STATIC_MAX_LEVEL && level <= log::max_level() {
            let text = text();
            self.push(Box::new(move || log::log!(target: target, level, "{text}")));
        }
    }

    /// Queues a call of `observer` with `status`, if there is an observer.
    pub(super) fn observe<S: Send + 'static>(
        self: &Arc<Self>,
        observer: Option<&Observer<S>>,
        status: impl FnOnce() -> S,
    ) {
        if let Some(observer) = observer {
            let (observer, status) = (Arc::clone(observer), status());
            self.push(Box::new(move || observer(&status)));
        }
    }

    /// Queues `event` and starts the thread if it is not running. Drops `event` after
    /// [`Events::close`].
    pub(super) fn push(self: &Arc<Self>, event: Event) {
        let mut queue = self.lock();
        if queue.is_closed {
            return;
        }
        let mut oldest = None;
        if queue.waiting.len() >= CAPACITY {
            oldest = queue.waiting.pop_front();
            queue.dropped += 1;
        }
        queue.waiting.push_back(event);
        let had_turn = mem::replace(&mut queue.has_turn, true);
        drop(queue);
        if !had_turn {
            self.delivery.add_turn(self);
        } else {
            // If the thread could not be started before, this tries again.
            self.delivery.start_first_thread();
        }
        // Drop the event after releasing the lock, because dropping an observer runs the program's
        // code.
        drop(oldest);
    }

    /// Delivers one event. Returns whether there are more.
    fn deliver_one(&self) -> bool {
        let mut queue = self.lock();
        let event = queue.waiting.pop_front();
        let dropped = mem::take(&mut queue.dropped);
        queue.thread = Some(thread::current().id());
        drop(queue);
        // There is no event if the source was closed.
        if let Some(event) = event {
            let _ = catch_unwind(AssertUnwindSafe(|| {
                if dropped > 0 {
                    log::warn!(
                        "{dropped} events were dropped: a log handler or an observer is too slow and must return sooner"
                    );
                }
                event();
            }));
        }
        let mut queue = self.lock();
        queue.thread = None;
        queue.has_turn = !queue.waiting.is_empty();
        self.turn_ended.notify_all();
        queue.has_turn
    }

    /// Stops accepting events. Waits until the queued events are delivered, up to `deadline`, and
    /// drops the rest. Does not wait if an event of the same source calls this function.
    pub(super) fn close(&self, deadline: Instant) {
        let this_thread = thread::current().id();
        let mut queue = self.lock();
        queue.is_closed = true;
        while queue.has_turn && queue.thread != Some(this_thread) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // An event of another source may block the thread, or may have called this function.
            drop(queue);
            let next_check = self.delivery.replace_blocked_threads(Some(this_thread));
            queue = self.lock();
            if queue.has_turn {
                let wait = left.min(next_check.unwrap_or(left));
                queue = self.turn_ended.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        let left_over = mem::take(&mut queue.waiting);
        drop(queue);
        drop(left_over);
        self.delivery.join_if_idle(deadline);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Only a bug can panic while the lock is held. The queue is consistent even then.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivery {
    fn new() -> Arc<Self> {
        Arc::new(Self { process: os::process_number(), state: Mutex::default(), ended: Condvar::new() })
    }

    fn of_this_process() -> Arc<Self> {
        static CURRENT: ArcSwapOption<Delivery> = ArcSwapOption::const_empty();
        os::of_this_process(&CURRENT, |delivery| delivery.process, Self::new)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only a bug can panic while the lock is held. The state is consistent even then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_turn(self: &Arc<Self>, events: &Arc<Events>) {
        self.lock().turns.push_back(Arc::clone(events));
        self.start_first_thread();
    }

    fn start_first_thread(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.threads == 0 && !state.turns.is_empty() {
            self.start_thread(&mut state);
        }
    }

    /// If the thread does not start, the events stay queued. The next event tries again.
    fn start_thread(self: &Arc<Self>, state: &mut State) {
        let its = Arc::clone(self);
        let builder = thread::Builder::new().name(THREAD.to_owned());
        if let Ok(thread) = os::with_signals_blocked(|| builder.spawn(move || its.run())) {
            state.threads += 1;
            state.thread = Some(thread);
        }
    }

    /// Delivers events until none is left.
    fn run(&self) {
        let this_thread = thread::current().id();
        let mut state = self.lock();
        // A thread that was blocked ends if another thread has taken over.
        while state.threads - state.busy.len() == 1
            && let Some(events) = state.turns.pop_front()
        {
            state.busy.push((this_thread, Instant::now()));
            drop(state);
            let has_more = events.deliver_one();
            state = self.lock();
            state.busy.retain(|(thread, _)| *thread != this_thread);
            if has_more {
                state.turns.push_back(events);
            }
        }
        state.threads -= 1;
        self.ended.notify_all();
    }

    /// Starts another thread if a source has to wait for its turn although all threads are blocked.
    /// Returns the time until that may be necessary, if a source waits. A thread is blocked if it
    /// delivers an event for longer than [`MAX_TURN`], or if it is the thread `waits`.
    fn replace_blocked_threads(self: &Arc<Self>, waits: Option<ThreadId>) -> Option<Duration> {
        let mut state = self.lock();
        if state.turns.is_empty() {
            return None;
        }
        let left = |(thread, since): &(ThreadId, Instant)| match Some(*thread) == waits {
            true => Duration::ZERO,
            false => MAX_TURN.saturating_sub(since.elapsed()),
        };
        let left = state.busy.iter().map(left).max().unwrap_or_default();
        let is_free = state.threads > state.busy.len();
        if !is_free && left.is_zero() && state.threads < MAX_THREADS {
            self.start_thread(&mut state);
        }
        Some(if left.is_zero() { MAX_TURN } else { left })
    }

    /// Waits for the end of the thread if there are no more events, up to `deadline`. Does not wait
    /// for a thread that delivers an event.
    fn join_if_idle(&self, deadline: Instant) {
        let mut state = self.lock();
        while state.threads > 0 && state.turns.is_empty() && state.busy.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let thread = if state.threads == 0 { state.thread.take() } else { None };
        drop(state);
        if let Some(thread) = thread {
            // The thread has left `run`, so joining it does not block for long.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    const LONG: Duration = Duration::from_secs(20);

    fn soon() -> Instant {
        Instant::now() + LONG
    }

    /// Returns the events of a source with a delivery of its own.
    fn alone() -> Arc<Events> {
        Events::delivered_by(Delivery::new())
    }

    /// Returns an event that hangs until the sender is dropped, and a channel that receives a
    /// message when it begins.
    fn hanging() -> (Event, Sender<()>, Receiver<()>) {
        let ((release, hang), (began, begins)) = (channel::<()>(), channel());
        let event = move || {
            began.send(()).unwrap();
            let _ = hang.recv();
        };
        (Box::new(event), release, begins)
    }

    #[test]
    fn events_are_delivered_in_order_on_one_thread_that_ends_when_idle() {
        let events = alone();
        let (seen, received) = channel();
        for i in 0..100 {
            let seen = seen.clone();
            events.push(Box::new(move || {
                let name = thread::current().name().map(str::to_owned);
                seen.send((i, name)).unwrap();
            }));
        }
        for i in 0..100 {
            assert_eq!(received.recv_timeout(LONG).unwrap(), (i, Some(THREAD.to_owned())));
        }
        let end = soon();
        while events.delivery.lock().threads > 0 {
            assert!(Instant::now() < end, "the thread has not ended");
            thread::yield_now();
        }
        // The next event starts the thread again, and a panic in one event does not stop the
        // others.
        events.push(Box::new(|| panic!("panic of an observer")));
        events.push(Box::new(move || seen.send((100, None)).unwrap()));
        assert_eq!(received.recv_timeout(LONG).unwrap(), (100, None));
    }

    #[test]
    fn if_an_event_hangs_the_queue_stays_bounded_and_the_oldest_events_are_dropped() {
        let events = alone();
        let ((seen, received), (event, release, begins)) = (channel(), hanging());
        events.push(event);
        begins.recv_timeout(LONG).unwrap();
        for i in 0..1000 {
            let seen = seen.clone();
            events.push(Box::new(move || seen.send(i).unwrap()));
        }
        let queue = events.lock();
        assert_eq!((queue.waiting.len(), queue.dropped), (CAPACITY, 1000 - CAPACITY as u64));
        drop(queue);
        drop(release);
        let newest: Vec<_> = (0..CAPACITY).map(|_| received.recv_timeout(LONG).unwrap()).collect();
        assert_eq!(newest, (1000 - CAPACITY..1000).collect::<Vec<_>>());
        assert_eq!(events.lock().dropped, 0);
    }

    #[test]
    fn close_delivers_queued_events_and_returns_at_the_deadline_if_an_event_hangs() {
        let events = alone();
        let (seen, received) = channel();
        let its = seen.clone();
        events.push(Box::new(move || {
            thread::sleep(Duration::from_millis(50));
            its.send(1).unwrap();
        }));
        events.close(soon());
        assert_eq!(received.try_recv(), Ok(1));
        events.push(Box::new(move || seen.send(2).unwrap()));
        assert!(received.try_recv().is_err() && events.lock().waiting.is_empty());

        let hanging = alone();
        let (release, hang) = channel::<()>();
        hanging.push(Box::new(move || hang.recv().unwrap()));
        hanging.push(Box::new(|| unreachable!("`close` drops this event")));
        let start = Instant::now();
        hanging.close(start + Duration::from_millis(100));
        assert!(start.elapsed() >= Duration::from_millis(100) && hanging.lock().waiting.is_empty());
        release.send(()).unwrap();
        // If an event calls `close`, `close` does not wait for that event.
        let events = alone();
        let (its, (seen, received)) = (Arc::clone(&events), channel());
        events.push(Box::new(move || {
            let start = Instant::now();
            its.close(soon());
            seen.send(start.elapsed()).unwrap();
        }));
        assert!(received.recv_timeout(LONG).unwrap() < Duration::from_secs(5));
    }
    #[test]
    fn a_flood_of_one_source_drops_and_delays_no_event_of_another() {
        let delivery = Delivery::new();
        let [flood, quiet] = [(), ()].map(|()| Events::delivered_by(Arc::clone(&delivery)));
        let ((seen, received), (event, release, begins)) = (channel(), hanging());
        flood.push(event);
        begins.recv_timeout(LONG).unwrap();
        for i in 0..1000 {
            let seen = seen.clone();
            flood.push(Box::new(move || seen.send(("flood", i)).unwrap()));
        }
        for i in 0..3 {
            let seen = seen.clone();
            quiet.push(Box::new(move || seen.send(("quiet", i)).unwrap()));
        }
        drop(release);
        let order: Vec<_> = (0..CAPACITY + 3).map(|_| received.recv_timeout(LONG).unwrap()).collect();
        // The sources take turns.
        let turns = [("quiet", 0), ("flood", 744), ("quiet", 1), ("flood", 745), ("quiet", 2)];
        assert_eq!(order[..5], turns);
        assert_eq!(order[5..], (746..1000).map(|i| ("flood", i)).collect::<Vec<_>>());
    }

    #[test]
    fn while_an_event_hangs_another_thread_delivers_the_events_of_other_sources() {
        let delivery = Delivery::new();
        let source = || Events::delivered_by(Arc::clone(&delivery));
        let mut released = Vec::new();
        for threads in 1..=MAX_THREADS {
            let (event, release, begins) = hanging();
            source().push(event);
            let end = soon();
            while begins.try_recv().is_err() {
                assert!(Instant::now() < end, "{threads} threads");
                delivery.replace_blocked_threads(None);
                thread::yield_now();
            }
            assert_eq!(delivery.lock().threads, threads);
            released.push(release);
        }
        // No more threads are started. The event waits until one of them is free.
        let (seen, received) = channel();
        source().push(Box::new(move || seen.send(()).unwrap()));
        let wait = delivery.replace_blocked_threads(None).unwrap();
        assert!(wait > Duration::ZERO && wait <= MAX_TURN);
        assert!(received.recv_timeout(2 * MAX_TURN).is_err());
        delivery.replace_blocked_threads(None);
        assert_eq!(delivery.lock().threads, MAX_THREADS);
        released.pop();
        received.recv_timeout(LONG).unwrap();
        drop(released);
        let end = soon();
        while delivery.lock().threads > 0 {
            assert!(Instant::now() < end, "the threads have not ended");
            thread::yield_now();
        }
    }

    #[test]
    fn an_event_that_closes_another_source_does_not_block_the_events_of_that_source() {
        let delivery = Delivery::new();
        let [closing, closed] = [(), ()].map(|()| Events::delivered_by(Arc::clone(&delivery)));
        let ((seen, received), its) = (channel(), Arc::clone(&closed));
        let ended = seen.clone();
        closing.push(Box::new(move || {
            its.push(Box::new(move || seen.send("last event").unwrap()));
            its.close(soon());
            ended.send("closed").unwrap();
        }));
        let order = [(), ()].map(|()| received.recv_timeout(LONG).unwrap());
        assert_eq!(order, ["last event", "closed"]);
    }
}
