//! A signature as numbers, and the last step of its verification (FIPS 186-5 §6.4.2).

use super::field::{Element, P};
use super::order::{self, N};
use crate::crypto::wide::{U256, add, from_be_bytes, is_below, is_zero, sub};

const P_MINUS_N: U256 = sub(&P, &N).0;

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Valid,
    Invalid,
    /// An addition formula did not apply: its two points had the same x. Or u1 is 0. Only
    /// signatures that were constructed for this purpose have this result.
    Undecided,
}

impl Verdict {
    /// Returns whether the signature is valid, or `None` if that is undecided.
    pub(super) fn is_valid(self) -> Option<bool> {
        match self {
            Self::Valid => Some(true),
            Self::Invalid => Some(false),
            Self::Undecided => None,
        }
    }
}

/// A signature and the digest of its message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    r: U256,
    pub(super) s: U256,
    /// The digest mod n.
    e: U256,
}

impl Signature {
    /// `signature` is r || s (RFC 7518 §3.4). Returns `None` if the length is not 64 bytes, or if r
    /// or s is not in the range 1 .. n - 1.
    #[inline(always)]
    pub(super) fn new(digest: &[u8; 32], signature: &[u8]) -> Option<Self> {
        let [r, s] = signature.as_chunks::<32>().0 else { return None };
        if signature.len() != 64 {
            return None;
        }
        let (r, s, e) = (from_be_bytes(r), from_be_bytes(s), from_be_bytes(digest));
        if is_zero(&r) || is_zero(&s) || !is_below(&r, &N) || !is_below(&s, &N) {
            return None;
        }
        let e = if is_below(&e, &N) { e } else { sub(&e, &N).0 };
        Some(Self { r, s, e })
    }

    /// Returns u1 = e / s and u2 = r / s mod n. `inverse` is 2^256 / s mod n. Returns `None` if u1
    /// is 0.
    #[inline(always)]
    pub(super) fn scalars(&self, inverse: &U256) -> Option<(U256, U256)> {
        let u1 = order::multiply(&self.e, inverse);
        let u2 = order::multiply(&self.r, inverse);
        (!is_zero(&u1)).then_some((u1, u2))
    }

    /// Checks the sum u1 G + u2 Q, of which x = X / ZZ. The words of X and ZZ may have any common
    /// factor mod p.
    #[inline(always)]
    pub(super) fn check(&self, x: &Element, zz: &Element) -> Verdict {
        if zz.is_zero() {
            return Verdict::Undecided;
        }
        let matches = |r: &U256| Element::from_number(r).multiply(zz) == *x;
        // x mod n = r and x < p, so x is r, or r + n if this is below p.
        if matches(&self.r) || (is_below(&self.r, &P_MINUS_N) && matches(&add(&self.r, &N).0)) {
            Verdict::Valid
        } else {
            Verdict::Invalid
        }
    }
}
