//! The JOSE Header of a JWS (RFC 7515 §4).

use super::algorithm::Algorithm;
use crate::encoding::json;
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// Maximum length of "kid", in bytes.
pub(crate) const MAX_KID_LEN: usize = 1024;
/// Maximum length of the decoded header, in bytes. The header is parsed before anything is
/// verified, so a policy for long tokens does not raise this limit.
pub(crate) const MAX_HEADER_LEN: usize = 8 * 1024;

/// The header parameters that a verification uses. Parameters that contain or locate a key (jwk,
/// jku, x5u, x5c) are never used: a token must not choose its own key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JoseHeader<'a> {
    /// The JSON text of the whole header.
    pub(crate) json: Cow<'a, str>,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
}

impl<'a> JoseHeader<'a> {
    pub(crate) fn parse(header: &'a [u8]) -> Result<Self> {
        let [mut alg, mut kid, mut typ, mut crit, mut b64, mut enc] = [None; 6];
        let text = json::utf8(header).map_err(not_json)?;
        json::members(text, |name, value| match name {
            b"alg" => alg = Some(value),
            b"kid" => kid = Some(value),
            b"typ" => typ = Some(value),
            b"crit" => crit = Some(value),
            b"b64" => b64 = Some(value),
            b"enc" => enc = Some(value),
            _ => {}
        })
        .map_err(not_json)?;

        // null counts as absent: serializers write it for a member without a value.
        let string = |name, value: Option<json::Value<'a>>| match value {
            None => Ok(None),
            Some(value) => match value.as_str() {
                None if !value.is_null() => Err(not_a_string(name, value)),
                text => Ok(text),
            },
        };
        let Some(alg) = string("alg", alg)? else { return Err(malformed("alg", "missing")) };
        // An empty kid counts as absent, in a token and in a JWK.
        let kid = string("kid", kid)?.filter(|kid| !kid.is_empty());
        if let Some(kid) = kid.as_ref().filter(|kid| kid.len() > MAX_KID_LEN) {
            let detail = format!("{} bytes; at most {MAX_KID_LEN}", kid.len());
            return Err(malformed("kid", "").with_detail(detail));
        }
        let typ = string("typ", typ)?;

        // RFC 7515 §4.1.11: an unknown critical extension must be rejected, and this library knows
        // none. RFC 7797 §7: the payload of a JWT is always encoded. RFC 7516 §9: "enc" marks a
        // JWE. "crit" and "b64" change the meaning of the signature, so null counts as present.
        if crit.is_some() {
            return Err(Error::about(ErrorKind::UnsupportedHeader, "crit", "no extension is supported"));
        }
        if b64.is_some_and(|b64| !b64.is_true()) {
            return Err(Error::about(
                ErrorKind::UnsupportedHeader,
                "b64",
                "the payload of a JWT must be encoded",
            ));
        }
        if enc.is_some_and(|enc| !enc.is_null()) {
            return Err(Error::about(ErrorKind::UnsupportedHeader, "enc", "the token is encrypted (a JWE)"));
        }
        let Some(algorithm) = Algorithm::named(&alg) else {
            let why = Algorithm::why_unsupported(&alg);
            return Err(Error::about(ErrorKind::UnsupportedAlgorithm, "alg", why));
        };
        Ok(Self { json: Cow::Borrowed(text), algorithm, kid, typ })
    }

    /// Returns a copy that borrows nothing.
    pub(crate) fn to_owned(&self) -> JoseHeader<'static> {
        let owned = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        JoseHeader {
            json: owned(&self.json),
            algorithm: self.algorithm,
            kid: self.kid.as_ref().map(owned),
            typ: self.typ.as_ref().map(owned),
        }
    }
}

#[cold]
fn not_json(invalid: json::Invalid) -> Error {
    Error::new(ErrorKind::MalformedHeader, "").with_detail(format!("not a strict JSON object: {invalid}"))
}

#[cold]
fn not_a_string(name: &'static str, value: json::Value<'_>) -> Error {
    malformed(name, "").with_detail(format!("{}, not a string", value.kind()))
}

const fn malformed(name: &'static str, detail: &'static str) -> Error {
    Error::about(ErrorKind::MalformedHeader, name, detail)
}
