/// @file policy.hpp
/// What a token must be.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"
#include "settings_generated.hpp"

namespace bouncer {

/// What a token must be to be accepted, beyond its signature:
///
///     Policy policy(PolicySettings().issuers({"https://id.example"}).audiences({"orders"}));
///
/// A policy says whose tokens it accepts: `issuers`, `any_issuer`, or the profile "dcos".
class Policy : public detail::Owner<bouncer_policy> {
public:
    using Owner::Owner;

    /// Makes a policy of `settings`, which are copied. On failure: Status::InvalidArgument, the
    /// first failure of the settings.
    static Result<Policy> try_make(const PolicySettings &settings) noexcept {
        return detail::make<Policy>(bouncer_policy_new, settings.handle());
    }
    /// For tokens that `issuer` made for `audience`: RS256; "exp" is required, "iss" and "aud" must
    /// match. On failure: Status::InvalidArgument for empty text or text that is not UTF-8.
    static Result<Policy> try_for_issuer(std::string_view issuer,
                                         std::string_view audience) noexcept {
        return try_make(PolicySettings().issuers({issuer}).audiences({audience}));
    }
    /// For DC/OS's Bouncer: RS256; "exp" and a non-empty string "uid" are required; "iss" is not
    /// compared.
    [[nodiscard]] static Policy dcos() noexcept {
        return try_make(PolicySettings().profile("dcos")).value();
    }
    /// The signature and the times only: RS256; "exp" is required. Prefer for_issuer() where tokens
    /// have "iss" and "aud".
    [[nodiscard]] static Policy any_issuer() noexcept {
        return try_make(PolicySettings().any_issuer()).value();
    }

#ifdef __cpp_exceptions
    /// @copydoc try_make @throws Error
    explicit Policy(const PolicySettings &settings) : Policy(try_make(settings).or_throw()) {}
    /// @copydoc try_for_issuer @throws Error
    [[nodiscard]] static Policy for_issuer(std::string_view issuer, std::string_view audience) {
        return try_for_issuer(issuer, audience).or_throw();
    }
#endif
};

}  // namespace bouncer
