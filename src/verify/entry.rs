//! An entry of a verifier: one issuer's keys with the policy for its tokens. Keys of one entry are
//! never used with the policy of another.

use super::batch::verify_chunk;
use super::cache::{Cache, Owner};
use super::counts::{Counts, Outcome};
use super::key_source::{KeySource, Refetch};
use super::keys::{Keys, Source};
use super::missing_key::{check_form, missing_key};
use super::policy::Policy;
use super::ticket::{Ticket, Verdict};
use super::verified_token::VerifiedToken;
use super::verify_token::verify_token;
use super::watch::Notifier;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Generation of keys that never change.
const FIXED: u64 = 1;

/// What the configuration says about an entry. A reload keeps what has not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configured {
    pub(crate) keys: Box<str>,
    pub(crate) policy: Box<str>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    /// Unique among all entries that its verifier has ever had, and never 0.
    pub(super) id: u32,
    pub(crate) keys: Keys,
    pub(crate) policy: Policy,
    /// `None` for an entry that was made in code.
    pub(crate) configured: Option<Configured>,
    pub(crate) counts: Arc<Counts>,
    /// The highest generation of keys for which older tokens were removed from the cache.
    cached: AtomicU64,
}

impl Entry {
    pub(super) fn new(id: u32, keys: Keys, policy: Policy, configured: Option<Configured>) -> Self {
        Self { id, keys, policy, configured, counts: Arc::default(), cached: AtomicU64::new(0) }
    }

    /// Returns the same entry with another id: tokens that were cached for the old id are not found
    /// for the new one.
    pub(super) fn with_id(&self, id: u32) -> Self {
        let counts = Arc::clone(&self.counts);
        Self { counts, ..Self::new(id, self.keys.clone(), self.policy.clone(), self.configured.clone()) }
    }

    /// Returns whether the issuers of other entries limit which tokens this entry gets.
    pub(super) fn depends_on_others(&self) -> bool {
        !self.policy.issuer_templates().is_empty() || !self.policy.checks_issuer()
    }

    /// Returns an entry with the same keys and policy, and with new counters.
    pub(super) fn without_counts(&self) -> Self {
        Self::new(self.id, self.keys.clone(), self.policy.clone(), self.configured.clone())
    }

    /// Returns whether `owner` stands for the keys that this entry uses now.
    #[inline]
    pub(super) fn is(&self, owner: Owner) -> bool {
        owner.entry == self.id && self.generation() == Some(owner.generation)
    }

    /// Returns the generation of the keys in use, or `None` if there are none.
    #[inline]
    fn generation(&self) -> Option<u64> {
        match &self.keys.0 {
            Source::Fixed(_) => Some(FIXED),
            Source::Changing(source) => {
                Some(source.current_keys().generation()).filter(|&generation| generation != 0)
            }
        }
    }

    /// Counts a final result. If the token is verified, caches it.
    #[inline]
    fn record(&self, cache: Option<&Cache>, token: &[u8], generation: u64, result: &Result<VerifiedToken>) {
        self.counts.count(Outcome::of(result));
        if let (Some(cache), Ok(verified)) = (cache, result) {
            self.forget_old_keys(cache, generation);
            cache.insert(token, verified, Owner { entry: self.id, generation });
        }
    }

    /// Removes the tokens of earlier keys from the cache, once for each generation.
    fn forget_old_keys(&self, cache: &Cache, generation: u64) {
        if self.cached.load(Relaxed) < generation && self.cached.fetch_max(generation, Relaxed) < generation {
            cache.retain(|owner| owner.entry != self.id || owner.generation >= generation);
        }
    }

    /// Lets the source of the keys call `notifier` after each fetch.
    pub(super) fn add_notifier(&self, notifier: &Notifier) {
        if let Source::Changing(source) = &self.keys.0 {
            source.add_notifier(notifier);
        }
    }

    /// Returns the longest time that a token waits for keys.
    pub(super) fn max_wait(&self) -> Duration {
        match &self.keys.0 {
            Source::Fixed(_) => Duration::ZERO,
            Source::Changing(source) => source.max_wait(),
        }
    }

    /// Blocks until there are keys, up to `timeout`.
    pub(super) fn wait_ready(&self, timeout: Duration) -> Result<()> {
        match &self.keys.0 {
            Source::Fixed(_) => Ok(()),
            Source::Changing(source) => source.wait_ready(timeout),
        }
    }

    /// Returns false if waiting for keys does not help.
    pub(super) fn may_become_ready(&self) -> bool {
        match &self.keys.0 {
            Source::Fixed(_) => true,
            Source::Changing(source) => source.may_become_ready(),
        }
    }

