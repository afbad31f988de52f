/// @file bouncer_verify.hpp
///
/// Verifies JSON Web Tokens against an issuer's JWK Set: the C++17 face of bouncer_verify.h, in this header alone.
///
///     bouncer::JwkSet jwks = bouncer::JwkSet::load(json);                    // once: the issuer's keys
///     bouncer::Verifier verifier{jwks, bouncer::Policy::dcos()};
///
///     bouncer::VerifiedToken token = verifier.verify_authorization(header);  // for every request
///     std::string_view uid = token.claim_string("uid");                      // throws if it is missing
///
/// A RemoteJwkSet in place of the JwkSet fetches the keys from their URL and keeps them fresh. A TokenRenewer does the
/// same for the service's own token, which it sends with requests of its own.
///
/// Rules that hold for everything here
///
/// - **Failures.** A function that can fail comes twice: `load` throws an Error, `try_load` is noexcept and gives a
///   Result that holds a Failure. Both say the same. Where exceptions are off (-fno-exceptions) only the second is
///   there.
/// - **Ownership.** JwkSet, Jwk, Policy, RemoteOptions, RemoteJwkSet, RemoteStatus, VerifiedToken, Verifier,
///   Batch, RenewerOptions, TokenRenewer, OwnToken, RenewalStatus and Failure own a handle of the library: they move,
///   they do not copy, and nothing else is allocated but a thrown Error and the list of a batch's tokens. One that was
///   moved from may be destroyed, assigned to and asked: it has nothing to say, and a function that needs it fails with
///   Status::NullArgument.
/// - **Lifetimes.** Text goes in as `std::string_view`, is read during the call and not kept. What comes out as
///   `std::string_view`, ByteView, JwkView, TokenView, VerdictView or a range belongs to the object that was asked and
///   lives as long as that. Asking a temporary for it does not compile.
/// - **Threads.** Any number of threads may use one object at once through const functions. A Policy, RemoteOptions or
///   RenewerOptions must not be changed while another thread uses it. There is no thread-local state, and no global one but
///   for the logger of try_set_logger().
/// - **Time** in policies and tokens is in whole seconds since 1970-01-01T00:00:00Z: a number, because exp may lie
///   beyond 2262, where the nanoseconds of std::chrono::system_clock overflow.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef BOUNCER_VERIFY_HPP
#define BOUNCER_VERIFY_HPP

#if defined(_MSVC_LANG) ? _MSVC_LANG < 201703L : __cplusplus < 201703L
#error "bouncer_verify.hpp needs C++17 or later: compile with -std=c++17"
#endif

#include "bouncer_verify.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace bouncer {

static_assert(BOUNCER_ABI_VERSION == 1, "bouncer_verify.hpp and bouncer_verify.h are not of the same version");

/// The version of the library that is loaded, as "MAJOR.MINOR.PATCH". Static.
[[nodiscard]] inline std::string_view library_version() noexcept {
    return bouncer_version();
}

// ---------------------------------------------------------------------------------------------------- Status

/// How a call ended: the numbers of the C interface. Later versions add to them: go by is_invalid_token(),
/// is_keys_problem() and is_login_problem() for one that is not known here.
enum class Status : std::uint32_t {
    Ok = BOUNCER_STATUS_OK,
    // The calling program is at fault: answer a request with HTTP 500.
    NullArgument = BOUNCER_STATUS_NULL_ARGUMENT,        ///< An object was moved from.
    Internal = BOUNCER_STATUS_INTERNAL,                 ///< A bug in this library: please report it.
    InvalidArgument = BOUNCER_STATUS_INVALID_ARGUMENT,  ///< An argument or a policy setting is not usable.
    // The keys are at fault: HTTP 503, never 401.
    MalformedJwkSet = BOUNCER_STATUS_MALFORMED_JWK_SET,  ///< Not a JWK Set, or over 1 MiB or 1000 members.
    NoUsableKey = BOUNCER_STATUS_NO_USABLE_KEY,          ///< The JWK Set has no key that could verify a token.
    UnusableKey = BOUNCER_STATUS_UNUSABLE_KEY,           ///< A single key cannot be used.
    KeysUnavailable = BOUNCER_STATUS_KEYS_UNAVAILABLE,   ///< No remote keys yet, or not confirmed for too long.
    // The token or its signature: HTTP 401.
    TokenTooLarge = BOUNCER_STATUS_TOKEN_TOO_LARGE,                 ///< Longer than the policy allows.
    MalformedToken = BOUNCER_STATUS_MALFORMED_TOKEN,                ///< Not a JWS in Compact Serialization.
    EncryptedToken = BOUNCER_STATUS_ENCRYPTED_TOKEN,                ///< Five parts: a JWE.
    MalformedHeader = BOUNCER_STATUS_MALFORMED_HEADER,              ///< The JOSE Header is not strict JSON or mistyped.
    UnsupportedAlgorithm = BOUNCER_STATUS_UNSUPPORTED_ALGORITHM,    ///< "alg" is none of those implemented.
    AlgorithmNotAllowed = BOUNCER_STATUS_ALGORITHM_NOT_ALLOWED,     ///< "alg" is not in the policy.
    UnsupportedHeader = BOUNCER_STATUS_UNSUPPORTED_HEADER,          ///< crit, b64 or enc.
    WrongTokenType = BOUNCER_STATUS_WRONG_TOKEN_TYPE,               ///< "typ" is not what the policy asks for.
    NoMatchingKey = BOUNCER_STATUS_NO_MATCHING_KEY,                 ///< No key fits "kid" and "alg".
    InvalidSignature = BOUNCER_STATUS_INVALID_SIGNATURE,            ///< No candidate key verifies the signature.
    MalformedAuthorization = BOUNCER_STATUS_MALFORMED_AUTHORIZATION,  ///< The Authorization header holds no token.
    // The token's claims: HTTP 401.
    MalformedClaims = BOUNCER_STATUS_MALFORMED_CLAIMS,  ///< The Claims Set is not strict JSON, or a claim mistyped.
    MissingClaim = BOUNCER_STATUS_MISSING_CLAIM,        ///< A claim that the policy requires is missing.
    Expired = BOUNCER_STATUS_EXPIRED,                   ///< "exp" has passed.
    NotYetValid = BOUNCER_STATUS_NOT_YET_VALID,         ///< "nbf" lies ahead.
    WrongIssuer = BOUNCER_STATUS_WRONG_ISSUER,          ///< "iss" is none of the accepted issuers.
    WrongAudience = BOUNCER_STATUS_WRONG_AUDIENCE,      ///< "aud" names none of the accepted audiences.
    // The service's own login: HTTP 503.
    UnusableCredentials = BOUNCER_STATUS_UNUSABLE_CREDENTIALS,  ///< The account's secret cannot be read, or is none.
    LoginRejected = BOUNCER_STATUS_LOGIN_REJECTED,              ///< The issuer refuses account, key or request.
    LoginUnavailable = BOUNCER_STATUS_LOGIN_UNAVAILABLE,        ///< No valid token, and no login succeeds now.
};

/// The stable name of a status, NUL-terminated: "expired". "unknown" for a number that the library does not know.
/// Static.
[[nodiscard]] inline const char *status_name(Status status) noexcept {
    return bouncer_status_name(static_cast<std::uint32_t>(status));
}

/// True if the token is at fault: answer the request with HTTP 401.
[[nodiscard]] constexpr bool is_invalid_token(Status status) noexcept {
    const auto hundred = static_cast<std::uint32_t>(status) / 100;
    return hundred == 2 || hundred == 3;
}

/// True if the keys are at fault, and the token may well be valid: answer with HTTP 503, never 401.
[[nodiscard]] constexpr bool is_keys_problem(Status status) noexcept {
    return static_cast<std::uint32_t>(status) / 100 == 1;
}

/// True if the service could not log in for a token of its own: if a request cannot be answered without it, answer
/// with HTTP 503.
[[nodiscard]] constexpr bool is_login_problem(Status status) noexcept {
    return static_cast<std::uint32_t>(status) / 100 == 4;
}

// --------------------------------------------------------------------------------- what the classes are made of

/// The HTTP status that answers a request which ended so: 401, 503 or 500; 200 for Status::Ok.
[[nodiscard]] inline int http_status(Status status) noexcept {
    return static_cast<int>(bouncer_status_http_status(static_cast<std::uint32_t>(status)));
}

namespace detail {

/// Frees any handle: the one place that does.
struct Free {
    void operator()(bouncer_batch *handle) const noexcept { bouncer_batch_free(handle); }
    void operator()(bouncer_error *handle) const noexcept { bouncer_error_free(handle); }
    void operator()(bouncer_jwk *handle) const noexcept { bouncer_jwk_free(handle); }
    void operator()(bouncer_jwks *handle) const noexcept { bouncer_jwks_free(handle); }
    void operator()(bouncer_own_token *handle) const noexcept { bouncer_own_token_free(handle); }
    void operator()(bouncer_policy *handle) const noexcept { bouncer_policy_free(handle); }
    void operator()(bouncer_remote_jwks *handle) const noexcept { bouncer_remote_jwks_free(handle); }
    void operator()(bouncer_remote_options *handle) const noexcept { bouncer_remote_options_free(handle); }
    void operator()(bouncer_remote_status *handle) const noexcept { bouncer_remote_status_free(handle); }
    void operator()(bouncer_renewal_status *handle) const noexcept { bouncer_renewal_status_free(handle); }
    void operator()(bouncer_renewer *handle) const noexcept { bouncer_renewer_free(handle); }
    void operator()(bouncer_renewer_options *handle) const noexcept { bouncer_renewer_options_free(handle); }
    void operator()(bouncer_token *handle) const noexcept { bouncer_token_free(handle); }
    void operator()(bouncer_verifier *handle) const noexcept { bouncer_verifier_free(handle); }
};

template <class Handle>
using Owned = std::unique_ptr<Handle, Free>;

inline std::string_view text(bouncer_str text) noexcept {
    return {text.data, text.len};
}

inline std::optional<std::string_view> optional_text(bouncer_str text) noexcept {
    return text.data == nullptr ? std::nullopt : std::optional<std::string_view>({text.data, text.len});
}

/// What `pointer` points to. Without, the program ends: it asked for what is not there.
template <class T>
T &present(T *pointer) noexcept {
    if (pointer == nullptr) {
        std::abort();
    }
    return *pointer;
}

/// What a handle lists by index, as a range. The elements are made as they are read, and belong to the handle.
template <class Handle, class Item, std::size_t (*Count)(const Handle *), Item (*At)(const Handle *, std::size_t)>
class List {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Item;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Item;

        iterator() noexcept = default;
        iterator(const Handle *handle, std::size_t index) noexcept : handle_(handle), index_(index) {}
        Item operator*() const noexcept { return At(handle_, index_); }
        iterator &operator++() noexcept { return ++index_, *this; }
        iterator operator++(int) noexcept { return {handle_, index_++}; }
        friend bool operator==(iterator a, iterator b) noexcept { return a.index_ == b.index_; }
        friend bool operator!=(iterator a, iterator b) noexcept { return a.index_ != b.index_; }

    private:
        const Handle *handle_ = nullptr;
        std::size_t index_ = 0;
    };
    using const_iterator = iterator;
    using value_type = Item;

    explicit List(const Handle *handle) noexcept : handle_(handle) {}
    [[nodiscard]] std::size_t size() const noexcept { return Count(handle_); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// The element at `index`, from 0; from size() on an empty one.
    [[nodiscard]] Item operator[](std::size_t index) const noexcept { return At(handle_, index); }
    [[nodiscard]] iterator begin() const noexcept { return {handle_, 0}; }
    [[nodiscard]] iterator end() const noexcept { return {handle_, size()}; }

private:
    const Handle *handle_;
};

/// The value of WWW-Authenticate that goes with a status.
inline std::optional<std::string_view> challenge(Status status) noexcept {
    return optional_text(bouncer_status_challenge(static_cast<std::uint32_t>(status)));
}

/// False, once `T` is known: for a static_assert in a template that nobody may use.
template <class T>
inline constexpr bool is_allowed = false;

/// A time to wait as C takes it: none that is negative.
inline std::uint64_t count(std::chrono::milliseconds time) noexcept {
    return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
}

}  // namespace detail

