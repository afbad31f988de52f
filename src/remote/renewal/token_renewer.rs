//! The handle of a token renewer.

use super::own_token::OwnToken;
use super::renewal_job::{Rejections, RenewalJob};
use super::status::TokenRenewerStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::remote::attempts::{Attempts, Reason};
use crate::remote::transport::FetchError;
use crate::remote::worker::Worker;
use crate::verify::ticket::Ticket;
use crate::verify::watch::{Notifier, Watch};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, io};

/// Number of failed logins in a row after which callers without a token receive the error at once
/// instead of waiting.
const ATTEMPTS_TO_WAIT_FOR: u32 = 4;

/// Keeps the service's own token valid. Logs in, returns the cached token, and renews it before it
/// expires or when a server rejects it.
///
/// Make one renewer for each account, and clone it: clones share everything.
///
/// - [`TokenRenewer::token`] takes no lock while the token is fresh. Callers wait for a login only
///   if there is no token, or if the token is about to expire. A token is about to expire in the
///   last 5 % of its lifetime. This period is at least 10 s and at most 60 s, but never longer than
///   a quarter of the lifetime.
/// - The token is renewed in the background, after 70 to 80 % of its lifetime. If the lifetime is
///   under 60 s, the token is renewed after half of it. A failed renewal is retried with back-off,
///   and the old token is used until it expires. After a successful login, the next scheduled login
///   is at least one second later.
/// - After HTTP 401, call [`TokenRenewer::reject`]. Concurrent callers with the same token cause
///   one login, and there is at most one such login in 30 s. If the login returns the rejected
///   token again, the login is repeated one second later. This happens with DC/OS: two logins
///   within one second return the same token.
/// - Setting the wall clock forward causes a login, but does not invalidate a token that is valid
///   by the monotonic clock.
/// - After a fork, each process renews its token independently of the others.
///
/// ```no_run
/// use bouncer_verify::TokenRenewer;
///
/// let renewer = TokenRenewer::service_account_file("/run/secrets/service-account.json").build()?;
/// // For each request that the service sends:
/// let token = renewer.token()?;
/// println!("Authorization: {}", token.authorization());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct TokenRenewer(Arc<Handle>);

/// The state that all clones share. The scheduler refers to the worker but not to this handle. So
/// this handle is dropped with the last clone, and closes the worker.
struct Handle {
    worker: Arc<Worker<RenewalJob>>,
    max_wait: Duration,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.close();
    }
}

impl TokenRenewer {
    pub(super) fn new(worker: Arc<Worker<RenewalJob>>, max_wait: Duration) -> Self {
        Self(Arc::new(Handle { worker, max_wait }))
    }

    /// Returns a valid token.
    ///
    /// Waits up to `max_wait` if there is no token and a login may succeed soon, or if the token is
    /// about to expire. Does not wait in an outage.
    ///
    /// # Errors
    /// [`ErrorKind::LoginRejected`], [`ErrorKind::UnusableCredentials`]: the operator has to act.
    /// [`ErrorKind::LoginUnavailable`]: there is no valid token, and logins currently fail.
    pub fn token(&self) -> Result<OwnToken> {
        self.wait_and_retry(|ticket| self.token_now(ticket))
    }

    /// Like [`TokenRenewer::token`], but never waits. For callers that must not block a thread.
    ///
    /// Pass `None` as `ticket` at first. If `ticket` is `Some` after the call, a login is pending
    /// that may change the result. Wait for the login with a [`Watch`], or with
    /// [`TokenRenewer::wait`] on another thread. Then call again with the ticket. If you call again
    /// before the login is done, the result is final and the ticket becomes `None`.
    ///
    /// # Errors
    /// The same as [`TokenRenewer::token`].
    pub fn token_now(&self, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        self.with_final_lookup(ticket, |ticket| self.look_up(ticket))
    }