    /// Blocks until the fetch of `ticket` is over. Returns false if it is not over after `timeout`.
    pub(super) fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        match &self.keys.0 {
            Source::Fixed(_) => false,
            Source::Changing(source) => source.wait(ticket, timeout),
        }
    }

    /// Verifies a token again after it has waited for the fetch of `ticket`. It never blocks.
    pub(super) fn resume(&self, cache: Option<&Cache>, token: &[u8], ticket: Ticket) -> Verdict {
        let ticket = ticket.last_unless(self.wait(ticket, Duration::ZERO));
        self.verify_now(cache, token, Some(ticket))
    }

    /// Verifies a token that is not in the cache. It never blocks. `before` is the ticket that the
    /// token has already waited for.
    pub(super) fn verify_now(&self, cache: Option<&Cache>, token: &[u8], before: Option<Ticket>) -> Verdict {
        match &self.keys.0 {
            Source::Fixed(jwks) => {
                let result = verify_token(jwks, &self.policy, token);
                self.record(cache, token, FIXED, &result);
                Verdict::Final(result)
            }
            Source::Changing(source) => self.verify_with_source(&**source, cache, token, before),
        }
    }

    fn verify_with_source(
        &self,
        source: &dyn KeySource,
        cache: Option<&Cache>,
        token: &[u8],
        before: Option<Ticket>,
    ) -> Verdict {
        let policy = &self.policy;
        let mut tried = None;
        loop {
            let keys = source.current_keys();
            let generation = keys.generation();
            let finish = |result| {
                self.record(cache, token, generation, &result);
                Verdict::Final(result)
            };
            let result = match keys.jwks() {
                Some(jwks) => verify_token(jwks, policy, token),
                None => check_form(policy, token).and_then(|()| Err(unavailable(source.why_none()))),
            };
            let missing = match &result {
                Ok(_) => None,
                Err(error) => missing_key(source, keys.jwks(), policy, token, error),
            };
            let Some(missing) = missing else { return finish(result) };
            match source.on_missing_key(missing, generation, before) {
                // Verify again only if the keys have really changed.
                Refetch::OtherKeys if tried.replace(generation) != Some(generation) => {}
                Refetch::Fetch(ticket) if !before.is_some_and(Ticket::is_last) => {
                    return Verdict::Pending(ticket.of_entry(self.id));
                }
                Refetch::Unavailable(detail) => return finish(Err(unavailable(detail))),
                Refetch::None | Refetch::OtherKeys | Refetch::Fetch(_) => return finish(result),
            }
        }
    }

    /// Verifies tokens that are not in the cache, with one key snapshot. It never blocks. The
    /// results are in the order of the tokens.
    pub(super) fn verify_chunk(&self, cache: Option<&Cache>, tokens: &[&[u8]]) -> Vec<Verdict> {
        match &self.keys.0 {
            Source::Fixed(jwks) => self.verify_chunk_with(jwks, cache, tokens, FIXED, |_, _| None),
            Source::Changing(source) => {
                let keys = source.current_keys();
                let again = |token: &[u8]| self.verify_with_source(&**source, cache, token, None);
                let Some(jwks) = keys.jwks() else {
                    return tokens.iter().map(|token| again(token)).collect();
                };
                let generation = keys.generation();
                self.verify_chunk_with(jwks, cache, tokens, generation, |token, error| {
                    let missing = missing_key(&**source, Some(jwks), &self.policy, token, error)?;
                    match source.on_missing_key(missing, generation, None) {
                        Refetch::None => None,
                        Refetch::OtherKeys => Some(again(token)),
                        Refetch::Fetch(ticket) => Some(Verdict::Pending(ticket.of_entry(self.id))),
                        Refetch::Unavailable(detail) => {
                            let result = Err(unavailable(detail));
                            self.record(cache, token, generation, &result);
                            Some(Verdict::Final(result))
                        }
                    }
                })
            }
        }
    }

    /// Verifies tokens with `jwks`. If a token is rejected, `on_error` may return another verdict.
    fn verify_chunk_with(
        &self,
        jwks: &JwkSet,
        cache: Option<&Cache>,
        tokens: &[&[u8]],
        generation: u64,
        on_error: impl Fn(&[u8], &Error) -> Option<Verdict>,
    ) -> Vec<Verdict> {
        let results = verify_chunk(jwks, &self.policy, tokens);
        let verdict = |(result, token): (Result<VerifiedToken>, &&[u8])| {
            let other = result.as_ref().err().and_then(|error| on_error(token, error));
            other.unwrap_or_else(|| {
                self.record(cache, token, generation, &result);
                Verdict::Final(result)
            })
        };
        results.into_iter().zip(tokens).map(verdict).collect()
    }
}

fn unavailable(detail: Cow<'static, str>) -> Error {
    Error::new(ErrorKind::KeysUnavailable, "").with_detail(detail)
}
