// Event loops that wait for fetches and logins with a watch.
#include "remote_keys.hpp"

#include <poll.h>
#include <vector>

using bouncer::JwkSet;
using bouncer::KeysSettings;
using bouncer::OwnToken;
using bouncer::Policy;
using bouncer::RemoteJwkSet;
using bouncer::RenewerSettings;
using bouncer::Result;
using bouncer::Status;
using bouncer::Ticket;
using bouncer::TokenRenewer;
using bouncer::Verdict;
using bouncer::Verifier;
using bouncer::Watch;
using namespace std::chrono_literals;

/// Waits until the watch is readable, as an event loop does. Returns false on timeout.
static bool is_readable(const Watch &watch, std::chrono::milliseconds timeout = 0ms) {
    pollfd file{watch.fd(), POLLIN, 0};
    return poll(&file, 1, static_cast<int>(timeout.count())) == 1;
}

static RemoteJwkSet lazy(const Server &server) {
    return RemoteJwkSet(KeysSettings().url(server.url()).lazy());
}

static void one_wakeup_answers_all_pending_requests() {
    Server server(Reply::json(keys_a).after(200ms));
    const RemoteJwkSet keys = lazy(server);
    const Verifier verifier(keys, Policy::dcos());
    const Watch watches[] = {verifier.watch(), keys.watch()};
    CHECK(watches[0].fd() > 2 && watches[1].fd() > 2 && watches[0].fd() != watches[1].fd());
    std::vector<Verdict> verdicts;
    for (int i = 0; i < 100; i++) {
        verdicts.push_back(verifier.verify_now(token_a));
        CHECK(verdicts.back().is_pending());
    }
    CHECK(!is_readable(watches[0]) && !is_readable(watches[1]));
    for (const Watch &watch : watches) {
        CHECK(is_readable(watch, test_timeout));
        watch.clear();
        CHECK(!is_readable(watch));
    }
    for (const Verdict &verdict : verdicts) {
        CHECK(verifier.wait(verdict.ticket(), 0ms));
        CHECK(verifier.resume(token_a, verdict.ticket()).result());
    }
    CHECK(server.count() == 1);
}

static void a_failed_fetch_and_a_close_wake_the_loop() {
    Server server(Reply::failure(503));
    const RemoteJwkSet keys = lazy(server);
    const Watch watch = keys.watch();
    CHECK(fails(keys.try_refresh(test_timeout), Status::KeysUnavailable));
    CHECK(is_readable(watch, test_timeout));

    server.reply_with(Reply::hang());
    const RemoteJwkSet hanging = lazy(server);
    const Verifier verifier(hanging, Policy::dcos());
    const Watch second = verifier.watch();
    const Verdict verdict = verifier.verify_now(token_a);
    CHECK(verdict.is_pending() && !is_readable(second));
    hanging.close();
    CHECK(is_readable(second));
    second.clear();
    CHECK(fails(verifier.resume(token_a, verdict.ticket()).result(), Status::KeysUnavailable));
}

static void a_watch_can_be_moved_and_outlives_its_verifier() {
    Server server(Reply::json(keys_a));
    std::optional<RemoteJwkSet> keys(lazy(server));
    std::optional<Verifier> verifier(Verifier(*keys, Policy::dcos()));
    Watch watch = verifier->watch();
    const int fd = watch.fd();
    Watch moved = std::move(watch);
    CHECK(moved.fd() == fd && watch.fd() == -1);
    watch.clear();
    CHECK(!is_readable(moved));
    verifier.reset();
    keys.reset();
    CHECK(is_readable(moved));  // The key set was closed.
    moved = lazy(server).watch();
    CHECK(is_readable(moved));

    const Verifier fixed(JwkSet::load(keys_a), Policy::dcos());
    const Watch silent = fixed.watch();
    CHECK(fixed.verify_now(token_a).result() && !is_readable(silent));
    std::optional<Verifier> from(fixed.with_cache(1));
    const Verifier to = std::move(*from);
    CHECK(to.try_watch() && fails(from->try_watch(), Status::NullArgument));
}

static void a_loop_waits_for_a_login() {
    const std::string response = R"({"access_token":"opaque","token_type":"Bearer","expires_in":3600})";
    Server server(Reply::json(response).after(100ms));
    const TokenRenewer renewer(RenewerSettings()
                                   .token_url(server.origin() + "/token")
                                   .client_id("id")
                                   .client_secret("secret")
                                   .lazy());
    const Watch watch = renewer.watch();
    Ticket ticket;
    CHECK(fails(renewer.try_token_now(ticket), Status::LoginUnavailable) && ticket && !is_readable(watch));
    CHECK(is_readable(watch, test_timeout));
    watch.clear();
    CHECK(renewer.wait(ticket, 0ms));
    const Result<OwnToken> token = renewer.try_token_now(ticket);
    CHECK(token && token->text() == "opaque" && !ticket && server.count() == 1);
    renewer.close();
    CHECK(is_readable(watch));
}

int main() {
    one_wakeup_answers_all_pending_requests();
    a_failed_fetch_and_a_close_wake_the_loop();
    a_watch_can_be_moved_and_outlives_its_verifier();
    a_loop_waits_for_a_login();
}
