//! Finds out which key a rejected token needs.

use super::key_source::{KeySource, MissingKey};
use super::policy::Policy;
use crate::encoding::base64url::{self, Scratch};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::claims::ClaimsSet;
use crate::jose::jws::CompactJws;
use crate::keys::jwk_set::JwkSet;
use crate::keys::parsed_token::ParsedToken;

/// Checks the form and the header of `token`, which needs no key.
pub(super) fn check_form(policy: &Policy, token: &[u8]) -> Result<()> {
    policy.check()?;
    let mut scratch = Scratch::new();
    let token = ParsedToken::parse(token, policy.form, None, &mut scratch)?;
    policy.check_header(&token.header)
}

/// `token` was rejected with `error`. Returns the key with which it could be valid, or `None` if it
/// is invalid with any key.
///
/// If there are keys, the rest of the token must be valid. An attacker who wants to cause fetches
/// must then at least know the issuer's claims. If there are no keys, any well-formed token returns
/// [`MissingKey::Keys`]; otherwise a lazy key set would never start its first fetch.
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
        // Forged tokens end here. The source limits how often they may cause a fetch.
        Some(_) if source.allows_fetch_for_known_kid() => MissingKey::NewKeyOfKid,
        Some(_) => return None,
    };
    would_pass(policy, &parsed.jws).then_some(missing)
}

/// Returns whether the token would be accepted if its signature were valid. Its claims are neither
/// trusted nor reported. They only decide whether the missing key is worth a fetch.
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
