//! RS256 verification by the AVX-512 IFMA instructions, four times as fast as without them: one signature at a
//! time, or eight.
//!
//! The arithmetic, and why nothing in it overflows, is in docs/ifma.md. It takes as long as the numbers make it
//! take, and leaves them in memory: never use it with a private key.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters: none comes from the input"
)]

#[macro_use]
mod unroll;

#[allow(unsafe_code, reason = "the instructions; the types prove that the CPU has them")]
mod avx512;
mod constants;
mod lanes;
mod limbs;
mod modulus;
mod self_test;
mod sha256_pair;
mod simd;
mod single;

#[cfg(test)]
mod portable;
#[cfg(test)]
mod tests;

use avx512::{Avx512, ShaNi};
use aws_lc_rs::digest;
use constants::{Constants, EXPONENT};
use lanes::{Lanes, VerifyLanes};
use limbs::Number;
use modulus::Modulus;
use simd::Simd;
use single::Verify;

/// The most signatures of a batch.
pub(super) const LANES: usize = limbs::LANES;

const BITS: usize = 2048;
/// The least N with 416 N bits of room for an n of 2048, and 32 more.
const BLOCKS: usize = 5;

/// An RSA public key of 2048 bits, for RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2.2). About 5 KiB.
pub(super) struct Key {
    simd: Avx512,
    constants: Box<Constants<BLOCKS>>,
}

/// One signature of a batch.
pub(super) struct Lane<'a> {
    pub(super) key: &'a Key,
    pub(super) digest: &'a [u8; 32],
    pub(super) signature: &'a [u8],
}

impl Key {
    /// `n` and `e` are big-endian without leading zeros. `None`: this CPU has not the instructions, the key is not
    /// one for the kernel (2048 bits, odd, e = 65537), or fails the self-test.
    pub(super) fn new(n: &[u8], e: &[u8]) -> Option<Self> {
        let simd = Avx512::detect()?;
        let fits = n.len() == BITS / 8
            && n.first().is_some_and(|byte| byte >> 7 == 1)
            && n.last().is_some_and(|byte| byte % 2 == 1)
            && e == EXPONENT;
        if !fits {
            return None;
        }
        let modulus = Modulus::new(limbs::from_be_bytes(n), BITS);
        let constants = Box::new(Constants::new(&modulus, BITS));
        self_test::passes(simd, &modulus, &constants, BITS).then_some(Self { simd, constants })
    }

    /// Whether `signature` is one of the message with this SHA-256 digest.
    pub(super) fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        let Some(signature) = self.read(signature) else {
            return false;
        };
        let [digest] = limbs::from_be_bytes(digest);
        self.simd.run(Verify { key: &self.constants, signature: &signature, digest: &digest })
    }

    /// The signature as a number, if it is as long as n and below n (RFC 8017 §5.2.2, step 1).
    fn read(&self, signature: &[u8]) -> Option<Number<BLOCKS>> {
        if signature.len() != BITS / 8 {
            return None;
        }
        let signature = limbs::from_be_bytes(signature);
        limbs::is_below(&signature, self.constants.n()).then_some(signature)
    }
}

/// Verifies up to [`LANES`] signatures at once, in the time of six: bit i is set where the i-th is one of the
/// message with its digest.
pub(super) fn verify_lanes(batch: &[Lane<'_>]) -> u8 {
    debug_assert!(batch.len() <= LANES);
    let Some(first) = batch.first() else {
        return 0;
    };
    let mut lanes = Lanes::new();
    let mut filled = 0;
    for (i, lane) in batch.iter().enumerate().take(LANES) {
        if let Some(signature) = lane.key.read(lane.signature) {
            let [digest] = limbs::from_be_bytes(lane.digest);
            lanes.set(i, &lane.key.constants, &signature, &digest);
            filled |= 1 << i;
        }
    }
    filled & first.key.simd.run(VerifyLanes { lanes: &lanes })
}

/// The SHA-256 digests of two messages, a quarter faster than one after the other.
pub(super) fn digest_pair(messages: [&[u8]; 2]) -> [[u8; 32]; 2] {
    if let Some(sha_ni) = ShaNi::detect() {
        return sha_ni.digests(messages);
    }
    messages.map(|message| {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, message).as_ref());
        bytes
    })
}
