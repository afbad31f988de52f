//! A verdict that may depend on a fetch, and the ticket for that fetch.

use super::verified_token::VerifiedToken;
use crate::error::Result;

/// The result of [`crate::Verifier::verify_now`]. That call never blocks, so the verdict may not be
/// known yet.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// The token is accepted or rejected.
    Final(Result<VerifiedToken>),
    /// A fetch of keys decides. Wait for it with [`crate::Verifier::wait`], then call
    /// [`crate::Verifier::resume`]. If you do not wait, `resume` returns the final verdict at once.
    Pending(Ticket),
}

/// A fetch of keys, or a login, that is in flight or about to start.
///
/// [`crate::Verifier::verify_now`] returns it in [`Verdict::Pending`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The number of the attempt, from 1.
    attempt: u64,
    is_last: bool,
}

impl Ticket {
    const LAST: u64 = 1 << 63;

    /// A ticket for attempt number `attempt`, which started before the token was seen. If it does
    /// not bring the key, a later attempt may.
    pub fn new(attempt: u64) -> Self {
        Self { attempt, is_last: false }
    }

    /// A ticket for attempt number `attempt`, which starts after the token was seen. A key that it
    /// does not bring does not exist.
    pub fn last(attempt: u64) -> Self {
        Self { attempt, is_last: true }
    }

    /// The number of the attempt, from 1. Tickets of one attempt may differ.
    pub fn attempt(self) -> u64 {
        self.attempt
    }

    /// Whether no other fetch may follow: the attempt starts after the token was seen, or the
    /// caller waits no longer.
    pub fn is_last(self) -> bool {
        self.is_last
    }

    /// The ticket to return with, given whether its attempt `is_over`. Who returns before that
    /// waits no longer, and gets a last look: the keys may be in use a moment before the attempt is
    /// over.
    pub(crate) fn returned(self, is_over: bool) -> Self {
        Self { is_last: self.is_last || !is_over, ..self }
    }

    /// The ticket as a number, for languages without this type; never 0.
    pub fn to_bits(self) -> u64 {
        self.attempt | if self.is_last { Self::LAST } else { 0 }
    }

    /// The ticket of a number that [`Ticket::to_bits`] returned; `None` for 0. Other numbers never
    /// match a fetch.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let ticket = Self { attempt: bits & !Self::LAST, is_last: bits & Self::LAST != 0 };
        (bits != 0).then_some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_a_number_other_than_zero() {
        for ticket in [Ticket::new(1), Ticket::last(7)] {
            assert_eq!(Ticket::from_bits(ticket.to_bits()), Some(ticket));
        }
        assert_eq!(Ticket::from_bits(0), None);
    }

    #[test]
    fn who_returns_before_the_attempt_is_over_gets_a_last_look() {
        assert_eq!(Ticket::new(1).returned(true), Ticket::new(1));
        assert_eq!(Ticket::new(1).returned(false), Ticket::last(1));
        assert_eq!(Ticket::last(1).returned(true), Ticket::last(1));
    }
}
