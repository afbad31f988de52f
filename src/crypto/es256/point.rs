//! Points of P-256: y^2 = x^3 - 3 x + b (SP 800-186 §3.2.1.3).

use super::field::{Element, P, invert_all};
use crate::crypto::wide::{U256, from_be_bytes, is_below};

const B: U256 = [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];
const GX: U256 = [0xf4a1_3945_d898_c296, 0x7703_7d81_2deb_33a0, 0xf8bc_e6e5_63a4_40f2, 0x6b17_d1f2_e12c_4247];
const GY: U256 = [0xcbb6_4068_37bf_51f5, 0x2bce_3357_6b31_5ece, 0x8ee7_eb4a_7c0f_9e16, 0x4fe3_42e2_fe1a_7f9b];

/// A point in affine coordinates. It is not the point at infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AffinePoint {
    pub(super) x: Element,
    pub(super) y: Element,
}

impl AffinePoint {
    /// The generator G.
    pub(super) const GENERATOR: Self = Self { x: Element::constant(&GX), y: Element::constant(&GY) };

    /// The coordinates are big-endian. Returns `None` if a coordinate is not below p, or if the
    /// point is not on the curve.
    pub(super) fn new(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        const THREE: Element = Element::constant(&[3, 0, 0, 0]);
        const B: Element = Element::constant(&self::B);
        let (x, y) = (from_be_bytes(x), from_be_bytes(y));
        if !is_below(&x, &P) || !is_below(&y, &P) {
            return None;
        }
        let (x, y) = (Element::from_number(&x), Element::from_number(&y));
        let right = x.square().sub(&THREE).multiply(&x).add(&B);
        (y.square() == right).then_some(Self { x, y })
    }
}

/// A point with x = X / ZZ and y = Y / ZZZ, where ZZ^3 = ZZZ^2. ZZ = 0 means that the computation
/// of this point has failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: Element,
    pub(super) y: Element,
    pub(super) zz: Element,
    pub(super) zzz: Element,
}

impl Point {
    #[inline(always)]
    pub(super) const fn from_affine(point: &AffinePoint) -> Self {
        Self { x: point.x, y: point.y, zz: Element::ONE, zzz: Element::ONE }
    }

    /// Returns 2 self. No point of the curve has y = 0, so ZZ becomes 0 only if it was 0.
    pub(super) fn double(&self) -> Self {
        let u = self.y.double();
        let v = u.square();
        let w = u.multiply(&v);
        let s = self.x.multiply(&v);
        let (x_squared, zz_squared) = (self.x.square(), self.zz.square());
        let difference = x_squared.sub(&zz_squared);
        let m = difference.double().add(&difference);
        let x = m.square().sub(&s.double());
        let y = m.multiply(&s.sub(&x)).sub(&w.multiply(&self.y));
        Self { x, y, zz: v.multiply(&self.zz), zzz: w.multiply(&self.zzz) }
    }

    /// Returns self + other. If both points have the same x, or if ZZ is 0, the ZZ of the result is
    /// 0.
    #[inline(always)]
    pub(super) fn add_affine(&self, other: &AffinePoint) -> Self {
        let p = other.x.multiply(&self.zz).sub(&self.x);
        let r = other.y.multiply(&self.zzz).sub(&self.y);
        let pp = p.square();
        let ppp = p.multiply(&pp);
        let q = self.x.multiply(&pp);
        let x = r.square().sub(&ppp).sub(&q.double());
        let y = r.multiply(&q.sub(&x)).sub(&self.y.multiply(&ppp));
        Self { x, y, zz: self.zz.multiply(&pp), zzz: self.zzz.multiply(&ppp) }
    }
}

/// Converts to affine coordinates. No ZZ may be 0.
pub(super) fn to_affine(points: &[Point]) -> Vec<AffinePoint> {
    let mut inverses: Vec<_> = points.iter().map(|point| point.zzz).collect();
    invert_all(&mut inverses);
    let affine = |(point, inverse): (&Point, &Element)| {
        // ZZ / ZZZ squared is 1 / ZZ.
        let ratio = inverse.multiply(&point.zz);
        AffinePoint { x: point.x.multiply(&ratio.square()), y: point.y.multiply(inverse) }
    };
    points.iter().zip(&inverses).map(affine).collect()
}
