// Policies: what each setting changes, what is refused, and setting several in a row.
#include "check.hpp"

#include <chrono>
#include <limits>
#include <type_traits>

using bouncer::Policy;
using bouncer::Result;
using bouncer::Status;
using bouncer::try_verify_token;
using namespace std::chrono_literals;

static_assert(std::is_nothrow_move_constructible_v<Policy> && !std::is_copy_constructible_v<Policy>);

/// What becomes of the document's token under `policy`.
static Status verdict(const Policy &policy, std::string_view *claim = nullptr) {
    static const bouncer::JwkSet jwks = document_jwks();
    static const std::string token = document_token();
    static Result<bouncer::VerifiedToken> last = try_verify_token(jwks, policy, token);
    last = try_verify_token(jwks, policy, token);
    if (last) {
        return Status::Ok;
    }
    if (claim != nullptr) {
        *claim = last.error().claim().value_or("");
    }
    return last.error().status();
}

static void every_setting_has_its_effect() {
    const auto valid = [] { return policy_at(document_exp - 1); };
    std::string_view claim;
    CHECK(verdict(valid()) == Status::Ok);
    CHECK(verdict(valid().algorithms("ES256 PS256"), &claim) == Status::AlgorithmNotAllowed && claim == "alg");
    CHECK(verdict(valid().algorithms("ES256 RS256")) == Status::Ok);
    CHECK(verdict(valid().accept_issuer("x"), &claim) == Status::MissingClaim && claim == "iss");
    CHECK(verdict(valid().accept_audience("x"), &claim) == Status::MissingClaim && claim == "aud");
    CHECK(verdict(valid().accept_any_audience()) == Status::Ok);
    CHECK(verdict(valid().optional_exp()) == Status::Ok);
    CHECK(verdict(valid().require_claim("groups"), &claim) == Status::MissingClaim && claim == "groups");
    CHECK(verdict(valid().require_string_claim("exp"), &claim) == Status::MalformedClaims && claim == "exp");
    CHECK(verdict(valid().token_type("at+jwt"), &claim) == Status::WrongTokenType && claim == "typ");
    CHECK(verdict(valid().max_token_len(100)) == Status::TokenTooLarge);
    CHECK(verdict(valid().at(document_exp)) == Status::Expired);
    CHECK(verdict(valid().at(document_exp + 4).leeway(5s)) == Status::Ok);
    CHECK(verdict(valid().at(document_exp + 59).leeway(1min)) == Status::Ok);
    CHECK(verdict(valid().at(document_exp + 5).leeway(5s)) == Status::Expired);
}

static void a_policy_starts_from_one_of_three() {
    CHECK(verdict(Policy::dcos()) == Status::Expired);
    CHECK(verdict(Policy::any_issuer().at(0)) == Status::Ok);
    CHECK(verdict(Policy::for_issuer("i", "a").at(0)) == Status::MissingClaim);
}

static void settings_can_be_made_one_by_one_and_in_a_row() {
    Policy row = Policy::for_issuer("i", "a").accept_issuer("j").accept_audience("b").algorithms("RS256").at(0);
    CHECK(verdict(row) == Status::MissingClaim);
    Policy single = Policy::dcos();
    Policy &same = single.leeway(5s).at(document_exp + 4).require_claim("uid").require_string_claim("uid");
    CHECK(&same == &single && verdict(single) == Status::Ok);
    single.accept_any_audience().optional_exp().max_token_len(100).token_type("JWT").accept_audience("x");
    single.accept_issuer("x").algorithms("RS256");
    CHECK(verdict(single) == Status::TokenTooLarge);
    CHECK(single.try_max_token_len(16384) && single.try_token_type("application/jwt"));
    CHECK(verdict(single) == Status::MissingClaim);
}

static void a_setting_that_is_refused_changes_nothing() {
    Policy policy = policy_at(document_exp - 1);
    CHECK(fails(policy.try_algorithms("none"), Status::InvalidArgument));
    CHECK(fails(policy.try_algorithms("HS256"), Status::InvalidArgument));
    CHECK(fails(policy.try_algorithms(""), Status::InvalidArgument));
    CHECK(fails(policy.try_algorithms({}), Status::InvalidArgument));
    CHECK(fails(policy.try_accept_issuer("\xff"), Status::InvalidArgument));
    CHECK(fails(policy.try_accept_audience("\xff"), Status::InvalidArgument));
    CHECK(fails(policy.try_require_claim("\xff"), Status::InvalidArgument));
    CHECK(fails(policy.try_require_string_claim("\xff"), Status::InvalidArgument));
    CHECK(fails(policy.try_token_type("\xff"), Status::InvalidArgument));
    CHECK(fails(policy.try_leeway(301s), Status::InvalidArgument));
    CHECK(fails(policy.try_leeway(-1s), Status::InvalidArgument));
    CHECK(fails(policy.try_leeway(std::chrono::seconds(std::int64_t{1} << 32)), Status::InvalidArgument));
    CHECK(fails(policy.try_leeway(std::chrono::seconds::max()), Status::InvalidArgument));
    CHECK(fails(policy.try_max_token_len(1048577), Status::InvalidArgument));
    CHECK(fails(policy.try_max_token_len(std::numeric_limits<std::size_t>::max()), Status::InvalidArgument));
    CHECK(fails(Policy::try_for_issuer("\xff", "a"), Status::InvalidArgument));
    CHECK(fails(Policy::try_for_issuer("i", "\xff"), Status::InvalidArgument));
    // An environment variable that is not set, for one.
    CHECK(fails(Policy::try_for_issuer("", "a"), Status::InvalidArgument));
    const auto without_audience = Policy::try_for_issuer("i", "");
    CHECK(fails(without_audience, Status::InvalidArgument));
    CHECK(std::string_view(without_audience.error().message()).find("the audience is empty") != std::string_view::npos);
    CHECK(fails(policy.try_accept_issuer(""), Status::InvalidArgument));
    CHECK(fails(policy.try_accept_audience({}), Status::InvalidArgument));
    CHECK(verdict(policy) == Status::Ok);
    CHECK(policy.try_leeway(0s) && policy.try_leeway(300s) && policy.try_max_token_len(1048576));
    try {
        (void)Policy::dcos().leeway(301s);
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::InvalidArgument);
    }
}

static void a_policy_that_was_moved_from_accepts_nothing() {
    Policy strict = Policy::for_issuer("i", "a").at(0);
    Policy moved = std::move(strict);
    // Not the default policy, which would believe the document's token at this time.
    CHECK(verdict(strict) == Status::NullArgument && verdict(moved) == Status::MissingClaim);
    CHECK(fails(strict.try_at(0), Status::NullArgument) && fails(strict.try_leeway(1s), Status::NullArgument));
    CHECK(fails(bouncer::Verifier::try_make(document_jwks(), strict), Status::NullArgument));
    Policy &itself = moved;
    moved = std::move(itself);
    CHECK(verdict(moved) == Status::MissingClaim);
    strict = Policy::any_issuer();
    CHECK(verdict(strict.at(0)) == Status::Ok);
}

int main() {
    every_setting_has_its_effect();
    a_policy_starts_from_one_of_three();
    settings_can_be_made_one_by_one_and_in_a_row();
    a_setting_that_is_refused_changes_nothing();
    a_policy_that_was_moved_from_accepts_nothing();
}
