/// @file status.hpp
///
/// How a call ended.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef BOUNCER_STATUS_HPP
#define BOUNCER_STATUS_HPP

#include "detail.hpp"

namespace bouncer {

/// How a call ended: the numbers of the C interface. Later versions add to them: go by is_invalid_token(),
/// is_keys_problem() and is_login_problem() for one that is not known here.
enum class Status : std::uint32_t {
    Ok = BOUNCER_STATUS_OK,
    // The calling program is at fault: answer a request with HTTP 500.
    NullArgument = BOUNCER_STATUS_NULL_ARGUMENT,        ///< An object was moved from.
    Internal = BOUNCER_STATUS_INTERNAL,                 ///< A bug in this library: please report it.
    InvalidArgument = BOUNCER_STATUS_INVALID_ARGUMENT,  ///< An argument or a policy setting is not usable.
    // The keys are at fault: HTTP 503, never 401.
    MalformedJwkSet = BOUNCER_STATUS_MALFORMED_JWK_SET,  ///< Not a JWK Set, or over 1 MiB or 1000 members.
    NoUsableKey = BOUNCER_STATUS_NO_USABLE_KEY,          ///< The JWK Set has no key that could verify a token.
    UnusableKey = BOUNCER_STATUS_UNUSABLE_KEY,           ///< A single key cannot be used.
    KeysUnavailable = BOUNCER_STATUS_KEYS_UNAVAILABLE,   ///< No remote keys yet, or not confirmed for too long.
    // The token or its signature: HTTP 401.
    TokenTooLarge = BOUNCER_STATUS_TOKEN_TOO_LARGE,                 ///< Longer than the policy allows.
    MalformedToken = BOUNCER_STATUS_MALFORMED_TOKEN,                ///< Not a JWS in Compact Serialization.
    EncryptedToken = BOUNCER_STATUS_ENCRYPTED_TOKEN,                ///< Five parts: a JWE.
    MalformedHeader = BOUNCER_STATUS_MALFORMED_HEADER,              ///< The JOSE Header is not strict JSON or mistyped.
    UnsupportedAlgorithm = BOUNCER_STATUS_UNSUPPORTED_ALGORITHM,    ///< "alg" is none of those implemented.
    AlgorithmNotAllowed = BOUNCER_STATUS_ALGORITHM_NOT_ALLOWED,     ///< "alg" is not in the policy.
    UnsupportedHeader = BOUNCER_STATUS_UNSUPPORTED_HEADER,          ///< crit, b64 or enc.
    WrongTokenType = BOUNCER_STATUS_WRONG_TOKEN_TYPE,               ///< "typ" is not what the policy asks for.
    NoMatchingKey = BOUNCER_STATUS_NO_MATCHING_KEY,                 ///< No key fits "kid" and "alg".
    InvalidSignature = BOUNCER_STATUS_INVALID_SIGNATURE,            ///< No candidate key verifies the signature.
    MalformedAuthorization = BOUNCER_STATUS_MALFORMED_AUTHORIZATION,  ///< The Authorization header holds no token.
    // The token's claims: HTTP 401.
    MalformedClaims = BOUNCER_STATUS_MALFORMED_CLAIMS,  ///< The Claims Set is not strict JSON, or a claim mistyped.
    MissingClaim = BOUNCER_STATUS_MISSING_CLAIM,        ///< A claim that the policy requires is missing.
    Expired = BOUNCER_STATUS_EXPIRED,                   ///< "exp" has passed.
    NotYetValid = BOUNCER_STATUS_NOT_YET_VALID,         ///< "nbf" lies ahead.
    WrongIssuer = BOUNCER_STATUS_WRONG_ISSUER,          ///< "iss" is none of the accepted issuers.
    WrongAudience = BOUNCER_STATUS_WRONG_AUDIENCE,      ///< "aud" names none of the accepted audiences.
    // The service's own login: HTTP 503.
    UnusableCredentials = BOUNCER_STATUS_UNUSABLE_CREDENTIALS,  ///< The account's secret cannot be read, or is none.
    LoginRejected = BOUNCER_STATUS_LOGIN_REJECTED,              ///< The issuer refuses account, key or request.
    LoginUnavailable = BOUNCER_STATUS_LOGIN_UNAVAILABLE,        ///< No valid token, and no login succeeds now.
};

/// The stable name of a status, NUL-terminated: "expired". "unknown" for a number that the library does not know.
namespace detail {

constexpr std::uint32_t number(Status status) noexcept {
    return static_cast<std::uint32_t>(status);
}

}  // namespace detail

/// The stable name of a status, NUL-terminated: "expired". "unknown" for a number that the library
/// does not know. Static.
[[nodiscard]] inline const char *status_name(Status status) noexcept {
    return bouncer_status_name(detail::number(status));
}

/// True if the token is at fault: answer the request with HTTP 401.
[[nodiscard]] constexpr bool is_invalid_token(Status status) noexcept {
    return detail::number(status) / 100 == 2 || detail::number(status) / 100 == 3;
}

/// True if the keys are at fault and the token may be valid: answer with HTTP 503, never 401.
[[nodiscard]] constexpr bool is_keys_problem(Status status) noexcept {
    return detail::number(status) / 100 == 1;
}

/// True if the service could not log in for a token of its own: answer with HTTP 503 if the request
/// needs that token.
[[nodiscard]] constexpr bool is_login_problem(Status status) noexcept {
    return detail::number(status) / 100 == 4;
}

/// The HTTP status for the answer to a request that ended so: 401, 503 or 500; 200 for Status::Ok.
[[nodiscard]] inline int http_status(Status status) noexcept {
    return static_cast<int>(bouncer_status_http_status(detail::number(status)));
}

namespace detail {

/// A status and what follows from it: the base of everything that ended with one.
class Outcome {
public:
    explicit Outcome(bouncer_status status) noexcept : status_(static_cast<Status>(status)) {}

    [[nodiscard]] Status status() const noexcept { return status_; }
    /// The stable name of the status, NUL-terminated: "expired". Static.
    [[nodiscard]] const char *name() const noexcept { return status_name(status_); }
    /// True if the token is at fault: answer the request with HTTP 401.
    [[nodiscard]] bool is_invalid_token() const noexcept { return bouncer::is_invalid_token(status_); }
    /// True if the keys are at fault and the token may be valid: answer with HTTP 503, never 401.
    [[nodiscard]] bool is_keys_problem() const noexcept { return bouncer::is_keys_problem(status_); }
    /// True if the service could not log in for a token of its own: answer with HTTP 503 if the
    /// request needs that token.
    [[nodiscard]] bool is_login_problem() const noexcept { return bouncer::is_login_problem(status_); }
    /// The HTTP status for the answer to the request: 401, 503 or 500; 200 for Status::Ok.
    [[nodiscard]] int http_status() const noexcept { return bouncer::http_status(status_); }
    /// The value of the WWW-Authenticate header of an answer with HTTP status 401 (RFC 6750 section
    /// 3); none for another status. Static.
    [[nodiscard]] std::optional<std::string_view> challenge() const noexcept {
        return optional_text(bouncer_status_challenge(number(status_)));
    }

private:
    Status status_;
};

}  // namespace detail
}  // namespace bouncer

#endif  // BOUNCER_STATUS_HPP
