//! Private keys, and the verifiers that must agree.

use super::cpu::cpu;
use super::numbers::Random;
use super::schemes::{self, AWS_LC, Defect, SCHEMES, digest, encode};
use crate::crypto::rsa::key::{Key, Lane, verify_lanes};
use crate::crypto::rsa::scheme::Scheme;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::ParsedPublicKey;
use num_bigint::BigUint;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{RsaPrivateKey, RsaPublicKey};

const PEMS: [&str; 4] = [
    include_str!("../../../../tests/data/keys/rsa-2048-a.pem"),
    include_str!("../../../../tests/data/keys/rsa-2048-b.pem"),
    include_str!("../../../../tests/data/keys/rsa-3072.pem"),
    include_str!("../../../../tests/data/keys/rsa-4096.pem"),
];

/// A private key, and verifiers for its public key.
pub(super) struct Signer {
    pub(super) n: Vec<u8>,
    pub(super) kernel: Key,
    /// The two primes, and d mod (prime - 1).
    primes: [(BigUint, BigUint); 2],
    /// The inverse of the second prime mod the first.
    coefficient: BigUint,
    rust_crypto: RsaPublicKey,
    /// In the order of [`SCHEMES`].
    aws_lc: [ParsedPublicKey; 6],
}

impl Signer {
    fn new(pem: &str) -> Self {
        let private = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let (n, e) = (private.n().to_bytes_be(), private.e().to_bytes_be());
        let aws_lc =
            AWS_LC.map(|scheme| PublicKeyComponents { n: &n, e: &e }.to_parsed_public_key(scheme).unwrap());
        let kernel = Key::new(&n, &e).unwrap();
        let d = BigUint::from_bytes_be(&private.d().to_bytes_be());
        let primes = [0, 1].map(|i| {
            let prime = BigUint::from_bytes_be(&private.primes()[i].to_bytes_be());
            let exponent = &d % (&prime - 1_u32);
            (prime, exponent)
        });
        let coefficient = primes[1].0.modinv(&primes[0].0).unwrap();
        Self { n, kernel, primes, coefficient, rust_crypto: private.to_public_key(), aws_lc }
    }

    /// Returns a valid signature.
    pub(super) fn sign(&self, scheme: Scheme, message: &[u8]) -> Vec<u8> {
        let mut random = Random(15);
        let digest = digest(scheme.hash(), message);
        self.sign_encoded(&encode(scheme, self.n.len(), &digest, Defect::None, &mut random)).unwrap()
    }

    /// Returns the signature whose power is `encoded`. Returns `None` if `encoded` is not below n.
    pub(super) fn sign_encoded(&self, encoded: &[u8]) -> Option<Vec<u8>> {
        if *encoded >= self.n[..] {
            return None;
        }
        let encoded = BigUint::from_bytes_be(encoded);
        let [(p, a), (q, b)] =
            self.primes.each_ref().map(|(prime, exponent)| (prime, encoded.modpow(exponent, prime)));
        let signature = &b + q * ((a + p - &b % p) * &self.coefficient % p);
        let signature = signature.to_bytes_be();
        Some([&vec![0; self.n.len() - signature.len()][..], &signature].concat())
    }

    /// Returns the verdict of aws-lc. `scheme` is an index into [`SCHEMES`].
    pub(super) fn reference(&self, scheme: usize, message: &[u8], signature: &[u8]) -> bool {
        self.aws_lc[scheme].verify_sig(message, signature).is_ok()
    }

    /// Returns the verdict of all verifiers, which must agree.
    #[track_caller]
    pub(super) fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let digest = digest(scheme.hash(), message);
        let verdict = self.kernel.verify(scheme, &digest, signature);
        let lane = Lane { key: &self.kernel, scheme, digest: &digest, signature };
        assert_eq!(verify_lanes(&[lane]), u8::from(verdict), "{scheme:?}");
        let index = SCHEMES.iter().position(|other| *other == scheme).unwrap();
        assert_eq!(verdict, self.reference(index, message, signature), "{scheme:?}");
        // With PSS, version 0.9 of the crate `rsa` does not check that the signature is below n.
        if *signature < self.n[..] {
            assert_eq!(verdict, schemes::verify(&self.rust_crypto, scheme, &digest, signature), "{scheme:?}");
        }
        verdict
    }
}

/// Returns `None` on a CPU without AVX-512 IFMA.
pub(super) fn signers() -> Option<[Signer; 4]> {
    cpu::<false>()?;
    Some(PEMS.map(Signer::new))
}
