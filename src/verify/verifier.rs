//! Keys and a policy that belong together, so that one issuer's keys never meet another's rules.

#[cfg(feature = "remote")]
use super::key_source::{FetchTicket, KeySource};
use super::policy::Policy;
use super::verified_token::VerifiedToken;
use crate::crypto::jwk_set::JwkSet;
use crate::error::Result;
use std::sync::Arc;
#[cfg(feature = "remote")]
use std::time::{Duration, Instant};

/// One issuer's keys with the policy for its tokens. Cheap to clone; shared by any number of threads.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Keys,
    policy: Policy,
}

/// The keys of a [`Verifier`]: a [`JwkSet`], which stays as it is, or a `RemoteJwkSet`, which keeps itself
/// fresh. Made by `into()` from either.
#[derive(Debug)]
pub struct Keys(Source);

#[derive(Debug)]
enum Source {
    Fixed(Arc<JwkSet>),
    #[cfg(feature = "remote")]
    Kept(Box<dyn KeySource>),
}

impl<T: Into<Arc<JwkSet>>> From<T> for Keys {
    fn from(keys: T) -> Self {
        Self(Source::Fixed(keys.into()))
    }
}

#[cfg(feature = "remote")]
impl Keys {
    pub(crate) fn kept(source: impl KeySource + 'static) -> Self {
        Self(Source::Kept(Box::new(source)))
    }
}

impl Verifier {
    /// A verifier of tokens that a key of `keys` signed, under `policy`.
    pub fn new(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self(Arc::new(Inner { keys: keys.into(), policy }))
    }

    /// Verifies `token` as [`crate::verify_token`] does.
    ///
    /// With remote keys it waits where a fetch may bring the key that is missing, two seconds at most unless
    /// they are set up otherwise. A token that has its key never waits.
    ///
    /// # Errors
    /// As [`crate::verify_token`]; with remote keys also [`crate::ErrorKind::KeysUnavailable`].
    pub fn verify(&self, token: impl AsRef<[u8]>) -> Result<VerifiedToken> {
        match &self.0.keys.0 {
            Source::Fixed(jwks) => super::verify_token(jwks, &self.0.policy, token),
            #[cfg(feature = "remote")]
            Source::Kept(source) => {
                let mut ticket = None;
                let mut began = None;
                loop {
                    let verdict = super::verify_kept(&**source, &self.0.policy, token.as_ref(), &mut ticket);
                    let Some(ticket) = ticket else { return verdict };
                    let waited = began.get_or_insert_with(Instant::now).elapsed();
                    if !source.wait(ticket, source.patience().saturating_sub(waited)) {
                        // A last look: the key may be in use a moment before the fetch is done.
                        let mut last = Some(FetchTicket { begins_later: true, ..ticket });
                        return super::verify_kept(&**source, &self.0.policy, token.as_ref(), &mut last);
                    }
                }
            }
        }
    }

    /// Verifies `token` without ever waiting, for callers that must not block a thread.
    ///
    /// `ticket` is `None` at first. If it is `Some` afterwards, the verdict may change once that fetch is
    /// done: wait for it ([`Verifier::wait`] on another thread) and call again with it, twice at most. If it
    /// is `None`, the verdict is final.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    #[cfg(feature = "remote")]
    pub fn verify_now(
        &self,
        token: impl AsRef<[u8]>,
        ticket: &mut Option<FetchTicket>,
    ) -> Result<VerifiedToken> {
        match &self.0.keys.0 {
            Source::Fixed(jwks) => {
                *ticket = None;
                super::verify_token(jwks, &self.0.policy, token)
            }
            Source::Kept(source) => super::verify_kept(&**source, &self.0.policy, token.as_ref(), ticket),
        }
    }

    /// Waits until the fetch that `ticket` stands for is done; false if it is not after `timeout`, or will
    /// not be.
    #[cfg(feature = "remote")]
    pub fn wait(&self, ticket: FetchTicket, timeout: Duration) -> bool {
        match &self.0.keys.0 {
            Source::Fixed(_) => false,
            Source::Kept(source) => source.wait(ticket, timeout),
        }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }
}
