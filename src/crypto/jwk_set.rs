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
use crate::jose::hints;
use crate::jose::jwk::Jwk;
use crate::jose::jws::CompactJws;
use crate::jose::skip_reason::{SkipReason, Unusable};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The most members accepted in one set. They are counted before any of them is read.
pub(crate) const MAX_MEMBERS: usize = 1000;
const TOO_MANY_CANDIDATES: &str =
    "the first 4 keys that match were tried, and there are more: a \"kid\" would tell which";

/// How large a set may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The largest accepted document, in bytes.
    pub(crate) document_len: usize,
    /// The most keys used of one set. Preparing one costs up to milliseconds; further ones are skipped.
    pub(crate) keys: usize,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self { document_len: 1024 * 1024, keys: 100 };
}

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
    message: Cow<'static, str>,
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

    /// The same for people, with what exactly is wrong: which member, how many bits. The words may change between
    /// versions.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl JwkSet {
    /// Reads a JWK Set document with the default back end.
    ///
    /// The document is strict JSON of at most 1 MiB with at most 1000 members in "keys", after a byte order mark if it has
    /// one. Each of these members is judged by itself: what is wrong inside one, be it its JSON, skips that one. The first
    /// 100 usable keys are used, further ones skipped.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedJwkSet`], [`ErrorKind::NoUsableKey`] (the detail says why the first member was skipped).
    pub fn from_slice(json: &[u8]) -> Result<Self> {
        Self::from_slice_with(json, Backend::default())
    }

    /// Reads a JWK Set document with the given back end.
    ///
    /// # Errors
    /// As [`JwkSet::from_slice`].
    pub fn from_slice_with(json: &[u8], backend: Backend) -> Result<Self> {
        Self::from_slice_within(json, backend, Limits::DEFAULT)
    }

    pub(crate) fn from_slice_within(json: &[u8], backend: Backend, limits: Limits) -> Result<Self> {
        Self::build(read_document(json, limits)?, backend, limits)
    }

    /// A set of the given keys, with the default back end. A key whose point is not on its curve is skipped, and so is
    /// what follows the first 100 usable ones.
    ///
    /// # Errors
    /// [`ErrorKind::NoUsableKey`]; [`ErrorKind::MalformedJwkSet`]: over 1000 keys.
    pub fn from_keys(keys: impl IntoIterator<Item = Jwk>) -> Result<Self> {
        Self::from_keys_with(keys, Backend::default())
    }

    /// A set of the given keys, with the given back end.
    ///
    /// # Errors
    /// [`ErrorKind::NoUsableKey`].
    pub fn from_keys_with(keys: impl IntoIterator<Item = Jwk>, backend: Backend) -> Result<Self> {
        Self::build(keys.into_iter().map(Ok).collect(), backend, Limits::DEFAULT)
    }

    /// What [`JwkSet::from_slice`] skips in a document, also when it skips everything and so gives no set:
    /// for telling an operator why.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedJwkSet`].
    pub fn skipped_in(json: &[u8]) -> Result<Vec<SkippedKey>> {
        Ok(prepare(read_document(json, Limits::DEFAULT)?, Backend::default(), Limits::DEFAULT).1)
    }

    fn build(parsed: Vec<Parsed>, backend: Backend, limits: Limits) -> Result<Self> {
        if parsed.len() > MAX_MEMBERS {
            return Err(too_many(parsed.len()));
        }
        let (usable, skipped) = prepare(parsed, backend, limits);
        if usable.is_empty() {
            let detail = match &*skipped {
                [] => "it is empty".to_owned(),
                [only] => only.message.clone().into_owned(),
                [first, ..] => format!("{} (the first of {} members)", first.message, skipped.len()),
            };
            return Err(Error::new(ErrorKind::NoUsableKey, "").with_detail(detail));
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

    /// Why there is no candidate for a token of this header. Of the token it says no more than its algorithm; a kid is shown
    /// where the set has it.
    #[cold]
    pub(crate) fn no_matching_key(&self, header: &JoseHeader<'_>) -> Error {
        let error = Error::new(ErrorKind::NoMatchingKey, "");
        let algorithm = header.algorithm;
        let Some(kid) = header.kid.as_deref() else {
            return error.with_detail(format!("no key of the set fits {algorithm}"));
        };
        if self.by_kid.contains_key(kid) {
            return error.with_detail(format!("the key of the token's kid does not fit {algorithm}"));
        }
        if let Some(skipped) = self.skipped.iter().find(|skipped| skipped.kid() == Some(kid)) {
            let shown: String = kid.chars().take(100).collect();
            let detail = format!("key {shown:?} is in the set but not usable: {}", skipped.message());
            return error.with_detail(detail);
        }
        error.with_detail("the set has no key of the token's kid")
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
type Parsed = Result<Jwk, (Unusable, Option<Box<str>>)>;

fn malformed(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::MalformedJwkSet, "").with_detail(detail)
}

fn too_many(members: usize) -> Error {
    malformed(format!("{members} members in \"keys\"; at most {MAX_MEMBERS}"))
}

fn read_document(json: &[u8], limits: Limits) -> Result<Vec<Parsed>> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if json.len() > limits.document_len {
        return Err(malformed(format!("{} bytes; at most {}", json.len(), limits.document_len)));
    }
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let not_json = |invalid: json::Invalid| match hints::looks_like(json) {
        Some(hint) => malformed(hint),
        None => malformed(format!("not a strict JSON object: {invalid}")),
    };
    let text = json::utf8(json).map_err(not_json)?;
    let mut members = Vec::new();
    let mut count = 0;
    let mut not_an_array = None;
    let mut hint = "";
    let element = |element| {
        count += 1;
        if count <= MAX_MEMBERS {
            members.push(element);
        }
    };
    let has_array = json::members_and_elements(text, "keys", element, |name, value| match name {
        b"keys" => not_an_array = Some(value.kind()),
        b"kty" => hint = ": it is a single JWK",
        b"jwks_uri" => {
            hint = ": it is an issuer's metadata, whose \"jwks_uri\" is the address of the JWK Set"
        }
        _ if value.text().starts_with("\"-----BEGIN CERTIFICATE") => hint = ": it is a map of certificates",
        _ => {}
    })
    .map_err(not_json)?;
    if let Some(kind) = not_an_array {
        return Err(malformed(format!("\"keys\" is {kind}, not an array")));
    }
    if !has_array {
        return Err(malformed(format!("no member \"keys\"{hint}")));
    }
    if count > MAX_MEMBERS {
        return Err(too_many(count));
    }
    Ok(members.into_iter().map(Jwk::parse).collect())
}

fn prepare(
    parsed: Vec<Parsed>,
    backend: Backend,
    limits: Limits,
) -> (Vec<(Jwk, VerifyingKey)>, Vec<SkippedKey>) {
    let mut usable = Vec::new();
    let mut skipped = Vec::new();
    for (index, parsed) in parsed.into_iter().enumerate() {
        let prepared = parsed.and_then(|jwk| {
            let key = match usable.len() < limits.keys {
                true => VerifyingKey::new(backend, &jwk),
                false => Err(SkipReason::OverLimit),
            };
            match key {
                Ok(key) => Ok((jwk, key)),
                Err(reason) => Err((refused(reason, &jwk, limits), jwk.kid().map(Into::into))),
            }
        });
        match prepared {
            Ok(key) => usable.push(key),
            Err((Unusable { reason, message }, kid)) => {
                skipped.push(SkippedKey { index, kid, reason, message });
            }
        }
    }
    (usable, skipped)
}

/// A key that the back end refuses, or the limit.
fn refused(reason: SkipReason, jwk: &Jwk, limits: Limits) -> Unusable {
    match (reason, jwk.curve()) {
        (SkipReason::OverLimit, _) => {
            Unusable::new(reason, format!("over the limit of {} usable keys", limits.keys))
        }
        (SkipReason::BadPoint, Some("Ed25519")) => {
            Unusable::new(reason, "\"x\" is of small order or not in its one spelling")
        }
        (SkipReason::BadPoint, Some(curve)) => {
            Unusable::new(reason, format!("\"x\" and \"y\" are no point of {curve}"))
        }
        _ => reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn the_bounds_of_a_document_are_named() {
        let detail = |json: &str| match JwkSet::from_slice(json.as_bytes()) {
            Ok(_) => String::new(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::MalformedJwkSet);
                error.detail().to_owned()
            }
        };
        let padded = |len: usize| format!("{{\"keys\":[{KEY}]{}}}", " ".repeat(len - KEY.len() - 11));
        assert_eq!(padded(100).len(), 100);
        assert_eq!(detail(&padded(1 << 20)), "");
        assert_eq!(detail(&padded((1 << 20) + 1)), "1048577 bytes; at most 1048576");
        let members = |count: usize| format!("{{\"keys\":[{KEY}{}]}}", ",1".repeat(count - 1));
        assert_eq!(detail(&members(1000)), "");
        assert_eq!(detail(&members(1001)), "1001 members in \"keys\"; at most 1000");
        assert_eq!(detail(&members(300_000)), "300000 members in \"keys\"; at most 1000");
    }

    #[test]
    fn no_more_keys_are_prepared_than_are_used() {
        let keys = |count: usize| (0..count).map(|_| Jwk::from_slice(KEY.as_bytes()).unwrap());
        let jwks = JwkSet::from_keys(keys(1000)).unwrap();
        assert_eq!((jwks.keys().len(), jwks.skipped().len()), (100, 900));
        assert!(jwks.skipped().iter().all(|key| key.reason() == SkipReason::OverLimit));
        let document = format!("{{\"keys\":[{}]}}", [KEY; 101].join(","));
        let skipped = JwkSet::skipped_in(document.as_bytes()).unwrap();
        assert_eq!((skipped.len(), skipped[0].index()), (1, 100));
        assert_eq!(skipped[0].message(), "over the limit of 100 usable keys");
        let error = JwkSet::from_keys(keys(1001)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedJwkSet);
    }
}
