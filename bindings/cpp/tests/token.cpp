// Verification of a token and its claims: the example token of the DC/OS documentation, and claims
// of every type.
#include "check.hpp"

#include <type_traits>
#include <vector>

using bouncer::JwkSet;
using bouncer::Policy;
using bouncer::PolicySettings;
using bouncer::Status;
using bouncer::try_verify_token;
using bouncer::VerifiedToken;
using bouncer::verify_token;

static_assert(std::is_nothrow_move_constructible_v<VerifiedToken> &&
              !std::is_copy_constructible_v<VerifiedToken>);

static void the_example_token_of_dcos_is_accepted_until_it_expires() {
    const JwkSet jwks = document_jwks();
    std::string text = document_token();
    const Policy policy = policy_at(document_exp - 1);
    const VerifiedToken token = verify_token(jwks, policy, text);
    CHECK(token.uid() == "peter" && token.algorithm() == "RS256");
    CHECK(token.payload() == R"({"exp":1467985466,"uid":"peter"})");
    CHECK(token.header() == R"({"typ":"JWT","alg":"RS256"})");
    CHECK(token.kid() == "55fb61042768f62ea3b06778c6043f7c8c92769a0c248076a2995dfd50c4acb9");
    CHECK(token.claim("uid") == "\"peter\"" && token.claim("exp") == "1467985466");
    CHECK(!token.claim("ex") && !token.claim("\xff") && !token.claim({}));
    CHECK(token.claim_string("uid") == "peter" && token.claim_integer("exp") == document_exp);
    CHECK(token.claim_strings("uid").size() == 1 && token.claim_strings("uid")[0] == "peter");
    CHECK(token.expires_at() == document_exp && !token.not_before() && !token.issued_at());
    CHECK(!token.issuer() && !token.subject() && !token.token_id() && token.audience().empty());
    CHECK(token.audience()[0].empty());

    // One second later the token has expired. It has also expired by the system's clock.
    const auto late = try_verify_token(jwks, policy_at(document_exp), text);
    CHECK(fails(late, Status::Expired) && late.error().claim() == "exp");
    CHECK(std::string_view(late.error().message()).find("peter") == std::string_view::npos);
    CHECK(fails(try_verify_token(jwks, Policy::dcos(), text), Status::Expired));
    try {
        (void)verify_token(jwks, Policy::dcos(), text);
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::Expired && error.is_invalid_token() && !error.is_keys_problem());
    }

    char &last = text[text.size() - 10];
    last = last == 'A' ? 'B' : 'A';
    CHECK(fails(try_verify_token(jwks, policy, text), Status::InvalidSignature));
}

static void a_claim_of_the_wrong_type_and_a_missing_claim_are_different_errors(const VerifiedToken &token) {
    const auto message_has = [](const auto &result, const char *part) {
        return std::string_view(result.error().message()).find(part) != std::string_view::npos;
    };
    CHECK(fails(token.try_claim_string("email"), Status::MissingClaim));
    const auto missing = token.try_claim_string("email");
    CHECK(missing.error().claim() == "email" && message_has(missing, "missing"));
    CHECK(fails(token.try_claim_integer("email"), Status::MissingClaim));
    CHECK(fails(token.try_claim_strings("email"), Status::MissingClaim));
    CHECK(fails(token.try_claim_string("exp"), Status::MalformedClaims) &&
          message_has(token.try_claim_string("exp"), "not a string"));
    CHECK(fails(token.try_claim_integer("exp"), Status::MalformedClaims) &&
          message_has(token.try_claim_integer("exp"), "integer"));
    CHECK(fails(token.try_claim_strings("roles"), Status::MalformedClaims) &&
          message_has(token.try_claim_strings("roles"), "array"));
    CHECK(fails(token.try_claim_string("\xff"), Status::InvalidArgument));
    try {
        (void)token.claim_string("email");
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::MissingClaim && error.claim() == "email" &&
              error.http_status() == 401);
    }
    const bouncer::TokenView view = token;
    CHECK(view.claim_string("sub") == "s-1" &&
          fails(bouncer::TokenView().try_claim_string("sub"), Status::NullArgument));
}

