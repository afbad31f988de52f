/// @file detail.hpp
/// Common parts of the other headers. Do not include this file: include bouncer_verify.hpp.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#if defined(_MSVC_LANG) ? _MSVC_LANG < 201703L : __cplusplus < 201703L
#error "bouncer_verify.hpp needs C++17 or later: compile with -std=c++17"
#endif

#include <bouncer_verify.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bouncer {

static_assert(BOUNCER_ABI_VERSION == 1,
              "bouncer_verify.hpp and bouncer_verify.h have different versions");

/// Returns the version of the loaded library: "MAJOR.MINOR.PATCH". The string is never freed.
[[nodiscard]] inline std::string_view library_version() noexcept { return bouncer_version(); }

/// A view of an array that another object owns, like `std::span<const T>` of C++20. It can be made
/// from a pointer and a length, or from any type with data() and size(): a vector, an array, a
/// `std::span`. It converts to `std::span<const T>`.
template <class T>
class ArrayView {
public:
    constexpr ArrayView() noexcept = default;
    constexpr ArrayView(const T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class Array, class = std::enable_if_t<std::is_convertible_v<
                               decltype(std::declval<const Array &>().data()), const T *>>>
    constexpr ArrayView(const Array &array) noexcept : data_(array.data()), size_(array.size()) {}

    [[nodiscard]] constexpr const T *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr const T &operator[](std::size_t index) const noexcept {
        return data_[index];
    }
    [[nodiscard]] constexpr const T *begin() const noexcept { return data_; }
    [[nodiscard]] constexpr const T *end() const noexcept { return data_ + size_; }

private:
    const T *data_ = nullptr;
    std::size_t size_ = 0;
};

/// A view of bytes that another object owns.
using ByteView = ArrayView<std::uint8_t>;

namespace detail {

/// The deleter for handles of every type.
struct Free {
    void operator()(bouncer_batch *handle) const noexcept { bouncer_batch_free(handle); }
    void operator()(bouncer_error *handle) const noexcept { bouncer_error_free(handle); }
    void operator()(bouncer_jwk *handle) const noexcept { bouncer_jwk_free(handle); }
    void operator()(bouncer_jwks *handle) const noexcept { bouncer_jwks_free(handle); }
    void operator()(bouncer_own_token *handle) const noexcept { bouncer_own_token_free(handle); }
    void operator()(bouncer_policy *handle) const noexcept { bouncer_policy_free(handle); }
    void operator()(bouncer_remote_jwks *handle) const noexcept {
        bouncer_remote_jwks_free(handle);
    }
    void operator()(bouncer_renewer *handle) const noexcept { bouncer_renewer_free(handle); }
    void operator()(bouncer_settings *handle) const noexcept { bouncer_settings_free(handle); }
    void operator()(bouncer_stats *handle) const noexcept { bouncer_stats_free(handle); }
    void operator()(bouncer_token *handle) const noexcept { bouncer_token_free(handle); }
    void operator()(bouncer_verifier *handle) const noexcept { bouncer_verifier_free(handle); }
    void operator()(bouncer_watch *handle) const noexcept { bouncer_watch_free(handle); }
};

/// The base of every class that owns a handle. It can be moved, not copied.
template <class Raw>
class Owner {
public:
    using Handle = Raw;

    /// Takes ownership of `handle`, which a C function returned and which may be NULL.
    explicit Owner(Raw *handle) noexcept : handle_(handle) {}
    /// Returns the handle, for the functions of bouncer_verify.h. NULL after a move.
    [[nodiscard]] const Raw *handle() const & noexcept { return handle_.get(); }
    const Raw *handle() const && = delete;

protected:
    std::unique_ptr<Raw, Free> handle_;
};

inline std::string_view text(bouncer_str text) noexcept { return {text.data, text.len}; }

inline std::optional<std::string_view> optional_text(bouncer_str text) noexcept {
    return text.data == nullptr ? std::nullopt : std::optional(detail::text(text));
}

/// Calls a getter of the C interface. Returns the number, or `std::nullopt` if it is absent.
template <class Raw>
std::optional<std::int64_t> optional_number(std::int32_t (*getter)(const Raw *, std::int64_t *),
                                            const Raw *handle) noexcept {
    std::int64_t number = 0;
    return getter(handle, &number) != 0 ? std::optional(number) : std::nullopt;
}

/// Converts a timeout to milliseconds for the C interface. A negative timeout becomes 0.
inline std::uint64_t count(std::chrono::milliseconds time) noexcept {
    return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
}

/// Dereferences `pointer`. Calls std::abort() if it is null.
template <class T>
T &present(T *pointer) noexcept {
    if (pointer == nullptr) {
        std::abort();
    }
    return *pointer;
}

/// A range of the values that `Source::at(index)` returns, for each index below `Source::size()`. A
/// value is created each time it is read. It is valid until the object that the source points to is
/// destroyed.
template <class Source>
class Range {
public:
    using value_type = decltype(std::declval<const Source &>().at(0));

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Range::value_type;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = value_type;

