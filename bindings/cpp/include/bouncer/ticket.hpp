/// @file ticket.hpp
///
/// Something to wait for.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef BOUNCER_TICKET_HPP
#define BOUNCER_TICKET_HPP

#include "detail.hpp"

namespace bouncer {

/// A fetch or a login that is under way or about to begin, and that could change an answer.
/// Verifier::try_verify_now() returns one for RemoteJwkSet::wait(), TokenRenewer::try_token_now() one
/// for TokenRenewer::wait(). An empty one stands for none.
class Ticket {
public:
    constexpr Ticket() noexcept = default;

    /// True if there is something to wait for.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return bits_ != 0; }

private:
    friend class RemoteJwkSet;
    friend class TokenRenewer;
    friend class VerdictView;
    friend class Verifier;

    std::uint64_t bits_ = 0;
};

}  // namespace bouncer

#endif  // BOUNCER_TICKET_HPP
