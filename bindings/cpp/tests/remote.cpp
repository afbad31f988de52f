// Remote key sets, against a loopback server: fetches, rotations, floods of tokens, outages,
// settings and close.
#include "remote_keys.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <type_traits>
#include <vector>

using bouncer::JwkSet;
using bouncer::KeysSettings;
using bouncer::Policy;
using bouncer::RemoteJwkSet;
using bouncer::Stats;
using bouncer::Status;
using bouncer::Ticket;
using bouncer::Verdict;
using bouncer::VerifiedToken;
using bouncer::Verifier;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

static_assert(std::is_nothrow_move_constructible_v<RemoteJwkSet> &&
              !std::is_copy_constructible_v<RemoteJwkSet>);
static_assert(std::is_nothrow_move_assignable_v<KeysSettings> && !std::is_copy_constructible_v<KeysSettings>);
static_assert(std::is_nothrow_move_constructible_v<Stats> && !std::is_copy_constructible_v<Stats>);
static_assert(std::is_trivially_copyable_v<Ticket> && !std::is_convertible_v<Ticket, bool>);
static_assert(!std::is_convertible_v<KeysSettings, RemoteJwkSet>, "a conversion must not start a thread");
static_assert(bouncer::is_keys_problem(Status::KeysUnavailable) &&
              !bouncer::is_invalid_token(Status::KeysUnavailable));

static void fetched_keys_verify_a_token() {
    const Server server(Reply::json(R"({"keys":[)" + jwk_a + R"(,{"kty":"oct","k":"AA"}]})"));
    const auto start = static_cast<double>(std::time(nullptr));
    const RemoteJwkSet keys(KeysSettings().url(server.url() + "?secret"));
    keys.wait_ready(test_timeout);
    CHECK(keys.try_wait_ready(0ms) && keys.try_wait_ready(-1s) && keys.try_wait_ready(milliseconds::max()));

    const Verifier verifier(keys, Policy::dcos());
    const auto token = verifier.verify(token_a);
    CHECK(token.uid() == "peter" && token.kid() == "a");
    CHECK(fails(verifier.try_verify("a.b"), Status::MalformedToken));
    CHECK(server.count() == 1 && server.requests()[0].find("GET /jwks?secret ") == 0);

    const Seen status = seen(keys);
    CHECK(status.source() == server.url() && status.text("state") == "fresh" &&
          status.number("generation") == 1);
    CHECK(status.number("usable") == 1 && status.number("skipped") == 1);
    CHECK(status.text("sha256").size() == 64);
    const double success = status.number("last_success_seconds");
    CHECK(success > start - 2 && success < start + 20 && status.number("age_seconds") < 20);
    CHECK(status.lacks({"last_error", "last_error_name", "last_error_seconds", "last_good_error"}));
    CHECK(status.number("next_attempt_seconds") > 400 && status.number("next_attempt_seconds") <= 480);
    CHECK(status.number("attempts_total") == 1 && status.number("scheduled_total") == 1);
    CHECK(status.is_zero({"failures_total", "failures_in_row", "retries_total", "requested_total"}));
    CHECK(status.is_zero({"unknown_kid_total", "without_kid_total", "suppressed_total"}));

    // The snapshot stays valid after the remote key set is destroyed.
    const JwkSet current = keys.current();
    CHECK(current.keys().size() == 1 && current.keys()[0].kid() == "a" && current.skipped().size() == 1);
    keys.close();
    CHECK(bouncer::verify_token(current, Policy::dcos(), token_a).expires_at() == token_exp);
}

