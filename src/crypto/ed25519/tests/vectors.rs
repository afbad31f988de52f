//! The vector code: batches of any size, and the same code in plain Rust, which asserts the bounds.

use super::cases::{ConstructedKey, Signer, points_of_small_order, special_factors, times_generator};
use super::numbers::Random;
use super::verifiers::Case;
use crate::crypto::ed25519::equation::Equation;
use crate::crypto::ed25519::key::{Lane, verify_lanes};
use crate::crypto::ed25519::lanes::LanesHold;
use crate::crypto::ed25519::sha512_lanes::{Parts, digests, passes_self_test};
use crate::crypto::ed25519::single::Holds;
use crate::crypto::hash;
use crate::crypto::vector::avx512::Avx512;
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::portable::Portable;
use crate::crypto::vector::simd::Simd as _;
use std::array::from_fn;

#[test]
fn each_lane_has_its_own_key_window_and_verdict() {
    let mut random = Random(30);
    let signers: [Signer; 3] = from_fn(|_| Signer::new(&mut random));
    let messages: [Vec<u8>; LANES] = from_fn(|i| random.message(50 * i));
    let genuine: [Vec<u8>; LANES] = from_fn(|i| signers[i % 3].sign(&messages[i]).to_vec());
    for windows in 0..4 {
        let verify = |signatures: &[Vec<u8>]| {
            let lanes = signatures.iter().enumerate().map(|(i, signature)| Lane {
                tables: &signers[i % 3].key.tables[(windows + i / 2) % 4],
                message: &messages[i],
                signature,
            });
            verify_lanes(&lanes.collect::<Vec<_>>())
        };
        for len in 0..=LANES {
            assert_eq!(u32::from(verify(&genuine[..len])), (1 << len) - 1);
        }
        for i in 0..LANES {
            let mut changed = genuine.clone();
            changed[i][4 * i] ^= 1;
            assert_eq!(verify(&changed), !(1 << i));
            changed[i] = vec![0xff; 64];
            assert_eq!(verify(&changed), !(1 << i));
            changed[i].clear();
            assert_eq!(verify(&changed), !(1 << i));
        }
        let nothing: [Vec<u8>; LANES] = from_fn(|_| Vec::new());
        assert_eq!(verify(&nothing), 0);
    }
}

#[test]
fn eight_messages_have_the_digests_of_one() {
    let mut random = Random(32);
    let text = random.message(2000);
    let check = |messages: &[Parts<'_>; LANES]| {
        let expected = messages.map(|parts| hash::sha512(&parts));
        assert_eq!(digests(Portable::<false>, messages), expected);
        if let Some(cpu) = Avx512::<false>::detect() {
            assert_eq!(digests(cpu, messages), expected);
        }
    };
    // All lengths around the ends of blocks, and parts of all lengths.
    for start in (0..300).step_by(LANES) {
        check(&from_fn(|i| {
            let (first, rest) = text[..start + i].split_at((start + i).min(5 * i));
            let (second, third) = rest.split_at(rest.len() / 3);
            [first, second, third]
        }));
    }
    for _ in 0..30 {
        check(&from_fn(|_| [0, 1, 2].map(|_| &text[..random.below(700)])));
    }
    // One long message, which is hashed alone.
    check(&from_fn(|i| [&text[..if i == 3 { 2000 } else { 0 }], &[], &[]]));
    assert!(passes_self_test(Portable::<false>, &random.bytes()));
}

#[test]
fn plain_rust_has_the_same_verdicts_within_the_bounds() {
    let mut random = Random(31);
    let signer = Signer::new(&mut random);
    let mut cases: Vec<Case<'_>> = (0..12).map(|_| signer.random_case(&mut random)).collect();
    let torsion = points_of_small_order();
    let secrets = special_factors(&mut random, 3);
    let keys: Vec<_> =
        secrets.iter().zip([1, 4, 6]).map(|(secret, i)| ConstructedKey::new(secret, &torsion[i])).collect();
    for (i, nonce) in special_factors(&mut random, 6).iter().enumerate() {
        let commitment = times_generator(nonce).add(&torsion[i]);
        cases.push(keys[i % 3].sign(&[i as u8], nonce, &commitment));
    }
    for (i, batch) in cases.chunks(LANES).enumerate() {
        let mut lanes = [None; LANES];
        let mut expected = 0;
        for (j, case) in batch.iter().enumerate() {
            let pair = &case.key.tables[(i + j) % 4].pair;
            let verdict = case.key.references.aws_lc(&case.message, &case.signature);
            let equation = Equation::new(&case.key.encoded, &case.message, &case.signature);
            let holds = equation
                .is_some_and(|equation| Portable::<false>.run(Holds { tables: pair, equation: &equation }));
            assert_eq!(holds, verdict);
            lanes[j] = equation.map(|equation| (pair, equation));
            expected |= u8::from(verdict) << j;
        }
        assert_eq!(Portable::<false>.run(LanesHold { lanes: &lanes }), expected);
    }
}
