//! The members of a JWK (RFC 7517 §4, RFC 7518 §6) and their checks.

use super::algorithm::Algorithm;
use super::header::MAX_KID_LEN;
use super::integer::{self, Integer};
use super::public_key::{Curve, PublicKey};
use super::skip_reason::{SkipReason, Unusable};
use crate::encoding::json;
use std::borrow::Cow;

/// The JWK members that this library uses, before they are checked.
#[derive(Default)]
pub(super) struct Members<'a> {
    kty: Option<json::Value<'a>>,
    kid: Option<json::Value<'a>>,
    alg: Option<json::Value<'a>>,
    public_key_use: Option<json::Value<'a>>,
    key_ops: Option<json::Value<'a>>,
    crv: Option<json::Value<'a>>,
    n: Option<json::Value<'a>>,
    e: Option<json::Value<'a>>,
    x: Option<json::Value<'a>>,
    y: Option<json::Value<'a>>,
    /// The first private member that is not empty.
    private: Option<&'static str>,
    has_x5c: bool,
    has_keys: bool,
}

/// The content of a usable JWK.
pub(super) struct Described {
    pub(super) key: PublicKey,
    pub(super) algorithm: Option<Algorithm>,
    /// Whether the encoding of a number breaks RFC 7518 and was tolerated.
    pub(super) tolerated: bool,
}

#[cold]
pub(super) fn not_json(invalid: json::Invalid) -> Unusable {
    Unusable::new(SkipReason::NotAJwk, format!("not a JWK: {invalid}"))
}

impl<'a> Members<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, json::Invalid> {
        let mut found = Self::default();
        json::members(text, |name, value| {
            // null counts as absent: serializers write it for a member without a value.
            if value.is_null() {
                return;
            }
            match name {
                b"kty" => found.kty = Some(value),
                b"kid" => found.kid = Some(value),
                b"alg" => found.alg = Some(value),
                b"use" => found.public_key_use = Some(value),
                b"key_ops" => found.key_ops = Some(value),
                b"crv" => found.crv = Some(value),
                b"n" => found.n = Some(value),
                b"e" => found.e = Some(value),
                b"x" => found.x = Some(value),
                b"y" => found.y = Some(value),
                b"x5c" => found.has_x5c = true,
                b"keys" => found.has_keys = true,
                _ => {
                    let private = PRIVATE.into_iter().find(|private| private.as_bytes() == name);
                    found.private = found.private.or(private.filter(|_| has_content(value)));
                }
            }
        })?;
        Ok(found)
    }

    pub(super) fn kid(&self) -> Option<Box<str>> {
        self.kid?.as_str().filter(|kid| (1..=MAX_KID_LEN).contains(&kid.len())).map(Into::into)
    }

    /// Checks the members in the order of [`SkipReason::ALL`].
    pub(super) fn check(&self, uses: &[Box<str>]) -> Result<Described, Unusable> {
        let not_a_jwk = |message: String| Unusable::new(SkipReason::NotAJwk, message);
        let Some(kty) = string("kty", self.kty)? else {
            let hint = if self.has_keys { ": it is a JWK Set" } else { "" };
            return Err(not_a_jwk(format!("\"kty\" is missing{hint}")));
        };
        let needed: &[_] = match &*kty {
            "RSA" => &[("n", self.n), ("e", self.e)],
            "EC" => &[("crv", self.crv), ("x", self.x), ("y", self.y)],
            "OKP" => &[("crv", self.crv), ("x", self.x)],
            _ => &[],
        };
        let missing = needed.iter().filter(|(_, member)| member.is_none());
        let missing: Vec<_> = missing.map(|(name, _)| format!("{name:?}")).collect();
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            let x5c = if self.has_x5c { "; \"x5c\" is not used" } else { "" };
            return Err(not_a_jwk(format!("{} {verb} missing{x5c}", missing.join(" and "))));
        }
        for &(name, member) in needed {
            string(name, member)?;
        }
        let alg = string("alg", self.alg)?.filter(|alg| !alg.is_empty());
        let public_key_use = string("use", self.public_key_use)?.filter(|text| !text.is_empty());
        let key_ops = self.key_ops.map(distinct_strings).transpose().map_err(not_a_jwk)?;
        let key_ops = key_ops.filter(|ops| !ops.is_empty());
        if let Some(kid) = string("kid", self.kid)?.filter(|kid| kid.len() > MAX_KID_LEN) {
            return Err(not_a_jwk(format!("\"kid\" has {} bytes; at most {MAX_KID_LEN}", kid.len())));
        }

        if kty == "oct" {
            return Err(SkipReason::Symmetric.into());
        }
        if let Some(name) = self.private {
            return Err(Unusable::new(SkipReason::Private, format!("a private key: it has {name:?}")));
        }
        if !["RSA", "EC", "OKP"].contains(&&*kty) {
            return Err(Unusable::new(SkipReason::UnsupportedKeyType, is_not("kty", &kty, "RSA, EC or OKP")));
        }
        let is_accepted = |value: &str| value == "sig" || uses.iter().any(|accepted| **accepted == *value);
        if let Some(other) = public_key_use.filter(|value| !is_accepted(value)) {
            let accepted: String = uses.iter().map(|accepted| format!(" or {accepted:?}")).collect();
            return Err(Unusable::new(
                SkipReason::WrongUse,
                is_not("use", &other, &format!("\"sig\"{accepted}")),
            ));
        }
        if key_ops.is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Err(Unusable::new(SkipReason::WrongUse, "\"key_ops\" has no \"verify\""));
        }
        let unsupported = |alg: &str| {
            let message = is_not("alg", alg, "a supported algorithm");
            Unusable::new(SkipReason::UnsupportedAlgorithm, message)
        };
        let algorithm = alg.map(|alg| Algorithm::named(&alg).ok_or_else(|| unsupported(&alg))).transpose()?;
        let (key, tolerated) = self.public_key(&kty, algorithm)?;
        Ok(Described { key, algorithm, tolerated })
    }

    /// Returns the key, and whether the encoding of a number was tolerated.
    fn public_key(&self, kty: &str, algorithm: Option<Algorithm>) -> Result<(PublicKey, bool), Unusable> {
        use Algorithm::*;
        let text = |name, member| string(name, member)?.ok_or(Unusable::from(SkipReason::NotAJwk));
        let must_be_among = |fitting: &[Algorithm], key: &str| match algorithm {
            Some(algorithm) if !fitting.contains(&algorithm) => {
                let message = format!("\"alg\" is {algorithm}, which does not fit {key}");
                Err(Unusable::new(SkipReason::AlgorithmMismatch, message))
            }
            _ => Ok(()),
        };
        if kty == "RSA" {
            must_be_among(&[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512], "an RSA key")?;
            let n = Integer::decode("n", &text("n", self.n)?)?;
            let e = Integer::decode("e", &text("e", self.e)?)?;
            return Ok((PublicKey::rsa(&n.octets, &e.octets)?, n.tolerated || e.tolerated));
        }
        let crv = text("crv", self.crv)?;
        match (kty, Curve::named(&crv)) {
            ("EC", Some(curve)) => {
                must_be_among(&[curve.algorithm()], curve.as_str())?;
                let x = Integer::coordinate("x", &text("x", self.x)?, curve.coordinate_len())?;
                let y = Integer::coordinate("y", &text("y", self.y)?, curve.coordinate_len())?;
                Ok((PublicKey::ec(curve, &x.octets, &y.octets)?, x.tolerated || y.tolerated))
            }
            ("OKP", _) if crv == "Ed25519" => {
                must_be_among(&[Ed25519], "Ed25519")?;
                let (x, tolerated) = integer::decode("x", &text("x", self.x)?)?;
                Ok((PublicKey::ed25519(&x)?, tolerated))
            }
            _ => {
                let curves = if kty == "EC" { "P-256, P-384 or P-521" } else { "Ed25519" };
                Err(Unusable::new(SkipReason::UnsupportedCurve, is_not("crv", &crv, curves)))
            }
        }
    }
}

