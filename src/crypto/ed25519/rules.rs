//! The Ed25519 rules on which implementations disagree. All back ends of this library use them:
//!
//! - The public key A and the commitment R must be canonically encoded and not of small order. For
//!   a key of small order, signatures that its owner never made would be valid.
//! - The verification equation has no cofactor (RFC 8032 §5.1.7).

pub(in crate::crypto) const SIGNATURE_LEN: usize = 64;

/// The y coordinates (little-endian) of the points whose order divides 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Returns whether `point` is canonically encoded and not of small order. It does not check that
/// the point is on the curve: for a point off the curve, no signature is valid.
pub(in crate::crypto) fn is_sound(point: &[u8; 32]) -> bool {
    let mut y = *point;
    // The top bit is the sign of x.
    y[31] &= 0x7f;
    is_below_p(&y) && !SMALL_ORDER.contains(&y)
}

/// Returns whether the first half of a signature, the commitment R, passes [`is_sound`].
pub(in crate::crypto) fn has_sound_commitment(signature: &[u8]) -> bool {
    signature.first_chunk().is_some_and(is_sound)
}

/// Returns whether y is below p = 2^255 - 19. y is little-endian and below 2^255.
fn is_below_p(y: &[u8; 32]) -> bool {
    y[31] != 0x7f || y[0] < 0xed || y[1..31].iter().any(|&octet| octet != 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::VerifyingKey;

    #[test]
    fn points_of_small_order_are_rejected_with_either_sign() {
        for y in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut point = y;
                point[31] |= sign;
                assert!(!is_sound(&point));
                // If x is 0, the sign bit makes the encoding non-canonical, which is rejected too.
                if let Ok(key) = VerifyingKey::from_bytes(&point) {
                    assert!(key.is_weak());
                }
            }
        }
        assert_eq!(SMALL_ORDER.iter().filter(|y| VerifyingKey::from_bytes(y).is_ok()).count(), 5);
    }

    #[test]
    fn y_must_be_below_p() {
        let p_plus = |add: u8| {
            let mut y = [0xff; 32];
            y[0] = 0xed + add;
            y[31] = 0x7f;
            y
        };
        for add in 0..=18 {
            assert!(!is_sound(&p_plus(add)));
        }
        let mut below = p_plus(0);
        below[0] = 0xeb;
        assert!(is_sound(&below));
        below[1] = 0;
        assert!(is_sound(&below));
    }
}
