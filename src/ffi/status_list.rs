// Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.
//! The statuses. Their numbers are permanent.

use crate::ErrorKind;
use std::ffi::CStr;

/// The result of a call. The numbers are permanent. Later versions may add numbers, so handle an
/// unknown number by its range.
///
/// - 0: success
/// - 1 to 99: an error of the calling program, a bug in this library (2), or an error of the
///   operating system (4). Respond with HTTP 500.
/// - 100 to 199: no usable keys. HTTP 503, never 401. Status 104 is not an error: wait.
/// - 200 to 299: the token or its signature is invalid. HTTP 401.
/// - 300 to 399: the signature is valid, but the claims are rejected. HTTP 401, but 403 for 307.
/// - 400 to 499: the service's own login failed. HTTP 503.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_status {
    /// Success.
    Ok = 0,
    /// A pointer that must not be NULL is NULL.
    NullArgument = 1,
    /// A bug in this library: please report it. The program may continue.
    Internal = 2,
    /// An argument or a setting is invalid. The detail contains the reason.
    InvalidArgument = 3,
    /// The operating system refused a resource, for example because too many files are open.
    SystemError = 4,
    /// The document is not a JWK Set (RFC 7517 section 5), or it is too large.
    MalformedJwkSet = 100,
    /// The JWK Set has no usable key. The detail contains why the first key was skipped.
    NoUsableKey = 101,
    /// A single key (JWK, PEM, DER or components) cannot be used. The detail contains the reason.
    UnusableKey = 102,
    /// A remote JWK Set was never fetched, is closed, or was last fetched too long ago. Also
    /// returned if the fetch that could find the token's key failed or timed out. The detail
    /// contains the reason.
    KeysUnavailable = 103,
    /// Not an error: the result depends on a fetch that is in flight. The call returned a ticket
    /// for it.
    Pending = 104,
    /// The token is longer than the policy allows.
    TokenTooLarge = 200,
    /// The token is not a JWS in Compact Serialization (RFC 7515 section 3.1).
    MalformedToken = 201,
    /// The token has five parts: it is a JWE (RFC 7516), which is not supported.
    EncryptedToken = 202,
    /// The JOSE Header is not strict JSON, or a parameter has the wrong type (RFC 7515 section 4).
    MalformedHeader = 203,
    /// "alg" is not implemented. "none" and the HS family are never supported.
    UnsupportedAlgorithm = 204,
    /// "alg" is implemented, but the policy does not allow it.
    AlgorithmNotAllowed = 205,
    /// The header requires an extension that is not supported: crit, b64, enc.
    UnsupportedHeader = 206,
    /// "typ" is not the type that the policy requires (RFC 8725 section 3.11).
    WrongTokenType = 207,
    /// No key of the set matches the token's "kid" and "alg".
    NoMatchingKey = 208,
    /// No key verifies the signature. At most four matching keys are tried, which limits the cost
    /// of a forged token. If more keys match, the detail reports that.
    InvalidSignature = 209,
    /// The value of the Authorization header contains no token.
    MalformedAuthorization = 210,
    /// The Claims Set is not strict JSON, or a claim has the wrong type (RFC 7519 section 4).
    MalformedClaims = 300,
    /// A claim that the policy requires is missing.
    MissingClaim = 301,
    /// "exp" has passed (RFC 7519 section 4.1.4).
    Expired = 302,
    /// "nbf" is in the future, by more than the tolerance (RFC 7519 section 4.1.5).
    NotYetValid = 303,
    /// "iss" is not an accepted issuer (RFC 7519 section 4.1.1).
    WrongIssuer = 304,
    /// "aud" contains no accepted audience, or the policy accepts none (RFC 7519 section 4.1.3).
    WrongAudience = 305,
    /// A claim has a value that the policy does not allow.
    ClaimNotAllowed = 306,
    /// The token lacks a scope that the policy requires (RFC 6750 section 3.1). HTTP 403.
    InsufficientScope = 307,
    /// The secret, key or certificate of the service's own login cannot be read or used. The detail
    /// contains the reason.
    UnusableCredentials = 400,
    /// The issuer rejected the login: unknown account, wrong key or wrong request.
    LoginRejected = 401,
    /// The service has no usable token of its own: its login failed, has not finished, or is not
    /// allowed yet.
    LoginUnavailable = 402,
}

impl From<ErrorKind> for bouncer_status {
    /// No wildcard: a new kind does not compile until this file is generated again.
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
            ErrorKind::ClaimNotAllowed => Self::ClaimNotAllowed,
            ErrorKind::InsufficientScope => Self::InsufficientScope,
            ErrorKind::UnusableCredentials => Self::UnusableCredentials,
            ErrorKind::LoginRejected => Self::LoginRejected,
            ErrorKind::LoginUnavailable => Self::LoginUnavailable,
        }
    }
}

impl bouncer_status {
    /// The statuses that are not an [`ErrorKind`], with their names.
    pub(super) const OWN: [(Self, &CStr); 5] = [
        (Self::Ok, c"ok"),
        (Self::NullArgument, c"null_argument"),
        (Self::Internal, c"internal"),
        (Self::SystemError, c"system_error"),
        (Self::Pending, c"pending"),
    ];
}
