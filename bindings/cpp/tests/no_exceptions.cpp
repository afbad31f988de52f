// The whole noexcept interface, compiled with -fno-exceptions -fno-rtti.
#include "check.hpp"

#ifdef __cpp_exceptions
#error "compile this test with -fno-exceptions"
#endif

using bouncer::Jwk;
using bouncer::JwkSet;
using bouncer::Policy;
using bouncer::Result;
using bouncer::Status;
using bouncer::Verifier;
using namespace std::chrono_literals;

int main() {
    const Result<JwkSet> jwks = JwkSet::try_load(read_file("document_jwks.json"));
    CHECK(jwks && fails(JwkSet::try_load("{}"), Status::MalformedJwkSet));

    Policy policy = Policy::bouncer();
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
    CHECK(verifier && verifier->try_verify(text));

    Result<Policy> strict = Policy::try_for_issuer("i", "a");
    CHECK(strict && strict->try_accept_issuer("j") && strict->try_accept_audience("b") && strict->try_at(0));
    CHECK(fails(bouncer::try_verify_token(*jwks, *strict, text), Status::MissingClaim));

    const Result<Jwk> key = Jwk::try_from_pem(jwks->keys()[0].pem());
    CHECK(key && (*key)->bits() == 2048 && JwkSet::try_from_keys(*key));
    CHECK(Jwk::try_from_rsa_components((*key)->n(), (*key)->e()) && Jwk::try_from_der((*key)->der()));
    CHECK(bouncer::try_token_from_authorization("token=a.b.c").value() == "a.b.c");
}
