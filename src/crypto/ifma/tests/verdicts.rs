//! Tests with valid and invalid signatures, through the interface that the rest of the crate uses.

use super::cpu::cpu;
use super::numbers::{Random, power_of_two};
use crate::crypto::ifma::key::{Key, LANES, Lane, verify_lanes};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use num_bigint::BigUint;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, sha2::Digest as _, sha2::Sha256};

const PEMS: [&str; 4] = [
    include_str!("../../../../tests/data/keys/rsa-2048-a.pem"),
    include_str!("../../../../tests/data/keys/rsa-2048-b.pem"),
    include_str!("../../../../tests/data/keys/rsa-3072.pem"),
    include_str!("../../../../tests/data/keys/rsa-4096.pem"),
];

/// A private key, and two verifiers for its public key.
struct Signer {
    n: Vec<u8>,
    private: SigningKey<Sha256>,
    kernel: Key,
    aws_lc: ParsedPublicKey,
}

impl Signer {
    fn new(pem: &str) -> Self {
        let private = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let (n, e) = (private.n().to_bytes_be(), private.e().to_bytes_be());
        let components = PublicKeyComponents { n: &n, e: &e };
        let aws_lc = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap();
        let kernel = Key::new(&n, &e).unwrap();
        Self { n, private: SigningKey::new(private), kernel, aws_lc }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.private.sign(message).to_vec()
    }

    /// Returns the verdict of both verifiers, which must agree.
    #[track_caller]
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let digest = Sha256::digest(message).into();
        let verdict = self.kernel.verify(&digest, signature);
        assert_eq!(verdict, self.aws_lc.verify_sig(message, signature).is_ok());
        let lane = Lane { key: &self.kernel, digest: &digest, signature };
        assert_eq!(verify_lanes(&[lane]), u8::from(verdict));
        verdict
    }
}

/// Returns `None` on a CPU without AVX-512 IFMA.
fn signers() -> Option<[Signer; 4]> {
    cpu::<false>()?;
    Some(PEMS.map(Signer::new))
}

#[test]
fn only_genuine_signatures_are_accepted() {
    let Some(signers) = signers() else { return };
    let mut random = Random(11);
    for i in 0..20 {
        let (signer, other) = (&signers[i % 4], &signers[(i + 1) % 4]);
        let message = random.bytes(i);
        let signature = signer.sign(&message);
        assert!(signer.verify(&message, &signature));
        assert!(!other.verify(&message, &signature));
        let mut flipped = signature.clone();
        flipped[random.word() as usize % signature.len()] ^= 1 << (i % 8);
        assert!(!signer.verify(&message, &flipped));
        let longer = [&message[..], &[0]].concat();
        assert!(!signer.verify(&longer, &signature));
    }
}

#[test]
fn a_signature_must_have_the_length_of_n_and_be_below_n() {
    let Some(signers) = signers() else { return };
    for signer in &signers {
        let signature = signer.sign(b"message");
        let len = signature.len();
        let n = BigUint::from_bytes_be(&signer.n);
        // The signature plus n is equal to the signature modulo n. The sum may be one byte longer.
        let higher = (BigUint::from_bytes_be(&signature) + &n).to_bytes_be();
        assert!(!signer.verify(b"message", &higher));
        for not_below in [n.clone(), &n + 1_u32, power_of_two(8 * len) - 1_u32] {
            assert!(!signer.verify(b"message", &not_below.to_bytes_be()));
        }
        for shorter in [0, 1, len - 1] {
            assert!(!signer.verify(b"message", &signature[..shorter]));
            assert!(!signer.verify(b"message", &signature[len - shorter..]));
        }
        for longer in [[&[0][..], &signature].concat(), [&signature[..], &[0]].concat()] {
            assert!(!signer.verify(b"message", &longer));
        }
        for edge in [&vec![0; len], &(n - 1_u32).to_bytes_be()] {
            assert!(!signer.verify(b"message", edge));
        }
    }
}

#[test]
fn each_lane_has_its_own_key_and_verdict() {
    let Some([a, b, larger, _]) = signers() else { return };
    let messages: [Vec<u8>; LANES] = std::array::from_fn(|i| vec![i as u8; 10 * i]);
    let digests: [[u8; 32]; LANES] = messages.each_ref().map(|message| Sha256::digest(message).into());
    let signers: [&Signer; LANES] = std::array::from_fn(|i| if i % 3 == 0 { &a } else { &b });
    let genuine: Vec<_> =
        signers.iter().zip(&messages).map(|(signer, message)| signer.sign(message)).collect();
    let verify = |signatures: &[Vec<u8>]| {
        let lanes = signatures.iter().enumerate().map(|(i, signature)| Lane {
            key: &signers[i].kernel,
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
    let digest = Sha256::digest(b"message").into();
    let [small, large] = [&a, &larger].map(|signer| (&signer.kernel, signer.sign(b"message")));
    let batch = |of: [&(&Key, Vec<u8>); 2]| {
        verify_lanes(&of.map(|(key, signature)| Lane { key, digest: &digest, signature }))
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
