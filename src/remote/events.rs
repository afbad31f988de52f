//! Delivers log records and observer calls on a separate thread.
//!
//! Log handlers and observers are part of the program that uses this library. They may block, or
//! use the same key set or renewer. So the background thread only queues events. A second thread
//! delivers the events in order, and exists only while there are events. The queue is bounded. If a
//! log handler or observer is too slow, the oldest events are dropped, and a log record contains
//! the number of dropped events.

use crate::os;
use log::Level;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Maximum number of queued events.
const CAPACITY: usize = 256;
const THREAD: &str = "bouncer-events";

type Event = Box<dyn FnOnce() + Send>;

/// A callback that receives a status after each attempt.
pub(super) type Observer<S> = Arc<dyn Fn(&S) + Send + Sync>;

/// The events of one worker in one process.
#[derive(Default)]
pub(super) struct Events {
    queue: Mutex<Queue>,
    /// Signals that the thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    /// Number of events dropped since the last event was delivered.
    dropped: u64,
    is_running: bool,
    is_closed: bool,
    /// The latest thread. If `is_running` is false, it has ended or is about to end.
    thread: Option<JoinHandle<()>>,
}

impl Events {
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
        let mut before = None;
        if !queue.is_running {
            let its = Arc::clone(self);
            let builder = thread::Builder::new().name(THREAD.to_owned());
            // If the thread does not start, the event stays queued. The next call of `push` tries
            // again to start the thread.
            if let Ok(thread) = os::with_signals_blocked(|| builder.spawn(move || its.deliver())) {
                queue.is_running = true;
                before = queue.thread.replace(thread);
            }
        }
        drop(queue);
        // Drop these values after releasing the lock, because dropping an observer runs the
        // program's code.
        drop((oldest, before));
    }

    /// Delivers the queued events in order, and returns when the queue is empty.
    fn deliver(&self) {
        loop {
            let mut queue = self.lock();
            let Some(event) = queue.waiting.pop_front() else {
                queue.is_running = false;
                self.ended.notify_all();
                return;
            };
            let dropped = mem::take(&mut queue.dropped);
            drop(queue);
            let _ = catch_unwind(AssertUnwindSafe(|| {
                if dropped > 0 {
                    log::warn!(
                        "{dropped} events were dropped: a log handler or an observer is too slow and must return sooner"
                    );
                }
                event();
            }));
        }
    }

    /// Stops accepting events. Waits until the queued events are delivered, up to `deadline`, and
    /// drops the rest. Does not wait if an event calls this function.
    pub(super) fn close(&self, deadline: Instant) {
        let mut queue = self.lock();
        queue.is_closed = true;
        let is_own =
            queue.thread.as_ref().is_some_and(|thread| thread.thread().id() == thread::current().id());
        while queue.is_running && !is_own {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.ended.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let left_over = mem::take(&mut queue.waiting);
        let thread = if queue.is_running { None } else { queue.thread.take() };
        drop(queue);
        drop(left_over);
        if let Some(thread) = thread {
            // The thread has left `deliver`, so joining it does not block for long.
            let _ = thread.join();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Only a bug can panic while the lock is held. The queue is consistent even then.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{channel, sync_channel};
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(20);

    fn soon() -> Instant {
        Instant::now() + LONG
    }

    #[test]
    fn events_are_delivered_in_order_on_one_thread_that_ends_when_idle() {
        let events = Arc::<Events>::default();
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
        while events.lock().is_running {
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
        let events = Arc::<Events>::default();
        let ((seen, received), (release, hang)) = (channel(), sync_channel::<()>(0));
        let (began, begins) = channel();
        events.push(Box::new(move || {
            began.send(()).unwrap();
            hang.recv().unwrap();
        }));
        begins.recv_timeout(LONG).unwrap();
        for i in 0..1000 {
            let seen = seen.clone();
            events.push(Box::new(move || seen.send(i).unwrap()));
        }
        let queue = events.lock();
        assert_eq!((queue.waiting.len(), queue.dropped), (CAPACITY, 1000 - CAPACITY as u64));
        drop(queue);
        release.send(()).unwrap();
        let newest: Vec<_> = (0..CAPACITY).map(|_| received.recv_timeout(LONG).unwrap()).collect();
        assert_eq!(newest, (1000 - CAPACITY..1000).collect::<Vec<_>>());
        assert_eq!(events.lock().dropped, 0);
    }

    #[test]
    fn close_delivers_queued_events_and_returns_at_the_deadline_if_an_event_hangs() {
        let events = Arc::<Events>::default();
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

        let hanging = Arc::<Events>::default();
        let (release, hang) = channel::<()>();
        hanging.push(Box::new(move || hang.recv().unwrap()));
        hanging.push(Box::new(|| unreachable!("`close` drops this event")));
        let start = Instant::now();
        hanging.close(start + Duration::from_millis(100));
        assert!(start.elapsed() >= Duration::from_millis(100) && hanging.lock().waiting.is_empty());
        release.send(()).unwrap();
        // If an event calls `close`, `close` does not wait for that event.
        let events = Arc::<Events>::default();
        let (its, (seen, received)) = (Arc::clone(&events), channel());
        events.push(Box::new(move || {
            let start = Instant::now();
            its.close(soon());
            seen.send(start.elapsed()).unwrap();
        }));
        assert!(received.recv_timeout(LONG).unwrap() < Duration::from_secs(5));
    }
}
