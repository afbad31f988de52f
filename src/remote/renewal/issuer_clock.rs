//! The issuer's clock, as far as the Date of its answers tells.

use super::login_answer::date;
use crate::remote::transport::HttpResponse;
use crate::verify::clock::Clock;
use std::sync::atomic::{AtomicI64, Ordering};

/// Clocks that differ by less, in seconds, agree: what is signed is valid for longer.
const AGREEMENT: i64 = 30;

/// What is signed for a login is valid for minutes, so a machine whose clock is wrong signs by the
/// issuer's.
#[derive(Default)]
pub(super) struct IssuerClock {
    /// The issuer's clock minus this machine's, in seconds, where that matters.
    skew: AtomicI64,
}

impl IssuerClock {
    /// The issuer's time, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        Clock::system().now().saturating_add(self.skew.load(Ordering::Relaxed))
    }

    /// Learns from an answer's Date. Returns whether the next login will differ, so that it may
    /// succeed where this one was rejected.
    pub(super) fn learn(&self, response: &HttpResponse) -> bool {
        let Some(issuers) = date(response) else { return false };
        let difference = issuers.saturating_sub(Clock::system().now());
        let skew = if difference.abs() > AGREEMENT { difference } else { 0 };
        let before = self.skew.swap(skew, Ordering::Relaxed);
        skew.abs_diff(before) > AGREEMENT.unsigned_abs()
    }
}