    fn look_up(&self, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        let worker = &self.0.worker;
        let before = ticket.take();
        let (now, wall) = (Instant::now(), SystemTime::now());
        let in_use = worker.job.in_use();
        if let Some(current) = &*in_use {
            if now >= current.renew_at {
                // A renewal is due. Start the worker if this is a forked child that has not started
                // it.
                worker.start();
            }
            if current.is_fresh(now, wall) {
                return Ok(current.token.clone());
            }
        }
        if worker.is_closed() {
            return Err(self.no_token());
        }
        drop(in_use);
        let valid = worker.with(|attempts| {
            // Check again under the lock. A login publishes its token before it is marked as done.
            // So either the token is there, or the login that fetches it is still in flight.
            let in_use = worker.job.in_use();
            let valid = in_use.as_ref().filter(|current| current.is_valid(now, wall));
            if !valid.is_some_and(|current| current.is_fresh(now, wall)) {
                let is_recent = in_use.as_ref().is_some_and(|current| current.is_recent(now));
                *ticket = next_attempt(attempts, valid.is_some(), is_recent, before);
            }
            valid.map(|current| current.token.clone())
        });
        valid.ok_or_else(|| self.no_token())
    }

    /// Returns a newer token, after a server rejected `token` ([`crate::is_token_rejection`]).
    ///
    /// If there is a newer token already, returns it. Otherwise requests a login and waits for it.
    /// Concurrent callers share one login, and there is at most one such login in 30 s. Until the
    /// login succeeds, [`TokenRenewer::token`] still returns the old token.
    ///
    /// # Errors
    /// The same as [`TokenRenewer::token`]. [`ErrorKind::LoginUnavailable`] is also returned if
    /// there is no newer token.
    pub fn reject(&self, token: &str) -> Result<OwnToken> {
        self.wait_and_retry(|ticket| self.reject_now(token, ticket))
    }

    /// Like [`TokenRenewer::reject`], but never waits. Use `ticket` as described for
    /// [`TokenRenewer::token_now`].
    ///
    /// # Errors
    /// The same as [`TokenRenewer::reject`].
    pub fn reject_now(&self, token: &str, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        self.with_final_lookup(ticket, |ticket| self.look_up_another(token, ticket))
    }

    fn look_up_another(&self, token: &str, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        let worker = &self.0.worker;
        let is_in_use = worker.job.in_use().as_ref().is_some_and(|current| current.token.as_str() == token);
        if !is_in_use || worker.is_closed() {
            return self.look_up(ticket);
        }
        let before = ticket.take();
        let newer = worker.with(|attempts| {
            // Check again under the lock: a newer token may have arrived. See look_up().
            let in_use = worker.job.in_use();
            let newer = in_use.as_ref().filter(|current| current.token.as_str() != token);
            if newer.is_none() {
                *ticket = next_after_rejection(attempts, before);
            }
            newer.map(|current| current.token.clone())
        });
        newer.ok_or_else(|| self.no_newer_token())
    }