/// Bytes that belong to somebody else, as `std::string_view` is for text. Made of a pointer and a length, or of
/// anything with data() and size(): a vector, an array, a `std::span`. Converts to `std::span<const std::uint8_t>`.
class ByteView {
public:
    constexpr ByteView() noexcept = default;
    constexpr ByteView(const std::uint8_t *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class Bytes, class = std::enable_if_t<std::is_convertible_v<
                               decltype(std::declval<const Bytes &>().data()), const std::uint8_t *>>>
    constexpr ByteView(const Bytes &bytes) noexcept : data_(bytes.data()), size_(bytes.size()) {}

    [[nodiscard]] constexpr const std::uint8_t *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr const std::uint8_t *begin() const noexcept { return data_; }
    [[nodiscard]] constexpr const std::uint8_t *end() const noexcept { return data_ + size_; }

private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

// ------------------------------------------------------------------------------------------ Failure, Error, Result

/// Why a call failed. It holds no token, no claim value and no key, so it may be logged.
class Failure {
public:
    /// Takes `error`, which may be NULL, from a C call that returned `status`.
    Failure(bouncer_status status, bouncer_error *error) noexcept
        : status_(static_cast<Status>(status)), handle_(error) {}

    [[nodiscard]] Status status() const noexcept { return status_; }
    /// The stable name of the status, NUL-terminated: "expired". Static.
    [[nodiscard]] const char *name() const noexcept { return status_name(status_); }
    /// What happened, in a sentence for a log, NUL-terminated. The words may change between versions: go by status().
    [[nodiscard]] const char *message() const & noexcept {
        return handle_ ? bouncer_error_message(handle_.get()) : name();
    }
    /// The claim or header parameter at fault, if there is one: "exp", "crit".
    [[nodiscard]] std::optional<std::string_view> claim() const & noexcept {
        return detail::optional_text(bouncer_error_claim(handle_.get()));
    }
    /// True if the token is at fault: answer the request with HTTP 401.
    [[nodiscard]] bool is_invalid_token() const noexcept { return bouncer::is_invalid_token(status_); }
    /// True if the keys are at fault, and the token may well be valid: answer with HTTP 503, never 401.
    [[nodiscard]] bool is_keys_problem() const noexcept { return bouncer::is_keys_problem(status_); }
    /// True if the service could not log in for a token of its own: if a request cannot be answered without it, answer
    /// with HTTP 503.
    [[nodiscard]] bool is_login_problem() const noexcept { return bouncer::is_login_problem(status_); }
    /// The HTTP status that answers a request which failed so: 401, 503 or 500.
    [[nodiscard]] int http_status() const noexcept { return bouncer::http_status(status_); }
    /// The value of the WWW-Authenticate header of an answer with HTTP status 401 (RFC 6750 section 3); none for another
    /// status. Static.
    [[nodiscard]] std::optional<std::string_view> challenge() const noexcept { return detail::challenge(status_); }

    const char *message() const && = delete;
    std::optional<std::string_view> claim() const && = delete;

private:
    Status status_;
    detail::Owned<bouncer_error> handle_;
};

#ifdef __cpp_exceptions
/// A Failure as an exception: what the functions without `try_` throw. A copy shares the Failure.
class Error : public std::exception {
public:
    explicit Error(Failure failure) : failure_(std::make_shared<const Failure>(std::move(failure))) {}
    Error(const Error &) noexcept = default;
    Error &operator=(const Error &) noexcept = default;
    ~Error() override = default;

    [[nodiscard]] Status status() const noexcept { return failure_->status(); }
    /// @copydoc Failure::name
    [[nodiscard]] const char *name() const noexcept { return failure_->name(); }
    /// @copydoc Failure::message
    [[nodiscard]] const char *what() const noexcept override { return failure_->message(); }
    /// @copydoc Failure::claim
    [[nodiscard]] std::optional<std::string_view> claim() const & noexcept { return failure_->claim(); }
    /// @copydoc Failure::is_invalid_token
    [[nodiscard]] bool is_invalid_token() const noexcept { return failure_->is_invalid_token(); }
    /// @copydoc Failure::is_keys_problem
    [[nodiscard]] bool is_keys_problem() const noexcept { return failure_->is_keys_problem(); }
    /// @copydoc Failure::is_login_problem
    [[nodiscard]] bool is_login_problem() const noexcept { return failure_->is_login_problem(); }
    /// @copydoc Failure::http_status
    [[nodiscard]] int http_status() const noexcept { return failure_->http_status(); }
    /// @copydoc Failure::challenge
    [[nodiscard]] std::optional<std::string_view> challenge() const noexcept { return failure_->challenge(); }

    std::optional<std::string_view> claim() const && = delete;

private:
    std::shared_ptr<const Failure> failure_;
};
#endif

/// What a `try_` function gives: a value, or the Failure in its place. Asking for the one that is not there ends the
/// program with std::abort(), never with undefined behaviour.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) noexcept : outcome_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) noexcept : outcome_(std::in_place_index<1>, std::move(failure)) {}

    /// True if there is a value.
    [[nodiscard]] explicit operator bool() const noexcept { return outcome_.index() == 0; }

    [[nodiscard]] T &value() & noexcept { return detail::present(std::get_if<0>(&outcome_)); }
    [[nodiscard]] const T &value() const & noexcept { return detail::present(std::get_if<0>(&outcome_)); }
    [[nodiscard]] T value() && noexcept { return std::move(detail::present(std::get_if<0>(&outcome_))); }
    [[nodiscard]] T &operator*() & noexcept { return value(); }
    [[nodiscard]] const T &operator*() const & noexcept { return value(); }
    [[nodiscard]] T operator*() && noexcept { return std::move(*this).value(); }
    [[nodiscard]] T *operator->() & noexcept { return &value(); }
    [[nodiscard]] const T *operator->() const & noexcept { return &value(); }
    const T *operator->() const && = delete;

    [[nodiscard]] const Failure &error() const & noexcept { return detail::present(std::get_if<1>(&outcome_)); }
    [[nodiscard]] Failure error() && noexcept { return std::move(detail::present(std::get_if<1>(&outcome_))); }

#ifdef __cpp_exceptions
    /// The value. @throws Error with the Failure if there is none.
    T or_throw() && {
        return *this ? std::move(*this).value() : throw Error(std::move(*this).error());
    }
#endif

private:
    std::variant<T, Failure> outcome_;
};

/// What a `try_` function gives that has nothing to give but success.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() noexcept = default;
    Result(Failure failure) noexcept : failure_(std::move(failure)) {}

    /// True if the call succeeded.
    [[nodiscard]] explicit operator bool() const noexcept { return !failure_; }
    [[nodiscard]] const Failure &error() const & noexcept { return detail::present(failure_ ? &*failure_ : nullptr); }
    [[nodiscard]] Failure error() && noexcept { return std::move(detail::present(failure_ ? &*failure_ : nullptr)); }

#ifdef __cpp_exceptions
    /// @throws Error with the Failure if the call failed.
    void or_throw() && {
        if (failure_) {
            throw Error(*std::move(failure_));
        }
    }
#endif

private:
    std::optional<Failure> failure_;
};

namespace detail {

/// Calls a C function that makes a handle, which comes after its other arguments.
template <class T, class... Parameters, class... Arguments>
Result<T> make(bouncer_status (*function)(Parameters...), Arguments... arguments) noexcept {
    typename T::Handle *handle = nullptr;
    bouncer_error *error = nullptr;
    const bouncer_status status = function(arguments..., &handle, &error);
    return status == BOUNCER_STATUS_OK ? Result<T>(T(handle)) : Result<T>(Failure(status, error));
}

/// Calls a C function that makes nothing.
template <class... Parameters, class... Arguments>
Result<void> act(bouncer_status (*function)(Parameters...), Arguments... arguments) noexcept {
    bouncer_error *error = nullptr;
    const bouncer_status status = function(arguments..., &error);
    return status == BOUNCER_STATUS_OK ? Result<void>() : Result<void>(Failure(status, error));
}

}  // namespace detail

// --------------------------------------------------------------------------------------------------- JwkView, Jwk

/// A public key for verifying signatures (RFC 7517 section 4) that belongs to a Jwk or a JwkSet, and lives as long as
/// that. Free to copy. An empty one has no text, no bytes and 0 bits.
class JwkView {
public:
    JwkView() noexcept = default;
    explicit JwkView(const bouncer_jwk *handle) noexcept : handle_(handle) {}

    /// False for an empty one.
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// "kid", the key ID.
    [[nodiscard]] std::optional<std::string_view> kid() const noexcept {
        return detail::optional_text(bouncer_jwk_kid(handle_));
    }
    /// "alg", the one algorithm the key is for. Static.
    [[nodiscard]] std::optional<std::string_view> algorithm() const noexcept {
        return detail::optional_text(bouncer_jwk_algorithm(handle_));
    }
    /// "kty", the key type: "RSA", "EC" or "OKP". Static.
    [[nodiscard]] std::string_view key_type() const noexcept { return detail::text(bouncer_jwk_key_type(handle_)); }
    /// "crv", the curve; none for an RSA key. Static.
    [[nodiscard]] std::optional<std::string_view> curve() const noexcept {
        return detail::optional_text(bouncer_jwk_curve(handle_));
    }
    /// The size in bits, of the RSA modulus or of the curve.
    [[nodiscard]] std::size_t bits() const noexcept { return bouncer_jwk_bits(handle_); }
    /// The RSA modulus, big-endian without leading zeros; empty for other key types.
    [[nodiscard]] ByteView n() const noexcept { return bytes(bouncer_jwk_n(handle_)); }
    /// The RSA exponent, big-endian without leading zeros; empty for other key types.
    [[nodiscard]] ByteView e() const noexcept { return bytes(bouncer_jwk_e(handle_)); }
    /// True if "n" or "e" were written as RFC 7518 section 2 forbids and were read all the same.
    [[nodiscard]] bool is_tolerated() const noexcept { return bouncer_jwk_is_tolerated(handle_) != 0; }
    /// The key as PEM, label "PUBLIC KEY".
    [[nodiscard]] std::string_view pem() const noexcept { return detail::text(bouncer_jwk_pem(handle_)); }
    /// The key as DER SubjectPublicKeyInfo.
    [[nodiscard]] ByteView der() const noexcept { return bytes(bouncer_jwk_der(handle_)); }
    /// The key as a JWK, a JSON object.
    [[nodiscard]] std::string_view json() const noexcept { return detail::text(bouncer_jwk_json(handle_)); }
    /// The JWK Thumbprint with SHA-256 (RFC 7638), in base64url.
    [[nodiscard]] std::string_view thumbprint() const noexcept { return detail::text(bouncer_jwk_thumbprint(handle_)); }
    /// The kid that Bouncer gives an RSA key, from its numbers; none for other key types.
    [[nodiscard]] std::optional<std::string_view> dcos_kid() const noexcept {
        return detail::optional_text(bouncer_jwk_dcos_kid(handle_));
    }
    /// The handle, for functions of bouncer_verify.h.
    [[nodiscard]] const bouncer_jwk *handle() const noexcept { return handle_; }

private:
    static ByteView bytes(bouncer_bytes bytes) noexcept { return {bytes.data, bytes.len}; }

    const bouncer_jwk *handle_ = nullptr;
};

/// A public key of its own. It is read through `->`, as what it points to: `key->thumbprint()`.
class Jwk {
public:
    using Handle = bouncer_jwk;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit Jwk(bouncer_jwk *handle) noexcept : handle_(handle) {}

    /// Reads one JWK, a JSON object. On failure: Status::UnusableKey.
    static Result<Jwk> try_from_json(std::string_view json) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_json, json.data(), json.size());
    }
    /// Reads PEM with the label "PUBLIC KEY" (RFC 7468 section 13). On failure: Status::UnusableKey.
    static Result<Jwk> try_from_pem(std::string_view pem) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_pem, pem.data(), pem.size());
    }
    /// Reads DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). On failure: Status::UnusableKey.
    static Result<Jwk> try_from_der(ByteView der) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_der, der.data(), der.size());
    }
    /// Makes an RSA key of its modulus and exponent, big-endian; leading zeros do not matter. On failure:
    /// Status::UnusableKey.
    static Result<Jwk> try_from_rsa_components(ByteView n, ByteView e) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_rsa_components, n.data(), n.size(), e.data(), e.size());
    }
    /// Makes an RSA key of its modulus and exponent as a JWK's "n" and "e" give them (Base64urlUInt, RFC 7518 section
    /// 2). On failure: Status::UnusableKey, or Status::InvalidArgument for text that is not UTF-8.
    static Result<Jwk> try_from_rsa_base64url(std::string_view n, std::string_view e) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_rsa_base64url, n.data(), n.size(), e.data(), e.size());
    }

#ifdef __cpp_exceptions
    /// @copydoc try_from_json @throws Error
    [[nodiscard]] static Jwk from_json(std::string_view json) { return try_from_json(json).or_throw(); }
    /// @copydoc try_from_pem @throws Error
    [[nodiscard]] static Jwk from_pem(std::string_view pem) { return try_from_pem(pem).or_throw(); }
    /// @copydoc try_from_der @throws Error
    [[nodiscard]] static Jwk from_der(ByteView der) { return try_from_der(der).or_throw(); }
    /// @copydoc try_from_rsa_components @throws Error
    [[nodiscard]] static Jwk from_rsa_components(ByteView n, ByteView e) {
        return try_from_rsa_components(n, e).or_throw();
    }
    /// @copydoc try_from_rsa_base64url @throws Error
    [[nodiscard]] static Jwk from_rsa_base64url(std::string_view n, std::string_view e) {
        return try_from_rsa_base64url(n, e).or_throw();
    }
#endif

    /// Points to a JwkView.
    class Pointer {
    public:
        explicit Pointer(JwkView key) noexcept : key_(key) {}
        [[nodiscard]] const JwkView *operator->() const noexcept { return &key_; }

    private:
        JwkView key_;
    };

    [[nodiscard]] Pointer operator->() const & noexcept { return Pointer(*this); }
    /// The key, borrowed.
    [[nodiscard]] operator JwkView() const & noexcept { return JwkView(handle_.get()); }

    Pointer operator->() const && = delete;
    operator JwkView() const && = delete;

