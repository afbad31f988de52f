//! A long test with many random numbers. It is split into two halves, so that the test runner uses
//! two threads:
//!
//! ```text
//! BOUNCER_IFMA_PAIRS=10000000 cargo test --release --lib ifma::tests::campaign -- --ignored --nocapture
//! ```

use super::arithmetic::Case;
use super::cpu::cpu;
use super::numbers::{Random, big, edge_inputs, edge_moduli, number};
use crate::crypto::ifma::constants::{self, Constants};
use crate::crypto::ifma::lanes::{Lanes, VerifyLanes};
use crate::crypto::ifma::limbs::{self, LANES, Number};
use crate::crypto::ifma::simd::Simd;
use crate::crypto::ifma::single::Verify;
use num_bigint::BigUint;

/// Total number of (signature, key) pairs. The variable is read when the tests are compiled.
const PAIRS: Option<&str> = option_env!("BOUNCER_IFMA_PAIRS");
const DEFAULT_PAIRS: usize = 10_000_000;
/// Number of batches of eight signatures per key. The first batches contain the edge inputs.
const BATCHES_PER_KEY: usize = 100;
/// One in `CROSS_CHECK` powers is also computed with num-bigint.
const CROSS_CHECK: usize = 64;

#[test]
#[ignore = "takes minutes to hours"]
fn the_kernel_verifies_the_first_half_of_the_pairs_correctly() {
    campaign(0x1234_5678_9abc_def1);
}

#[test]
#[ignore = "takes minutes to hours"]
fn the_kernel_verifies_the_second_half_of_the_pairs_correctly() {
    campaign(0x0fed_cba9_8765_4321);
}

/// For each pair, the plain arithmetic computes the padding with which the signature is valid. The
/// kernel must accept this signature. It must reject a signature or digest with one flipped bit.
/// Each pair is tested alone and in a batch of eight.
fn campaign(seed: u64) {
    // Most keys have 2048 bits, the common size. Larger keys take longer.
    let pairs = PAIRS.map_or(DEFAULT_PAIRS, |pairs| pairs.parse().unwrap()) / 2;
    size::<5>(2048, pairs / 20 * 18, Random(seed));
    size::<8>(3072, pairs / 20, Random(seed));
    size::<10>(4096, pairs / 20, Random(seed));
}

fn size<const N: usize>(bits: usize, pairs: usize, mut random: Random) {
    let Some(cpu) = cpu::<false>() else { return };
    let (mut done, mut keys, mut crossed, mut differences) = (0, 0, 0, 0);
    let mut edges = edge_moduli(bits).into_iter();
    while done < pairs {
        let case = Case::<N>::new(edges.next().unwrap_or_else(|| random.modulus(bits)));
        keys += 1;
        let mut inputs = edge_inputs(&case.n).into_iter();
        for _ in 0..BATCHES_PER_KEY {
            if done >= pairs {
                break;
            }
            let batch: [BigUint; LANES] =
                std::array::from_fn(|_| inputs.next().unwrap_or_else(|| random.below(&case.n)));
            if (random.word() as usize).is_multiple_of(CROSS_CHECK / LANES) {
                let x = &batch[0];
                let power = x.modpow(&BigUint::from(65537_u32), &case.n);
                differences += usize::from(big(&case.modulus.power(&number(x))) != power);
                crossed += 1;
            }
            differences += differences_in(cpu, &case, &batch, &mut random);
            done += LANES;
        }
    }
    println!(
        "{bits} bits: {done} pairs, {keys} keys, {crossed} powers by num-bigint too: {differences} differences"
    );
    assert_eq!(differences, 0);
}

/// Returns the number of wrong verdicts on eight signatures.
fn differences_in<const N: usize>(
    simd: impl Simd,
    case: &Case<N>,
    signatures: &[BigUint; LANES],
    random: &mut Random,
) -> usize {
    let mut differences = 0;
    let wrong = random.word() as u8;
    let mut lanes = Lanes::of(&case.constants);
    for (i, signature) in signatures.iter().enumerate() {
        let signature = number(signature);
        let digest = random.bytes(32).try_into().unwrap();
        let key = key_for(case, &signature, &digest);
        let [digest] = limbs::from_be_bytes(&digest);
        let verify = |signature, digest| simd.run(Verify { key: &key, signature, digest });
        differences += usize::from(!verify(&signature, &digest));
        let (mut wrong_signature, mut wrong_digest) = ([signature], digest);
        if random.word().is_multiple_of(2) {
            let at = random.word() as usize % (case.n.bits() as usize - 1);
            wrong_signature[0].as_flattened_mut()[at / 52] ^= 1 << (at % 52);
        } else {
            let at = random.word() as usize % 256;
            wrong_digest[at / 52] ^= 1 << (at % 52);
        }
        let [wrong_signature] = wrong_signature;
        differences += usize::from(verify(&wrong_signature, &wrong_digest));
        lanes.set_key(i, &key);
        if wrong >> i & 1 == 1 && limbs::is_below(&wrong_signature, key.n()) {
            lanes.set(i, &wrong_signature, &wrong_digest);
        } else {
            let kept = if wrong >> i & 1 == 1 { &[0; LANES] } else { &digest };
            lanes.set(i, &signature, kept);
        }
    }
    differences + usize::from(simd.run(VerifyLanes { lanes: &lanes }) != !wrong)
}

/// Returns the key with a padding that makes `signature` valid for `digest`.
fn key_for<const N: usize>(case: &Case<N>, signature: &Number<N>, digest: &[u8; 32]) -> Constants<N> {
    let modulus = &case.modulus;
    let message = constants::encoded_message(case.n.bits() as usize / 8, digest);
    let difference = modulus.subtract(&modulus.power(signature), &message);
    let correction = modulus.multiply(&difference, &case.constants.digest_factor);
    let mut key = case.constants.clone();
    key.padding = modulus.add(&key.padding, &modulus.times_r(&correction));
    key
}
