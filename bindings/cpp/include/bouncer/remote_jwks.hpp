/// @file remote_jwks.hpp
/// Keys that are fetched and kept fresh.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "jwks.hpp"
#include "settings_generated.hpp"
#include "stats.hpp"
#include "ticket.hpp"

namespace bouncer {

/// An issuer's key set, fetched from its URL and kept fresh by a background thread, through
/// rotations and outages. Make one for each issuer and keep it: each has a thread, a budget and
/// requests of its own.
///
/// - A verification that has its key takes no lock and never waits for the network.
/// - Keys are refreshed at 70 to 80 % of their lifetime. If that fails, the old keys are used up to
///   `max_stale`, then not at all: Status::KeysUnavailable.
/// - A token of unknown "kid" may cause a fetch: two at once, then one in `refetch_interval`. A
///   token without "kid" that no key verifies: one in `refetch_interval_without_kid`.
/// - After fork() the child's object works and starts its own thread when it needs one. The thread
///   has the signal mask of the thread that made it.
///
/// Verifiers made of it outlive it. The thread ends with the last of them, or with close(). The
/// destructor does not wait for it. A timeout of 0 or less does not wait.
class RemoteJwkSet : public detail::Owner<bouncer_remote_jwks> {
public:
    using Owner::Owner;

    /// Makes a remote key set of `settings`, which are copied. The first fetch begins at once, in
    /// the background, unless `lazy` is set. On failure: Status::InvalidArgument, a setting;
    /// Status::MalformedJwkSet or Status::NoUsableKey, the seed.
    static Result<RemoteJwkSet> try_make(const KeysSettings &settings) noexcept {
        return detail::make<RemoteJwkSet>(bouncer_remote_jwks_new, settings.handle());
    }
    /// Waits until there are keys. On failure: Status::KeysUnavailable after `timeout`.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_remote_jwks_wait_ready, handle(), timeout);
    }
    /// The keys in use. They stay as they are when newer ones come. On failure:
    /// Status::KeysUnavailable.
    Result<JwkSet> try_current() const noexcept {
        return detail::make<JwkSet>(bouncer_remote_jwks_current, handle());
    }
    /// Fetches the keys now and waits for them; several callers share one fetch. For operators, not
    /// for each request: the rate is not limited. On failure, Status::KeysUnavailable with the
    /// reason in the message, the keys in use stay.
    Result<void> try_refresh(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_remote_jwks_refresh, handle(), timeout);
    }
    /// What it has done: the BOUNCER_STAT_KEYS_ rows. On failure: Status::NullArgument after a
    /// move.
    Result<Stats> try_stats() const noexcept {
        return detail::make<Stats>(bouncer_remote_jwks_stats, handle());
    }
    /// 0 before the first keys, and one more with each change of them. What is derived from the
    /// keys is good for one generation.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return bouncer_remote_jwks_generation(handle());
    }
    /// Waits for the fetch that `ticket` stands for. False if it is not done after `timeout`, or
    /// never will be, or there is none.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_remote_jwks_wait(handle(), ticket.bits, detail::count(timeout)) != 0;
    }
    /// Waits until `attempts` fetches are over (BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL), for monitors.
    /// False if they are not after `timeout`, or never will be.
    [[nodiscard]] bool wait_attempts(std::uint64_t attempts,
                                     std::chrono::milliseconds timeout) const noexcept {
        return bouncer_remote_jwks_wait_attempts(handle(), attempts, detail::count(timeout)) != 0;
    }
    /// Ends it, also for the verifiers made of it: cancels a fetch that is under way and ends the
    /// thread. From now on there are no keys.
    void close() const noexcept { bouncer_remote_jwks_close(handle()); }

#ifdef __cpp_exceptions
    /// @copydoc try_make @throws Error
    explicit RemoteJwkSet(const KeysSettings &settings)
        : RemoteJwkSet(try_make(settings).or_throw()) {}
    /// @copydoc try_wait_ready @throws Error
    void wait_ready(std::chrono::milliseconds timeout) const { try_wait_ready(timeout).or_throw(); }
    /// @copydoc try_current @throws Error
    [[nodiscard]] JwkSet current() const { return try_current().or_throw(); }
    /// @copydoc try_refresh @throws Error
    void refresh(std::chrono::milliseconds timeout) const { try_refresh(timeout).or_throw(); }
    /// @copydoc try_stats @throws Error
    [[nodiscard]] Stats stats() const { return try_stats().or_throw(); }
#endif
};

}  // namespace bouncer
