//! Verifies signatures with keys that have tables. All back ends return the expected result. The
//! reference back end never finds a wrong result of the accelerated code.
//!
//! The first byte selects the key and what the other bytes do:
//!
//! - They are XORed onto a valid signature, they replace it, or they replace the message.
//! - They choose the secret nonce and the message of a new signature. For RSA, they are XORed onto
//!   the encoded message, and the result is signed.
//! - They choose u1, u2 and the message of an ES256 signature. The public key follows from these.
//!
//! `cargo +nightly fuzz run signature_back_ends_agree`

#![no_main]

use bouncer_verify::{Algorithm, Backend, Jwk, SignatureVerifier};
use curve25519_dalek::edwards::EdwardsPoint;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use libfuzzer_sys::fuzz_target;
use p256::elliptic_curve::PrimeField as _;
use p256::elliptic_curve::ops::Reduce as _;
use p256::elliptic_curve::point::{AffineCoordinates as _, DecompressPoint as _};
use p256::{AffinePoint, FieldBytes, ProjectivePoint};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rsa::sha2::{Digest as _, Sha256, Sha512};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPrivateKey, hazmat};
use std::sync::LazyLock;

const MESSAGE: &[u8] = b"message";

enum Private {
    Rsa(Box<RsaPrivateKey>),
    Es256(p256::Scalar),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

struct Key {
    algorithm: Algorithm,
    private: Private,
    jwk: Jwk,
    signature: Vec<u8>,
}

impl Key {
    fn rsa(algorithm: Algorithm, pem: &str) -> Self {
        let private = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let public = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let signature = match algorithm {
            Algorithm::Rs512 => private.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(MESSAGE)),
            Algorithm::Ps256 => private.sign_with_rng(
                &mut rsa::rand_core::OsRng,
                Pss::new_with_salt::<Sha256>(32),
                &Sha256::digest(MESSAGE),
            ),
            _ => private.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(MESSAGE)),
        };
        let jwk = Jwk::from_pem(public.as_bytes()).unwrap();
        Self { algorithm, private: Private::Rsa(Box::new(private)), jwk, signature: signature.unwrap() }
    }

    fn es256(pem: &str) -> Self {
        use p256::ecdsa::signature::Signer as _;
        let private = p256::ecdsa::SigningKey::from_pkcs8_pem(pem).unwrap();
        let signature: p256::ecdsa::Signature = private.sign(MESSAGE);
        let public = private.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        let jwk = Jwk::from_pem(public.as_bytes()).unwrap();
        let private = Private::Es256(**private.as_nonzero_scalar());
        Self { algorithm: Algorithm::Es256, private, jwk, signature: signature.to_bytes().to_vec() }
    }

    fn ed25519(pem: &str) -> Self {
        use ed25519_dalek::Signer as _;
        let private = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).unwrap();
        let public = private.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        let signature = private.sign(MESSAGE).to_bytes().to_vec();
        let jwk = Jwk::from_pem(public.as_bytes()).unwrap();
        Self { algorithm: Algorithm::Ed25519, private: Private::Ed25519(Box::new(private)), jwk, signature }
    }

    /// Returns a message, a signature, and whether it is valid.
    fn sign(&self, data: &mut Data<'_>) -> Option<(Vec<u8>, Vec<u8>, bool)> {
        match &self.private {
            Private::Rsa(private) => {
                let encoded =
                    hazmat::rsa_encrypt(private.as_ref(), &BigUint::from_bytes_be(&self.signature)).ok()?;
                let mut changed = with_len(&encoded, private.size());
                let start = usize::from(data.byte()) * 2;
                changed.iter_mut().skip(start).zip(data.0).for_each(|(byte, change)| *byte ^= change);
                let changed = BigUint::from_bytes_be(&changed);
                let signature =
                    hazmat::rsa_decrypt(None::<&mut rsa::rand_core::OsRng>, private.as_ref(), &changed)
                        .ok()?;
                Some((MESSAGE.to_vec(), with_len(&signature, private.size()), changed == encoded))
            }
            Private::Es256(private) => {
                let nonce = p256_scalar(data, private);
                let message = data.0.to_vec();
                let point = (ProjectivePoint::GENERATOR * nonce).to_affine();
                let r = p256::Scalar::reduce(&point.x());
                let s = (digest(&message) + r * private) * invert(&nonce)?;
                (r != p256::Scalar::ZERO && s != p256::Scalar::ZERO)
                    .then(|| (message, [r.to_repr(), s.to_repr()].concat(), true))
            }
            Private::Ed25519(private) => {
                let torsion = usize::from(data.byte());
                // Most commitments have no part of small order, so that most signatures are valid.
                let torsion = if torsion < 32 { torsion % 8 } else { 0 };
                let secret = private.to_scalar();
                let (form, number) = data.scalar();
                let number = curve25519_dalek::Scalar::from_bytes_mod_order(number);
                let number = if form & 2 == 0 { number } else { -number };
                let nonce = if form & 4 == 0 { number } else { number * secret };
                let commitment =
                    EdwardsPoint::mul_base(&nonce) + curve25519_dalek::constants::EIGHT_TORSION[torsion];
                let r = commitment.compress().to_bytes();
                let hash = Sha512::new().chain_update(r).chain_update(private.verifying_key().as_bytes());
                let hash = hash.chain_update(data.0).finalize().into();
                let s = nonce + curve25519_dalek::Scalar::from_bytes_mod_order_wide(&hash) * secret;
                let is_valid = torsion == 0 && !commitment.is_small_order();
                Some((data.0.to_vec(), [r, s.to_bytes()].concat(), is_valid))
            }
        }
    }
}

