//! Public key parameters (RFC 7518 §6, RFC 8037 §2) and the checks on them. Converts keys from and
//! to SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 5480, RFC 8410).

use super::algorithm::Algorithm;
use super::skip_reason::{SkipReason, Unusable};
use spki::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use spki::der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// SEC 1 §2.3.3: the octet before the coordinates of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// An elliptic curve of RFC 7518 §6.2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(crate) fn named(crv: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.as_str() == crv)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    pub(crate) const fn bits(self) -> usize {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Returns the length of a coordinate in bytes. It is also the length of each half of a
    /// signature, R and S.
    pub(crate) const fn coordinate_len(self) -> usize {
        self.bits().div_ceil(8)
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
            Self::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
            Self::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        }
    }
}

/// The numbers of a public key. RSA numbers have no leading zero octets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum PublicKey {
    Rsa { n: Box<[u8]>, e: Box<[u8]> },
    Ec { curve: Curve, x: Box<[u8]>, y: Box<[u8]> },
    Ed25519 { x: [u8; 32] },
}

impl PublicKey {
    /// Creates an RSA key from big-endian integers without leading zeros. Rejects keys that are
    /// insecure or too slow to verify with.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, Unusable> {
        let bits = bit_len(n);
        if !(2048..=8192).contains(&bits) {
            let message = format!("the RSA modulus has {bits} bits, not 2048 to 8192");
            return Err(Unusable::new(SkipReason::RsaModulusSize, message));
        }
        if is_even(n) {
            return Err(SkipReason::RsaModulusEven.into());
        }
        // With an exponent of 1, anyone can sign; a huge exponent makes verifying slow.
        if is_even(e) || !(2..=33).contains(&bit_len(e)) {
            return Err(SkipReason::RsaExponent.into());
        }
        if has_roca_fingerprint(n) {
            return Err(SkipReason::RsaRoca.into());
        }
        Ok(Self::Rsa { n: n.into(), e: e.into() })
    }

    /// Creates an EC key from its coordinates. The crypto layer checks later that the point is on
    /// the curve.
    pub(crate) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, Unusable> {
        let len = curve.coordinate_len();
        for (name, coordinate) in [("x", x), ("y", y)] {
            if coordinate.len() != len {
                let (has, curve) = (coordinate.len(), curve.as_str());
                let message = format!("{name:?} has {has} bytes; a coordinate of {curve} has {len}");
                return Err(Unusable::new(SkipReason::BadPoint, message));
            }
        }
        Ok(Self::Ec { curve, x: x.into(), y: y.into() })
    }

    /// Creates an Ed25519 key from its encoded point. The crypto layer checks the point later.
    pub(crate) fn ed25519(x: &[u8]) -> Result<Self, Unusable> {
        let x_of_32 = x.try_into().map_err(|_| {
            let message = format!("\"x\" has {} bytes; an Ed25519 key has 32", x.len());
            Unusable::new(SkipReason::BadPoint, message)
        })?;
        Ok(Self::Ed25519 { x: x_of_32 })
    }

    /// Returns the "kty" value.
    pub(crate) fn kty(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::Ec { .. } => "EC",
            Self::Ed25519 { .. } => "OKP",
        }
    }

    /// Returns the "crv" value.
    pub(crate) fn crv(&self) -> Option<&'static str> {
        match self {
            Self::Rsa { .. } => None,
            Self::Ec { curve, .. } => Some(curve.as_str()),
            Self::Ed25519 { .. } => Some("Ed25519"),
        }
    }

    pub(crate) fn bits(&self) -> usize {
        match self {
            Self::Rsa { n, .. } => bit_len(n),
            Self::Ec { curve, .. } => curve.bits(),
            Self::Ed25519 { .. } => 256,
        }
    }

    /// Returns the algorithms that a key of this type and curve can verify.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::*;
        match self {
            Self::Rsa { .. } => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
            Self::Ec { curve: Curve::P256, .. } => &[Es256],
            Self::Ec { curve: Curve::P384, .. } => &[Es384],
            Self::Ec { curve: Curve::P521, .. } => &[Es512],
            Self::Ed25519 { .. } => &[Ed25519],
        }
    }

    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Ec { curve, .. } => algorithm == curve.algorithm(),
            _ => self.algorithms().contains(&algorithm),
        }
    }

    /// Reads a key from DER SubjectPublicKeyInfo, with the checks of [`PublicKey::rsa`],
    /// [`PublicKey::ec`] or [`PublicKey::ed25519`].
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, Unusable> {
        let damaged = || Unusable::new(SkipReason::BadEncoding, "not a DER SubjectPublicKeyInfo");
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| damaged())?;
        let key = spki.subject_public_key.as_bytes().ok_or_else(damaged)?;
        match spki.algorithm.oid {
            RSA_ENCRYPTION => Self::from_pkcs1(key),
            EC_PUBLIC_KEY => {
                let oid = spki.algorithm.parameters_oid().map_err(|_| SkipReason::UnsupportedCurve)?;
                let curve = Curve::ALL.into_iter().find(|curve| curve.oid() == oid);
                let curve = curve.ok_or(SkipReason::UnsupportedCurve)?;
                let (&form, point) = key.split_first().ok_or(SkipReason::BadPoint)?;
                if form != UNCOMPRESSED {
                    return Err(Unusable::new(
                        SkipReason::BadPoint,
                        "the point is compressed; only uncompressed points are supported",
                    ));
                }
                let (x, y) = point.split_at_checked(curve.coordinate_len()).ok_or(SkipReason::BadPoint)?;
                Self::ec(curve, x, y)
            }
            ED25519 if spki.algorithm.parameters.is_none() => Self::ed25519(key),
            _ => Err(SkipReason::UnsupportedKeyType.into()),
        }
    }

    /// Reads a key from DER RSAPublicKey (RFC 8017 §A.1.1), with the checks of [`PublicKey::rsa`].
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, Unusable> {
        let rsa = pkcs1::RsaPublicKeyRef::from_der(der)
            .map_err(|_| Unusable::new(SkipReason::BadEncoding, "not a DER RSAPublicKey"))?;
        Self::rsa(rsa.modulus.as_bytes(), rsa.public_exponent.as_bytes())
    }

    /// Reads the key of a DER certificate (RFC 5280 §4.1). The certificate's signature, names and
    /// dates are not checked.
    pub(crate) fn from_certificate(der: &[u8]) -> Result<Self, Unusable> {
        let spki = spki_of_certificate(der)
            .map_err(|_| Unusable::new(SkipReason::BadEncoding, "not a DER certificate"))?;
        Self::from_spki(spki)
    }

    /// Returns the key as DER SubjectPublicKeyInfo.
    pub(crate) fn to_spki(&self) -> spki::Result<Vec<u8>> {
        let encode = |oid, parameters, key: &[u8]| -> spki::Result<Vec<u8>> {
            let algorithm = AlgorithmIdentifierRef { oid, parameters };
            let subject_public_key = BitStringRef::from_bytes(key)?;
            Ok(SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()?)
        };
        match self {
            Self::Rsa { n, e } => {
                let key =
                    pkcs1::RsaPublicKeyRef { modulus: UintRef::new(n)?, public_exponent: UintRef::new(e)? };
                encode(RSA_ENCRYPTION, Some(AnyRef::NULL), &key.to_der()?)
            }
            Self::Ec { curve, .. } => {
                let oid = curve.oid();
                encode(EC_PUBLIC_KEY, Some(AnyRef::from(&oid)), &self.ec_point().unwrap_or_default())
            }
            Self::Ed25519 { x } => encode(ED25519, None, x),
        }
    }

    /// Returns the uncompressed point of an EC key (SEC 1 §2.3.3).
    pub(crate) fn ec_point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Ec { x, y, .. } => Some([&[UNCOMPRESSED], &**x, &**y].concat()),
            _ => None,
        }
    }
}

