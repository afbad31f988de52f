// Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.

#pragma once

#include <cstdint>

namespace bouncer {

/// How a call ended: the numbers of the C interface, permanent. Later versions add to them:
/// is_invalid_token(), is_keys_problem() and is_login_problem() know those too.
enum class Status : std::uint32_t {
    /// Success.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullArgument = 1,
    /// A bug in this library: please report it. The program can go on.
    Internal = 2,
    /// An argument or a setting is not usable.
    InvalidArgument = 3,
    /// The document is not a JWK Set (RFC 7517 section 5), or it is too large.
    MalformedJwkSet = 100,
    /// The JWK Set has no key that could verify a token. Each skipped key says why.
    NoUsableKey = 101,
    /// A single key (JWK, PEM, DER or components) cannot be used. The detail says why.
    UnusableKey = 102,
    /// A remote JWK Set has not been fetched yet, or the latest success is too long ago. Or the
    /// fetch that decides about the token's key failed, or was not over in time. The detail says
    /// which, and why.
    KeysUnavailable = 103,
    /// No verdict yet: a fetch of keys decides. A ticket comes with it.
    Pending = 104,
    /// The token is longer than the policy allows.
    TokenTooLarge = 200,
    /// The token is not a JWS in Compact Serialization (RFC 7515 section 3.1).
    MalformedToken = 201,
    /// The token has five parts: a JWE (RFC 7516), which is not for verification.
    EncryptedToken = 202,
    /// The JOSE Header is not strict JSON, or a parameter has the wrong type (RFC 7515 section 4).
    MalformedHeader = 203,
    /// "alg" is none of those implemented; "none" and the HS family never are.
    UnsupportedAlgorithm = 204,
    /// "alg" is implemented, but not in the policy.
    AlgorithmNotAllowed = 205,
    /// The header demands something that is not done here: crit, b64, enc.
    UnsupportedHeader = 206,
    /// "typ" is not the type that the policy asks for (RFC 8725 section 3.11).
    WrongTokenType = 207,
    /// No key of the set fits the token's "kid" and "alg".
    NoMatchingKey = 208,
    /// No candidate key verifies the signature. On purpose the detail says at most that not all
    /// keys were tried.
    InvalidSignature = 209,
    /// The value of the Authorization header holds no token.
    MalformedAuthorization = 210,
    /// The Claims Set is not strict JSON, or a claim has the wrong type (RFC 7519 section 4).
    MalformedClaims = 300,
    /// A claim that the policy requires is missing.
    MissingClaim = 301,
    /// "exp" has passed (RFC 7519 section 4.1.4).
    Expired = 302,
    /// "nbf" lies further ahead than is tolerated (RFC 7519 section 4.1.5).
    NotYetValid = 303,
    /// "iss" is none of the accepted issuers (RFC 7519 section 4.1.1).
    WrongIssuer = 304,
    /// "aud" names none of the accepted audiences, or the policy has none (RFC 7519 section 4.1.3).
    WrongAudience = 305,
    /// A claim has a value that the policy does not allow.
    ClaimNotAllowed = 306,
    /// The secret, key or certificate of the service's own login cannot be read, or is not usable.
    /// The detail says why.
    UnusableCredentials = 400,
    /// The issuer refuses the login: unknown account, wrong key, or a wrong request.
    LoginRejected = 401,
    /// There is no valid token of the service's own, and no login succeeds now.
    LoginUnavailable = 402,
};

}  // namespace bouncer
