//! A long test with many random numbers. It is split into two halves, so that the test runner uses
//! two threads:
//!
//! ```text
//! BOUNCER_CAMPAIGN_SIGNATURES=10000000 \
//!     cargo test --release --lib rsa::tests::campaign -- --ignored --nocapture
//! ```

use super::arithmetic::Case;
use super::cpu::cpu;
use super::numbers::{Random, big, edge_inputs, edge_moduli, number};
use super::schemes::{DEFECTS, Defect, SCHEMES, digest, encode};
use super::signer::{Signer, signers};
use crate::crypto::rsa::input::Input;
use crate::crypto::rsa::key::{LANES, Lane, verify_lanes};
use crate::crypto::rsa::lanes::Lanes;
use crate::crypto::rsa::single::Single;
use crate::crypto::vector::simd::Simd;
use num_bigint::BigUint;
use std::array::from_fn;

/// Total number of signatures. The variable is read when the tests are compiled.
const SIGNATURES: Option<&str> = option_env!("BOUNCER_CAMPAIGN_SIGNATURES");
const DEFAULT_SIGNATURES: usize = 10_000_000;
/// Number of batches of eight signatures per key. The first batches contain the edge inputs.
const BATCHES_PER_KEY: usize = 100;
/// One in `CROSS_CHECK` powers is also computed with num-bigint.
const CROSS_CHECK: usize = 64;
/// Number of altered signatures per signature.
const ALTERED: usize = 24;

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

/// Half of the pairs test the numbers that the kernel computes, the others test the verdicts.
fn campaign(seed: u64) {
    let pairs = SIGNATURES.map_or(DEFAULT_SIGNATURES, |count| count.parse().unwrap()) / 4;
    // Most keys have 2048 bits, the common size. Larger keys take longer.
    size::<5>(2048, pairs / 20 * 18, Random(seed));
    size::<8>(3072, pairs / 20, Random(seed));
    size::<10>(4096, pairs / 20, Random(seed));
    let Some([a, b, c, d]) = signers() else { return };
    verdicts([&a, &b], pairs / 20 * 18, Random(seed));
    verdicts([&c, &c], pairs / 20, Random(seed));
    verdicts([&d, &d], pairs / 20, Random(seed));
}

/// Compares the results of the kernel with the plain arithmetic. A pair is a signature and a key.
/// Each is computed alone and in a batch of eight.
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
        "{bits} bits, numbers: {done} pairs, {keys} keys, {crossed} powers by num-bigint too: {differences} differences"
    );
    assert_eq!(differences, 0);
}

/// Returns the number of wrong results for eight signatures.
fn differences_in<const N: usize>(
    simd: impl Simd,
    case: &Case<N>,
    signatures: &[BigUint; LANES],
    random: &mut Random,
) -> usize {
    // A third of the batches have only short subtrahends, as with RS256.
    let kind = random.word().is_multiple_of(3).then_some(1);
    let inputs: [Input<'_, N>; LANES] =
        from_fn(|i| case.input(&signatures[i], kind.unwrap_or(random.word() as usize % 3), random));
    let in_lanes = simd.run(Lanes(&inputs));
    let mut differences = 0;
    for (input, in_lane) in inputs.iter().zip(&in_lanes) {
        let power = big(&case.modulus.power(&input.signature));
        let expected = number(&case.expected(input, power));
        for result in [&simd.run(Single(input)), in_lane] {
            differences += usize::from(case.constants.remainder(result) != expected);
        }
    }
    differences
}

/// Compares the verdicts of the kernel with those of aws-lc. A pair is a signature and a digest.
/// The signatures are those of encoded messages with and without a defect. Each is verified with
/// all schemes, with wrong digests, and with a flipped bit. The keys must have the same size.
fn verdicts(keys: [&Signer; 2], pairs: usize, mut random: Random) {
    let (mut done, mut accepted, mut differences) = ([0; 6], [0; 6], 0);
    let len = keys[0].n.len();
    while done.iter().sum::<usize>() < pairs {
        let own = random.word() as usize % 6;
        let message = random.bytes(20);
        let is_valid = random.word().is_multiple_of(2);
        let defect = if is_valid { Defect::None } else { DEFECTS[random.word() as usize % DEFECTS.len()] };
        let key = random.word() as usize % 2;
        let encoded = encode(SCHEMES[own], len, &digest(SCHEMES[own].hash(), &message), defect, &mut random);
        let Some(signature) = keys[key].sign_encoded(&encoded) else { continue };
        // The key, scheme, message and signature of each pair.
        let mut candidates: Vec<_> =
            (0..6).map(|scheme| (key, scheme, message.clone(), signature.clone())).collect();
        candidates.push((key, own, random.bytes(20), signature.clone()));
        candidates.push((1 - key, own, message.clone(), signature.clone()));
        for _ in 0..ALTERED {
            let mut altered = signature.clone();
            altered[random.word() as usize % len] ^= 1 << (random.word() % 8);
            candidates.push((key, own, message.clone(), altered));
        }
        // Shuffles the candidates, so that batches have different keys and schemes.
        for i in 1..candidates.len() {
            candidates.swap(i, random.word() as usize % (i + 1));
        }
        for batch in candidates.chunks(LANES) {
            let digests: Vec<_> = batch
                .iter()
                .map(|(_, scheme, message, _)| digest(SCHEMES[*scheme].hash(), message))
                .collect();
            let lanes: Vec<_> = batch
                .iter()
                .zip(&digests)
                .map(|((key, scheme, _, signature), digest)| Lane {
                    key: &keys[*key].kernel,
                    scheme: SCHEMES[*scheme],
                    digest,
                    signature,
                })
                .collect();
            let in_lanes = verify_lanes(&lanes);
            for (i, ((key, scheme, message, signature), lane)) in batch.iter().zip(&lanes).enumerate() {
                let expected = keys[*key].reference(*scheme, message, signature);
                let alone = lane.key.verify(lane.scheme, lane.digest, signature);
                differences += usize::from(alone != expected);
                differences += usize::from((in_lanes >> i & 1 == 1) != expected);
                done[*scheme] += 1;
                accepted[*scheme] += usize::from(expected);
            }
        }
    }
    println!(
        "{} bits, verdicts: {done:?} pairs for {SCHEMES:?}, {accepted:?} accepted: {differences} differences",
        8 * len
    );
    assert_eq!(differences, 0);
    assert!(pairs < 10_000 || accepted.iter().all(|&accepted| accepted > 0));
}
