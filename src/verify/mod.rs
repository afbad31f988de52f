//! L3: the decision. May name: error, encoding, jose, crypto. The time comes from the policy's [`Clock`]
//! alone.

pub(crate) mod clock;
#[cfg(feature = "remote")]
pub(crate) mod key_source;
pub(crate) mod policy;
pub(crate) mod verified_jws;
pub(crate) mod verified_token;
pub(crate) mod verifier;

use crate::crypto::jwk_set::JwkSet;
use crate::encoding::base64url::{self, Decoded};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::claims::ClaimsSet;
use crate::jose::header::JoseHeader;
use crate::jose::jwk::Jwk;
use crate::jose::jws::{CompactJws, NOT_BASE64URL};
#[cfg(feature = "remote")]
use key_source::{FetchTicket, KeySource, Lack, Prospect};
use policy::Policy;
use verified_jws::VerifiedJws;
use verified_token::{ClaimPlaces, VerifiedToken};

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
/// let policy = Policy::bouncer().at(1467985465);
/// let token = verify_token(&jwks, &policy, token)?;
/// assert_eq!(token.uid(), Some("peter"));
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
pub fn verify_token(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedToken> {
    admitted(policy, token.as_ref(), |jws, header, header_json| judge(jwks, policy, jws, header, header_json))
}

/// The checks that need no key: form and header. `then` does the others.
fn admitted<T>(
    policy: &Policy,
    token: &[u8],
    then: impl FnOnce(&CompactJws<'_>, &JoseHeader<'_>, &[u8]) -> Result<T>,
) -> Result<T> {
    let jws = CompactJws::parse(token, policy.max_token_len)?;
    let header_json = Decoded::<STACK>::new(jws.header).map_err(|_| NOT_BASE64URL)?;
    let header = JoseHeader::parse(header_json.as_ref())?;
    policy.admit(&header)?;
    then(&jws, &header, header_json.as_ref())
}

/// What is left of [`verify_token`] once the header is admitted: signature and claims.
fn judge(
    jwks: &JwkSet,
    policy: &Policy,
    jws: &CompactJws<'_>,
    header: &JoseHeader<'_>,
    header_json: &[u8],
) -> Result<VerifiedToken> {
    let key = verify_signature(jwks, header, jws)?;
    let room = VerifiedToken::room_beside_payload(header_json, key);
    let payload = base64url::decode_with_room(jws.payload, room).map_err(|_| NOT_BASE64URL)?;
    let payload =
        String::from_utf8(payload).map_err(|_| Error::new(ErrorKind::MalformedClaims, "not UTF-8"))?;
    let claims = ClaimsSet::parse(&payload)?;
    policy.validate(&claims)?;
    let places = ClaimPlaces::of(&claims, &payload);
    Ok(VerifiedToken::new(payload, places, header_json, header.algorithm, key))
}

/// [`verify_token`] with keys that may change. It never waits; `ticket` becomes what could change the verdict.
#[cfg(feature = "remote")]
fn verify_kept(
    source: &dyn KeySource,
    policy: &Policy,
    token: &[u8],
    ticket: &mut Option<FetchTicket>,
) -> Result<VerifiedToken> {
    let before = ticket.take();
    admitted(policy, token, |jws, header, header_json| {
        loop {
            let mut verdict = None;
            let mut lack = Some(Lack::Keys);
            let generation = source.with_keys(&mut |jwks| {
                let Some(jwks) = jwks else { return };
                let judged = judge(jwks, policy, jws, header, header_json);
                let lacks_a_key = |error: &Error| {
                    matches!(error.kind(), ErrorKind::NoMatchingKey | ErrorKind::InvalidSignature)
                };
                lack = judged.as_ref().err().filter(|error| lacks_a_key(error)).and(lack_of(jwks, header));
                verdict = Some(judged);
            });
            let verdict = || verdict.unwrap_or_else(|| Err(source.unavailable()));
            let Some(lack) = lack.filter(|_| could_be_valid(policy, jws)) else { return verdict() };
            match source.ask(lack, generation, before) {
                // Each time the keys have changed, so this ends.
                Prospect::OtherKeys => {}
                Prospect::Fetch(fetch) => {
                    *ticket = Some(fetch);
                    return verdict();
                }
                Prospect::None => return verdict(),
            }
        }
    })
}

/// What `jwks` lacks for a token that none of its keys verified. A signature that is wrong under a key of the
/// token's kid is just wrong.
#[cfg(feature = "remote")]
fn lack_of<'a>(jwks: &JwkSet, header: &'a JoseHeader<'_>) -> Option<Lack<'a>> {
    match header.kid.as_deref() {
        None => Some(Lack::KeyWithoutKid),
        Some(kid) if !jwks.has_kid(kid) => Some(Lack::Kid(kid)),
        Some(_) => None,
    }
}

/// Whether the token would pass if some key verified it. What it says is not believed and not reported: it
/// only decides whether looking for that key is worth a fetch.
#[cfg(feature = "remote")]
fn could_be_valid(policy: &Policy, jws: &CompactJws<'_>) -> bool {
    let payload = base64url::decode(jws.payload).ok().and_then(|payload| String::from_utf8(payload).ok());
    let passes = |payload: String| policy.validate(&ClaimsSet::parse(&payload)?);
    !jws.signature.is_empty()
        && base64url::decode(jws.signature).is_ok()
        && payload.is_some_and(|payload| passes(payload).is_ok())
}

/// Verifies a JWS (RFC 7515 §5.2) whose payload may be anything: of `policy`, only the algorithms, the
/// token type and the maximal length matter. Most callers want [`verify_token`].
///
/// # Errors
/// As [`verify_token`], up to [`ErrorKind::InvalidSignature`].
pub fn verify_jws(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedJws> {
    admitted(policy, token.as_ref(), |jws, header, header_json| {
        let kid = verify_signature(jwks, header, jws)?.kid().map(Into::into);
        let payload = base64url::decode(jws.payload).map_err(|_| NOT_BASE64URL)?;
        Ok(VerifiedJws { header: header_json.to_vec(), payload, algorithm: header.algorithm, kid })
    })
}

/// The key that verifies the signature.
fn verify_signature<'k>(jwks: &'k JwkSet, header: &JoseHeader<'_>, jws: &CompactJws<'_>) -> Result<&'k Jwk> {
    let signature = || Decoded::<STACK>::new(jws.signature).map_err(|_| NOT_BASE64URL);
    jwks.verify(header.kid.as_deref(), header.algorithm, jws.signing_input, signature)
}
