/// @file ticket.hpp
/// Tickets and pending verdicts.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "token.hpp"

namespace bouncer {

/// A fetch that Verifier::wait() waits for, or a login that TokenRenewer::wait() waits for. An
/// empty ticket refers to no fetch and no login.
struct Ticket {
    std::uint64_t bits = 0;  ///< For functions of bouncer_verify.h.

    /// True if the ticket is not empty.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return bits != 0; }
};

/// The result of Verifier::verify_now(): the final verdict on a token, or the ticket of a fetch
/// that the verdict depends on.
class [[nodiscard]] Verdict {
public:
    explicit Verdict(Ticket ticket) noexcept : outcome_(ticket) {}
    explicit Verdict(Result<VerifiedToken> result) noexcept : outcome_(std::move(result)) {}

    /// The ticket to wait for; empty if the verdict is final.
    [[nodiscard]] Ticket ticket() const noexcept {
        const Ticket *ticket = std::get_if<Ticket>(&outcome_);
        return ticket != nullptr ? *ticket : Ticket();
    }
    /// True if the verdict depends on a fetch: there is no result yet.
    [[nodiscard]] bool is_pending() const noexcept { return static_cast<bool>(ticket()); }
    /// The final verdict. Calls std::abort() if the verdict is pending.
    [[nodiscard]] const Result<VerifiedToken> &result() const & noexcept {
        return detail::present(std::get_if<Result<VerifiedToken>>(&outcome_));
    }
    [[nodiscard]] Result<VerifiedToken> result() && noexcept {
        return std::move(detail::present(std::get_if<Result<VerifiedToken>>(&outcome_)));
    }

private:
    std::variant<Ticket, Result<VerifiedToken>> outcome_;
};

}  // namespace bouncer
