//! The decision.

use crate::authorization::token_in;
use crate::background::Detached;
use crate::batch::{self, OwnedText, Texts};
use crate::error::exception;
use crate::jwk_set::JwkSet;
use crate::policy::Policy;
use crate::remote_jwk_set::RemoteJwkSet;
use crate::stats;
use crate::text::Text;
use crate::token::VerifiedToken;
use crate::token_columns::TokenColumns;
use bouncer_verify::{Clock, Stats, Ticket, Verdict};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

/// Verifies a JWT: its signature with the keys of `jwks`, then its claims against `policy`.
///
/// Raises an InvalidTokenError that says why the token is rejected, and nothing else for any str or
/// bytes.
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

/// Verifies many tokens as verify_token() does each of them: a list of verdicts in the order of the
/// tokens, each a VerifiedToken or the exception that verify_token() would raise. None is raised;
/// tell them apart with `isinstance(verdict, VerifiedToken)`.
///
/// tokens: an iterable of str and bytes.
/// threads: how many work on it at most, the calling one included, all without the GIL. One is
/// started for no fewer than 64 tokens.
///
/// Raises TypeError: something in `tokens` is no str or bytes.
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

/// Keys, a JwkSet or a RemoteJwkSet, and a policy that belong together, so that one issuer's keys
/// never meet another's rules. Immutable; any number of threads may use it.
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
    /// What the policy's clock returned for the verification that this thread is at.
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
        let verifier = bouncer_verify::Verifier::new(keys.of_the_core(), policy.get().policy.clone());
        Ok(Self { keys, policy, verifier: verifier.into(), cached: false })
    }

    /// A verifier of the same keys and policy that remembers about `tokens` verified tokens, 2^20
    /// at most; 0 is none.
    ///
    /// A token that it remembers passes without its signature being verified again: the whole token
    /// is compared, "exp" and "nbf" are checked each time, and when remote keys change, everything
    /// is forgotten. The tokens and their claims stay in memory, about twice their length each,
    /// until others take their places. Tokens over 4 KiB are not remembered.
    #[pyo3(signature = (tokens, /))]
    fn with_cache(&self, py: Python<'_>, tokens: i64) -> PyResult<Self> {
        let tokens = batch::count(py, "tokens", tokens)?;
        let policy = self.policy.get();
        let rules = policy.policy.clone();
        // The cache is the core verifier's, so that one has to last, and to be told the time of
        // each call.
        let rules = if policy.has_clock() { rules.clock(Clock::from_fn(|| NOW.get())) } else { rules };
        let verifier = bouncer_verify::Verifier::new(self.keys.of_the_core(), rules).with_cache(tokens);
        let cached = verifier.cache_stats().is_some();
        let (keys, policy) = (self.keys.clone_ref(py), self.policy.clone_ref(py));
        Ok(Self { keys, policy, verifier: verifier.into(), cached })
    }

    /// What the cache has done: a `bouncer_verify.types.CacheStats`. All are None if there is no
    /// cache.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats::dict(py, &Stats::from(&*self.verifier))
    }

    /// The same in the text format of Prometheus.
    fn prometheus(&self) -> String {
        Stats::from(&*self.verifier).prometheus()
    }

    /// The keys.
    #[getter]
    fn jwks(&self, py: Python<'_>) -> Py<PyAny> {
        match &self.keys {
            Keys::Fixed(keys) => keys.clone_ref(py).into_any(),
            Keys::Remote(keys) => keys.clone_ref(py).into_any(),
        }
    }

    /// Verifies a JWT, as verify_token() does.
    ///
    /// With a RemoteJwkSet it waits where a fetch may bring the key that is missing, `max_wait`
    /// seconds at most, and also raises KeysUnavailableError. A token that has its key never waits.
    #[pyo3(signature = (token, /))]
    fn verify(&self, py: Python<'_>, token: Text<'_>) -> PyResult<VerifiedToken> {
        let verdict = self.judge(py, &token, None)?;
        self.wait_and_resume(py, &token, verdict, &mut None)?
            .map(VerifiedToken::from)
            .map_err(|error| exception(py, &error))
    }

    /// Verifies the token in the value of an HTTP Authorization header, which is None if the
    /// request has none: token_from_authorization() and verify() in one call.
    ///
    /// Raises MalformedAuthorizationError too.
    #[pyo3(signature = (header, /))]
    fn verify_authorization(&self, py: Python<'_>, header: Option<Text<'_>>) -> PyResult<VerifiedToken> {
        self.verify(py, Text::Borrowed(token_in(py, header.as_ref())?.as_bytes()))
    }

    /// Verifies many tokens as verify() does each of them: a list of verdicts in the order of the
    /// tokens, each a VerifiedToken or the exception that verify() would raise. None is raised;
    /// tell them apart with `isinstance(verdict, VerifiedToken)`.
    ///
    /// tokens: an iterable of str and bytes.
    /// threads: how many work on it at most, the calling one included, all without the GIL. One is
    /// started for no fewer than 64 tokens.
    ///
    /// Raises TypeError: something in `tokens` is no str or bytes.
    #[pyo3(signature = (tokens, threads = 1))]
    fn verify_batch<'py>(
        &self,
        py: Python<'py>,
        tokens: Texts,
        threads: i64,
    ) -> PyResult<Bound<'py, PyList>> {
        let threads = batch::count(py, "threads", threads)?;
        batch::list(py, self.judge_all(py, &tokens, threads)?)
    }

    /// verify_batch() with its verdicts in columns, for data pipelines: no object is made for a
    /// token.
    #[pyo3(signature = (tokens, threads = 1))]
    fn verify_batch_columns(&self, py: Python<'_>, tokens: Texts, threads: i64) -> PyResult<TokenColumns> {
        let threads = batch::count(py, "threads", threads)?;
        let verdicts = self.judge_all(py, &tokens, threads)?;
        TokenColumns::new(py, py.detach(|| bouncer_verify::TokenColumns::of(&verdicts)))
    }

    /// verify() for an event loop of asyncio or trio, which goes on while a fetch may bring the key
    /// that is missing.
    ///
    /// However many tasks wait for one fetch, they take one thread. A token that has its key takes
    /// none.
    #[pyo3(signature = (token, /))]
    fn verify_async<'py>(slf: &Bound<'py, Self>, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("bouncer_verify._waiting")?.call_method1("verify", (slf, token))
    }

    /// The verdict, a token or an error, and 0. None and a ticket while a fetch decides: wait for
    /// it, then call again with the ticket. A call before that fetch is over returns a verdict.
    #[pyo3(signature = (token, ticket, /))]
    fn _verify_now(
        &self,
        py: Python<'_>,
        token: Text<'_>,
        ticket: u64,
    ) -> PyResult<(Option<Py<PyAny>>, u64)> {
        Ok(match self.judge(py, &token, Ticket::from_bits(ticket))? {
            Verdict::Final(Ok(token)) => (Some(Py::new(py, VerifiedToken::from(token))?.into_any()), 0),
            Verdict::Final(Err(error)) => (Some(exception(py, &error).into_value(py).into_any()), 0),
            Verdict::Pending(ticket) => (None, ticket.to_bits()),
        })
    }
}

