/// @file renewer.hpp
/// The service's own token.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "settings_generated.hpp"
#include "stats.hpp"
#include "ticket.hpp"
#include "watch.hpp"

namespace bouncer {

/// A token that the service sends in its own requests. It is secret: no `operator<<` prints it. It
/// can be used after its renewer is destroyed. Its memory is wiped once nothing uses it.
class OwnToken : public detail::Owner<bouncer_own_token> {
public:
    using Owner::Owner;

    /// The token.
    [[nodiscard]] std::string_view text() const & noexcept {
        return detail::text(bouncer_own_token_text(handle()));
    }
    /// The value of the Authorization header: "token=<token>" or "Bearer <token>".
    [[nodiscard]] std::string_view authorization() const & noexcept {
        return detail::text(bouncer_own_token_authorization(handle()));
    }
    /// The token's "exp", in seconds since 1970-01-01T00:00:00Z, if it is a JWT that has one.
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept {
        return detail::optional_number(bouncer_own_token_expires_at, handle());
    }
    /// The generation of the token: 1 for the renewer's first token, then one more for each new
    /// token.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return bouncer_own_token_generation(handle());
    }

    std::string_view text() const && = delete;           // store the object first
    std::string_view authorization() const && = delete;  // store the object first
};

/// Keeps the service's own token valid. A background thread logs in, renews the token before it
/// expires, and logs in again after reject(). token() returns the current token at once.
/// Make one renewer for each account and keep it.
///
/// - The token is renewed after 70 to 80 % of its lifetime. A failed renewal is retried with
///   back-off. The current token stays in use until it expires.
/// - After fork() the child may use its copy of the object, unless the program supplies the tokens.
///   The child starts its own threads when it first needs them. The threads of this library
///   block all signals.
///
/// The destructor closes the renewer as close() does. An OwnToken can still be used afterwards. No
/// other thread may be inside a call while the destructor runs. If a thread is in wait_login(),
/// call close() and join that thread first.
///
/// With a timeout of 0 or less, a function does not wait.
class TokenRenewer : public detail::Owner<bouncer_renewer> {
public:
    using Owner::Owner;

    /// Makes a renewer from a copy of `settings`. The first login starts at once in the background,
    /// unless `lazy` is set. On failure: Status::InvalidArgument if a setting is invalid;
    /// Status::UnusableCredentials if the account's secret is unusable.
    static Result<TokenRenewer> try_make(const RenewerSettings &settings) noexcept {
        return detail::make<TokenRenewer>(bouncer_renewer_new, settings.handle());
    }
    /// Returns a valid token. Waits up to `max_wait` (default 10 seconds) if there is no valid
    /// token and a login may soon return one. It also waits in the last 10 to 60 seconds before the
    /// current token expires: 5 % of its lifetime, and never more than a quarter. It does not wait
    /// if the last login failed and the current token is still valid, or if several logins in a row
    /// have failed. On failure: Status::LoginRejected or Status::UnusableCredentials, which only an
    /// operator can fix, or Status::LoginUnavailable.
    Result<OwnToken> try_token() const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_token, handle());
    }
    /// Returns a valid token as try_token() does, but never blocks.
    ///
    /// Pass an empty `ticket` to the first call. If `ticket` is empty after the call, the result is
    /// final. Otherwise a login is in flight that may improve the result. Wait for that login in an
    /// event loop with a Watch, or with wait() on a thread that may block. Then call again with the
    /// same `ticket`.
    Result<OwnToken> try_token_now(Ticket &ticket) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_token_now, handle(), &ticket.bits);
    }
    /// Reports that a server rejected `token` (is_token_rejection()), and returns another token. If
    /// there is already a newer token, returns that token. Otherwise waits up to `max_wait` for a
    /// login that all callers share. The first such login starts at once, later ones at most once
    /// in 30 seconds. Until a login succeeds, try_token() still returns the rejected token. On
    /// failure: as try_token(), and Status::LoginUnavailable also if there is no newer token.
    Result<OwnToken> try_reject(std::string_view token) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_reject, handle(), token);
    }
    /// Returns another token as try_reject() does, but never blocks. `ticket` works as in
    /// try_token_now().
    Result<OwnToken> try_reject_now(std::string_view token, Ticket &ticket) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_reject_now, handle(), token, &ticket.bits);
    }
    /// Waits up to `timeout` for a valid token. On failure: as try_token(). Returns at once if only
    /// an operator can fix the failure, for example a rejected login.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_renewer_wait_ready, handle(), timeout);
    }
    /// Logs in now and waits up to `timeout` for the login to end. Concurrent callers share one
    /// login. Use it for operator commands, not for requests: no rate limit applies. On failure: as
    /// try_token(), with the cause in the message. The current token stays in use.
    Result<void> try_renew(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_renewer_renew, handle(), timeout);
    }
    /// Takes a snapshot of counters and states: the BOUNCER_STAT_RENEWER_ rows. On failure:
    /// Status::NullArgument after a move.
    Result<Stats> try_stats() const noexcept {
        return detail::make<Stats>(bouncer_renewer_stats, handle());
    }
    /// Waits for the login of `ticket`. Returns true if it has ended, or if the renewer is closed.
    /// Returns false on timeout, or for an empty ticket.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait(handle(), ticket.bits, detail::count(timeout)) != 0;
    }
    /// Makes a watch, for an event loop that waits for logins. On failure: Status::SystemError.
    Result<Watch> try_watch() const noexcept {
        return detail::make<Watch>(bouncer_renewer_watch, handle());
    }
    /// Waits until BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL, the number of ended logins, is at least
    /// `attempts`. Returns false on timeout or if the renewer is closed. It is for programs that
    /// monitor the renewer.
    [[nodiscard]] bool wait_attempts(std::uint64_t attempts,
                                     std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait_attempts(handle(), attempts, detail::count(timeout)) != 0;
    }
    /// Closes the renewer. Cancels a login in flight and removes the token. Waits at most one
    /// second for the thread of the login to end. The thread that serves all key sets and renewers
    /// ends with the last of them. Afterwards try_token() fails with Status::LoginUnavailable.
    void close() const noexcept { bouncer_renewer_close(handle()); }

    /// Waits until the program must supply a token (setting `supplied`). Returns false on timeout,
    /// or if the renewer is closed or logs in by itself.
    [[nodiscard]] bool wait_login(std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait_login(handle(), detail::count(timeout)) != 0;
    }
    /// Supplies a token after wait_login() returned true. The token is valid for `lifetime` from
    /// now. Without `lifetime`, a JWT is valid until its "exp". A token without "exp" does not
    /// expire. A `lifetime` of 0 or less counts as a failed login, and so does a token with
    /// characters that are invalid in an HTTP header. On failure: Status::InvalidArgument if the
    /// renewer logs in by itself, is not waiting for a token, or the token is not UTF-8.
    Result<void> try_supply(std::string_view token, std::optional<std::chrono::seconds> lifetime =
                                                        std::nullopt) const noexcept {
        const std::int64_t seconds = !lifetime               ? -1
                                     : lifetime->count() > 0 ? std::int64_t{lifetime->count()}
                                                             : 0;
        return detail::act(bouncer_renewer_supply, handle(), token, seconds);
    }
    /// Reports that the program has no token now. Set `is_rejected` if the login was rejected and
    /// an early retry would not help. `reason` is logged and must not contain a secret. On failure:
    /// as try_supply().
    Result<void> try_supply_failure(std::string_view reason,
                                    bool is_rejected = false) const noexcept {
        return detail::act(bouncer_renewer_supply_failure, handle(), std::int32_t{is_rejected},
                           reason);
    }

