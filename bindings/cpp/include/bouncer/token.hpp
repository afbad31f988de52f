/// @file token.hpp
/// The verified token, and the token in an Authorization header.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"

#include <string>

namespace bouncer {
namespace detail {

inline std::string_view audience_at(const bouncer_token *token, std::size_t index) noexcept {
    return text(bouncer_token_audience(token, index));
}

inline std::string_view scope_at(const bouncer_token *token, std::size_t index) noexcept {
    return text(bouncer_token_scope(token, index));
}

}  // namespace detail

/// A view of a token that passed every check. A VerifiedToken or a Batch owns the token; the view
/// is valid until its owner is destroyed. Cheap to copy. An empty view has no claims.
class TokenView {
public:
    TokenView() noexcept = default;
    explicit TokenView(const bouncer_token *handle) noexcept : handle_(handle) {}

    /// False if the view is empty.
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// "uid", the user or service in tokens of DC/OS, if it is a string.
    [[nodiscard]] std::optional<std::string_view> uid() const noexcept {
        return detail::optional_text(bouncer_token_uid(handle_));
    }
    /// The user or service: the claim of PolicySettings::identity_claim(), or else "sub". It is
    /// never empty.
    [[nodiscard]] std::optional<std::string_view> identity() const noexcept {
        return detail::optional_text(bouncer_token_identity(handle_));
    }
    /// True if `scope` is one of scopes(). Case matters.
    [[nodiscard]] bool has_scope(std::string_view scope) const noexcept {
        return bouncer_token_has_scope(handle_, scope.data(), scope.size()) == 1;
    }
    using Scopes =
        detail::Range<detail::Listed<bouncer_token, std::string_view, bouncer_token_scope_count,
                                     detail::scope_at>>;
    /// The scopes of the claims "scope" and "scp", or of PolicySettings::scope_claims(): a range of
    /// `std::string_view`.
    [[nodiscard]] Scopes scopes() const noexcept { return Scopes({handle_}); }
    /// "iss" (RFC 7519 section 4.1.1).
    [[nodiscard]] std::optional<std::string_view> issuer() const noexcept {
        return detail::optional_text(bouncer_token_issuer(handle_));
    }
    /// "sub" (RFC 7519 section 4.1.2).
    [[nodiscard]] std::optional<std::string_view> subject() const noexcept {
        return detail::optional_text(bouncer_token_subject(handle_));
    }
    /// "jti" (RFC 7519 section 4.1.7).
    [[nodiscard]] std::optional<std::string_view> token_id() const noexcept {
        return detail::optional_text(bouncer_token_token_id(handle_));
    }
    using Audience =
        detail::Range<detail::Listed<bouncer_token, std::string_view, bouncer_token_audience_count,
                                     detail::audience_at>>;
    /// "aud" (RFC 7519 section 4.1.3), a range of `std::string_view`: one item if the claim is a
    /// string, none if it is absent.
    [[nodiscard]] Audience audience() const noexcept { return Audience({handle_}); }
    /// "exp" (RFC 7519 section 4.1.4), in seconds since 1970-01-01T00:00:00Z, rounded down.
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept {
        return detail::optional_number(bouncer_token_expires_at, handle_);
    }
    /// "nbf" (RFC 7519 section 4.1.5), in seconds since 1970-01-01T00:00:00Z, rounded up.
    [[nodiscard]] std::optional<std::int64_t> not_before() const noexcept {
        return detail::optional_number(bouncer_token_not_before, handle_);
    }
    /// "iat" (RFC 7519 section 4.1.6), in seconds since 1970-01-01T00:00:00Z, rounded down.
    [[nodiscard]] std::optional<std::int64_t> issued_at() const noexcept {
        return detail::optional_number(bouncer_token_issued_at, handle_);
    }
    /// The JSON text of the claim `name`, exactly as signed; a string includes its quotes. A name
    /// with dots may name a nested claim: "realm_access.roles".
    [[nodiscard]] std::optional<std::string_view> claim(std::string_view name) const noexcept {
        return detail::optional_text(bouncer_token_claim(handle_, name.data(), name.size()));
    }
    /// The string of the claim `name`: without quotes, and with escapes decoded. The claim must be
    /// a string. On failure: Status::MissingClaim if the claim is absent or null,
    /// Status::MalformedClaims if it has another type.
    Result<std::string_view> try_claim_string(std::string_view name) const noexcept {
        bouncer_str value = {nullptr, 0};
        return detail::call([&] { return detail::text(value); }, bouncer_token_claim_string,
                            handle_, name, &value);
    }
    /// The value of the claim `name`, which must be a 64-bit integer. On failure: as
    /// try_claim_string().
    Result<std::int64_t> try_claim_integer(std::string_view name) const noexcept {
        std::int64_t value = 0;
        return detail::call([&] { return value; }, bouncer_token_claim_integer, handle_, name,
                            &value);
    }
    /// The value of the claim `name`, which must be an array of strings or one string. One string
    /// counts as an array with one item. On failure: as try_claim_string().
    Result<Strings> try_claim_strings(std::string_view name) const noexcept {
        const bouncer_str *values = nullptr;
        std::size_t size = 0;
        return detail::call([&] { return Strings({{values, size}}); }, bouncer_token_claim_strings,
                            handle_, name, &values, &size);
    }
#ifdef __cpp_exceptions
    /// @copydoc try_claim_string @throws Error
    [[nodiscard]] std::string_view claim_string(std::string_view name) const {
        return try_claim_string(name).or_throw();
    }
    /// @copydoc try_claim_integer @throws Error
    [[nodiscard]] std::int64_t claim_integer(std::string_view name) const {
        return try_claim_integer(name).or_throw();
    }
    /// @copydoc try_claim_strings @throws Error
    [[nodiscard]] Strings claim_strings(std::string_view name) const {
        return try_claim_strings(name).or_throw();
    }
#endif
    /// The whole Claims Set, a JSON object, exactly as signed.
    [[nodiscard]] std::string_view payload() const noexcept {
        return detail::text(bouncer_token_payload(handle_));
    }
    /// The JOSE Header, a JSON object.
    [[nodiscard]] std::string_view header() const noexcept {
        return detail::text(bouncer_token_header(handle_));
    }
    /// The "kid" of the key that verified the token.
    [[nodiscard]] std::optional<std::string_view> kid() const noexcept {
        return detail::optional_text(bouncer_token_kid(handle_));
    }
    /// The algorithm of the signature, for example "RS256". The text is static.
    [[nodiscard]] std::string_view algorithm() const noexcept {
        return detail::text(bouncer_token_algorithm(handle_));
    }
    /// The handle, for functions of bouncer_verify.h.
    [[nodiscard]] const bouncer_token *handle() const noexcept { return handle_; }

private:
    const bouncer_token *handle_ = nullptr;
};

/// A token that passed every check. Only a verification returns one. For its functions see
/// TokenView.
class VerifiedToken : public detail::Owner<bouncer_token> {
public:
    using Owner::Owner;
    using Text = std::optional<std::string_view>;
    using Audience = TokenView::Audience;
    using Scopes = TokenView::Scopes;

