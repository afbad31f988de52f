//! The handle of a remote key set.

use super::jwks_job::JwksJob;
use super::status::RemoteJwkSetStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
use crate::remote::attempts::Reason;
use crate::remote::transport::{FetchError, FetchFailure};
use crate::remote::worker::Worker;
use crate::verify::key_source::KeySource as _;
use crate::verify::ticket::Ticket;
use crate::verify::watch::Watch;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fmt, io};

/// An issuer's JWK Set, fetched from its URL and refreshed in the background. It follows key
/// rotations, and keeps working through outages of the issuer.
///
/// Make one `RemoteJwkSet` for each issuer and clone it: clones share everything. Do not make a new
/// one for each request, because each sends its own requests. It stops when the last clone is
/// dropped, or when [`RemoteJwkSet::close`] is called. One background thread of the process serves
/// all key sets and renewers. Each fetch runs on a short-lived thread.
///
/// - A verification whose key is cached takes no lock and never waits.
/// - Keys are refreshed after 70 to 80 % of their lifetime. A failed refresh is retried with
///   back-off. The old keys are used for up to [`crate::RemoteJwkSetBuilder::max_stale`]. After
///   that, verifications fail with [`crate::ErrorKind::KeysUnavailable`].
/// - Tokens with an unknown "kid" may cause fetches: two immediately, then one per
///   [`crate::RemoteJwkSetBuilder::refetch_interval`]. If a fetch does not find a "kid", that "kid"
///   causes no further fetch for 5 s. This time grows to 60 s.
/// - Tokens without "kid" that no key verifies may cause one fetch per
///   [`crate::RemoteJwkSetBuilder::refetch_interval_without_kid`]. Tokens whose signature is
///   invalid under the key of their "kid" share this limit.
/// - A token causes such a fetch only if all its other checks succeed: an expired token, for
///   example, causes no fetch.
/// - If that fetch fails or does not finish in time, the verification fails with
///   [`crate::ErrorKind::KeysUnavailable`]. The token is not reported as invalid.
/// - A key that the issuer has removed is no longer accepted once the new set is in use.
/// - After a fork, each process fetches for itself. If a fetch was in flight at the fork, the child
///   keeps a copy of its socket open until it exits.
///
/// ```no_run
/// use bouncer_verify::{Policy, RemoteJwkSet, Verifier};
/// use std::time::Duration;
///
/// let keys = RemoteJwkSet::new("https://master.mesos/acs/api/v1/auth/jwks")?;
/// // Optional: fail at the start of the program instead of at the first request.
/// keys.wait_ready(Duration::from_secs(10))?;
/// let verifier = Verifier::new(keys, Policy::dcos());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct RemoteJwkSet(pub(super) Arc<Handle>);

/// The state that all clones share. The scheduler owns only the worker and not this handle. So the
/// handle is dropped with the last clone, and closes the worker.
pub(super) struct Handle {
    pub(super) worker: Arc<Worker<JwksJob>>,
    pub(super) max_wait: Duration,
    created: Instant,
    /// The time from which a token with a known kid may cause a fetch, in milliseconds since
    /// `created`. It is copied from the budget, so that it can be read without the lock.
    known_kid_from: AtomicU64,
}

impl Handle {
    pub(super) fn new(worker: Arc<Worker<JwksJob>>, max_wait: Duration) -> Self {
        Self { worker, max_wait, created: Instant::now(), known_kid_from: AtomicU64::new(0) }
    }

    fn since_created(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.created).as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn set_known_kid_from(&self, at: Instant) {
        self.known_kid_from.store(self.since_created(at), Ordering::Relaxed);
    }

    pub(super) fn allows_known_kid(&self, now: Instant) -> bool {
        self.known_kid_from.load(Ordering::Relaxed) <= self.since_created(now)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.close();
    }
}

impl RemoteJwkSet {
    /// Starts the first fetch of a lazy key set.
    pub(crate) fn start(&self) {
        self.0.worker.start();
    }

    /// Begins to close several key sets at once. [`RemoteJwkSet::close`] must follow for each.
    pub(crate) fn begin_close(&self) {
        self.0.worker.begin_close();
    }

