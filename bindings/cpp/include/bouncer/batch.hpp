/// @file batch.hpp
/// The verdicts for many tokens.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "ticket.hpp"

namespace bouncer {

/// The verdict for one token of a Batch: a token, or the cause of its rejection. It belongs to the
/// batch. Cheap to copy.
class VerdictView : public detail::Outcome {
public:
    VerdictView(const bouncer_batch *batch, std::size_t index) noexcept
        : Outcome(bouncer_batch_status(batch, index)),
          token_(bouncer_batch_token(batch, index)),
          error_(bouncer_batch_error(batch, index)),
          ticket_{bouncer_batch_ticket(batch, index)} {}

    /// True if the token is accepted.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(token_); }
    /// The token; empty if it is rejected or the verdict is pending.
    [[nodiscard]] TokenView token() const noexcept { return token_; }
    /// @copydoc Failure::message
    [[nodiscard]] const char *message() const noexcept {
        return error_ != nullptr ? bouncer_error_message(error_) : name();
    }
    /// @copydoc Failure::claim
    [[nodiscard]] std::optional<std::string_view> claim() const noexcept {
        return detail::optional_text(bouncer_error_claim(error_));
    }
    /// The ticket of the fetch that the verdict depends on, for Verifier::wait() and
    /// Verifier::resume(). Empty if the verdict is final.
    [[nodiscard]] Ticket ticket() const noexcept { return ticket_; }
    /// True if the verdict depends on a fetch: the status is Status::Pending. Possible only after
    /// Verifier::try_verify_batch_now().
    [[nodiscard]] bool is_pending() const noexcept { return static_cast<bool>(ticket_); }

private:
    TokenView token_;
    const bouncer_error *error_;
    Ticket ticket_;
};

/// The verdicts of a Batch as columns, in the memory layout of Apache Arrow ("Columnar Format",
/// 1.0). In a validity bitmap, bit i is set if row i has a value. Bit 0 is the lowest bit of the
/// first byte.
struct Columns {
    ArrayView<std::uint32_t> status;  ///< The Status of each token, as a number: UInt32.
    /// "exp" of the accepted tokens, in seconds since 1970-01-01T00:00:00Z: Int64.
    ArrayView<std::int64_t> exp;
    ArrayView<std::uint8_t> exp_validity;  ///< The validity bitmap of `exp`.
    /// The offsets in `uid_data` at which each "uid" begins, plus the end of the last one: the
    /// offsets of a LargeUtf8 array.
    ArrayView<std::int64_t> uid_offsets;
    std::string_view uid_data;  ///< The "uid" values of the accepted tokens, concatenated.
    ArrayView<std::uint8_t> uid_validity;  ///< The validity bitmap of the "uid" column.
};

namespace detail {

inline VerdictView verdict_at(const bouncer_batch *batch, std::size_t index) noexcept {
    return VerdictView(batch, index);
}

}  // namespace detail

/// The verdicts for many tokens, in input order: a range of VerdictView.
class Batch : public detail::Owner<bouncer_batch> {
public:
    using Owner::Owner;
    using Verdicts = detail::Range<
        detail::Listed<bouncer_batch, VerdictView, bouncer_batch_count, detail::verdict_at>>;

    [[nodiscard]] std::size_t size() const noexcept { return verdicts().size(); }
    [[nodiscard]] bool empty() const noexcept { return verdicts().empty(); }
    /// The verdict for the token at `index`, from 0. Its status is Status::InvalidArgument if
    /// `index` is out of range.
    [[nodiscard]] VerdictView operator[](std::size_t index) const & noexcept {
        return verdicts()[index];
    }
    [[nodiscard]] Verdicts::iterator begin() const & noexcept { return verdicts().begin(); }
    [[nodiscard]] Verdicts::iterator end() const & noexcept { return verdicts().end(); }
    /// The verdicts as columns. They belong to the batch.
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

    VerdictView operator[](std::size_t index) const && = delete;  // store the object first
    Verdicts::iterator begin() const && = delete;                 // store the object first
    Verdicts::iterator end() const && = delete;                   // store the object first
    Columns columns() const && = delete;                          // store the object first

private:
    Verdicts verdicts() const noexcept { return Verdicts({handle_.get()}); }
};

}  // namespace bouncer
