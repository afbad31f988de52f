//! The class `Verifier`, and the functions that verify without a `Verifier`.

use crate::authorization::token_in;
use crate::background::Detached;
use crate::batch::{self, OwnedText, Texts};
use crate::error::exception;
use crate::event_loop::{self, Watch};
use crate::interrupt;
use crate::jwk_set::JwkSet;
use crate::policy::Policy;
use crate::remote_jwk_set::RemoteJwkSet;
use crate::stats;
use crate::text::Text;
use crate::token::VerifiedToken;
use crate::token_columns::TokenColumns;
use bouncer_verify::{Clock, Stats, Ticket, Verdict};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Verifies a JWT: its signature with the keys of `jwks`, then its claims against `policy`.
///
/// Raises an InvalidTokenError with the reason if the token is rejected. Raises TypeError if
/// `token` is not str or bytes. An exception of the policy's clock is propagated.
#[pyfunction]
#[pyo3(signature = (jwks, policy, token))]
pub(crate) fn verify_token(
    py: Python<'_>,
    jwks: &Bound<'_, JwkSet>,
    policy: &Bound<'_, Policy>,
    token: Text<'_>,
) -> PyResult<VerifiedToken> {
    let (jwks, policy) = (jwks.get(), policy.get().now(py)?);
    py.detach(|| bouncer_verify::verify_token(&jwks.0, &policy, &token))
        .map(VerifiedToken::from)
        .map_err(|error| exception(py, &error))
}

/// Verifies many tokens as verify_token() does. Returns a list in input order: for each token a
/// VerifiedToken, or the exception that verify_token() would raise. These exceptions are returned,
/// not raised: check `isinstance(result, VerifiedToken)`.
///
/// tokens: an iterable of str and bytes.
/// threads: the maximum number of threads that verify the batch, including the calling thread; 0
/// means 1. They do not hold the GIL. Each thread gets at least 64 tokens.
///
/// Raises TypeError if an item of `tokens` is not str or bytes.
#[pyfunction]
#[pyo3(signature = (jwks, policy, tokens, threads = 1))]
pub(crate) fn verify_tokens<'py>(
    py: Python<'py>,
    jwks: &Bound<'py, JwkSet>,
    policy: &Bound<'py, Policy>,
    tokens: Texts,
    threads: i64,
) -> PyResult<Bound<'py, PyList>> {
    let (threads, policy) = (batch::count(py, "threads", threads)?, policy.get().now(py)?);
    let jwks = jwks.get();
    let verdicts = py.detach(|| bouncer_verify::verify_tokens(&jwks.0, &policy, &tokens.0, threads));
    batch::list(py, verdicts)
}

/// Verifies tokens with the keys of one issuer, a JwkSet or a RemoteJwkSet, and the policy for that
/// issuer. Immutable; any number of threads may use it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Verifier {
    keys: Keys,
    #[pyo3(get)]
    policy: Py<Policy>,
    verifier: Detached<bouncer_verify::Verifier>,
    cached: bool,
}

enum Keys {
    Fixed(Py<JwkSet>),
    Remote(Py<RemoteJwkSet>),
}

