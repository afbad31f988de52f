//! Combines one issuer's keys with the policy for its tokens, so that its keys are never used with
//! another issuer's rules.

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

/// Verifies tokens with one issuer's keys and the policy for its tokens. It is cheap to clone, and
/// any number of threads may share it.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Keys,
    policy: Policy,
    cache: Option<Cache>,
}

/// The keys of a [`Verifier`]: a [`JwkSet`], which never changes, or a [`KeySource`] such as
/// `RemoteJwkSet`, whose keys may change. Both convert with `into()`.
#[derive(Debug, Clone)]
pub struct Keys(Source);

#[derive(Debug, Clone)]
enum Source {
    Fixed(Arc<JwkSet>),
    Changing(Arc<dyn KeySource>),
}

/// Generation of keys that never change.
const FIXED: u64 = 1;
/// Number of tokens of a batch that are verified against one key snapshot. They take less than a
/// millisecond.
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
    /// Creates a verifier for tokens that are signed by one of `keys` and satisfy `policy`.
    pub fn new(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self(Arc::new(Inner { keys: keys.into(), policy, cache: None }))
    }

    /// Returns a verifier with the same keys and policy and a new cache of about `tokens` verified
    /// tokens (max 2^20). 0 disables the cache, which is the default.
    ///
    /// The signature of a cached token is not verified again. The whole token is compared, and
    /// "exp" and "nbf" are checked on each hit. When remote keys change, the cache is emptied. The
    /// cost is memory: a cached token takes about twice its length until another replaces it.
    /// Tokens over 4 KiB are not cached.
    #[must_use]
    pub fn with_cache(&self, tokens: usize) -> Self {
        let Inner { keys, policy, .. } = &*self.0;
        let cache = (tokens > 0).then(|| Cache::new(tokens));
        Self(Arc::new(Inner { keys: keys.clone(), policy: policy.clone(), cache }))
    }

    /// Returns the counters of the cache, or `None` if there is no cache.
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.0.cache.as_ref().map(Cache::stats)
    }

    /// Verifies `token` as [`crate::verify_token`] does.
    ///
    /// With remote keys it may wait for a fetch if the token's key is missing: by default two
    /// seconds at most. It never waits if the key is cached.
    ///
    /// # Errors
    /// Those of [`crate::verify_token`]. With remote keys also
    /// [`crate::ErrorKind::KeysUnavailable`]: there are no keys, or the fetch for the token's key
    /// failed or was not over in time.
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

    /// Verifies the token in `value`, the value of an HTTP Authorization header. It calls
    /// [`crate::token_from_authorization`], then [`Verifier::verify`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::MalformedAuthorization`], or those of [`Verifier::verify`].
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

    /// Returns the result of [`Verifier::verify`] on a cache hit, else `None`. `None` is not
    /// counted as a miss.
    ///
    /// For bindings, which prepare a verification only if the cache misses. Not part of the stable
    /// interface.
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

    /// Waits for the fetches on which the verdict depends, and returns the final result. All waits
    /// together end `max_wait` after `began`, the start of the first wait.
    fn wait_and_resume(
        &self,
        source: &dyn KeySource,
        token: &[u8],
        mut verdict: Verdict,
        began: &mut Option<Instant>,
    ) -> Result<VerifiedToken> {
        // A token waits twice at most, no matter what the source returns.
        let mut is_first = true;
        loop {
            match verdict {
                Verdict::Final(verdict) => return verdict,
                Verdict::Pending(ticket) => {
                    let waited = began.get_or_insert_with(Instant::now).elapsed();
                    let is_over = source.wait(ticket, source.max_wait().saturating_sub(waited));
                    let ticket = ticket.last_unless(is_over && is_first);
                    verdict = self.verify_source(source, token, Some(ticket));
                    is_first = false;
                }
            }
        }
    }

    /// Verifies `token` as [`Verifier::verify`] does, but never blocks. For event loops and
    /// callbacks.
    ///
    /// Returns [`Verdict::Pending`] if the token's key is missing and a fetch may find it. Wait for
    /// the fetch on a thread that may block, then resume:
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

    /// Verifies `token` again after [`Verifier::verify_now`] has returned `ticket` for it. It never
    /// blocks.
    ///
    /// If the ticket's fetch is over, the verdict may be [`Verdict::Pending`] for another fetch. If
    /// the fetch is not over, the caller has stopped waiting, so the verdict is [`Verdict::Final`].
    /// It is [`crate::ErrorKind::KeysUnavailable`] if only that fetch can find out whether the key
    /// exists.
    pub fn resume(&self, token: impl AsRef<[u8]>, ticket: Ticket) -> Verdict {
        match &self.0.keys.0 {
            Source::Fixed(jwks) => Verdict::Final(self.verify_fixed(jwks, token.as_ref())),
            Source::Changing(source) => {
                let ticket = ticket.last_unless(source.wait(ticket, Duration::ZERO));
                self.verify_source(&**source, token.as_ref(), Some(ticket))
            }
        }
    }

    /// Blocks until the fetch of `ticket` is over. Returns false if it is not over after `timeout`,
    /// if the key set was closed, or if its keys never change.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        match &self.0.keys.0 {
            Source::Fixed(_) => false,
            Source::Changing(source) => source.wait(ticket, timeout),
        }
    }

    /// Verifies many tokens, each as [`Verifier::verify`] does. The results are in the order of the
    /// tokens.
    ///
    /// `threads` is an upper bound and counts the calling thread; 0 means 1. Each thread gets at
    /// least 64 tokens, so a small batch uses fewer threads.
    ///
    /// With remote keys, the whole batch waits for fetches no longer than a single token does. Each
    /// thread takes a new key snapshot every 128 tokens.
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
                // All tokens are verified before the first wait, and `began` bounds all waits
                // together.
                let mut began = None;
                let resume = |(verdict, token): (_, &T)| {
                    self.wait_and_resume(&**source, token.as_ref(), verdict, &mut began)
                };
                self.verify_batch_now(tokens, threads).into_iter().zip(tokens).map(resume).collect()
            }
        }
    }

    /// Verifies many tokens as [`Verifier::verify_batch`] does, but never blocks. If a verdict is
    /// [`Verdict::Pending`], pass its ticket to [`Verifier::resume`] with the token of the same
    /// index.
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

    /// Verifies tokens against one key snapshot. Each token whose key is missing is reported to the
    /// source.
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

    /// Verifies a token that is not in the cache. It never blocks. `before` is the ticket that the
    /// token has already waited for.
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
                // Verify again only if the keys have really changed.
                Refetch::OtherKeys if tried.replace(keys.generation()) != Some(keys.generation()) => {}
                Refetch::Fetch(_) if before.is_some_and(Ticket::is_last) => return Verdict::Final(result),
                refetch => return refetch.verdict(result),
            }
        }
    }

    /// Returns the policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }
}

