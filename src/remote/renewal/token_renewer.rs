//! The service's own token, renewed before it expires.

use super::own_token::OwnToken;
use super::renewal_job::{Rejections, RenewalJob};
use super::status::TokenRenewerStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::remote::attempts::{Attempts, Reason};
use crate::remote::transport::FetchError;
use crate::remote::worker::Worker;
use crate::verify::ticket::Ticket;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Callers without a token wait for so many attempts. After as many failures in a row they get the
/// error at once.
const ATTEMPTS_TO_WAIT_FOR: u32 = 4;

/// Keeps the service's own token valid: logs in, returns the token without latency, and renews it
/// before it expires or when a server rejects it.
///
/// Make one for each account and clone it: clones share everything.
///
/// - [`TokenRenewer::token`] reads the token in use through one atomic pointer. Callers wait only
///   if there is none, or in the last seconds of one that could be renewed.
/// - The token is renewed in the background, at 70 to 80 % of its lifetime, or at half of one under
///   60 s. A failed renewal is retried with growing pauses, and the token is used until it expires.
///   There is at least one second between two logins.
/// - [`TokenRenewer::reject`] is for 401: any number of callers with the same token cause one
///   login, and at most one in 30 s. If that login returns the rejected token, as two logins of
///   DC/OS within one second do, there is another one a second later.
/// - A wall clock that is set forward causes a login, and does not end a token that is valid by the
///   monotonic clock.
/// - After a fork, each process renews for itself.
///
/// ```no_run
/// use bouncer_verify::TokenRenewer;
///
/// let renewer = TokenRenewer::service_account_file("/run/secrets/service-account.json").build()?;
/// // For every request that the service makes:
/// let token = renewer.token()?;
/// println!("Authorization: {}", token.authorization());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct TokenRenewer(Arc<Handle>);

/// What all clones share. The worker's thread holds the worker alone, so the last clone can end it.
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
    /// Waits up to `max_wait` if there is none and a login may succeed soon, or if the token
    /// expires within seconds. Does not wait in an outage.
    ///
    /// # Errors
    /// [`ErrorKind::LoginRejected`], [`ErrorKind::UnusableCredentials`]: the operator has to act.
    /// [`ErrorKind::LoginUnavailable`]: there is no valid token, and no login succeeds now.
    pub fn token(&self) -> Result<OwnToken> {
        self.wait_and_retry(|ticket| self.token_now(ticket))
    }

    /// As [`TokenRenewer::token`] without ever waiting, for callers that must not block a thread.
    ///
    /// `ticket` is `None` at first. If it is `Some` afterwards, there may be a better answer once
    /// that login is over: wait for it ([`TokenRenewer::wait`] on another thread) and call again
    /// with it. A call before that login is over returns the final answer, and leaves `None`.
    ///
    /// # Errors
    /// As [`TokenRenewer::token`].
    pub fn token_now(&self, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        self.with_last_look(ticket, |ticket| self.look_up(ticket))
    }

    fn look_up(&self, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        let worker = &self.0.worker;
        let before = ticket.take();
        let (now, wall) = (Instant::now(), SystemTime::now());
        let in_use = worker.job.in_use();
        if let Some(current) = &*in_use {
            if now >= current.renew_at {
                // A renewal is due. After a fork there is no thread for it yet.
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
            // A login puts its token in use before it is done, so under the lock either the token
            // is there, or the login that brings it is in flight.
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

    /// Returns another token, after a server rejected `token` ([`crate::is_token_rejection`]).
    ///
    /// If there is a newer one already, returns that. Otherwise concurrent callers share one login;
    /// there is at most one in 30 s. Until it succeeds, the token stays in use for other callers.
    ///
    /// # Errors
    /// As [`TokenRenewer::token`]; [`ErrorKind::LoginUnavailable`] also if there is no newer one.
    pub fn reject(&self, token: &str) -> Result<OwnToken> {
        self.wait_and_retry(|ticket| self.reject_now(token, ticket))
    }

    /// As [`TokenRenewer::reject`] without ever waiting; `ticket` is as for
    /// [`TokenRenewer::token_now`].
    ///
    /// # Errors
    /// As [`TokenRenewer::reject`].
    pub fn reject_now(&self, token: &str, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        self.with_last_look(ticket, |ticket| self.look_up_another(token, ticket))
    }

    fn look_up_another(&self, token: &str, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        let worker = &self.0.worker;
        let is_in_use = worker.job.in_use().as_ref().is_some_and(|current| current.token.as_str() == token);
        if !is_in_use || worker.is_closed() {
            return self.look_up(ticket);
        }
        let before = ticket.take();
        let newer = worker.with(|attempts| {
            // As in look_up(): the newer token may be there by now.
            let in_use = worker.job.in_use();
            let newer = in_use.as_ref().filter(|current| current.token.as_str() != token);
            if newer.is_none() {
                *ticket = next_after_rejection(attempts, before);
            }
            newer.map(|current| current.token.clone())
        });
        newer.ok_or_else(|| self.no_newer_token())
    }

    /// Waits until the login of `ticket` is over. Returns false after `timeout`, or if it will not
    /// be.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        self.0.worker.wait_for(ticket.attempt(), timeout)
    }

    /// Blocks until there is a valid token. The error says why the last login failed.
    ///
    /// # Errors
    /// As [`TokenRenewer::token`]: after `timeout`, or at once if waiting does not help, as when
    /// the login is rejected.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let ready = || self.token_now(&mut None).map(drop);
        self.0.worker.wait_until(timeout, ready, |error| error.kind() != ErrorKind::LoginUnavailable)
    }

    /// Logs in now, for operators. Concurrent callers share one login.
    ///
    /// # Errors
    /// Why the login failed; [`crate::FetchFailure::Timeout`]: it is not over after `timeout`. The
    /// token in use stays.
    pub fn renew(&self, timeout: Duration) -> Result<(), FetchError> {
        self.0.worker.attempt_now(timeout)
    }

    /// A snapshot of its state.
    pub fn status(&self) -> TokenRenewerStatus {
        RenewalJob::status(&self.0.worker)
    }

    /// Waits until `attempts` logins are done ([`TokenRenewerStatus::attempts`]). Returns false
    /// after `timeout`, or if they will not be.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Closes it, for all clones: a login in flight is cut off, the threads end, and there is no
    /// token any more. Waits for the threads, at most one second: a source or transport of the
    /// program's own that does not return is left behind. Dropping the last clone does the same.
    pub fn close(&self) {
        self.0.worker.close();
    }

    /// Calls `ask`, waits for the login of its ticket, and asks again, until there is none or
    /// `max_wait` is over.
    fn wait_and_retry(
        &self,
        mut ask: impl FnMut(&mut Option<Ticket>) -> Result<OwnToken>,
    ) -> Result<OwnToken> {
        let mut ticket = None;
        let mut began = None;
        loop {
            let answer = ask(&mut ticket);
            let Some(login) = ticket else { return answer };
            let waited = began.get_or_insert_with(Instant::now).elapsed();
            self.wait(login, self.0.max_wait.saturating_sub(waited));
        }
    }

    /// Calls `ask`. If the login of `ticket` is not over, the caller waits no longer: whatever
    /// `ask` answers is final. It may have the token by then, which is in use a moment before the
    /// login is over.
    fn with_last_look(
        &self,
        ticket: &mut Option<Ticket>,
        ask: impl FnOnce(&mut Option<Ticket>) -> Result<OwnToken>,
    ) -> Result<OwnToken> {
        let is_last = ticket.is_some_and(|before| !self.wait(before, Duration::ZERO));
        *ticket = ticket.map(|before| before.returned(!is_last));
        let answer = ask(ticket);
        if is_last {
            *ticket = None;
        }
        answer
    }

    fn no_token(&self) -> Error {
        let unavailable = |detail| Error::new(ErrorKind::LoginUnavailable, detail);
        let worker = &self.0.worker;
        if worker.is_closed() {
            return unavailable("closed");
        }
        match worker.read(|attempts| attempts.failure().cloned()) {
            Some(error) => {
                Error::new(error.login_kind(), "").with_detail(format!("{}: {error}", worker.job.name()))
            }
            None if worker.job.in_use().is_none() => unavailable("not logged in yet"),
            None => unavailable("the token has expired, and its renewal is not over yet"),
        }
    }

    fn no_newer_token(&self) -> Error {
        match self.0.worker.read(|attempts| attempts.in_outage()) {
            true => self.no_token(),
            false => Error::new(
                ErrorKind::LoginUnavailable,
                "the token was rejected, and there is no newer one yet",
            ),
        }
    }
}