    /// Blocks until there are usable keys, up to `timeout`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::KeysUnavailable`]: there are no usable keys after `timeout`. The detail
    /// contains the cause. Returns before `timeout` if the metadata contains another issuer.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let worker = &self.0.worker;
        let is_ready = self.current().is_ok();
        // In a forked child, or with `lazy`, the next attempt may be scheduled for later. Request
        // it now.
        worker.with(|attempts| {
            if !is_ready && attempts.in_flight().is_none() && !attempts.failed {
                attempts.request(Reason::Schedule);
            }
        });
        worker.wait_until(timeout, || self.current().map(drop), |_| !self.may_become_ready())
    }

    /// Returns false if waiting for usable keys does not help: the key set is closed, or the
    /// metadata contains another issuer, so the setting is wrong.
    ///
    /// For bindings, which do not wait in [`RemoteJwkSet::wait_ready`]. Not part of the stable
    /// interface.
    #[doc(hidden)]
    pub fn may_become_ready(&self) -> bool {
        let worker = &self.0.worker;
        let failure = || worker.read(|attempts| attempts.failure().map(FetchError::failure));
        !worker.is_closed() && failure() != Some(FetchFailure::Issuer)
    }

    /// Returns the keys in use. The returned set does not change when newer keys arrive.
    ///
    /// # Errors
    /// [`crate::ErrorKind::KeysUnavailable`]: there are no keys yet, they are too old, or the key
    /// set is closed.
    pub fn current(&self) -> Result<Arc<JwkSet>> {
        let in_use = self.0.worker.job.in_use();
        let usable = in_use.as_ref().filter(|keys| Instant::now() < keys.usable_until);
        let none = || Error::new(ErrorKind::KeysUnavailable, "").with_detail(self.why_none());
        usable.map(|keys| Arc::clone(&keys.jwks)).ok_or_else(none)
    }

    /// Fetches the keys now. Concurrent callers share one fetch. This is meant for operators: calls
    /// are not rate-limited, so do not call it for each request.
    ///
    /// # Errors
    /// The fetch failed. [`crate::FetchFailure::Timeout`]: it did not finish within `timeout`.
    /// After an error, the previous keys stay in use.
    pub fn refresh(&self, timeout: Duration) -> Result<(), FetchError> {
        self.0.worker.attempt_now(timeout)
    }

    /// Returns the generation of the keys: 0 before the first keys, 1 for the first, and one more
    /// after each change. Anything that a program derives from the keys is valid for one generation
    /// only. Takes no lock.
    pub fn generation(&self) -> u64 {
        self.0.worker.job.in_use().as_ref().map_or(0, |keys| keys.generation)
    }

    /// Returns a snapshot of the state.
    pub fn status(&self) -> RemoteJwkSetStatus {
        JwksJob::status(&self.0.worker)
    }

    /// Blocks until the fetch of `ticket` is over. Closing the key set ends all fetches. Returns
    /// false after `timeout`.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        self.0.worker.wait_over(ticket.attempt(), timeout)
    }

    /// Returns a [`Watch`], whose descriptor is readable after each fetch and after the key set was
    /// closed. Make one for each event loop, and after a fork.
    ///
    /// # Errors
    /// Those of [`Watch::new`].
    pub fn watch(&self) -> io::Result<Watch> {
        let watch = Watch::new()?;
        self.0.worker.notifiers.add(&watch.notifier());
        Ok(watch)
    }

    /// Blocks until [`RemoteJwkSetStatus::attempts`] is at least `attempts`. Returns false after
    /// `timeout`, or if the key set is closed.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Closes the key set for all clones and verifiers. This interrupts a fetch in flight and
    /// removes the keys. Blocks until the thread of that fetch has ended, for at most one second: a
    /// thread in a custom transport that does not return is left running. The thread that serves
    /// all key sets and renewers ends with the last of them. Dropping the last clone closes the key
    /// set too.
    pub fn close(&self) {
        self.0.worker.close();
    }
}

impl fmt::Debug for RemoteJwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteJwkSet").field(&self.0.worker.job.source_name()).finish()
    }
}
