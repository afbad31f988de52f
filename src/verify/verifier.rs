//! The verifier: the entries that accept tokens, each with the keys of one issuer and the policy
//! for its tokens.

use super::batch::split_across_threads;
use super::cache::{Cache, CacheStats};
use super::entries::Entries;
use super::entry::{Configured, Entry};
use super::keys::Keys;
use super::policy::Policy;
use super::ticket::{Ticket, Verdict};
use super::verified_token::VerifiedToken;
use super::watch::{Notifier, Notifiers, Watch};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::authorization::token_from_authorization;
use arc_swap::{ArcSwap, Guard};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Verifies tokens of one issuer or of many. It is cheap to clone, and any number of threads may
/// share it.
///
/// A verifier has entries, each with the keys of one issuer and the policy for its tokens. With
/// several entries, the token's "iss" selects the entry, and decides nothing else: the token must
/// pass that entry's policy, with a signature of that entry's keys. Entries share no keys, no
/// limits for fetches and no verified tokens.
///
/// - "iss" must be one of the [`Policy::issuers`] of an entry. No two entries may name the same
///   issuer.
/// - A token without "iss" goes to the entry whose policy names no issuers, for example
///   [`Policy::dcos`]. Only one entry may have such a policy.
/// - A token with another "iss" goes to that same entry only if its policy is
///   [`Policy::any_issuer`]. Otherwise it is rejected with [`crate::ErrorKind::WrongIssuer`], and
///   nothing is fetched.
///
/// A verifier with a single entry verifies each token with that entry.
///
/// ```
/// use bouncer_verify::{JwkSet, Policy, Verifier};
/// # let document = include_bytes!("../../tests/data/document_jwks.json");
/// # let token = include_str!("../../tests/data/document_token.txt").trim();
/// # let (dcos_keys, partner_keys) = (JwkSet::from_slice(document)?, JwkSet::from_slice(document)?);
///
/// let verifier = Verifier::builder()
///     .accept(dcos_keys, Policy::dcos().time(1467985465))
///     .accept(partner_keys, Policy::for_issuer("https://login.partner.example", "orders"))
///     .build()?;
/// assert_eq!(verifier.verify(token)?.uid(), Some("peter"));
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    entries: ArcSwap<Entries>,
    /// The id of the newest entry.
    newest: AtomicU32,
    watches: Notifiers,
}

/// A builder for a [`Verifier`] with several entries.
#[derive(Debug, Default)]
#[must_use]
pub struct VerifierBuilder {
    entries: Vec<(Keys, Policy)>,
    cache: usize,
}

/// An entry for [`Verifier::replace`].
pub(crate) struct Draft {
    /// Where the entry stands, for errors: `accept[1]`.
    pub(crate) path: String,
    pub(crate) entry: DraftEntry,
}

pub(crate) enum DraftEntry {
    /// An entry that the verifier already has.
    Kept(Arc<Entry>),
    New(Keys, Box<Policy>, Option<Configured>),
}

/// Number of tokens of a batch that are verified against one key snapshot. They take less than a
/// millisecond.
const SNAPSHOT: usize = 128;

impl VerifierBuilder {
    /// Adds an entry: tokens that are signed by one of `keys` and satisfy `policy`.
    pub fn accept(mut self, keys: impl Into<Keys>, policy: Policy) -> Self {
        self.entries.push((keys.into(), policy));
        self
    }

    /// Caches about `tokens` verified tokens of all entries together. See
    /// [`Verifier::with_cache`].
    pub fn cache(mut self, tokens: usize) -> Self {
        self.cache = tokens;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: there is no entry, a policy is not valid, or two
    /// entries accept the tokens of the same issuer. [`Error::name`] is the path of the entry, for
    /// example `accept[1].issuers`.
    pub fn build(self) -> Result<Verifier> {
        let draft = |(index, (keys, policy))| Draft {
            path: format!("accept[{index}]"),
            entry: DraftEntry::New(keys, Box::new(policy), None),
        };
        Verifier::of(self.entries.into_iter().enumerate().map(draft).collect(), self.cache)
    }
}

impl Verifier {
    /// Creates a verifier with a single entry, for tokens that are signed by one of `keys` and
    /// satisfy `policy`.
    pub fn new(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self::with_entries(Entries::only(keys.into(), policy))
    }

    /// Returns a builder for a verifier with several entries.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::default()
    }

    fn with_entries(entries: Entries) -> Self {
        let newest = entries.all.iter().map(|entry| entry.id).max().unwrap_or_default();
        Self(Arc::new(Inner {
            entries: ArcSwap::from_pointee(entries),
            newest: newest.into(),
            watches: Notifiers::default(),
        }))
    }

