//! Functions for status codes. The codes are defined in `status_list`, which is generated.

use super::failure::Failure;
pub(super) use super::status_list::bouncer_status;
use super::text::bouncer_str;
use crate::ErrorKind;
use std::ffi::{CStr, c_char};

impl From<&Failure> for bouncer_status {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::NullArgument(_) => Self::NullArgument,
            Failure::Panicked => Self::Internal,
            Failure::Pending => Self::Pending,
            Failure::System(_) => Self::SystemError,
            Failure::Fetch(kind, _) => (*kind).into(),
            Failure::Core(error) => error.kind().into(),
        }
    }
}

/// Returns the stable name of a status, NUL-terminated, for example "expired". Returns "unknown"
/// for a number that this version does not know. The text is static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_status_name(status: u32) -> *const c_char {
    name(status).as_ptr()
}

/// Returns the HTTP status for the response to a request whose verification returned `status`:
///
/// - 200 for BOUNCER_STATUS_OK.
/// - 403 for BOUNCER_STATUS_INSUFFICIENT_SCOPE.
/// - 401 for the other numbers from 200 to 399, also unknown ones.
/// - 503 for the numbers 100 to 199 and 400 to 499, also unknown ones.
/// - 500 for all other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_status_http_status(status: u32) -> u32 {
    match status / 100 {
        _ if status == bouncer_status::Ok as u32 => 200,
        _ if status == bouncer_status::InsufficientScope as u32 => 403,
        1 | 4 => 503,
        2 | 3 => 401,
        _ => 500,
    }
}

/// Returns the value of the WWW-Authenticate header for a response with HTTP status 401 or 403 (RFC
/// 6750 section 3). For BOUNCER_STATUS_MALFORMED_AUTHORIZATION it is only "Bearer", because the
/// request contains no usable token. For BOUNCER_STATUS_INSUFFICIENT_SCOPE it is `Bearer
/// error="insufficient_scope"`. Otherwise it contains `error="invalid_token"` and the name of the
/// status. Returns no text for another HTTP status or an unknown number. The text is static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_status_challenge(status: u32) -> bouncer_str {
    let kind = ErrorKind::ALL.iter().find(|kind| kind.number() == status);
    kind.and_then(|kind| kind.challenge()).into()
}

fn name(status: u32) -> &'static CStr {
    let core = ErrorKind::ALL.iter().map(|&kind| (bouncer_status::from(kind), kind.as_c_str()));
    bouncer_status::OWN
        .into_iter()
        .chain(core)
        .find(|(own, _)| *own as u32 == status)
        .map_or(c"unknown", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCategory;

    #[test]
    fn every_kind_has_a_name_a_message_and_a_number_in_the_range_of_its_category() {
        let mut last = 2;
        for &kind in ErrorKind::ALL {
            let number = bouncer_status::from(kind) as u32;
            assert_eq!(number, kind.number());
            assert!(number > last, "the numbers rise in the order of ErrorKind::ALL");
            last = number;
            let hundreds = match kind.category() {
                ErrorCategory::Caller => 0..=0,
                ErrorCategory::Keys => 1..=1,
                ErrorCategory::Token => 2..=3,
                ErrorCategory::Login => 4..=4,
            };
            assert!(hundreds.contains(&(number / 100)), "{kind}");
            assert_eq!(name(number).to_str(), Ok(kind.as_str()));
            assert_eq!(bouncer_status_http_status(number), u32::from(kind.http_status()));
            assert_eq!(bouncer_status_challenge(number).len, kind.challenge().map_or(0, str::len));
            assert!(kind.message().len() > 10 && !kind.message().ends_with('.'));
        }
        assert_eq!(name(999_999), c"unknown");
        let statuses =
            [0, 1, 2, 104, 199, 299, 399, 499, 999_999].map(|status| bouncer_status_http_status(status));
        assert_eq!(statuses, [200, 500, 500, 503, 503, 401, 401, 503, 500]);
        assert_eq!(name(bouncer_status::Pending as u32), c"pending");
        assert!(bouncer_status_challenge(bouncer_status::Pending as u32).data.is_null());
        assert!(bouncer_status_challenge(0).data.is_null() && bouncer_status_challenge(299).data.is_null());
    }
}