        iterator() noexcept = default;
        iterator(Source source, std::size_t index) noexcept : source_(source), index_(index) {}
        value_type operator*() const noexcept { return source_.at(index_); }
        iterator &operator++() noexcept { return ++index_, *this; }
        iterator operator++(int) noexcept { return {source_, index_++}; }
        friend bool operator==(iterator a, iterator b) noexcept { return a.index_ == b.index_; }
        friend bool operator!=(iterator a, iterator b) noexcept { return a.index_ != b.index_; }

    private:
        Source source_{};
        std::size_t index_ = 0;
    };
    using const_iterator = iterator;

    explicit Range(Source source) noexcept : source_(source) {}
    [[nodiscard]] std::size_t size() const noexcept { return source_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Returns the item at `index`, from 0, or an empty item if `index` is out of range.
    [[nodiscard]] value_type operator[](std::size_t index) const noexcept {
        return source_.at(index);
    }
    [[nodiscard]] iterator begin() const noexcept { return {source_, 0}; }
    [[nodiscard]] iterator end() const noexcept { return {source_, size()}; }

private:
    Source source_;
};

/// A source for Range: the items of a handle. The C function `Count` returns the number of items,
/// and `At` returns one item.
template <class Raw, class Item, std::size_t (*Count)(const Raw *),
          Item (*At)(const Raw *, std::size_t)>
struct Listed {
    const Raw *handle = nullptr;
    std::size_t size() const noexcept { return Count(handle); }
    Item at(std::size_t index) const noexcept { return At(handle, index); }
};

/// Strings as an argument of a C function: an array of pointers and lengths.
class TextArray {
public:
    TextArray(std::initializer_list<std::string_view> texts) noexcept { copy(texts); }
    template <class Container, class Text = decltype(*std::declval<const Container &>().begin()),
              class = std::enable_if_t<std::is_convertible_v<Text, std::string_view>>>
    TextArray(const Container &texts) noexcept {
        static_assert(std::is_lvalue_reference_v<Text> ||
                          std::is_same_v<std::decay_t<Text>, std::string_view> ||
                          std::is_pointer_v<std::decay_t<Text>>,
                      "each string would be destroyed before it is read: pass a container that "
                      "stores the strings");
        copy(texts);
    }

    /// Returns NULL if there are no strings, or if the allocation failed. After a failed allocation
    /// the C function fails with Status::NullArgument, because the size is not 0.
    [[nodiscard]] const bouncer_str *data() const noexcept { return texts_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    template <class Container>
    void copy(const Container &texts) noexcept {
        size_ = texts.size();
        texts_.reset(size_ > 0 ? new (std::nothrow) bouncer_str[size_] : nullptr);
        if (texts_) {
            std::size_t at = 0;
            for (std::string_view text : texts) {
                texts_[at++] = {text.data(), text.size()};
            }
        }
    }

    std::size_t size_ = 0;
    std::unique_ptr<bouncer_str[]> texts_;
};

/// A source for Range: strings in an array that another object owns.
struct Texts {
    ArrayView<bouncer_str> texts{};
    std::size_t size() const noexcept { return texts.size(); }
    std::string_view at(std::size_t index) const noexcept {
        return index < texts.size() ? text(texts[index]) : std::string_view();
    }
};

}  // namespace detail

/// A range of `std::string_view`. Another object owns the strings.
using Strings = detail::Range<detail::Texts>;

}  // namespace bouncer
