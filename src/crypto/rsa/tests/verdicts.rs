//! Tests with valid and invalid signatures, through the interface that the rest of the crate uses.

use super::numbers::{Random, big, power_of_two};
use super::schemes::{DEFECTS, Defect, SCHEMES, digest, encode};
use super::signer::{Signer, signers};
use crate::crypto::hash::Hash;
use crate::crypto::rsa::key::{Key, LANES, Lane, verify_lanes};
use crate::crypto::rsa::pkcs1;
use crate::crypto::rsa::scheme::Scheme;
use num_bigint::BigUint;

const RS256: Scheme = Scheme::Pkcs1(Hash::Sha256);

#[test]
fn only_genuine_signatures_are_accepted() {
    let Some(signers) = signers() else { return };
    let mut random = Random(11);
    for i in 0..24 {
        let (signer, other) = (&signers[i % 4], &signers[(i + 1) % 4]);
        let (scheme, other_scheme) = (SCHEMES[i / 4], SCHEMES[(i / 4 + 1) % 6]);
        let message = random.bytes(i);
        let signature = signer.sign(scheme, &message);
        assert!(signer.verify(scheme, &message, &signature));
        assert!(!signer.verify(other_scheme, &message, &signature));
        assert!(!other.verify(scheme, &message, &signature));
        let mut flipped = signature.clone();
        flipped[random.word() as usize % signature.len()] ^= 1 << (i % 8);
        assert!(!signer.verify(scheme, &message, &flipped));
        let longer = [&message[..], &[0]].concat();
        assert!(!signer.verify(scheme, &longer, &signature));
    }
}

#[test]
fn an_encoded_message_with_any_defect_is_rejected() {
    let Some(signers) = signers() else { return };
    let mut random = Random(16);
    for (i, signer) in signers.iter().enumerate() {
        for scheme in SCHEMES {
            let is_pss = matches!(scheme, Scheme::Pss(_));
            // The crate `rsa` is slow with large keys, so they get every other defect.
            let defects = if is_pss { &DEFECTS[..] } else { &DEFECTS[..2] };
            for &defect in defects.iter().step_by(if i < 2 { 1 } else { 2 }) {
                let digest = digest(scheme.hash(), b"message");
                let signature = (0..).find_map(|_| {
                    signer.sign_encoded(&encode(scheme, signer.n.len(), &digest, defect, &mut random))
                });
                let verdict = signer.verify(scheme, b"message", &signature.unwrap());
                assert_eq!(verdict, defect == Defect::None, "{scheme:?} {defect:?}");
            }
        }
    }
}

#[test]
fn the_encoded_message_is_the_minuend_minus_the_subtrahend() {
    let mut random = Random(17);
    for scheme in &SCHEMES[..3] {
        for len in [256, 384, 512] {
            let digest = digest(scheme.hash(), &random.bytes(10));
            let encoded = encode(*scheme, len, &digest, Defect::None, &mut random);
            let difference =
                big(&pkcs1::minuend::<10>(len)) - big(&pkcs1::subtrahend(scheme.hash(), &digest));
            assert_eq!(difference, BigUint::from_bytes_be(&encoded));
        }
    }
}

#[test]
fn a_digest_of_another_length_is_rejected() {
    let Some([signer, ..]) = signers() else { return };
    for scheme in SCHEMES {
        let signature = signer.sign(scheme, b"message");
        let digest = digest(scheme.hash(), b"message");
        assert!(signer.kernel.verify(scheme, &digest, &signature));
        for wrong in [&[][..], &digest[1..], &[&digest[..], &[0]].concat(), &[0; 200]] {
            assert!(!signer.kernel.verify(scheme, wrong, &signature));
        }
    }
}

