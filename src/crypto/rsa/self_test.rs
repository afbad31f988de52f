//! The self-test of each key on this CPU: compares the kernel with the plain arithmetic of
//! [`Modulus`]. The kernel is not used for a key that fails the test.

use super::constants::Constants;
use super::input::Input;
use super::lanes::Lanes;
use super::limbs::{self, Number};
use super::modulus::Modulus;
use super::pkcs1;
use super::single::Single;
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::simd::Simd;
use sha2::{Digest, Sha256};
use std::array::from_fn;

/// Returns whether the kernel computes the same numbers as `modulus`. Tests RSASSA-PKCS1-v1_5 with
/// subtrahends of one and two blocks, and RSASSA-PSS. Tests one signature at a time, eight with one
/// scheme, and eight with different schemes.
///
/// The test has no private key, so its signatures are pseudorandom numbers.
pub(super) fn passes<S: Simd, const N: usize>(
    simd: S,
    modulus: &Modulus<N>,
    key: &Constants<N>,
    bits: usize,
) -> bool {
    let bytes = pseudorandom(modulus.n(), bits / 8);
    let signature = limbs::from_be_bytes(&bytes);
    // A signature and its power. The power of n - s is n minus the power of s.
    let first = [signature, modulus.power(&signature)];
    let second = first.map(|number| modulus.subtract(&limbs::zero(), &number));
    let minuend = pkcs1::minuend(bits / 8);
    let subtrahends: [Option<Number<{ pkcs1::BLOCKS }>>; 3] =
        [Some(limbs::from_be_bytes(&bytes[..52])), Some(limbs::from_be_bytes(&bytes[..84])), None];
    let case = |lane: usize, scheme: usize| {
        let [signature, power] = if lane.is_multiple_of(2) { first } else { second };
        let subtrahend = subtrahends[scheme];
        let expected = subtrahend.map_or(power, |subtrahend| {
            let difference = modulus.add(&modulus.subtract(&power, &minuend), &widened(&subtrahend));
            modulus.multiply(&difference, &key.factor)
        });
        (Input { key, signature, subtrahend }, expected)
    };
    let alone = (0..3).all(|scheme| {
        let (input, expected) = case(scheme, scheme);
        key.remainder(&simd.run(Single(&input))) == expected
    });
    let eight = |cases: [(Input<'_, N>, Number<N>); LANES]| {
        let results = simd.run(Lanes(&cases.map(|(input, _)| input)));
        results.iter().zip(cases).all(|(result, (_, expected))| key.remainder(result) == expected)
    };
    alone && eight(from_fn(|lane| case(lane, 0))) && eight(from_fn(|lane| case(lane, lane % 3)))
}

fn widened<const M: usize, const N: usize>(number: &Number<M>) -> Number<N> {
    let mut wide = limbs::zero();
    wide[..M].copy_from_slice(number);
    wide
}

/// Returns a number below 2^(8 len - 1), big-endian. It depends only on n.
fn pseudorandom<const N: usize>(n: &Number<N>, len: usize) -> Vec<u8> {
    let mut seed = Sha256::new();
    for limb in n.as_flattened() {
        seed.update(limb.to_le_bytes());
    }
    let seed = seed.finalize();
    let mut bytes = Vec::new();
    let mut blocks = (0_u8..).map(|i| Sha256::new().chain_update(seed).chain_update([i]).finalize());
    while bytes.len() < len {
        bytes.extend(blocks.next().unwrap_or_default());
    }
    bytes.truncate(len);
    bytes[0] &= 0x7f;
    bytes
}