private:
    detail::Owned<bouncer_jwk> handle_;
};

// ---------------------------------------------------------------------------------------------------------- JwkSet

/// Which arithmetic verifies signatures. The verdicts are the same.
enum class Backend : std::uint32_t {
    /// aws-lc, and for RS256 this library's own AVX-512 arithmetic where the CPU has the instructions, watched by
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
using AreKeys = std::enable_if_t<(sizeof...(Keys) > 0) && (std::is_convertible_v<const Keys &, JwkView> && ...)>;

inline JwkView key_at(const bouncer_jwks *jwks, std::size_t index) noexcept {
    return JwkView(bouncer_jwks_key(jwks, index));
}

inline SkippedKey skipped_at(const bouncer_jwks *jwks, std::size_t index) noexcept {
    return {bouncer_jwks_skipped_index(jwks, index), optional_text(bouncer_jwks_skipped_kid(jwks, index)),
            text(bouncer_jwks_skipped_reason(jwks, index)), text(bouncer_jwks_skipped_message(jwks, index))};
}

}  // namespace detail

/// An issuer's public keys (RFC 7517 section 5), checked and parsed once.
class JwkSet {
public:
    using Handle = bouncer_jwks;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit JwkSet(bouncer_jwks *handle) noexcept : handle_(handle) {}

    /// Reads a JWK Set document, strict JSON, at most 1 MiB and 1000 members. A key that cannot be used is skipped(). On
    /// failure: Status::MalformedJwkSet, or Status::NoUsableKey with the first skipped key's reason in the message.
    static Result<JwkSet> try_load(std::string_view json) noexcept {
        return detail::make<JwkSet>(bouncer_jwks_load, json.data(), json.size());
    }
    /// Reads a JWK Set document as above, to verify with `backend`.
    static Result<JwkSet> try_load(std::string_view json, Backend backend) noexcept {
        return detail::make<JwkSet>(bouncer_jwks_load_with, json.data(), json.size(),
                                    static_cast<std::uint32_t>(backend));
    }
    /// Makes a set of the `count` keys at `keys`. They are copied. On failure: Status::NoUsableKey if there are none,
    /// Status::NullArgument if one is empty.
    static Result<JwkSet> try_from_keys(const JwkView *keys, std::size_t count) noexcept {
        static_assert(sizeof(JwkView) == sizeof(const bouncer_jwk *) && std::is_standard_layout_v<JwkView>,
                      "an array of views is an array of handles");
        return detail::make<JwkSet>(bouncer_jwks_from_keys, reinterpret_cast<const bouncer_jwk *const *>(keys), count);
    }
    /// Makes a set of keys, each a Jwk or a JwkView: `try_from_keys(one, two)`. They are copied. On failure:
    /// Status::NullArgument if one is empty.
    template <class... Keys, class = detail::AreKeys<Keys...>>
    static Result<JwkSet> try_from_keys(const Keys &...keys) noexcept {
        const JwkView views[] = {static_cast<JwkView>(keys)...};
        return try_from_keys(views, sizeof...(keys));
    }

#ifdef __cpp_exceptions
    /// @copydoc try_load @throws Error
    [[nodiscard]] static JwkSet load(std::string_view json) { return try_load(json).or_throw(); }
    /// @copydoc try_load(std::string_view, Backend) @throws Error
    [[nodiscard]] static JwkSet load(std::string_view json, Backend backend) {
        return try_load(json, backend).or_throw();
    }
    /// @copydoc try_from_keys(const JwkView *, std::size_t) @throws Error
    [[nodiscard]] static JwkSet from_keys(const JwkView *keys, std::size_t count) {
        return try_from_keys(keys, count).or_throw();
    }
    /// Makes a set of keys, each a Jwk or a JwkView: `JwkSet::from_keys(Jwk::from_pem(pem))`. They are copied. @throws
    /// Error
    template <class... Keys, class = detail::AreKeys<Keys...>>
    [[nodiscard]] static JwkSet from_keys(const Keys &...keys) {
        return try_from_keys(keys...).or_throw();
    }
#endif

    using Keys = detail::List<bouncer_jwks, JwkView, bouncer_jwks_key_count, detail::key_at>;
    using SkippedKeys = detail::List<bouncer_jwks, SkippedKey, bouncer_jwks_skipped_count, detail::skipped_at>;

    /// The usable keys, in document order: a range of JwkView.
    [[nodiscard]] Keys keys() const & noexcept { return Keys(handle_.get()); }
    /// How many of the keys have their RS256 signatures verified by the accelerated arithmetic: see Backend.
    [[nodiscard]] std::size_t accelerated_keys() const noexcept { return bouncer_jwks_accelerated_keys(handle_.get()); }
    /// The keys that cannot be used, in document order: a range of SkippedKey.
    [[nodiscard]] SkippedKeys skipped() const & noexcept { return SkippedKeys(handle_.get()); }
    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_jwks *handle() const & noexcept { return handle_.get(); }

    Keys keys() const && = delete;
    SkippedKeys skipped() const && = delete;
    const bouncer_jwks *handle() const && = delete;

private:
    detail::Owned<bouncer_jwks> handle_;
};

// ---------------------------------------------------------------------------------------------------------- Policy

/// What a token must be to be believed, beyond its signature. Start from one of the three and add:
///
///     Policy policy = Policy::for_issuer("https://id.example", "orders").algorithms("RS256 ES256").leeway(5s);
///
/// A setting that is refused (Status::InvalidArgument) leaves the policy as it was. A policy is copied into a Verifier:
/// what changes later does not reach it.
class Policy {
public:
    using Handle = bouncer_policy;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit Policy(bouncer_policy *handle) noexcept : handle_(handle) {}

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

    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_policy *handle() const & noexcept { return handle_.get(); }
    const bouncer_policy *handle() const && = delete;

private:
    Result<void> set(bouncer_status (*function)(bouncer_policy *, const char *, std::size_t, bouncer_error **),
                     std::string_view text) noexcept {
        return detail::act(function, handle_.get(), text.data(), text.size());
    }
#ifdef __cpp_exceptions
    Policy &with(Result<void> result) { return std::move(result).or_throw(), *this; }
#endif

    detail::Owned<bouncer_policy> handle_;
};

// --------------------------------------------------------------------------------------------------- RemoteOptions

/// The settings of a RemoteJwkSet. Start from one of the two and add:
///
///     RemoteOptions options = RemoteOptions::for_url("https://master.mesos/acs/api/v1/auth/jwks").ca_file("ca.pem");
///
/// Text that is not UTF-8 is refused at once (Status::InvalidArgument) and leaves the settings as they were; everything
/// else is looked at when a RemoteJwkSet is made of them.
class RemoteOptions {
public:
    using Handle = bouncer_remote_options;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit RemoteOptions(bouncer_remote_options *handle) noexcept : handle_(handle) {}

    /// For the key set at `url`: https, or http to this machine.
    static Result<RemoteOptions> try_for_url(std::string_view url) noexcept {
        return detail::make<RemoteOptions>(bouncer_remote_options_new, url.data(), url.size());
    }
    /// For the key set of `issuer`, found through its metadata at "/.well-known/openid-configuration" (OpenID Connect
    /// Discovery 1.0), which must name the same issuer, character for character. Here max_stale() is one hour.
    static Result<RemoteOptions> try_for_issuer(std::string_view issuer) noexcept {
        return detail::make<RemoteOptions>(bouncer_remote_options_new_for_issuer, issuer.data(), issuer.size());
    }

    /// Verifies with this back end.
    Result<void> try_backend(Backend backend) noexcept {
        return detail::act(bouncer_remote_options_set_backend, handle_.get(), static_cast<std::uint32_t>(backend));
    }
    /// Allows http to other machines: whoever is on the way can then choose the keys.
    Result<void> try_allow_http() noexcept { return set(bouncer_remote_options_set_allow_http); }
    /// Trusts the certificate authorities of this PEM file too, besides the system's. It is read for each fetch, so it
    /// may be replaced.
    Result<void> try_ca_file(std::string_view path) noexcept { return set(bouncer_remote_options_set_ca_file, path); }
    /// Goes through this proxy, "http://[user:password@]host:port", in place of what the environment says:
    /// https_proxy for https, http_proxy for http, else all_proxy, but for hosts in no_proxy, in lower or upper case.
    /// Never for this machine.
    Result<void> try_proxy(std::string_view url) noexcept { return set(bouncer_remote_options_set_proxy, url); }
    /// Goes through no proxy, whatever the environment says.
    Result<void> try_no_proxy() noexcept { return set(bouncer_remote_options_set_no_proxy); }
    /// Follows up to three redirects to the same scheme, host and port. By default a redirect is a failure.
    Result<void> try_same_origin_redirects() noexcept {
        return set(bouncer_remote_options_set_same_origin_redirects);
    }
    /// How long keys are fresh where the server does not say (Cache-Control, Expires): by default 10 minutes, at least
    /// one second. What it says counts from 60 seconds to 24 hours.
    Result<void> try_ttl(std::chrono::milliseconds ttl) noexcept { return set(bouncer_remote_options_set_ttl, ttl); }
    /// How long keys are used after the issuer last confirmed them, if it cannot be reached; never less than they are
    /// fresh. By default 24 hours, or one with for_issuer().
    Result<void> try_max_stale(std::chrono::milliseconds max_stale) noexcept {
        return set(bouncer_remote_options_set_max_stale, max_stale);
    }
    /// The time for one HTTP exchange: by default 5 seconds. The TCP connection must be there after 2.
    Result<void> try_timeout(std::chrono::milliseconds timeout) noexcept {
        return set(bouncer_remote_options_set_timeout, timeout);
    }
    /// How long a verification waits at most for a fetch that may bring its key: by default 2 seconds.
    Result<void> try_max_wait(std::chrono::milliseconds max_wait) noexcept {
        return set(bouncer_remote_options_set_max_wait, max_wait);
    }
    /// Starts with this JWK Set document, until the first fetch succeeds: for programs that must answer at once.
    Result<void> try_seed(std::string_view json) noexcept { return set(bouncer_remote_options_set_seed, json); }
    /// Keeps the latest good document in this file (mode 0600, replaced whole), and starts with it if it is there, from
    /// the same source and not too old. Whoever can write the file, or its folder, can choose the keys.
    Result<void> try_last_good_file(std::string_view path) noexcept {
        return set(bouncer_remote_options_set_last_good_file, path);
    }
    /// Begins to fetch, and starts the thread, with the first verification or wait, not at once. For programs that fork
    /// after they set up.
    Result<void> try_lazy() noexcept { return set(bouncer_remote_options_set_lazy); }

#ifdef __cpp_exceptions
    /// @copydoc try_for_url @throws Error
    [[nodiscard]] static RemoteOptions for_url(std::string_view url) { return try_for_url(url).or_throw(); }
    /// @copydoc try_for_issuer @throws Error
    [[nodiscard]] static RemoteOptions for_issuer(std::string_view issuer) { return try_for_issuer(issuer).or_throw(); }

    /// @name The settings in a row
    /// As the functions with `try_` above. Each gives the settings, to go on with. @throws Error
    /// @{
    RemoteOptions &backend(Backend backend) & { return with(try_backend(backend)); }
    RemoteOptions &allow_http() & { return with(try_allow_http()); }
    RemoteOptions &ca_file(std::string_view path) & { return with(try_ca_file(path)); }
    RemoteOptions &proxy(std::string_view url) & { return with(try_proxy(url)); }
    RemoteOptions &no_proxy() & { return with(try_no_proxy()); }
    RemoteOptions &same_origin_redirects() & { return with(try_same_origin_redirects()); }
    RemoteOptions &ttl(std::chrono::milliseconds ttl) & { return with(try_ttl(ttl)); }
    RemoteOptions &max_stale(std::chrono::milliseconds max_stale) & { return with(try_max_stale(max_stale)); }
    RemoteOptions &timeout(std::chrono::milliseconds timeout) & { return with(try_timeout(timeout)); }
    RemoteOptions &max_wait(std::chrono::milliseconds max_wait) & { return with(try_max_wait(max_wait)); }
    RemoteOptions &seed(std::string_view json) & { return with(try_seed(json)); }
    RemoteOptions &last_good_file(std::string_view path) & { return with(try_last_good_file(path)); }
    RemoteOptions &lazy() & { return with(try_lazy()); }

