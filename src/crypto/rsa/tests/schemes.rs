//! The schemes, and encoded messages with and without a defect.

use super::numbers::Random;
use crate::crypto::hash::Hash;
use crate::crypto::rsa::scheme::Scheme;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
};
use rsa::sha2::{Digest as _, Sha256, Sha384, Sha512};
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};

pub(super) const SCHEMES: [Scheme; 6] = [
    Scheme::Pkcs1(Hash::Sha256),
    Scheme::Pkcs1(Hash::Sha384),
    Scheme::Pkcs1(Hash::Sha512),
    Scheme::Pss(Hash::Sha256),
    Scheme::Pss(Hash::Sha384),
    Scheme::Pss(Hash::Sha512),
];

/// The schemes of aws-lc, in the order of [`SCHEMES`].
pub(super) const AWS_LC: [&RsaParameters; 6] = [
    &RSA_PKCS1_2048_8192_SHA256,
    &RSA_PKCS1_2048_8192_SHA384,
    &RSA_PKCS1_2048_8192_SHA512,
    &RSA_PSS_2048_8192_SHA256,
    &RSA_PSS_2048_8192_SHA384,
    &RSA_PSS_2048_8192_SHA512,
];

pub(super) fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Vec::from(&Sha256::digest(message)[..]),
        Hash::Sha384 => Vec::from(&Sha384::digest(message)[..]),
        Hash::Sha512 => Vec::from(&Sha512::digest(message)[..]),
    }
}

/// Returns the verdict of the crate `rsa`.
pub(super) fn verify(key: &RsaPublicKey, scheme: Scheme, digest: &[u8], signature: &[u8]) -> bool {
    let verdict = match scheme {
        Scheme::Pkcs1(Hash::Sha256) => key.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature),
        Scheme::Pkcs1(Hash::Sha384) => key.verify(Pkcs1v15Sign::new::<Sha384>(), digest, signature),
        Scheme::Pkcs1(Hash::Sha512) => key.verify(Pkcs1v15Sign::new::<Sha512>(), digest, signature),
        Scheme::Pss(Hash::Sha256) => key.verify(Pss::new_with_salt::<Sha256>(32), digest, signature),
        Scheme::Pss(Hash::Sha384) => key.verify(Pss::new_with_salt::<Sha384>(48), digest, signature),
        Scheme::Pss(Hash::Sha512) => key.verify(Pss::new_with_salt::<Sha512>(64), digest, signature),
    };
    verdict.is_ok()
}

/// A defect of an encoded message. Those after `Byte` are defects of EMSA-PSS only: they change
/// nothing in an encoded message with EMSA-PKCS1-v1_5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    None,
    /// A byte of the encoded message is wrong.
    Byte,
    Trailer,
    TopBit,
    /// A byte of the padding is not 0.
    Padding,
    /// The byte before the salt is not 1.
    Separator,
    SaltLen(usize),
    /// The salt is not the one that was hashed.
    Salt,
    /// The hash of the digest and the salt is wrong.
    Hash,
    /// The padding is missing in the hashed bytes.
    NoPrefix,
    /// The mask is that of another hash function.
    Mask,
}

pub(super) const DEFECTS: [Defect; 15] = [
    Defect::None,
    Defect::Byte,
    Defect::Trailer,
    Defect::TopBit,
    Defect::Padding,
    Defect::Separator,
    Defect::SaltLen(0),
    Defect::SaltLen(20),
    Defect::SaltLen(31),
    Defect::SaltLen(49),
    Defect::SaltLen(65),
    Defect::Salt,
    Defect::Hash,
    Defect::NoPrefix,
    Defect::Mask,
];

/// Returns an encoded message of `len` bytes.
pub(super) fn encode(
    scheme: Scheme,
    len: usize,
    digest: &[u8],
    defect: Defect,
    random: &mut Random,
) -> Vec<u8> {
    let mut encoded = match scheme {
        Scheme::Pkcs1(hash) => encode_pkcs1(hash, len, digest),
        Scheme::Pss(hash) => encode_pss(hash, len, digest, defect, random),
    };
    if defect == Defect::Byte {
        // The first byte stays 0, so that the encoded message is below n.
        encoded[1 + random.word() as usize % (len - 1)] ^= 1 << (random.word() % 8);
    }
    encoded
}

fn encode_pkcs1(hash: Hash, len: usize, digest: &[u8]) -> Vec<u8> {
    let prefix = match hash {
        Hash::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        Hash::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        Hash::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    };
    let filler = vec![0xff; len - 3 - prefix.len() - digest.len()];
    [&[0, 1][..], &filler, &[0], prefix, digest].concat()
}

fn encode_pss(hash: Hash, len: usize, digest: &[u8], defect: Defect, random: &mut Random) -> Vec<u8> {
    let salt_len = match defect {
        Defect::SaltLen(len) => len,
        _ => digest.len(),
    };
    let mut salt = random.bytes(salt_len);
    let zeros = if defect == Defect::NoPrefix { &[][..] } else { &[0; 8] };
    let mut seed = self::digest(hash, &[zeros, digest, &salt].concat());
    let padding = len - 2 - seed.len() - salt_len;
    match defect {
        Defect::Salt => salt[random.word() as usize % salt_len] ^= 1,
        Defect::Hash => seed[random.word() as usize % 32] ^= 0x10,
        _ => {}
    }
    let mut data = [&vec![0; padding][..], &[1], &salt].concat();
    match defect {
        Defect::Padding => data[random.word() as usize % padding] ^= 1 << (random.word() % 7),
        Defect::Separator => data[padding] = [0, 2, 3, 0x81][random.word() as usize % 4],
        _ => {}
    }
    let mask = match (defect, hash) {
        (Defect::Mask, Hash::Sha256) => Hash::Sha384,
        (Defect::Mask, _) => Hash::Sha256,
        _ => hash,
    };
    let blocks =
        (0..data.len() as u32).flat_map(|i| self::digest(mask, &[&seed[..], &i.to_be_bytes()].concat()));
    let mut encoded: Vec<u8> = data.iter().zip(blocks).map(|(byte, mask)| byte ^ mask).collect();
    encoded[0] &= 0x7f;
    if defect == Defect::TopBit {
        encoded[0] |= 0x80;
    }
    encoded.extend(&seed);
    encoded.push(if defect == Defect::Trailer { 0xcc } else { 0xbc });
    encoded
}
