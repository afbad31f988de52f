//! The test vectors of Project Wycheproof.

use super::cpu::cpu;
use super::schemes::digest;
use crate::crypto::hash::Hash;
use crate::crypto::rsa::key::{Key, LANES, Lane, verify_lanes};
use crate::crypto::rsa::scheme::Scheme;
use wycheproof::{HashFunction, TestResult, rsa_pkcs1_verify, rsa_pss_verify};

/// A vector: message, signature, and whether the signature is valid.
type Vector = (Vec<u8>, Vec<u8>, bool);

fn hash(of: HashFunction) -> Option<Hash> {
    match of {
        HashFunction::Sha2_256 => Some(Hash::Sha256),
        HashFunction::Sha2_384 => Some(Hash::Sha384),
        HashFunction::Sha2_512 => Some(Hash::Sha512),
        _ => None,
    }
}

/// Verifies the vectors of a key, alone and in batches. Returns the number of vectors, or 0 if the
/// kernel does not support the key.
fn check(name: &str, n: &[u8], e: &[u8], scheme: Scheme, vectors: &[Vector]) -> usize {
    let Some(key) = Key::new(n, e) else { return 0 };
    for batch in vectors.chunks(LANES) {
        let digests: Vec<_> = batch.iter().map(|(message, ..)| digest(scheme.hash(), message)).collect();
        let lanes: Vec<_> = batch
            .iter()
            .zip(&digests)
            .map(|((_, signature, _), digest)| Lane { key: &key, scheme, digest, signature })
            .collect();
        let in_lanes = verify_lanes(&lanes);
        for (i, (lane, (.., is_valid))) in lanes.iter().zip(batch).enumerate() {
            assert_eq!(key.verify(scheme, lane.digest, lane.signature), *is_valid, "{name} {i}");
            assert_eq!(in_lanes >> i & 1 == 1, *is_valid, "{name} {i} in lanes");
        }
    }
    vectors.len()
}

/// The label "acceptable" marks a DigestInfo without its NULL, which RFC 7518 does not allow.
fn is_valid(result: TestResult) -> bool {
    result == TestResult::Valid
}

#[test]
fn pkcs1_signatures_are_accepted_exactly_if_they_are_valid() {
    if cpu::<false>().is_none() {
        return;
    }
    let mut count = 0;
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let Some(hash) = hash(group.hash) else { continue };
            let vectors: Vec<_> = group
                .tests
                .iter()
                .map(|test| (test.msg.to_vec(), test.sig.to_vec(), is_valid(test.result)))
                .collect();
            let (n, e) = (unpadded(&group.key.n), unpadded(&group.key.e));
            count += check(&format!("{name:?}"), n, e, Scheme::Pkcs1(hash), &vectors);
        }
    }
    assert_eq!(count, 2325);
}

#[test]
fn pss_signatures_are_accepted_exactly_if_they_are_valid() {
    if cpu::<false>().is_none() {
        return;
    }
    let mut count = 0;
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let Some(hash) = hash(group.hash) else { continue };
            if group.mgf_hash != Some(group.hash) || group.salt_size != hash.len() {
                continue;
            }
            let vectors: Vec<_> = group
                .tests
                .iter()
                .map(|test| (test.msg.to_vec(), test.sig.to_vec(), is_valid(test.result)))
                .collect();
            let (n, e) = (unpadded(&group.key.n), unpadded(&group.key.e));
            count += check(&format!("{name:?}"), n, e, Scheme::Pss(hash), &vectors);
        }
    }
    assert_eq!(count, 1186);
}

fn unpadded(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}