    [[nodiscard]] RemoteOptions backend(Backend backend) && { return std::move(this->backend(backend)); }
    [[nodiscard]] RemoteOptions allow_http() && { return std::move(allow_http()); }
    [[nodiscard]] RemoteOptions ca_file(std::string_view path) && { return std::move(ca_file(path)); }
    [[nodiscard]] RemoteOptions proxy(std::string_view url) && { return std::move(proxy(url)); }
    [[nodiscard]] RemoteOptions no_proxy() && { return std::move(no_proxy()); }
    [[nodiscard]] RemoteOptions same_origin_redirects() && { return std::move(same_origin_redirects()); }
    [[nodiscard]] RemoteOptions ttl(std::chrono::milliseconds ttl) && { return std::move(this->ttl(ttl)); }
    [[nodiscard]] RemoteOptions max_stale(std::chrono::milliseconds max_stale) && {
        return std::move(this->max_stale(max_stale));
    }
    [[nodiscard]] RemoteOptions timeout(std::chrono::milliseconds timeout) && {
        return std::move(this->timeout(timeout));
    }
    [[nodiscard]] RemoteOptions max_wait(std::chrono::milliseconds max_wait) && {
        return std::move(this->max_wait(max_wait));
    }
    [[nodiscard]] RemoteOptions seed(std::string_view json) && { return std::move(seed(json)); }
    [[nodiscard]] RemoteOptions last_good_file(std::string_view path) && { return std::move(last_good_file(path)); }
    [[nodiscard]] RemoteOptions lazy() && { return std::move(lazy()); }
    /// @}
#endif

    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_remote_options *handle() const & noexcept { return handle_.get(); }
    const bouncer_remote_options *handle() const && = delete;

private:
    Result<void> set(bouncer_status (*function)(bouncer_remote_options *, bouncer_error **)) noexcept {
        return detail::act(function, handle_.get());
    }
    Result<void> set(bouncer_status (*function)(bouncer_remote_options *, const char *, std::size_t, bouncer_error **),
                     std::string_view text) noexcept {
        return detail::act(function, handle_.get(), text.data(), text.size());
    }
    Result<void> set(bouncer_status (*function)(bouncer_remote_options *, std::uint64_t, bouncer_error **),
                     std::chrono::milliseconds time) noexcept {
        // Less than 0 is refused as too long.
        return detail::act(function, handle_.get(), static_cast<std::uint64_t>(time.count()));
    }
#ifdef __cpp_exceptions
    RemoteOptions &with(Result<void> result) { return std::move(result).or_throw(), *this; }
#endif

    detail::Owned<bouncer_remote_options> handle_;
};

// ---------------------------------------------------------------------------------------------------- RemoteStatus

/// What a RemoteJwkSet was doing when it was asked, for metrics, logs and health checks. Counts are this process's
/// alone.
class RemoteStatus {
public:
    using Handle = bouncer_remote_status;
    using Time = std::chrono::system_clock::time_point;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit RemoteStatus(bouncer_remote_status *handle) noexcept : handle_(handle) {}

    /// The URL, without its query, or the issuer.
    [[nodiscard]] std::string_view source() const & noexcept {
        return detail::text(bouncer_remote_status_source(handle_.get()));
    }
    /// "empty": no keys yet; "fresh"; "stale": in use, though they should have been confirmed by now, or come from a
    /// seed or a file; "too_old" to be used; "closed". Static.
    [[nodiscard]] std::string_view state() const noexcept {
        return detail::text(bouncer_remote_status_state(handle_.get()));
    }
    /// 0 before the first keys, and one more with each change of them: what is derived from the keys is good for one
    /// generation.
    [[nodiscard]] std::uint64_t generation() const noexcept { return number(bouncer_remote_status_generation); }
    /// SHA-256 of the document in use, in hex.
    [[nodiscard]] std::optional<std::string_view> sha256() const & noexcept {
        return read(bouncer_remote_status_sha256);
    }
    /// The number of usable keys.
    [[nodiscard]] std::uint64_t usable_keys() const noexcept { return number(bouncer_remote_status_usable_keys); }
    /// The number of keys that cannot be used.
    [[nodiscard]] std::uint64_t skipped_keys() const noexcept { return number(bouncer_remote_status_skipped_keys); }
    /// When the issuer last confirmed the keys in use, to the second: none for keys from a seed.
    [[nodiscard]] std::optional<Time> last_success() const noexcept { return time(bouncer_remote_status_last_success); }
    /// The latest failure, in a few words for a log, even if an attempt has succeeded since.
    [[nodiscard]] std::optional<std::string_view> last_error() const & noexcept {
        return read(bouncer_remote_status_last_error);
    }
    /// The same as a stable name: "connect", "timeout", "tls", "protocol", "status", "redirect", "too_large",
    /// "document", "issuer", "system" or "other". Static.
    [[nodiscard]] std::optional<std::string_view> last_error_name() const noexcept {
        return read(bouncer_remote_status_last_error_name);
    }
    /// When that was, to the second.
    [[nodiscard]] std::optional<Time> last_error_at() const noexcept {
        return time(bouncer_remote_status_last_error_at);
    }
    /// Why the last-good file could not be read or written.
    [[nodiscard]] std::optional<std::string_view> last_good_error() const & noexcept {
        return read(bouncer_remote_status_last_good_error);
    }
    /// Attempts that failed.
    [[nodiscard]] std::uint64_t failures() const noexcept { return number(bouncer_remote_status_failures); }
    /// Scheduled attempts that failed since the last success.
    [[nodiscard]] std::uint64_t failures_in_row() const noexcept {
        return number(bouncer_remote_status_failures_in_row);
    }
    /// In how long the next attempt is due, if no token causes one before.
    [[nodiscard]] std::chrono::milliseconds next_attempt() const noexcept {
        return std::chrono::milliseconds(number(bouncer_remote_status_next_attempt_ms));
    }
    /// Attempts done.
    [[nodiscard]] std::uint64_t attempts() const noexcept { return number(bouncer_remote_status_attempts); }
    /// Attempts begun because their time had come.
    [[nodiscard]] std::uint64_t scheduled() const noexcept { return number(bouncer_remote_status_scheduled); }
    /// Attempts begun because the one before failed.
    [[nodiscard]] std::uint64_t retries() const noexcept { return number(bouncer_remote_status_retries); }
    /// Attempts begun because of a token whose "kid" was unknown.
    [[nodiscard]] std::uint64_t unknown_kid() const noexcept { return number(bouncer_remote_status_unknown_kid); }
    /// Attempts begun because of a token without "kid" that no key verified.
    [[nodiscard]] std::uint64_t without_kid() const noexcept { return number(bouncer_remote_status_without_kid); }
    /// Attempts that the program asked for.
    [[nodiscard]] std::uint64_t requested() const noexcept { return number(bouncer_remote_status_requested); }
    /// Tokens that lacked a key and caused no attempt: their "kid" was known to be absent, or a budget was spent.
    [[nodiscard]] std::uint64_t suppressed() const noexcept { return number(bouncer_remote_status_suppressed); }
    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_remote_status *handle() const & noexcept { return handle_.get(); }

    std::string_view source() const && = delete;
    std::optional<std::string_view> sha256() const && = delete;
    std::optional<std::string_view> last_error() const && = delete;
    std::optional<std::string_view> last_good_error() const && = delete;
    const bouncer_remote_status *handle() const && = delete;

private:
    std::optional<std::string_view> read(bouncer_str (*getter)(const bouncer_remote_status *)) const noexcept {
        return detail::optional_text(getter(handle_.get()));
    }
    std::uint64_t number(std::uint64_t (*getter)(const bouncer_remote_status *)) const noexcept {
        return getter(handle_.get());
    }
    std::optional<Time> time(std::int32_t (*getter)(const bouncer_remote_status *, std::int64_t *)) const noexcept {
        std::int64_t seconds = 0;
        return getter(handle_.get(), &seconds) != 0 ? std::optional(Time(std::chrono::seconds(seconds))) : std::nullopt;
    }

    detail::Owned<bouncer_remote_status> handle_;
};

// ------------------------------------------------------------------------------------------- Ticket, RemoteJwkSet

/// Something that is under way or about to begin, and could change an answer: a fetch of keys, which
/// Verifier::try_verify_now() gives and RemoteJwkSet::wait() waits for, or a login, which TokenRenewer::try_token_now()
/// gives and TokenRenewer::wait() waits for. An empty one stands for none.
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

/// An issuer's key set, fetched from its URL and kept fresh by a thread of its own, through rotations and outages. Make
/// one for each issuer and keep it: each that is made has a thread, a budget and requests of its own.
///
/// - A verification whose key is there takes no lock and never waits for the network.
/// - Keys are fetched again at 70 to 80 % of their lifetime. If that fails, the old ones are used up to a bound
///   (RemoteOptions::try_max_stale()), then not at all: Status::KeysUnavailable.
/// - A token of unknown "kid" may cause a fetch: two at once and then one in 10 seconds; a token without "kid" that no
///   key verifies: one in five minutes.
/// - After fork() the child's object works and gets a thread of its own when it needs one. The thread has the signal
///   mask of the thread that made it.
///
/// Verifiers made of it outlive it; the thread ends with the last of them all, or with close(). The destructor does not
/// wait for it.
///
/// A time to wait for that is 0 or less does not wait.
class RemoteJwkSet {
public:
    using Handle = bouncer_remote_jwks;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit RemoteJwkSet(bouncer_remote_jwks *handle) noexcept : handle_(handle) {}

    /// Makes a remote key set of `options`, which are copied. Unless they say otherwise the first fetch begins at once,
    /// in the background. On failure: Status::InvalidArgument, a setting; Status::MalformedJwkSet or
    /// Status::NoUsableKey, the seed.
    static Result<RemoteJwkSet> try_make(const RemoteOptions &options) noexcept {
        return detail::make<RemoteJwkSet>(bouncer_remote_jwks_new, options.handle());
    }
    /// Waits until there are keys to judge with. On failure: Status::KeysUnavailable, not after `timeout`.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_remote_jwks_wait_ready, handle_.get(), detail::count(timeout));
    }
    /// The keys in use. They stay as they are when newer ones come. On failure: Status::KeysUnavailable.
    Result<JwkSet> try_current() const noexcept {
        return detail::make<JwkSet>(bouncer_remote_jwks_current, handle_.get());
    }
    /// Fetches the keys now and waits for it; several callers share one fetch. For operators, not for the way of a
    /// request: nothing limits how often. On failure, Status::KeysUnavailable with the reason in the message, the keys
    /// in use stay.
    Result<void> try_refresh(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_remote_jwks_refresh, handle_.get(), detail::count(timeout));
    }
    /// What it is doing, at this moment. On failure: Status::NullArgument, it was moved from.
    Result<RemoteStatus> try_status() const noexcept {
        return detail::make<RemoteStatus>(bouncer_remote_jwks_status, handle_.get());
    }
    /// Waits for the fetch that `ticket` stands for. False if it is not done after `timeout`, or will not be, or there
    /// is none.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_remote_jwks_wait(handle_.get(), ticket.bits_, detail::count(timeout)) != 0;
    }
    /// Waits until `attempts` attempts to fetch have been made (RemoteStatus::attempts()): for those who watch. False
    /// if that is not so after `timeout`, or will not be.
    [[nodiscard]] bool wait_attempts(std::uint64_t attempts, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_remote_jwks_wait_attempts(handle_.get(), attempts, detail::count(timeout)) != 0;
    }
    /// Ends it, for all verifiers made of it too: a fetch under way is cut off, the thread ends, and from now on there
    /// are no keys.
    void close() const noexcept { bouncer_remote_jwks_close(handle_.get()); }

#ifdef __cpp_exceptions
    /// @copydoc try_make @throws Error
    explicit RemoteJwkSet(const RemoteOptions &options) : RemoteJwkSet(try_make(options).or_throw()) {}
    /// @copydoc try_wait_ready @throws Error
    void wait_ready(std::chrono::milliseconds timeout) const { try_wait_ready(timeout).or_throw(); }
    /// @copydoc try_current @throws Error
    [[nodiscard]] JwkSet current() const { return try_current().or_throw(); }
    /// @copydoc try_refresh @throws Error
    void refresh(std::chrono::milliseconds timeout) const { try_refresh(timeout).or_throw(); }
    /// @copydoc try_status @throws Error
    [[nodiscard]] RemoteStatus status() const { return try_status().or_throw(); }
#endif

    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_remote_jwks *handle() const & noexcept { return handle_.get(); }
    const bouncer_remote_jwks *handle() const && = delete;

private:
    detail::Owned<bouncer_remote_jwks> handle_;
};

// --------------------------------------------------------------------------------------------------- VerifiedToken

namespace detail {

inline std::string_view audience_at(const bouncer_token *token, std::size_t index) noexcept {
    return text(bouncer_token_audience(token, index));
}

}  // namespace detail

/// The strings of a claim, which belong to a token and live as long as that. A range of `std::string_view`.
class Strings {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = std::string_view;

        iterator() noexcept = default;
        explicit iterator(const bouncer_str *at) noexcept : at_(at) {}
        std::string_view operator*() const noexcept { return detail::text(*at_); }
        iterator &operator++() noexcept { return ++at_, *this; }
        iterator operator++(int) noexcept { return iterator(at_++); }
        friend bool operator==(iterator a, iterator b) noexcept { return a.at_ == b.at_; }
        friend bool operator!=(iterator a, iterator b) noexcept { return a.at_ != b.at_; }

