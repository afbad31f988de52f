//! EMSA-PKCS1-v1_5 (RFC 8017 §9.2). The encoded message is 00 01 FF .. FF 00 T, where T is the
//! DigestInfo and the digest.
//!
//! It is the difference of two numbers. The minuend is 00 01 FF .. FF, with FF up to the end, and
//! depends only on the length of the key. The subtrahend is the complement of 00 T.

use super::limbs::{self, Number};
use crate::crypto::hash::Hash;

/// Number of blocks of the subtrahend. With SHA-256, it has 416 bits, and the second block is 0.
pub(super) const BLOCKS: usize = 2;

/// Length of the part of the DigestInfo that precedes the digest.
const PREFIX_LEN: usize = 19;

/// Returns the minuend for a key of `len` bytes.
pub(super) fn minuend<const N: usize>(len: usize) -> Number<N> {
    let mut bytes = vec![0xff; len - 1];
    bytes[0] = 1;
    limbs::from_be_bytes(&bytes)
}

/// Returns the subtrahend. `digest` must be as long as the digests of `hash`.
pub(super) fn subtrahend(hash: Hash, digest: &[u8]) -> Number<BLOCKS> {
    let mut bytes = [0; 1 + PREFIX_LEN + 64];
    bytes[1..=PREFIX_LEN].copy_from_slice(&prefix(hash));
    let len = 1 + PREFIX_LEN + digest.len();
    bytes[1 + PREFIX_LEN..len].copy_from_slice(digest);
    limbs::from_be_bytes(&bytes.map(|byte| !byte)[..len])
}

/// Returns the part of the DigestInfo that precedes the digest (RFC 8017 §9.2, note 1).
fn prefix(hash: Hash) -> [u8; PREFIX_LEN] {
    // Byte 14 is the last byte of the object identifier. The lengths at bytes 1 and 18 depend on
    // the length of the digest.
    let mut prefix = [
        0x30, 0, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0, 0x05, 0x00, 0x04,
        0,
    ];
    let len = hash.len() as u8;
    prefix[1] = 0x11 + len;
    prefix[14] = match hash {
        Hash::Sha256 => 1,
        Hash::Sha384 => 2,
        Hash::Sha512 => 3,
    };
    prefix[18] = len;
    prefix
}
