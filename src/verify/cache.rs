//! A cache of verified tokens, so that the signature of a token is verified only once.
//!
//! A hit skips the signature, but never the times: "exp" and "nbf" are checked on each hit.
//! [`super::verifier::Verifier::with_cache`] describes what a cache costs.
//!
//! All entries of a verifier share one cache. A cached token belongs to the keys that verified it:
//! it is found only while the same entry still uses the same keys.

use super::counts::Counts;
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
/// atomically, and a reader compares the whole token before it uses the result.
pub(super) struct Cache {
    sets: Box<[Set]>,
    /// Secret, so that an attacker cannot choose tokens that fall into one set.
    hash_key: [u64; 4],
    misses: Striped<AtomicU64>,
}

#[derive(Default)]
struct Set {
    /// Hash of each slot's token, or 0 if the slot is empty. Compared first, before the slot is
    /// read.
    hashes: [AtomicU64; WAYS],
    slots: [ArcSwapOption<Cached>; WAYS],
    /// Whether the slot was used since `hand` last passed it (the CLOCK algorithm).
    used: [AtomicBool; WAYS],
    /// Position of the clock hand: the next slot that may be replaced, modulo [`WAYS`].
    hand: AtomicUsize,
}

struct Cached {
    token: Box<[u8]>,
    verified: VerifiedToken,
    owner: Owner,
}

/// The keys that verified a cached token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    /// The verifier's entry. Keys of one entry never serve another.
    pub(super) entry: u32,
    pub(super) generation: u64,
}

/// Counters of a [`super::verifier::Verifier`]'s cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    pub(super) hits: u64,
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

    fn sets(tokens: usize) -> usize {
        tokens.min(Self::MAX_CAPACITY).div_ceil(WAYS).next_power_of_two()
    }

    /// Creates a cache with room for at least `tokens` tokens.
    pub(super) fn new(tokens: usize) -> Self {
        let random = RandomState::new();
        Self {
            sets: std::iter::repeat_with(Set::default).take(Self::sets(tokens)).collect(),
            hash_key: array::from_fn(|i| random.hash_one(i)),
            misses: Striped::default(),
        }
    }

    /// Returns a cache for about `tokens` tokens: `before` if it has this size already, or `None`
    /// for 0 tokens.
    pub(super) fn of_size(tokens: usize, before: Option<&Arc<Self>>) -> Option<Arc<Self>> {
        let is_same = |cache: &&Arc<Self>| cache.sets.len() == Self::sets(tokens);
        let made = || before.filter(is_same).cloned().unwrap_or_else(|| Arc::new(Self::new(tokens)));
        (tokens > 0).then(made)
    }

    /// Returns the result for `token` if the cache holds it, and counts the hit. `entry_of` returns
    /// the policy and the counters of an owner, or `None` if its keys are no longer in use.
    ///
    /// Inlined into its callers it is slower: the token is then moved while it is still being
    /// written.
    #[inline(never)]
    pub(super) fn lookup<'e>(
        &self,
        token: &[u8],
        entry_of: impl Fn(Owner) -> Option<(&'e Policy, &'e Counts)>,
    ) -> Option<Result<VerifiedToken>> {
        let (set, hash) = self.place(token)?;
        let Set { hashes, slots, used, .. } = set;
        for ((own_hash, slot), used) in hashes.iter().zip(slots).zip(used) {
            if own_hash.load(Relaxed) != hash {
                continue;
            }
            let cached = slot.load();
            let Some(cached) = cached.as_deref() else { continue };
            if *cached.token == *token
                && let Some((policy, counts)) = entry_of(cached.owner)
            {
                // Write only if the value changes, so that a hot token stays in every core's cache.
                if !used.load(Relaxed) {
                    used.store(true, Relaxed);
                }
                let times = cached.verified.validate_times(policy);
                counts.count_hit(&times);
                return Some(times.map(|()| cached.verified.clone()));
            }
        }
        None
    }

    /// Counts a lookup that has not found its token.
    pub(super) fn count_miss(&self) {
        self.misses.mine().fetch_add(1, Relaxed);
    }

    /// Caches a token that the keys of `owner` verified.
    pub(super) fn insert(&self, token: &[u8], verified: &VerifiedToken, owner: Owner) {
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
        let cached = Cached { token: token.into(), verified: verified.clone(), owner };
        slot.store(Some(Arc::new(cached)));
        own_hash.store(hash, Relaxed);
        used.store(true, Relaxed);
    }

    /// Frees all tokens whose owner is no longer in use.
    pub(super) fn retain(&self, is_in_use: impl Fn(Owner) -> bool) {
        for set in &self.sets {
            for (hash, slot) in set.hashes.iter().zip(&set.slots) {
                let is_old = |cached: &Arc<Cached>| !is_in_use(cached.owner);
                if slot.load().as_ref().is_some_and(is_old) {
                    hash.store(0, Relaxed);
                    slot.store(None);
                }
            }
        }
    }

    /// Returns the counters. The caller counts the hits.
    pub(super) fn stats(&self, hits: u64) -> CacheStats {
        let misses = self.misses.iter().map(|misses| misses.load(Relaxed)).sum();
        CacheStats { hits, misses, capacity: self.capacity() }
    }

    /// Maximum number of tokens.
    pub(super) fn capacity(&self) -> usize {
        self.sets.len() * WAYS
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
        f.debug_struct("Cache").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::jwk_set::JwkSet;
    use crate::verify::verify_token::verify_token;

    #[test]
    fn tokens_of_old_keys_are_not_found_and_retain_frees_them() {
        let jwks = JwkSet::from_slice(include_bytes!("../../tests/data/document_jwks.json")).unwrap();
        let policy = Policy::dcos().time(1_467_985_465);
        let token = include_bytes!("../../tests/data/document_token.txt").trim_ascii();
        let verified = verify_token(&jwks, &policy, token).unwrap();
        let cache = Cache::new(100);
        let kept =
            || cache.sets.iter().flat_map(|set| &set.slots).filter(|slot| slot.load().is_some()).count();
        let owner = |entry, generation| Owner { entry, generation };
        let counts = Counts::default();
        let found = |own| cache.lookup(token, |owner| (owner == own).then_some((&policy, &counts))).is_some();

        assert!(!found(owner(1, 1)));
        cache.insert(token, &verified, owner(1, 1));
        assert!(found(owner(1, 1)) && !found(owner(1, 2)) && !found(owner(2, 1)));
        cache.retain(|owner| owner.generation == 1);
        assert_eq!(kept(), 1);
        cache.retain(|owner| owner.generation == 2);
        assert_eq!(kept(), 0);
        assert!(!found(owner(1, 1)));
    }
}
