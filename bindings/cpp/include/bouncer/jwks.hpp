/// @file jwks.hpp
/// An issuer's keys.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "jwk.hpp"

namespace bouncer {

/// The back end: the implementation that verifies signatures. The verdicts do not depend on it.
enum class Backend : std::uint32_t {
    /// Uses this library's own code where it is faster, and aws-lc for the rest. The own code is 3
    /// to 17 times as fast. It verifies signatures of RSA keys of 2048, 3072 and 4096 bits on CPUs
    /// with AVX-512 IFMA. On any CPU it verifies ES256 and Ed25519, after 100 valid tokens of a
    /// key. aws-lc verifies samples of the accepted and the rejected signatures again. After the
    /// first different result, the whole process verifies signatures of that kind with aws-lc only.
    ///
    /// This is the default. If the environment variable BOUNCER_VERIFY_NO_ACCELERATION has a value
    /// other than 0 or the empty string, the default is aws-lc. The variable is read when the
    /// process first loads keys.
    Accelerated = BOUNCER_BACKEND_ACCELERATED,
    AwsLc = BOUNCER_BACKEND_AWS_LC,  ///< Uses aws-lc only.
};

/// A key of a JWK Set that cannot be used, with the reason. It belongs to the set.
struct SkippedKey {
    std::size_t index;                    ///< Its position in the document's "keys" array, from 0.
    std::optional<std::string_view> kid;  ///< "kid", the key ID.
    std::string_view reason;              ///< The stable name of the reason: "wrong_use".
    std::string_view message;             ///< The reason in words, for a log.
};

namespace detail {

/// Well-formed if there is at least one type and each is Jwk or JwkView.
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

/// An issuer's public keys (RFC 7517 section 5), parsed and checked once.
class JwkSet : public detail::Owner<bouncer_jwks> {
public:
    using Owner::Owner;

    /// Parses a JWK Set document: strict JSON, at most 1 MiB and 1000 members. Keys that cannot be
    /// used are listed by skipped(). On failure: Status::MalformedJwkSet, or Status::NoUsableKey
    /// whose message contains the reason of the first skipped key.
    static Result<JwkSet> try_load(std::string_view json) noexcept {
        return detail::make<JwkSet>(bouncer_jwks_load, json);
    }
    /// Parses a JWK Set document as try_load(std::string_view) does. The keys use `backend`.
    static Result<JwkSet> try_load(std::string_view json, Backend backend) noexcept {
        return detail::make<JwkSet>(bouncer_jwks_load_with, json, backend);
    }
    /// Makes a set from the keys in a vector or an array. The keys are copied. On failure:
    /// Status::NoUsableKey if there are no keys, Status::NullArgument if a view is empty.
    static Result<JwkSet> try_from_keys(ArrayView<JwkView> keys) noexcept {
        static_assert(
            sizeof(JwkView) == sizeof(const bouncer_jwk *) && std::is_standard_layout_v<JwkView>,
            "an array of views is an array of handles");
        const auto *handles = reinterpret_cast<const bouncer_jwk *const *>(keys.data());
        return detail::make<JwkSet>(bouncer_jwks_from_keys, handles, keys.size());
    }
    /// Makes a set from the arguments, each a Jwk or a JwkView: `try_from_keys(one, two)`. The keys
    /// are copied. On failure: Status::NullArgument if a view is empty or a Jwk is moved-from.
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
    /// Makes a set from the arguments, each a Jwk or a JwkView:
    /// `JwkSet::from_keys(Jwk::from_pem(pem))`. The keys are copied. @throws Error
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
    /// Number of keys whose next signature the library's own code verifies: see Backend. ES256 and
    /// Ed25519 keys count once they have tables: after 100 valid tokens.
    [[nodiscard]] std::size_t accelerated_keys() const noexcept {
        return bouncer_jwks_accelerated_keys(handle_.get());
    }
    /// The keys that cannot be used, in document order: a range of SkippedKey.
    [[nodiscard]] SkippedKeys skipped() const & noexcept { return SkippedKeys({handle_.get()}); }

    Keys keys() const && = delete;            // store the object first
    SkippedKeys skipped() const && = delete;  // store the object first
};

}  // namespace bouncer
