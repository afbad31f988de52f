// An HTTP server on loopback. The test sets its responses, which may be late or faulty, and reads
// the requests that it received. Also functions that wait for a condition and that count threads.
#ifndef SERVER_HPP
#define SERVER_HPP

#include "check.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <strings.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

/// Longer than any operation in these tests takes.
constexpr std::chrono::seconds test_timeout{20};

/// Waits until `done` returns true. Returns false on timeout.
template <class Done>
bool until(Done done) {
    const auto end = std::chrono::steady_clock::now() + test_timeout;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

/// The number of threads of this process that are named `wanted`.
inline std::size_t threads_named(std::string_view wanted) {
    std::size_t count = 0;
    std::error_code gone;  // A thread may end during the loop.
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name == wanted) {
            count++;
        }
    }
    return count;
}

inline std::string base64url(std::string_view bytes) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    unsigned bits = 0;
    int len = 0;
    for (const char byte : bytes) {
        bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xffff;
        for (len += 8; len >= 6; len -= 6) {
            text += digits[bits >> (len - 6) & 63];
        }
    }
    return len > 0 ? text + digits[bits << (6 - len) & 63] : text;
}

/// The response to a request.
struct Reply {
    int status = 200;
    std::string body{};
    /// An additional header field, with its end of line.
    std::string header{};
    /// The delay before the response. It ends early if the client disconnects or the server is
    /// destroyed.
    std::chrono::milliseconds late{0};

    static Reply json(std::string body) { return {200, std::move(body)}; }
    static Reply failure(int status) { return {status, "no\n"}; }
    /// Sends no response for 30 seconds, which is longer than `test_timeout`.
    static Reply hang() { return {500, "", "", std::chrono::seconds(30)}; }
    Reply after(std::chrono::milliseconds pause) && {
        late = pause;
        return std::move(*this);
    }
};

class Server {
public:
    /// Returns the reply for the path of a request.
    using Behaviour = std::function<Reply(const std::string &)>;

    explicit Server(Reply reply) : Server(always(std::move(reply))) {}
    explicit Server(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
        CHECK(pipe(stop_) == 0);
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t len = sizeof address;
        CHECK(listener_ >= 0 && bind(listener_, reinterpret_cast<sockaddr *>(&address), len) == 0);
        CHECK(listen(listener_, 64) == 0 &&
              getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &len) == 0);
        port_ = ntohs(address.sin_port);
        accepting_ = std::thread([this] { accept_all(); });
    }
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    ~Server() {
        close(stop_[1]);  // Wakes all waiting threads.
        accepting_.join();
        for (std::thread &responding : responding_) {
            responding.join();
        }
        close(stop_[0]);
        close(listener_);
    }

    /// Changes the behaviour for later requests.
    void behave(Behaviour behaviour) {
        const std::lock_guard<std::mutex> lock(mutex_);
        behaviour_ = std::move(behaviour);
    }
    void reply_with(Reply reply) { behave(always(std::move(reply))); }

    [[nodiscard]] std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string url() const { return origin() + "/jwks"; }
    /// The number of requests so far.
    [[nodiscard]] std::size_t count() const { return requests().size(); }
    /// Each request: its first line, its header and its body.
    [[nodiscard]] std::vector<std::string> requests() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return requests_;
    }

private:
    static Behaviour always(Reply reply) {
        return [reply = std::move(reply)](const std::string &) { return reply; };
    }

    /// Waits until `file` is readable. Returns false on timeout or if the server is destroyed.
    bool has_input(int file, std::chrono::milliseconds timeout) const {
        pollfd files[] = {{file, POLLIN, 0}, {stop_[0], POLLIN, 0}};
        return poll(files, 2, static_cast<int>(timeout.count())) > 0 && files[1].revents == 0;
    }

    void accept_all() {
        while (has_input(listener_, std::chrono::minutes(5))) {
            const int client = accept(listener_, nullptr, nullptr);
            CHECK(client >= 0 && responding_.size() < 1000);
            responding_.emplace_back([this, client] {
                respond(client);
                close(client);
            });
        }
    }

    /// The full length of a request, computed from the part that has arrived; npos if the header is
    /// not complete.
    static std::size_t full_length(const std::string &request) {
        const std::size_t end = request.find("\r\n\r\n");
        if (end == std::string::npos) {
            return std::string::npos;
        }
        static constexpr char field[] = "\r\nContent-Length:";
        for (std::size_t line = request.find("\r\n"); line < end; line = request.find("\r\n", line + 2)) {
            if (strncasecmp(request.data() + line, field, sizeof field - 1) == 0) {
                return end + 4 + std::stoul(request.substr(line + sizeof field - 1));
            }
        }
        return end + 4;
    }

    void respond(int client) {
        std::string request;
        while (request.size() < full_length(request)) {
            char buffer[4096];
            const bool arrives = has_input(client, std::chrono::seconds(30));
            const ssize_t len = arrives ? recv(client, buffer, sizeof buffer, 0) : 0;
            if (len <= 0) {
                return;
            }
            request.append(buffer, static_cast<std::size_t>(len));
        }
        const std::size_t path = request.find(' ') + 1;
        Behaviour behaviour;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            requests_.push_back(request);
            behaviour = behaviour_;
        }
        const Reply reply = behaviour(request.substr(path, request.find(' ', path) - path));
        // Input now means that the client has disconnected.
        if (reply.late.count() > 0 && has_input(client, reply.late)) {
            return;
        }
        const std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Because\r\n" + reply.header +
                                 "Content-Length: " + std::to_string(reply.body.size()) +
                                 "\r\nConnection: close\r\n\r\n" + reply.body;
        (void)!send(client, text.data(), text.size(), MSG_NOSIGNAL);
    }

    mutable std::mutex mutex_;
    Behaviour behaviour_;
    std::vector<std::string> requests_;
    int stop_[2] = {-1, -1};
    int listener_ = -1;
    int port_ = 0;
    std::thread accepting_;
    std::vector<std::thread> responding_;
};

#endif
