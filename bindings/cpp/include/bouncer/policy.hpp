/// @file policy.hpp
///
/// What a token must be.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef BOUNCER_POLICY_HPP
#define BOUNCER_POLICY_HPP

#include "error.hpp"

namespace bouncer {

/// What a token must be to be believed, beyond its signature. Start from one of the three and add:
///
///     Policy policy = Policy::for_issuer("https://id.example", "orders").algorithms("RS256 ES256").leeway(5s);
///
/// A setting that is refused (Status::InvalidArgument) leaves the policy as it was. A policy is copied into a Verifier:
/// what changes later does not reach it.
class Policy : public detail::Owner<bouncer_policy> {
public:
    using Owner::Owner;

    /// For DC/OS's Bouncer: RS256; "exp" and a non-empty string "uid" are required; "iss" is not compared.
    [[nodiscard]] static Policy dcos() noexcept { return Policy(bouncer_policy_new_old()); }
    /// The signature and the times only: RS256, "exp" required. Prefer for_issuer() where tokens say "iss" and "aud".
    [[nodiscard]] static Policy any_issuer() noexcept { return Policy(bouncer_policy_new_any_issuer()); }
    /// For tokens that `issuer` made for `audience`: RS256; "exp" is required, and "iss" and "aud" must match. On
    /// failure: Status::InvalidArgument for text that is not UTF-8.
    static Result<Policy> try_for_issuer(std::string_view issuer, std::string_view audience) noexcept {
        return detail::make<Policy>(bouncer_policy_new_for_issuer, issuer.data(), issuer.size(), audience.data(),
                                    audience.size());
    }

    /// Allows exactly these algorithms, "alg" values with one space between: "RS256 ES256". Refuses a name that is not
    /// known.
    Result<void> try_algorithms(std::string_view names) noexcept { return set(bouncer_policy_set_algorithms, names); }
    /// Accepts `issuer` too; "iss" is required from now on. Refuses what is not UTF-8.
    Result<void> try_accept_issuer(std::string_view issuer) noexcept { return set(bouncer_policy_add_issuer, issuer); }
    /// Accepts `audience` too; "aud" is required from now on. Refuses what is not UTF-8.
    Result<void> try_accept_audience(std::string_view audience) noexcept {
        return set(bouncer_policy_add_audience, audience);
    }
    /// Accepts tokens made for anybody. Without this, and without an accepted audience, a token with "aud" is refused.
    Result<void> try_accept_any_audience() noexcept {
        return detail::act(bouncer_policy_set_any_audience, handle_.get());
    }
    /// Accepts tokens without "exp": they are valid for ever.
    Result<void> try_optional_exp() noexcept { return detail::act(bouncer_policy_set_optional_exp, handle_.get()); }
    /// Requires the claim `name`, with any value but null. Refuses what is not UTF-8.
    Result<void> try_require_claim(std::string_view name) noexcept {
        return set(bouncer_policy_add_required_claim, name);
    }
    /// Requires the claim `name` to be a string that is not empty. Refuses what is not UTF-8.
    Result<void> try_require_string_claim(std::string_view name) noexcept {
        return set(bouncer_policy_add_required_string_claim, name);
    }
    /// Requires "typ" to be this media type (RFC 8725 section 3.11): "at+jwt". Refuses what is not UTF-8.
    Result<void> try_token_type(std::string_view type) noexcept { return set(bouncer_policy_set_token_type, type); }
    /// Allows for clocks that differ: moves "exp" and "nbf" apart by `leeway`; "nbf" always by 60 s at least. Refuses
    /// more than 300 s, and less than 0.
    Result<void> try_leeway(std::chrono::seconds leeway) noexcept {
        const bool fits = leeway.count() >= 0 && leeway.count() <= UINT32_MAX;
        const auto seconds = fits ? static_cast<std::uint32_t>(leeway.count()) : UINT32_MAX;
        return detail::act(bouncer_policy_set_leeway, handle_.get(), seconds);
    }
    /// Refuses tokens longer than `bytes`, in place of 16384. Refuses more than 1048576.
    Result<void> try_max_token_len(std::size_t bytes) noexcept {
        return detail::act(bouncer_policy_set_max_token_len, handle_.get(), bytes);
    }
    /// Judges at the time `seconds` since 1970-01-01T00:00:00Z, in place of the system's: for tests and audits.
    Result<void> try_at(std::int64_t seconds) noexcept {
        return detail::act(bouncer_policy_set_time, handle_.get(), seconds);
    }

#ifdef __cpp_exceptions
    /// @copydoc try_for_issuer @throws Error
    [[nodiscard]] static Policy for_issuer(std::string_view issuer, std::string_view audience) {
        return try_for_issuer(issuer, audience).or_throw();
    }

    /// @name The settings in a row
    /// As the functions with `try_` above. Each gives the policy, to go on with. @throws Error
    /// @{
    Policy &algorithms(std::string_view names) & { return with(try_algorithms(names)); }
    Policy &accept_issuer(std::string_view issuer) & { return with(try_accept_issuer(issuer)); }
    Policy &accept_audience(std::string_view audience) & { return with(try_accept_audience(audience)); }
    Policy &accept_any_audience() & { return with(try_accept_any_audience()); }
    Policy &optional_exp() & { return with(try_optional_exp()); }
    Policy &require_claim(std::string_view name) & { return with(try_require_claim(name)); }
    Policy &require_string_claim(std::string_view name) & { return with(try_require_string_claim(name)); }
    Policy &token_type(std::string_view type) & { return with(try_token_type(type)); }
    Policy &leeway(std::chrono::seconds leeway) & { return with(try_leeway(leeway)); }
    Policy &max_token_len(std::size_t bytes) & { return with(try_max_token_len(bytes)); }
    Policy &at(std::int64_t seconds) & { return with(try_at(seconds)); }

    [[nodiscard]] Policy algorithms(std::string_view names) && { return std::move(algorithms(names)); }
    [[nodiscard]] Policy accept_issuer(std::string_view issuer) && { return std::move(accept_issuer(issuer)); }
    [[nodiscard]] Policy accept_audience(std::string_view audience) && { return std::move(accept_audience(audience)); }
    [[nodiscard]] Policy accept_any_audience() && { return std::move(accept_any_audience()); }
    [[nodiscard]] Policy optional_exp() && { return std::move(optional_exp()); }
    [[nodiscard]] Policy require_claim(std::string_view name) && { return std::move(require_claim(name)); }
    [[nodiscard]] Policy require_string_claim(std::string_view name) && {
        return std::move(require_string_claim(name));
    }
    [[nodiscard]] Policy token_type(std::string_view type) && { return std::move(token_type(type)); }
    [[nodiscard]] Policy leeway(std::chrono::seconds leeway) && { return std::move(this->leeway(leeway)); }
    [[nodiscard]] Policy max_token_len(std::size_t bytes) && { return std::move(max_token_len(bytes)); }
    [[nodiscard]] Policy at(std::int64_t seconds) && { return std::move(at(seconds)); }
    /// @}
#endif


private:
    Result<void> set(bouncer_status (*function)(bouncer_policy *, const char *, std::size_t, bouncer_error **),
                     std::string_view text) noexcept {
        return detail::act(function, handle_.get(), text.data(), text.size());
    }
#ifdef __cpp_exceptions
    Policy &with(Result<void> result) { return std::move(result).or_throw(), *this; }
#endif
};

}  // namespace bouncer

#endif  // BOUNCER_POLICY_HPP
