/// @file verifier_settings.hpp
/// The settings of a verifier: its entries and its cache.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "jwks.hpp"
#include "policy.hpp"
#include "remote_jwks.hpp"

namespace bouncer {

/// The entries of a verifier, each with the keys of one issuer and the policy for its tokens:
///
///     Verifier verifier(VerifierSettings()
///                           .accept(dcos_keys, Policy::dcos())
///                           .accept(partner_keys, Policy::for_issuer("https://b/", "orders")));
///
/// Setters do not fail. The object keeps the first error and reports it when the settings are used.
class [[nodiscard]] VerifierSettings
    : public detail::Settings<VerifierSettings, BOUNCER_KIND_VERIFIER> {
public:
    /// Adds an entry: tokens that are signed by one of `keys` and satisfy `policy`. Both may be
    /// destroyed afterwards.
    VerifierSettings &accept(const JwkSet &keys, const Policy &policy) & noexcept {
        return bouncer_settings_accept_jwks(handle_.get(), keys.handle(), policy.handle()), *this;
    }
    VerifierSettings accept(const JwkSet &keys, const Policy &policy) && noexcept {
        return std::move(accept(keys, policy));
    }
    /// Adds an entry with remote keys. Both arguments may be destroyed afterwards.
    VerifierSettings &accept(const RemoteJwkSet &keys, const Policy &policy) & noexcept {
        return bouncer_settings_accept_remote(handle_.get(), keys.handle(), policy.handle()), *this;
    }
    VerifierSettings accept(const RemoteJwkSet &keys, const Policy &policy) && noexcept {
        return std::move(accept(keys, policy));
    }
    /// Maximum number of verified tokens to cache, for all entries together. 0 disables the cache.
    /// Range: 0 to 1048576. Default: 0.
    VerifierSettings &cache(std::uint64_t value) & noexcept {
        return put_(BOUNCER_VERIFIER_CACHE, value);
    }
    VerifierSettings cache(std::uint64_t value) && noexcept {
        return std::move(cache(value));
    }
};

}  // namespace bouncer