thread_local! {
    /// The time of the policy's clock for the current verification on this thread.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (jwks, policy))]
    fn new(jwks: &Bound<'_, PyAny>, policy: Py<Policy>) -> PyResult<Self> {
        let keys = if let Ok(fixed) = jwks.cast::<JwkSet>() {
            Keys::Fixed(fixed.clone().unbind())
        } else if let Ok(remote) = jwks.cast::<RemoteJwkSet>() {
            Keys::Remote(remote.clone().unbind())
        } else {
            let other = jwks.get_type().name()?;
            return Err(PyTypeError::new_err(format!("expected a JwkSet or a RemoteJwkSet, not {other}")));
        };
        let verifier = bouncer_verify::Verifier::new(keys.to_core(), policy.get().policy.clone());
        Ok(Self { keys, policy, verifier: verifier.into(), cached: false })
    }

    /// Returns a verifier with the same keys and policy that caches about `tokens` verified tokens.
    /// At most 2^20; 0 disables the cache.
    ///
    /// The signature of a cached token is not verified again. The whole token is compared, and
    /// "exp" and "nbf" are checked each time. A change of remote keys empties the cache.
    ///
    /// The tokens and their claims stay in memory until other tokens replace them. Each token needs
    /// about twice its length. Tokens over 4 KiB are not cached.
    #[pyo3(signature = (tokens, /))]
    fn with_cache(&self, py: Python<'_>, tokens: i64) -> PyResult<Self> {
        let tokens = batch::count(py, "tokens", tokens)?;
        let policy = self.policy.get();
        let rules = policy.policy.clone();
        // The core's verifier owns the cache, so one verifier is kept for all calls. Its clock
        // therefore returns the time that the current call has stored in `NOW`.
        let rules = if policy.has_clock() { rules.clock(Clock::from_fn(|| NOW.get())) } else { rules };
        let verifier = bouncer_verify::Verifier::new(self.keys.to_core(), rules).with_cache(tokens);
        let cached = verifier.cache_stats().is_some();
        let (keys, policy) = (self.keys.clone_ref(py), self.policy.clone_ref(py));
        Ok(Self { keys, policy, verifier: verifier.into(), cached })
    }

    /// Returns the counters of the cache, as a `bouncer_verify.types.CacheStats`. All values are
    /// None if there is no cache.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats::dict(py, &Stats::from(&*self.verifier))
    }

    /// Returns the stats in the text format of Prometheus.
    fn prometheus(&self) -> String {
        Stats::from(&*self.verifier).prometheus()
    }

    /// The keys: a JwkSet or a RemoteJwkSet.
    #[getter]
    fn jwks(&self, py: Python<'_>) -> Py<PyAny> {
        match &self.keys {
            Keys::Fixed(keys) => keys.clone_ref(py).into_any(),
            Keys::Remote(keys) => keys.clone_ref(py).into_any(),
        }
    }

    /// Verifies a JWT. `token` must not contain a scheme or white space. For the value of an
    /// Authorization header, use verify_authorization().
    ///
    /// With a RemoteJwkSet, a call waits for up to `max_wait` seconds if the token's key is missing
    /// and a fetch may find it. If the key is known, the call never waits.
    ///
    /// Raises an InvalidTokenError with the reason if the token is rejected. With a RemoteJwkSet,
    /// raises KeysUnavailableError if there are no keys, or if the fetch for the missing key
    /// failed. Both have an `http_status`.
    #[pyo3(signature = (token, /))]
    fn verify(&self, py: Python<'_>, token: Text<'_>) -> PyResult<VerifiedToken> {
        let verdict = self.verify_now(py, &token, None)?;
        self.wait_and_resume(py, &token, verdict, &mut None)?
            .map(VerifiedToken::from)
            .map_err(|error| exception(py, &error))
    }

    /// Verifies the token in the value of an HTTP Authorization header: `Bearer <jwt>`, or
    /// `token=<jwt>` as in DC/OS. Pass None if the request has no such header.
    ///
    /// Raises what verify() raises. Raises MalformedAuthorizationError, a subclass of
    /// InvalidTokenError, if the value has another form or is None.
    #[pyo3(signature = (header, /))]
    fn verify_authorization(&self, py: Python<'_>, header: Option<Text<'_>>) -> PyResult<VerifiedToken> {
        self.verify(py, Text::Borrowed(token_in(py, header.as_ref())?.as_bytes()))
    }

    /// Verifies many tokens as verify() does. Returns a list in input order: for each token a
    /// VerifiedToken, or the exception that verify() would raise. These exceptions are returned,
    /// not raised: check `isinstance(result, VerifiedToken)`.
    ///
    /// tokens: an iterable of str and bytes.
    /// threads: the maximum number of threads that verify the batch, including the calling thread;
    /// 0 means 1. They do not hold the GIL. Each thread gets at least 64 tokens.
    ///
    /// Raises TypeError if an item of `tokens` is not str or bytes.
    #[pyo3(signature = (tokens, threads = 1))]
    fn verify_batch<'py>(
        &self,
        py: Python<'py>,
        tokens: Texts,
        threads: i64,
    ) -> PyResult<Bound<'py, PyList>> {
        let threads = batch::count(py, "threads", threads)?;
        batch::list(py, self.verify_all(py, &tokens, threads)?)
    }

    /// verify_batch() for data pipelines: returns the results in columns, without an object per
    /// token.
    #[pyo3(signature = (tokens, threads = 1))]
    fn verify_batch_columns(&self, py: Python<'_>, tokens: Texts, threads: i64) -> PyResult<TokenColumns> {
        let threads = batch::count(py, "threads", threads)?;
        let verdicts = self.verify_all(py, &tokens, threads)?;
        TokenColumns::new(py, py.detach(|| bouncer_verify::TokenColumns::of(&verdicts)))
    }

    /// verify() for an event loop of asyncio, uvloop or trio: awaits a fetch instead of blocking.
    ///
    /// A token whose key is known is verified inline. Waiting uses no thread: the loop waits for
    /// one descriptor on behalf of all tasks. A loop without `add_reader` checks every 20 ms.
    #[pyo3(signature = (token, /))]
    fn verify_async<'py>(slf: &Bound<'py, Self>, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        event_loop::coroutine(slf.py(), intern!(slf.py(), "verify"), (slf, token))
    }

    /// Returns the token, or a ticket if a fetch may find the missing key. Wait for the fetch, then
    /// call again with the ticket. If the fetch is still in flight, the second call is final.
    /// `ticket` is 0 in the first call.
    #[pyo3(signature = (token, ticket, /))]
    fn _verify_now<'py>(&self, py: Python<'py>, token: Text<'_>, ticket: u64) -> PyResult<Bound<'py, PyAny>> {
        match self.verify_now(py, &token, Ticket::from_bits(ticket))? {
            Verdict::Final(Ok(token)) => Ok(Bound::new(py, VerifiedToken::from(token))?.into_any()),
            Verdict::Final(Err(error)) => Err(exception(py, &error)),
            Verdict::Pending(ticket) => Ok(ticket.to_bits().into_pyobject(py)?.into_any()),
        }
    }

    /// Returns whether the fetch of this ticket is over, or can no longer end.
    #[pyo3(signature = (ticket, /))]
    fn _is_over(&self, py: Python<'_>, ticket: u64) -> bool {
        py.detach(|| Ticket::from_bits(ticket).is_none_or(|ticket| self.wait(ticket, Duration::ZERO)))
    }

    /// Returns how many seconds a token with this ticket waits.
    #[pyo3(signature = (ticket, /))]
    fn _max_wait(&self, ticket: u64) -> f64 {
        Ticket::from_bits(ticket).map_or(0.0, |ticket| self.verifier.max_wait(ticket).as_secs_f64())
    }

    /// Makes `watch` readable after each fetch.
    #[pyo3(signature = (watch, /))]
    fn _notify(&self, watch: &Watch) {
        self.verifier.add_notifier(&watch.0.notifier());
    }
}

