//! A cache of parsed token headers. The cache key is the encoded header. The tokens of one issuer
//! share a few headers, and comparing bytes is much cheaper than decoding and parsing. Only headers
//! of tokens with a valid signature are cached.
//!
//! The length of the signature is part of the cache key. If a header has no "kid", keys of several
//! sizes may have signed the tokens with this header.

use super::candidates::Candidates;
use crate::jose::header::JoseHeader;
use std::sync::{Mutex, OnceLock};

/// A hash table with a fixed number of slots. Entries are added but never removed. A slot is
/// written once, so readers take no lock. Only tokens with a valid signature add an entry. If there
/// is no free slot for a header, the header is parsed for each token.
pub(crate) struct KnownHeaders {
    slots: Box<[OnceLock<Box<KnownHeader>>]>,
    /// Use only `try_lock`. If another thread holds the lock during a fork, the lock stays held in
    /// the child forever, and `lock` would block forever.
    writing: Mutex<()>,
}

/// A parsed header and the keys of this set that match it.
pub(crate) struct KnownHeader {
    encoded: Box<[u8]>,
    pub(super) header: JoseHeader<'static>,
    pub(super) candidates: Candidates,
}

impl KnownHeader {
    fn is(&self, encoded: &[u8], signature_len: usize) -> bool {
        *self.encoded == *encoded && self.candidates.signature_len == signature_len
    }
}

impl KnownHeaders {
    /// Number of consecutive slots in which a header can be.
    const WAYS: usize = 4;
    const SLOTS_PER_KEY: usize = 4;
    /// Longer headers are not cached.
    const MAX_ENCODED_LEN: usize = 1024;

    pub(super) fn for_keys(count: usize) -> Self {
        let slots = (count * Self::SLOTS_PER_KEY).next_power_of_two().max(16);
        Self { slots: std::iter::repeat_with(OnceLock::new).take(slots).collect(), writing: Mutex::new(()) }
    }

    pub(super) fn lookup(&self, encoded: &[u8], signature_len: usize) -> Option<&KnownHeader> {
        self.slots(encoded)
            .map_while(OnceLock::get)
            .find(|known| known.is(encoded, signature_len))
            .map(|known| &**known)
    }

    pub(super) fn insert(&self, encoded: &[u8], header: &JoseHeader<'_>, candidates: Candidates) {
        if encoded.len() > Self::MAX_ENCODED_LEN {
            return;
        }
        // If another thread is writing, do not add this header. A later token will add it.
        let Ok(_writing) = self.writing.try_lock() else { return };
        let is_free_or_same = |slot: &&OnceLock<Box<KnownHeader>>| {
            slot.get().is_none_or(|known| known.is(encoded, candidates.signature_len))
        };
        let Some(slot) = self.slots(encoded).find(is_free_or_same) else { return };
        let _ = slot.set(Box::new(KnownHeader {
            encoded: encoded.into(),
            header: header.to_owned(),
            candidates,
        }));
    }

    /// Returns the slots that may hold `encoded`, in the order in which they are filled.
    fn slots(&self, encoded: &[u8]) -> impl Iterator<Item = &OnceLock<Box<KnownHeader>>> {
        let mask = self.slots.len() - 1;
        let start = hash(encoded);
        (0..Self::WAYS).filter_map(move |way| self.slots.get(start.wrapping_add(way) & mask))
    }
}

