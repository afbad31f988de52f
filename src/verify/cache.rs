//! A cache of verified tokens, so that the signature of a token is verified only once.
//!
//! A hit skips the signature, but never the times: "exp" and "nbf" are checked on each hit.
//! [`super::verifier::Verifier::with_cache`] describes what a cache costs.

use super::policy::Policy;
use super::verified_token::VerifiedToken;
use crate::error::Result;
use crate::striped::Striped;
use arc_swap::ArcSwapOption;
use std::array;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Number of slots in a set. A lookup searches one set.
const WAYS: usize = 8;
/// Number of bytes at the end of a token that are hashed. They belong to the signature, so they
/// differ between any two tokens.
const TAIL: usize = 32;
/// Maximum length of a cached token, in bytes. It bounds the memory of the cache.
const MAX_TOKEN_LEN: usize = 4096;

/// A table of sets of [`WAYS`] slots. Readers and writers take no lock: a slot is replaced
/// atomically, and a reader compares the whole token before it uses the entry.
pub(super) struct Cache {
    sets: Box<[Set]>,
    /// Secret, so that an attacker cannot choose tokens that fall into one set.
    hash_key: [u64; 4],
    /// Highest generation of keys that a lookup has used.
    generation: AtomicU64,
    counts: Striped<Counts>,
}

#[derive(Default)]
struct Set {
    /// Hash of each slot's token, or 0 if the slot is empty. Compared first, before the slot is
    /// read.
    hashes: [AtomicU64; WAYS],
    slots: [ArcSwapOption<Entry>; WAYS],
    /// Whether the slot was used since `hand` last passed it (the CLOCK algorithm).
    used: [AtomicBool; WAYS],
    /// Position of the clock hand: the next slot that may be replaced, modulo [`WAYS`].
    hand: AtomicUsize,
}

struct Entry {
    token: Box<[u8]>,
    verified: VerifiedToken,
    generation: u64,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Counters of a [`super::verifier::Verifier`]'s cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    hits: u64,
    misses: u64,
    capacity: usize,
}

impl CacheStats {
    /// Number of verifications that found their token in the cache.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Number of verifications that did not find their token in the cache.
    pub fn misses(&self) -> u64 {
        self.misses
    }

    /// Maximum number of cached tokens.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl Cache {
    /// Upper limit of the capacity that a caller may request.
    const MAX_CAPACITY: usize = 1 << 20;

    /// Creates a cache with room for at least `tokens` tokens.
    pub(super) fn new(tokens: usize) -> Self {
        let sets = tokens.min(Self::MAX_CAPACITY).div_ceil(WAYS).next_power_of_two();
        let random = RandomState::new();
        Self {
            sets: std::iter::repeat_with(Set::default).take(sets).collect(),
            hash_key: array::from_fn(|i| random.hash_one(i)),
            generation: AtomicU64::new(0),
            counts: Striped::default(),
        }
    }

    /// Returns the result for `token` if the cache holds it, verified with the keys of
    /// `generation`. The first lookup with a newer generation empties the cache.
    pub(super) fn lookup(
        &self,
        token: &[u8],
        generation: u64,
        policy: &Policy,
    ) -> Option<Result<VerifiedToken>> {
        let found = self.lookup_cached(token, generation, policy);
        if found.is_none() {
            self.counts.mine().misses.fetch_add(1, Relaxed);
        }
        found
    }

    /// Returns the same result as [`Cache::lookup`], but counts only hits. For a caller that calls
    /// [`Cache::lookup`] for the same token after a miss.
    pub(super) fn lookup_cached(
        &self,
        token: &[u8],
        generation: u64,
        policy: &Policy,
    ) -> Option<Result<VerifiedToken>> {
        if self.generation.load(Relaxed) < generation {
            self.empty(generation);
        }
        let found = self.entry(token, generation, policy);
        if found.is_some() {
            self.counts.mine().hits.fetch_add(1, Relaxed);
        }
        found
    }

    fn entry(&self, token: &[u8], generation: u64, policy: &Policy) -> Option<Result<VerifiedToken>> {
        let (set, hash) = self.place(token)?;
        let Set { hashes, slots, used, .. } = set;
        for ((own_hash, slot), used) in hashes.iter().zip(slots).zip(used) {
            if own_hash.load(Relaxed) != hash {
                continue;
            }
            let entry = slot.load();
            let Some(entry) = entry.as_deref() else { continue };
            if entry.generation == generation && *entry.token == *token {
                // Write only if the value changes, so that a hot token stays in every core's cache.
                if !used.load(Relaxed) {
                    used.store(true, Relaxed);
                }
                return Some(entry.verified.validate_times(policy).map(|()| entry.verified.clone()));
            }
        }
        None
    }

