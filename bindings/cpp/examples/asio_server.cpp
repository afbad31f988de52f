// An HTTP server with one thread that never waits for the issuer. It needs asio (Debian:
// libasio-dev).
//
//     asio_server ISSUER AUDIENCE [PORT [TIMEOUT]]
//
// Listens on 127.0.0.1 and prints the port. Responds to a request with a valid Bearer token with
// its "sub", and otherwise with 401 or 503. A request whose key must be fetched first is parked: it
// keeps its connection, and the loop serves the others. TIMEOUT is the time from the connection to
// the response, in milliseconds. SIGTERM and SIGINT end the server.
//
// To stay short, the server ignores bodies and closes each connection after one response.

#include <bouncer_verify.hpp>

#include <array>
#include <asio.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <strings.h>
#include <unistd.h>
#include <utility>

using asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

/// A connection with its request. Its handlers share it.
struct Connection {
    Connection(tcp::socket accepted, milliseconds timeout)
        : socket(std::move(accepted)), deadline(socket.get_executor(), timeout) {}

    tcp::socket socket;
    asio::steady_timer deadline;
    std::string request{}, response{};
    std::string_view token{};
    std::array<char, 1024> ignored{};
    /// The fetch that the verdict depends on. Not empty if the request is parked.
    bouncer::Ticket ticket{};
};
using Pointer = std::shared_ptr<Connection>;

/// Returns the value of the Authorization header: empty if there is none, or more than one. `head`
/// ends with the empty line before the body.
std::string_view authorization(std::string_view head) {
    constexpr std::string_view name = "\r\nAuthorization:";
    std::string_view value;
    for (std::size_t at = 0; (at = head.find("\r\n", at)) != head.npos; at += 2) {
        if (strncasecmp(head.data() + at, name.data(), name.size()) != 0) {
            continue;
        }
        if (value.data() != nullptr) {
            return {};
        }
        const std::size_t start = head.find_first_not_of(" \t", at + name.size());
        value = head.substr(start, head.find("\r\n", start) - start);
    }
    return value;
}

class Server {
public:
    Server(bouncer::Verifier verifier, unsigned short port, milliseconds timeout)
        : verifier_(std::move(verifier)), listener_(loop_, {asio::ip::address_v4::loopback(), port}),
          timeout_(timeout) {
        std::cout << listener_.local_endpoint().port() << std::endl;
        accept();
        wait_for_fetch();
    }

    void run() {
        asio::signal_set ends(loop_, SIGTERM, SIGINT);
        ends.async_wait([this](asio::error_code, int) { loop_.stop(); });
        loop_.run();
    }

private:
    void accept() {
        listener_.async_accept([this](asio::error_code error, tcp::socket socket) {
            if (!error) {
                receive(std::make_shared<Connection>(std::move(socket), timeout_));
            }
            accept();
        });
    }

    void receive(const Pointer &from) {
        from->deadline.async_wait([this, from](asio::error_code error) {
            if (!error) {
                end_late(from);
            }
        });
        const auto buffer = asio::dynamic_buffer(from->request, 20 * 1024);
        asio::async_read_until(from->socket, buffer, "\r\n\r\n",
                               [this, from](asio::error_code error, std::size_t head) {
                                   if (error) {
                                       from->deadline.cancel();
                                   } else {
                                       start(from, std::string_view(from->request).substr(0, head));
                                   }
                               });
    }

    void start(const Pointer &request, std::string_view head) {
        auto token = bouncer::try_token_from_authorization(authorization(head));
        if (!token) {
            respond(request, &token.error(), {});
            return;
        }
        request->token = *token;
        verify(request);
        if (request->ticket) {
            wait_for_end(request);
        }
    }

    // Verifies the token of a new or parked request, and responds or parks the request. If the
    // fetch that it was parked for has not ended, the verdict is final.
    void verify(const Pointer &request) {
        bouncer::Verdict verdict = verifier_.resume(request->token, request->ticket);
        request->ticket = verdict.ticket();
        if (verdict.is_pending()) {
            parked_.insert(request);
            return;
        }
        parked_.erase(request);
        const bouncer::Result<bouncer::VerifiedToken> &result = verdict.result();
        if (result) {
            respond(request, nullptr, result->subject().value_or(""));
        } else {
            std::cerr << result.error().message() << '\n';
            respond(request, &result.error(), {});
        }
    }

    // After each fetch: verifies the parked requests whose fetch has ended.
    void wait_for_fetch() {
        wakeup_.async_wait(wakeup_.wait_read, [this](asio::error_code error) {
            if (error) {
                return;
            }
            // First clear, then ask: a fetch that ends in between wakes the loop again.
            watch_.clear();
            for (auto next = parked_.begin(); next != parked_.end();) {
                const Pointer request = *next++;
                if (verifier_.wait(request->ticket, milliseconds(0))) {
                    verify(request);
                }
            }
            wait_for_fetch();
        });
    }

    // A client may disconnect while its request is parked. What it still sends is ignored.
    void wait_for_end(const Pointer &request) {
        request->socket.async_read_some(
            asio::buffer(request->ignored), [this, request](asio::error_code error, std::size_t) {
                if (!request->ticket) {
                    return;  // The request has been answered.
                }
                if (!error) {
                    wait_for_end(request);
                    return;
                }
                parked_.erase(request);
                request->ticket = {};
                request->deadline.cancel();
                request->socket.close();
            });
    }

    void end_late(const Pointer &request) {
        if (request->ticket) {
            verify(request);
        } else {
            request->socket.close();  // The client has not sent its whole request.
        }
    }

    void respond(const Pointer &to, const bouncer::Failure *failure, std::string_view body) {
        const std::string status =
            failure == nullptr ? "200 ok" : std::to_string(failure->http_status()) + ' ' + failure->name();
        to->response = "HTTP/1.1 " + status + "\r\n";
        if (failure != nullptr && failure->challenge()) {
            to->response += "WWW-Authenticate: " + std::string(*failure->challenge()) + "\r\n";
        }
        to->response += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
        to->response += body;
        to->deadline.cancel();
        // The handler owns the connection. When it has run, the connection is closed.
        asio::async_write(to->socket, asio::buffer(to->response),
                          [to](asio::error_code, std::size_t) { to->socket.close(); });
    }

    asio::io_context loop_;
    bouncer::Verifier verifier_;
    bouncer::Watch watch_ = verifier_.watch();
    // asio closes its descriptor, and the watch closes its own. So asio gets a duplicate.
    asio::posix::stream_descriptor wakeup_{loop_, dup(watch_.fd())};
    tcp::acceptor listener_;
    milliseconds timeout_;
    std::set<Pointer> parked_{};
};

}  // namespace

int main(int argc, char **argv) {
    if (argc < 3 || argc > 5) {
        std::cerr << "usage: asio_server ISSUER AUDIENCE [PORT [TIMEOUT]]\n";
        return 2;
    }
    try {
        const std::string issuer = argv[1];
        bouncer::Verifier verifier(bouncer::RemoteJwkSet(bouncer::KeysSettings().discover(issuer)),
                                   bouncer::Policy::for_issuer(issuer, argv[2]));
        const int port = argc > 3 ? std::stoi(argv[3]) : 0;
        const milliseconds timeout(argc > 4 ? std::stoi(argv[4]) : 2000);
        Server(std::move(verifier), static_cast<unsigned short>(port), timeout).run();
        return 0;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
