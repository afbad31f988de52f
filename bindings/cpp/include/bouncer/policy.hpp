/// @file policy.hpp
/// The rules for a token.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"
#include "settings_generated.hpp"

namespace bouncer {

/// The rules for a token, in addition to a valid signature:
///
///     Policy policy(PolicySettings().issuers({"https://id.example"}).audiences({"orders"}));
///
/// A policy must name the accepted issuers (`issuers`), or set `any_issuer` or the profile "dcos".
/// The header parameter "typ" is checked only if `token_type` is set.
class Policy : public detail::Owner<bouncer_policy> {
public:
    using Owner::Owner;

    /// Makes a policy of `settings`, which are copied. On failure: Status::InvalidArgument with the
    /// first failure of the settings.
    static Result<Policy> try_make(const PolicySettings &settings) noexcept {
        return detail::make<Policy>(bouncer_policy_new, settings.handle());
    }
    /// Makes a policy for tokens of `issuer` for `audience`: RS256; "exp" is required; "iss" and
    /// "aud" must match. "typ" is not checked. On failure: Status::InvalidArgument for empty text
    /// or text that is not UTF-8.
    static Result<Policy> try_for_issuer(std::string_view issuer,
                                         std::string_view audience) noexcept {
        return try_make(PolicySettings().issuers({issuer}).audiences({audience}));
    }
    /// Makes a policy for OAuth 2.0 access tokens of `issuer` for `audience` (RFC 9068), as
    /// try_for_issuer() does. "typ" must be "at+jwt", and "sub", "client_id", "iat" and "jti" are
    /// required.
    static Result<Policy> try_access_token(std::string_view issuer,
                                           std::string_view audience) noexcept {
        return try_make(PolicySettings().profile("access_token").issuers({issuer}).audiences(
            {audience}));
    }
    /// Makes a policy for tokens of DC/OS's Bouncer: RS256; "exp" and a non-empty string "uid" are
    /// required; "iss" is not checked.
    [[nodiscard]] static Policy dcos() noexcept {
        return try_make(PolicySettings().profile("dcos")).value();
    }
    /// Makes a policy that checks only the signature and the times: RS256; "exp" is required.
    /// Prefer for_issuer() if the tokens have "iss" and "aud".
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
    /// @copydoc try_access_token @throws Error
    [[nodiscard]] static Policy access_token(std::string_view issuer, std::string_view audience) {
        return try_access_token(issuer, audience).or_throw();
    }
#endif
};

}  // namespace bouncer