    /// Caches a token that was verified with the keys of `generation`.
    pub(super) fn insert(&self, token: &[u8], verified: &VerifiedToken, generation: u64) {
        if token.len() > MAX_TOKEN_LEN {
            return;
        }
        let Some((set, hash)) = self.place(token) else { return };
        let way = set.way_for(hash);
        let (Some(own_hash), Some(slot), Some(used)) =
            (set.hashes.get(way), set.slots.get(way), set.used.get(way))
        else {
            return;
        };
        let entry = Entry { token: token.into(), verified: verified.clone(), generation };
        slot.store(Some(Arc::new(entry)));
        own_hash.store(hash, Relaxed);
        used.store(true, Relaxed);
    }

    /// Empties the cache, unless another thread has already done so for this generation.
    fn empty(&self, generation: u64) {
        if self.generation.fetch_max(generation, Relaxed) < generation {
            for set in &self.sets {
                set.hashes.iter().for_each(|hash| hash.store(0, Relaxed));
                set.slots.iter().for_each(|slot| slot.store(None));
            }
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        let sum =
            |of: fn(&Counts) -> &AtomicU64| self.counts.iter().map(|counts| of(counts).load(Relaxed)).sum();
        CacheStats {
            hits: sum(|counts| &counts.hits),
            misses: sum(|counts| &counts.misses),
            capacity: self.sets.len() * WAYS,
        }
    }

    /// Returns the set for `token` and its hash, which is never 0. Returns `None` if the token is
    /// shorter than [`TAIL`].
    fn place(&self, token: &[u8]) -> Option<(&Set, u64)> {
        let hash = hash(&self.hash_key, token.last_chunk()?);
        let set = self.sets.get((hash >> 32) as usize & (self.sets.len() - 1))?;
        Some((set, hash | 1))
    }
}

impl Set {
    /// Returns the index of the slot to replace: the slot with this hash, else a free slot, else a
    /// slot that was not used recently.
    fn way_for(&self, hash: u64) -> usize {
        let with = |wanted| self.hashes.iter().position(|hash| hash.load(Relaxed) == wanted);
        with(hash).or_else(|| with(0)).unwrap_or_else(|| {
            // Two rounds at most: the first round clears the `used` marks.
            let hand = || self.hand.fetch_add(1, Relaxed) % WAYS;
            let unused = |&way: &usize| self.used.get(way).is_some_and(|used| !used.swap(false, Relaxed));
            std::iter::repeat_with(hand).take(2 * WAYS).find(unused).unwrap_or(0)
        })
    }
}

/// A keyed hash made of folded multiplications. It need not be cryptographic: only verified tokens
/// enter the table, and the key is secret.
fn hash(key: &[u64; 4], tail: &[u8; TAIL]) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let (words, _) = tail.as_chunks::<8>();
    let mut keyed = words.iter().zip(key).map(|(word, key)| u64::from_le_bytes(*word) ^ key);
    let mut next = || keyed.next().unwrap_or_default();
    let [front, back] = [fold(next(), next()), fold(next(), next())];
    let [key, ..] = key;
    fold(front ^ key, back.rotate_left(32) ^ !key)
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::jwk_set::JwkSet;
    use crate::verify::verify_token::verify_token;

    #[test]
    fn a_new_generation_of_keys_frees_the_memory_at_once() {
        let jwks = JwkSet::from_slice(include_bytes!("../../tests/data/document_jwks.json")).unwrap();
        let policy = Policy::dcos().time(1_467_985_465);
        let token = include_bytes!("../../tests/data/document_token.txt").trim_ascii();
        let verified = verify_token(&jwks, &policy, token).unwrap();
        let cache = Cache::new(100);
        let kept =
            || cache.sets.iter().flat_map(|set| &set.slots).filter(|slot| slot.load().is_some()).count();

        assert!(cache.lookup(token, 1, &policy).is_none());
        cache.insert(token, &verified, 1);
        assert!(cache.lookup(token, 1, &policy).is_some());
        assert_eq!(kept(), 1);
        // A lookup of any token with the new generation empties the cache.
        assert!(cache.lookup(&[b'x'; TAIL], 2, &policy).is_none());
        assert_eq!(kept(), 0);
        // A lookup with the old generation does not empty the cache.
        cache.insert(token, &verified, 2);
        assert!(cache.lookup(token, 1, &policy).is_none());
        assert_eq!(kept(), 1);
    }
}
