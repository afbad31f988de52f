//! Shared code of the drivers: the fixtures, the time slots in which a candidate runs, and the line
//! protocol that `benches/README.md` describes.

use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// The issuer and audience of the fixtures.
pub const ISSUER: &str = "https://idp.example.com/realms/production";
pub const AUDIENCE: &str = "api://orders";

/// One case of the fixtures: the keys and 64 tokens (100 in `es256_keys_in_turn`). The tokens
/// differ, so that the branch predictor cannot learn the bytes of a single token.
pub struct Case {
    pub name: &'static str,
    pub tokens: Vec<Sample>,
    pub jwks: String,
    pub pem: String,
}

/// A token and its expected result: the subject, or `!` and the reason for the rejection.
pub struct Sample {
    pub expected: String,
    pub token: String,
}

impl Case {
    /// Reads `<folder>/<name>`. The case is never freed, so candidates can borrow from it.
    ///
    /// # Panics
    /// If the fixtures do not exist.
    pub fn load(folder: &Path, name: &'static str) -> &'static Self {
        let read = |file: &str| {
            let path = folder.join(name).join(file);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let tokens = read("tokens")
            .lines()
            .map(|line| {
                let (expected, token) = line.split_once(' ').expect("a line of tokens");
                Sample { expected: expected.to_owned(), token: token.to_owned() }
            })
            .collect();
        Box::leak(Box::new(Self { name, tokens, jwks: read("jwks.json"), pem: read("key.pem") }))
    }

    /// Returns whether the tokens are Bouncer's: they have "uid" instead of "sub", and no "iss",
    /// "aud" or "kid".
    pub fn is_bouncer(&self) -> bool {
        ["bouncer", "second_key", "keys_in_turn"].contains(&self.name)
    }

    /// Makes a candidate. `check` verifies its first argument, a token. It returns true if the
    /// result equals its second argument.
    pub fn candidate(
        &'static self,
        name: &str,
        version: &str,
        check: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Candidate {
        Candidate::new(self.name, name, version, move |i| {
            let sample = &self.tokens[i % self.tokens.len()];
            check(&sample.token, &sample.expected)
        })
    }
}

/// A library (or one of its functions) with the tokens of one case: the unit that is measured.
pub struct Candidate {
    case: &'static str,
    name: String,
    version: String,
    /// Number of tokens that one call verifies.
    batch: usize,
    /// Number of threads that one call uses.
    threads: usize,
    run: Box<dyn Fn(usize) -> bool + Send + Sync>,
}

impl Candidate {
    /// Makes a candidate. `run(i)` makes call number `i`. If a call verifies one token, it verifies
    /// token `i % 64`. `run` returns true if the result is the expected one.
    pub fn new(
        case: &'static str,
        name: &str,
        version: &str,
        run: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (name, version) = (name.to_owned(), version.to_owned());
        Self { case, name, version, batch: 1, threads: 1, run: Box::new(run) }
    }

    /// Reports the candidate under `case` instead of the case of its tokens.
    pub fn in_case(mut self, case: &'static str) -> Self {
        self.case = case;
        self
    }

    /// Sets the number of tokens that one call verifies and the number of threads that it uses.
    pub fn batch(mut self, tokens: usize, threads: usize) -> Self {
        (self.batch, self.threads) = (tokens, threads);
        self
    }

    /// Makes twice 64 calls, so that a key has its tables before anything is measured.
    fn check(&self) {
        for i in 0..128 {
            assert!((self.run)(i), "{}, {}: the result of token {i} is wrong", self.case, self.name);
        }
    }

    /// Returns the number of allocations and of allocated bytes per token.
    fn allocations(&self) -> (f64, f64) {
        let before = allocated();
        (0..64).for_each(|i| assert!((self.run)(i)));
        let after = allocated();
        let tokens = 64.0 * self.batch as f64;
        ((after.0 - before.0) as f64 / tokens, (after.1 - before.1) as f64 / tokens)
    }

    /// Measures the candidate on this thread for `time`. Before that, a warm-up of `time / 5` fills
    /// the caches and trains the branch predictors.
    fn slot(&self, time: Duration, ready: &Barrier) -> Slot {
        let mut next = 0;
        let mut calls = |count: usize| {
            for _ in 0..count {
                assert!((self.run)(next), "{}, {}: wrong result", self.case, self.name);
                next += 1;
            }
        };
        // The clock is read after a chunk of calls, so that its cost is negligible.
        let mut chunk = 1;
        let start = Instant::now();
        while start.elapsed() < time / 5 {
            let start = Instant::now();
            calls(chunk);
            if start.elapsed() < time / 200 {
                chunk *= 2;
            }
        }
        ready.wait();
        let (start, cpu) = (Instant::now(), thread_time());
        let mut count = 0;
        while start.elapsed() < time {
            calls(chunk);
            count += chunk;
        }
        Slot { calls: count * self.batch, wall: start.elapsed(), cpu: thread_time() - cpu }
    }

    fn slots(&self, time: Duration, threads: usize) -> Slot {
        if self.threads > 1 {
            // The candidate starts its own threads, so one calling thread is enough. Their CPU time
            // is estimated: the clock measures only the calling thread, which waits for the slowest
            // one.
            let slot = self.slot(time, &Barrier::new(1));
            return Slot { cpu: slot.cpu * self.threads as u32, ..slot };
        }
        let ready = Barrier::new(threads);
        if threads == 1 {
            return self.slot(time, &ready);
        }
        let slots: Vec<Slot> = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.slot(time, &ready))).collect();
            threads.into_iter().map(|slot| slot.join().expect("a slot")).collect()
        });
        Slot {
            calls: slots.iter().map(|slot| slot.calls).sum(),
            wall: slots.iter().map(|slot| slot.wall).sum::<Duration>() / threads as u32,
            cpu: slots.iter().map(|slot| slot.cpu).sum(),
        }
    }
}

