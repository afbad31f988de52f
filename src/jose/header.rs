//! The JOSE Header of a JWS (RFC 7515 §4).

use super::algorithm::Algorithm;
use crate::encoding::json;
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// The longest accepted "kid", in bytes.
pub(crate) const MAX_KID_LEN: usize = 1024;

/// The header parameters a verification reads. The key-bearing ones (jwk, jku, x5u, x5c) are never
/// read: a token does not choose who may sign it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JoseHeader<'a> {
    /// The whole of it.
    pub(crate) json: Cow<'a, str>,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
}

impl<'a> JoseHeader<'a> {
    pub(crate) fn parse(header: &'a [u8]) -> Result<Self> {
        let [mut alg, mut kid, mut typ, mut crit, mut b64, mut enc] = [None; 6];
        let text = std::str::from_utf8(header).map_err(|_| NOT_JSON)?;
        json::members(text, |name, value| match name {
            b"alg" => alg = Some(value),
            b"kid" => kid = Some(value),
            b"typ" => typ = Some(value),
            b"crit" => crit = Some(value),
            b"b64" => b64 = Some(value),
            b"enc" => enc = Some(value),
            _ => {}
        })
        .map_err(|_| NOT_JSON)?;

        let string = |name, value: Option<json::Value<'a>>| match value {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(malformed(name, "not a string")),
        };
        let alg = string("alg", alg)?.ok_or(malformed("alg", "missing"))?;
        let kid = string("kid", kid)?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID_LEN) {
            return Err(malformed("kid", "over 1024 bytes"));
        }
        let typ = string("typ", typ)?;

        // RFC 7515 §4.1.11: an extension not understood must be refused, and none is understood here.
        // RFC 7797 §7: a JWT is never unencoded. RFC 7516 §9: "enc" marks a JWE.
        if crit.is_some() {
            return Err(Error::about(ErrorKind::UnsupportedHeader, "crit", ""));
        }
        if b64.is_some_and(|b64| !b64.is_true()) {
            return Err(Error::about(ErrorKind::UnsupportedHeader, "b64", ""));
        }
        if enc.is_some() {
            return Err(Error::about(ErrorKind::UnsupportedHeader, "enc", ""));
        }
        let algorithm =
            Algorithm::named(&alg).ok_or(Error::about(ErrorKind::UnsupportedAlgorithm, "alg", ""))?;
        Ok(Self { json: Cow::Borrowed(text), algorithm, kid, typ })
    }

    /// A copy that borrows nothing.
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

const NOT_JSON: Error = Error::new(ErrorKind::MalformedHeader, "not a strict JSON object");

const fn malformed(name: &'static str, detail: &'static str) -> Error {
    Error::about(ErrorKind::MalformedHeader, name, detail)
}
