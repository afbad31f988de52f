//! Keys and a policy that belong together, so that one issuer's keys never meet another's rules.

use super::batch::{split_across_threads, verify_chunk};
use super::cache::{Cache, CacheStats};
use super::key_source::{KeySource, Refetch};
use super::missing_key::{check_form, missing_key};
use super::policy::Policy;
use super::ticket::{Ticket, Verdict};
use super::verified_token::VerifiedToken;
use super::verify_token::verify_token;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::authorization::token_from_authorization;
use crate::keys::jwk_set::JwkSet;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One issuer's keys with the policy for its tokens. Cheap to clone; shared by any number of
/// threads.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Keys,
    policy: Policy,
    cache: Option<Cache>,
}

/// The keys of a [`Verifier`]: a [`JwkSet`], which stays as it is, or a [`KeySource`], such as
/// `RemoteJwkSet`, whose keys may change. Made by `into()` from either.
#[derive(Debug, Clone)]
pub struct Keys(Source);

#[derive(Debug, Clone)]
enum Source {
    Fixed(Arc<JwkSet>),
    Changing(Arc<dyn KeySource>),
}

/// The generation of keys that do not change.
const FIXED: u64 = 1;
/// So many tokens of a batch are verified with the same keys, though others may be in use
/// meanwhile: less than a millisecond.
const SNAPSHOT: usize = 128;

impl From<JwkSet> for Keys {
    fn from(keys: JwkSet) -> Self {
        Arc::new(keys).into()
    }
}

impl From<Arc<JwkSet>> for Keys {
    fn from(keys: Arc<JwkSet>) -> Self {
        Self(Source::Fixed(keys))
    }
}

impl<S: KeySource + 'static> From<S> for Keys {
    fn from(source: S) -> Self {
        Self(Source::Changing(Arc::new(source)))
    }
}

impl Verifier {
    /// A verifier of tokens that a key of `keys` signed, under `policy`.
    pub fn new(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self(Arc::new(Inner { keys: keys.into(), policy, cache: None }))
    }

    /// A verifier of the same keys and policy that remembers about `tokens` verified tokens, 2^20
    /// at most; 0 is none, as without a call of this.
    ///
    /// A token that it remembers passes without its signature being verified again: the whole token
    /// is compared, "exp" and "nbf" are checked each time, and when remote keys change, everything
    /// is forgotten. What it gives up: the tokens and their claims stay in memory, about twice
    /// their length each, until others take their places. Tokens over 4 KiB are not remembered.
    #[must_use]
    pub fn with_cache(&self, tokens: usize) -> Self {
        let Inner { keys, policy, .. } = &*self.0;
        let cache = (tokens > 0).then(|| Cache::new(tokens));
        Self(Arc::new(Inner { keys: keys.clone(), policy: policy.clone(), cache }))
    }

