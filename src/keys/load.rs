//! Parses a JWK Set document into keys, and separates usable keys from skipped ones.

use super::load_options::LoadOptions;
use super::skipped_key::SkippedKey;
use crate::crypto::verifying_key::VerifyingKey;
use crate::encoding::json;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::hints;
use crate::jose::jwk::Jwk;
use crate::jose::skip_reason::{SkipReason, Unusable};
use std::borrow::Cow;

/// A member of "keys". `Ok` is the parsed key. `Err` is the reason why the key is unusable, and the
/// key's kid if there is one.
pub(super) type Parsed = Result<Jwk, (Unusable, Option<Box<str>>)>;

fn malformed(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::MalformedJwkSet, "").with_detail(detail)
}

pub(super) fn too_many(members: usize) -> Error {
    malformed(format!("{members} members in \"keys\"; at most {}", LoadOptions::MAX_MEMBERS))
}

pub(super) fn read_document(json: &[u8], options: &LoadOptions) -> Result<Vec<Parsed>> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if json.len() > options.max_document_len {
        return Err(malformed(format!(
            "{} bytes; at most {} (max_document_len)",
            json.len(),
            options.max_document_len
        )));
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
        if count <= LoadOptions::MAX_MEMBERS {
            members.push(element);
        }
    };
    let has_array = json::members_and_elements(text, "keys", element, |name, value| match name {
        b"keys" => not_an_array = Some(value.kind()),
        b"kty" => hint = ": it is a single JWK",
        b"jwks_uri" => hint = ": it is an issuer's metadata; its \"jwks_uri\" is the URL of the JWK Set",
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
    if count > LoadOptions::MAX_MEMBERS {
        return Err(too_many(count));
    }
    Ok(members.into_iter().map(|member| Jwk::parse(member, &options.key_uses)).collect())
}

pub(super) fn prepare(
    parsed: Vec<Parsed>,
    options: &LoadOptions,
) -> (Vec<(Jwk, VerifyingKey)>, Vec<SkippedKey>) {
    let mut usable = Vec::new();
    let mut skipped = Vec::new();
    for (index, parsed) in parsed.into_iter().enumerate() {
        let prepared = parsed.and_then(|jwk| {
            let key = match usable.len() < options.max_keys {
                true => VerifyingKey::new(options.backend, &jwk, options.max_table_memory),
                false => Err(SkipReason::OverLimit),
            };
            match key {
                Ok(key) => Ok((jwk, key)),
                Err(reason) => Err((rejected(reason, &jwk, options), jwk.kid().map(Into::into))),
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

/// Returns the message for a key that the back end rejects or that is over the limit.
fn rejected(reason: SkipReason, jwk: &Jwk, options: &LoadOptions) -> Unusable {
    match (reason, jwk.curve()) {
        (SkipReason::OverLimit, _) => {
            Unusable::new(reason, format!("over the limit of {} usable keys (max_keys)", options.max_keys))
        }
        (SkipReason::BadPoint, Some("Ed25519")) => {
            Unusable::new(reason, "\"x\" is a point of small order or not canonically encoded")
        }
        (SkipReason::BadPoint, Some(curve)) => {
            Unusable::new(reason, format!("\"x\" and \"y\" are not a point on {curve}"))
        }
        _ => reason.into(),
    }
}
