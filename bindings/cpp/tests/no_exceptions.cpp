// The whole noexcept interface, compiled with -fno-exceptions -fno-rtti.
#include "check.hpp"

#include <array>

#ifdef __cpp_exceptions
#error "compile this test with -fno-exceptions"
#endif

using bouncer::Batch;
using bouncer::Jwk;
using bouncer::JwkSet;
using bouncer::OwnToken;
using bouncer::Policy;
using bouncer::RemoteJwkSet;
using bouncer::RemoteOptions;
using bouncer::RenewerOptions;
using bouncer::Result;
using bouncer::Stats;
using bouncer::Status;
using bouncer::Ticket;
using bouncer::TokenRenewer;
using bouncer::Verifier;
using namespace std::chrono_literals;

constexpr Status unavailable = Status::KeysUnavailable;

int main() {
    const Result<JwkSet> jwks = JwkSet::try_load(read_file("document_jwks.json"));
    CHECK(jwks && fails(JwkSet::try_load("{}"), Status::MalformedJwkSet));

    Policy policy = Policy::dcos();
    CHECK(policy.try_at(document_exp - 1) && policy.try_leeway(5s) && policy.try_algorithms("RS256 ES256"));
    CHECK(policy.try_require_claim("uid") && policy.try_require_string_claim("uid") && policy.try_max_token_len(4096));
    CHECK(policy.try_token_type("JWT") && policy.try_accept_any_audience() && policy.try_optional_exp());
    CHECK(fails(policy.try_leeway(301s), Status::InvalidArgument));
    CHECK(fails(policy.try_algorithms("none"), Status::InvalidArgument));

    const std::string text = document_token();
    const auto token = bouncer::try_verify_token(*jwks, policy, text);
    CHECK(token && token->uid() == "peter");
    CHECK(fails(bouncer::try_verify_token(*jwks, text), Status::Expired));
    const auto verifier = Verifier::try_make(*jwks, policy);
    CHECK(verifier && verifier->try_verify(text) && verifier->try_verify_authorization("token=" + text));
    CHECK(token->try_claim_string("uid").value() == "peter" && token->try_claim_integer("exp").value() == document_exp);
    CHECK(token->try_claim_strings("uid").value().size() == 1 && fails(token->try_claim_string("sub"), Status::MissingClaim));
    CHECK(bouncer::try_set_logger([](bouncer::LogLevel, std::string_view) {}));
    CHECK(fails(bouncer::try_set_logger([](bouncer::LogLevel, std::string_view) {}), Status::InvalidArgument));

    const std::array<std::string_view, 3> texts{text, "a.b", text};
    const Result<Batch> batch = bouncer::try_verify_tokens(*jwks, policy, texts);
    CHECK(batch && batch->size() == 3 && (*batch)[0].token().uid() == "peter" && batch->columns().uid_data == "peterpeter");
    CHECK(!(*batch)[1] && (*batch)[1].status() == Status::MalformedToken && (*batch)[1].message() != nullptr);
    const Result<Verifier> cached = verifier->try_with_cache(8);
    CHECK(cached && cache(*cached).number("capacity") >= 8 && cached->try_verify(text));
    const Result<Batch> known = cached->try_verify_batch(texts);
    CHECK(known && (*known)[2] && !(*known)[1] && cache(*cached).number("hits_total") == 2);

    Result<Policy> strict = Policy::try_for_issuer("i", "a");
    CHECK(strict && strict->try_accept_issuer("j") && strict->try_accept_audience("b") && strict->try_at(0));
    CHECK(fails(bouncer::try_verify_token(*jwks, *strict, text), Status::MissingClaim));

    const Result<Jwk> key = Jwk::try_from_pem(jwks->keys()[0].pem());
    CHECK(key && (*key)->bits() == 2048 && JwkSet::try_from_keys(*key));
    CHECK(Jwk::try_from_rsa_components((*key)->n(), (*key)->e()) && Jwk::try_from_der((*key)->der()));
    CHECK(bouncer::try_token_from_authorization("token=a.b.c").value() == "a.b.c");

    // At this port nobody answers: the keys are the seed.
    Result<RemoteOptions> options = RemoteOptions::try_for_url("http://127.0.0.1:1/jwks");
    CHECK(options && options->try_seed(read_file("document_jwks.json")) && options->try_lazy() && options->try_ttl(1h));
    CHECK(options->try_max_stale(24h) && options->try_timeout(1s) && options->try_max_wait(100ms));
    CHECK(options->try_allow_http() && options->try_no_proxy() && options->try_same_origin_redirects());
    CHECK(options->try_last_good_file("/no/such/file"));
    CHECK(fails(options->try_proxy("\xff"), Status::InvalidArgument));
    const Result<RemoteJwkSet> remote = RemoteJwkSet::try_make(*options);
    CHECK(remote && remote->try_wait_ready(1s) && remote->try_current() && fails(remote->try_refresh(5s), unavailable));
    const auto kept = Verifier::try_make(*remote, policy);
    Ticket ticket;
    CHECK(kept && kept->try_verify(text) && kept->try_verify_now(text, ticket) && !ticket);
    CHECK(!remote->wait(ticket, 1s) && remote->wait_attempts(1, 5s));
    const Result<Stats> status = remote->try_stats();
    CHECK(status && status->text("keys_state") == "stale" && status->text("keys_last_error_name") == "connect");
    CHECK(!status->number("keys_last_success_seconds"));
    remote->close();
    CHECK(fails(kept->try_verify(text), unavailable) && fails(remote->try_current(), unavailable));
    const Result<RemoteOptions> insecure = RemoteOptions::try_for_issuer("http://master.mesos");
    CHECK(insecure && fails(RemoteJwkSet::try_make(*insecure), Status::InvalidArgument));
    Result<RemoteOptions> misled = RemoteOptions::try_for_url("https://127.0.0.1:1/jwks");
    CHECK(misled && misled->try_ca_file("/no/such/file"));
    CHECK(fails(RemoteJwkSet::try_make(*misled), Status::InvalidArgument));

    // Nor for a login.
    Result<RenewerOptions> login = RenewerOptions::try_client_credentials("http://127.0.0.1:1/token", "id", "secret");
    CHECK(login && login->try_parameter("scope", "read") && login->try_bearer());
    Result<RenewerOptions> untrusting = RenewerOptions::try_client_credentials("http://127.0.0.1:1/", "id", "secret");
    CHECK(untrusting && untrusting->try_ca_file("/no/such/file"));
    CHECK(fails(TokenRenewer::try_make(*untrusting), Status::InvalidArgument));
    Result<RenewerOptions> misfit = RenewerOptions::try_client_credentials("http://127.0.0.1:1/token", "id", "secret");
    CHECK(misfit && misfit->try_login_endpoint("unused") && fails(TokenRenewer::try_make(*misfit), Status::InvalidArgument));
    CHECK(login->try_allow_http() && login->try_no_proxy() && login->try_timeout(1s) && login->try_max_wait(100ms));
    CHECK(login->try_dcos_header() && login->try_lazy());
    CHECK(fails(login->try_proxy("\xff"), Status::InvalidArgument));
    const Result<TokenRenewer> lost = TokenRenewer::try_make(*login);
    CHECK(lost && fails(lost->try_token(), Status::LoginUnavailable) && fails(lost->try_renew(5s), Status::LoginUnavailable));
    CHECK(fails(lost->try_token_now(ticket), Status::LoginUnavailable) && lost->wait_attempts(1, 5s));
    CHECK(fails(lost->try_reject("a"), Status::LoginUnavailable));
    CHECK(fails(lost->try_wait_ready(0s), Status::LoginUnavailable) && !lost->wait(Ticket(), 1s));
    CHECK(fails(RenewerOptions::try_service_account("{}"), Status::UnusableCredentials));
    CHECK(fails(RenewerOptions::try_service_account_from_env(), Status::UnusableCredentials));
    const Result<RenewerOptions> file = RenewerOptions::try_service_account_file("/no/such/file");
    CHECK(file && fails(TokenRenewer::try_make(*file), Status::UnusableCredentials));

    const Result<RenewerOptions> supplied = RenewerOptions::try_supplied("vault");
    const Result<TokenRenewer> renewer = TokenRenewer::try_make(*supplied);
    CHECK(renewer && renewer->wait_login(5s) && renewer->try_supply("opaque", 1h) && renewer->try_wait_ready(5s));
    CHECK(fails(renewer->try_supply_failure("nobody asked"), Status::InvalidArgument));
    ticket = Ticket();
    const Result<OwnToken> own = renewer->try_token_now(ticket);
    CHECK(own && own->authorization() == "Bearer opaque" && own->text() == "opaque" && !own->expires_at() && !ticket);
    CHECK(fails(renewer->try_reject_now("opaque", ticket), Status::LoginUnavailable) && ticket);
    const Result<Stats> renewal = renewer->try_stats();
    CHECK(renewal && renewal->text("renewer_state") == "valid" && renewal->number("renewer_generation") == 1);
    CHECK(renewal->find("renewer_state")->source == "vault" && renewal->find("renewer_state", "vault"));
    renewer->close();
    CHECK(fails(renewer->try_token(), Status::LoginUnavailable) && bouncer::is_token_rejection(401, "acsjwt"));
}
