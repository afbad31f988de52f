//! The class `Verifier`, and the functions that verify without a `Verifier`.

use crate::authorization::token_in;
use crate::background::Detached;
use crate::batch::{self, OwnedText, Texts};
use crate::configuration;
use crate::error::{exception, invalid_value};
use crate::event_loop::{self, Watch};
use crate::interrupt;
use crate::jwk_set::JwkSet;
use crate::policy::Policy;
use crate::remote_jwk_set::RemoteJwkSet;
use crate::stats;
use crate::text::{Text, not_a};
use crate::token::VerifiedToken;
use crate::token_columns::TokenColumns;
use bouncer_verify::{Clock, Settings, Stats, Ticket, Verdict};
use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// Verifies tokens of one issuer or of many. Any number of threads may use it.
///
/// Verifier(jwks, policy) has a single entry: the keys of an issuer, a JwkSet or a RemoteJwkSet,
/// and the policy for its tokens. Verifier.accepting() and Verifier.from_config() make verifiers
/// with several entries.
///
/// With several entries, the token's "iss" selects the entry, and decides nothing else: the token
/// must pass that entry's policy, with a signature of that entry's keys. Entries share no keys, no
/// limits for fetches and no verified tokens.
///
/// "iss" must be one of the `issuers` of an entry. No two entries may name the same issuer. A token
/// without "iss" goes to the entry whose policy names no issuers, for example Policy.dcos(); only
/// one entry may have such a policy. A token with another "iss" goes to that same entry only if its
/// policy is Policy.any_issuer(). Otherwise InvalidIssuerError is raised, and nothing is fetched.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Verifier {
    verifier: Detached<bouncer_verify::Verifier>,
    /// The keys of the constructor, if this verifier was made by it. reload() drops them, because
    /// this reference would keep them fresh. Locked only with the GIL, so never during a fork.
    jwks: Mutex<Option<Py<PyAny>>>,
    /// The policy of the constructor, if this verifier was made by it.
    policy: Option<Py<Policy>>,
    /// Whether reload() has replaced the entry of the constructor.
    is_reloaded: AtomicBool,
    /// Whether the key sets that this verifier makes from a document are logged.
    log: bool,
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
        let keys = keys_of("jwks", jwks)?;
        let rules = policy.get().policy.clone();
        // The core's verifier owns the cache and the counters, so one verifier serves all calls.
        // Its clock therefore returns the time that the current call has stored in `NOW`.
        let rules = if policy.get().has_clock() { rules.clock(Clock::from_fn(|| NOW.get())) } else { rules };
        let verifier = bouncer_verify::Verifier::new(keys, rules);
        let jwks = Mutex::new(Some(jwks.clone().unbind()));
        Ok(Self { jwks, policy: Some(policy), ..verifier.into() })
    }

    /// Makes a verifier with several entries. Each is a pair: keys and the policy for their tokens.
    ///
    /// cache: about how many verified tokens of all entries together to cache; see with_cache().
    ///
    /// Raises InvalidArgumentError if there is no entry, if two entries accept the tokens of the
    /// same issuer, or if a policy has a clock. `claim` is then the path of the entry, such as
    /// "accept[1].issuers". A policy of Verifier(jwks, policy) may have a clock.
    #[staticmethod]
    #[pyo3(signature = (entries, /, *, cache = 0))]
    fn accepting(py: Python<'_>, entries: &Bound<'_, PyAny>, cache: i64) -> PyResult<Self> {
        let cache = batch::count(py, "cache", cache)?;
        let entries = entries.try_iter().map_err(|_| not_a("entries", "an iterable of pairs", entries))?;
        // Outlives `builder`, which must not drop the last reference to a key set: see `Detached`.
        let entries: Vec<_> = entries.collect::<PyResult<_>>()?;
        let mut builder = bouncer_verify::Verifier::builder().cache(cache);
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("accept[{index}]");
            let (keys, policy) = entry
                .extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()
                .map_err(|_| not_a(&path, "a pair of keys and a policy", entry))?;
            let policy = policy.cast::<Policy>().map_err(|_| not_a(&path, "keys and a Policy", &policy))?;
            if policy.get().has_clock() {
                let why = "only the policy of Verifier(jwks, policy) may have a clock: set time instead";
                return Err(invalid_value(py, &format!("{path}.clock"), why));
            }
            builder = builder.accept(keys_of(&format!("{path}.keys"), &keys)?, policy.get().policy.clone());
        }
        py.detach(|| builder.build()).map(Self::from).map_err(|error| exception(py, &error))
    }

    /// Makes a verifier from a configuration document: JSON as str or bytes, or a dict of the same
    /// form, such as `{"accept": [{"issuers": ["https://id.example"], "audiences": ["orders"]}]}`.
    /// docs/settings.md describes the document, and `bouncer_verify.types.Configuration` is its
    /// type. Remote keys are fetched in the background, at once.
    ///
    /// log: whether the logger "bouncer_verify" logs changes of the keys and failures. It also
    /// applies to later calls of reload().
    ///
    /// Raises InvalidArgumentError if a setting is invalid. `claim` is then its path, such as
    /// "accept[1].keys.max_stale". Raises MalformedKeySetError or NoUsableKeyError if a JWK Set in
    /// the document or in a file is rejected. Raises TypeError if a dict contains a value that JSON
    /// does not have.
    #[staticmethod]
    #[pyo3(signature = (document, /, *, log = true))]
    fn from_config(py: Python<'_>, document: &Bound<'_, PyAny>, log: bool) -> PyResult<Self> {
        let settings = configuration::settings(document, log)?;
        let verifier = py.detach(|| bouncer_verify::Verifier::from_settings(&settings));
        Ok(Self { log, ..verifier.map_err(|error| exception(py, &error))?.into() })
    }

    /// Replaces all entries by those of a configuration document; see from_config(). The change is
    /// atomic: each verification uses the old entries or the new ones. Other threads may use the
    /// verifier meanwhile.
    ///
    /// An entry of a document that is the same as before is kept, with its keys, its cached tokens
    /// and its counters. If only the policy of an entry differs, its keys are kept. Files of keys
    /// are read again. The cache gets the size that the document names.
    ///
    /// Raises what from_config() raises. The verifier is then unchanged.
    #[pyo3(signature = (document, /))]
    fn reload(&self, py: Python<'_>, document: &Bound<'_, PyAny>) -> PyResult<()> {
        let settings = configuration::settings(document, self.log)?;
        self.reload_settings(py, &settings)?;
        self.is_reloaded.store(true, Ordering::SeqCst);
        // Not in one statement: the keys must not be dropped while the lock is held.
        let jwks = self.jwks().take();
        drop(jwks);
        Ok(())
    }

    /// Waits until all entries have keys, for up to `timeout` seconds. The wait ends early if keys
    /// are closed, or if the metadata contains another issuer.
    ///
    /// Raises the KeysUnavailableError of the first entry that has no keys. The other entries may
    /// have theirs.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let ready = |slice| self.verifier.wait_ready(slice);
        interrupt::until_ready(py, timeout, ready, || self.verifier.may_become_ready())
    }

    /// Does the same as wait_ready(), but does not block the event loop of asyncio, uvloop or trio.
    #[pyo3(signature = (timeout = 10.0))]
    fn wait_ready_async(slf: Bound<'_, Self>, timeout: f64) -> PyResult<Bound<'_, PyAny>> {
        event_loop::until_ready(slf.into_any(), timeout)
    }

    /// Returns a verifier with the same entries that caches about `tokens` verified tokens. At most
    /// 2^20; 0 disables the cache.
    ///
    /// The signature of a cached token is not verified again. The whole token is compared, and
    /// "exp" and "nbf" are checked each time. When remote keys change, the tokens of the old keys
    /// are removed.
    ///
    /// The tokens and their claims stay in memory until other tokens replace them. Each token needs
    /// about twice its length. Tokens over 4 KiB are not cached.
    ///
    /// A later reload() of one of the two verifiers does not change the other.
    #[pyo3(signature = (tokens, /))]
    fn with_cache(&self, py: Python<'_>, tokens: i64) -> PyResult<Self> {
        let verifier = self.verifier.with_cache(batch::count(py, "tokens", tokens)?);
        Ok(Self {
            verifier: verifier.into(),
            jwks: self.jwks().as_ref().map(|jwks| jwks.clone_ref(py)).into(),
            policy: self.policy.as_ref().map(|policy| policy.clone_ref(py)),
            is_reloaded: self.is_reloaded.load(Ordering::SeqCst).into(),
            log: self.log,
        })
    }

    /// Returns the counters of the cache and of each entry, as a
    /// `bouncer_verify.types.VerifierStats`. They cover only this process.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats::of_verifier(py, &Stats::from(&*self.verifier))
    }

    /// Returns the stats in the text format of Prometheus.
    fn prometheus(&self) -> String {
        Stats::from(&*self.verifier).prometheus()
    }

    /// The keys of Verifier(jwks, policy): a JwkSet or a RemoteJwkSet. Raises AttributeError if the
    /// verifier was made in another way, or after reload().
    #[getter]
    fn get_jwks(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let jwks = self.jwks().as_ref().map(|jwks| jwks.clone_ref(py));
        jwks.ok_or_else(|| no_attribute("jwks"))
    }

    /// The policy of Verifier(jwks, policy). Raises AttributeError if the verifier was made in
    /// another way, or after reload().
    #[getter]
    fn get_policy(&self, py: Python<'_>) -> PyResult<Py<Policy>> {
        let policy = self.policy().map(|policy| policy.clone_ref(py));
        policy.ok_or_else(|| no_attribute("policy"))
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

    /// Returns whether the fetch of this ticket is over. With ticket 0, returns whether all entries
    /// have keys, or waiting for them does not help.
    #[pyo3(signature = (ticket, /))]
    fn _is_over(&self, py: Python<'_>, ticket: u64) -> bool {
        py.detach(|| match Ticket::from_bits(ticket) {
            Some(ticket) => self.verifier.wait(ticket, Duration::ZERO),
            None => self.verifier.wait_ready(Duration::ZERO).is_ok() || !self.verifier.may_become_ready(),
        })
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
        self.read_clock(py)?;
        // The lookup holds the GIL: a cache hit takes about 0.1 µs, less than releasing the GIL.
        if let Some(result) = self.verifier.lookup_cached(token) {
            return Ok(Verdict::Final(result));
        }
        Ok(py.detach(|| match ticket {
            None => self.verifier.verify_now(token),
            Some(ticket) => self.verifier.resume(token, ticket),
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
                    interrupt::in_slices(py, left, |slice| self.verifier.wait(ticket, slice).then_some(()))?;
                    verdict = self.verify_now(py, token, Some(ticket))?;
                }
            }
        }
    }

    /// Verifies many tokens without the GIL. Then waits for the fetches of missing keys, for up to
    /// `max_wait` in total.
    fn verify_all(&self, py: Python<'_>, tokens: &Texts, threads: usize) -> PyResult<Vec<batch::Verdict>> {
        // `NOW` is thread-local, so this thread must verify all tokens.
        let threads = if self.read_clock(py)? { 1 } else { threads };
        let verdicts = py.detach(|| self.verifier.verify_batch_now(&tokens.0, threads));
        let mut began = None;
        let resume = |(verdict, token): (_, &OwnedText)| {
            self.wait_and_resume(py, &Text::Borrowed(token.as_ref()), verdict, &mut began)
        };
        verdicts.into_iter().zip(&tokens.0).map(resume).collect()
    }

    /// Calls the policy's clock, if it has one, and stores the time in `NOW`. Returns whether there
    /// is a clock.
    fn read_clock(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(policy) = self.policy() else { return Ok(false) };
        let time = policy.get().time(py)?;
        time.into_iter().for_each(|now| NOW.set(now));
        Ok(time.is_some())
    }

    fn jwks(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.jwks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the policy of the constructor, if it is still in use.
    fn policy(&self) -> Option<&Py<Policy>> {
        self.policy.as_ref().filter(|_| !self.is_reloaded.load(Ordering::Relaxed))
    }

    fn reload_settings(&self, py: Python<'_>, settings: &Settings) -> PyResult<()> {
        // A thread that holds the GIL must not drop the last reference to a key set (see
        // `Detached`), but may be using the old entries. This keeps their keys.
        let before = self.verifier.with_cache(0);
        let result = py.detach(|| self.verifier.reload_settings(settings));
        // This thread has the GIL again, so no other thread with the GIL uses the old entries.
        py.detach(|| drop(before));
        result.map_err(|error| exception(py, &error))
    }
}

impl From<bouncer_verify::Verifier> for Verifier {
    fn from(verifier: bouncer_verify::Verifier) -> Self {
        Self {
            verifier: verifier.into(),
            jwks: None.into(),
            policy: None,
            is_reloaded: false.into(),
            log: true,
        }
    }
}

/// Returns the keys of the argument `name`.
fn keys_of(name: &str, keys: &Bound<'_, PyAny>) -> PyResult<bouncer_verify::Keys> {
    if let Ok(fixed) = keys.cast::<JwkSet>() {
        return Ok(Arc::clone(&fixed.get().0).into());
    }
    if let Ok(remote) = keys.cast::<RemoteJwkSet>() {
        return Ok(remote.get().keys.clone().into());
    }
    Err(not_a(name, "a JwkSet or a RemoteJwkSet", keys))
}

fn no_attribute(name: &str) -> PyErr {
    PyAttributeError::new_err(format!("only a verifier made by Verifier(jwks, policy) has {name}"))
}
