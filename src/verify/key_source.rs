//! Keys that may change between two tokens. `remote` has the one implementation; the decision needs to know
//! no more of it than this.

use crate::crypto::jwk_set::JwkSet;
use crate::error::Error;
use std::fmt;
use std::time::Duration;

/// Where a [`super::verifier::Verifier`] gets its keys from, if not once and for all.
pub(crate) trait KeySource: Send + Sync + fmt::Debug {
    /// Calls `judge` once with the keys in use and their generation, or with `None` and 0 if there are none or they
    /// are too old.
    fn with_keys(&self, judge: &mut dyn FnMut(Option<&JwkSet>, u64));

    /// A token that could be valid lacks a key among those of `generation`. Says what could change that; never
    /// waits.
    ///
    /// `before` is what the same token waited for already.
    fn on_missing_key(&self, missing: MissingKey, generation: u64, before: Option<FetchTicket>) -> Refetch;

    /// Whether [`MissingKey::NewKeyOfKid`] may cause a fetch now. It costs next to nothing: forged tokens ask it by the million.
    fn allows_fetch_for_known_kid(&self) -> bool;

    /// Why there are no keys.
    fn unavailable(&self) -> Error;

    /// Waits until the fetch is done; false if it is not after `timeout`, or will not be.
    fn wait(&self, ticket: FetchTicket, timeout: Duration) -> bool;

    /// How long a verification may wait in all.
    fn max_wait(&self) -> Duration;
}

/// What a token lacks.
#[derive(Debug, Clone)]
pub(crate) enum MissingKey {
    /// There are no keys at all.
    Keys,
    /// No key has this "kid".
    Kid(Box<str>),
    /// The token has no "kid", and no key verifies it.
    KeyWithoutKid,
    /// The key of this "kid" does not verify it, so the issuer may have another by now.
    NewKeyOfKid,
}

/// What could change a verdict.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refetch {
    /// Nothing: the verdict stands.
    None,
    /// Nothing now, and the issuer was not heard about the key: this is the verdict.
    Unavailable(Error),
    /// Other keys are in use by now.
    OtherKeys,
    /// The end of this fetch; until then the error, if there is one, is the verdict.
    Fetch(FetchTicket, Option<Error>),
}

/// A fetch of keys that is under way or about to begin, and could change a verdict.
///
/// [`crate::Verifier::verify_now`] gives it, [`crate::Verifier::wait`] waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FetchTicket {
    /// The number of the attempt, from 1.
    pub(crate) attempt: u64,
    /// The attempt begins after the token was seen, so what it does not bring is not there.
    pub(crate) begins_later: bool,
}

impl FetchTicket {
    /// The bindings know it too.
    const BEGINS_LATER: u64 = 1 << 63;

    /// The ticket as a number, for languages without this type; never 0.
    pub fn to_bits(self) -> u64 {
        self.attempt | if self.begins_later { Self::BEGINS_LATER } else { 0 }
    }

    /// The ticket of a number that [`FetchTicket::to_bits`] gave; `None` for 0. An invented number
    /// is waited for in vain or not at all.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let ticket =
            Self { attempt: bits & !Self::BEGINS_LATER, begins_later: bits & Self::BEGINS_LATER != 0 };
        (bits != 0).then_some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_a_number_other_than_zero() {
        for ticket in
            [FetchTicket { attempt: 1, begins_later: false }, FetchTicket { attempt: 7, begins_later: true }]
        {
            assert_eq!(FetchTicket::from_bits(ticket.to_bits()), Some(ticket));
        }
        assert_eq!(FetchTicket::from_bits(0), None);
    }
}
