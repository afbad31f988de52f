//! A JSON Web Key (RFC 7517 §4) that may verify signatures, from any of its spellings and back.

use super::algorithm::Algorithm;
use super::header::MAX_KID_LEN;
use super::public_key::{Curve, PublicKey, trim_leading_zeros};
use super::skip_reason::SkipReason;
use crate::encoding::{base64url, json};
use crate::error::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use spki::der::pem::{self, LineEnding};
use std::borrow::Cow;
use std::fmt;

/// A public key for verifying signatures, with what its JWK says of it.
///
/// It has passed every check that needs no arithmetic on its curve; that one follows when it is put into a
/// [`crate::JwkSet`].
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<Box<str>>,
    algorithm: Option<Algorithm>,
    tolerated: bool,
}

impl Jwk {
    /// Reads one JWK, a JSON object (RFC 7517 §4).
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`]; the detail is a [`SkipReason`]'s message.
    pub fn from_slice(json: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(json).map_err(|_| SkipReason::NotAJwk)?;
        Ok(Self::parse(text).map_err(|(reason, _)| reason)?)
    }

    /// An RSA key from its modulus and exponent as Base64urlUInt (RFC 7518 §2), as a JWK's "n" and "e" give
    /// them. Padding, the standard base64 alphabet and one leading zero octet are tolerated, because
    /// public issuers publish them.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_rsa_base64url(n: &str, e: &str) -> Result<Self> {
        let (n, e) = (Integer::decode(n)?, Integer::decode(e)?);
        Ok(Self {
            tolerated: n.tolerated || e.tolerated,
            ..Self::bare(PublicKey::rsa(&n.octets, &e.octets)?)
        })
    }

    /// An RSA key from its modulus and exponent as big-endian octets. Leading zeros do not matter.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self> {
        Ok(Self::bare(PublicKey::rsa(trim_leading_zeros(n), trim_leading_zeros(e))?))
    }

    /// A key from PEM with the label "PUBLIC KEY" (RFC 7468 §13), a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        match pem::decode_vec(pem.trim_ascii()) {
            Ok(("PUBLIC KEY", der)) => Self::from_der(&der),
            Ok((label, _)) if label.contains("PRIVATE") => Err(SkipReason::Private.into()),
            _ => Err(SkipReason::BadEncoding.into()),
        }
    }

    /// A key from DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). EC points must be uncompressed.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Ok(Self::bare(PublicKey::from_spki(der)?))
    }

    /// The same key under the key ID `kid`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: over 1024 bytes.
    pub fn with_kid(mut self, kid: &str) -> Result<Self> {
        if kid.len() > MAX_KID_LEN {
            return Err(Error::new(ErrorKind::InvalidArgument, "a kid over 1024 bytes"));
        }
        self.kid = Some(kid.into());
        Ok(self)
    }

    /// The same key, for this algorithm alone.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: the algorithm does not fit the key.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self> {
        if !self.key.fits(algorithm) {
            return Err(Error::new(ErrorKind::InvalidArgument, SkipReason::AlgorithmMismatch.message()));
        }
        self.algorithm = Some(algorithm);
        Ok(self)
    }

    fn bare(key: PublicKey) -> Self {
        Self { key, kid: None, algorithm: None, tolerated: false }
    }

    /// The key of a JWK's text, or why not, with its kid where it has one.
    pub(crate) fn parse(text: &str) -> Result<Self, (SkipReason, Option<Box<str>>)> {
        let members = Members::read(text).ok_or((SkipReason::NotAJwk, None))?;
        members.to_jwk().map_err(|reason| (reason, members.kid()))
    }

    /// The key ID ("kid", RFC 7517 §4.5).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm this key is for ("alg", RFC 7517 §4.4), if its JWK names one.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// The key type ("kty"): `"RSA"`, `"EC"` or `"OKP"`.
    pub fn key_type(&self) -> &'static str {
        self.key.kty()
    }

    /// The curve ("crv"): `"P-256"`, `"P-384"`, `"P-521"`, `"Ed25519"`; none for RSA.
    pub fn curve(&self) -> Option<&'static str> {
        self.key.crv()
    }

    /// The size in bits: of the RSA modulus, or of the curve.
    pub fn bits(&self) -> usize {
        self.key.bits()
    }

    /// The RSA modulus, big-endian without leading zeros; none for other key types.
    pub fn n(&self) -> Option<&[u8]> {
        match &self.key {
            PublicKey::Rsa { n, .. } => Some(n),
            _ => None,
        }
    }

    /// The RSA exponent, big-endian without leading zeros; none for other key types.
    pub fn e(&self) -> Option<&[u8]> {
        match &self.key {
            PublicKey::Rsa { e, .. } => Some(e),
            _ => None,
        }
    }

    /// Whether "n" or "e" were written as RFC 7518 §2 forbids and were read all the same: with a leading zero
    /// octet, with padding, or in the standard base64 alphabet.
    pub fn is_tolerated(&self) -> bool {
        self.tolerated
    }

    /// The key as DER SubjectPublicKeyInfo.
    pub fn to_der(&self) -> Vec<u8> {
        // Encoding fails only above 256 MiB; a key has at most 1 KiB.
        self.key.to_spki().unwrap_or_default()
    }

    /// The key as PEM, label "PUBLIC KEY", with a final newline.
    pub fn to_pem(&self) -> String {
        pem::encode_string("PUBLIC KEY", LineEnding::LF, &self.to_der()).unwrap_or_default()
    }

    /// The key as a JWK: its parameters, "use": "sig", and "alg" and "kid" where it has them.
    pub fn to_json(&self) -> String {
        let mut jwk: serde_json::Map<_, _> = self
            .required_members()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        jwk.insert("use".to_owned(), "sig".into());
        if let Some(algorithm) = self.algorithm {
            jwk.insert("alg".to_owned(), algorithm.as_str().into());
        }
        if let Some(kid) = self.kid() {
            jwk.insert("kid".to_owned(), kid.into());
        }
        serde_json::Value::Object(jwk).to_string()
    }

    /// The JWK Thumbprint with SHA-256 (RFC 7638), in base64url.
    pub fn thumbprint(&self) -> String {
        // The names come sorted and no value needs an escape, so this is RFC 7638 §3.3's canonical form.
        let members: Vec<_> =
            self.required_members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        base64url::encode(&Sha256::digest(format!("{{{}}}", members.join(","))))
    }

    /// The kid that Bouncer gives an RSA key: SHA-256, in hex, of the exponent and the modulus in decimal and
    /// "RSA". None for other key types.
    pub fn bouncer_kid(&self) -> Option<String> {
        let text = [decimal(self.e()?), decimal(self.n()?), "RSA".to_owned()].concat();
        Some(Sha256::digest(text).iter().map(|octet| format!("{octet:02x}")).collect())
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the key may verify with `algorithm`.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithm.map_or_else(|| self.key.fits(algorithm), |own| own == algorithm)
    }

    /// The members RFC 7638 §3.2 requires, in lexicographic order.
    fn required_members(&self) -> Vec<(&'static str, String)> {
        let kty = ("kty", self.key_type().to_owned());
        let crv = self.curve().map(|crv| ("crv", crv.to_owned()));
        match &self.key {
            PublicKey::Rsa { n, e } => {
                vec![("e", base64url::encode(e)), kty, ("n", base64url::encode(n))]
            }
            PublicKey::Ec { x, y, .. } => {
                let coordinates = [("x", base64url::encode(x)), ("y", base64url::encode(y))];
                crv.into_iter().chain([kty]).chain(coordinates).collect()
            }
            PublicKey::Ed25519 { x } => crv.into_iter().chain([kty, ("x", base64url::encode(x))]).collect(),
        }
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kty", &self.key_type())
            .field("bits", &self.bits())
            .field("alg", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The members of a JWK that matter here, not yet judged.
#[derive(Default)]
struct Members<'a> {
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
    private: bool,
}

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut found = Self::default();
        json::members(text, |name, value| match name {
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
            b"d" | b"p" | b"q" | b"dp" | b"dq" | b"qi" | b"oth" | b"k" => found.private = true,
            _ => {}
        })
        .ok()?;
        Some(found)
    }

    fn kid(&self) -> Option<Box<str>> {
        self.kid?.as_str().filter(|kid| kid.len() <= MAX_KID_LEN).map(Into::into)
    }

    /// The checks in the order of [`SkipReason::ALL`].
    fn to_jwk(&self) -> Result<Jwk, SkipReason> {
        let kty = string(self.kty)?.ok_or(SkipReason::NotAJwk)?;
        let needed: &[_] = match &*kty {
            "RSA" => &[self.n, self.e],
            "EC" => &[self.crv, self.x, self.y],
            "OKP" => &[self.crv, self.x],
            _ => &[],
        };
        for &member in needed {
            string(member)?.ok_or(SkipReason::NotAJwk)?;
        }
        let alg = string(self.alg)?;
        let public_key_use = string(self.public_key_use)?;
        let key_ops = self.key_ops.map(|ops| distinct_strings(ops).ok_or(SkipReason::NotAJwk)).transpose()?;
        if string(self.kid)?.is_some_and(|kid| kid.len() > MAX_KID_LEN) {
            return Err(SkipReason::NotAJwk);
        }

        if kty == "oct" {
            return Err(SkipReason::Symmetric);
        }
        if self.private {
            return Err(SkipReason::Private);
        }
        if !["RSA", "EC", "OKP"].contains(&&*kty) {
            return Err(SkipReason::UnsupportedKeyType);
        }
        if public_key_use.is_some_and(|value| value != "sig")
            || key_ops.is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return Err(SkipReason::WrongUse);
        }
        let algorithm =
            alg.map(|alg| Algorithm::named(&alg).ok_or(SkipReason::UnsupportedAlgorithm)).transpose()?;
        let (key, tolerated) = self.public_key(&kty, algorithm)?;
        Ok(Jwk { key, kid: self.kid(), algorithm, tolerated })
    }

    /// The numbers, and whether any had to be tolerated.
    fn public_key(&self, kty: &str, algorithm: Option<Algorithm>) -> Result<(PublicKey, bool), SkipReason> {
        use Algorithm::*;
        let text = |member| string(member)?.ok_or(SkipReason::NotAJwk);
        let must_be_among = |fitting: &[Algorithm]| match algorithm {
            Some(algorithm) if !fitting.contains(&algorithm) => Err(SkipReason::AlgorithmMismatch),
            _ => Ok(()),
        };
        if kty == "RSA" {
            must_be_among(&[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512])?;
            let (n, e) = (Integer::decode(&text(self.n)?)?, Integer::decode(&text(self.e)?)?);
            return Ok((PublicKey::rsa(&n.octets, &e.octets)?, n.tolerated || e.tolerated));
        }
        let coordinate =
            |member| base64url::decode(text(member)?.as_bytes()).map_err(|_| SkipReason::BadEncoding);
        let crv = text(self.crv)?;
        let key = match (kty, Curve::named(&crv)) {
            ("EC", Some(curve)) => {
                must_be_among(&[curve.algorithm()])?;
                PublicKey::ec(curve, &coordinate(self.x)?, &coordinate(self.y)?)?
            }
            ("OKP", _) if crv == "Ed25519" => {
                must_be_among(&[Ed25519])?;
                PublicKey::ed25519(&coordinate(self.x)?)?
            }
            _ => return Err(SkipReason::UnsupportedCurve),
        };
        Ok((key, false))
    }
}

/// Absent, or a string; anything else is no JWK.
fn string(value: Option<json::Value<'_>>) -> Result<Option<Cow<'_, str>>, SkipReason> {
    value.map(|value| value.as_str().ok_or(SkipReason::NotAJwk)).transpose()
}

fn distinct_strings(array: json::Value<'_>) -> Option<Vec<Cow<'_, str>>> {
    let mut strings: Vec<Cow<'_, str>> = Vec::new();
    let mut distinct = true;
    array.elements(|element| match element.as_str() {
        // RFC 7517 §4.3 knows eight operations; the bound keeps the comparison of all with all small.
        Some(string) if strings.len() < 64 && !strings.contains(&string) => strings.push(string),
        _ => distinct = false,
    })?;
    distinct.then_some(strings)
}

/// A Base64urlUInt of a JWK (RFC 7518 §2), without leading zeros.
struct Integer {
    octets: Vec<u8>,
    tolerated: bool,
}

impl Integer {
    fn decode(text: &str) -> Result<Self, SkipReason> {
        let (mut octets, tolerated) =
            base64url::decode_tolerant(text.as_bytes()).map_err(|_| SkipReason::BadEncoding)?;
        match *octets.as_slice() {
            // Zero is spelt "AA"; more leading zeros than a DER integer has are no known issuer's habit.
            [] | [0, 0, ..] => Err(SkipReason::BadEncoding),
            [0, _, ..] => {
                octets.remove(0);
                Ok(Self { octets, tolerated: true })
            }
            _ => Ok(Self { octets, tolerated }),
        }
    }
}

/// A big-endian integer in decimal.
fn decimal(integer: &[u8]) -> String {
    const BASE: u64 = 1_000_000_000;
    let mut limbs = vec![0u64];
    for &octet in integer {
        let mut carry = u64::from(octet);
        for limb in &mut limbs {
            let value = *limb * 256 + carry;
            *limb = value % BASE;
            carry = value / BASE;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut limbs = limbs.iter().rev();
    let first = limbs.next().map(u64::to_string).unwrap_or_default();
    limbs.fold(first, |text, limb| text + &format!("{limb:09}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_agrees_with_the_machine() {
        for value in [0u128, 1, 65537, 999_999_999, 1_000_000_000, 1_000_000_001, u128::MAX] {
            assert_eq!(decimal(trim_leading_zeros(&value.to_be_bytes())), value.to_string());
        }
    }

    #[test]
    fn integers_tolerate_one_leading_zero_and_no_more() {
        let decode = |text| Integer::decode(text).map(|integer| (integer.octets, integer.tolerated));
        assert_eq!(decode("AQAB"), Ok((vec![1, 0, 1], false)));
        assert_eq!(decode("AAEAAQ"), Ok((vec![1, 0, 1], true)));
        assert_eq!(decode("AA"), Ok((vec![0], false)));
        for text in ["", "AAAA", "AAABAAE", "A", "AQAB\n"] {
            assert_eq!(decode(text), Err(SkipReason::BadEncoding), "{text}");
        }
    }
}
