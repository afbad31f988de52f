//! A call of the program's callable that another thread makes, one at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::SyncSender;

pub(crate) struct PendingCall<T> {
    sender: SyncSender<T>,
    /// The process in which a call is under way, else 0.
    busy: Arc<AtomicU32>,
    over: AtomicBool,
}

impl<T> PendingCall<T> {
    pub(crate) fn new(sender: SyncSender<T>, busy: &Arc<AtomicU32>) -> Self {
        Self { sender, busy: Arc::clone(busy), over: AtomicBool::new(false) }
    }

    pub(crate) fn answer(&self, answer: T) {
        // First, because who gets the answer may call again at once.
        self.end();
        let _ = self.sender.try_send(answer);
    }

    /// Once: by now, another call may be under way.
    fn end(&self) {
        if !self.over.swap(true, Ordering::SeqCst) {
            self.busy.store(0, Ordering::SeqCst);
        }
    }
}

impl<T> Drop for PendingCall<T> {
    fn drop(&mut self) {
        self.end();
    }
}
