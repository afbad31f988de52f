// Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.

#pragma once

#include <cstdint>

namespace bouncer {

/// How a call ended: the numbers of the C interface, permanent. Later versions add to them:
/// is_invalid_token(), is_keys_problem() and is_login_problem() know those too.
enum class Status : std::uint32_t {
    Ok = 0,
    // The calling program is at fault: HTTP 500.
    NullArgument = 1,  ///< An object was moved from.
    Internal = 2,  ///< A bug in this library: please report it.
    InvalidArgument = 3,  ///< An argument is not usable.
    // The keys are at fault: HTTP 503, never 401.
    MalformedJwkSet = 100,  ///< The document is not a JWK Set.
    NoUsableKey = 101,  ///< The JWK Set has no usable key.
    UnusableKey = 102,  ///< The key is not usable.
    KeysUnavailable = 103,  ///< No keys are available to judge with.
    Pending = 104,  ///< No verdict yet: a fetch of keys decides.
    // The token is at fault: HTTP 401.
    TokenTooLarge = 200,  ///< The token is too large.
    MalformedToken = 201,  ///< The token is malformed.
    EncryptedToken = 202,  ///< The token is encrypted.
    MalformedHeader = 203,  ///< The token's header is malformed.
    UnsupportedAlgorithm = 204,  ///< The token's algorithm is not supported.
    AlgorithmNotAllowed = 205,  ///< The token's algorithm is not allowed.
    UnsupportedHeader = 206,  ///< The token's header demands an unsupported extension.
    WrongTokenType = 207,  ///< The token is of another type.
    NoMatchingKey = 208,  ///< No key matches the token.
    InvalidSignature = 209,  ///< The token's signature is invalid.
    MalformedAuthorization = 210,  ///< The Authorization header is malformed.
    MalformedClaims = 300,  ///< The token's claims are malformed.
    MissingClaim = 301,  ///< A required claim is missing.
    Expired = 302,  ///< The token has expired.
    NotYetValid = 303,  ///< The token is not valid yet.
    WrongIssuer = 304,  ///< The token is from another issuer.
    WrongAudience = 305,  ///< The token is for another audience.
    // The service's own login failed: HTTP 503.
    UnusableCredentials = 400,  ///< The credentials are not usable.
    LoginRejected = 401,  ///< The issuer refuses the login.
    LoginUnavailable = 402,  ///< No valid token can be obtained now.
};

}  // namespace bouncer
