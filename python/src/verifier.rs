//! The decision.

use crate::error::exception;
use crate::jwk_set::JwkSet;
use crate::policy::Policy;
use crate::text::Text;
use crate::token::VerifiedToken;
use pyo3::prelude::*;

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
    judge(py, jwks.get(), policy.get(), &token)
}

/// Keys and a policy that belong together, so that one issuer's keys never meet another's rules. Immutable;
/// any number of threads may use it.
#[pyclass(frozen, module = "bouncer_verify")]
pub(crate) struct Verifier {
    #[pyo3(get)]
    jwks: Py<JwkSet>,
    #[pyo3(get)]
    policy: Py<Policy>,
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (jwks, policy))]
    fn new(jwks: Py<JwkSet>, policy: Py<Policy>) -> Self {
        Self { jwks, policy }
    }

    /// Verifies a JWT, as verify_token() does.
    #[pyo3(signature = (token, /))]
    fn verify(&self, py: Python<'_>, token: Text<'_>) -> PyResult<VerifiedToken> {
        judge(py, self.jwks.get(), self.policy.get(), &token)
    }
}

/// Parsing, signature and claims in one call of the core, during which other threads may run Python.
fn judge(py: Python<'_>, jwks: &JwkSet, policy: &Policy, token: &Text<'_>) -> PyResult<VerifiedToken> {
    let policy = policy.now(py)?;
    py.detach(|| bouncer_verify::verify_token(&jwks.0, &policy, token))
        .map(VerifiedToken::from)
        .map_err(|error| exception(py, &error))
}
