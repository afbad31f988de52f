//! Verifies many tokens in one call: eight signatures at a time if the CPU supports it, on up to as
//! many threads as the caller allows.

use super::policy::Policy;
use super::verified_token::VerifiedToken;
use super::verify_token::verify_token;
use crate::crypto::kernel::LaneKind;
use crate::crypto::lanes::LANES;
use crate::encoding::base64url::Scratch;
use crate::error::Result;
use crate::keys::jwk_set::JwkSet;
use crate::keys::parsed_token::ParsedToken;
use crate::os;
use std::panic::resume_unwind;
use std::thread;

/// Minimum number of tokens per thread. Starting a thread takes longer than verifying fewer tokens.
const LEAST_SHARE: usize = 64;
/// Number of tokens among which those for the same eight lanes are found.
const AT_ONCE: usize = 64;
/// Maximum number of threads.
const MOST_THREADS: usize = 256;

/// Verifies many tokens, each as [`verify_token`] does. The results are in the order of the tokens.
///
/// `threads` is an upper bound and counts the calling thread; 0 means 1. Each thread gets at least
/// 64 tokens, so a small batch uses fewer threads.
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

/// Calls `work` with consecutive parts of `items` on up to `threads` threads. Returns the results
/// in the order of `items`.
pub(super) fn split_across_threads<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let threads = threads.min(MOST_THREADS).min(items.len() / LEAST_SHARE);
    if threads <= 1 {
        return work(items);
    }
    // Each share is a multiple of 8 tokens, and two shares differ by at most 8 tokens. The last
    // share also gets the remainder.
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
                // The system cannot start another thread: do the work on this thread.
                Err(_) => work(share),
            });
        }
        results
    })
}

/// Verifies tokens on this thread, eight signatures at once if that is faster.
pub(super) fn verify_chunk<T: AsRef<[u8]>>(
    jwks: &JwkSet,
    policy: &Policy,
    tokens: &[T],
) -> Vec<Result<VerifiedToken>> {
    // Without lanes, it would only parse each token twice.
    if tokens.len() < LaneKind::LEAST_WORTHWHILE || !jwks.has_lanes() {
        return tokens.iter().map(|token| verify_token(jwks, policy, token)).collect();
    }
    let mut verdicts = Vec::with_capacity(tokens.len());
    let mut scratch = [const { Scratch::new() }; LANES];
    for some in tokens.chunks(AT_ONCE) {
        let parsed: Vec<_> = some.iter().map(|token| parse_known(jwks, policy, token.as_ref())).collect();
        let keys = jwks.verify_side_by_side(&parsed, &mut scratch);
        for ((token, parsed), key) in some.iter().zip(&parsed).zip(keys) {
            verdicts.push(match (parsed, key) {
                (Some(parsed), Some(key)) => key.and_then(|key| VerifiedToken::read(parsed, policy, key)),
                _ => verify_token(jwks, policy, token),
            });
        }
    }
    verdicts
}

/// Parses a token whose signature may be verified side by side with others: the header must be
/// known and allowed by the policy.
fn parse_known<'a>(jwks: &'a JwkSet, policy: &Policy, token: &'a [u8]) -> Option<ParsedToken<'a>> {
    policy.check().ok()?;
    let parsed = ParsedToken::parse_known(token, policy.form, jwks.known_headers())?;
    policy.check_header(&parsed.header).is_ok().then_some(parsed)
}