    /// Makes a verifier with a cache of `cache` tokens.
    pub(crate) fn of(drafts: Vec<Draft>, cache: usize) -> Result<Self> {
        let none = Entries::new(Vec::new(), &[], None, Arc::default(), 0)?;
        let verifier = Self::with_entries(none);
        let before = verifier.entries();
        verifier.replace(&before, drafts, cache)?;
        Ok(verifier)
    }

    /// Returns the current entries.
    pub(crate) fn entries(&self) -> Arc<Entries> {
        self.0.entries.load_full()
    }

    /// Replaces the entries `before`, and the cache if its size changes. Returns false if the
    /// entries are not `before` any more: another thread was first.
    pub(crate) fn replace(&self, before: &Arc<Entries>, drafts: Vec<Draft>, cache: usize) -> Result<bool> {
        let (mut all, mut paths) = (Vec::new(), Vec::new());
        let kept = drafts.iter().filter(|draft| matches!(draft.entry, DraftEntry::Kept(_))).count();
        let is_same = kept == drafts.len() && kept == before.all.len();
        for Draft { path, entry } in drafts {
            all.push(match entry {
                // The cache is asked before an entry is selected. So a token that this entry would
                // no longer get must not be found for it.
                DraftEntry::Kept(entry) if !is_same && entry.depends_on_others() => {
                    Arc::new(entry.with_id(self.new_id(before)))
                }
                DraftEntry::Kept(entry) => entry,
                DraftEntry::New(keys, policy, configured) => {
                    policy.check().map_err(|error| error.within(&path))?;
                    Arc::new(Entry::new(self.new_id(before), keys, *policy, configured))
                }
            });
            paths.push(path);
        }
        if all.is_empty() {
            let detail = "it has no entries: add at least one";
            return Err(Error::about(ErrorKind::InvalidArgument, "accept", detail));
        }
        let is_kept = |entry: &&Arc<Entry>| all.iter().any(|other| Arc::ptr_eq(&other.counts, &entry.counts));
        let removed = before.all.iter().filter(|entry| !is_kept(entry));
        let hits = before.hits_of_removed + removed.map(|entry| entry.counts.hits()).sum::<u64>();
        let cache = Cache::of_size(cache, before.cache.as_ref());
        let entries = Entries::new(all, &paths, cache, Arc::clone(&before.unassigned), hits)?;
        let entries = Arc::new(entries);
        let current = self.0.entries.compare_and_swap(before, Arc::clone(&entries));
        let is_replaced = Arc::ptr_eq(&current, before);
        if is_replaced {
            for notifier in self.0.watches.list() {
                entries.all.iter().for_each(|entry| entry.add_notifier(&notifier));
            }
            // Tokens that wait for a removed entry are verified with the new one.
            self.0.watches.notify();
            if let Some(cache) = &entries.cache {
                cache.retain(|owner| entries.with_id(owner.entry).is_some());
            }
        }
        Ok(is_replaced)
    }

    /// Returns an id that no entry of `before` has.
    fn new_id(&self, before: &Entries) -> u32 {
        loop {
            let id = self.0.newest.fetch_add(1, Relaxed).wrapping_add(1) % Ticket::ENTRIES;
            if id != 0 && before.with_id(id).is_none() {
                return id;
            }
        }
    }

    /// Returns a verifier with the same entries and a new cache of about `tokens` verified tokens
    /// (max 2^20). 0 disables the cache, which is the default.
    ///
    /// The signature of a cached token is not verified again. The whole token is compared, and
    /// "exp" and "nbf" are checked on each hit. When remote keys change, the tokens of the old keys
    /// are removed. The cost is memory: a cached token takes about twice its length until another
    /// replaces it. Tokens over 4 KiB are not cached.
    ///
    /// A later [`Verifier::reload`] of one verifier does not change the other.
    #[must_use]
    pub fn with_cache(&self, tokens: usize) -> Self {
        let entries = self.entries();
        let all = entries.all.iter().map(|entry| Arc::new(entry.without_counts())).collect();
        match Entries::new(all, &[], Cache::of_size(tokens, None), Arc::default(), 0) {
            Ok(entries) => Self::with_entries(entries),
            // The same entries were accepted before.
            Err(_) => self.clone(),
        }
    }