/// The result of a slot: sums over all threads, except for the wall-clock time, which is the mean.
struct Slot {
    calls: usize,
    wall: Duration,
    cpu: Duration,
}

/// Runs the commands on standard input until the orchestrator closes the pipe.
///
/// # Panics
/// If a candidate returns a wrong result. All candidates are checked before the first command.
pub fn serve(candidates: &[Candidate], notes: &[String], threads: usize) {
    candidates.iter().for_each(Candidate::check);
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<usize>().expect("a number");
        match words[0] {
            "list" => {
                for Candidate { case, name, version, .. } in candidates {
                    println!("candidate\t{case}\t{name}\t{version}");
                }
                notes.iter().for_each(|note| println!("note\t{note}"));
                println!("end");
            }
            "run" => {
                let slot = candidates[number(1)].slots(Duration::from_micros(number(2) as u64), threads);
                println!("{} {} {}", slot.calls, slot.wall.as_nanos(), slot.cpu.as_nanos());
            }
            "allocations" => {
                let (count, bytes) = candidates[number(1)].allocations();
                if cfg!(target_env = "gnu") { println!("{count} {bytes}") } else { println!("-") }
            }
            _ => panic!("unknown command {line:?}"),
        }
        io::stdout().flush().expect("standard output");
    }
}

fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for the call to write to.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Returns the number of allocations that this thread has made, and their total size in bytes.
/// Returns zeros if the C library is not glibc.
fn allocated() -> (u64, u64) {
    #[cfg(target_env = "gnu")]
    return counting::allocated();
    #[cfg(not(target_env = "gnu"))]
    return (0, 0);
}

/// Replaces the allocation functions of the C library, and counts the calls of each thread. This
/// includes the allocations of C libraries, which a Rust allocator would not see.
#[cfg(target_env = "gnu")]
mod counting {
    use std::cell::Cell;
    use std::ffi::c_void;

    thread_local! {
        static ALLOCATED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }

    pub(crate) fn allocated() -> (u64, u64) {
        ALLOCATED.get()
    }

    fn count(bytes: usize) {
        let (calls, total) = ALLOCATED.get();
        ALLOCATED.set((calls + 1, total + bytes as u64));
    }

    unsafe extern "C" {
        fn __libc_malloc(bytes: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, bytes: usize) -> *mut c_void;
        fn __libc_realloc(old: *mut c_void, bytes: usize) -> *mut c_void;
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(bytes: usize) -> *mut c_void {
        count(bytes);
        // SAFETY: the arguments are passed on unchanged.
        unsafe { __libc_malloc(bytes) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn calloc(number: usize, bytes: usize) -> *mut c_void {
        count(number * bytes);
        // SAFETY: as above.
        unsafe { __libc_calloc(number, bytes) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(old: *mut c_void, bytes: usize) -> *mut c_void {
        count(bytes);
        // SAFETY: as above.
        unsafe { __libc_realloc(old, bytes) }
    }
}
