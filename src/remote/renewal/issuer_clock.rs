//! The issuer's clock, learned from the Date of its responses.

use super::login_response::date;
use crate::remote::transport::HttpResponse;
use crate::verify::clock::Clock;
use std::sync::atomic::{AtomicI64, Ordering};

/// A smaller difference between the clocks, in seconds, is ignored: signed login tokens are valid
/// for longer than that.
const AGREEMENT: i64 = 30;

/// The issuer's clock, for signing login tokens. They are valid for minutes only, so a wrong local
/// clock would make them invalid.
#[derive(Default)]
pub(super) struct IssuerClock {
    /// The issuer's clock minus this machine's clock, in seconds; 0 if they differ by [`AGREEMENT`]
    /// or less.
    skew: AtomicI64,
}

impl IssuerClock {
    /// Returns the issuer's time, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        Clock::system().now().saturating_add(self.skew.load(Ordering::Relaxed))
    }

    /// Learns the difference from a response's Date. Returns true if it has changed: then a
    /// repeated login may succeed after this one was rejected.
    pub(super) fn learn(&self, response: &HttpResponse) -> bool {
        let Some(issuers) = date(response) else { return false };
        let difference = issuers.saturating_sub(Clock::system().now());
        let skew = if difference.abs() > AGREEMENT { difference } else { 0 };
        let before = self.skew.swap(skew, Ordering::Relaxed);
        skew.abs_diff(before) > AGREEMENT.unsigned_abs()
    }
}