impl Verifier {
    /// Parsing, signature and claims in one call of the core, during which other threads may run
    /// Python. It never waits; `ticket` is that of the call before.
    fn judge(&self, py: Python<'_>, token: &Text<'_>, ticket: Option<Ticket>) -> PyResult<Verdict> {
        let asked = self.asked(py)?;
        let verifier = asked.as_ref().unwrap_or(&self.verifier);
        // Threads that hand the lock over for a tenth of a microsecond get slower by it.
        if let Some(result) = verifier.lookup_cached(token) {
            return Ok(Verdict::Final(result));
        }
        Ok(py.detach(|| match ticket {
            None => verifier.verify_now(token),
            Some(ticket) => verifier.resume(token, ticket),
        }))
    }

    /// The final verdict. All waits together end `max_wait` after the first one `began`, or with a
    /// signal.
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
                    if let Keys::Remote(keys) = &self.keys {
                        let keys = keys.get();
                        let waited = began.get_or_insert_with(Instant::now).elapsed();
                        keys.wait_for(py, Some(ticket), keys.max_wait.saturating_sub(waited))?;
                    }
                    verdict = self.judge(py, token, Some(ticket))?;
                }
            }
        }
    }

    /// The verdicts on many tokens, judged while other threads may run Python. Then those that lack
    /// a key wait for it, all of them no longer than one would.
    fn judge_all(&self, py: Python<'_>, tokens: &Texts, threads: usize) -> PyResult<Vec<batch::Verdict>> {
        let asked = self.asked(py)?;
        let verifier = asked.as_ref().unwrap_or(&self.verifier);
        // The time that was asked for is known to this thread alone.
        let threads = if self.cached && self.policy.get().has_clock() { 1 } else { threads };
        let judged = py.detach(|| verifier.verify_batch_now(&tokens.0, threads));
        let mut began = None;
        let resume = |(verdict, token): (_, &OwnedText)| {
            self.wait_and_resume(py, &Text::Borrowed(token.as_ref()), verdict, &mut began)
        };
        judged.into_iter().zip(&tokens.0).map(resume).collect()
    }

    /// Asks Python for the time if the policy does. Without a cache it takes a verifier for that
    /// time, which is what is returned; with one, this thread is told.
    fn asked(&self, py: Python<'_>) -> PyResult<Option<bouncer_verify::Verifier>> {
        let policy = self.policy.get();
        let Some(now) = policy.time(py)? else { return Ok(None) };
        if self.cached {
            NOW.set(now);
            return Ok(None);
        }
        Ok(Some(bouncer_verify::Verifier::new(self.keys.of_the_core(), policy.policy.clone().time(now))))
    }
}

impl Keys {
    fn of_the_core(&self) -> bouncer_verify::Keys {
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
