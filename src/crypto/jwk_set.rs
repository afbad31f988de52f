//! The JWK Set (RFC 7517 §5), its keys parsed and ready, and the choice of keys for a token.

use super::backend::Backend;
use super::candidates::{Candidates, MAX_CANDIDATES};
use super::known_headers::{KnownHeader, KnownHeaders};
use super::message::Message;
use super::{Verdict, VerifyingKey};
use crate::encoding::{base64url, json};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::header::JoseHeader;
use crate::jose::jwk::Jwk;
use crate::jose::jws::CompactJws;
use crate::jose::skip_reason::SkipReason;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The largest accepted document, in bytes.
pub(crate) const MAX_DOCUMENT_LEN: usize = 512 * 1024;
/// The most keys accepted in one set.
const MAX_KEYS: usize = 100;
const TOO_MANY_CANDIDATES: &str =
    "the first 4 keys that match were tried, and there are more: a \"kid\" would tell which";

/// An issuer's public keys, checked and parsed once. Immutable, and shared by any number of threads.
///
/// A key that cannot be used is skipped and listed with its reason; it never spoils the others.
pub struct JwkSet {
    keys: Box<[Jwk]>,
    /// One for each of `keys`.
    verifying_keys: Box<[VerifyingKey]>,
    /// For each of `keys` the index of the first with the same numbers, so that identical keys are tried
    /// once.
    first_alike: Box<[usize]>,
    by_kid: HashMap<Box<str>, Vec<usize>>,
    without_kid: Vec<usize>,
    skipped: Box<[SkippedKey]>,
    known_headers: KnownHeaders,
    /// The key that the last token with several candidates was signed with, and the next one probably is, too.
    recent: AtomicUsize,
}

/// A member of a JWK Set that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    index: usize,
    kid: Option<Box<str>>,
    reason: SkipReason,
}

impl SkippedKey {
    /// Its place in the document's "keys" array, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its key ID, if it has one that can be read.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Why it cannot be used.
    pub fn reason(&self) -> SkipReason {
        self.reason
    }
}

impl JwkSet {
    /// Reads a JWK Set document with the default back end.
    ///
    /// The document is strict JSON of at most 512 KiB and 100 keys.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedJwkSet`], [`ErrorKind::NoUsableKey`] (the detail is the first skipped key's
    /// reason).
    pub fn from_slice(json: &[u8]) -> Result<Self> {
        Self::from_slice_with(json, Backend::default())
    }

    /// Reads a JWK Set document with the given back end.
    ///
    /// # Errors
    /// As [`JwkSet::from_slice`].
    pub fn from_slice_with(json: &[u8], backend: Backend) -> Result<Self> {
        Self::build(read_document(json)?, backend)
    }

    /// A set of the given keys, with the default back end. A key whose point is not on its curve is skipped.
    ///
    /// # Errors
    /// [`ErrorKind::NoUsableKey`]; [`ErrorKind::MalformedJwkSet`]: over 100 keys.
    pub fn from_keys(keys: impl IntoIterator<Item = Jwk>) -> Result<Self> {
        Self::from_keys_with(keys, Backend::default())
    }

    /// A set of the given keys, with the given back end.
    ///
    /// # Errors
    /// [`ErrorKind::NoUsableKey`].
    pub fn from_keys_with(keys: impl IntoIterator<Item = Jwk>, backend: Backend) -> Result<Self> {
        Self::build(keys.into_iter().map(Ok).collect(), backend)
    }

    /// What [`JwkSet::from_slice`] skips in a document, also when it skips everything and so gives no set:
    /// for telling an operator why.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedJwkSet`].
    pub fn skipped_in(json: &[u8]) -> Result<Vec<SkippedKey>> {
        Ok(prepare(read_document(json)?, Backend::default()).1)
    }

