//! A key of the kernel. It verifies one signature, or up to eight at once.

use super::constants::{Constants, EXPONENT};
use super::input::Input;
use super::lanes::Lanes;
use super::limbs::{self, Number};
use super::modulus::Modulus;
use super::scheme::Scheme;
use super::single::Single;
use super::{pkcs1, pss, self_test};
use crate::crypto::vector::avx512::Avx512;
use crate::crypto::vector::simd::Simd;

pub(in crate::crypto) use crate::crypto::vector::block::LANES;

/// Length of the largest modulus in bytes.
const MAX_LEN: usize = 512;

/// An RSA public key of 2048, 3072 or 4096 bits. It takes 5, 10 or 15 KiB of memory.
pub(in crate::crypto) struct Key(Size);

enum Size {
    Bits2048(SizedKey<5>),
    Bits3072(SizedKey<8>),
    Bits4096(SizedKey<10>),
}

/// One signature of a batch.
pub(in crate::crypto) struct Lane<'a> {
    pub(in crate::crypto) key: &'a Key,
    pub(in crate::crypto) scheme: Scheme,
    pub(in crate::crypto) digest: &'a [u8],
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

    /// Returns whether `signature` is valid for the message with this digest. Returns false if the
    /// length of `digest` is not the length of the digests of `scheme`.
    pub(in crate::crypto) fn verify(&self, scheme: Scheme, digest: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Size::Bits2048(key) => key.verify(scheme, digest, signature),
            Size::Bits3072(key) => key.verify(scheme, digest, signature),
            Size::Bits4096(key) => key.verify(scheme, digest, signature),
        }
    }
}

/// Verifies up to [`LANES`] signatures at once, in the time of six single verifications. Bit i of
/// the result is set if signature i is valid. The schemes may differ. All keys must have the size
/// of the first key: a signature whose key has another size is not verified, and its bit is 0.
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

    fn verify(&self, scheme: Scheme, digest: &[u8], signature: &[u8]) -> bool {
        self.input(scheme, digest, signature)
            .is_some_and(|input| self.accepts(scheme, digest, &self.simd.run(Single(&input))))
    }

    /// `same_size` returns the key if it has the same size as this key.
    fn verify_lanes<'a>(&self, batch: &[Lane<'a>], same_size: impl Fn(&'a Size) -> Option<&'a Self>) -> u8 {
        let mut inputs = [Input::unused(&self.constants); LANES];
        let mut keys = [None; LANES];
        for ((input, filled), lane) in inputs.iter_mut().zip(&mut keys).zip(batch) {
            let Some(key) = same_size(&lane.key.0) else { continue };
            if let Some(own) = key.input(lane.scheme, lane.digest, lane.signature) {
                *input = own;
                *filled = Some(key);
            }
        }
        let results = self.simd.run(Lanes(&inputs));
        let verdict = |(i, (lane, result)): (usize, (&Lane<'a>, &Number<N>))| {
            let accepts = keys[i].is_some_and(|key| key.accepts(lane.scheme, lane.digest, result));
            u8::from(accepts) << i
        };
        batch.iter().zip(&results).enumerate().map(verdict).sum()
    }

    /// Returns `None` if the signature is not as long as n, or is not below n (RFC 8017 §5.2.2,
    /// step 1). Returns `None` too if the digest has a wrong length.
    fn input(&self, scheme: Scheme, digest: &[u8], signature: &[u8]) -> Option<Input<'_, N>> {
        if signature.len() != self.signature_len || digest.len() != scheme.hash().len() {
            return None;
        }
        let subtrahend = match scheme {
            Scheme::Pkcs1(hash) => Some(pkcs1::subtrahend(hash, digest)),
            Scheme::Pss(_) => None,
        };
        let key = &*self.constants;
        let signature = limbs::from_be_bytes(signature);
        limbs::is_below(&signature, key.n()).then_some(Input { key, signature, subtrahend })
    }

    /// Returns whether the signature with this result of the kernel is valid.
    fn accepts(&self, scheme: Scheme, digest: &[u8], result: &Number<N>) -> bool {
        match scheme {
            Scheme::Pkcs1(_) => self.constants.divides(result),
            Scheme::Pss(hash) => {
                let mut bytes = [0; MAX_LEN];
                let encoded = &mut bytes[..self.signature_len];
                limbs::to_be_bytes(&self.constants.remainder(result), encoded);
                pss::matches(hash, encoded, digest)
            }
        }
    }
}
