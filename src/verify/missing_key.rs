//! Which key a rejected token lacks.

use super::key_source::{KeySource, MissingKey};
use super::policy::Policy;
use crate::encoding::base64url::{self, Scratch};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::claims::ClaimsSet;
use crate::jose::jws::CompactJws;
use crate::keys::jwk_set::JwkSet;
use crate::keys::parsed_token::ParsedToken;

/// The checks that need no key: the form and the header of `token`.
pub(super) fn check_form(policy: &Policy, token: &[u8]) -> Result<()> {
    policy.check()?;
    let mut scratch = Scratch::new();
    let token = ParsedToken::parse(token, policy.form, None, &mut scratch)?;
    policy.check_header(&token.header)
}

/// The key that could make `token` pass, which was rejected with `error`, if there may be such a
/// key.
///
/// Where there are keys, only a token that would pass otherwise lacks one: forging it takes an
/// issuer's claims at least. Where there are none, any token that has the form lacks them, or a
/// lazy key set would never begin.
pub(super) fn missing_key(
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
    let mut scratch = Scratch::new();
    let parsed = ParsedToken::parse(token, policy.form, None, &mut scratch).ok()?;
    let Some(jwks) = jwks else { return Some(MissingKey::Keys) };
    let missing = match parsed.header.kid.as_deref() {
        None => MissingKey::KeyWithoutKid,
        Some(kid) if !jwks.has_kid(kid) => MissingKey::Kid(kid.into()),
        // Forged tokens end here: one fetch in a while is all that they can cause.
        Some(_) if source.allows_fetch_for_known_kid() => MissingKey::NewKeyOfKid,
        Some(_) => return None,
    };
    would_pass(policy, &parsed.jws).then_some(missing)
}

/// Whether the token would pass if some key verified it. Its claims are not trusted and not
/// reported: they only decide whether looking for that key is worth a fetch.
fn would_pass(policy: &Policy, jws: &CompactJws<'_>) -> bool {
    if jws.signature.is_empty() || base64url::decode(jws.signature).is_err() {
        return false;
    }
    let payload = base64url::decode(jws.payload).ok().and_then(|payload| String::from_utf8(payload).ok());
    payload.is_some_and(|payload| {
        ClaimsSet::parse(&payload, policy.unchecked_claims)
            .and_then(|claims| policy.validate(&claims))
            .is_ok()
    })
}
