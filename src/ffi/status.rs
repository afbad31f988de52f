//! The status numbers: permanent. A retired one is never given again, a new one takes the next free of its
//! hundred.

use super::boundary::Failure;
use super::text::bouncer_str;
use crate::ErrorKind;
use std::ffi::{CStr, c_char};

/// How a call ended. The numbers are permanent, and later versions add to them: treat an unknown one by its
/// hundred.
///
/// - 0: success
/// - 1 to 99: the calling program is at fault; answer a request with HTTP 500
/// - 100s: the keys are at fault; HTTP 503, never 401
/// - 200s: the token or its signature; HTTP 401
/// - 300s: the token's claims, while its signature holds; HTTP 401
/// - 400s: the service's own login; HTTP 503
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_status {
    /// Success.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullArgument = 1,
    /// A bug in this library: please report it. The program can go on.
    Internal = 2,
    /// An argument or a policy setting is not usable.
    InvalidArgument = 3,
    /// The document is not a JWK Set (RFC 7517 section 5), or over 1 MiB or 1000 members.
    MalformedJwkSet = 100,
    /// The JWK Set has no key that could verify a token.
    NoUsableKey = 101,
    /// A single key cannot be used.
    UnusableKey = 102,
    /// A remote JWK Set has not been fetched yet, or not for longer than its bound.
    KeysUnavailable = 103,
    /// No verdict yet: a fetch of keys decides. bouncer_verifier_verify_now() and bouncer_batch_status() return it, with a
    /// ticket.
    Pending = 104,
    /// The token is longer than the policy allows.
    TokenTooLarge = 200,
    /// The token is not a JWS in Compact Serialization (RFC 7515 section 3.1).
    MalformedToken = 201,
    /// The token has five parts: a JWE.
    EncryptedToken = 202,
    /// The JOSE Header is not strict JSON, or a parameter has the wrong type.
    MalformedHeader = 203,
    /// "alg" is none of those implemented; "none" and the HS family never are.
    UnsupportedAlgorithm = 204,
    /// "alg" is implemented, but not in the policy.
    AlgorithmNotAllowed = 205,
    /// The header demands something that is not done here: crit, b64, enc.
    UnsupportedHeader = 206,
    /// "typ" is not the type that the policy asks for.
    WrongTokenType = 207,
    /// No key of the set fits the token's "kid" and "alg".
    NoMatchingKey = 208,
    /// No candidate key verifies the signature.
    InvalidSignature = 209,
    /// The value of the Authorization header holds no token.
    MalformedAuthorization = 210,
    /// The Claims Set is not strict JSON, or a claim has the wrong type.
    MalformedClaims = 300,
    /// A claim that the policy requires is missing.
    MissingClaim = 301,
    /// "exp" has passed (RFC 7519 section 4.1.4).
    Expired = 302,
    /// "nbf" lies ahead (RFC 7519 section 4.1.5).
    NotYetValid = 303,
    /// "iss" is none of the accepted issuers (RFC 7519 section 4.1.1).
    WrongIssuer = 304,
    /// "aud" names none of the accepted audiences, or the policy has none (RFC 7519 section 4.1.3).
    WrongAudience = 305,
    /// The service account's secret cannot be read, or is none.
    UnusableCredentials = 400,
    /// The issuer refuses the login: unknown account, wrong key, or a wrong request.
    LoginRejected = 401,
    /// There is no valid token of the service's own, and no login succeeds now.
    LoginUnavailable = 402,
}

impl From<ErrorKind> for bouncer_status {
    /// No wildcard: a new kind does not compile until it has a number.
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::InvalidArgument,
            ErrorKind::MalformedJwkSet => Self::MalformedJwkSet,
            ErrorKind::NoUsableKey => Self::NoUsableKey,
            ErrorKind::UnusableKey => Self::UnusableKey,
            ErrorKind::KeysUnavailable => Self::KeysUnavailable,
            ErrorKind::TokenTooLarge => Self::TokenTooLarge,
            ErrorKind::MalformedToken => Self::MalformedToken,
            ErrorKind::EncryptedToken => Self::EncryptedToken,
            ErrorKind::MalformedHeader => Self::MalformedHeader,
            ErrorKind::UnsupportedAlgorithm => Self::UnsupportedAlgorithm,
            ErrorKind::AlgorithmNotAllowed => Self::AlgorithmNotAllowed,
            ErrorKind::UnsupportedHeader => Self::UnsupportedHeader,
            ErrorKind::WrongTokenType => Self::WrongTokenType,
            ErrorKind::NoMatchingKey => Self::NoMatchingKey,
            ErrorKind::InvalidSignature => Self::InvalidSignature,
            ErrorKind::MalformedAuthorization => Self::MalformedAuthorization,
            ErrorKind::MalformedClaims => Self::MalformedClaims,
            ErrorKind::MissingClaim => Self::MissingClaim,
            ErrorKind::Expired => Self::Expired,
            ErrorKind::NotYetValid => Self::NotYetValid,
            ErrorKind::WrongIssuer => Self::WrongIssuer,
            ErrorKind::WrongAudience => Self::WrongAudience,
            ErrorKind::UnusableCredentials => Self::UnusableCredentials,
            ErrorKind::LoginRejected => Self::LoginRejected,
            ErrorKind::LoginUnavailable => Self::LoginUnavailable,
        }
    }
}

impl From<&Failure> for bouncer_status {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::NullArgument(_) => Self::NullArgument,
            Failure::Panicked => Self::Internal,
            Failure::Pending => Self::Pending,
            Failure::Fetch(kind, _) => (*kind).into(),
            Failure::Core(error) => error.kind().into(),
        }
    }
}

/// The stable name of a status, NUL-terminated: "expired". "unknown" for a number that this version does not
/// know. Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_status_name(status: u32) -> *const c_char {
    name(status).as_ptr()
}

/// The HTTP status that answers a request which ended so: 401 for the 200s and 300s, 503 for the 100s and 400s, 500 for the
/// rest, 200 for BOUNCER_STATUS_OK. An unknown number goes by its hundred.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_status_http_status(status: u32) -> u32 {
    match status / 100 {
        _ if status == bouncer_status::Ok as u32 => 200,
        1 | 4 => 503,
        2 | 3 => 401,
        _ => 500,
    }
}

/// The value of the WWW-Authenticate header of an answer with HTTP status 401 (RFC 6750 section 3): a bare "Bearer" where the
/// request holds no token, otherwise with `error="invalid_token"` and the name of the status. No text where the answer is
/// another, or the number is unknown. Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_status_challenge(status: u32) -> bouncer_str {
    let kind = ErrorKind::ALL.iter().find(|kind| kind.number() == status);
    kind.and_then(|kind| kind.challenge()).into()
}

fn name(status: u32) -> &'static CStr {
    const OWN: [(bouncer_status, &CStr); 4] = [
        (bouncer_status::Ok, c"ok"),
        (bouncer_status::NullArgument, c"null_argument"),
        (bouncer_status::Internal, c"internal"),
        (bouncer_status::Pending, c"pending"),
    ];
    let core = ErrorKind::ALL.iter().map(|&kind| (bouncer_status::from(kind), kind.as_c_str()));
    OWN.into_iter().chain(core).find(|(own, _)| *own as u32 == status).map_or(c"unknown", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCategory;

    #[test]
    fn every_kind_has_a_number_of_its_category_a_name_and_a_message() {
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