    /// What the cache has done, if there is one.
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.0.cache.as_ref().map(Cache::stats)
    }

    /// Verifies `token` as [`crate::verify_token`] does.
    ///
    /// With remote keys it waits where a fetch may bring the key that is missing, two seconds at
    /// most unless they are set up otherwise. A token that has its key never waits.
    ///
    /// # Errors
    /// As [`crate::verify_token`]; with remote keys also [`crate::ErrorKind::KeysUnavailable`]:
    /// there are no keys, or the token's key could not be looked up, because the fetch failed or
    /// was not over in time.
    pub fn verify(&self, token: impl AsRef<[u8]>) -> Result<VerifiedToken> {
        let token = token.as_ref();
        match &self.0.keys.0 {
            Source::Fixed(jwks) => self.verify_fixed(jwks, token),
            Source::Changing(source) => {
                let verdict = self.verify_source(&**source, token, None);
                self.wait_and_resume(&**source, token, verdict, &mut None)
            }
        }
    }

    /// Verifies the token in `value`, the value of an HTTP Authorization header, as
    /// [`crate::token_from_authorization`] reads it and [`Verifier::verify`] verifies it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::MalformedAuthorization`], or as [`Verifier::verify`].
    ///
    /// ```
    /// use bouncer_verify::{ErrorKind, JwkSet, Policy, Verifier};
    /// # let document = include_bytes!("../../tests/data/document_jwks.json");
    /// # let token = include_str!("../../tests/data/document_token.txt").trim();
    ///
    /// let verifier = Verifier::new(JwkSet::from_slice(document)?, Policy::dcos().time(1467985465));
    /// let token = verifier.verify_authorization(format!("token={token}"))?;
    /// assert_eq!(token.uid(), Some("peter"));
    ///
    /// let error = verifier.verify_authorization("Basic dXNlcjpwYXNz").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::MalformedAuthorization);
    /// # Ok::<(), bouncer_verify::Error>(())
    /// ```
    pub fn verify_authorization(&self, value: impl AsRef<[u8]>) -> Result<VerifiedToken> {
        self.verify(token_from_authorization(value.as_ref())?)
    }

    /// The verdict of [`Verifier::verify`] if the cache has it. `None` is not counted as a miss.
    ///
    /// For bindings, where verifying costs preparations that a hit is not worth. No promise is made
    /// to keep it.
    #[doc(hidden)]
    pub fn lookup_cached(&self, token: impl AsRef<[u8]>) -> Option<Result<VerifiedToken>> {
        let Inner { keys, policy, cache } = &*self.0;
        let cache = cache.as_ref()?;
        let generation = match &keys.0 {
            Source::Fixed(_) => FIXED,
            Source::Changing(source) => usable_generation(&**source)?,
        };
        cache.lookup_cached(token.as_ref(), generation, policy)
    }

    /// The final verdict, after waiting for the fetches that decide. All waits together end
    /// `max_wait` after the first one began.
    fn wait_and_resume(
        &self,
        source: &dyn KeySource,
        token: &[u8],
        mut verdict: Verdict,
        began: &mut Option<Instant>,
    ) -> Result<VerifiedToken> {
        // Whatever the source returns, a token waits twice at most.
        let mut is_first = true;
        loop {
            match verdict {
                Verdict::Final(verdict) => return verdict,
                Verdict::Pending(ticket) => {
                    let waited = began.get_or_insert_with(Instant::now).elapsed();
                    let is_over = source.wait(ticket, source.max_wait().saturating_sub(waited));
                    let ticket = ticket.returned(is_over && is_first);
                    verdict = self.verify_source(source, token, Some(ticket));
                    is_first = false;
                }
            }
        }
    }

    /// Verifies `token` as [`Verifier::verify`] does, but never blocks: for event loops and their
    /// callbacks.
    ///
    /// Returns [`Verdict::Pending`] where a fetch decides about the token's key. Wait for it on a
    /// thread that may block, then resume:
    ///
    /// ```
    /// # use bouncer_verify::{Result, Verdict, VerifiedToken, Verifier};
    /// # use std::time::{Duration, Instant};
    /// fn verify_before(deadline: Instant, verifier: &Verifier, token: &str) -> Result<VerifiedToken> {
    ///     let mut verdict = verifier.verify_now(token);
    ///     loop {
    ///         match verdict {
    ///             Verdict::Final(result) => return result,
    ///             Verdict::Pending(ticket) => {
    ///                 verifier.wait(ticket, deadline.saturating_duration_since(Instant::now()));
    ///                 verdict = verifier.resume(token, ticket);
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    pub fn verify_now(&self, token: impl AsRef<[u8]>) -> Verdict {
        match &self.0.keys.0 {
            Source::Fixed(jwks) => Verdict::Final(self.verify_fixed(jwks, token.as_ref())),
            Source::Changing(source) => self.verify_source(&**source, token.as_ref(), None),
        }
    }

    /// Verifies `token` again, for which [`Verifier::verify_now`] returned `ticket`. It never
    /// blocks.
    ///
    /// If the ticket's fetch is over, another one may be [`Verdict::Pending`]. If it is not over,
    /// the verdict is
    /// [`Verdict::Final`]: the caller waits no longer. The error is then [`crate::ErrorKind::KeysUnavailable`] if only
    /// the fetch could tell whether the key exists.
    pub fn resume(&self, token: impl AsRef<[u8]>, ticket: Ticket) -> Verdict {
        match &self.0.keys.0 {
            Source::Fixed(jwks) => Verdict::Final(self.verify_fixed(jwks, token.as_ref())),
            Source::Changing(source) => {
                let ticket = ticket.returned(source.wait(ticket, Duration::ZERO));
                self.verify_source(&**source, token.as_ref(), Some(ticket))
            }
        }
    }

    /// Blocks until the fetch of `ticket` is over. Returns false if it is not over after `timeout`,
    /// or will never be because the keys were closed.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        match &self.0.keys.0 {
            Source::Fixed(_) => false,
            Source::Changing(source) => source.wait(ticket, timeout),
        }
    }

    /// Verifies many tokens as [`Verifier::verify`] does each of them. The verdicts come in the
    /// order of the tokens.
    ///
    /// `threads` bounds how many threads work on it, the calling one included; a thread of its own
    /// is started for no fewer than 64 tokens. 0 is as 1. With remote keys, the whole of it waits
    /// for keys no longer than one token would, and each thread uses new keys after 128 tokens at
    /// most.
    pub fn verify_batch<T: AsRef<[u8]> + Sync>(
        &self,
        tokens: &[T],
        threads: usize,
    ) -> Vec<Result<VerifiedToken>> {
        match &self.0.keys.0 {
            Source::Fixed(jwks) => {
                split_across_threads(tokens, threads, |share| self.verify_chunk(jwks, FIXED, share))
            }
            Source::Changing(source) => {
                // All are verified before any waits, and all of them wait no longer than one would.
                let mut began = None;
                let resume = |(verdict, token): (_, &T)| {
                    self.wait_and_resume(&**source, token.as_ref(), verdict, &mut began)
                };
                self.verify_batch_now(tokens, threads).into_iter().zip(tokens).map(resume).collect()
            }
        }
    }

    /// Verifies many tokens as [`Verifier::verify_batch`] does, but never blocks.
    /// [`Verifier::resume`] takes a ticket of its verdicts with the token of the same index.
    pub fn verify_batch_now<T: AsRef<[u8]> + Sync>(&self, tokens: &[T], threads: usize) -> Vec<Verdict> {
        split_across_threads(tokens, threads, |share| match &self.0.keys.0 {
            Source::Fixed(jwks) => {
                self.verify_chunk(jwks, FIXED, share).into_iter().map(Verdict::Final).collect()
            }
            Source::Changing(source) => {
                share.chunks(SNAPSHOT).flat_map(|some| self.verify_chunk_of_source(&**source, some)).collect()
            }
        })
    }

    /// Verifies tokens with the same keys. Those that lack a key ask for it, each by itself.
    fn verify_chunk_of_source<T: AsRef<[u8]>>(&self, source: &dyn KeySource, tokens: &[T]) -> Vec<Verdict> {
        let keys = source.current_keys();
        let Some(jwks) = keys.jwks() else {
            return tokens.iter().map(|token| self.verify_uncached(source, token.as_ref(), None)).collect();
        };
        let generation = keys.generation();
        let results = self.verify_chunk(jwks, generation, tokens);
        let missing = results.iter().zip(tokens).map(|(result, token)| {
            let error = result.as_ref().err()?;
            missing_key(source, Some(jwks), &self.0.policy, token.as_ref(), error)
        });
        let missing: Vec<_> = missing.collect();
        let verdict = |((result, missing), token): ((Result<_>, Option<_>), &T)| match missing
            .map(|missing| source.on_missing_key(missing, generation, None))
        {
            None => Verdict::Final(result),
            Some(Refetch::OtherKeys) => self.verify_uncached(source, token.as_ref(), None),
            Some(refetch) => refetch.verdict(result),
        };
        results.into_iter().zip(missing).zip(tokens).map(verdict).collect()
    }

    fn verify_chunk<T: AsRef<[u8]>>(
        &self,
        jwks: &JwkSet,
        generation: u64,
        tokens: &[T],
    ) -> Vec<Result<VerifiedToken>> {
        let Inner { policy, cache, .. } = &*self.0;
        let Some(cache) = cache else { return verify_chunk(jwks, policy, tokens) };
        let found: Vec<_> =
            tokens.iter().map(|token| cache.lookup(token.as_ref(), generation, policy)).collect();
        let missing: Vec<&[u8]> = tokens
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(token, _)| token.as_ref())
            .collect();
        let verdicts = verify_chunk(jwks, policy, &missing);
        for (token, verdict) in missing.iter().zip(&verdicts) {
            if let Ok(verified) = verdict {
                cache.insert(token, verified, generation);
            }
        }
        let mut verdicts = verdicts.into_iter();
        found.into_iter().filter_map(|found| found.or_else(|| verdicts.next())).collect()
    }

    fn verify_fixed(&self, jwks: &JwkSet, token: &[u8]) -> Result<VerifiedToken> {
        let Inner { policy, cache, .. } = &*self.0;
        let Some(cache) = cache else { return verify_token(jwks, policy, token) };
        if let Some(result) = cache.lookup(token, FIXED, policy) {
            return result;
        }
        let result = verify_token(jwks, policy, token);
        if let Ok(verified) = &result {
            cache.insert(token, verified, FIXED);
        }
        result
    }

    fn verify_source(&self, source: &dyn KeySource, token: &[u8], before: Option<Ticket>) -> Verdict {
        if let Inner { policy, cache: Some(cache), .. } = &*self.0
            && let Some(generation) = usable_generation(source)
            && let Some(result) = cache.lookup(token, generation, policy)
        {
            return Verdict::Final(result);
        }
        self.verify_uncached(source, token, before)
    }

    /// Verifies a token that is not in the cache with the keys in use. It never blocks; `before` is
    /// what the token has waited for.
    fn verify_uncached(&self, source: &dyn KeySource, token: &[u8], before: Option<Ticket>) -> Verdict {
        let Inner { policy, cache, .. } = &*self.0;
        let mut tried = None;
        loop {
            let keys = source.current_keys();
            let result = match keys.jwks() {
                Some(jwks) => verify_token(jwks, policy, token),
                None => check_form(policy, token).and_then(|()| Err(unavailable(source.why_none()))),
            };
            let error = match &result {
                Err(error) => error,
                Ok(verified) => {
                    if let Some(cache) = cache {
                        cache.insert(token, verified, keys.generation());
                    }
                    return Verdict::Final(result);
                }
            };
            let Some(missing) = missing_key(source, keys.jwks(), policy, token, error) else {
                return Verdict::Final(result);
            };
            match source.on_missing_key(missing, keys.generation(), before) {
                // Only keys that are really others are worth another round.
                Refetch::OtherKeys if tried.replace(keys.generation()) != Some(keys.generation()) => {}
                Refetch::Fetch(_) if before.is_some_and(Ticket::is_last) => return Verdict::Final(result),
                refetch => return refetch.verdict(result),
            }
        }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }
}

