//! A key of the kernel. It verifies one signature, or up to eight at once.

use super::avx512::Avx512;
use super::constants::{Constants, EXPONENT};
use super::lanes::{Lanes, VerifyLanes};
use super::limbs::{self, Number};
use super::modulus::Modulus;
use super::self_test;
use super::simd::Simd;
use super::single::Verify;

/// Maximum number of signatures in a batch.
pub(in crate::crypto) const LANES: usize = limbs::LANES;

/// An RSA public key of 2048, 3072 or 4096 bits for RS256, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017
/// §8.2.2). A key takes 5, 10 or 15 KiB of memory.
pub(in crate::crypto) struct Key(Size);

enum Size {
    Bits2048(SizedKey<5>),
    Bits3072(SizedKey<8>),
    Bits4096(SizedKey<10>),
}

/// One signature of a batch.
pub(in crate::crypto) struct Lane<'a> {
    pub(in crate::crypto) key: &'a Key,
    pub(in crate::crypto) digest: &'a [u8; 32],
    pub(in crate::crypto) signature: &'a [u8],
}

impl Key {
    /// `n` and `e` are big-endian without leading zeros. Returns `None` if the CPU lacks the
    /// instructions, or if the key fails the self-test. Also `None` if the key is unsupported: n
    /// must be odd and of one of these sizes, and e must be 65537.
    pub(in crate::crypto) fn new(n: &[u8], e: &[u8]) -> Option<Self> {
        let simd = Avx512::detect()?;
        let has_top_bit = n.first().is_some_and(|byte| byte >> 7 == 1);
        let is_odd = n.last().is_some_and(|byte| byte % 2 == 1);
        if !has_top_bit || !is_odd || e != EXPONENT {
            return None;
        }
        let bits = 8 * n.len();
        let size = match bits {
            2048 => Size::Bits2048(SizedKey::new(simd, n, bits)?),
            3072 => Size::Bits3072(SizedKey::new(simd, n, bits)?),
            4096 => Size::Bits4096(SizedKey::new(simd, n, bits)?),
            _ => return None,
        };
        Some(Self(size))
    }

    /// Returns whether `signature` is valid for the message with this SHA-256 digest.
    pub(in crate::crypto) fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        match &self.0 {
            Size::Bits2048(key) => key.verify(digest, signature),
            Size::Bits3072(key) => key.verify(digest, signature),
            Size::Bits4096(key) => key.verify(digest, signature),
        }
    }
}

/// Verifies up to [`LANES`] signatures at once, in the time of six single verifications. Bit i of
/// the result is set if signature i is valid. All keys must have the size of the first key: a
/// signature whose key has another size is not verified, and its bit is 0.
pub(in crate::crypto) fn verify_lanes(batch: &[Lane<'_>]) -> u8 {
    debug_assert!(batch.len() <= LANES);
    match batch.first().map(|lane| &lane.key.0) {
        Some(Size::Bits2048(first)) => first.verify_lanes(batch, |size| match size {
            Size::Bits2048(key) => Some(key),
            _ => None,
        }),
        Some(Size::Bits3072(first)) => first.verify_lanes(batch, |size| match size {
            Size::Bits3072(key) => Some(key),
            _ => None,
        }),
        Some(Size::Bits4096(first)) => first.verify_lanes(batch, |size| match size {
            Size::Bits4096(key) => Some(key),
            _ => None,
        }),
        None => 0,
    }
}

/// A key of N blocks. N is the smallest number that leaves at least 32 bits above n.
struct SizedKey<const N: usize> {
    simd: Avx512,
    constants: Box<Constants<N>>,
    signature_len: usize,
}

impl<const N: usize> SizedKey<N> {
    /// Creates the key for an odd `n` of exactly `bits` bits.
    fn new(simd: Avx512, n: &[u8], bits: usize) -> Option<Self> {
        let modulus = Modulus::new(limbs::from_be_bytes(n), bits);
        let constants = Box::new(Constants::new(&modulus, bits));
        let passes = self_test::passes(simd, &modulus, &constants, bits);
        passes.then_some(Self { simd, constants, signature_len: n.len() })
    }

    fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        let Some(signature) = self.read(signature) else {
            return false;
        };
        let [digest] = limbs::from_be_bytes(digest);
        self.simd.run(Verify { key: &self.constants, signature: &signature, digest: &digest })
    }

    /// `same_size` returns the key if it has the same size as this key.
    fn verify_lanes<'a>(&self, batch: &[Lane<'a>], same_size: impl Fn(&'a Size) -> Option<&'a Self>) -> u8 {
        let mut lanes = Lanes::of(&self.constants);
        let mut filled = 0;
        for (i, lane) in batch.iter().enumerate().take(LANES) {
            let Some(key) = same_size(&lane.key.0) else { continue };
            let Some(signature) = key.read(lane.signature) else { continue };
            let [digest] = limbs::from_be_bytes(lane.digest);
            if !std::ptr::eq(key, self) {
                lanes.set_key(i, &key.constants);
            }
            lanes.set(i, &signature, &digest);
            filled |= 1 << i;
        }
        filled & self.simd.run(VerifyLanes { lanes: &lanes })
    }

    /// Returns the signature as a number if it is as long as n and below n (RFC 8017 §5.2.2, step
    /// 1).
    fn read(&self, signature: &[u8]) -> Option<Number<N>> {
        if signature.len() != self.signature_len {
            return None;
        }
        let signature = limbs::from_be_bytes(signature);
        limbs::is_below(&signature, self.constants.n()).then_some(signature)
    }
}
