//! Keys and signatures for the tests.

use super::numbers::{Random, big, l, number, p};
use super::verifiers::{Case, Key};
use crate::crypto::ed25519::equation::reduced;
use crate::crypto::ed25519::point::{Affine, Extended, GENERATOR};
use crate::crypto::hash;
use crate::crypto::wide::{U256, to_le_bytes};
use ed25519_dalek::{Signer as _, SigningKey};
use num_bigint::BigUint;

/// A private key, and the verifiers of its public key.
pub(super) struct Signer {
    private: SigningKey,
    pub(super) key: Key,
}

impl Signer {
    pub(super) fn new(random: &mut Random) -> Self {
        let private = SigningKey::from_bytes(&random.bytes());
        let key = Key::new(private.verifying_key().as_bytes());
        Self { private, key: key.unwrap() }
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.private.sign(message).to_bytes()
    }

    /// Returns a signature of a random message. Half of them are changed.
    pub(super) fn random_case(&self, random: &mut Random) -> Case<'_> {
        let len = random.below(400);
        let mut message = random.message(len);
        let mut signature = self.sign(&message);
        match random.below(8) {
            0 => signature[random.below(64)] ^= 1 << random.below(8),
            1 => message.push(0),
            2 => {
                let half = 32 * random.below(2);
                let edges = edge_halves();
                signature[half..half + 32].copy_from_slice(&edges[random.below(edges.len())]);
            }
            3 => {
                let s = BigUint::from_bytes_le(&signature[32..]) + l() * (1 + random.below(8));
                signature[32..].copy_from_slice(&to_le_bytes(&number(&s)));
            }
            _ => {}
        }
        Case { key: &self.key, message, signature }
    }
}

/// Special values of R and S.
pub(super) fn edge_halves() -> Vec<[u8; 32]> {
    let power = |bit: u32| BigUint::from(1_u32) << bit;
    let edges = [
        BigUint::ZERO,
        1_u32.into(),
        2_u32.into(),
        l() - 1_u32,
        l(),
        l() + 1_u32,
        p() - 1_u32,
        p(),
        p() + 1_u32,
        p() + 18_u32,
        power(252),
        power(253) - 1_u32,
        power(255),
        power(256) - 1_u32,
    ];
    edges.iter().map(|edge| to_le_bytes(&number(edge))).collect()
}

/// The eight points whose order divides 8.
pub(super) fn points_of_small_order() -> Vec<Extended> {
    let mut encoded = [0; 32];
    encoded.copy_from_slice(&[
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ]);
    let generator = Extended::from_affine(&Affine::decode(&encoded).unwrap());
    let points: Vec<_> = (0..8).map(|i| generator.multiply(&[i, 0, 0, 0])).collect();
    let mut distinct: Vec<_> = points.iter().map(|point| point.encode().unwrap()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 8);
    points
}

/// 0, 1, -1 and other small or special numbers mod L, and random ones.
pub(super) fn special_factors(random: &mut Random, count: usize) -> Vec<U256> {
    let inverse_of_8 = BigUint::from(8_u32).modpow(&(l() - 2_u32), &l());
    let mut factors: Vec<_> = [0_u32, 1, 2, 256].map(BigUint::from).into();
    factors.extend([l() - 1_u32, inverse_of_8]);
    factors.resize_with(count.max(factors.len()), || big(&random.number()) % l());
    factors.truncate(count);
    factors.iter().map(number).collect()
}

/// A key a B + T, where T is of small order.
pub(super) struct ConstructedKey {
    secret: U256,
    pub(super) key: Key,
}

impl ConstructedKey {
    pub(super) fn new(secret: &U256, torsion: &Extended) -> Self {
        let point = times_generator(secret).add(torsion).encode().unwrap();
        Self { secret: *secret, key: Key::new(&point).unwrap() }
    }

    /// Returns the signature R, S of the message with R = n B + T', S = n + k a. Up to a point of
    /// small order, it is valid.
    pub(super) fn sign(&self, message: &[u8], nonce: &U256, commitment: &Extended) -> Case<'_> {
        let r = commitment.encode().unwrap();
        let k = reduced(&hash::sha512(&[&r, &self.key.encoded, message]));
        let s = number(&((big(nonce) + big(&k) * big(&self.secret)) % l()));
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice(&to_le_bytes(&s));
        Case { key: &self.key, message: message.to_vec(), signature }
    }
}

pub(super) fn times_generator(factor: &U256) -> Extended {
    Extended::from_affine(&Affine::decode(&GENERATOR).unwrap()).multiply(factor)
}
