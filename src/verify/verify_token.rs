//! The verification of one token, from text to verified claims.

use super::policy::Policy;
use super::verified_jws::VerifiedJws;
use super::verified_token::VerifiedToken;
use crate::encoding::base64url::Scratch;
use crate::error::Result;
use crate::keys::jwk_set::JwkSet;
use crate::keys::parsed_token::ParsedToken;

/// Verifies a JWT (RFC 7519 §7.2): first its signature with the keys of `jwks`, then its Claims Set
/// against `policy`.
///
/// `token` is a JWS in Compact Serialization, without white space around it.
///
/// # Errors
/// Returns why the token is rejected. The order of the checks is fixed and the same in every
/// language, and the first failed check determines the error. Claims are neither checked nor
/// reported before the signature is verified.
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

/// Verifies the signature of a JWS (RFC 7515 §5.2) with any payload. Applies only these settings of
/// `policy`: the algorithms, the token type, the maximum length and [`Policy::padded_tokens`]. Most
/// callers want [`verify_token`].
///
/// # Errors
/// Returns the same errors as [`verify_token`], except those about claims. The last two checks are
/// the signature and the encoding of the payload, which must be canonical base64url.
pub fn verify_jws(jwks: &JwkSet, policy: &Policy, token: impl AsRef<[u8]>) -> Result<VerifiedJws> {
    let (mut header, mut signature) = (Scratch::new(), Scratch::new());
    policy.check()?;
    let token = ParsedToken::parse(token.as_ref(), policy.form, Some(jwks.known_headers()), &mut header)?;
    policy.check_header(&token.header)?;
    let candidates = jwks.candidates(&token);
    let key = jwks.verify_signature(&token, candidates, &mut signature)?;
    VerifiedJws::read(&token, key)
}
