//! What std lacks of the operating system: a number for each process, also after a fork; threads
//! with all signals blocked; a name for an unnamed file. It names no layer, and any layer may name
//! it.

#![cfg_attr(
    not(feature = "remote"),
    allow(dead_code, unused_imports, reason = "only the remote layer forks and writes")
)]

#[cfg(target_os = "linux")]
pub(crate) use unix::link;
#[cfg(unix)]
pub(crate) use unix::{process_number, with_signals_blocked};

/// Without fork, the process id identifies a process.
#[cfg(not(unix))]
pub(crate) fn process_number() -> u64 {
    std::process::id().into()
}

/// There are no signals to block.
#[cfg(not(unix))]
pub(crate) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    start()
}

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::process;
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

    /// The page that a fork wipes: null before it is set up, and `NO_PAGE` where the system has
    /// none.
    static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
    const NO_PAGE: *mut AtomicU64 = ptr::dangling_mut();
    /// The last number that this process or one of its parents was given.
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    /// The forks between the first process and this one, where there is no page.
    static FORKS: AtomicU64 = AtomicU64::new(0);

    /// A number that stays the same in a process, and that none of the processes it was forked from
    /// has.
    ///
    /// The process id is not enough: parent and child can have the same one in different pid
    /// namespaces, and a grandchild can get the id of a grandparent that has ended.
    pub(crate) fn process_number() -> u64 {
        match page() {
            NO_PAGE => counted(),
            page => {
                // SAFETY: the page was mapped by `wiped_on_fork`, is aligned, as large as this
                // needs, and never unmapped. A fork fills the child's copy with zeros, which are an
                // AtomicU64 too.
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

    /// No lock: a fork in the middle would leave it held for ever.
    #[cold]
    fn set_up() -> *mut AtomicU64 {
        let new = wiped_on_fork().unwrap_or_else(|| {
            count_forks();
            NO_PAGE
        });
        // A thread that comes second leaves its page unused: there are as many as threads at that
        // moment.
        match PAGE.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => new,
            Err(first) => first,
        }
    }

    #[cfg(target_os = "linux")]
    fn wiped_on_fork() -> Option<*mut AtomicU64> {
        const LEN: usize = 4096;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new private mapping at an address that the kernel chooses touches no other
        // memory.
        let page = unsafe { libc::mmap(ptr::null_mut(), LEN, access, kind, -1, 0) };
        if page == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: the page is this function's own. The advice does not exist, so it must be
        // refused: emulators accept any, and do nothing.
        let refuses_nonsense = unsafe { libc::madvise(page, LEN, -1) } != 0;
        // SAFETY: the page is this function's own; the advice changes what a fork does with it.
        let is_wiped = unsafe { libc::madvise(page, LEN, libc::MADV_WIPEONFORK) } == 0;
        if refuses_nonsense && is_wiped {
            return Some(page.cast());
        }
        // SAFETY: the page is this function's own, and nobody has its address.
        unsafe { libc::munmap(page, LEN) };
        None
    }

    #[cfg(not(target_os = "linux"))]
    fn wiped_on_fork() -> Option<*mut AtomicU64> {
        None
    }

    /// Where there is no page: fork() calls back, and what makes a process without fork() has
    /// another process id.
    fn counted() -> u64 {
        FORKS.load(Ordering::Relaxed) << 32 | u64::from(process::id())
    }

    fn count_forks() {
        extern "C" fn forked() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the function is there as long as the program: the library is never unloaded. In
        // the child it does nothing but one atomic addition.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    }

    /// Calls `start`, which starts a thread: the thread has all signals blocked, so that it never
    /// runs a handler of the program, nor takes a signal that another thread waits for. The
    /// caller's own mask is as before afterwards.
    pub(crate) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
        struct Restore(libc::sigset_t);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: the set is the one that pthread_sigmask() gave.
                unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
            }
        }
        let mut all = MaybeUninit::uninit();
        // SAFETY: sigfillset() writes the set that it is given.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        let mut before = MaybeUninit::uninit();
        // SAFETY: sigfillset() wrote `all`; `before` is room for the mask that it replaces, which
        // this call writes if it returns 0.
        let failed =
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) } != 0;
        if failed {
            return start();
        }
        // SAFETY: pthread_sigmask() returned 0, so it wrote `before`.
        let _restore = Restore(unsafe { before.assume_init() });
        start()
    }

    /// Gives `file`, which was opened with O_TMPFILE and has no name, the name `path`. An error if
    /// something has it.
    #[cfg(target_os = "linux")]
    pub(crate) fn link(file: &std::fs::File, path: &std::path::Path) -> std::io::Result<()> {
        use std::ffi::CString;
        use std::os::fd::AsRawFd;
        use std::os::unix::ffi::OsStrExt;

        let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let to = CString::new(path.as_os_str().as_bytes())?;
        let (from, to) = (from.as_ptr(), to.as_ptr());
        // SAFETY: both are strings that end with a NUL and live longer than the call.
        let linked =
            unsafe { libc::linkat(libc::AT_FDCWD, from, libc::AT_FDCWD, to, libc::AT_SYMLINK_FOLLOW) };
        if linked == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// Whether `check` holds in a forked child, which does nothing that a lock of another
        /// thread could stop.
        fn holds_in_a_child(check: impl FnOnce() -> bool) -> bool {
            // SAFETY: the child calls `check`, which takes no lock, and ends.
            match unsafe { libc::fork() } {
                0 => {
                    let code = i32::from(!check());
                    // SAFETY: it ends the child at once.
                    unsafe { libc::_exit(code) }
                }
                child => {
                    let mut status = 0;
                    // SAFETY: `status` is room for what this writes.
                    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
                }
            }
        }

        #[test]
        fn a_number_is_the_processs_own_and_a_childs_is_another() {
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
        fn forks_are_counted_where_the_system_wipes_no_page() {
            count_forks();
            let (number, forks) = (counted(), FORKS.load(Ordering::Relaxed));
            assert!(holds_in_a_child(|| {
                // The process id alone would not do.
                counted() != number && FORKS.load(Ordering::Relaxed) > forks
            }));
            assert_eq!(counted(), number);
        }

        fn blocked() -> u64 {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
            u64::from_str_radix(mask.trim(), 16).unwrap()
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn a_thread_starts_with_every_signal_blocked_and_its_starter_keeps_its_mask() {
            let before = blocked();
            let inside = with_signals_blocked(|| std::thread::spawn(blocked)).join().unwrap();
            // All but SIGKILL and SIGSTOP, which cannot be, and the two that glibc keeps to itself.
            let free = [libc::SIGKILL, libc::SIGSTOP, 32, 33].map(|signal| 1u64 << (signal - 1));
            assert_eq!(inside | free.iter().sum::<u64>(), u64::MAX);
            assert_eq!(blocked(), before);
            let panics = || with_signals_blocked(|| panic!("the mask is restored all the same"));
            assert!(
                std::thread::spawn(move || std::panic::catch_unwind(panics).is_err() && blocked() == before)
                    .join()
                    .unwrap()
            );
        }
    }
}
