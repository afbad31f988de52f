//! The headers of tokens whose signature held, by their encoded bytes. The tokens of one issuer
//! have the same few, and comparing bytes is much cheaper than decoding and reading them. Without a
//! "kid", keys of several sizes may have signed tokens of one header: so it counts which length the
//! signature has, too.

use super::candidates::Candidates;
use crate::jose::header::JoseHeader;
use std::sync::{Mutex, OnceLock};

/// Headers as a hash table that only grows: a slot is written once, so readers take no lock. Only a
/// holder of a private key can make an entry, and the number of slots bounds them; what finds no
/// slot is read each time.
pub(crate) struct KnownHeaders {
    slots: Box<[OnceLock<Box<KnownHeader>>]>,
    /// Only tried, never waited for: in a process that was forked while another thread held it, it
    /// is held for ever.
    writing: Mutex<()>,
}

/// A header with all that follows from it for one key set.
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
    /// How many slots a header may stand in.
    const WAYS: usize = 4;
    const SLOTS_PER_KEY: usize = 4;
    /// Longer ones are not remembered.
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
        // While another thread writes, this header is left to a later token.
        let Ok(_writing) = self.writing.try_lock() else { return };
        let its = |slot: &&OnceLock<Box<KnownHeader>>| {
            slot.get().is_none_or(|known| known.is(encoded, candidates.signature_len))
        };
        let Some(slot) = self.slots(encoded).find(its) else { return };
        let _ = slot.set(Box::new(KnownHeader {
            encoded: encoded.into(),
            header: header.to_owned(),
            candidates,
        }));
    }

    /// The slots that may hold `encoded`, in the order of filling.
    fn slots(&self, encoded: &[u8]) -> impl Iterator<Item = &OnceLock<Box<KnownHeader>>> {
        let mask = self.slots.len() - 1;
        let start = hash(encoded);
        (0..Self::WAYS).filter_map(move |way| self.slots.get(start.wrapping_add(way) & mask))
    }
}

/// Spreads headers that differ in a key ID. No more is asked of it: nobody else chooses what is in
/// the table.
fn hash(bytes: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, _) = bytes.as_chunks::<8>();
    // The rest, with some of what is before it.
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
    fn a_header_is_known_by_every_one_of_its_bytes() {
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
    fn a_header_is_known_for_one_length_of_the_signature() {
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
    fn nobody_waits_for_a_thread_that_writes() {
        let headers = KnownHeaders::for_keys(1);
        insert(&headers, "a", &header("a"));
        // So it is for ever in a child that was forked meanwhile.
        let _writing = headers.writing.lock().unwrap();
        insert(&headers, "b", &header("b"));
        assert!(lookup(&headers, b"a").is_some() && lookup(&headers, b"b").is_none());
    }

    #[test]
    fn a_header_takes_one_slot() {
        let headers = KnownHeaders::for_keys(1);
        for _ in 0..5 {
            insert(&headers, "a", &header("a"));
        }
        assert_eq!(headers.slots(b"a").filter(|slot| slot.get().is_some()).count(), 1);
    }

    #[test]
    fn a_full_table_forgets_nothing_and_takes_no_more() {
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
    fn the_keys_of_a_large_set_find_their_slots() {
        let headers = KnownHeaders::for_keys(100);
        let kids: Vec<String> = (0..100).map(|i| format!("2026-11-key-{i:03}")).collect();
        kids.iter().for_each(|kid| insert(&headers, kid, &header(kid)));
        let known = kids.iter().filter(|kid| lookup(&headers, kid.as_bytes()).is_some()).count();
        assert!(known >= 99, "{known} of 100 headers");
    }

    #[test]
    fn a_long_header_is_not_kept() {
        let headers = KnownHeaders::for_keys(1);
        let long = "x".repeat(1025);
        insert(&headers, &long, &header("a"));
        assert!(lookup(&headers, long.as_bytes()).is_none());
        insert(&headers, &long[..1024], &header("a"));
        assert!(lookup(&headers, &long.as_bytes()[..1024]).is_some());
    }
}
