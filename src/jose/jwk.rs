//! A JSON Web Key (RFC 7517 §4) that may verify signatures, from any of its spellings and back.

use super::algorithm::Algorithm;
use super::header::MAX_KID_LEN;
use super::hints;
use super::public_key::{Curve, PublicKey, trim_leading_zeros};
use super::skip_reason::{SkipReason, Unusable};
use crate::encoding::{base64url, json, pem as pem_text};
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
    /// [`ErrorKind::UnusableKey`]; the detail says which member is wrong.
    pub fn from_slice(json: &[u8]) -> Result<Self> {
        let read = json::utf8(json)
            .map_err(not_json)
            .and_then(|text| Self::parse(text, &[]).map_err(|(why, _)| why));
        read.map_err(|error: Unusable| match hints::looks_like(json) {
            Some(hint) => Unusable::new(SkipReason::NotAJwk, format!("not a JWK: {hint}")).into(),
            None => error.into(),
        })
    }

    /// An RSA key from its modulus and exponent as Base64urlUInt (RFC 7518 §2), as a JWK's "n" and "e" give
    /// them. Complete padding, the standard base64 alphabet and one leading zero octet are tolerated, because
    /// public issuers publish them.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_rsa_base64url(n: &str, e: &str) -> Result<Self> {
        let (n, e) = (Integer::decode("n", n)?, Integer::decode("e", e)?);
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

    /// A key from PEM (RFC 7468): "PUBLIC KEY", a SubjectPublicKeyInfo; "RSA PUBLIC KEY", of PKCS #1; or
    /// "CERTIFICATE", of which the public key alone is read. Line ends may be missing, spaces, or the two characters
    /// `\n`, as environment variables have them.
    ///
    /// Nothing of a certificate is checked: not its signature, its names or its dates. Of several certificates the first
    /// one counts.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`]; the detail names the label.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let bad = |message: String| Error::from(Unusable::new(SkipReason::BadEncoding, message));
        let text = String::from_utf8_lossy(pem);
        let blocks: Vec<_> = pem_text::blocks(&text).collect();
        if let Some(block) = blocks.iter().find(|block| block.label.contains("PRIVATE")) {
            let message = format!("a private key: PEM label {}", shown(block.label));
            return Err(Unusable::new(SkipReason::Private, message).into());
        }
        let Some(first) = blocks.first() else {
            let why = hints::looks_like(pem).filter(|hint| !hint.contains("PEM"));
            let why = why.unwrap_or("it has no block from -----BEGIN to its -----END");
            return Err(bad(format!("not PEM: {why}")));
        };
        let read = match first.label {
            "PUBLIC KEY" => PublicKey::from_spki,
            "RSA PUBLIC KEY" => PublicKey::from_pkcs1,
            "CERTIFICATE" => PublicKey::from_certificate,
            label => {
                let read = "PUBLIC KEY, RSA PUBLIC KEY and CERTIFICATE are read";
                return Err(bad(format!("PEM label {}: {read}", shown(label))));
            }
        };
        if blocks.len() > 1 && first.label != "CERTIFICATE" {
            return Err(bad(format!("{} PEM blocks; a key is one", blocks.len())));
        }
        let damaged = || bad(format!("PEM label {}: the body is not base64", shown(first.label)));
        let der = first.decode().ok_or_else(damaged)?;
        Ok(Self::bare(read(&der)?))
    }

    /// A key from DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). EC points must be uncompressed.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Ok(Self::bare(PublicKey::from_spki(der)?))
    }

    /// The same key under the key ID `kid`; an empty one is none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: over 1024 bytes.
    pub fn with_kid(mut self, kid: &str) -> Result<Self> {
        if kid.len() > MAX_KID_LEN {
            let detail = format!("a kid of {} bytes; at most {MAX_KID_LEN}", kid.len());
            return Err(Error::new(ErrorKind::InvalidArgument, "").with_detail(detail));
        }
        self.kid = Some(kid.into()).filter(|_| !kid.is_empty());
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

    /// The key of a JWK's text, or why not, with its kid where it has one. `uses` are the accepted values of "use" besides
    /// "sig".
    pub(crate) fn parse(text: &str, uses: &[Box<str>]) -> Result<Self, (Unusable, Option<Box<str>>)> {
        let members = Members::read(text).map_err(|invalid| (not_json(invalid), None))?;
        members.to_jwk(uses).map_err(|reason| (reason, members.kid()))
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

    /// Whether a number or coordinate was written as RFC 7518 forbids and was read all the same: with padding, in the
    /// standard base64 alphabet, with a leading zero octet, or, for a coordinate, without its leading zeros.
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
    pub fn dcos_kid(&self) -> Option<String> {
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
    /// The first private member that has a value.
    private: Option<&'static str>,
    has_x5c: bool,
    has_keys: bool,
}

#[cold]
fn not_json(invalid: json::Invalid) -> Unusable {
    Unusable::new(SkipReason::NotAJwk, format!("not a JWK: {invalid}"))
}

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Result<Self, json::Invalid> {
        let mut found = Self::default();
        json::members(text, |name, value| {
            // null is what a serializer writes for a member that is not there.
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

    fn kid(&self) -> Option<Box<str>> {
        self.kid?.as_str().filter(|kid| (1..=MAX_KID_LEN).contains(&kid.len())).map(Into::into)
    }

    /// The checks in the order of [`SkipReason::ALL`].
    fn to_jwk(&self, uses: &[Box<str>]) -> Result<Jwk, Unusable> {
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
            let x5c = if self.has_x5c { "; \"x5c\" is not read" } else { "" };
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
        Ok(Jwk { key, kid: self.kid(), algorithm, tolerated })
    }

    /// The numbers, and whether any had to be tolerated.
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
                let (x, tolerated) = decode("x", &text("x", self.x)?)?;
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

/// Whether a private member says anything: serializers write `""` and `[]` for what is not there.
fn has_content(private: json::Value<'_>) -> bool {
    let mut elements = 0;
    private.elements(|_| elements += 1);
    elements > 0 || private.as_str().is_some_and(|text| !text.is_empty())
}

/// That the member `name` is `value` and not what is wanted. A value is shown only if it is a known one: a text in the
/// wrong place may be a secret.
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

/// A PEM label in quotation marks, if it is one by its form: a text in the wrong place may be a secret.
fn shown(label: &str) -> String {
    let is_label = label.len() <= 40
        && label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ' || byte.is_ascii_digit());
    if is_label { format!("{label:?}") } else { "of another form".to_owned() }
}

/// Absent, or a string; anything else is no JWK.
fn string<'a>(name: &str, value: Option<json::Value<'a>>) -> Result<Option<Cow<'a, str>>, Unusable> {
    let wrong = |value: json::Value<'_>| {
        Unusable::new(SkipReason::NotAJwk, format!("{name:?} is {}, not a string", value.kind()))
    };
    value.map(|value| value.as_str().ok_or_else(|| wrong(value))).transpose()
}

/// The strings of "key_ops", or what is wrong with it. An empty string is as good as an empty array.
fn distinct_strings(array: json::Value<'_>) -> Result<Vec<Cow<'_, str>>, String> {
    /// RFC 7517 §4.3 knows eight operations; the bound keeps the comparison of all with all small.
    const MOST: usize = 64;
    let mut strings: Vec<Cow<'_, str>> = Vec::new();
    let mut wrong = None;
    let read = array.elements(|element| match element.as_str() {
        None => wrong = Some(format!("\"key_ops\" has {} in it, not only strings", element.kind())),
        Some(string) if strings.contains(&string) => {
            wrong = Some("\"key_ops\" has one operation twice".to_owned());
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

/// The octets of the member `name`, and whether its spelling had to be tolerated.
fn decode(name: &str, text: &str) -> Result<(Vec<u8>, bool), Unusable> {
    base64url::decode_tolerant(text.as_bytes())
        .map_err(|_| Unusable::new(SkipReason::BadEncoding, format!("{name:?} is not base64url")))
}

/// A Base64urlUInt of a JWK (RFC 7518 §2), without leading zeros, or a coordinate.
struct Integer {
    octets: Vec<u8>,
    tolerated: bool,
}

impl Integer {
    fn decode(name: &str, text: &str) -> Result<Self, Unusable> {
        let bad = |what: &str| Err(Unusable::new(SkipReason::BadEncoding, format!("{name:?} {what}")));
        let (mut octets, tolerated) = decode(name, text)?;
        match *octets.as_slice() {
            [] => bad("is empty"),
            // Zero is spelt "AA"; more leading zeros than a DER integer has are no known issuer's habit.
            [0, 0, ..] => bad("has more than one leading zero octet"),
            [0, _, ..] => {
                octets.remove(0);
                Ok(Self { octets, tolerated: true })
            }
            _ => Ok(Self { octets, tolerated }),
        }
    }

    /// A coordinate of `len` octets (RFC 7518 §6.2.1.2). Some issuers write it as an integer: without its leading zeros,
    /// or with one more.
    fn coordinate(name: &str, text: &str, len: usize) -> Result<Self, Unusable> {
        let (octets, tolerated) = decode(name, text)?;
        if octets.is_empty() {
            return Err(Unusable::new(SkipReason::BadPoint, format!("{name:?} is empty")));
        }
        if octets.len() == len {
            return Ok(Self { octets, tolerated });
        }
        let significant = trim_leading_zeros(&octets);
        let mut padded = vec![0; len.saturating_sub(significant.len())];
        padded.extend_from_slice(significant);
        Ok(Self { octets: padded, tolerated: true })
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
    fn coordinates_have_the_length_of_their_curve() {
        let coordinate = |text| {
            let read = Integer::coordinate("x", text, 3).map(|read| (read.octets, read.tolerated));
            read.map_err(|unusable| unusable.reason)
        };
        assert_eq!(coordinate("AQAB"), Ok((vec![1, 0, 1], false)));
        assert_eq!(coordinate("AAAB"), Ok((vec![0, 0, 1], false)));
        assert_eq!(coordinate("AAAA"), Ok((vec![0, 0, 0], false)));
        for text in ["AQ", "AQ==", "AAE", "AAE=", "AAAAAAE"] {
            assert_eq!(coordinate(text), Ok((vec![0, 0, 1], true)), "{text}");
        }
        // Too long: the gate of public keys refuses it.
        assert_eq!(coordinate("AQABAQ"), Ok((vec![1, 0, 1, 1], true)));
        assert_eq!(coordinate(""), Err(SkipReason::BadPoint));
        assert_eq!(coordinate("AQ="), Err(SkipReason::BadEncoding));
    }

    #[test]
    fn integers_tolerate_one_leading_zero_and_no_more() {
        let decode = |text| {
            let decoded = Integer::decode("n", text).map(|integer| (integer.octets, integer.tolerated));
            decoded.map_err(|unusable| unusable.reason)
        };
        assert_eq!(decode("AQAB"), Ok((vec![1, 0, 1], false)));
        assert_eq!(decode("AAEAAQ"), Ok((vec![1, 0, 1], true)));
        assert_eq!(decode("AA"), Ok((vec![0], false)));
        for text in ["", "AAAA", "AAABAAE", "A", "AQAB\n"] {
            assert_eq!(decode(text), Err(SkipReason::BadEncoding), "{text}");
        }
    }
}