    fn build(parsed: Vec<Parsed>, backend: Backend) -> Result<Self> {
        if parsed.len() > MAX_KEYS {
            return Err(Error::new(ErrorKind::MalformedJwkSet, "over 100 keys"));
        }
        let (usable, skipped) = prepare(parsed, backend);
        if usable.is_empty() {
            let detail = skipped.first().map_or("it is empty", |first| first.reason.message());
            return Err(Error::new(ErrorKind::NoUsableKey, detail));
        }
        let (keys, verifying_keys): (Vec<Jwk>, Vec<_>) = usable.into_iter().unzip();
        let mut first_with = HashMap::new();
        let first_alike = keys
            .iter()
            .enumerate()
            .map(|(i, key)| *first_with.entry(key.public_key()).or_insert(i))
            .collect();
        let mut by_kid: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        let mut without_kid = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            match key.kid() {
                Some(kid) => by_kid.entry(kid.into()).or_default().push(i),
                None => without_kid.push(i),
            }
        }
        Ok(Self {
            first_alike,
            by_kid,
            without_kid,
            known_headers: KnownHeaders::for_keys(keys.len()),
            recent: AtomicUsize::new(0),
            keys: keys.into(),
            verifying_keys: verifying_keys.into(),
            skipped: skipped.into(),
        })
    }

    /// The usable keys, in document order.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// How many of the keys have their RS256 signatures verified by the accelerated arithmetic
    /// ([`Backend::Accelerated`]).
    pub fn accelerated_keys(&self) -> usize {
        self.verifying_keys.iter().filter(|key| key.is_accelerated()).count()
    }

    /// The members that cannot be used, in document order.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether a key has this "kid".
    #[cfg(feature = "remote")]
    pub(crate) fn has_kid(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    /// The parts of `token`, if its header is one that is known to the byte. Nothing else of it is looked at.
    pub(crate) fn recognise<'t>(&self, token: &'t [u8]) -> Option<(CompactJws<'t>, &KnownHeader)> {
        let jws = CompactJws::split_outer(token)?;
        let signature_len = base64url::decoded_len(jws.signature.len());
        Some((jws, self.known_headers.find(jws.header, signature_len)?))
    }

    /// Takes note of a header whose token has a signature that holds.
    pub(crate) fn learn(&self, encoded: &[u8], header: &JoseHeader<'_>, candidates: Candidates) {
        self.known_headers.learn(encoded, header, candidates);
    }

    /// The key at `index`, if signatures of this algorithm may be verified side by side with others.
    pub(crate) fn lane_key(&self, index: usize, algorithm: Algorithm) -> Option<&VerifyingKey> {
        let key = self.verifying_keys.get(index)?;
        (algorithm == Algorithm::Rs256 && key.is_accelerated()).then_some(key)
    }

    /// Returns the first of `candidates` that verifies the signature.
    ///
    /// `signature` is asked for only once there is a key: a token of unknown kid costs no decoding.
    pub(crate) fn verify<'s>(
        &self,
        candidates: Candidates,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: impl FnOnce() -> Result<&'s [u8]>,
    ) -> Result<&Jwk> {
        if candidates.is_empty() {
            return Err(Error::new(ErrorKind::NoMatchingKey, ""));
        }
        let signature = signature()?;
        let mut refused = [None; MAX_CANDIDATES];
        for (&i, refused) in self.by_use(candidates).as_slice().iter().zip(&mut refused) {
            let Some(key) = self.verifying_keys.get(i) else { continue };
            match key.verify(algorithm, message, signature) {
                Verdict::Valid => return self.signed_by(i, candidates),
                Verdict::RefusedByKernel => *refused = Some(i),
                Verdict::Invalid => {}
            }
        }
        self.verify_again(refused.iter().flatten(), candidates, algorithm, message, signature)
    }

    /// The verdict on a signature that none of `candidates` verifies, while some are `refused` by the kernel alone.
    pub(crate) fn verify_again<'i>(
        &self,
        refused: impl IntoIterator<Item = &'i usize>,
        candidates: Candidates,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<&Jwk> {
        for &i in refused {
            if let Some(key) = self.verifying_keys.get(i)
                && key.verify_again(algorithm, message, signature).is_ok()
            {
                return self.signed_by(i, candidates);
            }
        }
        let detail = if candidates.has_more() { TOO_MANY_CANDIDATES } else { "" };
        Err(Error::new(ErrorKind::InvalidSignature, detail))
    }

    /// The key at `index`, which verifies a token with these candidates.
    pub(crate) fn signed_by(&self, index: usize, candidates: Candidates) -> Result<&Jwk> {
        if candidates.as_slice().len() > 1 && self.recent.load(Relaxed) != index {
            self.recent.store(index, Relaxed);
        }
        self.keys.get(index).ok_or(Error::new(ErrorKind::InvalidSignature, ""))
    }

    /// The candidates in the order in which they are tried.
    pub(crate) fn by_use(&self, candidates: Candidates) -> Candidates {
        candidates.starting_with(self.recent.load(Relaxed))
    }

    /// The keys that may have signed a token of this header with a signature of this length.
    pub(crate) fn candidates(&self, header: &JoseHeader<'_>, signature_len: usize) -> Candidates {
        let algorithm = header.algorithm;
        let mut candidates = Candidates::for_signature_of(signature_len);
        match header.kid.as_deref() {
            Some(kid) => {
                for &i in self.by_kid.get(kid).unwrap_or(&self.without_kid) {
                    self.consider(i, algorithm, &mut candidates);
                }
            }
            None => {
                for i in 0..self.keys.len() {
                    self.consider(i, algorithm, &mut candidates);
                }
            }
        }
        candidates
    }

    fn consider(&self, i: usize, algorithm: Algorithm, candidates: &mut Candidates) {
        let first_alike = |i: usize| self.first_alike.get(i);
        let (Some(jwk), Some(key)) = (self.keys.get(i), self.verifying_keys.get(i)) else { return };
        if jwk.fits(algorithm)
            && !candidates.as_slice().iter().any(|&other| first_alike(other) == first_alike(i))
        {
            candidates.push((key.signature_len() == candidates.signature_len).then_some(i));
        }
    }
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwkSet")
            .field("keys", &self.keys)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}