static void every_registered_claim_is_read() {
    // Signed with tests/data/keys/rsa-2048-a.pem.
    const JwkSet jwks = JwkSet::load(
        R"({"keys":[{"kty":"RSA","kid":"a","e":"AQAB","n":"kG8moYAhrlHLDr4CvSNzjRXh6Fo5omHXRHbF88clbLGoHnPUAQ_pHwV96rYPWAP)"
        "VhM9Lp8372CtwGxrPm3u5ZDqGKn2c8_KnRHQU1-UVkC3WsI9wHLyVaRcKq0EvGM6yHw_O2xH34owix5OG-CvNLWDIF3-1pQgKIUA-_vtPJhrOw"
        "ngeRFCCy2KqAZWeCErf-dN5nntb4AsU3gY5xMdTtAhU4ICdb6deADI3oK4bJ9Dx4sO-7KhXKkm6opj1PM-hdfwXsdY57B8Wa6tF1Z2TJ52Xc6p"
        R"(blfUr_OHuyrvPVZ4gcw3bwt3fG96I_GULw-OTpeXb68hhJIQn3shjdpa5iQ"}]})");
    const std::string_view text =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJzLTEiLC"
        "JqdGkiOiI3IiwiYXVkIjpbIm9yZGVycyIsInN0b2NrIl0sImV4cCI6NDEwMjQ0NDgwMC41LCJuYmYiOjEuNSwiaWF0IjoxLjUsInVpZCI6InBl"
        "dGVyIiwicm9sZXMiOlsiYWRtaW4iLCAxXX0.Jguuo-eBHLmWNC9bvkjSnLPwIbB5j7sOyLEqvOGrujF5BkSBJD3FZkpFtvvqAD-rZ1JW_525vA"
        "N8lBOLjTLI0aZF7RGBiURAkTnSETs6HQ9V1GN1dph8u9cGjZWdwM06P0gkx5qxwbK6newQ9cB3JuSWpuWvp5_S5UdSergvq_vEXfhEGH1ZpUDi"
        "eTshOAZ23r5YX5UygIlQoedUbB5iC7B-rQC_dyXdmZpjyB1UPPGAR5vTc7R3XitRap2Avjsv-_HhczdE2f_gqPabKj4u32ki-hIlqZAZTrZzSa"
        "jfRsF-ELrSsH4V-Z4bYCi_f5uMkN9g8CiwIBc71vVfCbM4bQ";
    const Policy policy(PolicySettings()
                            .issuers({"https://id.example"})
                            .audiences({"stock"})
                            .token_type("at+jwt")
                            .time(1700000000));
    const VerifiedToken token = verify_token(jwks, policy, text);
    CHECK(token.issuer() == "https://id.example" && token.subject() == "s-1" && token.token_id() == "7");
    CHECK(token.expires_at() == 4102444800 && token.not_before() == 2 && token.issued_at() == 1);
    CHECK(token.uid() == "peter" && token.kid() == "a" && token.claim("roles") == R"(["admin", 1])");
    const auto audience = token.audience();
    CHECK((std::vector<std::string_view>(audience.begin(), audience.end()) ==
           std::vector<std::string_view>{"orders", "stock"}));
    const bouncer::Strings audiences = token.claim_strings("aud");
    CHECK((std::vector<std::string_view>(audiences.begin(), audiences.end()) ==
           std::vector<std::string_view>{"orders", "stock"}));
    CHECK(audiences.size() == 2 && audiences[1] == "stock" && audiences[2].empty() && !audiences.empty());
    a_claim_of_the_wrong_type_and_a_missing_claim_are_different_errors(token);
    CHECK(fails(try_verify_token(jwks, Policy::for_issuer("https://id.example", "x"), text),
                Status::WrongAudience));
    CHECK(fails(try_verify_token(jwks, Policy::dcos(), text), Status::WrongAudience));

    CHECK(token.identity() == "s-1" && token.scopes().empty() && !token.has_scope("orders"));
    const auto open = [] {
        return PolicySettings().any_issuer().any_audience().scope_claims({"aud"});
    };
    const VerifiedToken named =
        verify_token(jwks, Policy(open().identity_claim("uid").required_scopes({"stock"})), text);
    const VerifiedToken::Scopes scopes = named.scopes();
    CHECK((std::vector<std::string_view>(scopes.begin(), scopes.end()) ==
           std::vector<std::string_view>{"orders", "stock"}));
    CHECK(named.identity() == "peter" && named.has_scope("orders") && !named.has_scope("order"));
    const auto lacking = try_verify_token(jwks, Policy(open().required_scopes({"admin"})), text);
    CHECK(fails(lacking, Status::InsufficientScope) && lacking.error().http_status() == 403 &&
          lacking.error().challenge() == "Bearer error=\"insufficient_scope\"");
    const auto is = [&](PolicySettings settings) {
        return bool(try_verify_token(jwks, Policy(std::move(settings)), text));
    };
    CHECK(!is(open().claim_is("uid", "paul")) &&
          is(open().claim_is("uid", "paul").claim_is("uid", "peter")));
}