/// The private members of RFC 7518 §6.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Returns whether a private member has content. Serializers write `""` or `[]` for an absent
/// member.
fn has_content(private: json::Value<'_>) -> bool {
    let mut elements = 0;
    private.elements(|_| elements += 1);
    elements > 0 || private.as_str().is_some_and(|text| !text.is_empty())
}

/// Returns the error text for a member `name` whose `value` is not `wanted`. The text contains
/// `value` only if it is in `KNOWN`, because any other value may be a secret.
fn is_not(name: &str, value: &str, wanted: &str) -> String {
    const KNOWN: [&str; 36] = [
        "enc",
        "jwt-svid",
        "x509-svid",
        "tls",
        "SIG",
        "oct",
        "AKP",
        "LWE",
        "rsa",
        "ec",
        "okp",
        "X25519",
        "X448",
        "Ed448",
        "secp256k1",
        "P-256K",
        "P-192",
        "P-224",
        "p-256",
        "HS256",
        "HS384",
        "HS512",
        "none",
        "RS1",
        "RSA1_5",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "RSA-OAEP-512",
        "ECDH-ES",
        "ECDH-ES+A128KW",
        "ECDH-ES+A256KW",
        "ES256K",
        "rs256",
        "ML-DSA-44",
        "ML-DSA-65",
        "ML-DSA-87",
    ];
    match KNOWN.contains(&value) {
        true => format!("{name:?} is {value:?}, not {wanted}"),
        false => format!("{name:?} is not {wanted}"),
    }
}

/// Returns the string, or `None` if the member is absent. Any other type is an error.
fn string<'a>(name: &str, value: Option<json::Value<'a>>) -> Result<Option<Cow<'a, str>>, Unusable> {
    let wrong = |value: json::Value<'_>| {
        Unusable::new(SkipReason::NotAJwk, format!("{name:?} is {}, not a string", value.kind()))
    };
    value.map(|value| value.as_str().ok_or_else(|| wrong(value))).transpose()
}

/// Returns the strings of "key_ops", or an error text. An empty string counts as an empty array.
fn distinct_strings(array: json::Value<'_>) -> Result<Vec<Cow<'_, str>>, String> {
    /// Maximum number of operations. RFC 7517 §4.3 defines eight. Each pair is compared, so the
    /// limit bounds the cost.
    const MOST: usize = 64;
    let mut strings: Vec<Cow<'_, str>> = Vec::new();
    let mut wrong = None;
    let read = array.elements(|element| match element.as_str() {
        None => wrong = Some(format!("\"key_ops\" contains {}, not only strings", element.kind())),
        Some(string) if strings.contains(&string) => {
            wrong = Some("\"key_ops\" contains an operation twice".to_owned());
        }
        Some(_) if strings.len() == MOST => wrong = Some(format!("\"key_ops\" has over {MOST} operations")),
        Some(string) => strings.push(string),
    });
    match (read, wrong) {
        (None, _) if array.as_str().is_some_and(|text| text.is_empty()) => Ok(strings),
        (None, _) => Err(format!("\"key_ops\" is {}, not an array of strings", array.kind())),
        (_, Some(wrong)) => Err(wrong),
        (_, None) => Ok(strings),
    }
}
