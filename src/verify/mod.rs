//! L3: the decision. May name: error, encoding, jose, crypto. The time comes from the policy's [`Clock`]
//! alone.

pub(crate) mod clock;
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
    let jws = CompactJws::parse(token.as_ref(), policy.max_token_len)?;
    let header = Decoded::<STACK>::new(jws.header).map_err(|_| NOT_BASE64URL)?;
    let header_json = header.as_ref();
    let header = JoseHeader::parse(header_json)?;
    policy.admit(&header)?;
    let key = verify_signature(jwks, &header, &jws)?;
    let room = VerifiedToken::room_beside_payload(header_json, key);
    let payload = base64url::decode_with_room(jws.payload, room).map_err(|_| NOT_BASE64URL)?;
    let payload =
        String::from_utf8(payload).map_err(|_| Error::new(ErrorKind::MalformedClaims, "not UTF-8"))?;
    let claims = ClaimsSet::parse(&payload)?;
    policy.validate(&claims)?;
    let places = ClaimPlaces::of(&claims, &payload);
    Ok(VerifiedToken::new(payload, places, header_json, header.algorithm, key))
}

/// Verifies a JWS (RFC 7515 §5.2) whose payload may be anything: of `policy`, only the algorithms, the
/// token type and the maximal length matter. Most callers want [`verify_token`].
///
/// # Errors
/// As [`verify_token`], up to [`ErrorKind::InvalidSignature`].
pub fn verify_jws(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedJws> {
    let jws = CompactJws::parse(token.as_ref(), policy.max_token_len)?;
    let header_json = base64url::decode(jws.header).map_err(|_| NOT_BASE64URL)?;
    let header = JoseHeader::parse(&header_json)?;
    policy.admit(&header)?;
    let kid = verify_signature(jwks, &header, &jws)?.kid().map(Into::into);
    let algorithm = header.algorithm;
    let payload = base64url::decode(jws.payload).map_err(|_| NOT_BASE64URL)?;
    Ok(VerifiedJws { header: header_json, payload, algorithm, kid })
}

/// The key that verifies the signature.
fn verify_signature<'k>(jwks: &'k JwkSet, header: &JoseHeader<'_>, jws: &CompactJws<'_>) -> Result<&'k Jwk> {
    let signature = || Decoded::<STACK>::new(jws.signature).map_err(|_| NOT_BASE64URL);
    jwks.verify(header.kid.as_deref(), header.algorithm, jws.signing_input, signature)
}
