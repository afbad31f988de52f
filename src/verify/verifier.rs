//! Keys and a policy that belong together, so that one issuer's keys never meet another's rules.

use super::policy::Policy;
use super::verified_token::VerifiedToken;
use crate::crypto::jwk_set::JwkSet;
use crate::error::Result;
use std::sync::Arc;

/// One issuer's keys with the policy for its tokens. Cheap to clone; shared by any number of threads.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    jwks: Arc<JwkSet>,
    policy: Policy,
}

impl Verifier {
    /// A verifier of tokens that a key of `jwks` signed, under `policy`.
    pub fn new(jwks: impl Into<Arc<JwkSet>>, policy: Policy) -> Self {
        Self(Arc::new(Inner { jwks: jwks.into(), policy }))
    }

    /// Verifies `token` as [`crate::verify_token`] does.
    ///
    /// # Errors
    /// As [`crate::verify_token`].
    pub fn verify(&self, token: impl AsRef<[u8]>) -> Result<VerifiedToken> {
        super::verify_token(&self.0.jwks, &self.0.policy, token)
    }

    /// The keys.
    pub fn jwks(&self) -> &JwkSet {
        &self.0.jwks
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }
}