    /// Blocks until the login of `ticket` is over. Closing the renewer ends all logins. Returns
    /// false after `timeout`.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        self.0.worker.wait_over(ticket.attempt(), timeout)
    }

    /// Returns a [`Watch`], whose descriptor is readable after each login and after the renewer was
    /// closed. Make one for each event loop, and after a fork.
    ///
    /// # Errors
    /// Those of [`Watch::new`].
    pub fn watch(&self) -> io::Result<Watch> {
        let watch = Watch::new()?;
        self.add_notifier(&watch.notifier());
        Ok(watch)
    }

    /// Lets this renewer notify an existing watch too, as a watch of [`TokenRenewer::watch`]. So
    /// one watch can serve all verifiers and renewers of an event loop.
    pub fn add_notifier(&self, notifier: &Notifier) {
        self.0.worker.notifiers.add(notifier);
    }

    /// Blocks until there is a valid token, up to `timeout`.
    ///
    /// # Errors
    /// The same as [`TokenRenewer::token`]. The detail contains the reason why the last login
    /// failed. Returns before `timeout` if waiting does not help, for example if the login is
    /// rejected.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let ready = || self.token_now(&mut None).map(drop);
        self.0.worker.wait_until(timeout, ready, |error| error.kind() != ErrorKind::LoginUnavailable)
    }

    /// Logs in now, even if the token is fresh. Concurrent callers share one login. Meant for
    /// operators.
    ///
    /// # Errors
    /// Returns the error of the login, or [`crate::FetchFailure::Timeout`] if the login did not
    /// finish within `timeout`. After a failure, the current token stays in use.
    pub fn renew(&self, timeout: Duration) -> Result<(), FetchError> {
        self.0.worker.attempt_now(timeout)
    }

    /// Returns a snapshot of the state.
    pub fn status(&self) -> TokenRenewerStatus {
        RenewalJob::status(&self.0.worker)
    }

    /// Blocks until [`TokenRenewerStatus::attempts`] is at least `attempts`. Returns false after
    /// `timeout`, or if the renewer is closed.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Closes the renewer for all clones. This interrupts a login in flight and removes the token.
    /// Blocks until the thread of that login has ended, for at most one second. If a custom source
    /// or transport does not return by then, its thread is left running. The thread that serves all
    /// key sets and renewers ends with the last of them. Dropping the last clone closes the renewer
    /// too.
    pub fn close(&self) {
        self.0.worker.close();
    }

    /// Calls `lookup`, waits for the login of its ticket, and calls `lookup` again, until there is
    /// no ticket or `max_wait` has passed.
    fn wait_and_retry(
        &self,
        mut lookup: impl FnMut(&mut Option<Ticket>) -> Result<OwnToken>,
    ) -> Result<OwnToken> {
        let mut ticket = None;
        let mut began = None;
        loop {
            let result = lookup(&mut ticket);
            let Some(login) = ticket else { return result };
            let waited = began.get_or_insert_with(Instant::now).elapsed();
            self.wait(login, self.0.max_wait.saturating_sub(waited));
        }
    }

    /// Calls `lookup`. If the login of `ticket` is not done, the caller has stopped waiting, so the
    /// result is final and `ticket` becomes `None`. The result may still be the new token, which is
    /// published shortly before the login is done.
    fn with_final_lookup(
        &self,
        ticket: &mut Option<Ticket>,
        lookup: impl FnOnce(&mut Option<Ticket>) -> Result<OwnToken>,
    ) -> Result<OwnToken> {
        let is_last = ticket.is_some_and(|before| !self.wait(before, Duration::ZERO));
        *ticket = ticket.map(|before| before.last_unless(!is_last));
        let result = lookup(ticket);
        if is_last {
            *ticket = None;
        }
        result
    }

    fn no_token(&self) -> Error {
        let unavailable = |detail| Error::new(ErrorKind::LoginUnavailable, detail);
        let worker = &self.0.worker;
        if worker.is_closed() {
            return unavailable("the renewer is closed");
        }
        match worker.read(|attempts| attempts.failure().cloned()) {
            Some(error) => {
                Error::new(error.login_kind(), "").with_detail(format!("{}: {error}", worker.job.name()))
            }
            None if worker.job.in_use().is_none() => unavailable("the first login has not finished"),
            None => unavailable("the token has expired, and its renewal has not finished"),
        }
    }

    fn no_newer_token(&self) -> Error {
        match self.0.worker.read(|attempts| attempts.in_outage()) {
            true => self.no_token(),
            false => Error::new(
                ErrorKind::LoginUnavailable,
                "the token was rejected, and there is no newer one: retry later (at most one login in 30 s)",
            ),
        }
    }
}

