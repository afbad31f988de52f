//! The JWK Set (RFC 7517 §5): its parsed keys, and the selection of keys for a token.

use super::candidates::{Candidates, MAX_CANDIDATES};
use super::known_headers::KnownHeaders;
use super::load::{Parsed, prepare, read_document, too_many};
use super::load_options::LoadOptions;
use super::parsed_token::{ParsedToken, TokenHeader};
use super::skipped_key::SkippedKey;
use crate::crypto::backend::Backend;
use crate::crypto::message::Message;
use crate::crypto::verdict::KeyVerdict;
use crate::crypto::verifying_key::VerifyingKey;
use crate::encoding::base64url::Scratch;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::header::JoseHeader;
use crate::jose::jwk::Jwk;
use crate::jose::jws::Part;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const TOO_MANY_CANDIDATES: &str =
    "more than 4 keys match the token, and only 4 are tried: the issuer should set \"kid\"";

/// An issuer's public keys, checked and parsed once. Immutable; any number of threads may share it.
///
/// An unusable key is skipped and listed with the reason ([`JwkSet::skipped`]). The other keys stay
/// usable.
pub struct JwkSet {
    keys: Box<[Jwk]>,
    /// One entry for each of `keys`.
    verifying_keys: Box<[VerifyingKey]>,
    /// For each of `keys`, the index of the first identical key. Identical keys are tried once.
    first_identical: Box<[usize]>,
    by_kid: HashMap<Box<str>, Vec<usize>>,
    without_kid: Vec<usize>,
    skipped: Box<[SkippedKey]>,
    known_headers: KnownHeaders,
    /// Index of the key that verified the most recent token for which several keys were candidates.
    /// Later tokens try this key first.
    recent: AtomicUsize,
}

impl JwkSet {
    /// Reads a JWK Set document with the default back end.
    ///
    /// The document is strict JSON of at most 1 MiB, with at most 1000 members in "keys". A leading
    /// byte order mark is ignored. An unusable member is skipped, even if its JSON is not strict.
    /// The first 100 usable keys are used; the rest are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedJwkSet`]; [`ErrorKind::NoUsableKey`]: no key is usable. The error's
    /// detail contains the reason for which the first member was skipped.
    pub fn from_slice(json: &[u8]) -> Result<Self> {
        Self::from_slice_with(json, Backend::default())
    }

    /// Reads a JWK Set document with the given back end.
    ///
    /// # Errors
    /// The same as [`JwkSet::from_slice`].
    pub fn from_slice_with(json: &[u8], backend: Backend) -> Result<Self> {
        Self::load(json, &LoadOptions::new().backend(backend))
    }

    /// Reads a JWK Set document with the given options.
    ///
    /// # Errors
    /// The same as [`JwkSet::from_slice`], and [`ErrorKind::InvalidArgument`]: an option is out of
    /// range.
    pub fn load(json: &[u8], options: &LoadOptions) -> Result<Self> {
        options.check()?;
        Self::build(read_document(json, options)?, options)
    }

    /// Creates a set of the given keys, with the default back end. A key with an invalid point is
    /// skipped. The first 100 usable keys are used; the rest are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::NoUsableKey`]; [`ErrorKind::MalformedJwkSet`]: there are over 1000 keys.
    pub fn from_keys(keys: impl IntoIterator<Item = Jwk>) -> Result<Self> {
        Self::from_keys_with(keys, Backend::default())
    }

    /// Creates a set of the given keys, with the given back end.
    ///
    /// # Errors
    /// The same as [`JwkSet::from_keys`].
    pub fn from_keys_with(keys: impl IntoIterator<Item = Jwk>, backend: Backend) -> Result<Self> {
        Self::build(keys.into_iter().map(Ok).collect(), &LoadOptions::new().backend(backend))
    }

    /// Returns the keys that [`JwkSet::from_slice`] skips in a document. If no key is usable, this
    /// function still returns the reasons, while [`JwkSet::from_slice`] returns an error.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedJwkSet`].
    pub fn skipped_in(json: &[u8]) -> Result<Vec<SkippedKey>> {
        let options = LoadOptions::new();
        Ok(prepare(read_document(json, &options)?, &options).1)
    }

