// The logger receives the event of a failed fetch on another thread. Its exceptions are ignored. A
// process has only one logger.
#include "check.hpp"

#include <condition_variable>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

using bouncer::KeysSettings;
using bouncer::LogLevel;
using bouncer::RemoteJwkSet;
using bouncer::Status;
using namespace std::chrono_literals;

static std::mutex mutex;
static std::condition_variable arrived;
static std::vector<std::string> events;

int main() {
    CHECK(fails(bouncer::try_set_logger([](LogLevel, std::string_view) {}, LogLevel{0}),
                Status::InvalidArgument));
    bouncer::set_logger(
        [](LogLevel level, std::string_view message) {
            const std::lock_guard<std::mutex> lock(mutex);
            CHECK(level == LogLevel::Warn || level == LogLevel::Error);
            events.emplace_back(message);
            arrived.notify_all();
            throw std::runtime_error("dropped");
        },
        LogLevel::Warn);
    try {
        bouncer::set_logger([](LogLevel, std::string_view) {});
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::InvalidArgument);
        CHECK(std::string_view(error.what()).find("already has a logger") != std::string_view::npos);
    }

    // No server listens on this port.
    const RemoteJwkSet keys(KeysSettings().url("http://127.0.0.1:1/jwks?secret").lazy());
    CHECK(fails(keys.try_refresh(60s), Status::KeysUnavailable));
    std::unique_lock<std::mutex> lock(mutex);
    CHECK(arrived.wait_for(lock, 60s, [] { return !events.empty(); }));
    CHECK(events[0].find("http://127.0.0.1:1/jwks") != std::string::npos);
    CHECK(events[0].find("secret") == std::string::npos);
}