    private:
        const bouncer_str *at_ = nullptr;
    };
    using const_iterator = iterator;
    using value_type = std::string_view;

    Strings(const bouncer_str *data, std::size_t size) noexcept : data_(data), size_(size) {}
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// The string at `index`, from 0; an empty one from size() on.
    [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept {
        return index < size_ ? detail::text(data_[index]) : std::string_view();
    }
    [[nodiscard]] iterator begin() const noexcept { return iterator(data_); }
    [[nodiscard]] iterator end() const noexcept { return iterator(data_ + size_); }

private:
    const bouncer_str *data_;
    std::size_t size_;
};

/// A token that passed every check and belongs to a VerifiedToken or a Batch, and lives as long as that. Free to copy.
/// An empty one says nothing.
class TokenView {
public:
    TokenView() noexcept = default;
    explicit TokenView(const bouncer_token *handle) noexcept : handle_(handle) {}

    /// False for an empty one.
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// "uid", the user or service that DC/OS names, if it is a string.
    [[nodiscard]] std::optional<std::string_view> uid() const noexcept { return read(bouncer_token_uid); }
    /// "iss" (RFC 7519 section 4.1.1).
    [[nodiscard]] std::optional<std::string_view> issuer() const noexcept { return read(bouncer_token_issuer); }
    /// "sub" (RFC 7519 section 4.1.2).
    [[nodiscard]] std::optional<std::string_view> subject() const noexcept { return read(bouncer_token_subject); }
    /// "jti" (RFC 7519 section 4.1.7).
    [[nodiscard]] std::optional<std::string_view> token_id() const noexcept { return read(bouncer_token_token_id); }
    using Audience = detail::List<bouncer_token, std::string_view, bouncer_token_audience_count, detail::audience_at>;
    /// "aud" (RFC 7519 section 4.1.3), a range of `std::string_view`: one for a string, none if it is absent.
    [[nodiscard]] Audience audience() const noexcept { return Audience(handle_); }
    /// "exp" (RFC 7519 section 4.1.4), in seconds since 1970-01-01T00:00:00Z, rounded down.
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept { return time(bouncer_token_expires_at); }
    /// "nbf" (RFC 7519 section 4.1.5), in seconds since 1970-01-01T00:00:00Z, rounded up.
    [[nodiscard]] std::optional<std::int64_t> not_before() const noexcept { return time(bouncer_token_not_before); }
    /// "iat" (RFC 7519 section 4.1.6), in seconds since 1970-01-01T00:00:00Z, rounded down.
    [[nodiscard]] std::optional<std::int64_t> issued_at() const noexcept { return time(bouncer_token_issued_at); }
    /// The JSON text of the claim `name`, as it was signed: a string comes with its quotes.
    [[nodiscard]] std::optional<std::string_view> claim(std::string_view name) const noexcept {
        return detail::optional_text(bouncer_token_claim(handle_, name.data(), name.size()));
    }
    /// The claim `name`, which must be a string: its text, without quotes and escapes. On failure: Status::MissingClaim if it
    /// is absent or null, Status::MalformedClaims if it is anything but a string.
    Result<std::string_view> try_claim_string(std::string_view name) const noexcept {
        bouncer_str value = {nullptr, 0};
        Result<void> found = detail::act(bouncer_token_claim_string, handle_, name.data(), name.size(), &value);
        return found ? Result<std::string_view>(detail::text(value)) : Result<std::string_view>(std::move(found).error());
    }
    /// The claim `name`, which must be an integer of 64 bits. On failure: as try_claim_string().
    Result<std::int64_t> try_claim_integer(std::string_view name) const noexcept {
        std::int64_t value = 0;
        Result<void> found = detail::act(bouncer_token_claim_integer, handle_, name.data(), name.size(), &value);
        return found ? Result<std::int64_t>(value) : Result<std::int64_t>(std::move(found).error());
    }
    /// The claim `name`, which must be an array of strings, or one string, which counts as an array of one. On failure: as
    /// try_claim_string().
    Result<Strings> try_claim_strings(std::string_view name) const noexcept {
        const bouncer_str *values = nullptr;
        std::size_t count = 0;
        Result<void> found = detail::act(bouncer_token_claim_strings, handle_, name.data(), name.size(), &values, &count);
        return found ? Result<Strings>(Strings(values, count)) : Result<Strings>(std::move(found).error());
    }
#ifdef __cpp_exceptions
    /// @copydoc try_claim_string @throws Error
    [[nodiscard]] std::string_view claim_string(std::string_view name) const { return try_claim_string(name).or_throw(); }
    /// @copydoc try_claim_integer @throws Error
    [[nodiscard]] std::int64_t claim_integer(std::string_view name) const { return try_claim_integer(name).or_throw(); }
    /// @copydoc try_claim_strings @throws Error
    [[nodiscard]] Strings claim_strings(std::string_view name) const { return try_claim_strings(name).or_throw(); }
#endif
    /// The whole Claims Set, a JSON object: the very bytes that were signed.
    [[nodiscard]] std::string_view payload() const noexcept { return detail::text(bouncer_token_payload(handle_)); }
    /// The JOSE Header, a JSON object.
    [[nodiscard]] std::string_view header() const noexcept { return detail::text(bouncer_token_header(handle_)); }
    /// The "kid" of the key that verified the token.
    [[nodiscard]] std::optional<std::string_view> kid() const noexcept { return read(bouncer_token_kid); }
    /// The algorithm of the signature: "RS256". Static.
    [[nodiscard]] std::string_view algorithm() const noexcept { return detail::text(bouncer_token_algorithm(handle_)); }
    /// The handle, for functions of bouncer_verify.h.
    [[nodiscard]] const bouncer_token *handle() const noexcept { return handle_; }

private:
    std::optional<std::string_view> read(bouncer_str (*getter)(const bouncer_token *)) const noexcept {
        return detail::optional_text(getter(handle_));
    }
    std::optional<std::int64_t> time(std::int32_t (*getter)(const bouncer_token *, std::int64_t *)) const noexcept {
        std::int64_t seconds = 0;
        return getter(handle_, &seconds) != 0 ? std::optional(seconds) : std::nullopt;
    }

    const bouncer_token *handle_ = nullptr;
};

/// A token that passed every check; verifying is the only way to have one. What its functions say is at TokenView's.
class VerifiedToken {
public:
    using Handle = bouncer_token;
    using Audience = TokenView::Audience;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit VerifiedToken(bouncer_token *handle) noexcept : handle_(handle) {}

    /// The token, borrowed.
    [[nodiscard]] operator TokenView() const & noexcept { return view(); }
    [[nodiscard]] std::optional<std::string_view> uid() const & noexcept { return view().uid(); }
    [[nodiscard]] std::optional<std::string_view> issuer() const & noexcept { return view().issuer(); }
    [[nodiscard]] std::optional<std::string_view> subject() const & noexcept { return view().subject(); }
    [[nodiscard]] std::optional<std::string_view> token_id() const & noexcept { return view().token_id(); }
    [[nodiscard]] Audience audience() const & noexcept { return view().audience(); }
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept { return view().expires_at(); }
    [[nodiscard]] std::optional<std::int64_t> not_before() const noexcept { return view().not_before(); }
    [[nodiscard]] std::optional<std::int64_t> issued_at() const noexcept { return view().issued_at(); }
    [[nodiscard]] std::optional<std::string_view> claim(std::string_view name) const & noexcept {
        return view().claim(name);
    }
    Result<std::string_view> try_claim_string(std::string_view name) const & noexcept {
        return view().try_claim_string(name);
    }
    Result<std::int64_t> try_claim_integer(std::string_view name) const noexcept { return view().try_claim_integer(name); }
    Result<Strings> try_claim_strings(std::string_view name) const & noexcept { return view().try_claim_strings(name); }
#ifdef __cpp_exceptions
    [[nodiscard]] std::string_view claim_string(std::string_view name) const & { return view().claim_string(name); }
    [[nodiscard]] std::int64_t claim_integer(std::string_view name) const { return view().claim_integer(name); }
    [[nodiscard]] Strings claim_strings(std::string_view name) const & { return view().claim_strings(name); }
    std::string_view claim_string(std::string_view name) const && = delete;
    Strings claim_strings(std::string_view name) const && = delete;
#endif
    [[nodiscard]] std::string_view payload() const & noexcept { return view().payload(); }
    [[nodiscard]] std::string_view header() const & noexcept { return view().header(); }
    [[nodiscard]] std::optional<std::string_view> kid() const & noexcept { return view().kid(); }
    [[nodiscard]] std::string_view algorithm() const noexcept { return view().algorithm(); }
    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_token *handle() const & noexcept { return handle_.get(); }

    operator TokenView() const && = delete;
    std::optional<std::string_view> uid() const && = delete;
    std::optional<std::string_view> issuer() const && = delete;
    std::optional<std::string_view> subject() const && = delete;
    std::optional<std::string_view> token_id() const && = delete;
    Audience audience() const && = delete;
    std::optional<std::string_view> claim(std::string_view name) const && = delete;
    Result<std::string_view> try_claim_string(std::string_view name) const && = delete;
    Result<Strings> try_claim_strings(std::string_view name) const && = delete;
    std::string_view payload() const && = delete;
    std::string_view header() const && = delete;
    std::optional<std::string_view> kid() const && = delete;
    const bouncer_token *handle() const && = delete;

private:
    TokenView view() const noexcept { return TokenView(handle_.get()); }

    detail::Owned<bouncer_token> handle_;
};

// ----------------------------------------------------------------------------------------------------------- Batch

/// The verdict on one token of a Batch, which it belongs to: a token, or why not. Free to copy.
class VerdictView {
public:
    VerdictView(const bouncer_batch *batch, std::size_t index) noexcept
        : token_(bouncer_batch_token(batch, index)),
          error_(bouncer_batch_error(batch, index)),
          status_(static_cast<Status>(bouncer_batch_status(batch, index))) {
        ticket_.bits_ = bouncer_batch_ticket(batch, index);
    }

    /// True if the token passed.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(token_); }
    /// The token; an empty one if it is refused.
    [[nodiscard]] TokenView token() const noexcept { return token_; }
    /// Status::Ok, or why it is refused; Status::InvalidArgument from size() on.
    [[nodiscard]] Status status() const noexcept { return status_; }
    /// The stable name of the status, NUL-terminated: "expired". Static.
    [[nodiscard]] const char *name() const noexcept { return status_name(status_); }
    /// Why it is refused, in a sentence for a log, NUL-terminated. The words may change between versions.
    [[nodiscard]] const char *message() const noexcept {
        return error_ != nullptr ? bouncer_error_message(error_) : name();
    }
    /// The claim or header parameter at fault, if there is one: "exp", "crit".
    [[nodiscard]] std::optional<std::string_view> claim() const noexcept {
        return detail::optional_text(bouncer_error_claim(error_));
    }
    /// @copydoc Failure::http_status
    [[nodiscard]] int http_status() const noexcept { return bouncer::http_status(status_); }
    /// @copydoc Failure::challenge
    [[nodiscard]] std::optional<std::string_view> challenge() const noexcept { return detail::challenge(status_); }
    /// What could change this verdict of Verifier::try_verify_batch_now(): give it to Verifier::try_verify_now() with the
    /// same token after the wait. Empty if it is final.
    [[nodiscard]] Ticket ticket() const noexcept { return ticket_; }

private:
    TokenView token_;
    const bouncer_error *error_;
    Status status_;
    Ticket ticket_;
};

/// Values in a row that belong to somebody else. Converts to `std::span<const T>`.
template <class T>
class ColumnView {
public:
    constexpr ColumnView(const T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    [[nodiscard]] constexpr const T *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr const T &operator[](std::size_t index) const noexcept { return data_[index]; }
    [[nodiscard]] constexpr const T *begin() const noexcept { return data_; }
    [[nodiscard]] constexpr const T *end() const noexcept { return data_ + size_; }

private:
    const T *data_;
    std::size_t size_;
};

/// The verdicts of a Batch in columns, laid out as Apache Arrow does (its "Columnar Format", 1.0). In a validity bitmap
/// the bit i, counted from the lowest of the first byte, is set where row i has a value.
struct Columns {
    ColumnView<std::uint32_t> status;        ///< The number of each Status: UInt32.
    ColumnView<std::int64_t> exp;            ///< "exp" of the tokens that passed, in seconds since 1970: Int64.
    ColumnView<std::uint8_t> exp_validity;   ///< Which rows have an "exp".
    ColumnView<std::int64_t> uid_offsets;    ///< Where each "uid" begins, and one more for the end: of a LargeUtf8.
    std::string_view uid_data;               ///< The "uid"s of the tokens that passed, one behind the other.
    ColumnView<std::uint8_t> uid_validity;   ///< Which rows have a "uid".
};

namespace detail {

inline VerdictView verdict_at(const bouncer_batch *batch, std::size_t index) noexcept {
    return VerdictView(batch, index);
}

/// Texts as C takes an array of them.
class TextArray {
public:
    template <class Texts>
    explicit TextArray(const Texts &texts) noexcept
        : size_(texts.size()), texts_(size_ > 0 ? new (std::nothrow) bouncer_str[size_] : nullptr) {
        using Text = decltype(*texts.begin());
        static_assert(std::is_lvalue_reference_v<Text> || std::is_same_v<std::decay_t<Text>, std::string_view> ||
                          std::is_pointer_v<std::decay_t<Text>>,
                      "the texts would be gone before they are read: give a container that holds them");
        if (texts_) {
            std::size_t at = 0;
            for (std::string_view text : texts) {
                texts_[at++] = {text.data(), text.size()};
            }
        }
    }
    /// NULL where there was no memory: the call then fails with Status::NullArgument.
    [[nodiscard]] const bouncer_str *data() const noexcept { return texts_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::size_t size_;
    std::unique_ptr<bouncer_str[]> texts_;
};

}  // namespace detail

/// The verdicts on many tokens, in the order of the tokens: a range of VerdictView.
class Batch {
public:
    using Handle = bouncer_batch;
    using Verdicts = detail::List<bouncer_batch, VerdictView, bouncer_batch_count, detail::verdict_at>;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit Batch(bouncer_batch *handle) noexcept : handle_(handle) {}

