// The verifier: it outlives its keys and its policy, and threads share it.
#include "check.hpp"

#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

using bouncer::Failure;
using bouncer::JwkSet;
using bouncer::Policy;
using bouncer::Status;
using bouncer::VerifiedToken;
using bouncer::Verifier;

static_assert(std::is_nothrow_move_constructible_v<Verifier> && !std::is_copy_constructible_v<Verifier>);

static void a_verifier_outlives_its_keys_and_policy() {
    std::optional<Verifier> verifier;
    {
        const JwkSet jwks = document_jwks();
        const Policy policy = policy_at(document_exp - 1);
        verifier.emplace(jwks, policy);
    }
    const std::string text = document_token();
    CHECK(verifier->verify(text).expires_at() == document_exp);
    const auto token = verifier->try_verify(text);
    CHECK(token && token->uid() == "peter");
    CHECK(fails(verifier->try_verify("a.b"), Status::MalformedToken));
    try {
        (void)verifier->verify("a.b");
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::MalformedToken);
    }
}

/// Returns a temporary string. A verified token must stay valid after this string is destroyed.
static std::string header_of_a_request(const std::string &value) {
    return value;
}

static void an_authorization_header_is_verified_in_one_call() {
    const Verifier verifier(document_jwks(), policy_at(document_exp - 1));
    const VerifiedToken token =
        verifier.verify_authorization(header_of_a_request("Bearer " + document_token()));
    CHECK(token.claim_string("uid") == "peter");
    CHECK(verifier.try_verify_authorization("token=" + document_token()));
    const auto basic = verifier.try_verify_authorization(header_of_a_request("Basic x"));
    CHECK(fails(basic, Status::MalformedAuthorization) &&
          fails(verifier.try_verify_authorization({}), Status::MalformedAuthorization));
    CHECK(basic.error().http_status() == 401 && basic.error().challenge() == "Bearer");
    const auto malformed = verifier.try_verify_authorization("Bearer a.b");
    CHECK(fails(malformed, Status::MalformedToken));
    CHECK(malformed.error().challenge() ==
          R"(Bearer error="invalid_token", error_description="malformed_token")");
    const auto none = JwkSet::try_load("{}");
    CHECK(none.error().http_status() == 503 && !none.error().challenge());
    CHECK(bouncer::http_status(Status::Ok) == 200 && bouncer::http_status(Status::InvalidArgument) == 500);
    try {
        (void)verifier.verify_authorization("Basic x");
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.http_status() == 401 && error.challenge() == "Bearer");
    }
}

static void a_token_outlives_its_verifier() {
    const VerifiedToken token = Verifier(document_jwks(), policy_at(0)).verify(document_token());
    CHECK(token.uid() == "peter" && token.kid() && token.kid()->size() == 64);
}

static void a_moved_from_verifier_fails() {
    Verifier first(document_jwks(), policy_at(0));
    Verifier second = std::move(first);
    CHECK(fails(first.try_verify(document_token()), Status::NullArgument) && first.handle() == nullptr);
    Verifier &itself = second;
    second = std::move(itself);
    CHECK(second.try_verify(document_token()));

    JwkSet jwks = document_jwks();
    const JwkSet moved = std::move(jwks);
    CHECK(fails(Verifier::try_make(jwks, Policy::dcos()), Status::NullArgument));
    CHECK(moved.keys().size() == 1);
}

static void threads_can_share_every_handle() {
    const JwkSet jwks = document_jwks();
    const Policy valid = policy_at(document_exp - 1);
    const Policy expired = policy_at(document_exp);
    const Verifier verifier(jwks, valid);
    const std::string text = document_token();
    const VerifiedToken shared = verifier.verify(text);

    std::vector<std::thread> threads;
    std::vector<std::optional<Failure>> failures(8);
    for (std::optional<Failure> &failure : failures) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; i++) {
                CHECK(verifier.verify(text).expires_at() == document_exp);
                CHECK(bouncer::try_verify_token(jwks, valid, text) && shared.uid() == "peter");
                CHECK(jwks.keys()[0].pem().size() > 100 && jwks.keys()[0].thumbprint().size() == 43);
            }
            failure = bouncer::try_verify_token(jwks, expired, text).error();
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    // A failure can be read on this thread after the thread that caused it has ended.
    for (const std::optional<Failure> &failure : failures) {
        CHECK(failure->status() == Status::Expired && failure->claim() == "exp");
    }
}

int main() {
    a_verifier_outlives_its_keys_and_policy();
    an_authorization_header_is_verified_in_one_call();
    a_token_outlives_its_verifier();
    a_moved_from_verifier_fails();
    threads_can_share_every_handle();
}
