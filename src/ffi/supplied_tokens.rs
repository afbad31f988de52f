//! Tokens that the program supplies. The renewer's thread requests a token here, and a thread of
//! the program supplies it.

use crate::{Error, ErrorKind, FetchError, FetchFailure, NewToken, Result, TokenSource};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Maximum time that the renewer waits for the program to supply a token.
const LONGEST_LOGIN: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct SuppliedTokens {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_wanted: bool,
    result: Option<Result<NewToken, FetchError>>,
    is_closed: bool,
}

impl SuppliedTokens {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done` returns true, the source is closed, or `timeout` has passed.
    fn wait_until(&self, timeout: Duration, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let end = Instant::now() + timeout;
        let mut state = self.lock();
        while !done(&state) && !state.is_closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    /// Waits until a token is requested. Returns false on timeout or if the source is closed.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let state = self.wait_until(timeout, |state| state.is_wanted);
        state.is_wanted && !state.is_closed
    }

    pub(super) fn supply(&self, token: &str, lifetime: Option<Duration>) -> Result<()> {
        let new = NewToken::new(token);
        self.finish(new.map(|new| match lifetime {
            Some(lifetime) => new.expires_in(lifetime),
            None => new,
        }))
    }

    pub(super) fn fail(&self, rejected: bool, reason: &str) -> Result<()> {
        let failure = if rejected { FetchFailure::Rejected } else { FetchFailure::Other };
        self.finish(Err(FetchError::new(failure, reason.to_owned())))
    }

    fn finish(&self, result: Result<NewToken, FetchError>) -> Result<()> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.is_wanted) {
            return Err(Error::new(ErrorKind::InvalidArgument, "the renewer is not waiting for a token"));
        }
        state.result = Some(result);
        self.changed.notify_all();
        Ok(())
    }
}

impl TokenSource for SuppliedTokens {
    fn login(&self) -> Result<NewToken, FetchError> {
        {
            let mut state = self.lock();
            state.result = None;
            state.is_wanted = true;
            self.changed.notify_all();
        }
        let mut state = self.wait_until(LONGEST_LOGIN, |state| state.result.is_some());
        state.is_wanted = false;
        let nothing =
            || Err(FetchError::new(FetchFailure::Timeout, "the program supplied no token within 60 seconds"));
        state.result.take().unwrap_or_else(nothing)
    }

    fn interrupt(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }
}
