//! The entries of a verifier, and the cache that they share.

use super::cache::{Cache, CacheStats};
use super::counts::{Counts, Outcome};
use super::entry::Entry;
use super::issuers::Issuers;
use super::keys::Keys;
use super::policy::Policy;
use super::ticket::Verdict;
use super::verified_token::VerifiedToken;
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// All that a verification reads. A reload replaces it as a whole.
#[derive(Debug)]
pub(crate) struct Entries {
    /// In the order of the configuration.
    pub(crate) all: Box<[Arc<Entry>]>,
    pub(super) cache: Option<Arc<Cache>>,
    choice: Choice,
    /// Results for tokens that no entry is for.
    pub(crate) unassigned: Arc<Counts>,
    /// Cache hits of entries that a reload has removed.
    pub(super) hits_of_removed: u64,
}

/// How the entry for a token is found.
#[derive(Debug)]
enum Choice {
    /// A single entry decides about all tokens.
    Only(Arc<Entry>),
    ByIssuer {
        issuers: Issuers,
        by_id: HashMap<u32, usize>,
    },
}

/// Which entry a token selects, for people.
pub(super) struct Selection {
    /// The index of the entry, or why there is none.
    pub(super) index: Result<usize>,
    /// "iss" of the token. `None` if there is only one entry.
    pub(super) issuer: Option<String>,
    /// All accepted issuers.
    pub(super) accepted: Vec<Box<str>>,
}

impl Entries {
    /// `paths` are the places of the entries, for errors.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: two entries accept the tokens of the same issuer.
    pub(super) fn new(
        all: Vec<Arc<Entry>>,
        paths: &[String],
        cache: Option<Arc<Cache>>,
        unassigned: Arc<Counts>,
        hits_of_removed: u64,
    ) -> Result<Self> {
        let choice = match &*all {
            [only] => Choice::Only(Arc::clone(only)),
            all => {
                let by_id = all.iter().enumerate().map(|(index, entry)| (entry.id, index)).collect();
                Choice::ByIssuer { issuers: Issuers::new(all, paths)?, by_id }
            }
        };
        Ok(Self { all: all.into(), cache, choice, unassigned, hits_of_removed })
    }

    /// Makes the entries of a verifier with one entry.
    pub(super) fn only(keys: Keys, policy: Policy) -> Self {
        let entry = Arc::new(Entry::new(1, keys, policy, None));
        Self {
            all: [Arc::clone(&entry)].into(),
            cache: None,
            choice: Choice::Only(entry),
            unassigned: Arc::default(),
            hits_of_removed: 0,
        }
    }

    #[inline]
    pub(super) fn with_id(&self, id: u32) -> Option<&Arc<Entry>> {
        match &self.choice {
            Choice::Only(entry) => Some(entry).filter(|entry| entry.id == id),
            Choice::ByIssuer { by_id, .. } => self.all.get(*by_id.get(&id)?),
        }
    }

    /// Returns the entry for `token`. Counts a token that no entry is for.
    #[inline]
    pub(super) fn select(&self, token: &[u8]) -> Result<&Arc<Entry>> {
        match &self.choice {
            Choice::Only(entry) => Ok(entry),
            Choice::ByIssuer { issuers, .. } => self.select_by_issuer(issuers, token),
        }
    }

    fn select_by_issuer(&self, issuers: &Issuers, token: &[u8]) -> Result<&Arc<Entry>> {
        let selected = issuers.select(token);
        match selected.map(|index| self.all.get(index)) {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => Err(issuers.why_none(token)),
            Err(error) => Err(error),
        }
        .inspect_err(|error| self.unassigned.count(Outcome::Rejected(error.kind())))
    }

    /// Returns the same entry as [`Entries::select`], but counts nothing.
    pub(super) fn selection(&self, token: &[u8]) -> Selection {
        let accepted = self.all.iter().flat_map(|entry| entry.policy.accepted_issuers()).collect();
        match &self.choice {
            Choice::Only(_) => Selection { index: Ok(0), issuer: None, accepted },
            Choice::ByIssuer { issuers, .. } => {
                let issuer = issuers.issuer_of(token).unwrap_or_default();
                Selection { index: issuers.select(token), issuer, accepted }
            }
        }
    }

    /// Returns the result for `token` if the cache holds it. Otherwise counts a miss.
    #[inline]
    pub(super) fn lookup(&self, token: &[u8]) -> Option<Result<VerifiedToken>> {
        let found = self.lookup_uncounted(token);
        if found.is_none() {
            self.count_miss();
        }
        found
    }

    /// Counts a lookup that has not found its token.
    pub(super) fn count_miss(&self) {
        self.cache.iter().for_each(|cache| cache.count_miss());
    }

    /// Returns the same result as [`Entries::lookup`], but counts no miss. For a caller that calls
    /// [`Entries::lookup`] for the same token afterwards.
    #[inline]
    pub(super) fn lookup_uncounted(&self, token: &[u8]) -> Option<Result<VerifiedToken>> {
        self.cache.as_deref()?.lookup(token, |owner| {
            let entry = self.with_id(owner.entry).filter(|entry| entry.is(owner))?;
            Some((&entry.policy, &*entry.counts))
        })
    }

    /// Verifies tokens, each with its own entry. It never blocks. The verdicts are in the order of
    /// the tokens.
    pub(super) fn verify_chunk<T: AsRef<[u8]>>(&self, tokens: &[T]) -> Vec<Verdict> {
        let tokens: Vec<&[u8]> = tokens.iter().map(AsRef::as_ref).collect();
        let cache = self.cache.as_deref();
        if let (Choice::Only(entry), None) = (&self.choice, cache) {
            return entry.verify_chunk(None, &tokens);
        }
        let mut verdicts: Vec<Option<Verdict>> = Vec::with_capacity(tokens.len());
        let mut waiting: Vec<(&Arc<Entry>, usize)> = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            verdicts.push(match self.lookup(token) {
                Some(result) => Some(Verdict::Final(result)),
                None => match self.select(token) {
                    Err(error) => Some(Verdict::Final(Err(error))),
                    Ok(entry) => {
                        waiting.push((entry, index));
                        None
                    }
                },
            });
        }
        waiting.sort_by_key(|(entry, _)| entry.id);
        for group in waiting.chunk_by(|(one, _), (other, _)| one.id == other.id) {
            let Some((entry, _)) = group.first() else { continue };
            let its: Vec<&[u8]> = group.iter().filter_map(|(_, index)| tokens.get(*index).copied()).collect();
            for ((_, index), verdict) in group.iter().zip(entry.verify_chunk(cache, &its)) {
                if let Some(place) = verdicts.get_mut(*index) {
                    *place = Some(verdict);
                }
            }
        }
        // Each token has a verdict. If one were left out, the others would get each other's.
        let bug =
            || Verdict::Final(Err(Error::new(ErrorKind::InvalidArgument, "a token has no verdict: a bug")));
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(bug)).collect()
    }

    pub(super) fn cache_stats(&self) -> Option<CacheStats> {
        let hits = self.all.iter().map(|entry| entry.counts.hits()).sum::<u64>() + self.hits_of_removed;
        self.cache.as_ref().map(|cache| cache.stats(hits))
    }
}
