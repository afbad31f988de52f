//! A JSON Web Key (RFC 7517 §4) that can verify signatures, and its conversion from and to JWK, PEM
//! and DER.

use super::algorithm::Algorithm;
use super::header::MAX_KID_LEN;
use super::hints;
use super::integer::Integer;
use super::jwk_members::{self, Described, Members};
use super::public_key::{PublicKey, trim_leading_zeros};
use super::skip_reason::{SkipReason, Unusable};
use crate::encoding::{base64url, json, pem as pem_text};
use crate::error::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use spki::der::pem::{self, LineEnding};
use std::fmt;

/// A public key for verifying signatures, with the "kid" and "alg" of its JWK.
///
/// The key has passed every check except the two checks of an elliptic-curve point. The point must
/// be on the curve and must not have a small order. A [`crate::JwkSet`] checks both when it is
/// created.
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
    /// [`ErrorKind::UnusableKey`]; the detail names the wrong member.
    pub fn from_slice(json: &[u8]) -> Result<Self> {
        let read = json::utf8(json)
            .map_err(jwk_members::not_json)
            .and_then(|text| Self::parse(text, &[]).map_err(|(why, _)| why));
        read.map_err(|error: Unusable| match hints::looks_like(json) {
            Some(hint) => Unusable::new(SkipReason::NotAJwk, format!("not a JWK: {hint}")).into(),
            None => error.into(),
        })
    }

    /// Creates an RSA key from modulus and exponent as Base64urlUInt (RFC 7518 §2), the format of
    /// "n" and "e" in a JWK. Complete padding, the standard base64 alphabet and one leading zero
    /// octet are tolerated, because some public issuers use them.
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

    /// Creates an RSA key from modulus and exponent as big-endian octets. Leading zeros are
    /// ignored.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self> {
        Ok(Self::bare(PublicKey::rsa(trim_leading_zeros(n), trim_leading_zeros(e))?))
    }

    /// Reads a key from PEM (RFC 7468) with one of these labels:
    ///
    /// - "PUBLIC KEY": a SubjectPublicKeyInfo.
    /// - "RSA PUBLIC KEY": a key of PKCS #1.
    /// - "CERTIFICATE": only the certificate's public key is used.
    ///
    /// Line ends may be missing. They may also be spaces or the two characters `\n`, as in
    /// environment variables.
    ///
    /// The signature, names and dates of a certificate are not checked. If there are several
    /// certificates, the first one is used.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`]; the detail names the PEM label.
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
            let why = why.unwrap_or("it has no complete block from -----BEGIN to -----END");
            return Err(bad(format!("not PEM: {why}")));
        };
        let read = match first.label {
            "PUBLIC KEY" => PublicKey::from_spki,
            "RSA PUBLIC KEY" => PublicKey::from_pkcs1,
            "CERTIFICATE" => PublicKey::from_certificate,
            label => {
                let expected = "expected PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE";
                return Err(bad(format!("PEM label {}: {expected}", shown(label))));
            }
        };
        if blocks.len() > 1 && first.label != "CERTIFICATE" {
            return Err(bad(format!("{} PEM blocks; expected one key", blocks.len())));
        }
        let damaged = || bad(format!("PEM label {}: the body is not base64", shown(first.label)));
        let der = first.decode().ok_or_else(damaged)?;
        Ok(Self::bare(read(&der)?))
    }

    /// Reads a key from a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). An EC point must be
    /// uncompressed.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableKey`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Ok(Self::bare(PublicKey::from_spki(der)?))
    }

    /// Returns the key with the key ID `kid`. An empty `kid` removes the key ID.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: `kid` is over 1024 bytes.
    pub fn with_kid(mut self, kid: &str) -> Result<Self> {
        if kid.len() > MAX_KID_LEN {
            let detail = format!("kid has {} bytes; at most {MAX_KID_LEN}", kid.len());
            return Err(Error::new(ErrorKind::InvalidArgument, "").with_detail(detail));
        }
        self.kid = Some(kid.into()).filter(|_| !kid.is_empty());
        Ok(self)
    }

    /// Returns the key, restricted to `algorithm`.
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

    /// Parses a JWK. On failure, returns the reason, and the kid if there is one. `uses` are values
    /// of "use" that are accepted in addition to "sig".
    pub(crate) fn parse(text: &str, uses: &[Box<str>]) -> Result<Self, (Unusable, Option<Box<str>>)> {
        let members = Members::read(text).map_err(|invalid| (jwk_members::not_json(invalid), None))?;
        let described = members.check(uses).map_err(|reason| (reason, members.kid()))?;
        let Described { key, algorithm, tolerated } = described;
        Ok(Self { key, kid: members.kid(), algorithm, tolerated })
    }

    /// Returns the key ID ("kid", RFC 7517 §4.5).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the algorithm that this key is restricted to ("alg", RFC 7517 §4.4), if there is
    /// one.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Returns the key type ("kty"): `"RSA"`, `"EC"` or `"OKP"`.
    pub fn key_type(&self) -> &'static str {
        self.key.kty()
    }

    /// Returns the curve ("crv"): `"P-256"`, `"P-384"`, `"P-521"` or `"Ed25519"`; `None` for RSA.
    pub fn curve(&self) -> Option<&'static str> {
        self.key.crv()
    }

    /// Returns the size of the RSA modulus or of the curve, in bits.
    pub fn bits(&self) -> usize {
        self.key.bits()
    }

    /// Returns the RSA modulus, big-endian without leading zeros; `None` for other key types.
    pub fn n(&self) -> Option<&[u8]> {
        match &self.key {
            PublicKey::Rsa { n, .. } => Some(n),
            _ => None,
        }
    }

    /// Returns the RSA exponent, big-endian without leading zeros; `None` for other key types.
    pub fn e(&self) -> Option<&[u8]> {
        match &self.key {
            PublicKey::Rsa { e, .. } => Some(e),
            _ => None,
        }
    }

    /// Returns true if the encoding of a number breaks RFC 7518 but was accepted. Padding, the
    /// standard base64 alphabet and one leading zero octet are accepted. For a coordinate, missing
    /// or extra leading zeros are accepted.
    pub fn is_tolerated(&self) -> bool {
        self.tolerated
    }

    /// Returns the key as DER SubjectPublicKeyInfo.
    pub fn to_der(&self) -> Vec<u8> {
        // Encoding fails only above 256 MiB. The largest number of a key has 1 KiB.
        self.key.to_spki().unwrap_or_default()
    }

    /// Returns the key as PEM with the label "PUBLIC KEY" and a final newline.
    pub fn to_pem(&self) -> String {
        pem::encode_string("PUBLIC KEY", LineEnding::LF, &self.to_der()).unwrap_or_default()
    }

    /// Returns the key as a JWK: its parameters, "use": "sig", and "alg" and "kid" if it has them.
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

    /// Returns the JWK Thumbprint with SHA-256 (RFC 7638), in base64url.
    pub fn thumbprint(&self) -> String {
        // The names are sorted and no value needs an escape, so this is the canonical form of RFC
        // 7638 §3.3.
        let members: Vec<_> =
            self.required_members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        base64url::encode(&Sha256::digest(format!("{{{}}}", members.join(","))))
    }

    /// Returns the kid that DC/OS's Bouncer computes for an RSA key: a SHA-256 hash in hex. The
    /// hashed text is the exponent in decimal, the modulus in decimal and "RSA", without
    /// separators. Returns `None` for other key types.
    pub fn dcos_kid(&self) -> Option<String> {
        let text = [decimal(self.e()?), decimal(self.n()?), "RSA".to_owned()].concat();
        Some(Sha256::digest(text).iter().map(|octet| format!("{octet:02x}")).collect())
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// Returns whether the key may verify with `algorithm`.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithm.map_or_else(|| self.key.fits(algorithm), |own| own == algorithm)
    }

    /// Returns the members that RFC 7638 §3.2 requires, in lexicographic order.
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

/// Returns `label` in quotation marks if it has the form of a PEM label. Any other text may be a
/// secret and is not shown.
fn shown(label: &str) -> String {
    let is_label = label.len() <= 40
        && label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ' || byte.is_ascii_digit());
    if is_label { format!("{label:?}") } else { "of an unknown form".to_owned() }
}

/// Converts a big-endian integer to decimal.
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
    fn decimal_agrees_with_the_standard_library() {
        for value in [0u128, 1, 65537, 999_999_999, 1_000_000_000, 1_000_000_001, u128::MAX] {
            assert_eq!(decimal(trim_leading_zeros(&value.to_be_bytes())), value.to_string());
        }
    }
}
