/// @file ticket.hpp
/// Something to wait for.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "token.hpp"

namespace bouncer {

/// A fetch of keys that Verifier::wait() waits for, or a login that TokenRenewer::wait() waits for.
/// An empty one stands for none.
struct Ticket {
    std::uint64_t bits = 0;  ///< For functions of bouncer_verify.h.

    /// True if there is something to wait for.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return bits != 0; }
};

/// What Verifier::verify_now() returns: the final verdict on a token, or the ticket of the fetch
/// that decides.
class [[nodiscard]] Verdict {
public:
    explicit Verdict(Ticket ticket) noexcept : outcome_(ticket) {}
    explicit Verdict(Result<VerifiedToken> result) noexcept : outcome_(std::move(result)) {}

    /// What to wait for; empty if the verdict is final.
    [[nodiscard]] Ticket ticket() const noexcept {
        const Ticket *ticket = std::get_if<Ticket>(&outcome_);
        return ticket != nullptr ? *ticket : Ticket();
    }
    /// True if a fetch decides: there is no result yet.
    [[nodiscard]] bool is_pending() const noexcept { return static_cast<bool>(ticket()); }
    /// The final verdict. Ends the program with std::abort() if it is pending.
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