#[test]
fn a_signature_must_have_the_length_of_n_and_be_below_n() {
    let Some(signers) = signers() else { return };
    for (signer, scheme) in signers.iter().zip([RS256, SCHEMES[3], SCHEMES[1], SCHEMES[5]]) {
        let rejects = |signature: &[u8]| assert!(!signer.verify(scheme, b"message", signature));
        let signature = signer.sign(scheme, b"message");
        let len = signature.len();
        let n = BigUint::from_bytes_be(&signer.n);
        // The signature plus n is equal to the signature modulo n. The sum may be one byte longer.
        let higher = (BigUint::from_bytes_be(&signature) + &n).to_bytes_be();
        rejects(&higher);
        for not_below in [n.clone(), &n + 1_u32, power_of_two(8 * len) - 1_u32] {
            rejects(&not_below.to_bytes_be());
        }
        for shorter in [0, 1, len - 1] {
            rejects(&signature[..shorter]);
            rejects(&signature[len - shorter..]);
        }
        for longer in [[&[0][..], &signature].concat(), [&signature[..], &[0]].concat()] {
            rejects(&longer);
        }
        for edge in [&vec![0; len], &(n - 1_u32).to_bytes_be()] {
            rejects(edge);
        }
    }
}

#[test]
fn each_lane_has_its_own_key_and_verdict() {
    let Some([a, b, larger, _]) = signers() else { return };
    let messages: [Vec<u8>; LANES] = std::array::from_fn(|i| vec![i as u8; 10 * i]);
    // The lanes have different schemes.
    let schemes: [Scheme; LANES] = std::array::from_fn(|i| SCHEMES[i % 6]);
    let digests: [Vec<u8>; LANES] = std::array::from_fn(|i| digest(schemes[i].hash(), &messages[i]));
    let signers: [&Signer; LANES] = std::array::from_fn(|i| if i % 3 == 0 { &a } else { &b });
    let genuine: Vec<_> = (0..LANES).map(|i| signers[i].sign(schemes[i], &messages[i])).collect();
    let verify = |signatures: &[Vec<u8>]| {
        let lanes = signatures.iter().enumerate().map(|(i, signature)| Lane {
            key: &signers[i].kernel,
            scheme: schemes[i],
            digest: &digests[i],
            signature,
        });
        verify_lanes(&lanes.collect::<Vec<_>>())
    };
    for len in 0..=LANES {
        assert_eq!(u32::from(verify(&genuine[..len])), (1 << len) - 1);
    }
    for (i, j) in [(0, 1), (2, 5), (0, 3), (6, 7)] {
        let mut swapped = genuine.clone();
        swapped.swap(i, j);
        assert_eq!(verify(&swapped), !(1 << i | 1 << j));
    }
    for i in 0..LANES {
        let mut corrupted = genuine.clone();
        corrupted[i][20 * i] ^= 1;
        assert_eq!(verify(&corrupted), !(1 << i));
        corrupted[i] = signers[i].n.clone();
        assert_eq!(verify(&corrupted), !(1 << i));
        corrupted[i].clear();
        assert_eq!(verify(&corrupted), !(1 << i));
    }
    // In a batch with keys of two sizes, the size of the first key counts. Signatures with keys of
    // the other size are not verified: their bits are 0.
    let digest = digest(Hash::Sha256, b"message");
    let [small, large] = [&a, &larger].map(|signer| (&signer.kernel, signer.sign(RS256, b"message")));
    let batch = |of: [&(&Key, Vec<u8>); 2]| {
        verify_lanes(&of.map(|(key, signature)| Lane { key, scheme: RS256, digest: &digest, signature }))
    };
    assert_eq!(batch([&large, &large]), 0b11);
    assert_eq!(batch([&small, &large]), 0b01);
    assert_eq!(batch([&large, &small]), 0b01);
}

#[test]
fn the_kernel_rejects_unsupported_keys() {
    let Some([signer, ..]) = signers() else { return };
    let n = &signer.n;
    let even = (BigUint::from_bytes_be(n) - 1_u32).to_bytes_be();
    let fits = |n: &[u8], e: &[u8]| Key::new(n, e).is_some();
    assert!(fits(n, &[1, 0, 1]));
    assert!(!fits(n, &[3]));
    assert!(!fits(n, &[0, 1, 0, 1]));
    assert!(!fits(n, &[]));
    assert!(!fits(&even, &[1, 0, 1]));
    assert!(!fits(&[], &[1, 0, 1]));
    assert!(!fits(&n[1..], &[1, 0, 1]));
    assert!(!fits(&[&[0x80; 64], &n[..]].concat(), &[1, 0, 1]));
    assert!(!fits(&[0xff; 1024], &[1, 0, 1]));
    assert!(!fits(&[&[1], &n[..]].concat(), &[1, 0, 1]));
    assert!(!fits(&[&[0x7f], &n[1..]].concat(), &[1, 0, 1]));
}
