// The service's own token, against a loopback server in place of DC/OS's IAM: logins, rejections,
// outages, other sources of tokens, settings, tickets and close.
#include "server.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <thread>
#include <type_traits>
#include <vector>

using bouncer::is_token_rejection;
using bouncer::OwnToken;
using bouncer::RenewerSettings;
using bouncer::Stats;
using bouncer::Status;
using bouncer::Ticket;
using bouncer::TokenRenewer;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

template <class T, class = void>
constexpr bool is_shown = false;
template <class T>
constexpr bool
    is_shown<T, std::void_t<decltype(std::declval<std::ostream &>() << std::declval<const T &>())>> = true;

static_assert(is_shown<std::string_view> && !is_shown<OwnToken>, "a log must not print a token by accident");
static_assert(!std::is_convertible_v<OwnToken, std::string_view>);
static_assert(std::is_nothrow_move_constructible_v<OwnToken> && !std::is_copy_constructible_v<OwnToken>);
static_assert(std::is_nothrow_move_constructible_v<TokenRenewer> &&
              !std::is_copy_constructible_v<TokenRenewer>);
static_assert(std::is_nothrow_move_assignable_v<RenewerSettings> &&
              !std::is_copy_constructible_v<RenewerSettings>);
static_assert(std::is_nothrow_move_constructible_v<Stats> && !std::is_copy_constructible_v<Stats>);
static_assert(!std::is_convertible_v<RenewerSettings, TokenRenewer>,
              "a conversion must not start a thread");
static_assert(bouncer::is_login_problem(Status::LoginRejected) && bouncer::is_login_problem(Status{499}));
static_assert(!bouncer::is_login_problem(Status::KeysUnavailable) &&
              !bouncer::is_login_problem(Status::WrongAudience));
static_assert(!bouncer::is_invalid_token(Status::LoginRejected) &&
              !bouncer::is_keys_problem(Status::LoginUnavailable));

/// The tokens are valid until 2100.
constexpr std::int64_t token_exp = 4102444800;

/// The token that the IAM returns for login number `serial`; the first login is number 1.
static std::string token_of(std::size_t serial) {
    return base64url(R"({"typ":"JWT","alg":"RS256"})") + "." +
           base64url(R"({"uid":"my-service","exp":)" + std::to_string(token_exp) + R"(,"n":)" +
                     std::to_string(serial) + "}") +
           ".c2ln";
}

/// An IAM that returns a new token for each login.
static Server::Behaviour iam(milliseconds pause = 0ms) {
    const auto serial = std::make_shared<std::atomic<std::size_t>>(0);
    return [serial, pause](const std::string &path) {
        const bool is_login = path.find("/acs/api/v1/auth/login") == 0;
        return is_login ? Reply::json(R"({"token":")" + token_of(++*serial) + R"("})").after(pause)
                        : Reply::failure(404);
    };
}

static std::string login_url(const Server &server) {
    return server.origin() + "/acs/api/v1/auth/login";
}

/// The secret of a service account.
static std::string secret(const std::string &url, const std::string &key = "keys/rsa-2048-a.pem") {
    std::string pem;
    for (const char c : read_file(key.c_str())) {
        pem += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return R"({"scheme":"RS256","uid":"my-service","private_key":")" + pem + R"(","login_endpoint":")" + url +
           R"("})";
}

static RenewerSettings settings_for(const Server &server) {
    return RenewerSettings().service_account(secret(login_url(server)));
}

/// A renewer that has a token and no login in flight.
static TokenRenewer ready(const Server &server) {
    TokenRenewer renewer(settings_for(server));
    CHECK(renewer.wait_attempts(1, test_timeout));
    return renewer;
}

/// The number of threads of the scheduler and of logins in this process.
static std::size_t renewing_threads() {
    return threads_named("bouncer-sched") + threads_named("bouncer-login");
}

static bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

static Seen seen(const TokenRenewer &renewer) {
    return Seen(renewer.stats(), "renewer_");
}

/// Runs `call`, which must throw an error with `status`.
template <class Call>
static void must_throw(Status status, Call call) {
    bool has_thrown = false;
    try {
        call();
    } catch (const bouncer::Error &error) {
        has_thrown = true;
        CHECK(error.status() == status && std::string_view(error.what()).size() > 10);
        CHECK(error.is_login_problem() == (static_cast<std::uint32_t>(status) / 100 == 4));
    }
    CHECK(has_thrown);
}

