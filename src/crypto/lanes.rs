//! RS256 signatures verified side by side, one in each lane of the CPU's vectors.

use super::VerifyingKey;
#[cfg(all(feature = "aws-lc-rs", target_arch = "x86_64"))]
use super::ifma;
#[cfg(all(feature = "aws-lc-rs", target_arch = "x86_64"))]
use std::array;

/// How many at most.
pub(crate) const LANES: usize = 8;
/// From how many on that is faster than one by one.
pub(crate) const WORTHWHILE: usize = 6;

/// A signature to verify with a key that is accelerated.
#[cfg_attr(
    not(all(feature = "aws-lc-rs", target_arch = "x86_64")),
    expect(dead_code, reason = "without the kernel, nothing is verified side by side")
)]
pub(crate) struct Lane<'a> {
    pub(crate) key: &'a VerifyingKey,
    pub(crate) signing_input: &'a [u8],
    pub(crate) signature: &'a [u8],
}

/// Which of the signatures hold. `false` is no verdict: it says to verify that one by itself.
#[cfg(all(feature = "aws-lc-rs", target_arch = "x86_64"))]
pub(crate) fn verify_lanes(lanes: &[Option<Lane<'_>>; LANES]) -> [bool; LANES] {
    const { assert!(LANES == ifma::LANES) };
    let filled =
        lanes.each_ref().map(|lane| lane.as_ref().and_then(|lane| Some((lane, lane.key.accelerated()?))));
    let Some(any) = filled.into_iter().flatten().next() else { return [false; LANES] };
    if filled.iter().flatten().count() < WORTHWHILE {
        return [false; LANES];
    }
    // What has no signature of its own does another's: a lane costs nothing.
    let each = filled.map(|lane| lane.unwrap_or(any));
    let mut digests = [[0; 32]; LANES];
    for (pair, digests) in each.as_chunks::<2>().0.iter().zip(digests.as_chunks_mut::<2>().0) {
        *digests = ifma::digest_pair(pair.map(|(lane, _)| lane.signing_input));
    }
    let mut digests = digests.iter();
    let batch = each.map(|(lane, key)| ifma::Lane {
        key: key.kernel(),
        digest: digests.next().unwrap_or(&[0; 32]),
        signature: lane.signature,
    });
    let passes = ifma::verify_lanes(&batch);
    array::from_fn(|i| {
        let Some(Some((lane, key))) = filled.get(i) else { return false };
        let reference = || lane.key.verify_reference(lane.signing_input, lane.signature);
        passes >> i & 1 == 1 && key.judge(true, reference).is_ok()
    })
}

/// There are none on this CPU.
#[cfg(not(all(feature = "aws-lc-rs", target_arch = "x86_64")))]
pub(crate) fn verify_lanes(_: &[Option<Lane<'_>>; LANES]) -> [bool; LANES] {
    [false; LANES]
}

#[cfg(all(test, feature = "aws-lc-rs", target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::crypto::backend::Backend;
    use crate::crypto::jwk_set::JwkSet;
    use crate::encoding::base64url;

    #[test]
    fn lanes_are_used_from_where_they_pay_and_let_pass_what_holds() {
        let jwks = JwkSet::from_slice(include_bytes!("../../tests/data/document_jwks.json")).unwrap();
        let key = VerifyingKey::new(Backend::Accelerated, &jwks.keys()[0]).unwrap();
        if !key.is_accelerated() {
            eprintln!("skipped: this CPU has no AVX-512 IFMA");
            return;
        }
        let token = include_str!("../../tests/data/document_token.txt").trim();
        let (signing_input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature.as_bytes()).unwrap();
        let lane = |signing_input| Some(Lane { key: &key, signing_input, signature: &signature });
        for filled in 0..=LANES {
            for wrong in 0..LANES {
                let lanes = array::from_fn(|i| match i {
                    _ if i >= filled => None,
                    _ if i == wrong => lane(b"something else"),
                    _ => lane(signing_input.as_bytes()),
                });
                let expected = array::from_fn(|i| filled >= WORTHWHILE && i < filled && i != wrong);
                assert_eq!(verify_lanes(&lanes), expected, "{filled} lanes, {wrong} is wrong");
            }
        }
    }
}