    /// Returns the counters of the cache, or `None` if there is no cache.
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.0.entries.load().cache_stats()
    }

    /// Blocks until all entries have keys, up to `timeout`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::KeysUnavailable`] of the first entry that has no keys. The other entries
    /// may have theirs.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let end = Instant::now().checked_add(timeout);
        let left = || end.map_or(timeout, |end| end.saturating_duration_since(Instant::now()));
        self.entries().all.iter().try_for_each(|entry| entry.wait_ready(left()))
    }

    /// Returns false if waiting for the keys of all entries does not help. The first entry without
    /// keys decides, as in [`Verifier::wait_ready`].
    ///
    /// For bindings, which do not wait in that function. Not part of the stable interface.
    #[doc(hidden)]
    pub fn may_become_ready(&self) -> bool {
        let entries = self.entries();
        let missing = entries.all.iter().find(|entry| entry.wait_ready(Duration::ZERO).is_err());
        missing.is_none_or(|entry| entry.may_become_ready())
    }

    /// Verifies `token` as [`crate::verify_token`] does.
    ///
    /// With remote keys it may wait for a fetch if the token's key is missing: by default two
    /// seconds at most. It never waits if the key is cached.
    ///
    /// # Errors
    /// Those of [`crate::verify_token`]. With remote keys also
    /// [`crate::ErrorKind::KeysUnavailable`]: there are no keys, or the fetch for the token's key
    /// failed or was not over in time. With several entries, "iss" is read first, so a token that
    /// no entry is for has no other error about its claims or its signature.
    pub fn verify(&self, token: impl AsRef<[u8]>) -> Result<VerifiedToken> {
        let token = token.as_ref();
        let entries = self.0.entries.load();
        if let Some(result) = entries.lookup_uncounted(token) {
            return result;
        }
        entries.count_miss();
        self.verify_uncached(entries, token)
    }

    /// Verifies a token that is not in the cache, and waits for a fetch if its key is missing. A
    /// function of its own, so that a cache hit does not prepare its stack.
    #[inline(never)]
    fn verify_uncached(&self, entries: Guard<Arc<Entries>>, token: &[u8]) -> Result<VerifiedToken> {
        let entry = entries.select(token)?;
        let mut verdict = entry.verify_now(entries.cache.as_deref(), token, None);
        if let Verdict::Final(Err(error)) = &verdict
            && let Some(current) = self.current_after(error, &entries)
        {
            verdict = Self::verify_with(&current, token, None);
        }
        // A wait must not keep entries alive that a reload has replaced.
        drop(entries);
        self.wait_for_verdict(token, verdict, &mut None)
    }

    /// Returns the current entries if a reload has replaced `used` meanwhile, and may have closed
    /// the keys that `error` says are unavailable.
    fn current_after(&self, error: &Error, used: &Arc<Entries>) -> Option<Arc<Entries>> {
        let may_be_closed = error.kind() == ErrorKind::KeysUnavailable;
        may_be_closed.then(|| self.entries()).filter(|current| !Arc::ptr_eq(current, used))
    }

    /// Waits for the fetches on which the verdict depends, and returns the final result. All waits
    /// together end `max_wait` after `began`, the start of the first wait.
    fn wait_for_verdict(
        &self,
        token: &[u8],
        mut verdict: Verdict,
        began: &mut Option<Instant>,
    ) -> Result<VerifiedToken> {
        // A token waits twice, no matter what the source returns. A reload allows one more wait.
        for wait in 0..3 {
            let ticket = match verdict {
                Verdict::Final(result) => return result,
                Verdict::Pending(ticket) => ticket,
            };
            let waited = began.get_or_insert_with(Instant::now).elapsed();
            let is_over = match self.entry_of(ticket) {
                None => true,
                Some(entry) => entry.wait(ticket, entry.max_wait().saturating_sub(waited)),
            };
            verdict = self.verify_or_resume(token, Some(ticket.last_unless(is_over && wait == 0)));
        }
        match verdict {
            Verdict::Final(result) => result,
            Verdict::Pending(_) => {
                let detail = "several reloads have replaced the keys while the token waited for them";
                Err(Error::new(ErrorKind::KeysUnavailable, detail))
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
        self.0.entries.load().lookup_uncounted(token.as_ref())
    }

    /// Verifies `token` as [`Verifier::verify`] does, but never blocks. For event loops and
    /// callbacks.
    ///
    /// Returns [`Verdict::Pending`] if the token's key is missing and a fetch may find it. Wait for
    /// the fetch with a [`Watch`], or on a thread that may block, then resume:
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
        self.verify_or_resume(token.as_ref(), None)
    }

    /// Verifies `token` again after [`Verifier::verify_now`] has returned `ticket` for it. It never
    /// blocks.
    ///
    /// If the ticket's fetch is over, the verdict may be [`Verdict::Pending`] for another fetch. If
    /// the fetch is not over, the caller has stopped waiting, so the verdict is [`Verdict::Final`].
    /// It is [`crate::ErrorKind::KeysUnavailable`] if only that fetch can find out whether the key
    /// exists.
    pub fn resume(&self, token: impl AsRef<[u8]>, ticket: Ticket) -> Verdict {
        self.verify_or_resume(token.as_ref(), Some(ticket))
    }

    fn verify_or_resume(&self, token: &[u8], ticket: Option<Ticket>) -> Verdict {
        let entries = self.0.entries.load();
        let verdict = Self::verify_with(&entries, token, ticket);
        match &verdict {
            Verdict::Final(Err(error)) => match self.current_after(error, &entries) {
                Some(current) => Self::verify_with(&current, token, None),
                None => verdict,
            },
            _ => verdict,
        }
    }

    fn verify_with(entries: &Entries, token: &[u8], ticket: Option<Ticket>) -> Verdict {
        if let Some(result) = entries.lookup(token) {
            return Verdict::Final(result);
        }
        let entry = match entries.select(token) {
            Ok(entry) => entry,
            Err(error) => return Verdict::Final(Err(error)),
        };
        let cache = entries.cache.as_deref();
        match ticket {
            // A reload may have replaced the entry since the ticket was made.
            Some(ticket) if [0, entry.id].contains(&ticket.entry()) => entry.resume(cache, token, ticket),
            _ => entry.verify_now(cache, token, None),
        }
    }

    /// Blocks until the fetch of `ticket` is over. Closing the key set ends all its fetches.
    /// Returns false after `timeout`, or if the keys never change.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        // A reload may have removed the entry. Its fetch then no longer matters.
        self.entry_of(ticket).is_none_or(|entry| entry.wait(ticket, timeout))
    }

    /// Returns the longest time that [`Verifier::verify`] waits for the keys of this ticket. For
    /// event loops, which end the wait of a token themselves.
    pub fn max_wait(&self, ticket: Ticket) -> Duration {
        self.entry_of(ticket).map_or(Duration::ZERO, |entry| entry.max_wait())
    }

    fn entry_of(&self, ticket: Ticket) -> Option<Arc<Entry>> {
        let entries = self.0.entries.load();
        let only = || entries.all.first().filter(|_| ticket.entry() == 0);
        entries.with_id(ticket.entry()).or_else(only).cloned()
    }

    /// Returns a [`Watch`], whose descriptor is readable after each fetch of keys of any entry, and
    /// after a reload. Make one for each event loop, and after a fork. If the keys never change and
    /// the verifier is never reloaded, it is never readable.
    ///
    /// # Errors
    /// Those of [`Watch::new`].
    pub fn watch(&self) -> io::Result<Watch> {
        let watch = Watch::new()?;
        self.add_notifier(&watch.notifier());
        Ok(watch)
    }

    /// Lets this verifier notify an existing watch too, as a watch of [`Verifier::watch`]. So one
    /// watch can serve all verifiers and renewers of an event loop. Each watch is added once.
    pub fn add_notifier(&self, notifier: &Notifier) {
        // In this order, a reload at the same time misses no source.
        self.0.watches.add(notifier);
        self.0.entries.load().all.iter().for_each(|entry| entry.add_notifier(notifier));
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
        // All tokens are verified before the first wait, and `began` bounds all waits together.
        let verdicts = self.verify_batch_now(tokens, threads);
        let mut began = None;
        let result = |(verdict, token): (_, &T)| self.wait_for_verdict(token.as_ref(), verdict, &mut began);
        verdicts.into_iter().zip(tokens).map(result).collect()
    }

    /// Verifies many tokens as [`Verifier::verify_batch`] does, but never blocks. If a verdict is
    /// [`Verdict::Pending`], pass its ticket to [`Verifier::resume`] with the token of the same
    /// index.
    pub fn verify_batch_now<T: AsRef<[u8]> + Sync>(&self, tokens: &[T], threads: usize) -> Vec<Verdict> {
        split_across_threads(tokens, threads, |share| {
            share.chunks(SNAPSHOT).flat_map(|some| self.0.entries.load().verify_chunk(some)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::jwk_set::JwkSet;
    use crate::verify::key_source::{CurrentKeys, KeySource, MissingKey, Refetch};
    use std::sync::atomic::AtomicU64;

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