/// A member of the document: a key, or why not, with its kid.
type Parsed = Result<Jwk, (SkipReason, Option<Box<str>>)>;

fn read_document(json: &[u8]) -> Result<Vec<Parsed>> {
    let malformed = |detail| Error::new(ErrorKind::MalformedJwkSet, detail);
    if json.len() > MAX_DOCUMENT_LEN {
        return Err(malformed("over 512 KiB"));
    }
    let text = std::str::from_utf8(json).map_err(|_| malformed("not UTF-8"))?;
    let mut keys = None;
    json::members(text, |name, value| {
        if name == b"keys" {
            keys = Some(value);
        }
    })
    .map_err(|_| malformed("not a strict JSON object"))?;
    let mut members = Vec::new();
    keys.ok_or(malformed("no member \"keys\""))?
        .elements(|member| members.push(member))
        .ok_or(malformed("\"keys\" is not an array"))?;
    Ok(members.into_iter().map(|member| Jwk::parse(member.text())).collect())
}

fn prepare(parsed: Vec<Parsed>, backend: Backend) -> (Vec<(Jwk, VerifyingKey)>, Vec<SkippedKey>) {
    let mut usable = Vec::new();
    let mut skipped = Vec::new();
    for (index, parsed) in parsed.into_iter().enumerate() {
        let prepared = parsed.and_then(|jwk| match VerifyingKey::new(backend, &jwk) {
            Ok(key) => Ok((jwk, key)),
            Err(reason) => Err((reason, jwk.kid().map(Into::into))),
        });
        match prepared {
            Ok(key) => usable.push(key),
            Err((reason, kid)) => skipped.push(SkippedKey { index, kid, reason }),
        }
    }
    (usable, skipped)
}
