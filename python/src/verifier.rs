//! The decision.

use crate::error::exception;
use crate::jwk_set::JwkSet;
use crate::policy::Policy;
use crate::remote_jwk_set::RemoteJwkSet;
use crate::text::Text;
use crate::token::VerifiedToken;
use bouncer_verify::{Error, FetchTicket};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::borrow::Cow;
use std::time::Instant;

/// Verifies a JWT: its signature with the keys of `jwks`, then its claims against `policy`.
///
/// Raises an InvalidTokenError that says why the token is refused, and nothing else for any str or bytes.
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

/// Keys, a JwkSet or a RemoteJwkSet, and a policy that belong together, so that one issuer's keys never meet
/// another's rules. Immutable; any number of threads may use it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Verifier {
    keys: Keys,
    #[pyo3(get)]
    policy: Py<Policy>,
}

enum Keys {
    Fixed(Py<JwkSet>),
    /// With the verifier for as long as the policy needs no time from Python.
    Remote(Py<RemoteJwkSet>, bouncer_verify::Verifier),
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (jwks, policy))]
    fn new(jwks: &Bound<'_, PyAny>, policy: Py<Policy>) -> PyResult<Self> {
        let keys = if let Ok(fixed) = jwks.cast::<JwkSet>() {
            Keys::Fixed(fixed.clone().unbind())
        } else if let Ok(remote) = jwks.cast::<RemoteJwkSet>() {
            let keys = remote.get().keys.clone();
            Keys::Remote(
                remote.clone().unbind(),
                bouncer_verify::Verifier::new(keys, policy.get().policy.clone()),
            )
        } else {
            let other = jwks.get_type().name()?;
            return Err(PyTypeError::new_err(format!("expected a JwkSet or a RemoteJwkSet, not {other}")));
        };
        Ok(Self { keys, policy })
    }

    /// The keys.
    #[getter]
    fn jwks(&self, py: Python<'_>) -> Py<PyAny> {
        match &self.keys {
            Keys::Fixed(keys) => keys.clone_ref(py).into_any(),
            Keys::Remote(keys, _) => keys.clone_ref(py).into_any(),
        }
    }

    /// Verifies a JWT, as verify_token() does.
    ///
    /// With a RemoteJwkSet it waits where a fetch may bring the key that is missing, `max_wait` seconds at most,
    /// and also raises KeysUnavailableError. A token that has its key never waits.
    #[pyo3(signature = (token, /))]
    fn verify(&self, py: Python<'_>, token: Text<'_>) -> PyResult<VerifiedToken> {
        let (mut ticket, mut start) = (None, None);
        loop {
            let verdict = self.judge(py, &token, &mut ticket)?;
            if let (Keys::Remote(keys, _), Some(_)) = (&self.keys, ticket) {
                let (keys, start) = (keys.get(), *start.get_or_insert_with(Instant::now));
                if keys.wait_for(py, ticket, keys.max_wait.saturating_sub(start.elapsed()))? {
                    continue;
                }
            }
            return verdict.map(VerifiedToken::from).map_err(|error| exception(py, &error));
        }
    }

    /// verify() for an event loop, which goes on while a fetch may bring the key that is missing.
    ///
    /// However many tasks wait for one fetch, they take one thread of the loop's executor. A token that has its
    /// key takes none.
    #[pyo3(signature = (token, /))]
    fn verify_async<'py>(slf: &Bound<'py, Self>, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("bouncer_verify._waiting")?.call_method1("verify", (slf, token))
    }

    /// The verdict of this moment, a token or an error, and the ticket of the fetch that could change it; 0 if
    /// none could. `ticket` is that of the fetch that was waited for already.
    #[pyo3(signature = (token, ticket, /))]
    fn _verify_now(&self, py: Python<'_>, token: Text<'_>, ticket: u64) -> PyResult<(Py<PyAny>, u64)> {
        let mut ticket = FetchTicket::from_bits(ticket);
        let verdict = match self.judge(py, &token, &mut ticket)? {
            Ok(token) => Py::new(py, VerifiedToken::from(token))?.into_any(),
            Err(error) => exception(py, &error).into_value(py).into_any(),
        };
        Ok((verdict, ticket.map_or(0, FetchTicket::to_bits)))
    }
}

impl Verifier {
    /// Parsing, signature and claims in one call of the core, during which other threads may run Python. It
    /// never waits; `ticket` becomes what could change the verdict.
    fn judge(
        &self,
        py: Python<'_>,
        token: &Text<'_>,
        ticket: &mut Option<FetchTicket>,
    ) -> PyResult<Result<bouncer_verify::VerifiedToken, Error>> {
        let policy = self.policy.get().now(py)?;
        Ok(match (&self.keys, policy) {
            (Keys::Fixed(keys), policy) => {
                let keys = keys.get();
                py.detach(|| bouncer_verify::verify_token(&keys.0, &policy, token))
            }
            (Keys::Remote(_, verifier), Cow::Borrowed(_)) => py.detach(|| verifier.verify_now(token, ticket)),
            (Keys::Remote(keys, _), Cow::Owned(policy)) => {
                let verifier = bouncer_verify::Verifier::new(keys.get().keys.clone(), policy);
                py.detach(|| verifier.verify_now(token, ticket))
            }
        })
    }
}
