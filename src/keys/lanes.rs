//! Verifies the signatures of several tokens, up to eight at once. The keys that may have signed a
//! token are its candidates. Each round verifies every token with one candidate. Tokens whose
//! signatures the same code verifies fill the lanes together.

use super::candidates::{Candidates, MAX_CANDIDATES};
use super::jwk_set::JwkSet;
use super::parsed_token::ParsedToken;
use crate::crypto::kernel::LaneKind;
use crate::crypto::lanes::{LANES, Lane, verify_lanes};
use crate::crypto::message::Message;
use crate::crypto::verifying_key::VerifyingKey;
use crate::encoding::base64url::Scratch;
use crate::error::Result;
use crate::jose::jwk::Jwk;

/// A signature and the state of its verification.
struct Attempt<'a> {
    token: &'a ParsedToken<'a>,
    candidates: Candidates,
    message: Message<'a>,
    /// Number of candidates that have rejected the signature. It is also the index of the next
    /// candidate.
    rejections: usize,
    /// The final result: the key that verified the signature, or an error.
    result: Option<Result<&'a Jwk>>,
    /// Whether the caller must verify this token individually.
    is_individual: bool,
}

impl JwkSet {
    /// Verifies the signatures of tokens up to eight at once, if that is faster than one by one.
    /// Returns for each token the key that signed it, or an error. `None` means that the caller
    /// must verify this token individually.
    pub(crate) fn verify_side_by_side<'a>(
        &'a self,
        tokens: &'a [Option<ParsedToken<'_>>],
        scratch: &mut [Scratch; LANES],
    ) -> Vec<Option<Result<&'a Jwk>>> {
        let mut attempts: Vec<_> =
            tokens.iter().map(|token| Some(Attempt::new(self, token.as_ref()?))).collect();
        for _ in 0..MAX_CANDIDATES {
            let kind_of =
                |attempt: &Option<Attempt<'_>>| attempt.as_ref()?.next_lane(self).map(|(kind, _)| kind);
            let mut pending: Vec<_> =
                attempts.iter().enumerate().filter_map(|(i, attempt)| Some((kind_of(attempt)?, i))).collect();
            pending.sort_unstable();
            let mut is_done = true;
            for same in pending.chunk_by(|(a, _), (b, _)| a == b) {
                for group in same.chunks(LANES) {
                    if group.first().is_some_and(|(kind, _)| group.len() >= kind.worthwhile()) {
                        self.verify_group(&mut attempts, group, scratch);
                        is_done = false;
                    }
                }
            }
            if is_done {
                break;
            }
        }
        attempts.into_iter().map(|attempt| attempt?.result).collect()
    }

    /// Verifies the signatures of a group with their next candidates. The group contains the
    /// indices of the attempts.
    fn verify_group<'a>(
        &'a self,
        attempts: &mut [Option<Attempt<'a>>],
        group: &[(LaneKind, usize)],
        scratch: &mut [Scratch; LANES],
    ) {
        let mut signatures: [Option<&[u8]>; LANES] = [None; LANES];
        let mut lanes: [Option<Lane<'_>>; LANES] = [const { None }; LANES];
        let slots = signatures.iter_mut().zip(&mut lanes).zip(scratch);
        for (((signature, lane), scratch), &(_, index)) in slots.zip(group) {
            let Some(attempt) = attempts.get(index).and_then(Option::as_ref) else { continue };
            *signature = scratch.decode(attempt.token.jws.signature).ok();
            let (Some(signature), Some((_, key))) = (*signature, attempt.next_lane(self)) else { continue };
            let algorithm = attempt.token.header.algorithm;
            *lane = Some(Lane { key, algorithm, message: &attempt.message, signature });
        }
        let accepted = verify_lanes(&lanes);
        for ((&(_, index), signature), accepted) in group.iter().zip(signatures).zip(accepted) {
            if let Some(attempt) = attempts.get_mut(index).and_then(Option::as_mut) {
                match (signature, accepted) {
                    (Some(signature), Some(accepted)) => attempt.record(self, signature, accepted),
                    _ => attempt.is_individual = true,
                }
            }
        }
    }
}

impl<'a> Attempt<'a> {
    fn new(jwks: &'a JwkSet, token: &'a ParsedToken<'_>) -> Self {
        Self {
            token,
            candidates: jwks.recent_first(jwks.candidates(token)),
            message: Message::new(token.jws.signing_input),
            rejections: 0,
            result: None,
            is_individual: false,
        }
    }

    /// Returns the next candidate and the kind of lanes in which it verifies signatures. Returns
    /// `None` if the result is known, or if the caller must verify the token individually.
    fn next_lane<'k>(&self, jwks: &'k JwkSet) -> Option<(LaneKind, &'k VerifyingKey)> {
        if self.result.is_some() || self.is_individual {
            return None;
        }
        let &index = self.candidates.as_slice().get(self.rejections)?;
        let key = jwks.verifying_key(index)?;
        Some((key.lane_kind()?, key))
    }

    /// Records whether the current candidate verified the signature. If the last candidate has also
    /// rejected the signature, the reference back end verifies the signature again.
    fn record(&mut self, jwks: &'a JwkSet, signature: &[u8], accepted: bool) {
        let candidates = self.candidates;
        let tried = candidates.as_slice();
        if accepted {
            self.result = tried.get(self.rejections).map(|&index| jwks.signer(index, candidates));
            return;
        }
        self.rejections += 1;
        if self.rejections == tried.len() {
            let algorithm = self.token.header.algorithm;
            let result = jwks.verify_again(tried, candidates, algorithm, &self.message, signature);
            self.result = Some(result);
        }
    }
}