/// A hash function that spreads headers with different key IDs over the slots. It need not be
/// secure, because an attacker cannot add entries.
fn hash(bytes: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, _) = bytes.as_chunks::<8>();
    // The last eight bytes. They may overlap with the last word.
    let last = match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    let add = |sum: u64, word: u64| (sum ^ word).wrapping_mul(ODD).rotate_left(29);
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| add(sum, u64::from_le_bytes(*word)));
    (add(sum, last).wrapping_mul(ODD) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kid: &str) -> String {
        format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#)
    }

    fn insert(headers: &KnownHeaders, encoded: &str, json: &str) {
        let header = JoseHeader::parse(json.as_bytes()).unwrap();
        headers.insert(encoded.as_bytes(), &header, Candidates::for_signature_of(256));
    }

    fn lookup<'a>(headers: &'a KnownHeaders, encoded: &[u8]) -> Option<&'a KnownHeader> {
        headers.lookup(encoded, 256)
    }

    #[test]
    fn a_lookup_compares_every_byte_of_the_header() {
        let headers = KnownHeaders::for_keys(1);
        let encoded = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ";
        assert!(lookup(&headers, encoded.as_bytes()).is_none());
        insert(&headers, encoded, &header("a"));
        let known = lookup(&headers, encoded.as_bytes()).unwrap();
        assert_eq!((&*known.header.json, known.header.kid.as_deref()), (&*header("a"), Some("a")));
        for at in 0..encoded.len() {
            let mut other = encoded.as_bytes().to_vec();
            other[at] ^= 1;
            assert!(lookup(&headers, &other).is_none());
            assert!(lookup(&headers, &encoded.as_bytes()[..at]).is_none());
        }
    }

    #[test]
    fn a_header_is_cached_separately_for_each_signature_length() {
        let headers = KnownHeaders::for_keys(1);
        let parsed = JoseHeader::parse(br#"{"alg":"RS256"}"#).unwrap();
        for signature_len in [256, 384] {
            assert!(headers.lookup(b"a", signature_len).is_none());
            headers.insert(b"a", &parsed, Candidates::for_signature_of(signature_len));
            assert_eq!(headers.lookup(b"a", signature_len).unwrap().candidates.signature_len, signature_len);
        }
        assert!(headers.lookup(b"a", 512).is_none());
    }

    #[test]
    fn an_insert_never_waits_for_another_thread() {
        let headers = KnownHeaders::for_keys(1);
        insert(&headers, "a", &header("a"));
        // In a child that was forked at this point, the lock is held forever.
        let _writing = headers.writing.lock().unwrap();
        insert(&headers, "b", &header("b"));
        assert!(lookup(&headers, b"a").is_some() && lookup(&headers, b"b").is_none());
    }

    #[test]
    fn inserting_a_header_again_takes_no_second_slot() {
        let headers = KnownHeaders::for_keys(1);
        for _ in 0..5 {
            insert(&headers, "a", &header("a"));
        }
        assert_eq!(headers.slots(b"a").filter(|slot| slot.get().is_some()).count(), 1);
    }

    #[test]
    fn a_full_table_keeps_its_entries_and_adds_no_more() {
        let headers = KnownHeaders::for_keys(1);
        let kids: Vec<String> = (0..100).map(|i| format!("key-{i}")).collect();
        kids.iter().for_each(|kid| insert(&headers, kid, &header(kid)));
        let known: Vec<&String> =
            kids.iter().filter(|kid| lookup(&headers, kid.as_bytes()).is_some()).collect();
        assert!((8..=16).contains(&known.len()), "{} of 16 slots are in use", known.len());
        for kid in known {
            assert_eq!(lookup(&headers, kid.as_bytes()).unwrap().header.kid.as_deref(), Some(&**kid));
        }
    }

    #[test]
    fn at_least_99_headers_of_a_set_with_100_keys_are_cached() {
        let headers = KnownHeaders::for_keys(100);
        let kids: Vec<String> = (0..100).map(|i| format!("2026-11-key-{i:03}")).collect();
        kids.iter().for_each(|kid| insert(&headers, kid, &header(kid)));
        let known = kids.iter().filter(|kid| lookup(&headers, kid.as_bytes()).is_some()).count();
        assert!(known >= 99, "only {known} of 100 headers are cached");
    }

    #[test]
    fn a_long_header_is_not_cached() {
        let headers = KnownHeaders::for_keys(1);
        let long = "x".repeat(1025);
        insert(&headers, &long, &header("a"));
        assert!(lookup(&headers, long.as_bytes()).is_none());
        insert(&headers, &long[..1024], &header("a"));
        assert!(lookup(&headers, &long.as_bytes()[..1024]).is_some());
    }
}
