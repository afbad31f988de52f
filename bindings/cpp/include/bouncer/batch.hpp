/// @file batch.hpp
/// The verdicts on many tokens.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "ticket.hpp"

namespace bouncer {

/// The verdict on one token of a Batch, and it belongs to that: a token, or why not. Cheap to copy.
class VerdictView : public detail::Outcome {
public:
    VerdictView(const bouncer_batch *batch, std::size_t index) noexcept
        : Outcome(bouncer_batch_status(batch, index)),
          token_(bouncer_batch_token(batch, index)),
          error_(bouncer_batch_error(batch, index)),
          ticket_{bouncer_batch_ticket(batch, index)} {}

    /// True if the token is accepted.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(token_); }
    /// The token; an empty one if it is rejected or the verdict is pending.
    [[nodiscard]] TokenView token() const noexcept { return token_; }
    /// @copydoc Failure::message
    [[nodiscard]] const char *message() const noexcept {
        return error_ != nullptr ? bouncer_error_message(error_) : name();
    }
    /// @copydoc Failure::claim
    [[nodiscard]] std::optional<std::string_view> claim() const noexcept {
        return detail::optional_text(bouncer_error_claim(error_));
    }
    /// What to wait for; then Verifier::resume() returns the verdict. Empty if this one is final.
    [[nodiscard]] Ticket ticket() const noexcept { return ticket_; }
    /// True if a fetch decides: the status is Status::Pending. Only after
    /// Verifier::try_verify_batch_now().
    [[nodiscard]] bool is_pending() const noexcept { return static_cast<bool>(ticket_); }

private:
    TokenView token_;
    const bouncer_error *error_;
    Ticket ticket_;
};

/// The verdicts of a Batch in columns, laid out as Apache Arrow's (its "Columnar Format", 1.0). In
/// a validity bitmap bit i, counted from the lowest of the first byte, is set if row i has a value.
struct Columns {
    ArrayView<std::uint32_t> status;  ///< The number of each Status: UInt32.
    ArrayView<std::int64_t> exp;  ///< "exp" of the accepted tokens, in seconds since 1970: Int64.
    ArrayView<std::uint8_t> exp_validity;  ///< Which rows have an "exp".
    ArrayView<std::int64_t> uid_offsets;  ///< Where each "uid" begins, and the end: of a LargeUtf8.
    std::string_view uid_data;  ///< The "uid" of each accepted token, one after the other.
    ArrayView<std::uint8_t> uid_validity;  ///< Which rows have a "uid".
};

namespace detail {

inline VerdictView verdict_at(const bouncer_batch *batch, std::size_t index) noexcept {
    return VerdictView(batch, index);
}

}  // namespace detail

/// The verdicts on many tokens, in the order of the tokens: a range of VerdictView.
class Batch : public detail::Owner<bouncer_batch> {
public:
    using Owner::Owner;
    using Verdicts = detail::Range<
        detail::Listed<bouncer_batch, VerdictView, bouncer_batch_count, detail::verdict_at>>;

    [[nodiscard]] std::size_t size() const noexcept { return verdicts().size(); }
    [[nodiscard]] bool empty() const noexcept { return verdicts().empty(); }
    /// The verdict on the token at `index`, from 0; Status::InvalidArgument from size() on.
    [[nodiscard]] VerdictView operator[](std::size_t index) const & noexcept {
        return verdicts()[index];
    }
    [[nodiscard]] Verdicts::iterator begin() const & noexcept { return verdicts().begin(); }
    [[nodiscard]] Verdicts::iterator end() const & noexcept { return verdicts().end(); }
    /// The verdicts in columns. They belong to the batch.
    [[nodiscard]] Columns columns() const & noexcept {
        bouncer_columns columns = {0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
        const bool made = bouncer_batch_columns(handle_.get(), &columns) != 0;
        const std::size_t rows = columns.rows, bytes = rows / 8 + (rows % 8 != 0 ? 1 : 0);
        const std::size_t offsets = made ? rows + 1 : 0;
        const auto uids = made ? static_cast<std::size_t>(columns.uid_offsets[rows]) : 0;
        return {{columns.status, rows},        {columns.exp, rows},
                {columns.exp_validity, bytes}, {columns.uid_offsets, offsets},
                {columns.uid_data, uids},      {columns.uid_validity, bytes}};
    }

    VerdictView operator[](std::size_t index) const && = delete;
    Verdicts::iterator begin() const && = delete;
    Verdicts::iterator end() const && = delete;
    Columns columns() const && = delete;

private:
    Verdicts verdicts() const noexcept { return Verdicts({handle_.get()}); }
};

}  // namespace bouncer