/// Returns the SubjectPublicKeyInfo of a certificate. In the certificate, it comes after version
/// (optional), serialNumber, signature, issuer, validity and subject.
fn spki_of_certificate(der: &[u8]) -> spki::der::Result<&[u8]> {
    const BEFORE: [Tag; 5] = [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::Sequence, Tag::Sequence];
    let certificate = AnyRef::from_der(der)?;
    certificate.tag().assert_eq(Tag::Sequence)?;
    let tbs: AnyRef<'_> = SliceReader::new(certificate.value())?.decode()?;
    tbs.tag().assert_eq(Tag::Sequence)?;
    let mut fields = SliceReader::new(tbs.value())?;
    if Tag::peek(&fields)?.is_context_specific() {
        fields.tlv_bytes()?;
    }
    for tag in BEFORE {
        Tag::peek(&fields)?.assert_eq(tag)?;
        fields.tlv_bytes()?;
    }
    fields.tlv_bytes()
}

/// Returns `integer` without its leading zero octets.
pub(crate) fn trim_leading_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&octet| octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

fn bit_len(integer: &[u8]) -> usize {
    integer.first().map_or(0, |first| integer.len() * 8 - first.leading_zeros() as usize)
}

fn is_even(integer: &[u8]) -> bool {
    integer.last().is_none_or(|last| last % 2 == 0)
}

