/// @file renewer.hpp
/// The service's own token.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "settings_generated.hpp"
#include "stats.hpp"
#include "ticket.hpp"

namespace bouncer {

/// A token of the service's own. It is secret: no operator writes it to a log. It outlives its
/// renewer. Its memory is wiped when the last owner is gone.
class OwnToken : public detail::Owner<bouncer_own_token> {
public:
    using Owner::Owner;

    /// The token's text.
    [[nodiscard]] std::string_view text() const & noexcept {
        return detail::text(bouncer_own_token_text(handle()));
    }
    /// The value of the Authorization header: "token=<token>" or "Bearer <token>".
    [[nodiscard]] std::string_view authorization() const & noexcept {
        return detail::text(bouncer_own_token_authorization(handle()));
    }
    /// Its "exp", in seconds since 1970-01-01T00:00:00Z, if it is a JWT that has one.
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept {
        return detail::optional_number(bouncer_own_token_expires_at, handle());
    }
    /// 1 for the first token of a renewer in this process, and one more for each.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return bouncer_own_token_generation(handle());
    }

    std::string_view text() const && = delete;
    std::string_view authorization() const && = delete;
};

/// Keeps the service's own token valid: logs in, returns the token without latency, renews it in a
/// background thread before it expires, and again when a server rejects it. Make one for each
/// account and keep it.
///
/// - The token is renewed at 70 to 80 % of its lifetime. After a failed renewal the old token is
///   used until it expires, and the renewal is retried with growing back-off.
/// - After fork() the child's object works and starts its own thread when it needs one, unless the
///   program supplies the tokens. The thread has the signal mask of the thread that made it.
///
/// The thread ends with it, or with close(); its tokens stay valid. The destructor does not wait
/// for the thread, and no call may be under way then: a thread in wait_login() returns after
/// close(), and is joined before the destructor. A timeout of 0 or less does not wait.
class TokenRenewer : public detail::Owner<bouncer_renewer> {
public:
    using Owner::Owner;

    /// Makes a renewer of `settings`, which are copied. The first login begins at once, in the
    /// background, unless `lazy` is set. On failure: Status::InvalidArgument, a setting;
    /// Status::UnusableCredentials, the account's secret.
    static Result<TokenRenewer> try_make(const RenewerSettings &settings) noexcept {
        return detail::make<TokenRenewer>(bouncer_renewer_new, settings.handle());
    }
    /// A valid token. Waits up to `max_wait`, by default 10 seconds, if there is none and one may
    /// come soon, and in the last seconds of one for its renewal; in an outage it does not wait. On
    /// failure: Status::LoginRejected or Status::UnusableCredentials, and the operator has to act;
    /// Status::LoginUnavailable.
    Result<OwnToken> try_token() const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_token, handle());
    }
    /// A valid token as try_token() returns, but never waits: for callers that must not block a
    /// thread.
    ///
    /// `ticket` is empty at first. If it is not empty afterwards, there may be a better answer once
    /// that login is done: wait for it on some thread (wait()) and call again with it. Otherwise
    /// the answer is final.
    Result<OwnToken> try_token_now(Ticket &ticket) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_token_now, handle(), &ticket.bits);
    }
    /// A server rejected the token of this text (is_token_rejection()): returns another one. If
    /// there is a newer one, that is it. Otherwise all callers share one login: one at once, then
    /// max one in 30 seconds. Until it succeeds other callers keep the old token. On failure: as
    /// try_token(), and Status::LoginUnavailable also if there is no newer one.
    Result<OwnToken> try_reject(std::string_view token) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_reject, handle(), token);
    }
    /// Returns another token as try_reject() does, but never waits; `ticket` is as for
    /// try_token_now().
    Result<OwnToken> try_reject_now(std::string_view token, Ticket &ticket) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_reject_now, handle(), token, &ticket.bits);
    }
    /// Waits until there is a valid token. On failure: as try_token(), after `timeout`, or at once
    /// if waiting does not help, as when the login is rejected.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_renewer_wait_ready, handle(), timeout);
    }
    /// Logs in now and waits for it; several callers share one login. For operators, not for each
    /// request: the rate is not limited. On failure, as try_token() with the reason in the message,
    /// the token in use stays.
    Result<void> try_renew(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_renewer_renew, handle(), timeout);
    }
    /// What it has done: the BOUNCER_STAT_RENEWER_ rows. On failure: Status::NullArgument after a
    /// move.
    Result<Stats> try_stats() const noexcept {
        return detail::make<Stats>(bouncer_renewer_stats, handle());
    }
    /// Waits for the login that `ticket` stands for. False if it is not done after `timeout`, or
    /// never will be, or there is none.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait(handle(), ticket.bits, detail::count(timeout)) != 0;
    }
    /// Waits until `attempts` logins are over (BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL), for monitors.
    /// False if they are not after `timeout`, or never will be.
    [[nodiscard]] bool wait_attempts(std::uint64_t attempts,
                                     std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait_attempts(handle(), attempts, detail::count(timeout)) != 0;
    }
    /// Ends it: cancels a login that is under way and ends the thread. From now on there is no
    /// token.
    void close() const noexcept { bouncer_renewer_close(handle()); }

    /// For tokens that the program supplies: waits until one is wanted. False if none is after
    /// `timeout`, or the renewer is closed or logs in by itself.
    [[nodiscard]] bool wait_login(std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait_login(handle(), detail::count(timeout)) != 0;
    }
    /// Supplies the token that is wanted. It lives for `lifetime` from now. Without `lifetime` a
    /// JWT lives up to its "exp", another token for ever. A token that cannot be used counts as a
    /// failed login. On failure: Status::InvalidArgument, the renewer logs in by itself, or no
    /// token is wanted.
    Result<void> try_supply(std::string_view token, std::optional<std::chrono::seconds> lifetime =
                                                        std::nullopt) const noexcept {
        const std::int64_t seconds = !lifetime               ? -1
                                     : lifetime->count() > 0 ? std::int64_t{lifetime->count()}
                                                             : 0;
        return detail::act(bouncer_renewer_supply, handle(), token, seconds);
    }
    /// Reports that the token that is wanted cannot be had now. `is_rejected`: the login was
    /// refused, so a retry soon is of no use. `reason` goes to logs and must hold no secret. On
    /// failure: as try_supply().
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

/// Whether the answer to a request with the own token says that the token was rejected:
/// TokenRenewer::try_reject() returns another one then. True for HTTP status 401 whose
/// WWW-Authenticate is absent, empty, or asks for "acsjwt", "oauthjwt" or "Bearer", and for status
/// 16 of gRPC. Never for 403.
[[nodiscard]] inline bool is_token_rejection(
    std::uint16_t http_status, std::optional<std::string_view> www_authenticate = std::nullopt,
    std::optional<std::string_view> grpc_status = std::nullopt) noexcept {
    // To C, NULL is an absent field and not an empty one.
    const auto field = [](std::optional<std::string_view> text) noexcept {
        return text && text->data() == nullptr ? std::string_view("")
                                               : text.value_or(std::string_view());
    };
    const std::string_view www = field(www_authenticate), grpc = field(grpc_status);
    return bouncer_is_token_rejection(http_status, www.data(), www.size(), grpc.data(),
                                      grpc.size()) != 0;
}

}  // namespace bouncer
