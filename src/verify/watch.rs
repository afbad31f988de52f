//! Wakes up event loops when a fetch of keys or a login is over.

use crate::os::{self, WakeupFd};
use arc_swap::ArcSwapOption;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Weak};
use std::{fmt, io};

/// A file descriptor that becomes readable when a fetch of keys or a login is over. An event loop
/// waits for it without a thread.
///
/// `RemoteJwkSet::watch`, `TokenRenewer::watch` and [`crate::Verifier::watch`] make one. The
/// descriptor is readable after each attempt, successful or not, and after the key set or renewer
/// was closed. The watch of a verifier is also readable after [`crate::Verifier::reload`]. The
/// descriptor stays readable until [`Watch::clear`].
///
/// 1. Make one watch for each loop, before its first [`crate::Verifier::verify_now`]. Let the loop
///    wait until the descriptor is readable.
/// 2. If a token's verdict is pending, store the request with its ticket.
/// 3. When the descriptor is readable, call [`Watch::clear`] first. Then call
///    [`crate::Verifier::resume`] for each stored request whose
///    [`crate::Verifier::wait`]`(ticket, Duration::ZERO)` is true.
///
/// In this order no attempt is missed: if it ends before the loop waits, the descriptor is readable
/// already. One wakeup may be for several attempts.
///
/// Do not read, write or close the descriptor. Remove it from the loop before you drop the watch. A
/// watch belongs to the process that made it: a forked child makes its own.
///
/// Not supported on Windows.
pub struct Watch(Arc<Inner>);

struct Inner {
    wakeup: WakeupFd,
    process: u64,
}

impl Watch {
    /// Creates a watch that nothing notifies yet. Add its notifier to the verifiers and renewers of
    /// the loop, for example with [`crate::Verifier::add_notifier`].
    ///
    /// # Errors
    /// The error of the operating system, for example if the process has too many open files.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Inner { wakeup: WakeupFd::new()?, process: os::process_number() })))
    }

    /// Makes the descriptor unreadable until the next attempt is over. Call it before you look at
    /// the stored requests. It never blocks.
    pub fn clear(&self) {
        self.0.wakeup.clear();
    }

    /// Returns a handle that makes the descriptor readable.
    pub fn notifier(&self) -> Notifier {
        Notifier(Arc::downgrade(&self.0))
    }
}

#[cfg(unix)]
impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.wakeup.as_fd()
    }
}

#[cfg(unix)]
impl AsRawFd for Watch {
    fn as_raw_fd(&self) -> RawFd {
        self.0.wakeup.as_fd().as_raw_fd()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.0.wakeup).finish()
    }
}

/// Makes the descriptor of a [`Watch`] readable, from any thread. It does not keep the watch alive.
#[derive(Clone)]
pub struct Notifier(Weak<Inner>);

impl Notifier {
    /// Makes the descriptor readable. Returns false if the watch was dropped, or if a parent of
    /// this process made it. It never blocks.
    pub fn notify(&self) -> bool {
        let watch = self.watch();
        if let Some(watch) = &watch {
            watch.wakeup.notify();
        }
        watch.is_some()
    }

    /// A forked child shares the descriptor with its parent. So the child must not notify it.
    fn watch(&self) -> Option<Arc<Inner>> {
        self.0.upgrade().filter(|watch| watch.process == os::process_number())
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Notifier").field(&self.0.upgrade().map(Watch)).finish()
    }
}

/// The notifiers of a source. Its functions take no lock, so a fork never leaves one locked.
/// Dropped watches are removed.
#[derive(Debug, Default)]
pub struct Notifiers(ArcSwapOption<Vec<Notifier>>);

impl Notifiers {
    /// Adds `notifier`, unless it is in the list already.
    pub fn add(&self, notifier: &Notifier) {
        self.0.rcu(|before| {
            let mut list = live(before.as_deref());
            if !list.iter().any(|other| other.0.ptr_eq(&notifier.0)) {
                list.push(notifier.clone());
            }
            Some(Arc::new(list))
        });
    }

    /// Makes all watches readable. Call it after an attempt has been recorded as done.
    pub fn notify(&self) {
        let list = self.0.load_full();
        let Some(list) = list.as_deref() else { return };
        let notified = list.iter().filter(|notifier| notifier.notify()).count();
        if notified < list.len() {
            self.0.rcu(|before| Some(Arc::new(live(before.as_deref()))));
        }
    }

    /// Returns the notifiers, for example to add them to another source.
    pub fn list(&self) -> Vec<Notifier> {
        live(self.0.load_full().as_deref())
    }
}

fn live(list: Option<&Vec<Notifier>>) -> Vec<Notifier> {
    list.into_iter().flatten().filter(|notifier| notifier.watch().is_some()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notifier_is_listed_once_and_removed_with_its_watch() {
        let notifiers = Notifiers::default();
        assert!(notifiers.list().is_empty());
        notifiers.notify();
        let watches = [Watch::new().unwrap(), Watch::new().unwrap()];
        for watch in [&watches[0], &watches[1], &watches[0]] {
            notifiers.add(&watch.notifier());
        }
        assert_eq!(notifiers.list().len(), 2);
        let [dropped, kept] = watches;
        let notifier = dropped.notifier();
        assert!(notifier.notify() && kept.notifier().notify());
        drop(dropped);
        assert!(!notifier.notify());
        let stored = |notifiers: &Notifiers| notifiers.0.load_full().unwrap().len();
        assert_eq!((notifiers.list().len(), stored(&notifiers)), (1, 2));
        notifiers.notify();
        assert_eq!(stored(&notifiers), 1);
        drop(kept);
        // A dropped watch is removed if no attempt follows, too.
        let other = Watch::new().unwrap();
        notifiers.add(&other.notifier());
        assert_eq!(stored(&notifiers), 1);
    }

    #[test]
    fn a_watch_of_another_process_is_never_notified() {
        let process = os::process_number() + 1;
        let watch = Watch(Arc::new(Inner { wakeup: WakeupFd::new().unwrap(), process }));
        let notifiers = Notifiers::default();
        notifiers.add(&watch.notifier());
        assert!(!watch.notifier().notify() && notifiers.list().is_empty());
    }
}