/// Returns whether `n` has the fingerprint of CVE-2017-15361 (ROCA). A flawed key generator makes
/// such moduli, and their private keys can be computed. The generator's primes are powers of 65537
/// modulo a product of small primes. So `n` is a power of 65537 modulo each small prime. A good
/// modulus has the fingerprint with a probability of about 2^-28.
fn has_roca_fingerprint(n: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.into_iter().all(|prime| {
        let residue = n.iter().fold(0, |residue, &octet| (residue * 256 + u32::from(octet)) % prime);
        let next_power = |&power: &u32| Some(power * 65537 % prime);
        std::iter::successors(Some(1), next_power).take(prime as usize).any(|power| power == residue)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modulus(bits: usize, last: u8) -> Vec<u8> {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= (8 - bits % 8) % 8;
        *n.last_mut().unwrap() = last;
        n
    }

    #[test]
    fn rsa_keys_outside_the_limits_are_rejected() {
        let reason = |n: &[u8], e: &[u8]| PublicKey::rsa(n, e).err().map(|unusable| unusable.reason);
        for (bits, expected) in [
            (2047, Some(SkipReason::RsaModulusSize)),
            (2048, None),
            (2049, None),
            (8192, None),
            (8193, Some(SkipReason::RsaModulusSize)),
        ] {
            assert_eq!(reason(&modulus(bits, 0xff), &[1, 0, 1]), expected, "{bits}");
        }
        assert_eq!(reason(&[], &[3]), Some(SkipReason::RsaModulusSize));
        assert_eq!(reason(&modulus(2048, 0xfe), &[3]), Some(SkipReason::RsaModulusEven));
        let n = modulus(2048, 0xff);
        for e in [&[][..], &[0], &[1], &[2], &[4], &[2, 0, 0, 0, 1]] {
            assert_eq!(reason(&n, e), Some(SkipReason::RsaExponent), "{e:?}");
        }
        for e in [&[3][..], &[1, 0, 1], &[1, 0, 0, 0, 1], &[1, 255, 255, 255, 255]] {
            assert_eq!(reason(&n, e), None, "{e:?}");
        }
    }

    #[test]
    fn a_roca_modulus_has_the_fingerprint_for_every_prime() {
        // 65537 is a power of 65537 modulo every prime. 65538 is not.
        let power = |add: u8| [vec![0; 200], vec![1, 0, 1 + add]].concat();
        assert!(has_roca_fingerprint(&power(0)));
        assert!(!has_roca_fingerprint(&power(1)));
        assert!(!has_roca_fingerprint(&modulus(2048, 0xff)));
    }

    #[test]
    fn a_key_survives_the_conversion_to_spki_and_back() {
        for key in [
            PublicKey::rsa(&modulus(2048, 0xff), &[1, 0, 1]).unwrap(),
            PublicKey::rsa(&modulus(2049, 0xff), &[3]).unwrap(),
            PublicKey::ec(Curve::P256, &[1; 32], &[2; 32]).unwrap(),
            PublicKey::ec(Curve::P384, &[0; 48], &[2; 48]).unwrap(),
            PublicKey::ec(Curve::P521, &[1; 66], &[0; 66]).unwrap(),
            PublicKey::ed25519(&[7; 32]).unwrap(),
        ] {
            let der = key.to_spki().unwrap();
            assert!(PublicKey::from_spki(&der).unwrap() == key);
            for len in 0..der.len() {
                assert!(PublicKey::from_spki(&der[..len]).is_err());
            }
            assert!(PublicKey::from_spki(&[&der[..], &[0]].concat()).is_err());
        }
    }
}
