//! The equation of a signature: S B - k A = R (RFC 8032 §5.1.7, without the cofactor).

use super::field::{FieldElement, divide};
use super::point::split_encoding;
use super::rules::SIGNATURE_LEN;
use crate::crypto::hash;
use crate::crypto::wide::{self, Montgomery, U256, is_below};

/// The order of the generator.
pub(super) const L: U256 = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000];
const MOD_L: Montgomery = Montgomery::new(L);

/// S, k and R. S and k are below L.
#[derive(Clone, Copy)]
pub(super) struct Equation {
    pub(super) s: U256,
    pub(super) k: U256,
    /// The encoding of R, as a number.
    pub(super) r: U256,
}

impl Equation {
    /// Returns `None` if the signature has another length than 64 bytes, or if S is not below L.
    #[inline]
    pub(super) fn new(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Option<Self> {
        let unhashed = Self::without_k(signature)?;
        let digest = hash::sha512(&[&signature[..32], key, message]);
        Some(unhashed.with_digest(&digest))
    }

    /// As [`Equation::new`], with k = 0.
    #[inline(always)]
    pub(super) fn without_k(signature: &[u8]) -> Option<Self> {
        let signature: &[u8; SIGNATURE_LEN] = signature.try_into().ok()?;
        let ([r, s], _) = signature.as_chunks() else { return None };
        let (r, s) = (wide::from_le_bytes(r), wide::from_le_bytes(s));
        is_below(&s, &L).then_some(Self { s, k: [0; 4], r })
    }

    /// Sets k. `digest` is the SHA-512 digest of R, A and the message.
    #[inline(always)]
    pub(super) fn with_digest(self, digest: &[u8; 64]) -> Self {
        Self { k: reduced(digest), ..self }
    }

    /// Returns whether the point (X / Z, Y / Z) has the encoding R. The numbers must be below p.
    #[inline(always)]
    pub(super) fn is_solved_by(&self, x: &U256, y: &U256, z: &U256) -> bool {
        let Some((r_y, r_sign)) = split_encoding(&self.r) else { return false };
        // y is compared without a division, so that most invalid signatures need none.
        let r_y = FieldElement::from_number(&r_y).multiply(&FieldElement::from_number(z));
        r_y.to_number() == *y && divide(x, z).is_some_and(|x| x[0] & 1 == r_sign)
    }
}

/// Returns a digest mod L (little-endian).
pub(super) fn reduced(digest: &[u8; 64]) -> U256 {
    let (halves, _) = digest.as_chunks();
    let low = MOD_L.multiply(&wide::from_le_bytes(&halves[0]), &MOD_L.r);
    let high = MOD_L.multiply(&wide::from_le_bytes(&halves[1]), &MOD_L.r_squared);
    let (sum, _) = wide::add(&low, &high);
    let (reduced, borrow) = wide::sub(&sum, &L);
    if borrow == 1 { sum } else { reduced }
}