/// The login that a caller without a fresh token waits for, if any.
fn next_attempt(
    attempts: &mut Attempts<Rejections>,
    has_valid: bool,
    is_recent: bool,
    before: Option<Ticket>,
) -> Option<Ticket> {
    if has_valid && (attempts.failed || is_recent || before.is_some()) {
        // A valid token is good enough once its renewal was tried.
        return None;
    }
    if let Some(error) = attempts.failure()
        && (error.is_permanent() || attempts.failures_in_row >= ATTEMPTS_TO_WAIT_FOR)
    {
        return None;
    }
    Some(Ticket::new(match attempts.in_flight() {
        Some(attempt) => attempt,
        // The background retries in a moment.
        None if attempts.failed || is_recent => attempts.done + 1,
        None => attempts.request(Reason::Schedule),
    }))
}

/// The login that a caller whose token was rejected waits for, if any.
fn next_after_rejection(attempts: &mut Attempts<Rejections>, before: Option<Ticket>) -> Option<Ticket> {
    if before.is_some_and(Ticket::is_last) {
        return None;
    }
    // A login that began before the rejection may have returned this very token, so another may
    // follow it.
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

    /// A renewer whose logins fail, except those that `answers` has; and how many there were.
    fn renewer(answers: Vec<NewToken>) -> (TokenRenewer, Arc<AtomicUsize>) {
        let logins = Arc::new(AtomicUsize::new(0));
        let (counted, answers) = (Arc::clone(&logins), std::sync::Mutex::new(answers));
        let source = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            answers.lock().unwrap().pop().ok_or(FetchError::new(FetchFailure::Connect, "refused"))
        };
        (TokenRenewer::source("test", source).lazy().build().unwrap(), logins)
    }

    fn put_in_use(renewer: &TokenRenewer, wall_is_ahead_by: Duration) {
        let token = OwnToken::new("Bearer ", "old", None, 1);
        let (current, _) = CurrentToken::new(token, Some(Duration::from_secs(600)), true);
        renewer.0.worker.job.put_in_use(current.long_ago().with_wall_clock_ahead(wall_is_ahead_by));
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_by_a_day_costs_one_login() {
        let new = || NewToken::new("new").unwrap().expires_in(Duration::from_secs(600));
        let (renewer, logins) = renewer(vec![new()]);
        put_in_use(&renewer, Duration::from_secs(86_400));
        for _ in 0..1000 {
            assert_eq!(renewer.token().unwrap().as_str(), "new");
        }
        assert_eq!(logins.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_does_not_end_a_valid_token_in_an_outage() {
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