static void stats_are_readable_as_rows_as_prometheus_text_and_as_json() {
    const Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    const Stats stats = keys.stats();
    std::size_t rows = 0;
    for (const bouncer::Stat &stat : stats) {
        const bool is_text = stat.kind == bouncer::StatKind::Text;
        CHECK(stat.source == server.url() && stat.help.size() > 10 &&
              !(is_text ? stat.number.has_value() : stat.text.has_value()));
        CHECK(stats.find(std::string(stat.name).c_str(), stat.source)->name.data() == stat.name.data());
        rows++;
    }
    CHECK(rows > 15 && rows == static_cast<std::size_t>(std::distance(stats.begin(), stats.end())));
    CHECK(stats.number(BOUNCER_STAT_KEYS_USABLE) == 1 && stats.text(BOUNCER_STAT_KEYS_STATE) == "fresh");
    CHECK(!stats.number(BOUNCER_STAT_KEYS_STATE) && !stats.text(BOUNCER_STAT_KEYS_USABLE));
    CHECK(!stats.find("keys_state", "elsewhere") && !stats.find("no_such_row") && !stats.find(nullptr));
    CHECK(stats.prometheus().find("\nbouncer_keys_usable{source=\"" + server.url() + "\"} 1\n") !=
          std::string_view::npos);
    CHECK(stats.json().find(R"("keys_state":"fresh")") != std::string_view::npos);
    auto row = stats.begin();
    const bouncer::Stat first = *row++;
    CHECK(first.name == (*stats.begin()).name && first.name != (*row).name && row != stats.begin());
}

static void a_token_with_a_new_kid_causes_a_fetch() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    const Verifier verifier(keys, Policy::dcos());
    CHECK(verifier.try_verify(token_a));
    server.reply_with(Reply::json(keys_ab));

    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) {
        threads.emplace_back([&] { passed += verifier.try_verify(token_b) ? 1 : 0; });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    CHECK(passed == 8 && server.count() <= 3);
    const Seen status = seen(keys);
    CHECK(status.number("generation") == 2 && status.number("usable") == 2 &&
          status.number("unknown_kid_total") + 1 == static_cast<double>(server.count()));
}

static void two_thousand_unknown_kids_cause_two_fetches() {
    const Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    const Verifier verifier(keys, Policy::dcos());
    const auto start = Clock::now();
    for (int i = 0; i < 2000; i++) {
        CHECK(fails(verifier.try_verify(forged(token_a, std::to_string(i))), Status::NoMatchingKey));
    }
    CHECK(verifier.try_verify(token_a));
    const auto refilled = static_cast<std::size_t>((Clock::now() - start) / 10s);
    CHECK(server.count() - 1 <= 2 + refilled);
    CHECK(seen(keys).number("unknown_kid_total") + 1 == static_cast<double>(server.count()) &&
          seen(keys).number("suppressed_total") >= 1990);
}

static void keys_stay_in_use_during_an_outage() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    const Verifier verifier(keys, Policy::dcos());
    server.reply_with(Reply::failure(503));
    const auto refreshed = keys.try_refresh(test_timeout);
    CHECK(fails(refreshed, Status::KeysUnavailable));
    CHECK(std::string_view(refreshed.error().message()).find("503") != std::string_view::npos);
    try {
        keys.refresh(test_timeout);
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::KeysUnavailable && error.is_keys_problem() &&
              !error.is_invalid_token());
        CHECK(std::string_view(error.name()) == "keys_unavailable");
    }
    CHECK(verifier.verify(token_a).expires_at() == token_exp && keys.try_current());
    const Seen status = seen(keys);
    CHECK(status.text("state") == "fresh" && status.number("requested_total") == 2 &&
          status.number("attempts_total") == 3);
    CHECK(status.text("last_error_name") == "status" &&
          status.text("last_error").find("503") != std::string_view::npos);
    CHECK(status.number("last_error_seconds") >= status.number("last_success_seconds"));

    // Fetched keys are used at once.
    server.reply_with(Reply::json(keys_b));
    keys.refresh(test_timeout);
    CHECK(verifier.try_verify(token_b) && fails(verifier.try_verify(token_a), Status::NoMatchingKey));
    CHECK(seen(keys).text("last_error_name") == "status" && keys.generation() == 2);
}

