//! The issuer's clock, computed from the Date header of the issuer's responses.

use super::login_response::date;
use crate::remote::transport::HttpResponse;
use crate::verify::clock::Clock;
use std::sync::atomic::{AtomicI64, Ordering};

/// Maximum difference between the clocks that is ignored, in seconds. It is less than the lifetime
/// of a signed login token, which is at least 60 s.
const TOLERANCE: i64 = 30;

/// The issuer's clock, for signing login tokens. Login tokens are valid for 1 to 5 minutes only. If
/// their times came from a wrong local clock, the issuer would reject them.
#[derive(Default)]
pub(super) struct IssuerClock {
    /// The issuer's clock minus this machine's clock, in seconds. 0 if they differ by [`TOLERANCE`]
    /// or less.
    skew: AtomicI64,
}

impl IssuerClock {
    /// Returns the issuer's time, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        Clock::system().now().saturating_add(self.skew.load(Ordering::Relaxed))
    }

    /// Updates the difference between the clocks from a response's Date. Returns true if the
    /// difference changed by more than [`TOLERANCE`]. In that case, repeating a rejected login may
    /// succeed.
    pub(super) fn learn(&self, response: &HttpResponse) -> bool {
        let Some(issuer_time) = date(response) else { return false };
        let difference = issuer_time.saturating_sub(Clock::system().now());
        let skew = if difference.abs() > TOLERANCE { difference } else { 0 };
        let before = self.skew.swap(skew, Ordering::Relaxed);
        skew.abs_diff(before) > TOLERANCE.unsigned_abs()
    }
}