#ifdef __cpp_exceptions
    /// @copydoc try_make @throws Error
    explicit TokenRenewer(const RenewerSettings &settings)
        : TokenRenewer(try_make(settings).or_throw()) {}
    /// @copydoc try_token @throws Error
    [[nodiscard]] OwnToken token() const { return try_token().or_throw(); }
    /// @copydoc try_token_now @throws Error
    [[nodiscard]] OwnToken token_now(Ticket &ticket) const {
        return try_token_now(ticket).or_throw();
    }
    /// @copydoc try_reject @throws Error
    [[nodiscard]] OwnToken reject(std::string_view token) const {
        return try_reject(token).or_throw();
    }
    /// @copydoc try_reject_now @throws Error
    [[nodiscard]] OwnToken reject_now(std::string_view token, Ticket &ticket) const {
        return try_reject_now(token, ticket).or_throw();
    }
    /// @copydoc try_wait_ready @throws Error
    void wait_ready(std::chrono::milliseconds timeout) const { try_wait_ready(timeout).or_throw(); }
    /// @copydoc try_renew @throws Error
    void renew(std::chrono::milliseconds timeout) const { try_renew(timeout).or_throw(); }
    /// @copydoc try_stats @throws Error
    [[nodiscard]] Stats stats() const { return try_stats().or_throw(); }
    /// @copydoc try_watch @throws Error
    [[nodiscard]] Watch watch() const { return try_watch().or_throw(); }
    /// @copydoc try_supply @throws Error
    void supply(std::string_view token,
                std::optional<std::chrono::seconds> lifetime = std::nullopt) const {
        try_supply(token, lifetime).or_throw();
    }
    /// @copydoc try_supply_failure @throws Error
    void supply_failure(std::string_view reason, bool is_rejected = false) const {
        try_supply_failure(reason, is_rejected).or_throw();
    }
#endif
};

/// Returns true if a response to a request with the service's own token reports that the server
/// rejected that token. TokenRenewer::try_reject() then returns another token. True for HTTP status
/// 401 if WWW-Authenticate is absent, empty, or names the scheme "acsjwt", "oauthjwt" or "Bearer".
/// True for gRPC status 16. HTTP status 403 alone is not a rejection of the token.
[[nodiscard]] inline bool is_token_rejection(
    std::uint16_t http_status, std::optional<std::string_view> www_authenticate = std::nullopt,
    std::optional<std::string_view> grpc_status = std::nullopt) noexcept {
    // The C function treats NULL as an absent field. So an empty field needs a pointer.
    const auto field = [](std::optional<std::string_view> text) noexcept {
        return text && text->data() == nullptr ? std::string_view("")
                                               : text.value_or(std::string_view());
    };
    const std::string_view www = field(www_authenticate), grpc = field(grpc_status);
    return bouncer_is_token_rejection(http_status, www.data(), www.size(), grpc.data(),
                                      grpc.size()) != 0;
}

}  // namespace bouncer
