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

    /// Creates a ticket for attempt number `attempt`, which started before the token arrived. If
    /// that fetch does not find the key, a later one may.
    pub fn new(attempt: u64) -> Self {
        Self { attempt, is_last: false }
    }

    /// Creates a ticket for attempt number `attempt`, which starts after the token arrived. If that
    /// fetch does not find the key, the key does not exist.
    pub fn last(attempt: u64) -> Self {
        Self { attempt, is_last: true }
    }

    /// Returns the number of the attempt, from 1. Tickets for the same attempt may differ.
    pub fn attempt(self) -> u64 {
        self.attempt
    }

    /// Returns whether no other fetch may follow: the attempt starts after the token arrived, or
    /// the caller has stopped waiting.
    pub fn is_last(self) -> bool {
        self.is_last
    }

    /// Returns the ticket with which a caller resumes, given whether the attempt `is_over`. If it
    /// is not over, the caller waits no longer and the ticket becomes a last one. The token is
    /// still checked once more, because new keys are in use shortly before their attempt is over.
    pub(crate) fn returned(self, is_over: bool) -> Self {
        Self { is_last: self.is_last || !is_over, ..self }
    }

    /// Returns the ticket as a number, for languages without this type. The number is never 0.
    pub fn to_bits(self) -> u64 {
        self.attempt | if self.is_last { Self::LAST } else { 0 }
    }

    /// Returns the ticket for a number that [`Ticket::to_bits`] returned, or `None` for 0. Any
    /// other number never matches a fetch.
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
    fn resuming_before_the_attempt_is_over_makes_the_ticket_a_last_one() {
        assert_eq!(Ticket::new(1).returned(true), Ticket::new(1));
        assert_eq!(Ticket::new(1).returned(false), Ticket::last(1));
        assert_eq!(Ticket::last(1).returned(true), Ticket::last(1));
    }
}
