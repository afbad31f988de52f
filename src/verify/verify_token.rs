//! The way of a token.

use super::policy::Policy;
use super::verified_jws::VerifiedJws;
use super::verified_token::VerifiedToken;
use crate::encoding::base64url::Scratch;
use crate::error::Result;
use crate::keys::jwk_set::JwkSet;
use crate::keys::parsed_token::ParsedToken;

/// Verifies a JWT (RFC 7519 §7.2): its signature with the keys of `jwks`, then its Claims Set
/// against `policy`.
///
/// `token` is a JWS in Compact Serialization, without white space around it. It is not kept.
///
/// # Errors
/// Why the token is rejected: the first fault in a fixed order, which is the same in every
/// language. Claims are neither checked nor reported before the signature holds.
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
    let (mut header, mut signature) = (Scratch::new(), Scratch::new());
    policy.check()?;
    let token = ParsedToken::parse(token.as_ref(), policy.form, Some(jwks.known_headers()), &mut header)?;
    policy.check_header(&token.header)?;
    let candidates = jwks.candidates(&token);
    let key = jwks.verify_signature(&token, candidates, &mut signature)?;
    VerifiedToken::read(&token, policy, key)
}

/// Verifies a JWS (RFC 7515 §5.2) whose payload may be anything: of `policy`, only the algorithms,
/// the token type and the maximal length matter. Most callers want [`verify_token`].
///
/// # Errors
/// As [`verify_token`], up to [`crate::ErrorKind::InvalidSignature`].
pub fn verify_jws(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedJws> {
    let (mut header, mut signature) = (Scratch::new(), Scratch::new());
    policy.check()?;
    let token = ParsedToken::parse(token.as_ref(), policy.form, Some(jwks.known_headers()), &mut header)?;
    policy.check_header(&token.header)?;
    let candidates = jwks.candidates(&token);
    let key = jwks.verify_signature(&token, candidates, &mut signature)?;
    VerifiedJws::read(&token, key)
}