static void without_keys_a_token_is_neither_accepted_nor_rejected() {
    const Server server(Reply::failure(503));
    const RemoteJwkSet keys(KeysSettings().url(server.url()));
    CHECK(keys.wait_attempts(1, test_timeout));
    const Verifier verifier(keys, Policy::dcos());
    const auto verdict = verifier.try_verify(token_a);
    CHECK(fails(verdict, Status::KeysUnavailable) && verdict.error().is_keys_problem());
    CHECK(!verdict.error().is_invalid_token() &&
          std::string_view(verdict.error().name()) == "keys_unavailable");
    try {
        (void)verifier.verify(token_a);
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::KeysUnavailable);
    }
    CHECK(fails(keys.try_wait_ready(0ms), Status::KeysUnavailable));
    CHECK(fails(keys.try_current(), Status::KeysUnavailable));
    // A malformed token is rejected even without keys.
    CHECK(fails(verifier.try_verify("a.b"), Status::MalformedToken));
    const Seen status = seen(keys);
    CHECK(status.text("state") == "empty" && status.number("generation") == 0 && keys.generation() == 0);
    CHECK(status.lacks({"sha256", "last_success_seconds"}));
    CHECK(status.number("failures_total") >= 1 && status.number("failures_in_row") >= 1 &&
          status.number("next_attempt_seconds") <= 60);
    CHECK(until([&] { return seen(keys).number("retries_total") > 0; }));
}

static void keys_become_too_old_if_the_issuer_does_not_confirm_them() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys(KeysSettings().url(server.url()).ttl(1s).max_stale(1s));
    keys.wait_ready(test_timeout);
    server.reply_with(Reply::failure(500));
    CHECK(until([&] { return seen(keys).text("state") == "too_old"; }));
    CHECK(fails(Verifier(keys, Policy::dcos()).try_verify(token_a), Status::KeysUnavailable));
}

static void seed_keys_verify_a_token_before_the_first_fetch() {
    Server server(Reply::hang());
    const RemoteJwkSet keys(KeysSettings().url(server.url()).seed(keys_a));
    const Verifier verifier(keys, Policy::dcos());
    CHECK(verifier.verify(token_a).expires_at() == token_exp);
    const Seen status = seen(keys);
    CHECK(status.text("state") == "stale" && status.number("generation") == 1 &&
          status.lacks({"last_success_seconds"}));

    Server other(Reply::json(keys_b));
    const RemoteJwkSet replaced(KeysSettings().url(other.url()).seed(keys_a));
    CHECK(replaced.wait_attempts(1, test_timeout));
    const JwkSet fetched = replaced.current();
    CHECK(fetched.keys()[0].kid() == "b");

    KeysSettings settings = KeysSettings().url(server.url());
    CHECK(fails(RemoteJwkSet::try_make(settings.seed("{}")), Status::MalformedJwkSet));
    CHECK(fails(RemoteJwkSet::try_make(settings.seed(R"({"keys":[]})")), Status::NoUsableKey));
}

static void discovery_finds_the_keys_of_an_issuer() {
    Server server(Reply::failure(404));
    const std::string issuer = server.origin() + "/tenant/";
    const auto metadata_of = [&](const std::string &named) {
        return [&, named](const std::string &path) {
            if (path == "/tenant/.well-known/openid-configuration") {
                return Reply::json(R"({"issuer":")" + named + R"(","jwks_uri":")" + server.origin() +
                                   R"(/keys"})");
            }
            return path == "/keys" ? Reply::json(keys_a) : Reply::failure(404);
        };
    };
    server.behave(metadata_of(issuer));
    const RemoteJwkSet keys(KeysSettings().discover(issuer));
    keys.wait_ready(test_timeout);
    CHECK(Verifier(keys, Policy::dcos()).try_verify(token_a) && server.count() == 2);
    CHECK(seen(keys).source() == issuer);

    // Metadata is rejected if its issuer differs only in the final slash.
    server.behave(metadata_of(server.origin() + "/tenant"));
    const RemoteJwkSet other(KeysSettings().discover(issuer));
    CHECK(other.wait_attempts(1, test_timeout));
    CHECK(fails(other.try_current(), Status::KeysUnavailable) &&
          seen(other).text("last_error_name") == "issuer");
}

