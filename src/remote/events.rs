//! Delivers log records and observer calls on separate threads.
//!
//! Log handlers and observers are part of the program that uses this library. They may block, or
//! use the same key set or renewer. So the threads of attempts only queue events. Other threads
//! deliver them, and exist only while there are events. An event that blocks its thread delays no
//! other source, up to [`MAX_THREADS`] threads. Sources take turns, and the events of one source
//! are delivered in order.
//!
//! Each source has its own bounded queue. If it is full, the oldest events of that source are
//! dropped, and a log record contains the number of dropped events.

use crate::os;
use arc_swap::ArcSwapOption;
use log::Level;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Instant;

/// Maximum number of queued events of one source.
const CAPACITY: usize = 256;
/// Maximum number of threads.
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
    /// Signals that a thread is about to end.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// The sources with events that wait for a thread, in the order in which they take turns.
    turns: VecDeque<Arc<Events>>,
    /// Number of threads that run. Each of them delivers an event or is about to take a turn.
    threads: usize,
    /// Number of threads that deliver an event.
    busy: usize,
    /// The threads that run, and some that have ended.
    handles: Vec<JoinHandle<()>>,
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

    /// Queues `event`, and starts a thread if none is free. Drops `event` after [`Events::close`].
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
        // If a thread could not be started before, this tries again.
        self.delivery.start_thread_for((!had_turn).then(|| Arc::clone(self)));
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
        // If a thread could not be started before, this tries again.
        self.delivery.start_thread_for(None);
        let mut queue = self.lock();
        queue.is_closed = true;
        while queue.has_turn && queue.thread != Some(this_thread) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.turn_ended.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
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

    /// Adds a turn of `source`, and starts another thread if more sources have a turn than threads
    /// are free. If the thread does not start, the events stay queued. The next event tries again.
    fn start_thread_for(self: &Arc<Self>, source: Option<Arc<Events>>) {
        let mut state = self.lock();
        state.turns.extend(source);
        if state.turns.len() <= state.threads - state.busy || state.threads == MAX_THREADS {
            return;
        }
        let its = Arc::clone(self);
        let builder = thread::Builder::new().name(THREAD.to_owned());
        if let Ok(thread) = os::with_signals_blocked(|| builder.spawn(move || its.run())) {
            state.threads += 1;
            state.handles.retain(|thread| !thread.is_finished());
            state.handles.push(thread);
        }
    }

    /// Delivers events until no source has a turn.
    fn run(&self) {
        let mut state = self.lock();
        while let Some(events) = state.turns.pop_front() {
            state.busy += 1;
            drop(state);
            let has_more = events.deliver_one();
            state = self.lock();
            state.busy -= 1;
            if has_more {
                state.turns.push_back(events);
            }
        }
        state.threads -= 1;
        self.ended.notify_all();
    }

    /// Waits for the end of all threads if there are no more events, up to `deadline`. Does not
    /// wait for a thread that delivers an event.
    fn join_if_idle(&self, deadline: Instant) {
        let mut state = self.lock();
        while state.threads > 0 && state.turns.is_empty() && state.busy == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let handles = if state.threads == 0 { mem::take(&mut state.handles) } else { Vec::new() };
        drop(state);
        for thread in handles {
            // The thread has left `run`, so joining it does not block for long.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

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

    /// Blocks `count` threads with events of other sources, until the senders are dropped.
    fn block(delivery: &Arc<Delivery>, count: usize) -> Vec<Sender<()>> {
        let block_one = |_| {
            let (event, release, begins) = hanging();
            Events::delivered_by(Arc::clone(delivery)).push(event);
            begins.recv_timeout(LONG).unwrap();
            release
        };
        (0..count).map(block_one).collect()
    }

    fn until_no_thread_is_left(delivery: &Delivery) {
        let end = soon();
        while delivery.lock().threads > 0 {
            assert!(Instant::now() < end, "the threads have not ended");
            thread::yield_now();
        }
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
        until_no_thread_is_left(&events.delivery);
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
        // Only one thread is left for both sources.
        let _blocked = block(&delivery, MAX_THREADS - 1);
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
    fn while_events_hang_other_threads_deliver_the_events_of_other_sources() {
        let delivery = Delivery::new();
        let source = || Events::delivered_by(Arc::clone(&delivery));
        let (seen, received) = channel();
        let deliver = || {
            let seen = seen.clone();
            source().push(Box::new(move || seen.send(()).unwrap()));
        };
        let mut blocked = block(&delivery, MAX_THREADS - 1);
        deliver();
        received.recv_timeout(LONG).unwrap();
        // No more threads are started. The event waits until one of them is free.
        blocked.extend(block(&delivery, 1));
        deliver();
        assert!(received.recv_timeout(Duration::from_millis(500)).is_err());
        let state = delivery.lock();
        assert_eq!((state.threads, state.turns.len()), (MAX_THREADS, 1));
        drop(state);
        blocked.pop();
        received.recv_timeout(LONG).unwrap();
        drop(blocked);
        until_no_thread_is_left(&delivery);
        source().close(soon());
        assert!(delivery.lock().handles.is_empty(), "the threads are joined");
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