    fn build(parsed: Vec<Parsed>, options: &LoadOptions) -> Result<Self> {
        if parsed.len() > LoadOptions::MAX_MEMBERS {
            return Err(too_many(parsed.len()));
        }
        let (usable, skipped) = prepare(parsed, options);
        if usable.is_empty() {
            let detail = match &*skipped {
                [] => "it is empty".to_owned(),
                [only] => only.message().to_owned(),
                [first, ..] => format!("{} (the first of {} members)", first.message(), skipped.len()),
            };
            return Err(Error::new(ErrorKind::NoUsableKey, "").with_detail(detail));
        }
        let (keys, verifying_keys): (Vec<Jwk>, Vec<_>) = usable.into_iter().unzip();
        let mut first_with = HashMap::new();
        let first_identical = keys
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
            first_identical,
            by_kid,
            without_kid,
            known_headers: KnownHeaders::for_keys(keys.len()),
            recent: AtomicUsize::new(0),
            keys: keys.into(),
            verifying_keys: verifying_keys.into(),
            skipped: skipped.into(),
        })
    }

    /// Returns the usable keys, in document order.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Returns the number of keys whose next signature is verified with the library's own code of
    /// [`Backend::Accelerated`]. ES256 and Ed25519 keys count once they
    /// have tables: after 100 valid signatures.
    pub fn accelerated_keys(&self) -> usize {
        self.verifying_keys.iter().filter(|key| key.is_accelerated()).count()
    }

    /// Returns the memory in bytes of the tables of this set's ES256 and Ed25519 keys. See
    /// [`LoadOptions::max_table_memory`].
    pub fn table_memory(&self) -> usize {
        self.verifying_keys.iter().map(VerifyingKey::table_memory).sum()
    }

    /// Returns the unusable members, in document order.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Returns whether a key has this "kid".
    pub(crate) fn has_kid(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    /// Returns the cache of the headers of tokens that this set has verified.
    pub(crate) fn known_headers(&self) -> &KnownHeaders {
        &self.known_headers
    }

    /// Returns the keys that may have signed `token`.
    pub(crate) fn candidates(&self, token: &ParsedToken<'_>) -> Candidates {
        match &token.header {
            TokenHeader::Known(known) => known.candidates,
            TokenHeader::Parsed(header) => self.matching_keys(header, token.jws.signature_len()),
        }
    }

    fn matching_keys(&self, header: &JoseHeader<'_>, signature_len: usize) -> Candidates {
        let algorithm = header.algorithm;
        let mut candidates = Candidates::for_signature_of(signature_len);
        match header.kid.as_deref() {
            Some(kid) => {
                for &i in self.by_kid.get(kid).unwrap_or(&self.without_kid) {
                    self.add_if_it_fits(i, algorithm, &mut candidates);
                }
            }
            None => {
                for i in 0..self.keys.len() {
                    self.add_if_it_fits(i, algorithm, &mut candidates);
                }
            }
        }
        candidates
    }

    fn add_if_it_fits(&self, i: usize, algorithm: Algorithm, candidates: &mut Candidates) {
        let first_identical = |i: usize| self.first_identical.get(i);
        let (Some(jwk), Some(key)) = (self.keys.get(i), self.verifying_keys.get(i)) else { return };
        if jwk.fits(algorithm)
            && !candidates.as_slice().iter().any(|&other| first_identical(other) == first_identical(i))
        {
            candidates.push((key.signature_len() == candidates.signature_len).then_some(i));
        }
    }

    /// Returns the first of `candidates` that verifies the signature of `token`. Decodes the
    /// signature into `scratch`.
    pub(crate) fn verify_signature(
        &self,
        token: &ParsedToken<'_>,
        candidates: Candidates,
        scratch: &mut Scratch,
    ) -> Result<&Jwk> {
        if candidates.is_empty() {
            return Err(self.no_matching_key(&token.header));
        }
        let signature = scratch.decode(token.jws.signature).map_err(|_| Part::Signature.not_base64url())?;
        let message = Message::new(token.jws.signing_input);
        let key = self.try_in_turn(candidates, token.header.algorithm, &message, signature)?;
        if let TokenHeader::Parsed(header) = &token.header {
            self.known_headers.insert(token.jws.header, header, candidates);
        }
        Ok(key)
    }

    fn try_in_turn(
        &self,
        candidates: Candidates,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<&Jwk> {
        let mut by_kernel = [None; MAX_CANDIDATES];
        for (&i, by_kernel) in self.recent_first(candidates).as_slice().iter().zip(&mut by_kernel) {
            let Some(key) = self.verifying_keys.get(i) else { continue };
            match key.verify(algorithm, message, signature) {
                KeyVerdict::Valid => return self.signer(i, candidates),
                KeyVerdict::RejectedByKernel => *by_kernel = Some(i),
                KeyVerdict::Invalid => {}
            }
        }
        self.verify_again(by_kernel.iter().flatten(), candidates, algorithm, message, signature)
    }

    /// Verifies a signature again that no candidate has verified so far. `by_kernel` contains the
    /// keys with which only this library's own code has rejected the signature. Returns the key
    /// that verifies it. [`VerifyingKey::verify_again`] may skip this second verification.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSignature`]: no key verifies the signature.
    pub(super) fn verify_again<'i>(
        &self,
        by_kernel: impl IntoIterator<Item = &'i usize>,
        candidates: Candidates,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
    ) -> Result<&Jwk> {
        for &i in by_kernel {
            if let Some(key) = self.verifying_keys.get(i)
                && key.verify_again(algorithm, message, signature).is_ok()
            {
                return self.signer(i, candidates);
            }
        }
        let detail = if candidates.has_more() { TOO_MANY_CANDIDATES } else { "" };
        Err(Error::new(ErrorKind::InvalidSignature, detail))
    }

    /// Returns the key at `index`, which has verified a token. If the token had several candidates,
    /// stores `index` as the most recent signer.
    pub(super) fn signer(&self, index: usize, candidates: Candidates) -> Result<&Jwk> {
        if candidates.as_slice().len() > 1 && self.recent.load(Relaxed) != index {
            self.recent.store(index, Relaxed);
        }
        self.keys.get(index).ok_or(Error::new(ErrorKind::InvalidSignature, ""))
    }

    /// Returns the candidates in the order in which to try them: the most recent signer first.
    pub(super) fn recent_first(&self, candidates: Candidates) -> Candidates {
        candidates.starting_with(self.recent.load(Relaxed))
    }

    /// Returns whether signatures of any key can be verified side by side.
    pub(crate) fn has_lanes(&self) -> bool {
        self.verifying_keys.iter().any(|key| key.lane_kind().is_some())
    }

    pub(super) fn verifying_key(&self, index: usize) -> Option<&VerifyingKey> {
        self.verifying_keys.get(index)
    }

    /// Returns the error for a token whose header matches no key. The error text may contain the
    /// token's algorithm. It contains the token's kid only if a skipped key of the set has it.
    #[cold]
    fn no_matching_key(&self, header: &JoseHeader<'_>) -> Error {
        let error = Error::new(ErrorKind::NoMatchingKey, "");
        let algorithm = header.algorithm;
        let Some(kid) = header.kid.as_deref() else {
            return error.with_detail(format!("the set has no key for {algorithm}"));
        };
        if self.has_kid(kid) {
            return error.with_detail(format!("the key with the token's kid cannot be used for {algorithm}"));
        }
        if let Some(skipped) = self.skipped.iter().find(|skipped| skipped.kid() == Some(kid)) {
            let shown: String = kid.chars().take(100).collect();
            let detail = format!("key {shown:?} is in the set but not usable: {}", skipped.message());
            return error.with_detail(detail);
        }
        error.with_detail("the set has no key with the token's kid")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::skip_reason::SkipReason;

    const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn a_document_over_a_limit_is_rejected_and_the_error_contains_the_limit() {
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
        assert_eq!(detail(&padded((1 << 20) + 1)), "1048577 bytes; at most 1048576 (max_document_len)");
        let members = |count: usize| format!("{{\"keys\":[{KEY}{}]}}", ",1".repeat(count - 1));
        assert_eq!(detail(&members(1000)), "");
        assert_eq!(detail(&members(1001)), "1001 members in \"keys\"; at most 1000");
        assert_eq!(detail(&members(300_000)), "300000 members in \"keys\"; at most 1000");
    }

    #[test]
    fn a_key_with_another_use_is_skipped_unless_key_uses_contains_that_use() {
        let document = |key_use: &str| {
            format!("{{\"keys\":[{KEY},{}]}}", KEY.replacen('{', &format!("{{\"use\":\"{key_use}\","), 1))
        };
        let skipped = |key_use: &str, options: &LoadOptions| {
            let jwks = JwkSet::load(document(key_use).as_bytes(), options).unwrap();
            jwks.skipped().iter().map(SkippedKey::message).collect::<Vec<_>>().join(" ")
        };
        let svid = LoadOptions::new().key_uses(["jwt-svid", "x"]);
        assert_eq!(skipped("sig", &svid), "");
        assert_eq!(skipped("jwt-svid", &svid), "");
        assert_eq!(
            skipped("x509-svid", &svid),
            "\"use\" is \"x509-svid\", not \"sig\" or \"jwt-svid\" or \"x\""
        );
        assert_eq!(skipped("jwt-svid", &LoadOptions::new()), "\"use\" is \"jwt-svid\", not \"sig\"");
    }

    #[test]
    fn an_option_out_of_range_is_an_error() {
        let document = format!("{{\"keys\":[{KEY},{KEY}]}}");
        let load = |options: LoadOptions| JwkSet::load(document.as_bytes(), &options);
        assert_eq!(load(LoadOptions::new().max_keys(1)).unwrap().keys().len(), 1);
        for (options, detail) in [
            (LoadOptions::new().max_keys(0), "max_keys is 0; allowed are 1 to 1000"),
            (LoadOptions::new().max_document_len(9), "max_document_len is 9; allowed are 1024 to 67108864"),
        ] {
            let error = load(options).unwrap_err();
            assert_eq!((error.kind(), error.detail()), (ErrorKind::InvalidArgument, detail));
        }
    }

    #[test]
    fn keys_over_the_limit_are_skipped() {
        let keys = |count: usize| (0..count).map(|_| Jwk::from_slice(KEY.as_bytes()).unwrap());
        let jwks = JwkSet::from_keys(keys(1000)).unwrap();
        assert_eq!((jwks.keys().len(), jwks.skipped().len()), (100, 900));
        assert!(jwks.skipped().iter().all(|key| key.reason() == SkipReason::OverLimit));
        let document = format!("{{\"keys\":[{}]}}", [KEY; 101].join(","));
        let skipped = JwkSet::skipped_in(document.as_bytes()).unwrap();
        assert_eq!((skipped.len(), skipped[0].index()), (1, 100));
        assert_eq!(skipped[0].message(), "over the limit of 100 usable keys (max_keys)");
        let error = JwkSet::from_keys(keys(1001)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedJwkSet);
    }
}
