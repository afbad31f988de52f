//! L3: the decision. May name: error, encoding, jose, crypto. The time comes from the policy's [`Clock`]
//! alone.

pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod clock;
pub(crate) mod columns;
#[cfg(feature = "remote")]
pub(crate) mod key_source;
pub(crate) mod policy;
#[cfg(feature = "remote")]
pub(crate) mod ticket;
pub(crate) mod verified_jws;
pub(crate) mod verified_token;
pub(crate) mod verifier;

use crate::crypto::candidates::Candidates;
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::known_headers::KnownHeader;
use crate::crypto::message::Message;
use crate::encoding::base64url::{self, Scratch};
#[cfg(feature = "remote")]
use crate::error::Error;
use crate::error::{ErrorKind, Result};
#[cfg(feature = "remote")]
use crate::jose::claims::ClaimsSet;
use crate::jose::header::JoseHeader;
use crate::jose::jwk::Jwk;
use crate::jose::jws::{CompactJws, NOT_BASE64URL};
#[cfg(feature = "remote")]
use key_source::{KeySource, MissingKey, Refetch};
use policy::Policy;
#[cfg(feature = "remote")]
use ticket::{Ticket, Verdict};
use verified_jws::VerifiedJws;
use verified_token::VerifiedToken;

/// Headers and signatures up to this many bytes are decoded without an allocation.
const STACK: usize = 512;

