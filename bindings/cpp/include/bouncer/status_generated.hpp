// Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.

#pragma once

#include <cstdint>

namespace bouncer {

/// The result of a call, with the permanent numbers of the C interface. Later versions may add
/// numbers: is_invalid_token(), is_keys_problem() and is_login_problem() work for them too.
enum class Status : std::uint32_t {
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
};

}  // namespace bouncer