impl Refetch {
    /// Turns the `result` of a token with a missing key into its verdict.
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

/// Returns the generation of the keys in use, or `None` if there are none.
fn usable_generation(source: &dyn KeySource) -> Option<u64> {
    Some(source.current_keys().generation()).filter(|&generation| generation != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::key_source::{CurrentKeys, MissingKey};
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// A source whose keys change after the first call of `current_keys`.
    #[derive(Debug)]
    struct Rotating {
        before: Arc<JwkSet>,
        after: Arc<JwkSet>,
        calls: AtomicU64,
    }

    impl KeySource for Rotating {
        fn current_keys(&self) -> CurrentKeys {
            match self.calls.fetch_add(1, Relaxed) {
                0 => CurrentKeys::new(Arc::clone(&self.before), 1),
                _ => CurrentKeys::new(Arc::clone(&self.after), 2),
            }
        }

        fn on_missing_key(&self, _: MissingKey, generation: u64, _: Option<Ticket>) -> Refetch {
            if generation == 1 { Refetch::OtherKeys } else { Refetch::None }
        }
    }

    #[test]
    fn a_removed_key_is_rejected_within_128_tokens_of_a_batch() {
        let set = |document: &[u8]| Arc::new(JwkSet::from_slice(document).unwrap());
        let before = || set(include_bytes!("../../tests/data/document_jwks.json"));
        let after = || set(include_bytes!("../../tests/data/document_first_jwks.json"));
        let rotating = || Rotating { before: before(), after: after(), calls: AtomicU64::new(0) };
        let token = include_str!("../../tests/data/document_token.txt").trim();
        let policy = Policy::dcos().time(1467985465);
        for cached in [0, 1000] {
            let verifier = Verifier::new(rotating(), policy.clone()).with_cache(cached);
            let verdicts = verifier.verify_batch(&vec![token; 1000], 1);
            let passed = verdicts.iter().take_while(|verdict| verdict.is_ok()).count();
            assert_eq!(passed, 128, "cache size {cached}");
            assert!(verdicts[passed..].iter().all(Result::is_err), "cache size {cached}");
        }
    }

    /// A source that always requests another verification or another wait.
    #[derive(Debug)]
    struct Endless(Arc<JwkSet>, fn() -> Refetch);

    impl KeySource for Endless {
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
            let source = Endless(Arc::clone(&jwks), refetch);
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
