//! The result of a verification that never blocks, and the ticket for the fetch it depends on.

use super::verified_token::VerifiedToken;
use crate::error::Result;

/// The result of [`crate::Verifier::verify_now`]. That function never blocks, so the verdict may
/// depend on a fetch that is not over yet.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// The verified token, or the error of the verification.
    Final(Result<VerifiedToken>),
    /// The verdict depends on a fetch of keys. Wait for the fetch with [`crate::Verifier::wait`],
    /// then call [`crate::Verifier::resume`]. If the fetch is not over by then, `resume` returns
    /// the final verdict.
    Pending(Ticket),
}

/// A fetch of keys, or a login, that is in flight or about to start.
///
/// [`crate::Verifier::verify_now`] returns it in [`Verdict::Pending`].
/// `TokenRenewer::token_now` returns one for a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The number of the attempt, from 1.
    attempt: u64,
    /// The entry of the verifier whose keys are fetched; 0 if it is not known.
    entry: u32,
    is_last: bool,
}

impl Ticket {
    // A ticket as a number: one bit, then the entry, then the attempt.
    const LAST: u64 = 1 << 63;
    const ATTEMPT_BITS: u32 = 40;
    const ATTEMPTS: u64 = (1 << Self::ATTEMPT_BITS) - 1;
    /// The number of different entries in tickets. After this many, the numbers repeat.
    pub(super) const ENTRIES: u32 = 1 << (63 - Self::ATTEMPT_BITS);

    /// Creates a ticket for attempt number `attempt` (1 to 2^40 - 1), which started before the
    /// token arrived. If that fetch does not find the key, a later one may.
    pub fn new(attempt: u64) -> Self {
        Self { attempt, entry: 0, is_last: false }
    }

    /// Creates a ticket for attempt number `attempt` (1 to 2^40 - 1), which starts after the token
    /// arrived. If that fetch does not find the key, the key does not exist.
    pub fn last(attempt: u64) -> Self {
        Self { attempt, entry: 0, is_last: true }
    }

    /// Returns the number of the attempt, from 1. Tickets for the same attempt may differ.
    pub fn attempt(self) -> u64 {
        self.attempt
    }

    /// Returns true if no other fetch can follow. Either the attempt starts after the token
    /// arrived, or the caller has stopped waiting.
    pub fn is_last(self) -> bool {
        self.is_last
    }

    /// Returns the ticket with which the caller resumes. If the attempt is not over, the caller has
    /// stopped waiting, so this is the last ticket. The caller still verifies the token again:
    /// new keys are published shortly before their attempt is over.
    pub(crate) fn last_unless(self, is_over: bool) -> Self {
        Self { is_last: self.is_last || !is_over, ..self }
    }

    /// Returns the ticket for the same attempt of the keys of `entry`.
    pub(super) fn of_entry(self, entry: u32) -> Self {
        Self { entry, ..self }
    }

    /// Returns the entry whose keys are fetched; 0 if it is not known.
    pub(super) fn entry(self) -> u32 {
        self.entry
    }

    /// Returns the ticket as a number, for languages without this type. The number is never 0.
    pub fn to_bits(self) -> u64 {
        let entry = u64::from(self.entry % Self::ENTRIES) << Self::ATTEMPT_BITS;
        (self.attempt & Self::ATTEMPTS) | entry | if self.is_last { Self::LAST } else { 0 }
    }

    /// Returns the ticket for a number that [`Ticket::to_bits`] returned, or `None` for 0. For any
    /// other number, a wait ends at once or times out.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let entry = ((bits & !Self::LAST) >> Self::ATTEMPT_BITS) as u32;
        let ticket = Self { attempt: bits & Self::ATTEMPTS, entry, is_last: bits & Self::LAST != 0 };
        (bits != 0).then_some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_converts_to_a_number_and_back_and_0_is_no_ticket() {
        let of_last_entry = Ticket::new(Ticket::ATTEMPTS).of_entry(Ticket::ENTRIES - 1);
        for ticket in [Ticket::new(1), Ticket::last(7), Ticket::last(7).of_entry(1), of_last_entry] {
            assert_eq!(Ticket::from_bits(ticket.to_bits()), Some(ticket));
        }
        assert_eq!(Ticket::from_bits(0), None);
    }

    #[test]
    fn a_ticket_becomes_the_last_one_if_its_attempt_is_not_over() {
        assert_eq!(Ticket::new(1).last_unless(true), Ticket::new(1));
        assert_eq!(Ticket::new(1).last_unless(false), Ticket::last(1));
        assert_eq!(Ticket::last(1).last_unless(true), Ticket::last(1));
    }
}