impl Verifier {
    /// Looks the token up in the cache, else verifies it without the GIL. Never waits. `ticket` is
    /// the ticket that the previous call returned, if any.
    fn verify_now(&self, py: Python<'_>, token: &Text<'_>, ticket: Option<Ticket>) -> PyResult<Verdict> {
        let at_time = self.at_clock_time(py)?;
        let verifier = at_time.as_ref().unwrap_or(&self.verifier);
        // The lookup holds the GIL: a cache hit takes about 0.1 µs, less than releasing the GIL.
        if let Some(result) = verifier.lookup_cached(token) {
            return Ok(Verdict::Final(result));
        }
        Ok(py.detach(|| match ticket {
            None => verifier.verify_now(token),
            Some(ticket) => verifier.resume(token, ticket),
        }))
    }

    /// Waits while the verdict is pending, and returns the final verdict. All waits that share
    /// `began`, the start of the first wait, end after `max_wait` in total. They end early if a
    /// signal handler raises.
    fn wait_and_resume(
        &self,
        py: Python<'_>,
        token: &Text<'_>,
        mut verdict: Verdict,
        began: &mut Option<Instant>,
    ) -> PyResult<batch::Verdict> {
        loop {
            match verdict {
                Verdict::Final(result) => return Ok(result),
                Verdict::Pending(ticket) => {
                    let waited = began.get_or_insert_with(Instant::now).elapsed();
                    let left = self.verifier.max_wait(ticket).saturating_sub(waited);
                    interrupt::in_slices(py, left, |slice| self.wait(ticket, slice).then_some(()))?;
                    verdict = self.verify_now(py, token, Some(ticket))?;
                }
            }
        }
    }

    /// Waits up to `timeout` until the fetch of `ticket` is over or the keys are closed.
    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        let is_closed = || match &self.keys {
            Keys::Fixed(_) => true,
            Keys::Remote(keys) => keys.get().is_closed(),
        };
        self.verifier.wait(ticket, timeout) || is_closed()
    }

    /// Verifies many tokens without the GIL. Then waits for the fetches of missing keys, for up to
    /// `max_wait` in total.
    fn verify_all(&self, py: Python<'_>, tokens: &Texts, threads: usize) -> PyResult<Vec<batch::Verdict>> {
        let at_time = self.at_clock_time(py)?;
        let verifier = at_time.as_ref().unwrap_or(&self.verifier);
        // `NOW` is thread-local, so this thread must verify all tokens.
        let threads = if self.cached && self.policy.get().has_clock() { 1 } else { threads };
        let verdicts = py.detach(|| verifier.verify_batch_now(&tokens.0, threads));
        let mut began = None;
        let resume = |(verdict, token): (_, &OwnedText)| {
            self.wait_and_resume(py, &Text::Borrowed(token.as_ref()), verdict, &mut began)
        };
        verdicts.into_iter().zip(&tokens.0).map(resume).collect()
    }

    /// Calls the policy's clock, if it has one. With a cache, stores the time in `NOW` and returns
    /// `None`. Without a cache, returns a verifier for that time.
    fn at_clock_time(&self, py: Python<'_>) -> PyResult<Option<bouncer_verify::Verifier>> {
        let policy = self.policy.get();
        let Some(now) = policy.time(py)? else { return Ok(None) };
        if self.cached {
            NOW.set(now);
            return Ok(None);
        }
        Ok(Some(bouncer_verify::Verifier::new(self.keys.to_core(), policy.policy.clone().time(now))))
    }
}

impl Keys {
    fn to_core(&self) -> bouncer_verify::Keys {
        match self {
            Self::Fixed(keys) => Arc::clone(&keys.get().0).into(),
            Self::Remote(keys) => keys.get().keys.clone().into(),
        }
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Fixed(keys) => Self::Fixed(keys.clone_ref(py)),
            Self::Remote(keys) => Self::Remote(keys.clone_ref(py)),
        }
    }
}