    /// A view of the token.
    [[nodiscard]] operator TokenView() const & noexcept { return view(); }
    [[nodiscard]] Text uid() const & noexcept { return view().uid(); }
    [[nodiscard]] Text identity() const & noexcept { return view().identity(); }
    [[nodiscard]] bool has_scope(std::string_view scope) const noexcept {
        return view().has_scope(scope);
    }
    [[nodiscard]] Scopes scopes() const & noexcept { return view().scopes(); }
    [[nodiscard]] Text issuer() const & noexcept { return view().issuer(); }
    [[nodiscard]] Text subject() const & noexcept { return view().subject(); }
    [[nodiscard]] Text token_id() const & noexcept { return view().token_id(); }
    [[nodiscard]] Audience audience() const & noexcept { return view().audience(); }
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept {
        return view().expires_at();
    }
    [[nodiscard]] std::optional<std::int64_t> not_before() const noexcept {
        return view().not_before();
    }
    [[nodiscard]] std::optional<std::int64_t> issued_at() const noexcept {
        return view().issued_at();
    }
    [[nodiscard]] Text claim(std::string_view name) const & noexcept { return view().claim(name); }
    Result<std::string_view> try_claim_string(std::string_view name) const & noexcept {
        return view().try_claim_string(name);
    }
    Result<std::int64_t> try_claim_integer(std::string_view name) const noexcept {
        return view().try_claim_integer(name);
    }
    Result<Strings> try_claim_strings(std::string_view name) const & noexcept {
        return view().try_claim_strings(name);
    }
#ifdef __cpp_exceptions
    [[nodiscard]] std::string_view claim_string(std::string_view name) const & {
        return view().claim_string(name);
    }
    [[nodiscard]] std::int64_t claim_integer(std::string_view name) const {
        return view().claim_integer(name);
    }
    [[nodiscard]] Strings claim_strings(std::string_view name) const & {
        return view().claim_strings(name);
    }
    std::string_view claim_string(std::string_view name) const && = delete;
    Strings claim_strings(std::string_view name) const && = delete;  // store the object first
#endif
    [[nodiscard]] std::string_view payload() const & noexcept { return view().payload(); }
    [[nodiscard]] std::string_view header() const & noexcept { return view().header(); }
    [[nodiscard]] Text kid() const & noexcept { return view().kid(); }
    [[nodiscard]] std::string_view algorithm() const noexcept { return view().algorithm(); }

