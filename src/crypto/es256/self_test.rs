//! The self-test of each key on this CPU: compares the verification with a signature that plain
//! doublings and additions compute. The tables of a key that fails the test are not used.

use super::order::{self, N};
use super::point::{AffinePoint, Point, to_affine};
use super::signature::Verdict;
use crate::crypto::hash::sha256;
use crate::crypto::wide::{U256, bits, from_be_bytes, is_below, sub, to_be_bytes};

/// A valid signature of a key.
pub(super) struct Sample {
    pub(super) digest: [u8; 32],
    pub(super) signature: [u8; 64],
}

impl Sample {
    /// Constructs a signature without the private key: chooses u1 and u2, and computes the digest
    /// and the signature from them. u1 and u2 are pseudorandom and depend only on the key.
    pub(super) fn new(key: &AffinePoint) -> Option<Self> {
        let seed: Vec<u8> = key.x.0.iter().chain(&key.y.0).flat_map(|word| word.to_le_bytes()).collect();
        let u1 = below_n(&sha256(&seed));
        let u2 = below_n(&sha256(&sha256(&seed)));
        let sum = multiple(&AffinePoint::GENERATOR, &u1)?;
        let sum = Point::from_affine(&sum).add_affine(&multiple(key, &u2)?);
        let x = to_affine(&[sum]).first()?.x.to_number();
        // r = x mod n, s = r / u2, e = u1 s.
        let r = if is_below(&x, &N) { x } else { sub(&x, &N).0 };
        let s = order::multiply(&r, &order::invert(&u2)?);
        let e = order::multiply(&u1, &order::to_montgomery(&s));
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&to_be_bytes(&r));
        signature[32..].copy_from_slice(&to_be_bytes(&s));
        Some(Self { digest: to_be_bytes(&e), signature })
    }

    /// Returns the same signature and digest, but with one bit flipped. `which` selects r, s or the
    /// digest.
    pub(super) fn wrong(&self, which: usize) -> Self {
        let Self { mut digest, mut signature } = *self;
        match which % 3 {
            0 => signature[17] ^= 1,
            1 => signature[49] ^= 1,
            _ => digest[17] ^= 1,
        }
        Self { digest, signature }
    }
}

/// Returns whether `verify` accepts the sample, and rejects it if one bit is flipped.
pub(super) fn passes(sample: &Sample, verify: impl Fn(&Sample) -> Verdict) -> bool {
    let rejects = |which| verify(&sample.wrong(which)) == Verdict::Invalid;
    verify(sample) == Verdict::Valid && (0..3).all(rejects)
}

fn below_n(bytes: &[u8; 32]) -> U256 {
    let x = from_be_bytes(bytes);
    if is_below(&x, &N) { x } else { sub(&x, &N).0 }
}

/// Returns `scalar` times the point, by doublings and additions. Requires scalar < n. Returns
/// `None` if the scalar is 0. An addition never has two points with the same x: it adds the point
/// to 2 k times the point, where 2 k + 1 < n.
fn multiple(point: &AffinePoint, scalar: &U256) -> Option<AffinePoint> {
    let mut sum: Option<Point> = None;
    for i in (0..256).rev() {
        sum = sum.map(|sum| sum.double());
        if bits(scalar, i, 1) == 1 {
            sum = Some(sum.map_or(Point::from_affine(point), |sum| sum.add_affine(point)));
        }
    }
    to_affine(&[sum?]).first().copied()
}
