//! The key set that refreshes itself.

use super::jwks_job::JwksJob;
use super::status::RemoteJwkSetStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
use crate::remote::attempts::Reason;
use crate::remote::transport::FetchError;
use crate::remote::worker::Worker;
use crate::verify::key_source::KeySource as _;
use crate::verify::ticket::Ticket;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An issuer's JWK Set, fetched from its URL and refreshed in the background, through rotations and
/// outages.
///
/// Make one for each issuer and clone it: clones share everything. Each new one has its own thread,
/// requests and budget, so do not make one for each request. It ends with its last clone, or with
/// [`RemoteJwkSet::close`].
///
/// - A verification whose key is in use reads it through one atomic pointer: it takes no lock and
///   never waits.
/// - Keys are refreshed at 70 to 80 % of their lifetime. A failed refresh is retried with growing
///   pauses. The old keys are used up to [`crate::RemoteJwkSetBuilder::max_stale`]; then
///   verifications fail with [`crate::ErrorKind::KeysUnavailable`].
/// - A token with an unknown "kid" may cause a fetch: two at once, then one in
///   [`crate::RemoteJwkSetBuilder::refetch_interval`]. So may a token without "kid" that no key
///   verifies, or with a wrong signature under the key of its "kid": one in
///   [`crate::RemoteJwkSetBuilder::refetch_interval_without_kid`]. Only a token that is valid apart
///   from its key causes a fetch. A "kid" that a fetch did not find causes no further fetch for 5
///   s, growing to 60 s.
/// - If that fetch fails or is not over in time, the token is not invalid: the error is
///   [`crate::ErrorKind::KeysUnavailable`].
/// - A key that the issuer has removed verifies nothing once the new set is in use.
/// - After a fork, each process fetches for itself. If a fetch was in flight at the fork, the child
///   holds its connection open until it exits.
///
/// ```no_run
/// use bouncer_verify::{Policy, RemoteJwkSet, Verifier};
/// use std::time::Duration;
///
/// let keys = RemoteJwkSet::new("https://master.mesos/acs/api/v1/auth/jwks")?;
/// // Optional: fail at the start rather than at the first request.
/// keys.wait_ready(Duration::from_secs(10))?;
/// let verifier = Verifier::new(keys, Policy::dcos());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct RemoteJwkSet(pub(super) Arc<Handle>);

/// What all clones share. The worker's thread holds the worker alone, so the last clone can end it.
pub(super) struct Handle {
    pub(super) worker: Arc<Worker<JwksJob>>,
    pub(super) max_wait: Duration,
    created: Instant,
    /// From when a token of a known kid may cause a fetch, in milliseconds since `created`. A copy
    /// of its budget that is read without the lock.
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
    /// Blocks until there are usable keys.
    ///
    /// # Errors
    /// [`crate::ErrorKind::KeysUnavailable`]: there are none after `timeout`. The detail says why.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let worker = &self.0.worker;
        let is_ready = self.current().is_ok();
        // In a process that was forked, or with `lazy`, the next attempt may be scheduled for
        // later.
        worker.with(|attempts| {
            if !is_ready && attempts.in_flight().is_none() && !attempts.failed {
                attempts.request(Reason::Schedule);
            }
        });
        worker.wait_until(timeout, || self.current().map(drop), |_| false)
    }

    /// The keys in use. They do not change when newer ones come.
    ///
    /// # Errors
    /// [`crate::ErrorKind::KeysUnavailable`]: there are none yet, they are too old, or the key set
    /// is closed.
    pub fn current(&self) -> Result<Arc<JwkSet>> {
        let in_use = self.0.worker.job.in_use();
        let usable = in_use.as_ref().filter(|keys| Instant::now() < keys.usable_until);
        let none = || Error::new(ErrorKind::KeysUnavailable, "").with_detail(self.why_none());
        usable.map(|keys| Arc::clone(&keys.jwks)).ok_or_else(none)
    }

    /// Fetches the keys now, for operators. Concurrent callers share one fetch. Nothing limits how
    /// often, so do not call it for each request.
    ///
    /// # Errors
    /// Why the fetch failed; [`crate::FetchFailure::Timeout`]: it is not over after `timeout`. The
    /// keys in use stay.
    pub fn refresh(&self, timeout: Duration) -> Result<(), FetchError> {
        self.0.worker.attempt_now(timeout)
    }

    /// The generation of the keys: 0 before the first keys, then one more with each change. What a
    /// program derives from the keys is valid for one generation. Takes no lock.
    pub fn generation(&self) -> u64 {
        self.0.worker.job.in_use().as_ref().map_or(0, |keys| keys.generation)
    }

    /// A snapshot of its state.
    pub fn status(&self) -> RemoteJwkSetStatus {
        JwksJob::status(&self.0.worker)
    }

    /// Waits until the fetch of `ticket` is over. Returns false after `timeout`, or if it will not
    /// be.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        self.0.worker.wait_for(ticket.attempt(), timeout)
    }

    /// Waits until `attempts` attempts are done ([`RemoteJwkSetStatus::attempts`]). Returns false
    /// after `timeout`, or if they will not be.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Closes it, for all clones and verifiers: a fetch in flight is cut off, the threads end, and
    /// there are no keys any more. Waits for the threads, at most one second: a transport of the
    /// program's own that does not return is left behind. Dropping the last clone does the same.
    pub fn close(&self) {
        self.0.worker.close();
    }
}

impl fmt::Debug for RemoteJwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteJwkSet").field(&self.0.worker.job.source_name()).finish()
    }
}
