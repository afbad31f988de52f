/// @file watch.hpp
/// The descriptor that wakes up an event loop.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "detail.hpp"

#ifndef _WIN32
#include <unistd.h>
#endif

namespace bouncer {

/// A file descriptor that wakes up an event loop after each fetch of keys, or after each login of a
/// renewer. Verifier::watch(), RemoteJwkSet::watch() and TokenRenewer::watch() make one.
///
/// It is an eventfd, non-blocking and close-on-exec. It becomes readable after each attempt,
/// successful or not, when the key set or renewer is closed, and after Verifier::reload(). It stays
/// readable until clear().
///
/// 1. Make one watch for each loop, before the loop verifies its first token. Let the loop wait
///    until the descriptor is readable.
/// 2. If Verifier::verify_now() is pending, store the request with its token and its ticket, and
///    with a time after which it is answered in any case.
/// 3. If the descriptor is readable, call clear() first. Then call Verifier::resume() for each
///    stored request whose Verifier::wait() with a timeout of 0 returns true.
/// 4. When the time of a request is over, call Verifier::resume() too: its verdict is final.
///
/// In this order no attempt is missed. One wakeup may be for several attempts. The library never
/// blocks on the descriptor.
///
/// A watch belongs to the process that made it. After fork(), the child makes its own. Remove the
/// descriptor from the loop before the watch is destroyed.
class Watch : public detail::Owner<bouncer_watch> {
public:
    using Owner::Owner;

    /// The file descriptor. It is valid until the watch is destroyed. Do not close it. Returns -1
    /// after a move.
    [[nodiscard]] int fd() const noexcept { return bouncer_watch_fd(handle()); }
#ifndef _WIN32
    /// Makes the descriptor unreadable until the next attempt has ended. It never blocks.
    void clear() const noexcept {
        std::uint64_t wakeups = 0;
        while (::read(fd(), &wakeups, sizeof wakeups) == sizeof wakeups) {
        }
    }
#endif
};

}  // namespace bouncer
