/// @file jwks.hpp
/// An issuer's keys.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "jwk.hpp"

namespace bouncer {

/// Which arithmetic verifies signatures. The verdicts are the same.
enum class Backend : std::uint32_t {
    /// aws-lc. For RS256 this library's own AVX-512 arithmetic where the CPU has it, checked by
    /// aws-lc. The default, unless the environment variable BOUNCER_VERIFY_NO_ACCELERATION is set.
    Accelerated = BOUNCER_BACKEND_ACCELERATED,
    AwsLc = BOUNCER_BACKEND_AWS_LC,  ///< aws-lc alone.
};

/// A key of a JWK Set that cannot be used, and why. It belongs to the set.
struct SkippedKey {
    std::size_t index;                    ///< Its place in the document's "keys" array, from 0.
    std::optional<std::string_view> kid;  ///< "kid", the key ID.
    std::string_view reason;              ///< Why, as a stable name: "wrong_use". Static.
    std::string_view message;             ///< Why, in a few words for a log. Static.
};

namespace detail {

/// Well-formed if each of at least one type is Jwk or JwkView.
template <class... Keys>
using AreKeys = std::enable_if_t<(sizeof...(Keys) > 0) &&
                                 (std::is_convertible_v<const Keys &, JwkView> && ...)>;

inline JwkView key_at(const bouncer_jwks *jwks, std::size_t index) noexcept {
    return JwkView(bouncer_jwks_key(jwks, index));
}

inline SkippedKey skipped_at(const bouncer_jwks *jwks, std::size_t index) noexcept {
    return {bouncer_jwks_skipped_index(jwks, index),
            optional_text(bouncer_jwks_skipped_kid(jwks, index)),
            text(bouncer_jwks_skipped_reason(jwks, index)),
            text(bouncer_jwks_skipped_message(jwks, index))};
}

}  // namespace detail

/// An issuer's public keys (RFC 7517 section 5), checked and parsed once.
class JwkSet : public detail::Owner<bouncer_jwks> {
public:
    using Owner::Owner;

    /// Reads a JWK Set document: strict JSON, max 1 MiB and 1000 members. Keys that cannot be used
    /// are skipped(). On failure: Status::MalformedJwkSet, or Status::NoUsableKey with the first
    /// skipped key's reason in the message.
    static Result<JwkSet> try_load(std::string_view json) noexcept {
        return detail::make<JwkSet>(bouncer_jwks_load, json);
    }
    /// Reads a JWK Set document as above, to verify with `backend`.
    static Result<JwkSet> try_load(std::string_view json, Backend backend) noexcept {
        return detail::make<JwkSet>(bouncer_jwks_load_with, json, backend);
    }
    /// Makes a set of keys in a row: a vector, an array. The keys are copied. On failure:
    /// Status::NoUsableKey if there are none, Status::NullArgument if one is empty.
    static Result<JwkSet> try_from_keys(ArrayView<JwkView> keys) noexcept {
        static_assert(
            sizeof(JwkView) == sizeof(const bouncer_jwk *) && std::is_standard_layout_v<JwkView>,
            "an array of views is an array of handles");
        const auto *handles = reinterpret_cast<const bouncer_jwk *const *>(keys.data());
        return detail::make<JwkSet>(bouncer_jwks_from_keys, handles, keys.size());
    }
    /// Makes a set of keys, each a Jwk or a JwkView: `try_from_keys(one, two)`. The keys are
    /// copied. On failure: Status::NullArgument if one is empty.
    template <class... Keys, class = detail::AreKeys<Keys...>>
    static Result<JwkSet> try_from_keys(const Keys &...keys) noexcept {
        const JwkView views[] = {static_cast<JwkView>(keys)...};
        return try_from_keys(ArrayView<JwkView>(views, sizeof...(keys)));
    }

#ifdef __cpp_exceptions
    /// @copydoc try_load @throws Error
    [[nodiscard]] static JwkSet load(std::string_view json) { return try_load(json).or_throw(); }
    /// @copydoc try_load(std::string_view, Backend) @throws Error
    [[nodiscard]] static JwkSet load(std::string_view json, Backend backend) {
        return try_load(json, backend).or_throw();
    }
    /// @copydoc try_from_keys(ArrayView<JwkView>) @throws Error
    [[nodiscard]] static JwkSet from_keys(ArrayView<JwkView> keys) {
        return try_from_keys(keys).or_throw();
    }
    /// Makes a set of keys, each a Jwk or a JwkView: `JwkSet::from_keys(Jwk::from_pem(pem))`. The
    /// keys are copied. @throws Error
    template <class... Keys, class = detail::AreKeys<Keys...>>
    [[nodiscard]] static JwkSet from_keys(const Keys &...keys) {
        return try_from_keys(keys...).or_throw();
    }
#endif

    using Keys = detail::Range<
        detail::Listed<bouncer_jwks, JwkView, bouncer_jwks_key_count, detail::key_at>>;
    using SkippedKeys = detail::Range<
        detail::Listed<bouncer_jwks, SkippedKey, bouncer_jwks_skipped_count, detail::skipped_at>>;

    /// The usable keys, in document order: a range of JwkView.
    [[nodiscard]] Keys keys() const & noexcept { return Keys({handle_.get()}); }
    /// How many keys have their RS256 signatures verified by the accelerated arithmetic: see
    /// Backend.
    [[nodiscard]] std::size_t accelerated_keys() const noexcept {
        return bouncer_jwks_accelerated_keys(handle_.get());
    }
    /// The keys that cannot be used, in document order: a range of SkippedKey.
    [[nodiscard]] SkippedKeys skipped() const & noexcept { return SkippedKeys({handle_.get()}); }

    Keys keys() const && = delete;
    SkippedKeys skipped() const && = delete;
};

}  // namespace bouncer
