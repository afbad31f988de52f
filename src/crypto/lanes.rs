//! Verifies signatures side by side, one in each lane of the CPU's vectors.

#[cfg(ifma)]
use super::ed25519::key as ed25519;
#[cfg(ifma)]
use super::es256::key as es256;
#[cfg(ifma)]
use super::hash::{Digest, Hash};
#[cfg(ifma)]
use super::kernel::Kernel;
use super::message::Message;
#[cfg(ifma)]
use super::rsa::key as rsa;
#[cfg(ifma)]
use super::rsa::scheme::Scheme;
#[cfg(ifma)]
use super::verdict::KeyVerdict;
use super::verifying_key::VerifyingKey;
use crate::jose::algorithm::Algorithm;

/// Maximum number of signatures in one call.
pub(crate) const LANES: usize = 8;

/// A signature to verify. All keys of one call have the same [`super::kernel::LaneKind`].
#[cfg_attr(not(ifma), expect(dead_code, reason = "nothing is verified side by side"))]
pub(crate) struct Lane<'a> {
    pub(crate) key: &'a VerifyingKey,
    pub(crate) algorithm: Algorithm,
    pub(crate) message: &'a Message<'a>,
    pub(crate) signature: &'a [u8],
}

/// Returns a result for each lane. `Some(true)` means that the signature is valid, `Some(false)`
/// means [`KeyVerdict::RejectedByKernel`]. `None` means that the lane was empty, or that the caller
/// must call [`VerifyingKey::verify`] for that signature.
#[cfg(ifma)]
pub(crate) fn verify_lanes(lanes: &[Option<Lane<'_>>; LANES]) -> [Option<bool>; LANES] {
    let accepted = accepted_lanes(lanes);
    std::array::from_fn(|i| {
        let lane = lanes.get(i)?.as_ref()?;
        let accepted = accepted.get(i).copied()??;
        let reference = || lane.key.verify_reference(lane.algorithm, lane.message, lane.signature);
        match lane.key.accelerated()?.confirm(accepted, reference) {
            KeyVerdict::Valid => Some(true),
            KeyVerdict::RejectedByKernel => Some(false),
            KeyVerdict::Invalid => None,
        }
    })
}

/// Returns for each lane whether this library's own code accepts the signature, or `None` if it
/// cannot decide.
#[cfg(ifma)]
fn accepted_lanes(lanes: &[Option<Lane<'_>>; LANES]) -> [Option<bool>; LANES] {
    let kernels = lanes.each_ref().map(|lane| Some(lane.as_ref()?.key.accelerated()?.kernel()));
    match kernels.iter().flatten().next() {
        Some(Kernel::Rsa(_)) => {
            let batch = zip(lanes, &kernels, |lane, kernel| match kernel {
                Kernel::Rsa(key) => {
                    let scheme = Scheme::of(lane.algorithm)?;
                    let digest = lane.message.digest(scheme.hash()).as_bytes();
                    Some(rsa::Lane { key, scheme, digest, signature: lane.signature })
                }
                _ => None,
            });
            in_lanes(batch, |batch| bits(rsa::verify_lanes(batch)))
        }
        Some(Kernel::Es256(_)) => {
            let tables = kernels.map(|kernel| match kernel? {
                Kernel::Es256(tables) => tables.get().clone(),
                _ => None,
            });
            let batch = zip(lanes, &tables, |lane, computed| match lane.message.digest(Hash::Sha256) {
                Digest::Sha256(digest) => {
                    Some(es256::Lane { tables: &computed.tables, digest, signature: lane.signature })
                }
                _ => None,
            });
            in_lanes(batch, es256::verify_lanes)
        }
        Some(Kernel::Ed25519(_)) => {
            let tables = kernels.map(|kernel| match kernel? {
                Kernel::Ed25519(tables) => tables.get().clone(),
                _ => None,
            });
            let batch = zip(lanes, &tables, |lane, computed| {
                let (tables, message) = (&computed.tables, lane.message.bytes);
                let is_sound = lane.key.may_be_valid(lane.algorithm, lane.signature);
                is_sound.then_some(ed25519::Lane { tables, message, signature: lane.signature })
            });
            in_lanes(batch, |batch| bits(ed25519::verify_lanes(batch)))
        }
        None => [None; LANES],
    }
}

/// Combines the filled lanes with their keys or tables.
#[cfg(ifma)]
fn zip<'a, K, T>(
    lanes: &'a [Option<Lane<'_>>; LANES],
    keys: &'a [Option<K>; LANES],
    combine: impl Fn(&'a Lane<'a>, &'a K) -> Option<T>,
) -> [Option<T>; LANES] {
    std::array::from_fn(|i| combine(lanes.get(i)?.as_ref()?, keys.get(i)?.as_ref()?))
}

/// Verifies the filled lanes. `verify` returns the results of the filled lanes, in their order.
#[cfg(ifma)]
fn in_lanes<T>(
    batch: [Option<T>; LANES],
    verify: impl FnOnce(&[T]) -> [Option<bool>; LANES],
) -> [Option<bool>; LANES] {
    let mut filled = Vec::with_capacity(LANES);
    let indices = batch.map(|lane| {
        filled.push(lane?);
        Some(filled.len() - 1)
    });
    let results = verify(&filled);
    indices.map(|index| *results.get(index?)?)
}

/// Converts a mask with a bit for each lane.
#[cfg(ifma)]
fn bits(accepted: u8) -> [Option<bool>; LANES] {
    std::array::from_fn(|i| Some(accepted >> i & 1 == 1))
}

/// Without vectors, no signature is verified side by side.
#[cfg(not(ifma))]
pub(crate) fn verify_lanes(_: &[Option<Lane<'_>>; LANES]) -> [Option<bool>; LANES] {
    [None; LANES]
}

#[cfg(all(test, ifma))]
mod tests {
    use super::*;
    use crate::crypto::backend::Backend;
    use crate::crypto::vector::avx512::Avx512;
    use crate::jose::jwk::Jwk;
    use ::rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
    use ::rsa::sha2::{Digest as _, Sha256, Sha512};
    use ::rsa::{Pkcs1v15Sign, RsaPrivateKey};
    use ed25519_dalek::Signer as _;
    use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
    use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};

    const MESSAGE: &[u8] = b"message";

    struct Signed {
        algorithm: Algorithm,
        key: VerifyingKey,
        signature: Vec<u8>,
    }

    impl Signed {
        fn new(algorithm: Algorithm, public: &str, signature: Vec<u8>) -> Self {
            let jwk = Jwk::from_pem(public.as_bytes()).unwrap();
            let key = VerifyingKey::new(Backend::Accelerated, &jwk, 1 << 30).unwrap();
            key.compute_tables();
            Self { algorithm, key, signature }
        }

        fn rsa(algorithm: Algorithm) -> Self {
            let key =
                RsaPrivateKey::from_pkcs8_pem(include_str!("../../tests/data/keys/rsa-2048-a.pem")).unwrap();
            let public = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
            let signature = match algorithm {
                Algorithm::Rs512 => key.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(MESSAGE)),
                _ => key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(MESSAGE)),
            };
            Self::new(algorithm, &public, signature.unwrap())
        }

        fn es256() -> Self {
            let pem = include_str!("../../tests/data/keys/p256-a.pem");
            let key = p256::ecdsa::SigningKey::from_pkcs8_pem(pem).unwrap();
            let signature: p256::ecdsa::Signature = key.sign(MESSAGE);
            let public = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
            Self::new(Algorithm::Es256, &public, signature.to_bytes().to_vec())
        }

        fn ed25519() -> Self {
            let pem = include_str!("../../tests/data/keys/ed25519-a.pem");
            let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).unwrap();
            let public = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
            Self::new(Algorithm::Ed25519, &public, key.sign(MESSAGE).to_bytes().to_vec())
        }

        fn lane<'a>(&'a self, message: &'a Message<'a>) -> Lane<'a> {
            Lane { key: &self.key, algorithm: self.algorithm, message, signature: &self.signature }
        }
    }

    /// A valid signature that was constructed so that the last addition is exceptional with 64-bit
    /// words and with eight signatures. The private key is 32 bytes 07.
    fn undecided() -> (Signed, &'static [u8]) {
        let secret = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let public = secret.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        let signature = "7a7375918b39f51a1442a8af5814759b08d94011d84a73db3151a5678811bee1\
                         e462baefe924f033943f2d4227e9b67d6eee9f381900cc8a525235494a30451b";
        let byte = |i: usize| u8::from_str_radix(&signature[2 * i..2 * i + 2], 16).unwrap();
        (Signed::new(Algorithm::Es256, &public, (0..64).map(byte).collect()), b"message 1")
    }

    #[test]
    fn an_undecided_signature_is_valid_and_the_code_stays_in_use() {
        if Avx512::<false>::detect().is_none() {
            eprintln!("skipped: this CPU has no AVX-512 IFMA");
            return;
        }
        let (undecided, message) = undecided();
        let genuine = Signed::es256();
        let messages = [message, MESSAGE].map(Message::new);
        let lanes = std::array::from_fn(|i| {
            Some(if i == 3 { undecided.lane(&messages[0]) } else { genuine.lane(&messages[1]) })
        });
        let expected: [_; LANES] = std::array::from_fn(|i| (i != 3).then_some(true));
        assert_eq!(verify_lanes(&lanes), expected);
        // The caller then verifies the signature on its own.
        let verdict = undecided.key.verify(Algorithm::Es256, &messages[0], &undecided.signature);
        assert_eq!(verdict, KeyVerdict::Valid);
        assert!(undecided.key.is_accelerated());
    }

    #[test]
    fn only_the_wrong_signature_of_a_call_is_rejected() {
        if Avx512::<false>::detect().is_none() {
            eprintln!("skipped: this CPU has no AVX-512 IFMA");
            return;
        }
        let [rs256, rs512] = [Algorithm::Rs256, Algorithm::Rs512].map(Signed::rsa);
        let (es256, ed25519) = (Signed::es256(), Signed::ed25519());
        // The lanes of a call may have different algorithms, if the kind of the keys is the same.
        for [first, second] in [[&rs256, &rs512], [&es256, &es256], [&ed25519, &ed25519]] {
            assert_eq!(first.key.lane_kind(), second.key.lane_kind());
            assert!(first.key.lane_kind().is_some(), "{}", first.algorithm);
            for filled in 0..=LANES {
                for wrong in 0..LANES {
                    let messages: [_; LANES] =
                        std::array::from_fn(|i| Message::new(if i == wrong { b"other" } else { MESSAGE }));
                    let lanes = std::array::from_fn(|i| {
                        let signed = if i % 2 == 0 { first } else { second };
                        (i < filled).then(|| signed.lane(&messages[i]))
                    });
                    let expected: [_; LANES] = std::array::from_fn(|i| (i < filled).then_some(i != wrong));
                    assert_eq!(verify_lanes(&lanes), expected, "{}: {filled} lanes", first.algorithm);
                }
            }
        }
        let kinds = [&rs256, &es256, &ed25519].map(|signed| signed.key.lane_kind());
        assert!(kinds[0] != kinds[1] && kinds[1] != kinds[2] && kinds[0] != kinds[2]);
    }
}
