/// @file stats.hpp
/// Counters and states of a verifier, a remote key set or a token renewer.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"

namespace bouncer {

/// The meaning of a Stat, and the unit of its number.
enum class StatKind : std::uint32_t {
    Counter = BOUNCER_STAT_KIND_COUNTER,  ///< A count that only increases, for this process alone.
    Gauge = BOUNCER_STAT_KIND_GAUGE,      ///< A current number.
    Time = BOUNCER_STAT_KIND_TIME,  ///< A point in time, in seconds since 1970-01-01T00:00:00Z.
    Text = BOUNCER_STAT_KIND_TEXT,  ///< Text.
    Duration = BOUNCER_STAT_KIND_DURATION,  ///< A duration in seconds.
};

/// One row of a Stats object. Its texts are valid until that object is destroyed.
struct Stat {
    std::string_view name;                 ///< A BOUNCER_STAT_ name: "keys_attempts_total".
    std::string_view help;                 ///< A description in one sentence.
    StatKind kind;                         ///< The meaning and the unit of `number`.
    std::optional<double> number;          ///< None if the row has no value or is text.
    std::optional<std::string_view> text;  ///< None if the row has no value or is a number.
    /// The source. For a key set: its URL without its query, or its issuer. For a renewer: the
    /// origin of its tokens. For a verifier: the first issuer of the entry, or "no issuer". Empty
    /// in rows of the whole verifier.
    std::string_view source;
    /// The status of the verifications that are counted: "ok", or the name of an error. Empty in
    /// other rows.
    std::string_view status;
};

/// A snapshot of counters and states, for metrics, logs and health checks. It is a range of Stat.
/// Store it in a variable before you read from it. `keys.stats().json()` does not compile, because
/// the returned text would point into a destroyed object.
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
    /// The row with this `name`, a BOUNCER_STAT_ name, and this `source`. An empty `source` matches
    /// any source. None if there is no such row.
    [[nodiscard]] std::optional<Stat> find(const char *name,
                                           std::string_view source = {}) const & noexcept {
        const bouncer_stat *row =
            bouncer_stats_find(handle_.get(), name, source.data(), source.size());
        return row != nullptr ? std::optional(stat(*row)) : std::nullopt;
    }
    /// The number of the row `name`; none if the row has no value.
    [[nodiscard]] std::optional<double> number(const char *name,
                                               std::string_view source = {}) const noexcept {
        const std::optional<Stat> stat = find(name, source);
        return stat ? stat->number : std::nullopt;
    }
    /// The text of the row `name`; none if the row has no value.
    [[nodiscard]] std::optional<std::string_view> text(
        const char *name, std::string_view source = {}) const & noexcept {
        const std::optional<Stat> stat = find(name, source);
        return stat ? stat->text : std::nullopt;
    }
    /// The number of verifications that had this `status`, in the entry with this `source`: its
    /// first issuer. An empty `source` counts all verifications of the verifier.
    [[nodiscard]] std::uint64_t verifications(Status status,
                                              std::string_view source = {}) const noexcept {
        std::uint64_t total = 0;
        for (const Stat &stat : *this) {
            const bool is_counted = stat.name == BOUNCER_STAT_VERIFICATIONS_TOTAL &&
                                    stat.status == status_name(status);
            if (is_counted && (source.empty() || stat.source == source)) {
                total += static_cast<std::uint64_t>(stat.number.value_or(0));
            }
        }
        return total;
    }
    /// The snapshot in the Prometheus text format, version 0.0.4. Metric names begin with
    /// "bouncer_". A row of text becomes a metric whose name ends in "_info", with the text in the
    /// label "value".
    [[nodiscard]] std::string_view prometheus() const & noexcept {
        return detail::text(bouncer_stats_prometheus(handle_.get()));
    }
    /// The snapshot as JSON: an array with one object for each source. Each object has one member
    /// for each row, with the row's name. Rows with a status are members of an object with the name
    /// of the row. A row without a value is null.
    [[nodiscard]] std::string_view json() const & noexcept {
        return detail::text(bouncer_stats_json(handle_.get()));
    }

    iterator begin() const && = delete;  // store the object first
    iterator end() const && = delete;    // store the object first
    std::optional<Stat> find(const char *, std::string_view = {}) const && = delete;
    std::optional<std::string_view> text(const char *, std::string_view = {}) const && = delete;
    std::string_view prometheus() const && = delete;  // store the object first
    std::string_view json() const && = delete;        // store the object first

private:
    static Stat stat(const bouncer_stat &row) noexcept {
        const bool is_number = row.present != 0 && row.kind != BOUNCER_STAT_KIND_TEXT;
        return {row.name,
                row.help,
                static_cast<StatKind>(row.kind),
                is_number ? std::optional(row.number) : std::nullopt,
                detail::optional_text(row.text),
                detail::text(row.source),
                detail::text(row.status)};
    }
};

}  // namespace bouncer