static void moving_a_token_moves_its_claims() {
    VerifiedToken first = verify_token(document_jwks(), policy_at(0), document_token());
    const std::string_view payload = first.payload();
    VerifiedToken second = std::move(first);
    CHECK(second.payload().data() == payload.data());
    CHECK(first.payload().empty() && !first.uid() && !first.expires_at() && !first.claim("uid"));
    CHECK(!first.identity() && first.scopes().empty() && !first.has_scope("a"));
    CHECK(first.algorithm().empty() && first.audience().empty() && first.handle() == nullptr);
    VerifiedToken &itself = second;
    second = std::move(itself);
    CHECK(second.uid() == "peter");
}

static void invalid_and_unterminated_text_does_not_crash() {
    const JwkSet jwks = document_jwks();
    CHECK(fails(try_verify_token(jwks, Policy::dcos(), std::string_view()), Status::MalformedToken));
    CHECK(
        fails(try_verify_token(jwks, Policy::dcos(), std::string_view("a.\0.b", 5)), Status::MalformedToken));
    CHECK(fails(try_verify_token(jwks, Policy::dcos(), "\xff\xfe.a.b"), Status::MalformedToken));
    CHECK(fails(try_verify_token(jwks, Policy::dcos(), "a.b.c.d.e"), Status::EncryptedToken));
    CHECK(fails(try_verify_token(jwks, Policy::dcos(), std::string(16385, 'a')), Status::TokenTooLarge));
    // Text needs no NUL at its end.
    const std::string token_and_more = document_token() + ".more";
    const std::string_view text = std::string_view(token_and_more).substr(0, document_token().size());
    CHECK(try_verify_token(jwks, policy_at(0), text));
}

static void the_token_of_an_authorization_header_is_found() {
    const std::string_view value = "token=a.b.c";
    CHECK(bouncer::token_from_authorization(value).data() == value.data() + 6);
    CHECK(bouncer::token_from_authorization("Bearer x.y.z") == "x.y.z");
    const std::string owned = "Bearer x.y.z";
    CHECK(bouncer::token_from_authorization(owned) == "x.y.z");
    CHECK(fails(bouncer::try_token_from_authorization("Basic x"), Status::MalformedAuthorization));
    CHECK(fails(bouncer::try_token_from_authorization("Bearer \xff"), Status::MalformedAuthorization));
    CHECK(fails(bouncer::try_token_from_authorization({}), Status::MalformedAuthorization));
}

int main() {
    the_example_token_of_dcos_is_accepted_until_it_expires();
    every_registered_claim_is_read();
    moving_a_token_moves_its_claims();
    invalid_and_unterminated_text_does_not_crash();
    the_token_of_an_authorization_header_is_found();
}