static void every_setting_has_its_effect() {
    Server server(Reply::hang());
    const std::string url = server.url();
    {
        const RemoteJwkSet keys(KeysSettings().url(url).timeout(100ms));
        CHECK(keys.wait_attempts(1, test_timeout) && seen(keys).text("last_error_name") == "timeout");
    }
    {
        const RemoteJwkSet keys(KeysSettings().url(url).max_wait(50ms));
        const auto start = Clock::now();
        CHECK(fails(Verifier(keys, Policy::dcos()).try_verify(token_a), Status::KeysUnavailable));
        CHECK(Clock::now() - start >= 50ms && Clock::now() - start < 1500ms);
    }
    server.reply_with(Reply::json(keys_a));
    {
        const RemoteJwkSet keys(KeysSettings().url(url).ttl(1h));
        keys.wait_ready(test_timeout);
        CHECK(seen(keys).number("next_attempt_seconds") > 2500 &&
              seen(keys).number("next_attempt_seconds") <= 2880);
    }
    {
        const std::size_t before = server.count();
        const RemoteJwkSet keys(KeysSettings().url(url).lazy());
        CHECK(fails(keys.try_current(), Status::KeysUnavailable) && server.count() == before);
        CHECK(Verifier(keys, Policy::dcos()).try_verify(token_a) && server.count() == before + 1);
    }
    {
        const std::string path =
            std::filesystem::temp_directory_path() / ("remote-" + std::to_string(getpid()));
        const RemoteJwkSet keys(KeysSettings().url(url).last_good_file(path));
        keys.wait_ready(test_timeout);
        CHECK(until([&] { return std::filesystem::exists(path); }));
        struct stat file{};
        CHECK(stat(path.c_str(), &file) == 0 && (file.st_mode & 0777) == 0600);
        server.reply_with(Reply::hang());
        const std::size_t before = server.count();
        const RemoteJwkSet again(KeysSettings().url(url).last_good_file(path));
        CHECK(Verifier(again, Policy::dcos()).try_verify(token_a));
        // The keys in the file were just confirmed, so they are fresh and no fetch starts.
        const Seen fresh = seen(again);
        CHECK(fresh.text("state") == "fresh" && fresh.number("last_success_seconds") > 0 &&
              fresh.lacks({"last_good_error"}));
        CHECK(server.count() == before);
        std::ofstream(path) << "{";
        const RemoteJwkSet corrupt(KeysSettings().url(url).last_good_file(path));
        const Seen empty = seen(corrupt);
        CHECK(empty.text("state") == "empty" && empty.text("last_good_error").size() > 10);
        std::filesystem::remove(path);
    }
    server.behave([](const std::string &path) {
        return path == "/there" ? Reply::json(keys_a) : Reply{302, "", "Location: /there\r\n"};
    });
    {
        const RemoteJwkSet keys(KeysSettings().url(url));
        CHECK(keys.wait_attempts(1, test_timeout) && seen(keys).text("last_error_name") == "redirect");
        const RemoteJwkSet follows(KeysSettings().url(url).same_origin_redirects());
        CHECK(follows.try_wait_ready(test_timeout));
    }
    {
        const KeysSettings no_ca_file = KeysSettings().url("https://127.0.0.1:1/").ca_file("/no/such/file");
        CHECK(fails(RemoteJwkSet::try_make(no_ca_file), Status::InvalidArgument));
    }
    {
        // No host has this address (RFC 5737), so only a proxy can respond.
        const std::size_t before = server.count();
        setenv("ALL_PROXY", server.origin().c_str(), 1);
        const auto elsewhere = [] {
            return KeysSettings().url("http://192.0.2.1/").allow_http().timeout(300ms);
        };
        const RemoteJwkSet direct(elsewhere().proxy("none"));
        CHECK(direct.wait_attempts(1, test_timeout) && server.count() == before);
        unsetenv("ALL_PROXY");
        const RemoteJwkSet proxied(elsewhere().proxy(server.origin()));
        CHECK(proxied.wait_attempts(1, test_timeout) && server.count() > before);
    }
}