    operator TokenView() const && = delete;               // store the object first
    Text uid() const && = delete;                         // store the object first
    Text identity() const && = delete;                    // store the object first
    Scopes scopes() const && = delete;                    // store the object first
    Text issuer() const && = delete;                      // store the object first
    Text subject() const && = delete;                     // store the object first
    Text token_id() const && = delete;                    // store the object first
    Audience audience() const && = delete;                // store the object first
    Text claim(std::string_view name) const && = delete;  // store the object first
    Result<std::string_view> try_claim_string(std::string_view name) const && = delete;
    Result<Strings> try_claim_strings(std::string_view name) const && = delete;
    std::string_view payload() const && = delete;  // store the object first
    std::string_view header() const && = delete;   // store the object first
    Text kid() const && = delete;                  // store the object first

private:
    TokenView view() const noexcept { return TokenView(handle_.get()); }
};

/// Finds the token in the value of an HTTP Authorization header. Accepts "token=<jwt>" (DC/OS) and
/// "Bearer <jwt>" (RFC 6750 section 2.1). The result points into `value` and is valid as long as
/// `value` is. On failure: Status::MalformedAuthorization, also for an empty value.
inline Result<std::string_view> try_token_from_authorization(std::string_view value) noexcept {
    bouncer_str token = {nullptr, 0};
    return detail::call([&] { return detail::text(token); }, bouncer_authorization_token, value,
                        &token);
}

/// Deleted for a temporary string, because the result would point into a destroyed string. Pass the
/// value to Verifier::verify_authorization(), or store the value in a variable first.
template <class Text,
          class = std::enable_if_t<std::is_same_v<std::remove_const_t<Text>, std::string>>>
Result<std::string_view> try_token_from_authorization(Text &&) noexcept = delete;

#ifdef __cpp_exceptions
/// @copydoc try_token_from_authorization @throws Error
[[nodiscard]] inline std::string_view token_from_authorization(std::string_view value) {
    return try_token_from_authorization(value).or_throw();
}

/// Deleted for a temporary string, because the result would point into a destroyed string. Pass the
/// value to Verifier::verify_authorization(), or store the value in a variable first.
template <class Text,
          class = std::enable_if_t<std::is_same_v<std::remove_const_t<Text>, std::string>>>
std::string_view token_from_authorization(Text &&) = delete;
#endif

}  // namespace bouncer