    [[nodiscard]] std::size_t size() const noexcept { return verdicts().size(); }
    [[nodiscard]] bool empty() const noexcept { return verdicts().empty(); }
    /// The verdict on the token at `index`, from 0.
    [[nodiscard]] VerdictView operator[](std::size_t index) const & noexcept { return verdicts()[index]; }
    [[nodiscard]] Verdicts::iterator begin() const & noexcept { return verdicts().begin(); }
    [[nodiscard]] Verdicts::iterator end() const & noexcept { return verdicts().end(); }
    /// The same in columns. They belong to the batch.
    [[nodiscard]] Columns columns() const & noexcept {
        bouncer_columns columns = {0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
        const bool made = bouncer_batch_columns(handle_.get(), &columns) != 0;
        const std::size_t rows = columns.rows, bytes = rows / 8 + (rows % 8 != 0 ? 1 : 0);
        const std::size_t offsets = made ? rows + 1 : 0;
        const auto uids = made ? static_cast<std::size_t>(columns.uid_offsets[rows]) : 0;
        return {{columns.status, rows},         {columns.exp, rows},
                {columns.exp_validity, bytes},  {columns.uid_offsets, offsets},
                {columns.uid_data, uids},       {columns.uid_validity, bytes}};
    }
    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_batch *handle() const & noexcept { return handle_.get(); }

    VerdictView operator[](std::size_t index) const && = delete;
    Verdicts::iterator begin() const && = delete;
    Verdicts::iterator end() const && = delete;
    Columns columns() const && = delete;
    const bouncer_batch *handle() const && = delete;

private:
    Verdicts verdicts() const noexcept { return Verdicts(handle_.get()); }

    detail::Owned<bouncer_batch> handle_;
};

// ------------------------------------------------------------------------------------------ verify_token, Verifier

/// Verifies a JWT: its signature with `jwks`, then its Claims Set against `policy` (RFC 7519 section 7.2).
///
/// `token` is JWS Compact Serialization, without white space around it. On failure: a status of the 200s or 300s, the
/// first fault of the token in a fixed order.
inline Result<VerifiedToken> try_verify_token(const JwkSet &jwks, const Policy &policy,
                                              std::string_view token) noexcept {
    return detail::make<VerifiedToken>(bouncer_verify_token, jwks.handle(), policy.handle(), token.data(),
                                       token.size());
}

/// Verifies a JWT as above, against Policy::dcos().
inline Result<VerifiedToken> try_verify_token(const JwkSet &jwks, std::string_view token) noexcept {
    return try_verify_token(jwks, Policy::dcos(), token);
}

/// Verifies many JWTs as try_verify_token() does each of them. `tokens` is a container of text: `std::string`,
/// `std::string_view` or `const char *`.
///
/// `threads` bounds how many threads work on it, the calling one included; a thread is started for no fewer than 64
/// tokens. 0 is as 1. Success says nothing of any token: each has its verdict in the Batch.
template <class Tokens>
Result<Batch> try_verify_tokens(const JwkSet &jwks, const Policy &policy, const Tokens &tokens,
                                std::size_t threads = 1) noexcept {
    const detail::TextArray array(tokens);
    return detail::make<Batch>(bouncer_verify_tokens, jwks.handle(), policy.handle(), array.data(), array.size(),
                               threads);
}

#ifdef __cpp_exceptions
/// @copydoc try_verify_tokens @throws Error
template <class Tokens>
[[nodiscard]] Batch verify_tokens(const JwkSet &jwks, const Policy &policy, const Tokens &tokens,
                                  std::size_t threads = 1) {
    return try_verify_tokens(jwks, policy, tokens, threads).or_throw();
}

/// @copydoc try_verify_token(const JwkSet &, std::string_view) @throws Error
[[nodiscard]] inline VerifiedToken verify_token(const JwkSet &jwks, std::string_view token) {
    return try_verify_token(jwks, token).or_throw();
}

/// @copydoc try_verify_token(const JwkSet &, const Policy &, std::string_view) @throws Error
[[nodiscard]] inline VerifiedToken verify_token(const JwkSet &jwks, const Policy &policy, std::string_view token) {
    return try_verify_token(jwks, policy, token).or_throw();
}
#endif

/// One issuer's keys, a JwkSet or a RemoteJwkSet, with the policy for its tokens. It outlives both: they are shared or
/// copied.
class Verifier {
public:
    using Handle = bouncer_verifier;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit Verifier(bouncer_verifier *handle) noexcept : handle_(handle) {}

    /// Puts `jwks` and `policy` together. On failure: Status::NullArgument if one was moved from.
    static Result<Verifier> try_make(const JwkSet &jwks, const Policy &policy) noexcept {
        return detail::make<Verifier>(bouncer_verifier_new, jwks.handle(), policy.handle());
    }
    /// Puts `remote` and `policy` together. On failure: Status::NullArgument if one was moved from.
    static Result<Verifier> try_make(const RemoteJwkSet &remote, const Policy &policy) noexcept {
        return detail::make<Verifier>(bouncer_verifier_new_remote, remote.handle(), policy.handle());
    }
    /// Verifies a JWT, as try_verify_token() does. With remote keys it waits where a fetch may bring the key that is
    /// missing, two seconds at most unless they are set up otherwise (RemoteOptions::try_max_wait()), and may fail with
    /// Status::KeysUnavailable. A token that has its key never waits.
    Result<VerifiedToken> try_verify(std::string_view token) const noexcept {
        return detail::make<VerifiedToken>(bouncer_verifier_verify, handle_.get(), token.data(), token.size());
    }
    /// Verifies the token in the value of an HTTP Authorization header: try_token_from_authorization() and try_verify() in one
    /// call. The value may be a temporary. On failure: as those two; Failure::http_status() and Failure::challenge() answer
    /// the request.
    Result<VerifiedToken> try_verify_authorization(std::string_view value) const noexcept {
        return detail::make<VerifiedToken>(bouncer_verifier_verify_authorization, handle_.get(), value.data(),
                                           value.size());
    }
    /// Verifies many JWTs as try_verify() does each of them; `tokens` and `threads` are as for try_verify_tokens().
    /// With remote keys, the whole of it waits for keys no longer than one token would.
    template <class Tokens>
    Result<Batch> try_verify_batch(const Tokens &tokens, std::size_t threads = 1) const noexcept {
        const detail::TextArray array(tokens);
        return detail::make<Batch>(bouncer_verifier_verify_batch, handle_.get(), array.data(), array.size(), threads);
    }
    /// Verifies many JWTs as try_verify_batch() does, but never waits: for callers that must not block a thread. The
    /// verdicts that a fetch of keys could change have a VerdictView::ticket().
    template <class Tokens>
    Result<Batch> try_verify_batch_now(const Tokens &tokens, std::size_t threads = 1) const noexcept {
        const detail::TextArray array(tokens);
        return detail::make<Batch>(bouncer_verifier_verify_batch_now, handle_.get(), array.data(), array.size(), threads);
    }
    /// A verifier of the same keys and policy that remembers about `tokens` verified tokens, 2^20 at most, 0 for none.
    ///
    /// A token that it remembers passes without its signature being verified again: the whole token is compared, "exp"
    /// and "nbf" are checked each time, and when remote keys change, everything is forgotten. What it gives up: the
    /// tokens and their claims stay in memory, about twice their length each, until others take their places.
    [[nodiscard]] Result<Verifier> try_with_cache(std::size_t tokens) const noexcept {
        return detail::make<Verifier>(bouncer_verifier_with_cache, handle_.get(), tokens);
    }
    /// The most tokens that the cache keeps; 0 without one.
    [[nodiscard]] std::size_t cache_capacity() const noexcept { return bouncer_verifier_cache_capacity(handle_.get()); }
    /// How many verifications found their token in the cache.
    [[nodiscard]] std::uint64_t cache_hits() const noexcept { return bouncer_verifier_cache_hits(handle_.get()); }
    /// How many did not.
    [[nodiscard]] std::uint64_t cache_misses() const noexcept { return bouncer_verifier_cache_misses(handle_.get()); }
    /// Verifies a JWT, as try_verify() does, but never waits: for callers that must not block a thread.
    ///
    /// `ticket` is empty at first. If it is not afterwards, the verdict may change once that fetch is done: wait for it
    /// on some thread (wait()) and call again with it, twice at most. If it is, the verdict is final.
    Result<VerifiedToken> try_verify_now(std::string_view token, Ticket &ticket) const noexcept {
        return detail::make<VerifiedToken>(bouncer_verifier_verify_now, handle_.get(), token.data(), token.size(),
                                           &ticket.bits_);
    }
    /// Waits for the fetch that `ticket` stands for. False if it is not done after `timeout`, or will not be, or there
    /// is none.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_verifier_wait(handle_.get(), ticket.bits_, detail::count(timeout)) != 0;
    }

#ifdef __cpp_exceptions
    /// @copydoc try_make(const JwkSet &, const Policy &) @throws Error
    Verifier(const JwkSet &jwks, const Policy &policy) : Verifier(try_make(jwks, policy).or_throw()) {}
    /// @copydoc try_make(const RemoteJwkSet &, const Policy &) @throws Error
    Verifier(const RemoteJwkSet &remote, const Policy &policy) : Verifier(try_make(remote, policy).or_throw()) {}
    /// @copydoc try_verify @throws Error
    [[nodiscard]] VerifiedToken verify(std::string_view token) const { return try_verify(token).or_throw(); }
    /// @copydoc try_verify_authorization @throws Error
    [[nodiscard]] VerifiedToken verify_authorization(std::string_view value) const {
        return try_verify_authorization(value).or_throw();
    }
    /// @copydoc try_verify_batch @throws Error
    template <class Tokens>
    [[nodiscard]] Batch verify_batch(const Tokens &tokens, std::size_t threads = 1) const {
        return try_verify_batch(tokens, threads).or_throw();
    }
    /// @copydoc try_verify_batch_now @throws Error
    template <class Tokens>
    [[nodiscard]] Batch verify_batch_now(const Tokens &tokens, std::size_t threads = 1) const {
        return try_verify_batch_now(tokens, threads).or_throw();
    }
    /// @copydoc try_with_cache @throws Error
    [[nodiscard]] Verifier with_cache(std::size_t tokens) const { return try_with_cache(tokens).or_throw(); }
    /// @copydoc try_verify_now @throws Error
    [[nodiscard]] VerifiedToken verify_now(std::string_view token, Ticket &ticket) const {
        return try_verify_now(token, ticket).or_throw();
    }
#endif

    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_verifier *handle() const & noexcept { return handle_.get(); }
    const bouncer_verifier *handle() const && = delete;

private:
    detail::Owned<bouncer_verifier> handle_;
};

// -------------------------------------------------------------------------------------------------- Authorization

/// Finds the token in the value of an HTTP Authorization header: "token=<jwt>" as DC/OS sends it, or "Bearer <jwt>"
/// (RFC 6750 section 2.1). What it gives is a part of `value`, valid as long as that. On failure:
/// Status::MalformedAuthorization.
inline Result<std::string_view> try_token_from_authorization(std::string_view value) noexcept {
    bouncer_str token = {nullptr, 0};
    Result<void> found = detail::act(bouncer_authorization_token, value.data(), value.size(), &token);
    return found ? Result<std::string_view>(detail::text(token)) : Result<std::string_view>(std::move(found).error());
}

/// Not of a temporary: the token would be a part of what is gone. Verifier::try_verify_authorization() takes one.
template <class Text, class = std::enable_if_t<std::is_same_v<std::remove_const_t<Text>, std::string>>>
Result<std::string_view> try_token_from_authorization(Text &&) noexcept {
    static_assert(detail::is_allowed<Text>, "the token would be a part of a temporary: give its value to "
                                            "Verifier::verify_authorization(), or keep it in a variable");
    return std::string_view();
}

#ifdef __cpp_exceptions
/// @copydoc try_token_from_authorization @throws Error
[[nodiscard]] inline std::string_view token_from_authorization(std::string_view value) {
    return try_token_from_authorization(value).or_throw();
}

/// Not of a temporary: the token would be a part of what is gone. Verifier::verify_authorization() takes one.
template <class Text, class = std::enable_if_t<std::is_same_v<std::remove_const_t<Text>, std::string>>>
std::string_view token_from_authorization(Text &&) {
    static_assert(detail::is_allowed<Text>, "the token would be a part of a temporary: give its value to "
                                            "Verifier::verify_authorization(), or keep it in a variable");
    return {};
}
#endif

// -------------------------------------------------------------------------------------------------- RenewerOptions

/// The settings of a TokenRenewer. Start from one of the five and add:
///
///     RenewerOptions options = RenewerOptions::service_account_file("/run/secrets/service-account.json").lazy();
///
/// Text that is not UTF-8 is refused at once (Status::InvalidArgument) and leaves the settings as they were; everything
/// else but a secret is looked at when a TokenRenewer is made of them.
class RenewerOptions {
public:
    using Handle = bouncer_renewer_options;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit RenewerOptions(bouncer_renewer_options *handle) noexcept : handle_(handle) {}