/// The bytes that are not used yet.
struct Data<'a>(&'a [u8]);

impl Data<'_> {
    /// Returns 0 after the end.
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// Returns a byte whose bits tell what to do with the number, and the number (little-endian):
    /// any, or a small number times a power of two.
    fn scalar(&mut self) -> (u8, [u8; 32]) {
        let mut number = [0; 32];
        let form = self.byte();
        if form & 1 == 0 {
            let (factor, exponent) = (self.byte(), self.byte());
            let shifted = u16::from(factor) << (exponent % 8);
            let at = usize::from(exponent / 8).min(30);
            number[at..at + 2].copy_from_slice(&shifted.to_le_bytes());
        } else {
            number.fill_with(|| self.byte());
        }
        (form, number)
    }
}

/// Returns a number, its negative, or one of these times `factor`.
fn p256_scalar(data: &mut Data<'_>, factor: &p256::Scalar) -> p256::Scalar {
    let (form, mut number) = data.scalar();
    number.reverse();
    let number = p256::Scalar::reduce(&FieldBytes::from(number));
    let number = if form & 2 == 0 { number } else { -number };
    if form & 4 == 0 { number } else { number * factor }
}

/// Returns `None` for 0.
fn invert(number: &p256::Scalar) -> Option<p256::Scalar> {
    number.invert().into()
}

fn digest(message: &[u8]) -> p256::Scalar {
    p256::Scalar::reduce(&FieldBytes::from(<[u8; 32]>::from(Sha256::digest(message))))
}

fn with_len(number: &BigUint, len: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; len - bytes.len()], bytes].concat()
}

/// Returns a public key, a message and a valid ES256 signature whose verification computes
/// u1 G + u2 Q. Returns `None` if no point has the x coordinate that these numbers determine.
fn es256_with_scalars(data: &mut Data<'_>) -> Option<(Jwk, Vec<u8>, Vec<u8>)> {
    let one = p256::Scalar::ONE;
    let (u1, u2) = (p256_scalar(data, &one), p256_scalar(data, &one));
    let message = data.0.to_vec();
    // u1 = e / s and u2 = r / s. The key is Q = (R - u1 G) / u2, where r is the x coordinate of R.
    let s = digest(&message) * invert(&u1)?;
    let r = u2 * s;
    let point: AffinePoint = Option::from(AffinePoint::decompress(&r.to_repr(), 0.into()))?;
    let key = (ProjectivePoint::from(point) - ProjectivePoint::GENERATOR * u1) * invert(&u2)?;
    let key = p256::PublicKey::from_affine(key.to_affine()).ok()?;
    let jwk = Jwk::from_pem(key.to_public_key_pem(LineEnding::LF).unwrap().as_bytes()).unwrap();
    Some((jwk, message, [r.to_repr(), s.to_repr()].concat()))
}

