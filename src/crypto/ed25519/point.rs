//! Points of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 §5.1).

use super::field::{FieldElement, P};
use crate::crypto::wide::{self, U256, bits, is_below};

/// d = -121665 / 121666 mod p.
pub(super) const D: U256 =
    [0x75eb_4dca_1359_78a3, 0x0070_0a4d_4141_d8ab, 0x8cc7_4079_7779_e898, 0x5203_6cee_2b6f_fe73];
pub(super) const DOUBLE_D: U256 =
    [0xebd6_9b94_26b2_f159, 0x00e0_149a_8283_b156, 0x198e_80f2_eef3_d130, 0x2406_d9dc_56df_fce7];
/// 1 / (2 d) mod p.
#[cfg(any(ifma, test))]
pub(super) const DOUBLE_D_INVERSE: U256 =
    [0x12f0_793b_66e4_fc18, 0x05ae_eb4c_213c_aa17, 0x958b_108a_66dc_e7b3, 0x6048_3f69_0a6a_e721];
/// A square root of -1 mod p: 2^((p - 1) / 4).
pub(super) const ROOT_OF_MINUS_ONE: U256 =
    [0xc4ee_1b27_4a0e_a0b0, 0x2f43_1806_ad2f_e478, 0x2b4d_0099_3dfb_d7a7, 0x2b83_2480_4fc1_df0b];
/// The point B of RFC 8032: y = 4 / 5, and x is even.
pub(super) const GENERATOR: [u8; 32] = {
    let mut encoded = [0x66; 32];
    encoded[0] = 0x58;
    encoded
};
/// (p + 3) / 8.
const ROOT_EXPONENT: U256 = [u64::MAX - 1, u64::MAX, u64::MAX, u64::MAX >> 4];

pub(super) struct Affine {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
}

impl Affine {
    /// Decodes a point (RFC 8032 §5.1.3). Returns `None` if the encoding is not canonical, or if no
    /// point has this y.
    pub(super) fn decode(encoded: &[u8; 32]) -> Option<Self> {
        let (y, sign) = split_encoding(&wide::from_le_bytes(encoded))?;
        let y = FieldElement::from_number(&y);
        let y_squared = y.square();
        let numerator = y_squared.sub(&FieldElement::ONE);
        let denominator = FieldElement::from_number(&D).multiply(&y_squared).add(&FieldElement::ONE);
        let x_squared = numerator.multiply(&denominator.invert()?);
        let is_root = |x: &FieldElement| x.square().sub(&x_squared).is_zero();
        let mut x = x_squared.power(&ROOT_EXPONENT);
        if !is_root(&x) {
            x = x.multiply(&FieldElement::from_number(&ROOT_OF_MINUS_ONE));
        }
        if !is_root(&x) {
            return None;
        }
        if x.is_zero() && sign == 1 {
            return None;
        }
        let x = if x.to_number()[0] & 1 == sign { x } else { x.negate() };
        Some(Self { x, y })
    }

    pub(super) fn negate(&self) -> Self {
        Self { x: self.x.negate(), y: self.y }
    }
}

/// The point (X / Z, Y / Z), with T = X Y / Z. Z is never 0.
#[derive(Clone, Copy)]
pub(super) struct Extended {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
    pub(super) z: FieldElement,
    pub(super) t: FieldElement,
}

impl Extended {
    /// The neutral element, (0, 1).
    pub(super) const NEUTRAL: Self =
        Self { x: FieldElement::ZERO, y: FieldElement::ONE, z: FieldElement::ONE, t: FieldElement::ZERO };

    pub(super) fn from_affine(point: &Affine) -> Self {
        Self { x: point.x, y: point.y, z: FieldElement::ONE, t: point.x.multiply(&point.y) }
    }

    /// Adds any two points (RFC 8032 §5.1.4). The formulas have no exceptional cases.
    pub(super) fn add(&self, other: &Self) -> Self {
        let a = self.y.sub(&self.x).multiply(&other.y.sub(&other.x));
        let b = self.y.add(&self.x).multiply(&other.y.add(&other.x));
        let c = self.t.multiply(&other.t).multiply(&FieldElement::from_number(&DOUBLE_D));
        let d = self.z.add(&self.z).multiply(&other.z);
        Self::from_parts(&a, &b, &c, &d)
    }

    /// The last steps of an addition. `c` may be negated: its limbs must be at most those of 4 p.
    /// The limbs of the others must be below 2^53.
    #[inline(always)]
    pub(super) fn from_parts(a: &FieldElement, b: &FieldElement, c: &FieldElement, d: &FieldElement) -> Self {
        let (e, f, g, h) = (b.sub(a), d.sub(c), d.add(c), b.add(a));
        Self { x: e.multiply(&f), y: g.multiply(&h), z: f.multiply(&g), t: e.multiply(&h) }
    }

    /// Returns `factor` times this point, without tables.
    pub(super) fn multiply(&self, factor: &U256) -> Self {
        let mut product = Self::NEUTRAL;
        for i in (0..256).rev() {
            product = product.add(&product);
            if bits(factor, i, 1) == 1 {
                product = product.add(self);
            }
        }
        product
    }

    /// Encodes the point (RFC 8032 §5.1.2).
    pub(super) fn encode(&self) -> Option<[u8; 32]> {
        let inverse = self.z.invert()?;
        let (x, mut y) = (self.x.multiply(&inverse).to_number(), self.y.multiply(&inverse).to_number());
        y[3] |= x[0] << 63;
        Some(wide::to_le_bytes(&y))
    }
}

/// Splits the encoding of a point into y and the lowest bit of x (RFC 8032 §5.1.2). Returns `None`
/// if y is not below p.
#[inline(always)]
pub(super) fn split_encoding(number: &U256) -> Option<(U256, u64)> {
    let mut y = *number;
    y[3] &= u64::MAX >> 1;
    is_below(&y, &P).then_some((y, number[3] >> 63))
}
