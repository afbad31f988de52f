// The whole noexcept interface, compiled with -fno-exceptions -fno-rtti.
#include "check.hpp"

#include <array>

#ifdef __cpp_exceptions
#error "compile this test with -fno-exceptions"
#endif

using bouncer::Batch;
using bouncer::Jwk;
using bouncer::JwkSet;
using bouncer::KeysSettings;
using bouncer::OwnToken;
using bouncer::Policy;
using bouncer::PolicySettings;
using bouncer::RemoteJwkSet;
using bouncer::RenewerSettings;
using bouncer::Result;
using bouncer::Stats;
using bouncer::Status;
using bouncer::Ticket;
using bouncer::TokenRenewer;
using bouncer::Verifier;
using bouncer::VerifierSettings;
using bouncer::Watch;
using namespace std::chrono_literals;

constexpr Status unavailable = Status::KeysUnavailable;

int main() {
    const Result<JwkSet> jwks = JwkSet::try_load(read_file("document_jwks.json"));
    CHECK(jwks && fails(JwkSet::try_load("{}"), Status::MalformedJwkSet));

    PolicySettings settings = dcos_at(document_exp - 1).leeway(5s).algorithms({"RS256", "ES256"});
    settings.required_claims({"uid"}).required_string_claims({"uid"}).max_token_len(4096).token_type("JWT");
    const Result<Policy> made = Policy::try_make(settings.any_audience().optional_exp());
    CHECK(made && fails(Policy::try_make(settings.leeway(301s)), Status::InvalidArgument));
    CHECK(fails(Policy::try_make(dcos_at(0).algorithms({"none"})), Status::InvalidArgument));
    const Policy &policy = *made;

    const std::string text = document_token();
    const auto token = bouncer::try_verify_token(*jwks, policy, text);
    CHECK(token && token->uid() == "peter");
    CHECK(fails(bouncer::try_verify_token(*jwks, Policy::dcos(), text), Status::Expired));
    const auto verifier = Verifier::try_make(*jwks, policy);
    CHECK(verifier && verifier->try_verify(text) && verifier->try_verify_authorization("token=" + text));
    CHECK(token->try_claim_string("uid").value() == "peter" &&
          token->try_claim_integer("exp").value() == document_exp);
    CHECK(token->try_claim_strings("uid").value().size() == 1 &&
          fails(token->try_claim_string("sub"), Status::MissingClaim));
    CHECK(bouncer::try_set_logger([](bouncer::LogLevel, std::string_view) {}));
    CHECK(
        fails(bouncer::try_set_logger([](bouncer::LogLevel, std::string_view) {}), Status::InvalidArgument));

    const std::array<std::string_view, 3> texts{text, "a.b", text};
    const Result<Batch> batch = bouncer::try_verify_tokens(*jwks, policy, texts);
    CHECK(batch && batch->size() == 3 && (*batch)[0].token().uid() == "peter" &&
          batch->columns().uid_data == "peterpeter");
    CHECK(!(*batch)[1] && (*batch)[1].status() == Status::MalformedToken && (*batch)[1].message() != nullptr);
    const Result<Verifier> cached = verifier->try_with_cache(8);
    CHECK(cached && cache(*cached).number("capacity") >= 8 && cached->try_verify(text));
    const Result<Batch> known = cached->try_verify_batch(texts);
    CHECK(known && (*known)[2] && !(*known)[1] && cache(*cached).number("hits_total") == 2);

    const Result<Verifier> of_many = Verifier::try_make(
        VerifierSettings().accept(*jwks, policy).accept(*jwks, Policy::try_for_issuer("i", "a").value()).cache(8));
    CHECK(of_many && of_many->try_wait_ready(0s) && of_many->try_verify(text));
    CHECK(fails(of_many->try_reload("{}"), Status::InvalidArgument) && of_many->try_verify(text));
    const std::string document = R"({"accept":[{"profile":"dcos","keys":{"jwks":)" +
                                 read_file("document_jwks.json") + "}}]}";
    CHECK(of_many->try_reload(document) && fails(of_many->try_verify(text), Status::Expired));
    const Result<Verifier> configured = Verifier::try_from_config(document);
    CHECK(configured && fails(configured->try_verify(text), Status::Expired));
    CHECK(configured->try_reload(VerifierSettings().load(document)));
    const Result<Stats> counts = configured->try_stats();
    CHECK(counts && counts->verifications(Status::Expired) == 1 && counts->verifications(Status::Ok, "i") == 0);

    const Result<Policy> strict =
        Policy::try_make(PolicySettings().issuers({"i", "j"}).audiences({"b"}).time(0));
    CHECK(strict && Policy::try_for_issuer("i", "a"));
    CHECK(fails(bouncer::try_verify_token(*jwks, *strict, text), Status::MissingClaim));

    const Result<Jwk> key = Jwk::try_from_pem(jwks->keys()[0].pem());
    CHECK(key && (*key)->bits() == 2048 && JwkSet::try_from_keys(*key));
    CHECK(Jwk::try_from_rsa_components((*key)->n(), (*key)->e()) && Jwk::try_from_der((*key)->der()));
    CHECK(bouncer::try_token_from_authorization("token=a.b.c").value() == "a.b.c");

    // No server listens on this port: the keys come from the seed.
    KeysSettings keys =
        KeysSettings().url("http://127.0.0.1:1/jwks").seed(read_file("document_jwks.json")).lazy();
    keys.ttl(1h)
        .max_stale(24h)
        .timeout(1s)
        .max_wait(100ms)
        .allow_http()
        .proxy("none")
        .same_origin_redirects();
    const Result<RemoteJwkSet> remote = RemoteJwkSet::try_make(keys.last_good_file("/no/such/file"));
    CHECK(remote && remote->try_wait_ready(1s) && remote->try_current() &&
          fails(remote->try_refresh(5s), unavailable));
    CHECK(fails(RemoteJwkSet::try_make(keys.proxy("\xff")), Status::InvalidArgument));
    const auto kept = Verifier::try_make(*remote, policy);
    CHECK(kept && kept->try_verify(text) && kept->verify_now(text).result() &&
          !kept->verify_now(text).is_pending());
    CHECK(kept->max_wait(Ticket()) == 0ms);
    CHECK(!kept->wait(Ticket(), 1s) && !remote->wait(Ticket(), 1s) && remote->wait_attempts(1, 5s));
    CHECK(kept->resume(text, Ticket()).result());
    const Result<Stats> status = remote->try_stats();
    CHECK(status && status->text("keys_state") == "stale" &&
          status->text("keys_last_error_name") == "connect");
    CHECK(!status->number("keys_last_success_seconds"));
    const Result<Watch> watch = kept->try_watch();
    CHECK(watch && watch->fd() > 2 && remote->try_watch());
    remote->close();
    watch->clear();
    CHECK(fails(kept->try_verify(text), unavailable) && fails(remote->try_current(), unavailable));
    CHECK(fails(RemoteJwkSet::try_make(KeysSettings().discover("http://master.mesos")),
                Status::InvalidArgument));
    KeysSettings no_ca_file = KeysSettings().url("https://127.0.0.1:1/jwks").ca_file("/no/such/file");
    CHECK(fails(RemoteJwkSet::try_make(no_ca_file), Status::InvalidArgument));

    // No server listens on the port of the login either.
    const auto client = [] {
        return RenewerSettings()
            .token_url("http://127.0.0.1:1/token")
            .client_id("id")
            .client_secret("secret");
    };
    CHECK(fails(TokenRenewer::try_make(client().ca_file("/no/such/file")), Status::InvalidArgument));
    CHECK(fails(TokenRenewer::try_make(client().login_endpoint("unused")), Status::InvalidArgument));
    CHECK(fails(TokenRenewer::try_make(client().proxy("\xff")), Status::InvalidArgument));
    RenewerSettings login = client().parameters("scope", "read").header("dcos").allow_http().proxy("none");
    login.timeout(1s).max_wait(100ms).lazy();
    Ticket ticket;
    const Result<TokenRenewer> lost = TokenRenewer::try_make(login);
    CHECK(lost && fails(lost->try_token(), Status::LoginUnavailable) &&
          fails(lost->try_renew(5s), Status::LoginUnavailable));
    CHECK(fails(lost->try_token_now(ticket), Status::LoginUnavailable) && lost->wait_attempts(1, 5s));
    CHECK(fails(lost->try_reject("a"), Status::LoginUnavailable) && lost->try_watch());
    CHECK(fails(lost->try_wait_ready(0s), Status::LoginUnavailable) && !lost->wait(Ticket(), 1s));
    for (const RenewerSettings &unusable :
         {RenewerSettings().service_account("{}"), RenewerSettings().service_account_env(),
          RenewerSettings().service_account_file("/no/such/file")}) {
        CHECK(fails(TokenRenewer::try_make(unusable), Status::UnusableCredentials));
    }

    const Result<TokenRenewer> renewer = TokenRenewer::try_make(RenewerSettings().supplied("vault"));
    CHECK(renewer && renewer->wait_login(5s) && renewer->try_supply("opaque", 1h) &&
          renewer->try_wait_ready(5s));
    CHECK(fails(renewer->try_supply_failure("not requested"), Status::InvalidArgument));
    ticket = Ticket();
    const Result<OwnToken> own = renewer->try_token_now(ticket);
    CHECK(own && own->authorization() == "Bearer opaque" && own->text() == "opaque" && !own->expires_at() &&
          !ticket);
    CHECK(fails(renewer->try_reject_now("opaque", ticket), Status::LoginUnavailable) && ticket);
    const Result<Stats> renewal = renewer->try_stats();
    CHECK(renewal && renewal->text("renewer_state") == "valid" && renewal->number("renewer_generation") == 1);
    CHECK(renewal->find("renewer_state")->source == "vault" && renewal->find("renewer_state", "vault"));
    renewer->close();
    CHECK(fails(renewer->try_token(), Status::LoginUnavailable) &&
          bouncer::is_token_rejection(401, "acsjwt"));
}
