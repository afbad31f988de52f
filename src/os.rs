//! Operating system functions that std lacks. This module uses no layer. Every layer may use this
//! module.
//!
//! - a number that identifies a process across forks
//! - threads with all signals blocked
//! - a descriptor that wakes up an event loop
//! - a name for an unnamed file

#![cfg_attr(
    not(feature = "remote"),
    allow(dead_code, unused_imports, reason = "only the remote layer handles forks and writes files")
)]

use arc_swap::ArcSwapOption;
use std::mem;
use std::sync::Arc;

#[cfg(target_os = "linux")]
pub(crate) use unix::link;
#[cfg(unix)]
pub(crate) use unix::{WakeupFd, process_number, with_signals_blocked};

/// Returns the value of `current` if it belongs to this process. Otherwise replaces it with `new`.
/// `process` returns the number of the process that a value belongs to.
pub(crate) fn of_this_process<T>(
    current: &ArcSwapOption<T>,
    process: impl FnOnce(&T) -> u64,
    new: impl FnOnce() -> Arc<T>,
) -> Arc<T> {
    let before = current.load_full();
    if let Some(value) = &before
        && process(value) == process_number()
    {
        return Arc::clone(value);
    }
    // The parent may have been changing its value at the fork. It must not be read or freed here,
    // so it is leaked.
    mem::forget(before.clone());
    let new = new();
    let found = current.compare_and_swap(&before, Some(Arc::clone(&new)));
    let pointer = |value: &Option<Arc<T>>| value.as_ref().map(Arc::as_ptr);
    match pointer(&found) == pointer(&before) {
        true => new,
        // Another thread of this process was first.
        false => current.load_full().unwrap_or(new),
    }
}

/// Returns the process id, which is sufficient on systems without fork.
#[cfg(not(unix))]
pub(crate) fn process_number() -> u64 {
    std::process::id().into()
}

/// Calls `start`. This system has no signals to block.
#[cfg(not(unix))]
pub(crate) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    start()
}

/// There is no descriptor on this system, so no value of this type exists.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) enum WakeupFd {}

#[cfg(not(unix))]
impl WakeupFd {
    pub(crate) fn new() -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn notify(&self) {}

    pub(crate) fn clear(&self) {}
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::process;
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

    /// The page that the kernel zeroes in a forked child. Null before the first use; `NO_PAGE` if
    /// the system does not support such pages.
    static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
    const NO_PAGE: *mut AtomicU64 = ptr::dangling_mut();
    /// The last number that was assigned to this process or to one of its ancestors.
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    /// Number of forks between the first process and this one. Used if there is no page.
    static FORKS: AtomicU64 = AtomicU64::new(0);