impl Refetch {
    /// The verdict on a token whose `result` was this.
    fn verdict(self, result: Result<VerifiedToken>) -> Verdict {
        match self {
            Self::Fetch(ticket) => Verdict::Pending(ticket),
            Self::Unavailable(detail) => Verdict::Final(Err(unavailable(detail))),
            Self::None | Self::OtherKeys => Verdict::Final(result),
        }
    }
}

fn unavailable(detail: Cow<'static, str>) -> Error {
    Error::new(ErrorKind::KeysUnavailable, "").with_detail(detail)
}

/// The generation of the keys in use; `None` if there are none.
fn usable_generation(source: &dyn KeySource) -> Option<u64> {
    Some(source.current_keys().generation()).filter(|&generation| generation != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::key_source::{CurrentKeys, MissingKey};
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// Keys that are exchanged for others after they have been asked for once.
    #[derive(Debug)]
    struct Rotating {
        before: Arc<JwkSet>,
        after: Arc<JwkSet>,
        asked: AtomicU64,
    }

    impl KeySource for Rotating {
        fn current_keys(&self) -> CurrentKeys {
            match self.asked.fetch_add(1, Relaxed) {
                0 => CurrentKeys::new(Arc::clone(&self.before), 1),
                _ => CurrentKeys::new(Arc::clone(&self.after), 2),
            }
        }

        fn on_missing_key(&self, _: MissingKey, generation: u64, _: Option<Ticket>) -> Refetch {
            if generation == 1 { Refetch::OtherKeys } else { Refetch::None }
        }
    }

    #[test]
    fn a_removed_key_is_refused_within_128_tokens_of_a_batch() {
        let set = |document: &[u8]| Arc::new(JwkSet::from_slice(document).unwrap());
        let before = || set(include_bytes!("../../tests/data/document_jwks.json"));
        let after = || set(include_bytes!("../../tests/data/document_first_jwks.json"));
        let rotating = || Rotating { before: before(), after: after(), asked: AtomicU64::new(0) };
        let token = include_str!("../../tests/data/document_token.txt").trim();
        let policy = Policy::dcos().time(1467985465);
        for cached in [0, 1000] {
            let verifier = Verifier::new(rotating(), policy.clone()).with_cache(cached);
            let verdicts = verifier.verify_batch(&vec![token; 1000], 1);
            let passed = verdicts.iter().take_while(|verdict| verdict.is_ok()).count();
            assert_eq!(passed, 128, "a cache of {cached}");
            assert!(verdicts[passed..].iter().all(Result::is_err), "a cache of {cached}");
        }
    }

    /// A source that always wants another round, or another wait.
    #[derive(Debug)]
    struct Insatiable(Arc<JwkSet>, fn() -> Refetch);

    impl KeySource for Insatiable {
        fn current_keys(&self) -> CurrentKeys {
            CurrentKeys::new(Arc::clone(&self.0), 1)
        }

        fn on_missing_key(&self, _: MissingKey, _: u64, _: Option<Ticket>) -> Refetch {
            (self.1)()
        }

        fn allows_fetch_for_known_kid(&self) -> bool {
            true
        }

        fn wait(&self, _: Ticket, _: Duration) -> bool {
            true
        }
    }

    #[test]
    fn a_verification_ends_whatever_its_source_returns() {
        let jwks = include_bytes!("../../tests/data/document_first_jwks.json");
        let jwks = Arc::new(JwkSet::from_slice(jwks).unwrap());
        let token = include_str!("../../tests/data/document_token.txt").trim();
        for refetch in
            [|| Refetch::OtherKeys, || Refetch::Fetch(Ticket::new(1)), || Refetch::Fetch(Ticket::last(1))]
        {
            let source = Insatiable(Arc::clone(&jwks), refetch);
            let verifier = Verifier::new(source, Policy::dcos().time(1467985465));
            assert!(verifier.verify(token).is_err());
            assert!(verifier.verify_batch(&[token; 9], 1).iter().all(Result::is_err));
            if let Verdict::Pending(_) = verifier.verify_now(token) {
                let verdict = verifier.resume(token, Ticket::last(1));
                assert!(matches!(verdict, Verdict::Final(Err(_))), "{verdict:?}");
            }
        }
    }
}
