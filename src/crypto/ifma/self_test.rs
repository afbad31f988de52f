//! The self-test of each key on this CPU: compares the kernel with the plain arithmetic of
//! [`Modulus`]. The kernel is not used for a key that fails the test.

use super::constants::{self, Constants};
use super::lanes::{Lanes, VerifyLanes};
use super::limbs::{self, Block, LANES, Number};
use super::modulus::Modulus;
use super::simd::Simd;
use super::single::Verify;
use sha2::{Digest, Sha256};

/// Lanes with a wrong signature.
const WRONG_SIGNATURES: u8 = 0b0100_0010;
/// Lanes with a wrong digest.
const WRONG_DIGESTS: u8 = 0b1000_0100;

/// Returns whether the kernel accepts a valid signature, and rejects the signature if one bit of
/// the signature or of the digest is flipped. Tests one signature alone, and eight at once.
///
/// The test has no private key. So it takes a pseudorandom number as the signature, and changes the
/// constant `padding` so that this signature is valid. The changed `padding` is computed from the
/// real one. All other constants are the real constants of the key.
pub(super) fn passes<S: Simd, const N: usize>(
    simd: S,
    modulus: &Modulus<N>,
    constants: &Constants<N>,
    bits: usize,
) -> bool {
    let (signature, digest) = pseudorandom(modulus.n(), bits);
    let message = constants::encoded_message(bits / 8, &digest);
    let difference = modulus.subtract(&modulus.power(&signature), &message);
    let correction = modulus.multiply(&difference, &constants.digest_factor);
    let padding = modulus.add(&constants.padding, &modulus.times_r(&correction));
    let mut key = constants.clone();
    key.padding = padding;
    let key = &key;

    let [digest] = limbs::from_be_bytes(&digest);
    let (wrong_signature, wrong_digest) = (flip(&signature), flip(&[digest])[0]);
    let verify = |signature: &Number<N>, digest: &Block| simd.run(Verify { key, signature, digest });
    let mut lanes = Lanes::of(key);
    for lane in 0..LANES {
        let has_wrong = |lanes: u8| lanes >> lane & 1 == 1;
        let signature = if has_wrong(WRONG_SIGNATURES) { &wrong_signature } else { &signature };
        let digest = if has_wrong(WRONG_DIGESTS) { &wrong_digest } else { &digest };
        lanes.set(lane, signature, digest);
    }
    verify(&signature, &digest)
        && !verify(&wrong_signature, &digest)
        && !verify(&signature, &wrong_digest)
        && simd.run(VerifyLanes { lanes: &lanes }) == !(WRONG_SIGNATURES | WRONG_DIGESTS)
}

/// Returns a number below 2^(bits - 1) and a digest. Both depend only on n.
fn pseudorandom<const N: usize>(n: &Number<N>, bits: usize) -> (Number<N>, [u8; 32]) {
    let mut seed = Sha256::new();
    for limb in n.as_flattened() {
        seed.update(limb.to_le_bytes());
    }
    let seed = seed.finalize();
    let mut bytes = Vec::new();
    let mut blocks = (0_u8..).map(|i| Sha256::new().chain_update(seed).chain_update([i]).finalize());
    while bytes.len() < bits / 8 {
        bytes.extend(blocks.next().unwrap_or_default());
    }
    bytes[0] &= 0x7f;
    (limbs::from_be_bytes(&bytes[..bits / 8]), seed.into())
}

/// Flips bit 60.
fn flip<const N: usize>(number: &Number<N>) -> Number<N> {
    let mut flipped = *number;
    flipped[0][1] ^= 1 << 8;
    flipped
}