static void a_login_returns_a_token_and_its_header() {
    const Server server(iam());
    const auto start = std::chrono::system_clock::now();
    const TokenRenewer renewer(RenewerSettings().service_account(secret(login_url(server) + "?secret")));
    renewer.wait_ready(test_timeout);
    CHECK(renewer.wait_attempts(1, test_timeout) && renewer.try_wait_ready(-1s) &&
          renewer.try_wait_ready(milliseconds::max()));
    const OwnToken token = renewer.token();
    CHECK(token.text() == token_of(1) && token.authorization() == "token=" + token_of(1));
    CHECK(token.expires_at() == token_exp && token.generation() == 1 && token.handle() != nullptr);

    CHECK(server.count() == 1);
    const std::string request = server.requests()[0];
    CHECK(request.find("POST /acs/api/v1/auth/login?secret HTTP/1.1\r\n") == 0);
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    const std::string before = R"({"uid":"my-service","token":")";
    CHECK(body.find(before) == 0 && body.rfind("\"}") == body.size() - 2);
    const std::string proof = body.substr(before.size(), body.size() - before.size() - 2);
    CHECK(proof.find('"') == std::string::npos);  // The body has no other members.
    const auto keys = bouncer::JwkSet::from_keys(bouncer::Jwk::from_json(jwk_a));
    const auto login = bouncer::verify_token(keys, bouncer::Policy::dcos(), proof);
    CHECK(login.uid() == "my-service" && login.header() == R"({"typ":"JWT","alg":"RS256"})");
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(start.time_since_epoch()).count();
    CHECK(*login.expires_at() >= now + 299 && *login.expires_at() <= now + 330);

    const Seen status = seen(renewer);
    CHECK(status.source() == login_url(server) && status.text("state") == "valid" &&
          status.number("generation") == 1);
    CHECK(status.number("next_attempt_seconds") > 86400.0 * 365);
    CHECK(status.number("next_attempt_seconds") < status.number("expires_in_seconds"));
    CHECK(status.lacks({"last_error", "last_error_name", "last_error_seconds"}));
    CHECK(status.number("attempts_total") == 1 && status.number("scheduled_total") == 1);
    CHECK(status.is_zero({"retries_total", "rejections_total", "requested_total", "suppressed_total"}));
    CHECK(status.is_zero({"failures_total", "failures_in_row"}) && renewer.handle() != nullptr);
}

