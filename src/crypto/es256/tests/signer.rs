//! A private key, and verifiers for its public key: aws-lc and the crate p256.

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

/// Two verifiers for a public key.
pub(super) struct Reference {
    pub(super) x: [u8; 32],
    pub(super) y: [u8; 32],
    pub(super) aws_lc: ParsedPublicKey,
    p256: VerifyingKey,
}

impl Reference {
    pub(super) fn new(key: VerifyingKey) -> Self {
        let point = key.to_sec1_point(false);
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        let aws_lc = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.as_bytes()).unwrap();
        Self { x: (*x).into(), y: (*y).into(), aws_lc, p256: key }
    }

    /// Returns the verdict of both verifiers, which must agree.
    #[track_caller]
    pub(super) fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        let imported = Digest::import_less_safe(digest, &SHA256).unwrap();
        let aws_lc = self.aws_lc.verify_digest_sig(&imported, signature).is_ok();
        let p256 = Signature::from_slice(signature)
            .is_ok_and(|signature| self.p256.verify_prehash(digest, &signature).is_ok());
        assert_eq!(aws_lc, p256, "{digest:x?} {signature:x?}");
        aws_lc
    }
}

pub(super) struct Signer {
    private: SigningKey,
    pub(super) reference: Reference,
}

impl Signer {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        let private = SigningKey::from_slice(secret).unwrap();
        let reference = Reference::new(*private.verifying_key());
        Self { private, reference }
    }

    pub(super) fn sign(&self, digest: &[u8; 32]) -> [u8; 64] {
        let signature: Signature = self.private.sign_prehash(digest).unwrap();
        signature.to_bytes().into()
    }
}
