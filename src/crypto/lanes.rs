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

/// A signature to verify. All keys of one call have the same
/// [`super::kernel::LaneKind`].
#[cfg_attr(not(ifma), expect(dead_code, reason = "nothing is verified side by side"))]
pub(crate) struct Lane<'a> {
    pub(crate) key: &'a VerifyingKey,
    pub(crate) algorithm: Algorithm,
    pub(crate) message: &'a Message<'a>,
    pub(crate) signature: &'a [u8],
}

/// Returns a result for each lane. `Some(true)` means that the signature is valid, `Some(false)`
/// means [`KeyVerdict::RejectedByKernel`]. `None` means that the lane was empty or that the caller
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

/// Returns for each lane whether this library's own code accepts the signature.
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
            accept(batch, rsa::verify_lanes)
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
            accept(batch, es256::verify_lanes)
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
            accept(batch, ed25519::verify_lanes)
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

/// Verifies the filled lanes. Bit i of the result of `verify` is the result for the i-th filled
/// lane.
#[cfg(ifma)]
fn accept<T>(batch: [Option<T>; LANES], verify: impl FnOnce(&[T]) -> u8) -> [Option<bool>; LANES] {
    let mut filled = Vec::with_capacity(LANES);
    let bits = batch.map(|lane| {
        filled.push(lane?);
        Some(filled.len() - 1)
    });
    let accepted = verify(&filled);
    bits.map(|bit| Some(accepted >> bit? & 1 == 1))
}

/// Without vectors, no signature is verified side by side.
#[cfg(not(ifma))]
pub(crate) fn verify_lanes(_: &[Option<Lane<'_>>; LANES]) -> [Option<bool>; LANES] {
    [None; LANES]
}
