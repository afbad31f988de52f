//! Signatures for the tests: random, altered, and constructed from special scalars.

use super::numbers::{Random, big, bytes, power_of_two};
use super::signer::{Reference, Signer};
use crate::crypto::es256::field::P;
use crate::crypto::es256::order::N;
use num_bigint::BigUint;
use p256::elliptic_curve::PrimeField as _;
use p256::elliptic_curve::group::Group as _;
use p256::{ProjectivePoint, Scalar, ecdsa::VerifyingKey};

/// A digest and a signature.
pub(super) type Case = ([u8; 32], [u8; 64]);

fn signature(r: &BigUint, s: &BigUint) -> [u8; 64] {
    [bytes(r), bytes(s)].concat().try_into().unwrap()
}

/// Values for r and s at the limits of a range.
pub(super) fn edges() -> Vec<BigUint> {
    let (n, p, one) = (big(&N), big(&P), BigUint::from(1_u32));
    let half = &n >> 1_u32;
    vec![
        BigUint::ZERO,
        one.clone(),
        BigUint::from(2_u32),
        &n - &one,
        n.clone(),
        &n + &one,
        half.clone(),
        half + &one,
        p.clone(),
        &p - &one,
        &p - &n,
        &p - &n - &one,
        power_of_two(256) - &one,
        power_of_two(255),
        power_of_two(128),
    ]
}

/// Returns a signature. Half of the signatures are altered.
pub(super) fn random_case(random: &mut Random, signer: &Signer, edges: &[BigUint]) -> Case {
    let mut digest = random.bytes();
    let mut signature = signer.sign(&digest);
    let half = 32 * random.below(2);
    match random.below(8) {
        0 => signature[random.below(64)] ^= 1 << random.below(8),
        1 => digest[random.below(32)] ^= 1 << random.below(8),
        2 => signature[half..half + 32].copy_from_slice(&bytes(&edges[random.below(edges.len())])),
        3 => {
            // n - s is valid too. s + n is not, where it fits.
            let (s, n) = (BigUint::from_bytes_be(&signature[32..]), big(&N));
            let other = if random.below(2) == 0 { &n - s } else { s + &n };
            if other.bits() <= 256 {
                signature[32..].copy_from_slice(&bytes(&other));
            }
        }
        _ => {}
    }
    (digest, signature)
}

/// Scalars whose multiples are likely to meet each other in a sum: small ones, powers of two and
/// their neighbours, fractions, and the negatives of all these. The first one is 0.
pub(super) fn special_scalars() -> Vec<BigUint> {
    let n = big(&N);
    let mut scalars: Vec<_> =
        [0, 1, 2, 3, 5, 127, 128, 129, 255, 256, 257, 65535, 65536_u32].map(BigUint::from).into();
    for exponent in [31, 32, 64, 127, 128, 200, 248, 255] {
        scalars.extend([
            power_of_two(exponent) - 1_u32,
            power_of_two(exponent),
            power_of_two(exponent) + 1_u32,
        ]);
    }
    for digit in [b'a', b'8'] {
        scalars.push(BigUint::parse_bytes(&[digit; 64], 16).unwrap() % &n);
    }
    scalars.push((&n + 1_u32) >> 1_u32);
    let negatives: Vec<_> = scalars[1..].iter().map(|x| &n - x).collect();
    scalars.extend(negatives);
    scalars
}

/// Private keys for [`constructed`].
pub(super) fn special_secrets() -> Vec<BigUint> {
    let n = big(&N);
    let small = [1, 2, 3, 255, 256_u32].map(BigUint::from);
    let large = [&n - 1_u32, &n - 2_u32, power_of_two(64), power_of_two(128), (&n + 1_u32) >> 1_u32];
    small.into_iter().chain(large).collect()
}

fn to_scalar(x: &BigUint) -> Scalar {
    Scalar::from_repr(bytes(&(x % big(&N))).into()).unwrap()
}

fn x_of(point: &ProjectivePoint) -> BigUint {
    BigUint::from_bytes_be(&Reference::new(VerifyingKey::from_affine(point.to_affine()).unwrap()).x)
}

/// Returns the public key of a private key.
pub(super) fn reference(secret: &BigUint) -> Reference {
    let point = ProjectivePoint::GENERATOR * to_scalar(secret);
    Reference::new(VerifyingKey::from_affine(point.to_affine()).unwrap())
}

/// Constructs signatures whose verification computes u1 G + u2 Q: a valid one, and one with another
/// r. If it fits, also the valid one with n added to the digest. Nothing is valid if the sum is the
/// point at infinity. `u2` is not 0.
pub(super) fn constructed(secret: &BigUint, u1: &BigUint, u2: &BigUint) -> Vec<Case> {
    let n = big(&N);
    let sum = ProjectivePoint::GENERATOR * to_scalar(&(u1 + u2 * secret));
    let r = if bool::from(sum.is_identity()) { BigUint::from(1_u32) } else { x_of(&sum) % &n };
    let s = &r * u2.modinv(&n).unwrap() % &n;
    let e = u1 * &s % &n;
    let mut cases =
        vec![(bytes(&e), signature(&r, &s)), (bytes(&e), signature(&(&r ^ BigUint::from(1_u32)), &s))];
    if (&e + &n).bits() <= 256 {
        cases.push((bytes(&(e + n)), signature(&r, &s)));
    }
    cases
}

/// Returns keys with a valid signature for which x(R) is n or more, or close to p.
pub(super) fn with_large_x(count: u32) -> Vec<(Reference, Case)> {
    let (n, p) = (big(&N), big(&P));
    let b = BigUint::parse_bytes(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16)
        .unwrap();
    let mut found = Vec::new();
    for i in 1..=count {
        let x = if i % 2 == 0 { &n + i } else { &p - i };
        let right = (x.pow(3) + &p * 3_u32 - &x * 3_u32 + &b) % &p;
        let y = right.modpow(&((&p + 1_u32) >> 2_u32), &p);
        if &y * &y % &p != right {
            continue;
        }
        let encoded = [&[4][..], &bytes(&x), &bytes(&y)].concat();
        let point = ProjectivePoint::from(*VerifyingKey::from_sec1_bytes(&encoded).unwrap().as_affine());
        // With u2 = 1 / k, s is k r and Q is (R - u1 G) k.
        let (r, u1, k) = (&x % &n, BigUint::from(77 + i), BigUint::from(1000 + i));
        let s = &r * &k % &n;
        let key = (point - ProjectivePoint::GENERATOR * to_scalar(&u1)) * to_scalar(&k);
        let key = Reference::new(VerifyingKey::from_affine(key.to_affine()).unwrap());
        found.push((key, (bytes(&(u1 * &s % &n)), signature(&r, &s))));
    }
    found
}
