/// @file stats.hpp
/// What a verifier's cache, a remote key set and a token renewer have done.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"

namespace bouncer {

/// What a Stat measures, and the unit of its number.
enum class StatKind : std::uint32_t {
    Counter = BOUNCER_STAT_KIND_COUNTER,    ///< A count that only grows, of this process alone.
    Gauge = BOUNCER_STAT_KIND_GAUGE,        ///< A count of this moment.
    Time = BOUNCER_STAT_KIND_TIME,          ///< A moment, in seconds since 1970-01-01T00:00:00Z.
    Text = BOUNCER_STAT_KIND_TEXT,          ///< Text.
    Duration = BOUNCER_STAT_KIND_DURATION,  ///< A duration in seconds.
};

/// One row of a Stats, and it belongs to that.
struct Stat {
    std::string_view name;                 ///< A BOUNCER_STAT_ name: "keys_attempts_total".
    std::string_view help;                 ///< One sentence.
    StatKind kind;                         ///< What is measured, and the unit.
    std::optional<double> number;          ///< None if it is absent or text.
    std::optional<std::string_view> text;  ///< None if it is absent or a number.
    /// Whose it is: the URL of the key set without its query, the issuer, or where the renewer's
    /// tokens come from. Empty for what is the verifier's own.
    std::string_view source;
};

/// A snapshot of counters and states, for metrics, logs and health checks: a range of Stat.
class Stats : public detail::Owner<bouncer_stats> {
public:
    using Owner::Owner;

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Stat;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Stat;

        iterator() noexcept = default;
        explicit iterator(const bouncer_stats *stats) noexcept : stats_(stats) { ++*this; }
        Stat operator*() const noexcept { return stat(*row_); }
        iterator &operator++() noexcept { return row_ = bouncer_stats_next(stats_, row_), *this; }
        iterator operator++(int) noexcept { return std::exchange(*this, std::next(*this)); }
        friend bool operator==(iterator a, iterator b) noexcept { return a.row_ == b.row_; }
        friend bool operator!=(iterator a, iterator b) noexcept { return a.row_ != b.row_; }

    private:
        const bouncer_stats *stats_ = nullptr;
        const bouncer_stat *row_ = nullptr;
    };

    [[nodiscard]] iterator begin() const & noexcept { return iterator(handle_.get()); }
    [[nodiscard]] iterator end() const & noexcept { return iterator(); }
    /// The row called `name`, a BOUNCER_STAT_ name, of `source`; of any source if that is empty.
    [[nodiscard]] std::optional<Stat> find(const char *name,
                                           std::string_view source = {}) const & noexcept {
        const bouncer_stat *row =
            bouncer_stats_find(handle_.get(), name, source.data(), source.size());
        return row != nullptr ? std::optional(stat(*row)) : std::nullopt;
    }
    /// The number called `name`; none if it is absent.
    [[nodiscard]] std::optional<double> number(const char *name,
                                               std::string_view source = {}) const noexcept {
        const std::optional<Stat> stat = find(name, source);
        return stat ? stat->number : std::nullopt;
    }
    /// The text called `name`; none if it is absent.
    [[nodiscard]] std::optional<std::string_view> text(
        const char *name, std::string_view source = {}) const & noexcept {
        const std::optional<Stat> stat = find(name, source);
        return stat ? stat->text : std::nullopt;
    }
    /// The text format of Prometheus, version 0.0.4. Names begin with "bouncer_". Text becomes the
    /// label "value" of a metric whose name ends in "_info".
    [[nodiscard]] std::string_view prometheus() const & noexcept {
        return detail::text(bouncer_stats_prometheus(handle_.get()));
    }
    /// JSON: an array with an object for each source, its rows by name, null for what is absent.
    [[nodiscard]] std::string_view json() const & noexcept {
        return detail::text(bouncer_stats_json(handle_.get()));
    }

    iterator begin() const && = delete;
    iterator end() const && = delete;
    std::optional<Stat> find(const char *, std::string_view = {}) const && = delete;
    std::optional<std::string_view> text(const char *, std::string_view = {}) const && = delete;
    std::string_view prometheus() const && = delete;
    std::string_view json() const && = delete;

private:
    static Stat stat(const bouncer_stat &row) noexcept {
        const bool is_number = row.present != 0 && row.kind != BOUNCER_STAT_KIND_TEXT;
        return {row.name,
                row.help,
                static_cast<StatKind>(row.kind),
                is_number ? std::optional(row.number) : std::nullopt,
                detail::optional_text(row.text),
                detail::text(row.source)};
    }
};

}  // namespace bouncer