    /// For a DC/OS service account, whose secret is JSON: "uid", "private_key" (RSA in PEM) and "login_endpoint". The
    /// key that is kept is wiped from memory with the last renewer made of it; reading the secret leaves a copy in memory
    /// that is free again. On failure: Status::UnusableCredentials.
    static Result<RenewerOptions> try_service_account(std::string_view secret) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_service_account, secret.data(), secret.size());
    }
    /// For the DC/OS service account whose secret is in the file at `path`, which is read for each login, and first
    /// when a TokenRenewer is made.
    static Result<RenewerOptions> try_service_account_file(std::string_view path) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_service_account_file, path.data(), path.size());
    }
    /// For the DC/OS service account in the environment variable DCOS_SERVICE_ACCOUNT_CREDENTIAL, which holds the
    /// secret or the path of a file with it. On failure: Status::UnusableCredentials.
    static Result<RenewerOptions> try_service_account_from_env() noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_service_account_from_env);
    }
    /// For an OAuth 2.0 client by the client credentials grant (RFC 6749 section 4.4), from the token endpoint at
    /// `token_url`: https, or http to this machine. The client authenticates with HTTP Basic.
    static Result<RenewerOptions> try_client_credentials(std::string_view token_url, std::string_view client_id,
                                                         std::string_view client_secret) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_client_credentials, token_url.data(),
                                            token_url.size(), client_id.data(), client_id.size(), client_secret.data(),
                                            client_secret.size());
    }
    /// For tokens that the program supplies itself: a thread of its own waits in TokenRenewer::wait_login() and answers
    /// with TokenRenewer::try_supply() or TokenRenewer::try_supply_failure(). `name` stands for the source in logs.
    /// Make one renewer of these settings.
    static Result<RenewerOptions> try_supplied(std::string_view name) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_supplied, name.data(), name.size());
    }

    /// Logs in at `url`, in place of the service account's "login_endpoint", which may then be missing.
    Result<void> try_login_endpoint(std::string_view url) noexcept {
        return set(bouncer_renewer_options_set_login_endpoint, url);
    }
    /// Sends this parameter with the client credentials: "scope", "audience", "resource".
    Result<void> try_parameter(std::string_view name, std::string_view value) noexcept {
        return detail::act(bouncer_renewer_options_add_parameter, handle_.get(), name.data(), name.size(), value.data(),
                           value.size());
    }
    /// Writes "Bearer <token>" in the Authorization header: the default but for DC/OS.
    Result<void> try_bearer() noexcept { return set(bouncer_renewer_options_set_bearer); }
    /// Writes "token=<token>" in the Authorization header: the default for DC/OS.
    Result<void> try_dcos_header() noexcept { return set(bouncer_renewer_options_set_dcos_header); }
    /// Allows http to other machines: whoever is on the way can then take the token.
    Result<void> try_allow_http() noexcept { return set(bouncer_renewer_options_set_allow_http); }
    /// Trusts the certificate authorities of this PEM file too, besides the system's. It is read for each login, so it
    /// may be replaced.
    Result<void> try_ca_file(std::string_view path) noexcept { return set(bouncer_renewer_options_set_ca_file, path); }
    /// Goes through this proxy, as RemoteOptions::try_proxy().
    Result<void> try_proxy(std::string_view url) noexcept { return set(bouncer_renewer_options_set_proxy, url); }
    /// Goes through no proxy, whatever the environment says.
    Result<void> try_no_proxy() noexcept { return set(bouncer_renewer_options_set_no_proxy); }
    /// The time for one HTTP exchange: by default 10 seconds. The TCP connection must be there after 2.
    Result<void> try_timeout(std::chrono::milliseconds timeout) noexcept {
        return set(bouncer_renewer_options_set_timeout, timeout);
    }
    /// How long a caller waits at most for a token: by default 10 seconds.
    Result<void> try_max_wait(std::chrono::milliseconds max_wait) noexcept {
        return set(bouncer_renewer_options_set_max_wait, max_wait);
    }
    /// Logs in, and starts the thread, with the first call, not at once. For programs that fork after they set up.
    Result<void> try_lazy() noexcept { return set(bouncer_renewer_options_set_lazy); }

#ifdef __cpp_exceptions
    /// @copydoc try_service_account @throws Error
    [[nodiscard]] static RenewerOptions service_account(std::string_view secret) {
        return try_service_account(secret).or_throw();
    }
    /// @copydoc try_service_account_file @throws Error
    [[nodiscard]] static RenewerOptions service_account_file(std::string_view path) {
        return try_service_account_file(path).or_throw();
    }
    /// @copydoc try_service_account_from_env @throws Error
    [[nodiscard]] static RenewerOptions service_account_from_env() { return try_service_account_from_env().or_throw(); }
    /// @copydoc try_client_credentials @throws Error
    [[nodiscard]] static RenewerOptions client_credentials(std::string_view token_url, std::string_view client_id,
                                                           std::string_view client_secret) {
        return try_client_credentials(token_url, client_id, client_secret).or_throw();
    }
    /// @copydoc try_supplied @throws Error
    [[nodiscard]] static RenewerOptions supplied(std::string_view name) { return try_supplied(name).or_throw(); }

    /// @name The settings in a row
    /// As the functions with `try_` above. Each gives the settings, to go on with. @throws Error
    /// @{
    RenewerOptions &login_endpoint(std::string_view url) & { return with(try_login_endpoint(url)); }
    RenewerOptions &parameter(std::string_view name, std::string_view value) & {
        return with(try_parameter(name, value));
    }
    RenewerOptions &bearer() & { return with(try_bearer()); }
    RenewerOptions &dcos_header() & { return with(try_dcos_header()); }
    RenewerOptions &allow_http() & { return with(try_allow_http()); }
    RenewerOptions &ca_file(std::string_view path) & { return with(try_ca_file(path)); }
    RenewerOptions &proxy(std::string_view url) & { return with(try_proxy(url)); }
    RenewerOptions &no_proxy() & { return with(try_no_proxy()); }
    RenewerOptions &timeout(std::chrono::milliseconds timeout) & { return with(try_timeout(timeout)); }
    RenewerOptions &max_wait(std::chrono::milliseconds max_wait) & { return with(try_max_wait(max_wait)); }
    RenewerOptions &lazy() & { return with(try_lazy()); }

    [[nodiscard]] RenewerOptions login_endpoint(std::string_view url) && { return std::move(login_endpoint(url)); }
    [[nodiscard]] RenewerOptions parameter(std::string_view name, std::string_view value) && {
        return std::move(parameter(name, value));
    }
    [[nodiscard]] RenewerOptions bearer() && { return std::move(bearer()); }
    [[nodiscard]] RenewerOptions dcos_header() && { return std::move(dcos_header()); }
    [[nodiscard]] RenewerOptions allow_http() && { return std::move(allow_http()); }
    [[nodiscard]] RenewerOptions ca_file(std::string_view path) && { return std::move(ca_file(path)); }
    [[nodiscard]] RenewerOptions proxy(std::string_view url) && { return std::move(proxy(url)); }
    [[nodiscard]] RenewerOptions no_proxy() && { return std::move(no_proxy()); }
    [[nodiscard]] RenewerOptions timeout(std::chrono::milliseconds timeout) && {
        return std::move(this->timeout(timeout));
    }
    [[nodiscard]] RenewerOptions max_wait(std::chrono::milliseconds max_wait) && {
        return std::move(this->max_wait(max_wait));
    }
    [[nodiscard]] RenewerOptions lazy() && { return std::move(lazy()); }
    /// @}
#endif

    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_renewer_options *handle() const & noexcept { return handle_.get(); }
    const bouncer_renewer_options *handle() const && = delete;

private:
    Result<void> set(bouncer_status (*function)(bouncer_renewer_options *, bouncer_error **)) noexcept {
        return detail::act(function, handle_.get());
    }
    Result<void> set(bouncer_status (*function)(bouncer_renewer_options *, const char *, std::size_t, bouncer_error **),
                     std::string_view text) noexcept {
        return detail::act(function, handle_.get(), text.data(), text.size());
    }
    Result<void> set(bouncer_status (*function)(bouncer_renewer_options *, std::uint64_t, bouncer_error **),
                     std::chrono::milliseconds time) noexcept {
        // Less than 0 is refused as too long.
        return detail::act(function, handle_.get(), static_cast<std::uint64_t>(time.count()));
    }
#ifdef __cpp_exceptions
    RenewerOptions &with(Result<void> result) { return std::move(result).or_throw(), *this; }
#endif

    detail::Owned<bouncer_renewer_options> handle_;
};

// -------------------------------------------------------------------------------------------------------- OwnToken

/// A token of the service's own. It is secret: there is no operator that would write it to a log. It outlives its
/// renewer, and its memory is wiped when nobody has it any more.
class OwnToken {
public:
    using Handle = bouncer_own_token;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit OwnToken(bouncer_own_token *handle) noexcept : handle_(handle) {}

    /// The token's text.
    [[nodiscard]] std::string_view text() const & noexcept {
        return detail::text(bouncer_own_token_text(handle_.get()));
    }
    /// The value of the Authorization header: "token=<token>" or "Bearer <token>".
    [[nodiscard]] std::string_view authorization() const & noexcept {
        return detail::text(bouncer_own_token_authorization(handle_.get()));
    }
    /// When it expires by its own "exp", in seconds since 1970-01-01T00:00:00Z, if it says so.
    [[nodiscard]] std::optional<std::int64_t> expires_at() const noexcept {
        std::int64_t seconds = 0;
        return bouncer_own_token_expires_at(handle_.get(), &seconds) != 0 ? std::optional(seconds) : std::nullopt;
    }
    /// 1 for the first token of a renewer in this process, and one more for each.
    [[nodiscard]] std::uint64_t generation() const noexcept { return bouncer_own_token_generation(handle_.get()); }
    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_own_token *handle() const & noexcept { return handle_.get(); }

    std::string_view text() const && = delete;
    std::string_view authorization() const && = delete;
    const bouncer_own_token *handle() const && = delete;

private:
    detail::Owned<bouncer_own_token> handle_;
};

// --------------------------------------------------------------------------------------------------- RenewalStatus

/// What a TokenRenewer was doing when it was asked, for metrics, logs and health checks. Counts are this process's
/// alone.
class RenewalStatus {
public:
    using Handle = bouncer_renewal_status;
    using Time = std::chrono::system_clock::time_point;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit RenewalStatus(bouncer_renewal_status *handle) noexcept : handle_(handle) {}

    /// Where tokens come from: the URL, without its query, or the name given.
    [[nodiscard]] std::string_view source() const & noexcept {
        return detail::text(bouncer_renewal_status_source(handle_.get()));
    }
    /// "empty": none yet; "valid"; "expiring" within seconds, and not renewed yet; "expired"; "closed". Static.
    [[nodiscard]] std::string_view state() const noexcept {
        return detail::text(bouncer_renewal_status_state(handle_.get()));
    }
    /// 0 before the first token, and one more with each.
    [[nodiscard]] std::uint64_t generation() const noexcept { return number(bouncer_renewal_status_generation); }
    /// In how long the token in use expires, if there is one, and it does.
    [[nodiscard]] std::optional<std::chrono::milliseconds> expires_in() const noexcept {
        std::int64_t time = 0;
        const bool expires = bouncer_renewal_status_expires_in_ms(handle_.get(), &time) != 0;
        return expires ? std::optional(std::chrono::milliseconds(time)) : std::nullopt;
    }
    /// The latest failure, in a few words for a log, even if a login has succeeded since.
    [[nodiscard]] std::optional<std::string_view> last_error() const & noexcept {
        return read(bouncer_renewal_status_last_error);
    }
    /// The same as a stable name: those of RemoteStatus::last_error_name(), and "rejected", "refused" and
    /// "credentials". Static.
    [[nodiscard]] std::optional<std::string_view> last_error_name() const noexcept {
        return read(bouncer_renewal_status_last_error_name);
    }
    /// When that was, to the second.
    [[nodiscard]] std::optional<Time> last_error_at() const noexcept {
        std::int64_t seconds = 0;
        const bool failed = bouncer_renewal_status_last_error_at(handle_.get(), &seconds) != 0;
        return failed ? std::optional(Time(std::chrono::seconds(seconds))) : std::nullopt;
    }
    /// Logins that failed.
    [[nodiscard]] std::uint64_t failures() const noexcept { return number(bouncer_renewal_status_failures); }
    /// Scheduled logins that failed since the last success.
    [[nodiscard]] std::uint64_t failures_in_row() const noexcept {
        return number(bouncer_renewal_status_failures_in_row);
    }
    /// In how long the next login is due, if no rejection causes one before.
    [[nodiscard]] std::chrono::milliseconds next_attempt() const noexcept {
        return std::chrono::milliseconds(number(bouncer_renewal_status_next_attempt_ms));
    }
    /// Logins tried.
    [[nodiscard]] std::uint64_t attempts() const noexcept { return number(bouncer_renewal_status_attempts); }
    /// Logins begun because their time had come, or there was no token.
    [[nodiscard]] std::uint64_t scheduled() const noexcept { return number(bouncer_renewal_status_scheduled); }
    /// Logins begun because the one before failed.
    [[nodiscard]] std::uint64_t retries() const noexcept { return number(bouncer_renewal_status_retries); }
    /// Logins begun because a server did not accept the token.
    [[nodiscard]] std::uint64_t rejections() const noexcept { return number(bouncer_renewal_status_rejections); }
    /// Logins that the program asked for.
    [[nodiscard]] std::uint64_t requested() const noexcept { return number(bouncer_renewal_status_requested); }
    /// Rejections that caused no login, because their budget was spent.
    [[nodiscard]] std::uint64_t suppressed() const noexcept { return number(bouncer_renewal_status_suppressed); }
    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_renewal_status *handle() const & noexcept { return handle_.get(); }