static void eight_threads_that_reject_one_token_cause_one_login() {
    Server server(iam());
    const TokenRenewer renewer = ready(server);
    const OwnToken old = renewer.token();
    server.behave([](const std::string &) { return Reply::json(R"({"token":"other"})").after(200ms); });
    std::atomic<int> renewed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) {
        threads.emplace_back([&] {
            const auto token = renewer.try_reject(old.text());
            renewed += token && token->text() == "other" && token->generation() == 2 ? 1 : 0;
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    CHECK(renewed == 8 && server.count() == 2 && seen(renewer).number("rejections_total") == 1);
    // A later caller receives the new token too.
    CHECK(renewer.reject(old.text()).generation() == 2 && renewer.reject("older token").generation() == 2);
    CHECK(server.count() == 2 && old.text() == token_of(1));
    // At most one login in 30 seconds, and the token stays in use for other callers.
    CHECK(fails(renewer.try_reject("other"), Status::LoginUnavailable) && renewer.token().generation() == 2);
    must_throw(Status::LoginUnavailable, [&] { (void)renewer.reject("other"); });
    CHECK(server.count() == 2 && seen(renewer).number("suppressed_total") == 2);
    // The token has no "exp".
    CHECK(!renewer.token().expires_at() && seen(renewer).lacks({"expires_in_seconds"}));
}

static void a_failed_renewal_keeps_the_current_token() {
    Server server(iam());
    const TokenRenewer renewer = ready(server);
    for (const Reply &fault :
         {Reply::failure(503), Reply::failure(401), Reply::failure(404), Reply::json("garbage")}) {
        server.reply_with(fault);
        const auto renewed = renewer.try_renew(test_timeout);
        CHECK(fails(renewed, Status::LoginUnavailable) || fails(renewed, Status::LoginRejected));
        const OwnToken token = renewer.token();
        CHECK(token.text() == token_of(1) && seen(renewer).text("state") == "valid");
    }
    must_throw(Status::LoginUnavailable, [&] { renewer.renew(test_timeout); });
    const Seen status = seen(renewer);
    CHECK(status.text("last_error_name") == "document" && status.number("last_error_seconds") > 0);
    CHECK(contains(status.text("last_error"), "strict JSON") && status.is_zero({"failures_in_row"}));
    CHECK(status.number("requested_total") == 5 && status.number("attempts_total") == 6);
    CHECK(status.number("failures_total") == 5);
    // A rejected token during an outage: the current token stays in use too.
    server.reply_with(Reply::failure(503));
    CHECK(fails(renewer.try_reject(token_of(1)), Status::LoginUnavailable) &&
          renewer.token().generation() == 1);
    CHECK(contains(seen(renewer).text("last_error"), "503"));

    server.behave(iam());
    renewer.renew(test_timeout);
    CHECK(renewer.token().generation() == 2);
}

static void a_rejected_login_and_an_outage_are_different_errors() {
    Server server(Reply::failure(401));
    const auto start = Clock::now();
    const TokenRenewer refused(settings_for(server));
    const auto token = refused.try_token();
    CHECK(fails(token, Status::LoginRejected) && token.error().is_login_problem());
    CHECK(!token.error().is_invalid_token() && !token.error().is_keys_problem());
    CHECK(std::string_view(token.error().name()) == "login_rejected");
    must_throw(Status::LoginRejected, [&] { (void)refused.token(); });
    must_throw(Status::LoginRejected, [&] { refused.wait_ready(0ms); });
    CHECK(seen(refused).text("state") == "empty" && seen(refused).text("last_error_name") == "rejected");
    CHECK(server.count() == 1 && seen(refused).number("next_attempt_seconds") > 10);
    server.reply_with(Reply::failure(400));
    const TokenRenewer wrong(settings_for(server));
    CHECK(fails(wrong.try_token(), Status::LoginRejected) &&
          seen(wrong).text("last_error_name") == "refused");
    CHECK(Clock::now() - start < 8s);

    server.reply_with(Reply::failure(503));
    const TokenRenewer later(settings_for(server).max_wait(200ms));
    CHECK(later.wait_attempts(1, test_timeout) && fails(later.try_token(), Status::LoginUnavailable));
    CHECK(seen(later).text("last_error_name") == "status" && seen(later).number("failures_in_row") >= 1);
    // The login is retried, and a waiting caller receives the token as soon as there is one.
    server.behave(iam());
    later.wait_ready(test_timeout);
    CHECK(later.try_token() && seen(later).number("retries_total") >= 1);
}

static void an_oauth_client_logs_in_with_its_credentials() {
    const Server server(Reply::json(R"({"access_token":"opaque","token_type":"bearer","expires_in":3600})"));
    const TokenRenewer renewer(RenewerSettings()
                                   .token_url(server.origin() + "/token")
                                   .client_id("my client")
                                   .client_secret("s:cret/\u00e9")
                                   .parameters("scope", "read write")
                                   .parameters("audience", "https://api.example/"));
    const OwnToken token = renewer.token();
    CHECK(token.text() == "opaque" && token.authorization() == "Bearer opaque" && !token.expires_at());
    CHECK(seen(renewer).number("expires_in_seconds") > 3590 &&
          seen(renewer).number("expires_in_seconds") <= 3600);
    const std::string request = server.requests()[0];
    CHECK(request.find("POST /token HTTP/1.1\r\n") == 0);
    CHECK(request.find("Basic bXkrY2xpZW50OnMlM0FjcmV0JTJGJUMzJUE5\r\n") != std::string::npos);
    const std::string body =
        "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example%2F";
    CHECK(request.substr(request.find("\r\n\r\n") + 4) == body);
    const TokenRenewer as_dcos(
        RenewerSettings().token_url(server.origin()).client_id("a").client_secret("b").header("dcos"));
    CHECK(as_dcos.token().generation() == 1);
    const OwnToken written = as_dcos.token();
    CHECK(written.authorization() == "token=opaque");
}

static void a_program_supplies_tokens() {
    std::optional<TokenRenewer> renewer(std::in_place, RenewerSettings().supplied("vault"));
    std::atomic<int> logins{0};
    std::thread supplying([&] {
        while (renewer->wait_login(test_timeout)) {
            renewer->supply("token-" + std::to_string(++logins), 1h);
        }
    });
    const OwnToken first = renewer->token();
    CHECK(first.authorization() == "Bearer token-1" && !first.expires_at());
    CHECK(renewer->reject("token-1").generation() == 2 && renewer->try_renew(test_timeout) && logins == 3);
    CHECK(seen(*renewer).source() == "vault" && seen(*renewer).number("expires_in_seconds") > 3590);
    renewer->close();
    supplying.join();
    CHECK(fails(renewer->try_supply("late"), Status::InvalidArgument) && !renewer->wait_login(test_timeout));
    renewer.reset();
    CHECK(first.text() == "token-1");

    // The program reports a failure, then a rejection, then supplies invalid tokens, and at last a
    // JWT.
    const TokenRenewer other(RenewerSettings().supplied("vault").max_wait(50ms));
    CHECK(other.wait_login(test_timeout));
    CHECK(fails(other.try_token(), Status::LoginUnavailable));
    other.supply_failure("it is sealed");
    CHECK(other.wait_attempts(1, test_timeout) && contains(seen(other).text("last_error"), "it is sealed"));
    CHECK(seen(other).text("last_error_name") == "other" &&
          fails(other.try_token(), Status::LoginUnavailable));
    CHECK(other.wait_login(test_timeout));
    CHECK(other.try_supply_failure("no such role", true) && other.wait_attempts(2, test_timeout));
    CHECK(fails(other.try_token(), Status::LoginRejected) &&
          seen(other).text("last_error_name") == "rejected");
    CHECK(fails(other.try_supply_failure("not requested"), Status::InvalidArgument));
    must_throw(Status::InvalidArgument, [&] { other.supply("not requested"); });
    std::uint64_t attempts = 2;
    using Supplied = std::pair<const char *, std::chrono::seconds>;
    for (const auto &[text, lifetime] :
         {Supplied("", 1s), Supplied("a b", 1s), Supplied("a", 0s), Supplied("a", -5s)}) {
        std::thread renewing([&] { CHECK(fails(other.try_renew(test_timeout), Status::LoginUnavailable)); });
        CHECK(other.wait_login(test_timeout) && other.try_supply(text, lifetime) &&
              other.wait_attempts(++attempts, test_timeout));
        renewing.join();
        CHECK(seen(other).text("last_error_name") == "document");
    }
    std::thread renewing([&] { CHECK(other.try_renew(test_timeout)); });
    CHECK(other.wait_login(test_timeout) && other.try_supply(token_of(1)));
    renewing.join();
    CHECK(other.token().expires_at() == token_exp && seen(other).text("state") == "valid");

    // A renewer that logs in by itself requests no token from the program.
    const Server server(iam());
    const TokenRenewer itself = ready(server);
    CHECK(!itself.wait_login(test_timeout) && fails(itself.try_supply("a"), Status::InvalidArgument));
    CHECK(fails(itself.try_supply_failure("a"), Status::InvalidArgument));
}

static void waiting_for_a_ticket_ends_when_its_login_ends() {
    const Server server(iam(700ms));
    const TokenRenewer renewer(settings_for(server));
    Ticket ticket;
    CHECK(fails(renewer.try_token_now(ticket), Status::LoginUnavailable) && ticket);
    CHECK(!renewer.wait(ticket, 0ms) && !renewer.wait(ticket, -1s) && !renewer.wait(Ticket(), test_timeout));
    Ticket joined;
    must_throw(Status::LoginUnavailable, [&] { (void)renewer.token_now(joined); });
    CHECK(joined && renewer.wait(joined, test_timeout) && renewer.wait(ticket, 0ms));
    CHECK(renewer.token_now(ticket).generation() == 1 && !ticket && renewer.wait_attempts(1, test_timeout));

    const auto start = Clock::now();
    const OwnToken old = renewer.token();
    CHECK(fails(renewer.try_reject_now(old.text(), ticket), Status::LoginUnavailable) && ticket);
    joined = Ticket();
    must_throw(Status::LoginUnavailable, [&] { (void)renewer.reject_now(old.text(), joined); });
    CHECK(joined && Clock::now() - start < 500ms);
    CHECK(renewer.token().generation() == 1);  // unchanged for other callers
    CHECK(renewer.wait(ticket, test_timeout) && renewer.wait(joined, test_timeout));
    CHECK(renewer.reject_now(old.text(), ticket).generation() == 2 && !ticket && server.count() == 2);
    CHECK(renewer.try_reject_now(old.text(), joined) && !joined);
    // If the rate limit allows no login, there is no ticket.
    const OwnToken second = renewer.token();
    CHECK(fails(renewer.try_reject_now(second.text(), ticket), Status::LoginUnavailable) && !ticket);
}

static void every_setting_has_its_effect() {
    Server server(Reply::hang());
    {
        const TokenRenewer renewer(settings_for(server).timeout(100ms));
        CHECK(renewer.wait_attempts(1, test_timeout) && seen(renewer).text("last_error_name") == "timeout");
    }
    {
        const TokenRenewer renewer(settings_for(server).max_wait(50ms));
        const auto start = Clock::now();
        CHECK(fails(renewer.try_token(), Status::LoginUnavailable));
        CHECK(Clock::now() - start >= 50ms && Clock::now() - start < 1500ms);
    }
    server.behave(iam());
    {
        const std::size_t before = server.count();
        const TokenRenewer renewer(settings_for(server).lazy());
        CHECK(!renewer.wait_attempts(1, 50ms) && server.count() == before &&
              seen(renewer).text("state") == "empty");
        CHECK(renewer.token().generation() == 1 && server.count() == before + 1);
    }
    {
        const std::string elsewhere = secret("http://127.0.0.1:1/");
        const TokenRenewer renewer(
            RenewerSettings().service_account(elsewhere).login_endpoint(login_url(server)).header("bearer"));
        const OwnToken token = renewer.token();
        CHECK(token.authorization() == "Bearer " + std::string(token.text()) &&
              seen(renewer).source() == login_url(server));
    }
    {
        // The file is read for each login.
        const std::filesystem::path path =
            std::filesystem::temp_directory_path() / ("renewal-" + std::to_string(getpid()));
        std::ofstream(path) << secret(login_url(server));
        const TokenRenewer renewer(RenewerSettings().service_account_file(path.string()));
        CHECK(renewer.wait_attempts(1, test_timeout) && renewer.token().generation() == 1);
        setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", path.c_str(), 1);
        CHECK(TokenRenewer(RenewerSettings().service_account_env()).token().generation() == 1);
        std::ofstream(path) << "{}";
        CHECK(fails(renewer.try_renew(test_timeout), Status::UnusableCredentials) && renewer.try_token());
        CHECK(seen(renewer).text("last_error_name") == "credentials");
        CHECK(fails(TokenRenewer::try_make(RenewerSettings().service_account_file(path.string())),
                    Status::UnusableCredentials));
        std::filesystem::remove(path);
        CHECK(fails(TokenRenewer::try_make(RenewerSettings().service_account_env()),
                    Status::UnusableCredentials));
    }
    setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", secret(login_url(server)).c_str(), 1);
    CHECK(TokenRenewer(RenewerSettings().service_account_env()).token().generation() == 1);
    unsetenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL");
    CHECK(
        fails(TokenRenewer::try_make(RenewerSettings().service_account_env()), Status::UnusableCredentials));
    must_throw(Status::UnusableCredentials, [] { TokenRenewer(RenewerSettings().service_account_env()); });
}

/// Fails the test if the settings are accepted or if the message contains a secret. Returns true if
/// the rejected setting is `setting`, or if `setting` is empty.
static bool refused(const RenewerSettings &settings, std::string_view setting = "") {
    const auto renewer = TokenRenewer::try_make(settings);
    CHECK(fails(renewer, Status::InvalidArgument) && !contains(renewer.error().message(), "PRIVATE"));
    return setting.empty() || renewer.error().claim() == setting;
}

static void invalid_settings_are_rejected() {
    const Server server(iam());
    const std::string good = secret(login_url(server));
    for (const std::string &bad :
         {std::string("[]"), std::string("{}"), good.substr(0, good.size() - 1),
          secret(login_url(server), "keys/rsa-1024.pem"), secret(login_url(server), "keys/p256-a.pem")}) {
        const auto renewer = TokenRenewer::try_make(RenewerSettings().service_account(bad));
        CHECK(fails(renewer, Status::UnusableCredentials) && renewer.error().is_login_problem());
        CHECK(!contains(renewer.error().message(), "PRIVATE"));
    }
    must_throw(Status::UnusableCredentials, [] { TokenRenewer(RenewerSettings().service_account("{}")); });
    const auto account = [&] { return RenewerSettings().service_account(good); };
    const auto client = [](const char *url, const char *id, const char *secret) {
        return RenewerSettings().token_url(url).client_id(id).client_secret(secret);
    };
    CHECK(refused(RenewerSettings().service_account("\xff")));
    CHECK(refused(RenewerSettings().service_account(""), "service_account"));
    CHECK(refused(RenewerSettings().service_account_file("\xff")));
    CHECK(refused(client("http://127.0.0.1/", "\xff", "a")));
    CHECK(refused(client("http://127.0.0.1/", "a", "\xff")));
    CHECK(refused(RenewerSettings().supplied("\xff")));
    must_throw(Status::InvalidArgument, [&] { TokenRenewer{client("http://127.0.0.1/", "a", "\xff")}; });

    CHECK(refused(account().login_endpoint("\xff")) && refused(account().ca_file("\xff")));
    CHECK(refused(account().proxy("\xff")));
    const auto parameters = [&](std::string_view name, std::string_view value) {
        return client("http://127.0.0.1/", "a", "b").lazy().parameters(name, value);
    };
    CHECK(TokenRenewer::try_make(parameters("scope", "a b").parameters("scope", "c")));
    CHECK(fails(TokenRenewer::try_make(parameters("\xff", "a")), Status::InvalidArgument));
    CHECK(refused(parameters("a", "\xff")) && refused(parameters("a", ""), "parameters.a"));
    CHECK(refused(parameters("", "a"), "parameters"));
    CHECK(refused(parameters(std::string_view("scope\0", 6), "a"), "parameters"));
    must_throw(Status::InvalidArgument, [&] { TokenRenewer{account().login_endpoint("\xff")}; });
    for (const char *url : {"", "login", "http://master.mesos/login", "ftp://localhost/"}) {
        CHECK(fails(TokenRenewer::try_make(account().login_endpoint(url)), Status::InvalidArgument));
        CHECK(fails(TokenRenewer::try_make(client(url, "a", "b")), Status::InvalidArgument));
    }
    for (const milliseconds time :
         {milliseconds(-1), milliseconds(301s), milliseconds::max(), milliseconds::min()}) {
        CHECK(refused(account().timeout(time), "timeout") && refused(account().max_wait(time), "max_wait"));
    }
    // Settings are copied and can be used again.
    RenewerSettings same = account();
    RenewerSettings &row = same.login_endpoint("http://master.mesos/")
                               .header("bearer")
                               .header("dcos")
                               .allow_http()
                               .proxy("http://a:1")
                               .proxy("none")
                               .timeout(1s)
                               .max_wait(1s)
                               .lazy();
    CHECK(&row == &same && TokenRenewer::try_make(same) && TokenRenewer::try_make(same));
    CHECK(!contains(same.document(), "PRIVATE") && contains(same.document(), "not shown"));
}

static void moved_from_objects_fail_or_return_empty_values() {
    const Server server(iam());
    RenewerSettings settings = settings_for(server);
    const RenewerSettings taken = std::move(settings);
    CHECK(settings.handle() == nullptr && fails(TokenRenewer::try_make(settings), Status::NullArgument));
    settings.lazy().timeout(1s).parameters("a", "b");
    CHECK(fails(TokenRenewer::try_make(settings), Status::NullArgument));

    TokenRenewer first(taken);
    CHECK(first.wait_attempts(1, test_timeout));
    TokenRenewer second = std::move(first);
    Ticket ticket;
    CHECK(first.handle() == nullptr && fails(first.try_token(), Status::NullArgument));
    CHECK(fails(first.try_token_now(ticket), Status::NullArgument) && !ticket);
    CHECK(fails(first.try_reject("a"), Status::NullArgument) &&
          fails(first.try_reject_now("a", ticket), Status::NullArgument));
    CHECK(fails(first.try_wait_ready(test_timeout), Status::NullArgument) &&
          fails(first.try_renew(test_timeout), Status::NullArgument));
    CHECK(fails(first.try_stats(), Status::NullArgument) &&
          fails(first.try_supply("a"), Status::NullArgument));
    CHECK(fails(first.try_supply_failure("a"), Status::NullArgument) && !first.wait_login(test_timeout));
    CHECK(!first.wait(ticket, test_timeout) && !first.wait_attempts(0, test_timeout));
    first.close();

    OwnToken token = second.token();
    const OwnToken kept = std::move(token);
    CHECK(kept.text() == token_of(1) && token.handle() == nullptr && token.text().empty() &&
          token.authorization().empty());
    CHECK(!token.expires_at() && token.generation() == 0);

    Stats status = second.stats();
    const Stats snapshot = std::move(status);
    CHECK(snapshot.text("renewer_state") == "valid" && status.handle() == nullptr);
    CHECK(status.begin() == status.end() && !status.text("renewer_state") &&
          !status.number("renewer_generation"));
    first = std::move(second);
    CHECK(first.token().generation() == 1 && second.handle() == nullptr);
}

static void responses_that_report_a_rejected_token_are_recognized() {
    CHECK(is_token_rejection(401) && is_token_rejection(401, "acsjwt") &&
          is_token_rejection(401, "oauthjwt"));
    CHECK(is_token_rejection(401, R"(Bearer realm="a", error="invalid_token")"));
    CHECK(!is_token_rejection(401, R"(Basic realm="x")") && !is_token_rejection(403) &&
          !is_token_rejection(403, "acsjwt"));
    CHECK(!is_token_rejection(200) && !is_token_rejection(503) && !is_token_rejection(401, "\xff"));
    // An empty field counts as an absent one.
    CHECK(is_token_rejection(401, "") && is_token_rejection(401, std::string_view()));
    CHECK(is_token_rejection(200, std::nullopt, "16") && is_token_rejection(200, "", std::string("16")));
    CHECK(!is_token_rejection(200, std::nullopt, "7") &&
          !is_token_rejection(200, std::nullopt, std::string_view()));
}

static void close_cancels_the_login_in_flight_and_ends_the_thread_at_once() {
    Server server(iam());
    const TokenRenewer renewer = ready(server);
    const OwnToken kept = renewer.token();
    server.reply_with(Reply::hang());
    std::thread renewing([&] { CHECK(fails(renewer.try_renew(test_timeout), Status::LoginUnavailable)); });
    CHECK(until([&] { return server.count() == 2; }));
    CHECK(renewer.token().generation() == 1);  // while a login hangs
    const auto start = Clock::now();
    renewer.close();
    renewing.join();
    CHECK(until([] { return renewing_threads() == 0; }) && Clock::now() - start < 4s);
    Ticket ticket;
    CHECK(fails(renewer.try_token(), Status::LoginUnavailable) &&
          fails(renewer.try_reject("a"), Status::LoginUnavailable));
    CHECK(fails(renewer.try_token_now(ticket), Status::LoginUnavailable) && !ticket);
    CHECK(fails(renewer.try_wait_ready(test_timeout), Status::LoginUnavailable));
    CHECK(!renewer.wait_attempts(99, test_timeout) && seen(renewer).text("state") == "closed");
    renewer.close();
    CHECK(Clock::now() - start < test_timeout && kept.text() == token_of(1));
}

static void a_token_outlives_its_renewer() {
    const Server server(iam());
    std::optional<OwnToken> token;
    {
        const TokenRenewer renewer = ready(server);
        token.emplace(renewer.token());
    }
    CHECK(until([] { return renewing_threads() == 0; }) && token->authorization() == "token=" + token_of(1));
}

static void fifty_destroyed_objects_leave_no_thread() {
    Server server(iam());
    std::vector<TokenRenewer> all;
    for (int i = 0; i < 50; i++) {
        if (i == 25) {
            server.reply_with(Reply::hang());
        }
        all.emplace_back(settings_for(server));
        if (i < 25) {
            all.back().wait_ready(test_timeout);
        }
    }
    CHECK(until([] { return renewing_threads() == 1 + 25; }));
    all.clear();
    CHECK(until([] { return renewing_threads() == 0; }));
}

int main() {
    a_login_returns_a_token_and_its_header();
    eight_threads_that_reject_one_token_cause_one_login();
    a_failed_renewal_keeps_the_current_token();
    a_rejected_login_and_an_outage_are_different_errors();
    an_oauth_client_logs_in_with_its_credentials();
    a_program_supplies_tokens();
    waiting_for_a_ticket_ends_when_its_login_ends();
    every_setting_has_its_effect();
    invalid_settings_are_rejected();
    moved_from_objects_fail_or_return_empty_values();
    responses_that_report_a_rejected_token_are_recognized();
    CHECK(until([] { return renewing_threads() == 0; }));
    close_cancels_the_login_in_flight_and_ends_the_thread_at_once();
    a_token_outlives_its_renewer();
    fifty_destroyed_objects_leave_no_thread();
}