static void invalid_settings_are_rejected() {
    const auto refused = [](const KeysSettings &settings, std::string_view setting = "") {
        const auto keys = RemoteJwkSet::try_make(settings);
        const bool names_it = setting.empty() || (!keys && keys.error().claim() == setting);
        return fails(keys, Status::InvalidArgument) && names_it;
    };
    const auto settings = [] { return KeysSettings().url("http://127.0.0.1:1/").lazy(); };
    CHECK(RemoteJwkSet::try_make(settings()) && refused(KeysSettings()) &&
          refused(settings().discover("http://[::1]/")));
    for (const char *url :
         {"", "jwks", "ftp://localhost/", "http://master.mesos/", "https://me:secret@id.example/"}) {
        CHECK(refused(KeysSettings().url(url)) && refused(KeysSettings().discover(url)));
    }
    CHECK(RemoteJwkSet::try_make(KeysSettings().url("http://master.mesos/").allow_http().lazy()));
    CHECK(refused(settings().ttl(0ms), "ttl") && refused(settings().ttl(-1s), "ttl") &&
          refused(settings().ttl(9000h), "ttl"));
    CHECK(refused(settings().max_stale(9000h), "max_stale") &&
          refused(settings().max_stale(-1ms), "max_stale"));
    for (const milliseconds time : {0ms, milliseconds(301s), -1ms}) {
        CHECK(refused(settings().timeout(time), "timeout"));
    }
    CHECK(refused(settings().max_wait(301s), "max_wait") &&
          refused(settings().max_wait(milliseconds::min()), "max_wait"));
    CHECK(refused(settings().ttl(milliseconds::max())) && refused(settings().proxy("ftp://x y")));
    CHECK(RemoteJwkSet::try_make(settings().max_wait(0ms).max_stale(0ms).ttl(1s).timeout(300s)));

    // Text that is not UTF-8.
    CHECK(refused(settings().ca_file("\xff")) && refused(settings().proxy("\xff")));
    CHECK(refused(settings().seed("\xff")) && refused(settings().last_good_file("\xff")));
    CHECK(refused(KeysSettings().url("\xff")) && refused(KeysSettings().discover("\xff")));
    try {
        const RemoteJwkSet keys(settings().ttl(0ms));
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::InvalidArgument && error.claim() == "ttl");
    }
    // Settings are copied: later changes do not affect the keys, and the settings can be used
    // again.
    KeysSettings same = settings();
    KeysSettings &row = same.ttl(1s)
                            .max_stale(1s)
                            .timeout(1s)
                            .max_wait(1s)
                            .allow_http()
                            .proxy("none")
                            .proxy("http://a:1")
                            .same_origin_redirects()
                            .seed(keys_a)
                            .last_good_file("/no/such/f")
                            .lazy();
    CHECK(&row == &same);
    CHECK(RemoteJwkSet::try_make(same) && RemoteJwkSet::try_make(same));
    // The document does not contain the password of a proxy.
    CHECK(std::string_view(same.proxy("http://me:hunter2@a:1").document()).find("hunter2") ==
          std::string_view::npos);
}

static void moved_from_objects_fail_or_return_empty_values() {
    const Server server(Reply::json(keys_a));
    KeysSettings settings = KeysSettings().url(server.url());
    const KeysSettings taken = std::move(settings);
    CHECK(settings.handle() == nullptr && taken.handle() != nullptr);
    CHECK(fails(RemoteJwkSet::try_make(settings), Status::NullArgument));
    CHECK(fails(RemoteJwkSet::try_make(settings.lazy().ttl(1s).seed(keys_a)), Status::NullArgument));

    RemoteJwkSet first(taken);
    first.wait_ready(test_timeout);
    RemoteJwkSet second = std::move(first);
    CHECK(fails(first.try_wait_ready(test_timeout), Status::NullArgument) && first.handle() == nullptr);
    CHECK(fails(first.try_current(), Status::NullArgument) && fails(first.try_stats(), Status::NullArgument));
    CHECK(fails(first.try_refresh(test_timeout), Status::NullArgument) &&
          !first.wait_attempts(1, test_timeout));
    CHECK(!first.wait(Ticket(), test_timeout) && first.generation() == 0);
    CHECK(fails(Verifier::try_make(first, Policy::dcos()), Status::NullArgument));
    first.close();
    RemoteJwkSet &itself = second;
    second = std::move(itself);
    CHECK(second.try_current());

    Stats status = second.stats();
    const Stats kept = std::move(status);
    CHECK(kept.text("keys_state") == "fresh" && status.handle() == nullptr);
    CHECK(status.begin() == status.end() && !status.find("keys_state") && !status.number("keys_generation"));
    CHECK(status.prometheus().empty() && status.json().empty());

    Verifier verifier(second, Policy::dcos());
    const Verifier other = std::move(verifier);
    CHECK(fails(verifier.verify_now(token_a).result(), Status::NullArgument) &&
          other.verify_now(token_a).result());
    first = std::move(second);
    CHECK(first.try_current());
}

