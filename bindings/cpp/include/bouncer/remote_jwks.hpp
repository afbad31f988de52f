/// @file remote_jwks.hpp
/// A key set that is fetched from a URL and refreshed.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "jwks.hpp"
#include "settings_generated.hpp"
#include "stats.hpp"
#include "ticket.hpp"
#include "watch.hpp"

namespace bouncer {

/// An issuer's key set that a background thread fetches from a URL and refreshes. It follows key
/// rotations and survives outages. Make one for each issuer and keep it: each has its own rate
/// limits and requests. One thread serves all of them.
///
/// - A verification whose key is cached takes no lock and never waits for the network.
/// - Keys are refreshed after 70 to 80 % of their lifetime. If refreshes fail, the cached keys stay
///   in use for `max_stale`. After that, verifications fail with Status::KeysUnavailable.
/// - A token with an unknown "kid" may cause a fetch. The limit is a burst of two fetches, then one
///   per `refetch_interval`.
/// - A token without "kid" may cause a fetch if no key verifies it. A token with a known "kid" may
///   cause a fetch if the key with that "kid" does not verify it. For these tokens the limit is one
///   fetch per `refetch_interval_without_kid`.
/// - After fork() the child may use its copy of the object. It starts its own threads when it
///   first needs them. The threads of this library block all signals.
///
/// Verifiers share the key set, so they keep working after this object is destroyed. The key set is
/// closed when this object and all its verifiers are destroyed. The last destructor waits as
/// close() does. Functions with a timeout of 0 or less do not wait.
class RemoteJwkSet : public detail::Owner<bouncer_remote_jwks> {
public:
    using Owner::Owner;

    /// Makes a remote key set of `settings`, which are copied. The first fetch starts at once in
    /// the background, unless `lazy` is set. On failure: Status::InvalidArgument for a setting;
    /// Status::MalformedJwkSet or Status::NoUsableKey for the setting `seed`.
    static Result<RemoteJwkSet> try_make(const KeysSettings &settings) noexcept {
        return detail::make<RemoteJwkSet>(bouncer_remote_jwks_new, settings.handle());
    }
    /// Waits up to `timeout` for usable keys. Returns sooner if the metadata contains another
    /// issuer. On failure: Status::KeysUnavailable.
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_remote_jwks_wait_ready, handle(), timeout);
    }
    /// Returns false if waiting for keys does not help: the key set is closed, or the metadata
    /// contains another issuer. For event loops, which wait with a Watch.
    [[nodiscard]] bool may_become_ready() const noexcept {
        return bouncer_remote_jwks_may_become_ready(handle()) != 0;
    }
    /// Returns a snapshot of the current keys. A later fetch does not change it. On failure:
    /// Status::KeysUnavailable.
    Result<JwkSet> try_current() const noexcept {
        return detail::make<JwkSet>(bouncer_remote_jwks_current, handle());
    }
    /// Fetches the keys now and waits up to `timeout` for the fetch to end. Concurrent callers
    /// share one fetch. Use it for operator commands, not for requests: no rate limit applies. On
    /// failure: Status::KeysUnavailable, with the cause in the message. The cached keys stay in
    /// use.
    Result<void> try_refresh(std::chrono::milliseconds timeout) const noexcept {
        return detail::act(bouncer_remote_jwks_refresh, handle(), timeout);
    }
    /// Takes a snapshot of counters and states: the BOUNCER_STAT_KEYS_ rows. On failure:
    /// Status::NullArgument after a move.
    Result<Stats> try_stats() const noexcept {
        return detail::make<Stats>(bouncer_remote_jwks_stats, handle());
    }
    /// The generation of the keys: 0 before the first keys, then incremented with each change. A
    /// program can cache data that it derives from the keys, with the generation as cache key.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return bouncer_remote_jwks_generation(handle());
    }
    /// Waits for the fetch of `ticket`. Returns true if it has ended, or if the key set is closed.
    /// Returns false on timeout, or for an empty ticket.
    [[nodiscard]] bool wait(Ticket ticket, std::chrono::milliseconds timeout) const noexcept {
        return bouncer_remote_jwks_wait(handle(), ticket.bits, detail::count(timeout)) != 0;
    }
    /// Waits until `attempts` fetches have ended (BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL), for programs
    /// that monitor the key set. Returns false on timeout or if the key set is closed.
    [[nodiscard]] bool wait_attempts(std::uint64_t attempts,
                                     std::chrono::milliseconds timeout) const noexcept {
        return bouncer_remote_jwks_wait_attempts(handle(), attempts, detail::count(timeout)) != 0;
    }
    /// Makes a watch, for an event loop that waits for fetches. On failure: Status::SystemError.
    Result<Watch> try_watch() const noexcept {
        return detail::make<Watch>(bouncer_remote_jwks_watch, handle());
    }
    /// Closes the key set, also for the verifiers that use it. Cancels a fetch in flight and
    /// removes the keys. Waits at most one second for the thread of the fetch to end. The thread
    /// that serves all key sets and renewers ends with the last of them.
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
    /// @copydoc try_watch @throws Error
    [[nodiscard]] Watch watch() const { return try_watch().or_throw(); }
#endif
};

}  // namespace bouncer
