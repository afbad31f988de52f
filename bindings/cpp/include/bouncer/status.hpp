/// @file status.hpp
/// The status of a call.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "detail.hpp"
#include "status_generated.hpp"

namespace bouncer {

namespace detail {

constexpr std::uint32_t number(Status status) noexcept {
    return static_cast<std::uint32_t>(status);
}

}  // namespace detail

/// The stable name of a status, NUL-terminated, for example "expired". The name is "unknown" for a
/// number that the library does not know. The text is static.
[[nodiscard]] inline const char *status_name(Status status) noexcept {
    return bouncer_status_name(detail::number(status));
}

/// True if the token is rejected: respond with HTTP status 401, or 403 for
/// Status::InsufficientScope.
[[nodiscard]] constexpr bool is_invalid_token(Status status) noexcept {
    return detail::number(status) / 100 == 2 || detail::number(status) / 100 == 3;
}

/// True if there are no usable keys and the token may be valid: respond with HTTP status 503, never
/// 401.
[[nodiscard]] constexpr bool is_keys_problem(Status status) noexcept {
    return detail::number(status) / 100 == 1;
}

/// True if the service has no token of its own: respond with HTTP status 503 if the request needs
/// that token.
[[nodiscard]] constexpr bool is_login_problem(Status status) noexcept {
    return detail::number(status) / 100 == 4;
}

/// The HTTP status for the response to a request whose verification returned `status`: 401, 403,
/// 503 or 500; 200 for Status::Ok.
[[nodiscard]] inline int http_status(Status status) noexcept {
    return static_cast<int>(bouncer_status_http_status(detail::number(status)));
}

namespace detail {

/// A status and the values derived from it: the base of all classes with a status.
class Outcome {
public:
    explicit Outcome(bouncer_status status) noexcept : status_(static_cast<Status>(status)) {}

    [[nodiscard]] Status status() const noexcept { return status_; }
    /// The stable name of the status, NUL-terminated, for example "expired". The text is static.
    [[nodiscard]] const char *name() const noexcept { return status_name(status_); }
    /// True if the token is rejected: respond with HTTP status 401, or 403 for
    /// Status::InsufficientScope.
    [[nodiscard]] bool is_invalid_token() const noexcept {
        return bouncer::is_invalid_token(status_);
    }
    /// True if there are no usable keys and the token may be valid: respond with HTTP status 503,
    /// never 401.
    [[nodiscard]] bool is_keys_problem() const noexcept {
        return bouncer::is_keys_problem(status_);
    }
    /// True if the service has no token of its own: respond with HTTP status 503 if the request
    /// needs that token.
    [[nodiscard]] bool is_login_problem() const noexcept {
        return bouncer::is_login_problem(status_);
    }
    /// The HTTP status for the response to the request: 401, 403, 503 or 500; 200 for Status::Ok.
    [[nodiscard]] int http_status() const noexcept { return bouncer::http_status(status_); }
    /// The value of the WWW-Authenticate header for a response with HTTP status 401 or 403 (RFC
    /// 6750 section 3); none for other statuses: `if (auto challenge = error.challenge())`. The
    /// text is static.
    [[nodiscard]] std::optional<std::string_view> challenge() const noexcept {
        return optional_text(bouncer_status_challenge(number(status_)));
    }

private:
    Status status_;
};

}  // namespace detail
}  // namespace bouncer