static void close_cancels_the_fetch_in_flight_and_ends_the_thread_at_once() {
    Server server(Reply::json(keys_a));
    const RemoteJwkSet keys = ready(server);
    const Verifier verifier(keys, Policy::dcos());
    server.reply_with(Reply::hang());
    std::thread refreshing([&] { CHECK(fails(keys.try_refresh(test_timeout), Status::KeysUnavailable)); });
    CHECK(until([&] { return server.count() == 2; }));
    const auto start = Clock::now();
    keys.close();
    refreshing.join();
    CHECK(until([] { return fetching_threads() == 0; }) && Clock::now() - start < 4s);
    CHECK(fails(verifier.try_verify(token_a), Status::KeysUnavailable));
    CHECK(fails(keys.try_wait_ready(test_timeout), Status::KeysUnavailable));
    CHECK(!keys.wait_attempts(99, test_timeout) && seen(keys).text("state") == "closed");
    CHECK(fails(verifier.verify_now(token_a).result(), Status::KeysUnavailable));
    keys.close();
    CHECK(Clock::now() - start < test_timeout);
}

static void the_thread_ends_when_the_keys_and_their_verifier_are_destroyed() {
    Server server(Reply::json(keys_a));
    std::optional<Verifier> verifier;
    {
        const RemoteJwkSet keys = ready(server);
        verifier.emplace(keys, Policy::dcos());
    }
    server.reply_with(Reply::json(keys_b));
    CHECK(verifier->try_verify(token_a) && verifier->try_verify(token_b) && until([] { return fetching_threads() == 1; }));
    verifier.reset();
    CHECK(until([] { return fetching_threads() == 0; }));
}

static void fifty_destroyed_objects_leave_no_thread() {
    Server server(Reply::json(keys_a));
    std::vector<RemoteJwkSet> all;
    for (int i = 0; i < 50; i++) {
        if (i == 25) {
            server.reply_with(Reply::hang());
        }
        all.emplace_back(KeysSettings().url(server.url()));
        if (i < 25) {
            all.back().wait_ready(test_timeout);
        }
    }
    CHECK(until([] { return fetching_threads() == 1 + 25; }));
    all.clear();
    CHECK(until([] { return fetching_threads() == 0; }));
}

int main() {
    fetched_keys_verify_a_token();
    stats_are_readable_as_rows_as_prometheus_text_and_as_json();
    a_token_with_a_new_kid_causes_a_fetch();
    two_thousand_unknown_kids_cause_two_fetches();
    keys_stay_in_use_during_an_outage();
    without_keys_a_token_is_neither_accepted_nor_rejected();
    keys_become_too_old_if_the_issuer_does_not_confirm_them();
    seed_keys_verify_a_token_before_the_first_fetch();
    discovery_finds_the_keys_of_an_issuer();
    every_setting_has_its_effect();
    invalid_settings_are_rejected();
    moved_from_objects_fail_or_return_empty_values();
    CHECK(until([] { return fetching_threads() == 0; }));
    close_cancels_the_fetch_in_flight_and_ends_the_thread_at_once();
    the_thread_ends_when_the_keys_and_their_verifier_are_destroyed();
    fifty_destroyed_objects_leave_no_thread();
}
