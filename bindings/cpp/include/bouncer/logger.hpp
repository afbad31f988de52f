/// @file logger.hpp
/// The logger: events of the background threads.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"

namespace bouncer {

/// The severity of an event.
enum class LogLevel : std::uint32_t {
    Error = BOUNCER_LOG_LEVEL_ERROR,  ///< A bug in this library, or a fault of the machine.
    Warn = BOUNCER_LOG_LEVEL_WARN,    ///< A fetch or a login failed.
    Info = BOUNCER_LOG_LEVEL_INFO,    ///< New keys or a new token.
    Debug = BOUNCER_LOG_LEVEL_DEBUG,  ///< A fetch returned the keys already in use.
};

/// Sends the events of `level` and of more severe levels to `logger`. The logger receives the
/// events of the whole process, until the process ends.
///
/// Calls `logger(LogLevel, std::string_view)` on any thread, and on several threads at once. The
/// text holds no token, no claim value and no key. A logger must not wait for a token or for keys.
/// Its exceptions are ignored. On failure: Status::InvalidArgument if the process already has a
/// logger.
template <class Logger>
Result<void> try_set_logger(Logger logger, LogLevel level = LogLevel::Info) noexcept {
    const bouncer_log_callback callback = [](void *context, std::uint32_t event,
                                             bouncer_str message) noexcept {
        Logger &own = *static_cast<Logger *>(context);
#ifdef __cpp_exceptions
        try {
            own(static_cast<LogLevel>(event), detail::text(message));
        } catch (...) {
        }
#else
        own(static_cast<LogLevel>(event), detail::text(message));
#endif
    };
    std::unique_ptr<Logger> kept(new (std::nothrow) Logger(std::move(logger)));
    // If the allocation failed, pass no callback: the call then fails with NullArgument.
    Result<void> result = detail::act(bouncer_set_logger, kept ? callback : nullptr,
                                      static_cast<void *>(kept.get()), level);
    if (result) {
        (void)kept.release();
    }
    return result;
}

#ifdef __cpp_exceptions
/// @copydoc try_set_logger @throws Error
template <class Logger>
void set_logger(Logger logger, LogLevel level = LogLevel::Info) {
    try_set_logger(std::move(logger), level).or_throw();
}
#endif

}  // namespace bouncer
