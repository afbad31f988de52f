/// @file error.hpp
/// Failure, Error and Result: the cause of a failure, as a value and as an exception.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "status.hpp"

#include <exception>
#include <tuple>
#include <variant>

namespace bouncer {

/// The cause of a failure. It holds no token, no claim value and no key, so it may be logged.
class Failure : public detail::Outcome {
public:
    /// Makes a failure from the `status` and the `error` that a C function returned. Takes
    /// ownership of `error`, which may be NULL.
    Failure(bouncer_status status, bouncer_error *error) noexcept
        : Outcome(status), handle_(error) {}

    /// A message for a log, NUL-terminated. The wording may change between versions: programs
    /// should use status().
    [[nodiscard]] const char *message() const & noexcept {
        return handle_ ? bouncer_error_message(handle_.get()) : name();
    }
    /// The name of the claim, header parameter or setting that caused the failure, if there is one:
    /// "exp", "crit".
    [[nodiscard]] std::optional<std::string_view> claim() const & noexcept {
        return detail::optional_text(bouncer_error_claim(handle_.get()));
    }

    const char *message() const && = delete;                    // store the object first
    std::optional<std::string_view> claim() const && = delete;  // store the object first

private:
    std::unique_ptr<bouncer_error, detail::Free> handle_;
};

#ifdef __cpp_exceptions
/// A Failure as an exception. The functions without `try_` throw it. Copies share the Failure.
class Error : public std::exception, public detail::Outcome {
public:
    explicit Error(Failure failure)
        : Outcome(failure), failure_(std::make_shared<const Failure>(std::move(failure))) {}
    // There is no move constructor: a move copies, so a moved-from exception stays readable.
    Error(const Error &) noexcept = default;
    Error &operator=(const Error &) noexcept = default;
    ~Error() override = default;

    /// @copydoc Failure::message
    [[nodiscard]] const char *what() const noexcept override { return failure_->message(); }
    /// @copydoc Failure::claim
    [[nodiscard]] std::optional<std::string_view> claim() const & noexcept {
        return failure_->claim();
    }
    std::optional<std::string_view> claim() const && = delete;  // store the object first

private:
    std::shared_ptr<const Failure> failure_;
};
#endif

/// The return value of a `try_` function: a value or a Failure. Check it with `if (result)` first.
/// value() calls std::abort() on a failure, and error() calls it on success.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) noexcept : outcome_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) noexcept : outcome_(std::in_place_index<1>, std::move(failure)) {}

    /// True if there is a value.
    [[nodiscard]] explicit operator bool() const noexcept { return outcome_.index() == 0; }

    [[nodiscard]] T &value() & noexcept { return detail::present(std::get_if<0>(&outcome_)); }
    [[nodiscard]] const T &value() const & noexcept {
        return detail::present(std::get_if<0>(&outcome_));
    }
    [[nodiscard]] T value() && noexcept { return std::move(value()); }
    [[nodiscard]] T &operator*() & noexcept { return value(); }
    [[nodiscard]] const T &operator*() const & noexcept { return value(); }
    [[nodiscard]] T operator*() && noexcept { return std::move(value()); }
    [[nodiscard]] T *operator->() & noexcept { return &value(); }
    [[nodiscard]] const T *operator->() const & noexcept { return &value(); }
    const T *operator->() const && = delete;  // store the object first

    [[nodiscard]] const Failure &error() const & noexcept {
        return detail::present(std::get_if<1>(&outcome_));
    }
    [[nodiscard]] Failure error() && noexcept {
        return std::move(detail::present(std::get_if<1>(&outcome_)));
    }

#ifdef __cpp_exceptions
    /// Returns the value. @throws Error with the Failure if there is no value.
    T or_throw() && { return *this ? std::move(value()) : throw Error(std::move(*this).error()); }
#endif

private:
    std::variant<T, Failure> outcome_;
};

/// The return value of a `try_` function that returns no value.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() noexcept = default;
    Result(Failure failure) noexcept : failure_(std::move(failure)) {}

    /// True if the call succeeded.
    [[nodiscard]] explicit operator bool() const noexcept { return !failure_; }
    [[nodiscard]] const Failure &error() const & noexcept {
        return detail::present(failure_ ? &*failure_ : nullptr);
    }
    [[nodiscard]] Failure error() && noexcept {
        return std::move(detail::present(failure_ ? &*failure_ : nullptr));
    }

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

/// Converts an argument for C: a view to its pointer and its length, a timeout to a number of
/// milliseconds, an enumerator to its number.
template <class T>
auto as_c(T argument) noexcept {
    if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, ByteView>) {
        return std::make_tuple(argument.data(), argument.size());
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
        return std::make_tuple(count(argument));
    } else if constexpr (std::is_enum_v<T>) {
        return std::make_tuple(static_cast<std::underlying_type_t<T>>(argument));
    } else {
        return std::make_tuple(argument);
    }
}

/// Calls a C function with `arguments` and a pointer for its error. If the call succeeds, returns
/// the result of `make()`, which reads the outputs of the C function.
template <class Make, class... Parameters, class... Arguments>
auto call(Make make, bouncer_status (*function)(Parameters...), Arguments... arguments) noexcept
    -> Result<decltype(make())> {
    bouncer_error *error = nullptr;
    const bouncer_status status =
        std::apply(function, std::tuple_cat(as_c(arguments)..., std::make_tuple(&error)));
    if (status != BOUNCER_STATUS_OK) {
        return Failure(status, error);
    }
    if constexpr (std::is_void_v<decltype(make())>) {
        return {};
    } else {
        return make();
    }
}

/// Calls a C function whose only output is its error.
template <class... Parameters, class... Arguments>
Result<void> act(bouncer_status (*function)(Parameters...), Arguments... arguments) noexcept {
    return call([] {}, function, arguments...);
}

/// Calls a C function that writes a handle. The returned T owns the handle.
template <class T, class... Parameters, class... Arguments>
Result<T> make(bouncer_status (*function)(Parameters...), Arguments... arguments) noexcept {
    typename T::Handle *handle = nullptr;
    return call([&] { return T(handle); }, function, arguments..., &handle);
}

}  // namespace detail
}  // namespace bouncer