    /// Returns a number that is constant in a process and differs from the numbers of all its
    /// ancestors.
    ///
    /// The process id is not sufficient. Parent and child can have the same id in different pid
    /// namespaces, and a grandchild can get the id of a grandparent that has ended.
    pub(crate) fn process_number() -> u64 {
        match page() {
            NO_PAGE => counted(),
            page => {
                // SAFETY: `wiped_on_fork` mapped the page. It is aligned, large enough for an
                // AtomicU64, and never unmapped. A fork fills the child's copy with zeros, which is
                // a valid AtomicU64.
                let number = unsafe { &*page };
                match number.load(Ordering::Acquire) {
                    0 => {
                        let new = NUMBERS.fetch_add(1, Ordering::Relaxed) + 1;
                        let taken = number.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire);
                        taken.map_or_else(|other| other, |_| new)
                    }
                    number => number,
                }
            }
        }
    }

    fn page() -> *mut AtomicU64 {
        let page = PAGE.load(Ordering::Acquire);
        if page.is_null() { set_up() } else { page }
    }

    /// Uses no lock: a fork during the call would leave the lock held forever in the child.
    #[cold]
    fn set_up() -> *mut AtomicU64 {
        let new = wiped_on_fork().unwrap_or_else(|| {
            count_forks();
            NO_PAGE
        });
        // If another thread was first, the page of this thread stays mapped and unused. Each
        // thread that calls this function at the same time can leave at most one such page.
        match PAGE.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => new,
            Err(first) => first,
        }
    }

    #[cfg(target_os = "linux")]
    fn wiped_on_fork() -> Option<*mut AtomicU64> {
        const LEN: usize = 4096;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: this makes a new private mapping at an address that the kernel chooses. It
        // affects no other memory.
        let page = unsafe { libc::mmap(ptr::null_mut(), LEN, access, kind, -1, 0) };
        if page == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: only this function has the page. The advice -1 does not exist, so a kernel
        // rejects it and changes nothing. An emulator that accepts it ignores all advice.
        let rejects_invalid_advice = unsafe { libc::madvise(page, LEN, -1) } != 0;
        // SAFETY: only this function has the page. The advice only changes how a fork copies it.
        let is_wiped = unsafe { libc::madvise(page, LEN, libc::MADV_WIPEONFORK) } == 0;
        if rejects_invalid_advice && is_wiped {
            return Some(page.cast());
        }
        // SAFETY: only this function has the page, and no pointer to it is used after this call.
        unsafe { libc::munmap(page, LEN) };
        None
    }

    #[cfg(not(target_os = "linux"))]
    fn wiped_on_fork() -> Option<*mut AtomicU64> {
        None
    }

    /// Returns the number of this process if there is no page. fork() calls `forked`, which counts
    /// the forks. A process that was created without fork() has another process id.
    fn counted() -> u64 {
        FORKS.load(Ordering::Relaxed) << 32 | u64::from(process::id())
    }

    fn count_forks() {
        extern "C" fn forked() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the library is never unloaded, so `forked` exists as long as the program. In the
        // child it only does one atomic addition.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    }

    /// Blocks all signals, calls `start`, and restores the caller's signal mask. `start` starts a
    /// thread, which inherits the mask with all signals blocked. So the new thread never runs a
    /// signal handler of the program, and never receives a signal that another thread waits for.
    pub(crate) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
        struct Restore(libc::sigset_t);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: pthread_sigmask() wrote this set.
                unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
            }
        }
        let mut all = MaybeUninit::uninit();
        // SAFETY: sigfillset() only writes to the set behind the pointer.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        let mut before = MaybeUninit::uninit();
        // SAFETY: sigfillset() initialized `all`. `before` has room for the old mask, which this
        // call writes if it returns 0.
        let failed =
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) } != 0;
        if failed {
            return start();
        }
        // SAFETY: pthread_sigmask() returned 0, so it wrote `before`.
        let _restore = Restore(unsafe { before.assume_init() });
        start()
    }

    /// A descriptor that is readable from a call of `notify` to the next call of `clear`. It never
    /// blocks, and `exec` closes it. It is an eventfd, or a socket on systems without eventfd.
    #[derive(Debug)]
    pub(crate) struct WakeupFd {
        receiver: File,
        /// `None` for an eventfd, which is its own sender.
        sender: Option<File>,
    }

    impl WakeupFd {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        pub(crate) fn new() -> io::Result<Self> {
            use std::os::fd::{FromRawFd, OwnedFd};

            // SAFETY: this makes a new descriptor and touches no memory.
            let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: eventfd() returned this descriptor, and nothing else owns it.
            let receiver = unsafe { OwnedFd::from_raw_fd(fd) }.into();
            Ok(Self { receiver, sender: None })
        }

        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        pub(crate) fn new() -> io::Result<Self> {
            Self::pair()
        }

        #[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
        fn pair() -> io::Result<Self> {
            use std::os::fd::OwnedFd;
            use std::os::unix::net::UnixStream;

            let (receiver, sender) = UnixStream::pair()?;
            receiver.set_nonblocking(true)?;
            sender.set_nonblocking(true)?;
            let file = |socket| File::from(OwnedFd::from(socket));
            Ok(Self { receiver: file(receiver), sender: Some(file(sender)) })
        }

        /// Makes the descriptor readable. Never blocks.
        pub(crate) fn notify(&self) {
            let mut sender = self.sender.as_ref().unwrap_or(&self.receiver);
            // Fails only if the counter or the buffer is full. The descriptor is readable then.
            let _ = sender.write(&1_u64.to_ne_bytes());
        }

        /// Makes the descriptor unreadable. Never blocks.
        pub(crate) fn clear(&self) {
            // A read of an eventfd returns eight bytes. A full buffer may leave bytes in a socket.
            let mut buffer = [0; 64];
            while (&self.receiver).read(&mut buffer).is_ok_and(|len| len == buffer.len()) {}
        }
    }

    impl AsFd for WakeupFd {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.receiver.as_fd()
        }
    }

    /// Gives the name `path` to `file`, which was opened with O_TMPFILE and has no name. Fails if
    /// `path` exists.
    #[cfg(target_os = "linux")]
    pub(crate) fn link(file: &std::fs::File, path: &std::path::Path) -> std::io::Result<()> {
        use std::ffi::CString;
        use std::os::fd::AsRawFd;
        use std::os::unix::ffi::OsStrExt;

        let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let to = CString::new(path.as_os_str().as_bytes())?;
        let (from, to) = (from.as_ptr(), to.as_ptr());
        // SAFETY: both pointers are to NUL-terminated strings that live longer than the call.
        let linked =
            unsafe { libc::linkat(libc::AT_FDCWD, from, libc::AT_FDCWD, to, libc::AT_SYMLINK_FOLLOW) };
        if linked == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::os::fd::AsRawFd;

        /// Returns the result of `check` in a forked child. `check` must not take a lock, because
        /// another thread may have held that lock at the fork.
        fn holds_in_a_child(check: impl FnOnce() -> bool) -> bool {
            // SAFETY: the child only calls `check`, which takes no lock, and exits.
            match unsafe { libc::fork() } {
                0 => {
                    let code = i32::from(!check());
                    // SAFETY: _exit() ends the child at once and touches no memory.
                    unsafe { libc::_exit(code) }
                }
                child => {
                    let mut status = 0;
                    // SAFETY: `status` is valid for the write.
                    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
                }
            }
        }

        #[test]
        fn each_process_has_its_own_constant_number() {
            let number = process_number();
            assert!(number != 0 && process_number() == number);
            let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(process_number)).collect();
            assert!(threads.into_iter().all(|thread| thread.join().unwrap() == number));
            assert!(holds_in_a_child(|| {
                let child = process_number();
                let grandchild = || process_number() != child && process_number() != number;
                child != number && process_number() == child && holds_in_a_child(grandchild)
            }));
            assert_eq!(process_number(), number);
        }

        #[test]
        fn forks_are_counted_if_the_system_does_not_zero_a_page() {
            count_forks();
            let (number, forks) = (counted(), FORKS.load(Ordering::Relaxed));
            assert!(holds_in_a_child(|| {
                // The process id alone is not sufficient.
                counted() != number && FORKS.load(Ordering::Relaxed) > forks
            }));
            assert_eq!(counted(), number);
        }

        #[test]
        fn a_wakeup_descriptor_is_readable_from_a_notification_until_it_is_cleared() {
            let is_readable = |wakeup: &WakeupFd| {
                let fd = wakeup.receiver.as_raw_fd();
                let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
                // SAFETY: `poll` is valid for the read and the write of one element.
                unsafe { libc::poll(&raw mut poll, 1, 0) == 1 }
            };
            for wakeup in [WakeupFd::new().unwrap(), WakeupFd::pair().unwrap()] {
                assert!(!is_readable(&wakeup));
                for notifications in [1, 2, 8, 9, 100_000] {
                    (0..notifications).for_each(|_| wakeup.notify());
                    assert!(is_readable(&wakeup));
                    wakeup.clear();
                    assert!(!is_readable(&wakeup), "after {notifications} notifications");
                }
                wakeup.clear();
                // SAFETY: F_GETFD and F_GETFL touch no memory.
                let flags = |command| unsafe { libc::fcntl(wakeup.receiver.as_raw_fd(), command) };
                assert_ne!(flags(libc::F_GETFD) & libc::FD_CLOEXEC, 0);
                assert_ne!(flags(libc::F_GETFL) & libc::O_NONBLOCK, 0);
            }
        }

        fn blocked() -> u64 {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
            u64::from_str_radix(mask.trim(), 16).unwrap()
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn a_thread_starts_with_all_signals_blocked_and_the_callers_mask_is_restored() {
            let before = blocked();
            let inside = with_signals_blocked(|| std::thread::spawn(blocked)).join().unwrap();
            // All signals except SIGKILL and SIGSTOP, which cannot be blocked, and the two that
            // glibc reserves.
            let free = [libc::SIGKILL, libc::SIGSTOP, 32, 33].map(|signal| 1u64 << (signal - 1));
            assert_eq!(inside | free.iter().sum::<u64>(), u64::MAX);
            assert_eq!(blocked(), before);
            let panics = || with_signals_blocked(|| panic!("the mask is restored after a panic too"));
            assert!(
                std::thread::spawn(move || std::panic::catch_unwind(panics).is_err() && blocked() == before)
                    .join()
                    .unwrap()
            );
        }
    }
}