/// A key for each back end.
fn verifiers(jwk: &Jwk) -> Vec<SignatureVerifier<'_>> {
    let verifiers: Vec<_> =
        Backend::ALL.iter().map(|&backend| SignatureVerifier::new(jwk, backend).unwrap()).collect();
    verifiers.iter().for_each(SignatureVerifier::compute_tables);
    verifiers
}

fn check(
    verifiers: &[SignatureVerifier<'_>],
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
    is_valid: bool,
) {
    let is_accelerated = verifiers[0].is_accelerated();
    let verdicts: Vec<_> =
        verifiers.iter().map(|key| key.verify(algorithm, message, signature).is_ok()).collect();
    assert!(verdicts.iter().all(|&verdict| verdict == is_valid), "{algorithm}: {verdicts:?}");
    assert_eq!(verifiers[0].is_accelerated(), is_accelerated);
    // ES256 and Ed25519 have accelerated code for every CPU.
    assert!(is_accelerated || !matches!(algorithm, Algorithm::Es256 | Algorithm::Ed25519));
}

static KEYS: LazyLock<[Key; 9]> = LazyLock::new(|| {
    [
        Key::rsa(Algorithm::Rs256, include_str!("../../tests/data/keys/rsa-2048-a.pem")),
        Key::rsa(Algorithm::Rs512, include_str!("../../tests/data/keys/rsa-2048-b.pem")),
        Key::rsa(Algorithm::Rs256, include_str!("../../tests/data/keys/rsa-3072.pem")),
        Key::rsa(Algorithm::Rs256, include_str!("../../tests/data/keys/rsa-4096.pem")),
        Key::es256(include_str!("../../tests/data/keys/p256-a.pem")),
        Key::es256(include_str!("../../tests/data/keys/p256-short.pem")),
        Key::ed25519(include_str!("../../tests/data/keys/ed25519-a.pem")),
        Key::ed25519(include_str!("../../tests/data/keys/ed25519-b.pem")),
        Key::rsa(Algorithm::Ps256, include_str!("../../tests/data/keys/rsa-2048-a.pem")),
    ]
});

static VERIFIERS: LazyLock<Vec<Vec<SignatureVerifier<'static>>>> =
    LazyLock::new(|| KEYS.iter().map(|key| verifiers(&key.jwk)).collect());

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    let which = usize::from(choice) % KEYS.len();
    let key = &KEYS[which];
    let (mut message, mut signature) = (MESSAGE.to_vec(), key.signature.clone());
    let mut is_valid = None;
    match usize::from(choice) / KEYS.len() % 5 {
        0 => signature.iter_mut().zip(data).for_each(|(byte, change)| *byte ^= change),
        1 => signature = data.to_vec(),
        2 => message = data.to_vec(),
        3 => {
            let Some(signed) = key.sign(&mut Data(data)) else { return };
            (message, signature) = (signed.0, signed.1);
            is_valid = Some(signed.2);
        }
        _ => {
            let Some((jwk, message, signature)) = es256_with_scalars(&mut Data(data)) else { return };
            let verifiers = verifiers(&jwk);
            check(&verifiers, Algorithm::Es256, &message, &signature, true);
            let longer = [&message[..], &[0]].concat();
            return check(&verifiers, Algorithm::Es256, &longer, &signature, false);
        }
    }
    // A few changed signatures are valid too, such as (r, n - s) for ES256. A fuzzer does not find
    // them.
    let is_valid = is_valid.unwrap_or(message == MESSAGE && signature == key.signature);
    check(&VERIFIERS[which], key.algorithm, &message, &signature, is_valid);
});
