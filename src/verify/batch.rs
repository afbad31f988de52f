//! Many tokens in one call: eight signatures at a time where the CPU can, and on as many threads as the caller
//! allows.

use super::policy::Policy;
use super::verified_token::VerifiedToken;
use super::{Opened, STACK, first_fault, recognised, verify_token};
use crate::crypto::candidates::MAX_CANDIDATES;
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::lanes::{LANES, Lane, WORTHWHILE, verify_lanes};
use crate::crypto::message::Message;
use crate::encoding::base64url;
use crate::error::Result;
use crate::jose::jwk::Jwk;
use crate::os;
use std::panic::resume_unwind;
use std::thread;

/// Fewer tokens than this are verified sooner than a thread starts for them.
const LEAST_SHARE: usize = 64;
/// More threads than this are never started.
const MOST_THREADS: usize = 256;

/// Verifies many tokens as [`verify_token`] does each of them. The verdicts come in the order of the tokens.
///
/// `threads` bounds how many threads work on it, the calling one included; a thread of its own is started for
/// no fewer than 64 tokens. 0 is as 1.
///
/// ```
/// use bouncer_verify::{JwkSet, Policy, verify_tokens};
/// # let document = include_bytes!("../../tests/data/document_jwks.json");
/// # let token = include_str!("../../tests/data/document_token.txt").trim();
///
/// let jwks = JwkSet::from_slice(document)?;
/// let policy = Policy::dcos().time(1467985465);
/// let verdicts = verify_tokens(&jwks, &policy, &[token, "no token"], 1);
/// assert_eq!(verdicts[0].as_ref().unwrap().uid(), Some("peter"));
/// assert!(verdicts[1].is_err());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
pub fn verify_tokens<T: AsRef<[u8]> + Sync>(
    jwks: &JwkSet,
    policy: &Policy,
    tokens: &[T],
    threads: usize,
) -> Vec<Result<VerifiedToken>> {
    split_across_threads(tokens, threads, |share| verify_chunk(jwks, policy, share))
}

/// Has `work` done for all of `items`, in order, on up to `threads` threads.
pub(super) fn split_across_threads<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let threads = threads.min(MOST_THREADS).min(items.len() / LEAST_SHARE);
    if threads <= 1 {
        return work(items);
    }
    // Whole eights, as many to each share to within one, and to the last what is left.
    let eights = items.len() / LANES;
    let start_of = |i: usize| if i < threads { eights * i / threads * LANES } else { items.len() };
    let share = |i: usize| items.get(start_of(i)..start_of(i + 1)).unwrap_or_default();
    let work = &work;
    thread::scope(|scope| {
        let start = |share| {
            let builder = thread::Builder::new().name("bouncer-batch".to_owned());
            (share, os::with_signals_blocked(|| builder.spawn_scoped(scope, move || work(share))))
        };
        let started: Vec<_> = (1..threads).map(share).map(start).collect();
        let mut results = work(share(0));
        for (share, thread) in started {
            results.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // There is no thread to be had, so it takes longer.
                Err(_) => work(share),
            });
        }
        results
    })
}

/// Verifies on this thread.
pub(super) fn verify_chunk<T: AsRef<[u8]>>(
    jwks: &JwkSet,
    policy: &Policy,
    tokens: &[T],
) -> Vec<Result<VerifiedToken>> {
    let mut verdicts = Vec::with_capacity(tokens.len());
    let mut room = [[0; STACK]; LANES];
    for eight in tokens.chunks(LANES) {
        let in_lanes = verify_eight(jwks, policy, eight, &mut room);
        for (token, in_lanes) in eight.iter().zip(in_lanes) {
            let token = token.as_ref();
            verdicts.push(match in_lanes {
                Some(InLanes { opened, key: Some(key), .. }) => {
                    let verdict = key.and_then(|key| VerifiedToken::read(&opened, policy, key));
                    if verdict.is_err() { first_fault(token, policy).and(verdict) } else { verdict }
                }
                _ => verify_token(jwks, policy, token),
            });
        }
    }
    verdicts
}

/// A token whose signature is verified side by side with others.
struct InLanes<'a> {
    opened: Opened<'a>,
    message: Message<'a>,
    signature: &'a [u8],
    /// How many of its candidates have refused it.
    refusals: usize,
    /// The verdict on the signature, once there is one.
    key: Option<Result<&'a Jwk>>,
}

impl<'a> InLanes<'a> {
    /// `None`: it must be verified by itself.
    fn open(jwks: &'a JwkSet, policy: &Policy, token: &'a [u8], room: &'a mut [u8; STACK]) -> Option<Self> {
        let mut opened =
            recognised(jwks, policy, token).filter(|opened| policy.admit(opened.header).is_ok())?;
        opened.candidates = jwks.by_use(opened.candidates);
        let signature = base64url::decode_into(opened.jws.signature, room).ok()?;
        let message = Message::new(opened.jws.signing_input);
        Some(Self { opened, message, signature, refusals: 0, key: None })
    }

    /// The lane in which candidate number `attempt` looks at it.
    fn lane(&self, jwks: &'a JwkSet, attempt: usize) -> Option<Lane<'_>> {
        if self.key.is_some() || self.refusals != attempt {
            return None;
        }
        let &index = self.opened.candidates.as_slice().get(attempt)?;
        let key = jwks.lane_key(index, self.opened.header.algorithm)?;
        Some(Lane { key, message: &self.message, signature: self.signature })
    }

    /// What that candidate says.
    fn note(&mut self, jwks: &'a JwkSet, accepted: bool) {
        let Self { opened, message, signature, .. } = self;
        let candidates = opened.candidates;
        if accepted {
            let index = candidates.as_slice().get(self.refusals).copied();
            self.key = index.map(|index| jwks.signed_by(index, candidates));
            return;
        }
        self.refusals += 1;
        if self.refusals == candidates.as_slice().len() {
            let algorithm = opened.header.algorithm;
            self.key =
                Some(jwks.verify_again(candidates.as_slice(), candidates, algorithm, message, signature));
        }
    }
}

/// Verifies the signatures of up to eight tokens at once, if that is worth it. What has no verdict afterwards, sound or
/// not, must be verified by itself.
fn verify_eight<'a, T: AsRef<[u8]>>(
    jwks: &'a JwkSet,
    policy: &Policy,
    tokens: &'a [T],
    room: &'a mut [[u8; STACK]; LANES],
) -> [Option<InLanes<'a>>; LANES] {
    let mut opened = [const { None }; LANES];
    if tokens.len() < WORTHWHILE {
        return opened;
    }
    for ((token, room), opened) in tokens.iter().zip(room).zip(&mut opened) {
        *opened = InLanes::open(jwks, policy, token.as_ref(), room);
    }
    for attempt in 0..MAX_CANDIDATES {
        let lanes = opened.each_ref().map(|token| token.as_ref()?.lane(jwks, attempt));
        if lanes.iter().flatten().count() < WORTHWHILE {
            break;
        }
        let accepted = verify_lanes(&lanes);
        for (token, accepted) in opened.iter_mut().zip(accepted) {
            if let (Some(token), Some(accepted)) = (token, accepted) {
                token.note(jwks, accepted);
            }
        }
    }
    opened
}
