/// @file settings.hpp
/// The base of all settings classes.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "detail.hpp"

#include <algorithm>
#include <charconv>

namespace bouncer {
namespace detail {

/// Settings of one kind, the base of the generated class `Self`. Setters do not report failures.
/// The first failure is stored, and the function that makes an object from the settings returns it.
template <class Self, std::uint32_t Kind>
class Settings : public Owner<bouncer_settings> {
public:
    Settings() noexcept : Owner(bouncer_settings_new(Kind)) {}

    /// Applies the settings of a JSON document, such as `{"leeway": "30s"}`; its schema is
    /// docs/settings.schema.json. A document must not contain a secret.
    Self &load(std::string_view json) & noexcept {
        return bouncer_settings_load(handle_.get(), json.data(), json.size()), self();
    }
    Self load(std::string_view json) && noexcept { return std::move(load(json)); }
    /// The settings as a JSON document for logs, without secrets. Valid until the next change.
    [[nodiscard]] std::string_view document() const & noexcept {
        return text(bouncer_settings_json(handle_.get()));
    }
    std::string_view document() const && = delete;  // store the object first

protected:
    // These names end in "_", so that they differ from the name of every setting.

    Self &put_(const char *name, std::string_view value) noexcept {
        return bouncer_settings_set(handle_.get(), name, value.data(), value.size()), self();
    }
    Self &put_(const char *name, bool value) noexcept {
        return put_(name, std::string_view(value ? "true" : "false"));
    }
    Self &put_(const char *name, std::chrono::milliseconds value) noexcept {
        return put_digits_(name, value.count(), "ms");
    }
    Self &put_(const char *name, std::uint64_t value) noexcept {
        return put_digits_(name, value, "");
    }
    Self &put_(const char *name, std::int64_t value) noexcept {
        return put_digits_(name, value, "");
    }
    /// Replaces a list. An empty list is a failure, like an empty text.
    Self &put_(const char *name, const TextArray &values) noexcept {
        put_(name, values.size() > 0 ? item_(values, 0) : std::string_view());
        for (std::size_t i = 1; i < values.size(); ++i) {
            add_(name, item_(values, i));
        }
        return self();
    }
    /// Adds an entry to a map.
    Self &add_(std::string_view map, std::string_view member, std::string_view value) noexcept {
        // The C function reads a name up to the first NUL. A member name that contains a NUL is
        // therefore replaced by an empty name, which the C function rejects.
        const bool has_nul = member.find('\0') != std::string_view::npos;
        const std::size_t size = map.size() + 1 + (has_nul ? 0 : member.size());
        const std::unique_ptr<char[]> name(new (std::nothrow) char[size + 1]);
        if (name) {
            char *end = std::copy(map.begin(), map.end(), name.get());
            *end++ = '.';
            std::copy_n(member.begin(), size - map.size() - 1, end);
            name[size] = '\0';
        }
        return add_(name.get(), value);
    }

private:
    Self &self() noexcept { return static_cast<Self &>(*this); }
    Self &add_(const char *name, std::string_view value) noexcept {
        return bouncer_settings_add(handle_.get(), name, value.data(), value.size()), self();
    }
    /// Returns an item. If the array could not be allocated, returns an empty item, which C
    /// rejects.
    static std::string_view item_(const TextArray &values, std::size_t index) noexcept {
        return values.data() != nullptr ? text(values.data()[index]) : std::string_view();
    }
    template <class Number>
    Self &put_digits_(const char *name, Number value, std::string_view unit) noexcept {
        char digits[24];
        char *end = std::to_chars(digits, digits + 20, value).ptr;
        end += unit.copy(end, unit.size());
        return put_(name, std::string_view(digits, static_cast<std::size_t>(end - digits)));
    }
};

}  // namespace detail
}  // namespace bouncer