/// Verifies a JWT (RFC 7519 §7.2): its signature with the keys of `jwks`, then its Claims Set against
/// `policy`.
///
/// `token` is a JWS in Compact Serialization, without white space around it. It is not kept.
///
/// # Errors
/// Why the token is refused: the first fault in a fixed order, which is the same in every language. Claims
/// are neither judged nor reported before the signature holds.
///
/// ```
/// use bouncer_verify::{JwkSet, Policy, verify_token};
/// # let document = include_bytes!("../../tests/data/document_jwks.json");
/// # let token = include_str!("../../tests/data/document_token.txt").trim();
///
/// let jwks = JwkSet::from_slice(document)?;
/// let policy = Policy::dcos().time(1467985465);
/// let token = verify_token(&jwks, &policy, token)?;
/// assert_eq!(token.uid(), Some("peter"));
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
pub fn verify_token(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedToken> {
    opened(jwks, policy, token.as_ref(), |token| {
        let key = verify_signature(jwks, &token)?;
        VerifiedToken::read(&token, policy, key)
    })
}

/// Verifies a JWS (RFC 7515 §5.2) whose payload may be anything: of `policy`, only the algorithms, the
/// token type and the maximal length matter. Most callers want [`verify_token`].
///
/// # Errors
/// As [`verify_token`], up to [`ErrorKind::InvalidSignature`].
pub fn verify_jws(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedJws> {
    opened(jwks, policy, token.as_ref(), |token| {
        let kid = verify_signature(jwks, &token)?.kid().map(Into::into);
        let payload = base64url::decode(token.jws.payload).map_err(|_| NOT_BASE64URL)?;
        let header = token.header.json.as_bytes().to_vec();
        Ok(VerifiedJws { header, payload, algorithm: token.header.algorithm, kid })
    })
}

/// A token whose form and header are admitted. Nothing of it is verified.
struct Opened<'a> {
    jws: CompactJws<'a>,
    header: &'a JoseHeader<'a>,
    /// The keys that may have signed it.
    candidates: Candidates,
    /// The header was recognised by its bytes.
    known: bool,
}

/// Does the checks that need no key's arithmetic, then `rest`.
fn opened<T>(
    jwks: &JwkSet,
    policy: &Policy,
    token: &[u8],
    rest: impl FnOnce(Opened<'_>) -> Result<T>,
) -> Result<T> {
    if let Some(opened) = recognised(jwks, policy, token) {
        let verdict = match policy.admit(opened.header) {
            Ok(()) => rest(opened),
            Err(error) => Err(error),
        };
        if verdict.is_err() {
            first_fault(token, policy)?;
        }
        return verdict;
    }
    admitted(policy, token, |jws, header| {
        let candidates = jwks.candidates(header, base64url::decoded_len(jws.signature.len()));
        rest(Opened { jws, header, candidates, known: false })
    })
}

/// The token with a header that is known to the byte. Of its form, no more is checked than where its outer dots are.
fn recognised<'a>(jwks: &'a JwkSet, policy: &Policy, token: &'a [u8]) -> Option<Opened<'a>> {
    if token.len() > policy.max_token_len || policy.fault.is_some() {
        return None;
    }
    let (jws, KnownHeader { header, candidates, .. }) = jwks.recognise(token)?;
    Some(Opened { jws, header, candidates: *candidates, known: true })
}

/// For a token that was [`recognised`] and refused: a fault of form comes before any other. One that passes has the form,
/// or it would not have been decoded.
#[cold]
fn first_fault(token: &[u8], policy: &Policy) -> Result<()> {
    CompactJws::parse(token, policy.max_token_len).map(drop)
}

/// The checks that need no key: form and header. `rest` does the others.
fn admitted<T>(
    policy: &Policy,
    token: &[u8],
    rest: impl FnOnce(CompactJws<'_>, &JoseHeader<'_>) -> Result<T>,
) -> Result<T> {
    policy.check()?;
    let jws = CompactJws::parse(token, policy.max_token_len)?;
    let mut scratch = Scratch::<STACK>::new();
    let header = JoseHeader::parse(scratch.decode(jws.header).map_err(|_| NOT_BASE64URL)?)?;
    policy.admit(&header)?;
    rest(jws, &header)
}

/// The key that verifies the signature.
fn verify_signature<'k>(jwks: &'k JwkSet, token: &Opened<'_>) -> Result<&'k Jwk> {
    let Opened { jws, header, candidates, known } = token;
    let scratch = &mut Scratch::<STACK>::new();
    let message = Message::new(jws.signing_input);
    let key = jwks.verify(*candidates, header.algorithm, &message, move || {
        scratch.decode(jws.signature).map_err(|_| NOT_BASE64URL)
    });
    let key = key.map_err(|error| match error.kind() {
        ErrorKind::NoMatchingKey => jwks.no_matching_key(header),
        _ => error,
    })?;
    if !known {
        jwks.learn(jws.header, header, *candidates);
    }
    Ok(key)
}

/// [`verify_token`] with keys that may change, and the generation of those it was judged with. It never waits;
/// `before` is what the token has waited for.
#[cfg(feature = "remote")]
fn verify_remote(
    source: &dyn KeySource,
    policy: &Policy,
    token: &[u8],
    before: Option<Ticket>,
) -> (Verdict, u64) {
    loop {
        let mut verdict = None;
        let mut missing = None;
        let mut generation = 0;
        source.with_keys(&mut |jwks, number| {
            generation = number;
            let judged = match jwks {
                Some(jwks) => verify_token(jwks, policy, token),
                None => admitted(policy, token, |_, _| Err(source.unavailable())),
            };
            missing = judged.as_ref().err().and_then(|error| missing_key(source, jwks, policy, token, error));
            verdict = Some(judged);
        });
        let refetch =
            missing.map_or(Refetch::None, |missing| source.on_missing_key(missing, generation, before));
        let verdict = match refetch {
            // Each time the keys have changed, so this ends.
            Refetch::OtherKeys => continue,
            Refetch::Fetch(ticket) => Verdict::Pending(ticket),
            Refetch::Unavailable(error) => Verdict::Final(Err(error)),
            Refetch::None => Verdict::Final(verdict.unwrap_or_else(|| Err(source.unavailable()))),
        };
        return (verdict, generation);
    }
}

/// The key that could make `token` pass, which was refused with `error`, if there may be such a key.
///
/// Where there are keys, only a token that would pass otherwise lacks one: forging it takes an issuer's claims at least. Where
/// there are none, any token that has the form lacks them, or a lazy key set would never begin.
#[cfg(feature = "remote")]
fn missing_key(
    source: &dyn KeySource,
    jwks: Option<&JwkSet>,
    policy: &Policy,
    token: &[u8],
    error: &Error,
) -> Option<MissingKey> {
    if !matches!(
        error.kind(),
        ErrorKind::NoMatchingKey | ErrorKind::InvalidSignature | ErrorKind::KeysUnavailable
    ) {
        return None;
    }
    let missing = admitted(policy, token, |_, header| {
        Ok(match (jwks, header.kid.as_deref()) {
            (None, _) => Some(MissingKey::Keys),
            (Some(_), None) => Some(MissingKey::KeyWithoutKid),
            (Some(jwks), Some(kid)) if !jwks.has_kid(kid) => Some(MissingKey::Kid(kid.into())),
            // Forged tokens end here: one fetch in a while is all that they can cause.
            _ => source.allows_fetch_for_known_kid().then_some(MissingKey::NewKeyOfKid),
        })
    });
    missing
        .ok()
        .flatten()
        .filter(|missing| matches!(missing, MissingKey::Keys) || could_be_valid(policy, token))
}

/// Whether the token would pass if some key verified it. What it says is not believed and not reported: it
/// only decides whether looking for that key is worth a fetch.
#[cfg(feature = "remote")]
fn could_be_valid(policy: &Policy, token: &[u8]) -> bool {
    let Some(jws) = CompactJws::split_outer(token) else { return false };
    let payload = base64url::decode(jws.payload).ok().and_then(|payload| String::from_utf8(payload).ok());
    let passes = |payload: String| policy.validate(&ClaimsSet::parse(&payload)?);
    !jws.signature.is_empty()
        && base64url::decode(jws.signature).is_ok()
        && payload.is_some_and(|payload| passes(payload).is_ok())
}
