//! EMSA-PSS (RFC 8017 §9.1.2), with MGF1 and a salt as long as a digest (RFC 7518 §3.5).

use crate::crypto::hash::Hash;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The last byte of an encoded message.
const TRAILER: u8 = 0xbc;

/// Returns whether `encoded` is an encoded message of the message with this digest. `encoded` must
/// be as long as the key, whose length in bits must be a multiple of 8. Overwrites `encoded`.
pub(super) fn matches(hash: Hash, encoded: &mut [u8], digest: &[u8]) -> bool {
    let matches = match hash {
        Hash::Sha256 => matches_with::<Sha256>(encoded, digest),
        Hash::Sha384 => matches_with::<Sha384>(encoded, digest),
        Hash::Sha512 => matches_with::<Sha512>(encoded, digest),
    };
    matches.is_some()
}

/// Returns `Some` if `encoded` matches.
fn matches_with<H: Digest>(encoded: &mut [u8], digest: &[u8]) -> Option<()> {
    let len = <H as Digest>::output_size();
    let (&mut TRAILER, rest) = encoded.split_last_mut()? else { return None };
    let (data, seed) = rest.split_at_mut_checked(rest.len().checked_sub(len)?)?;
    // The encoded message has one bit less than the key, so its top bit must be 0.
    if data.first()? >> 7 != 0 {
        return None;
    }
    unmask::<H>(data, seed);
    *data.first_mut()? &= 0x7f;
    let (padding, salt) = data.split_at_checked(data.len().checked_sub(len)?)?;
    let (1, zeros) = padding.split_last()? else { return None };
    let hash = H::new().chain_update([0; 8]).chain_update(digest).chain_update(salt).finalize();
    (zeros.iter().all(|&byte| byte == 0) && hash[..] == *seed).then_some(())
}

/// Xors `data` with MGF1 of `seed` (RFC 8017 §B.2.1).
fn unmask<H: Digest>(data: &mut [u8], seed: &[u8]) {
    for (chunk, counter) in data.chunks_mut(<H as Digest>::output_size()).zip(0_u32..) {
        let mask = H::new_with_prefix(seed).chain_update(counter.to_be_bytes()).finalize();
        for (byte, mask) in chunk.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}
