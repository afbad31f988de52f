//! Verifies the signatures of up to eight tokens at once. The keys that may have signed a token are
//! its candidates. Each round verifies every token with one candidate.

use super::candidates::{Candidates, MAX_CANDIDATES};
use super::jwk_set::JwkSet;
use super::parsed_token::ParsedToken;
use crate::crypto::lanes::{LANES, Lane, WORTHWHILE, verify_lanes};
use crate::crypto::message::Message;
use crate::encoding::base64url::Scratch;
use crate::error::Result;
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;
use std::array;

/// A signature and the state of its verification.
struct Attempt<'a> {
    candidates: Candidates,
    algorithm: Algorithm,
    message: Message<'a>,
    signature: &'a [u8],
    /// Number of candidates that have rejected the signature. It is also the index of the next
    /// candidate.
    rejections: usize,
    /// The final result: the key that verified the signature, or an error.
    result: Option<Result<&'a Jwk>>,
}

impl JwkSet {
    /// Verifies the signatures of up to eight tokens at once, if that is faster than one by one.
    /// Returns for each token the key that signed it, or an error. `None` means that the caller
    /// must verify this token individually.
    pub(crate) fn verify_side_by_side<'a>(
        &'a self,
        tokens: &'a [Option<ParsedToken<'_>>; LANES],
        scratch: &'a mut [Scratch; LANES],
    ) -> [Option<Result<&'a Jwk>>; LANES] {
        let mut scratch = scratch.iter_mut();
        let mut attempts =
            tokens.each_ref().map(|token| Attempt::new(self, token.as_ref()?, scratch.next()?));
        for round in 0..MAX_CANDIDATES {
            let lanes = attempts.each_ref().map(|token| token.as_ref()?.lane(self, round));
            if lanes.iter().flatten().count() < WORTHWHILE {
                break;
            }
            let accepted = verify_lanes(&lanes);
            for (token, accepted) in attempts.iter_mut().zip(accepted) {
                if let (Some(token), Some(accepted)) = (token, accepted) {
                    token.record(self, accepted);
                }
            }
        }
        let mut attempts = attempts.into_iter();
        array::from_fn(|_| attempts.next()??.result)
    }
}

impl<'a> Attempt<'a> {
    fn new(jwks: &'a JwkSet, token: &'a ParsedToken<'_>, scratch: &'a mut Scratch) -> Option<Self> {
        let candidates = jwks.recent_first(jwks.candidates(token));
        let algorithm = token.header.algorithm;
        jwks.lane_key(*candidates.as_slice().first()?, algorithm)?;
        let signature = scratch.decode(token.jws.signature).ok()?;
        let message = Message::new(token.jws.signing_input);
        Some(Self { candidates, algorithm, message, signature, rejections: 0, result: None })
    }

    /// Returns the lane that tries candidate number `round`, counted from 0. Returns `None` if the
    /// result is known, if there is no such candidate, or if its key does not support lanes.
    fn lane(&self, jwks: &'a JwkSet, round: usize) -> Option<Lane<'_>> {
        if self.result.is_some() || self.rejections != round {
            return None;
        }
        let &index = self.candidates.as_slice().get(round)?;
        let key = jwks.lane_key(index, self.algorithm)?;
        Some(Lane { key, message: &self.message, signature: self.signature })
    }

    /// Records whether the current candidate verified the signature. If the last candidate has also
    /// rejected the signature, the reference back end verifies the signature again.
    fn record(&mut self, jwks: &'a JwkSet, accepted: bool) {
        let candidates = self.candidates;
        let tried = candidates.as_slice();
        if accepted {
            self.result = tried.get(self.rejections).map(|&index| jwks.signer(index, candidates));
            return;
        }
        self.rejections += 1;
        if self.rejections == tried.len() {
            let result = jwks.verify_again(tried, candidates, self.algorithm, &self.message, self.signature);
            self.result = Some(result);
        }
    }
}