    std::string_view source() const && = delete;
    std::optional<std::string_view> last_error() const && = delete;
    const bouncer_renewal_status *handle() const && = delete;

private:
    std::optional<std::string_view> read(bouncer_str (*getter)(const bouncer_renewal_status *)) const noexcept {
        return detail::optional_text(getter(handle_.get()));
    }
    std::uint64_t number(std::uint64_t (*getter)(const bouncer_renewal_status *)) const noexcept {
        return getter(handle_.get());
    }

    detail::Owned<bouncer_renewal_status> handle_;
};

// ----------------------------------------------------------------------------------------------------- TokenRenewer

/// Keeps the service's own token valid: logs in, hands the token out without latency, renews it before it expires, in a
/// thread of its own, and again when a server does not accept it. Make one for each account and keep it.
///
/// - The token is renewed at 70 to 80 % of the life that it says itself. A renewal that fails displaces nothing: it is
///   tried again with growing pauses, and the token in use is used up to its expiry.
/// - After fork() the child's object works and gets a thread of its own when it needs one, but not where the program
///   supplies the tokens. The thread has the signal mask of the thread that made it.
///
/// The thread ends with it, or with close(); tokens that it gave stay. The destructor does not wait for the thread, and
/// no call on it may be under way then: a thread of the program in wait_login() returns after close() and is joined
/// before.
///
/// A time to wait for that is 0 or less does not wait.
class TokenRenewer {
public:
    using Handle = bouncer_renewer;
    /// Takes `handle`, which may be NULL, from a C call.
    explicit TokenRenewer(bouncer_renewer *handle) noexcept : handle_(handle) {}

    /// Makes a renewer of `options`, which are copied. Unless they say otherwise the first login begins at once, in the
    /// background. On failure: Status::InvalidArgument, a setting; Status::UnusableCredentials, the secret's file.
    static Result<TokenRenewer> try_make(const RenewerOptions &options) noexcept {
        return detail::make<TokenRenewer>(bouncer_renewer_new, options.handle());
    }
    /// A valid token. It waits where there is none and one may come soon, 10 seconds at most unless set otherwise
    /// (RenewerOptions::try_max_wait()), and in the last seconds of one for its renewal; in an outage, not at all. On
    /// failure: Status::LoginRejected or Status::UnusableCredentials, and the operator has to act;
    /// Status::LoginUnavailable.
    Result<OwnToken> try_token() const noexcept { return detail::make<OwnToken>(bouncer_renewer_token, handle_.get()); }
    /// A valid token, as try_token() gives it, but never waits: for callers that must not block a thread.
    ///
    /// `ticket` is empty at first. If it is not afterwards, there may be a better answer once that login is done: wait
    /// for it on some thread (wait()) and call again with it. If it is, the answer is final.
    Result<OwnToken> try_token_now(Ticket &ticket) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_token_now, handle_.get(), &ticket.bits_);
    }
    /// A server did not accept the token of this text (is_token_rejection()): gives another. If there is a newer one
    /// already, that is it. Otherwise one login serves all that ask; there is one at once and then one in 30 seconds at
    /// most. Until it succeeds the token stays in use for others. On failure: as try_token(), and
    /// Status::LoginUnavailable also if there is no newer one.
    Result<OwnToken> try_reject(std::string_view token) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_reject, handle_.get(), token.data(), token.size());
    }
    /// Gives another token, as try_reject() does, but never waits; `ticket` is as for try_token_now().
    Result<OwnToken> try_reject_now(std::string_view token, Ticket &ticket) const noexcept {
        return detail::make<OwnToken>(bouncer_renewer_reject_now, handle_.get(), token.data(), token.size(),
                                      &ticket.bits_);
    }
    /// Waits until there is a valid token. On failure: as try_token(), after `timeout`, or at once where waiting does not
    /// mend it, as when the login is rejected.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_renewer_wait_ready, handle_.get(), detail::count(timeout));
    }
    /// Logs in now and waits for it; several callers share one login. For operators, not for the way of a request:
    /// nothing limits how often. On failure, as of try_token() with the reason in the message, the token in use
    /// stays.
    Result<void> try_renew(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_renewer_renew, handle_.get(), detail::count(timeout));
    }
    /// What it is doing, at this moment. On failure: Status::NullArgument, it was moved from.
    Result<RenewalStatus> try_status() const noexcept {
        return detail::make<RenewalStatus>(bouncer_renewer_status, handle_.get());
    }
    /// Waits for the login that `ticket` stands for. False if it is not done after `timeout`, or will not be, or there
    /// is none.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait(handle_.get(), ticket.bits_, detail::count(timeout)) != 0;
    }
    /// Waits until `attempts` logins have been tried (RenewalStatus::attempts()): for those who watch. False if that is
    /// not so after `timeout`, or will not be.
    [[nodiscard]] bool wait_attempts(std::uint64_t attempts, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait_attempts(handle_.get(), attempts, detail::count(timeout)) != 0;
    }
    /// Ends it: a login under way is cut off, the thread ends, and from now on there is no token.
    void close() const noexcept { bouncer_renewer_close(handle_.get()); }

    /// Where the program supplies the tokens (RenewerOptions::try_supplied()): waits until one is wanted. False if none
    /// is after `timeout`, or it is closed, or logs in by itself.
    [[nodiscard]] bool wait_login(std::chrono::milliseconds timeout) const noexcept {
        return bouncer_renewer_wait_login(handle_.get(), detail::count(timeout)) != 0;
    }
    /// Supplies the token that is wanted. It lives for `lifetime` from now, or, without one, as long as it says itself:
    /// a JWT up to its "exp", another for ever. A token that cannot be used is a login that failed, of which
    /// RenewalStatus tells. On failure: Status::InvalidArgument, the renewer logs in by itself, or no token is wanted.
    Result<void> try_supply(std::string_view token,
                            std::optional<std::chrono::seconds> lifetime = std::nullopt) const noexcept {
        const std::int64_t seconds = !lifetime ? -1 : lifetime->count() > 0 ? std::int64_t{lifetime->count()} : 0;
        return detail::act(bouncer_renewer_supply, handle_.get(), token.data(), token.size(), seconds);
    }
    /// Tells that the token that is wanted cannot be had now. `is_rejected`: the login was refused, so trying again
    /// soon is of no use. `reason` goes to logs and must hold no secret. On failure: as try_supply().
    Result<void> try_supply_failure(std::string_view reason, bool is_rejected = false) const noexcept {
        return detail::act(bouncer_renewer_supply_failure, handle_.get(), std::int32_t{is_rejected}, reason.data(),
                           reason.size());
    }

#ifdef __cpp_exceptions
    /// @copydoc try_make @throws Error
    explicit TokenRenewer(const RenewerOptions &options) : TokenRenewer(try_make(options).or_throw()) {}
    /// @copydoc try_token @throws Error
    [[nodiscard]] OwnToken token() const { return try_token().or_throw(); }
    /// @copydoc try_token_now @throws Error
    [[nodiscard]] OwnToken token_now(Ticket &ticket) const { return try_token_now(ticket).or_throw(); }
    /// @copydoc try_reject @throws Error
    [[nodiscard]] OwnToken reject(std::string_view token) const { return try_reject(token).or_throw(); }
    /// @copydoc try_reject_now @throws Error
    [[nodiscard]] OwnToken reject_now(std::string_view token, Ticket &ticket) const {
        return try_reject_now(token, ticket).or_throw();
    }
    /// @copydoc try_wait_ready @throws Error
    void wait_ready(std::chrono::milliseconds timeout) const { try_wait_ready(timeout).or_throw(); }
    /// @copydoc try_renew @throws Error
    void renew(std::chrono::milliseconds timeout) const { try_renew(timeout).or_throw(); }
    /// @copydoc try_status @throws Error
    [[nodiscard]] RenewalStatus status() const { return try_status().or_throw(); }
    /// @copydoc try_supply @throws Error
    void supply(std::string_view token, std::optional<std::chrono::seconds> lifetime = std::nullopt) const {
        try_supply(token, lifetime).or_throw();
    }
    /// @copydoc try_supply_failure @throws Error
    void supply_failure(std::string_view reason, bool is_rejected = false) const {
        try_supply_failure(reason, is_rejected).or_throw();
    }
#endif

    /// The handle, for functions of bouncer_verify.h; NULL if it was moved from.
    [[nodiscard]] const bouncer_renewer *handle() const & noexcept { return handle_.get(); }
    const bouncer_renewer *handle() const && = delete;

private:
    detail::Owned<bouncer_renewer> handle_;
};

/// Whether an answer to a request with the own token says that the token was not accepted, so that
/// TokenRenewer::try_reject() is worth a call: HTTP status 401 whose WWW-Authenticate is absent, empty, or asks for
/// "acsjwt", "oauthjwt" or "Bearer", and status 16 of gRPC. Never for 403.
[[nodiscard]] inline bool is_token_rejection(std::uint16_t http_status,
                                             std::optional<std::string_view> www_authenticate = std::nullopt,
                                             std::optional<std::string_view> grpc_status = std::nullopt) noexcept {
    // To C, NULL is a field that is absent, not one that is empty.
    const auto data = [](const std::optional<std::string_view> &text) noexcept {
        return !text ? nullptr : text->data() == nullptr ? "" : text->data();
    };
    const auto size = [](const std::optional<std::string_view> &text) noexcept { return text ? text->size() : 0; };
    return bouncer_is_token_rejection(http_status, data(www_authenticate), size(www_authenticate), data(grpc_status),
                                      size(grpc_status)) != 0;
}

// -------------------------------------------------------------------------------------------------------- Logging

/// How important an event is.
enum class LogLevel : std::uint32_t {
    Error = BOUNCER_LOG_LEVEL_ERROR,  ///< A bug, or a fault of the machine.
    Warn = BOUNCER_LOG_LEVEL_WARN,    ///< A fetch or a login that failed.
    Info = BOUNCER_LOG_LEVEL_INFO,    ///< New keys, a new token.
    Debug = BOUNCER_LOG_LEVEL_DEBUG,  ///< A fetch that found nothing new.
};

/// Sends the events of the library to `logger`, those of `level` and more important ones: for the whole process and for ever.
/// It is called as `logger(LogLevel, std::string_view)` by any thread, the library's own included, and by several at once. The
/// text holds no token, no claim value and no key. A logger must not wait for a token or for keys; what it throws is dropped.
///
/// On failure: Status::InvalidArgument if a logger is set already.
template <class Logger>
Result<void> try_set_logger(Logger logger, LogLevel level = LogLevel::Info) noexcept {
    const bouncer_log_callback call = [](void *context, std::uint32_t event, bouncer_str message) noexcept {
        Logger &own = *static_cast<Logger *>(context);
#ifdef __cpp_exceptions
        try {
            own(static_cast<LogLevel>(event), detail::text(message));
        } catch (...) {
        }
#else
        own(static_cast<LogLevel>(event), detail::text(message));
#endif
    };
    std::unique_ptr<Logger> kept(new (std::nothrow) Logger(std::move(logger)));
    // Without memory there is no callback either, which the call refuses.
    Result<void> result = detail::act(bouncer_set_logger, kept ? call : nullptr, static_cast<void *>(kept.get()),
                                      static_cast<std::uint32_t>(level));
    if (result) {
        (void)kept.release();
    }
    return result;
}

#ifdef __cpp_exceptions
/// @copydoc try_set_logger @throws Error
template <class Logger>
void set_logger(Logger logger, LogLevel level = LogLevel::Info) {
    try_set_logger(std::move(logger), level).or_throw();
}
#endif

}  // namespace bouncer

#endif  // BOUNCER_VERIFY_HPP
