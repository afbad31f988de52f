//! Verifies RS256 signatures side by side, one in each lane of the CPU's vectors.

#[cfg(ifma)]
use super::ifma::key as ifma;
use super::message::Message;
#[cfg(ifma)]
use super::verdict::KeyVerdict;
use super::verifying_key::VerifyingKey;
#[cfg(ifma)]
use crate::jose::algorithm::Algorithm;
#[cfg(ifma)]
use std::array;

/// Maximum number of signatures in one call.
pub(crate) const LANES: usize = 8;
/// Minimum number of signatures for which one call is faster than verifying them one after another.
pub(crate) const WORTHWHILE: usize = 6;

/// A signature to verify with an accelerated key.
#[cfg_attr(not(ifma), expect(dead_code, reason = "without the kernel, nothing is verified side by side"))]
pub(crate) struct Lane<'a> {
    pub(crate) key: &'a VerifyingKey,
    pub(crate) message: &'a Message<'a>,
    pub(crate) signature: &'a [u8],
}

/// Returns a result for each lane. `Some(true)` means that the signature is valid, `Some(false)`
/// means [`KeyVerdict::RejectedByKernel`]. `None` means that the lane was empty or that the caller
/// must call [`VerifyingKey::verify`] for that signature.
#[cfg(ifma)]
pub(crate) fn verify_lanes(lanes: &[Option<Lane<'_>>; LANES]) -> [Option<bool>; LANES] {
    const { assert!(LANES == ifma::LANES) };
    // All keys of one call must have the same size. Lanes with another size than the first key's
    // get `None`.
    let first_len = lanes.iter().flatten().next().map(|lane| lane.key.signature_len());
    let filled = lanes.each_ref().map(|lane| {
        let lane = lane.as_ref().filter(|lane| Some(lane.key.signature_len()) == first_len)?;
        Some((lane, lane.key.accelerated()?))
    });
    let Some(any) = filled.into_iter().flatten().next() else { return [None; LANES] };
    if filled.iter().flatten().count() < WORTHWHILE {
        return [None; LANES];
    }
    // Fill unused lanes with a real signature: the extra work is free.
    let batch = filled.map(|lane| lane.unwrap_or(any)).map(|(lane, key)| ifma::Lane {
        key: key.kernel(),
        digest: lane.message.sha256(),
        signature: lane.signature,
    });
    let accepted = ifma::verify_lanes(&batch);
    array::from_fn(|i| {
        let &(lane, key) = filled.get(i)?.as_ref()?;
        let reference = || lane.key.verify_reference(Algorithm::Rs256, lane.message, lane.signature);
        match key.confirm(accepted >> i & 1 == 1, reference) {
            KeyVerdict::Valid => Some(true),
            KeyVerdict::RejectedByKernel => Some(false),
            KeyVerdict::Invalid => None,
        }
    })
}

/// Without the kernel, no signature is verified side by side.
#[cfg(not(ifma))]
pub(crate) fn verify_lanes(_: &[Option<Lane<'_>>; LANES]) -> [Option<bool>; LANES] {
    [None; LANES]
}

#[cfg(all(test, ifma))]
mod tests {
    use super::*;
    use crate::crypto::backend::Backend;
    use crate::encoding::base64url;
    use crate::jose::jwk::Jwk;

    #[test]
    fn six_or_more_signatures_use_the_lanes_and_only_the_wrong_one_is_rejected() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/data/document_jwks.json")).unwrap();
        let jwk = Jwk::from_slice(document["keys"][0].to_string().as_bytes()).unwrap();
        let key = VerifyingKey::new(Backend::Accelerated, &jwk).unwrap();
        if !key.is_accelerated() {
            eprintln!("skipped: this CPU has no AVX-512 IFMA");
            return;
        }
        let token = include_str!("../../tests/data/document_token.txt").trim();
        let (signing_input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature.as_bytes()).unwrap();
        let [genuine, other] = [signing_input.as_bytes(), b"something else"].map(Message::new);
        let lane = |message| Some(Lane { key: &key, message, signature: &signature });
        for filled in 0..=LANES {
            for wrong in 0..LANES {
                let lanes = array::from_fn(|i| match i {
                    _ if i >= filled => None,
                    _ if i == wrong => lane(&other),
                    _ => lane(&genuine),
                });
                let expected = array::from_fn(|i| (filled >= WORTHWHILE && i < filled).then_some(i != wrong));
                assert_eq!(verify_lanes(&lanes), expected, "{filled} lanes, {wrong} is wrong");
            }
        }
    }
}