/// Returns the login that a caller without a fresh token waits for, if any.
fn next_attempt(
    attempts: &mut Attempts<Rejections>,
    has_valid: bool,
    is_recent: bool,
    before: Option<Ticket>,
) -> Option<Ticket> {
    if has_valid && (attempts.failed || is_recent || before.is_some()) {
        // The last login failed, is less than a second old, or is the one that this caller waited
        // for. Return the valid token without another wait.
        return None;
    }
    if let Some(error) = attempts.failure()
        && (error.is_permanent() || attempts.failures_in_row >= ATTEMPTS_TO_WAIT_FOR)
    {
        return None;
    }
    Some(Ticket::new(match attempts.in_flight() {
        Some(attempt) => attempt,
        // The background thread will log in soon: wait for that login.
        None if attempts.failed || is_recent => attempts.done + 1,
        None => attempts.request(Reason::Schedule),
    }))
}

/// Returns the login that a caller with a rejected token waits for, if any.
fn next_after_rejection(attempts: &mut Attempts<Rejections>, before: Option<Ticket>) -> Option<Ticket> {
    if before.is_some_and(Ticket::is_last) {
        return None;
    }
    // A login that began before the rejection may return the rejected token. So its ticket is not
    // marked as the last one: another login may follow.
    let newer = |attempt: &u64| before.is_none_or(|before| before.attempt() < *attempt);
    if let Some(attempt) = attempts.in_flight().filter(newer) {
        return (!attempts.in_outage()).then_some(Ticket::new(attempt));
    }
    let now = Instant::now();
    let attempt = match attempts.requested() {
        Some(attempt) => attempt,
        None if !attempts.must_wait(now) && attempts.job.budget.spend(now) => {
            attempts.request(Reason::Rejection)
        }
        None => {
            attempts.job.suppressed += 1;
            return None;
        }
    };
    Some(Ticket::last(attempt))
}

impl fmt::Debug for TokenRenewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenRenewer").field(&self.0.worker.job.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::renewal::current_token::CurrentToken;
    use crate::remote::renewal::token_source::NewToken;
    use crate::remote::transport::FetchFailure;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Returns a renewer and the number of its logins. A login returns the last token of `tokens`,
    /// and fails if there is none.
    fn renewer(tokens: Vec<NewToken>) -> (TokenRenewer, Arc<AtomicUsize>) {
        let logins = Arc::new(AtomicUsize::new(0));
        let (counted, tokens) = (Arc::clone(&logins), std::sync::Mutex::new(tokens));
        let source = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            tokens.lock().unwrap().pop().ok_or(FetchError::new(FetchFailure::Connect, "refused"))
        };
        (TokenRenewer::source("test", source).lazy().build().unwrap(), logins)
    }

    fn put_in_use(renewer: &TokenRenewer, wall_is_ahead_by: Duration) {
        let token = OwnToken::new("Bearer ", "old", None, 1);
        let (current, _) = CurrentToken::new(token, Some(Duration::from_secs(600)), true);
        renewer.0.worker.job.put_in_use(current.long_ago().with_wall_clock_ahead(wall_is_ahead_by));
    }

    #[test]
    fn a_wall_clock_set_forward_by_a_day_causes_one_login() {
        let new = || NewToken::new("new").unwrap().expires_in(Duration::from_secs(600));
        let (renewer, logins) = renewer(vec![new()]);
        put_in_use(&renewer, Duration::from_secs(86_400));
        for _ in 0..1000 {
            assert_eq!(renewer.token().unwrap().as_str(), "new");
        }
        assert_eq!(logins.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_wall_clock_set_forward_in_an_outage_does_not_invalidate_a_valid_token() {
        let (renewer, logins) = renewer(Vec::new());
        put_in_use(&renewer, Duration::from_secs(86_400));
        let start = Instant::now();
        for _ in 0..1000 {
            assert_eq!(renewer.token().unwrap().as_str(), "old");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!((1..=4).contains(&logins.load(Ordering::SeqCst)), "{logins:?}");
        assert_eq!(renewer.status().state.as_str(), "expiring");
    }
}
