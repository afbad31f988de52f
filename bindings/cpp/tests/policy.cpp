// Policies: the settings that change the result for a token, the values that are rejected, and the
// ways to set a value.
#include "check.hpp"

#include <chrono>
#include <limits>
#include <type_traits>
#include <vector>

using bouncer::Policy;
using bouncer::PolicySettings;
using bouncer::Result;
using bouncer::Status;
using bouncer::try_verify_token;
using namespace std::chrono_literals;

static_assert(std::is_nothrow_move_constructible_v<Policy> && !std::is_copy_constructible_v<Policy>);
static_assert(sizeof(PolicySettings) == sizeof(void *), "a new setting must not change the layout");
static_assert(std::is_nothrow_move_assignable_v<PolicySettings> &&
              !std::is_copy_constructible_v<PolicySettings>);

/// Verifies the example token of the DC/OS documentation with `policy`, and returns the status.
/// Sets `claim` to the claim that the error names.
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

static Status verdict(const PolicySettings &settings, std::string_view *claim = nullptr) {
    return verdict(Policy(settings), claim);
}

static PolicySettings valid() {
    return dcos_at(document_exp - 1);
}

static void settings_change_the_result_for_a_token() {
    std::string_view claim;
    CHECK(verdict(valid()) == Status::Ok);
    CHECK(verdict(valid().algorithms({"ES256", "PS256"}), &claim) == Status::AlgorithmNotAllowed &&
          claim == "alg");
    CHECK(verdict(valid().algorithms({"ES256", "RS256"})) == Status::Ok);
    CHECK(verdict(valid().issuers({"x"}), &claim) == Status::MissingClaim && claim == "iss");
    CHECK(verdict(valid().audiences({"x"}), &claim) == Status::MissingClaim && claim == "aud");
    CHECK(verdict(valid().any_audience()) == Status::Ok);
    CHECK(verdict(valid().optional_exp()) == Status::Ok);
    CHECK(verdict(valid().required_claims({"groups"}), &claim) == Status::MissingClaim && claim == "groups");
    CHECK(verdict(valid().required_string_claims({"exp"}), &claim) == Status::MalformedClaims &&
          claim == "exp");
    CHECK(verdict(valid().token_type("at+jwt"), &claim) == Status::WrongTokenType && claim == "typ");
    CHECK(verdict(valid().max_token_len(100)) == Status::TokenTooLarge);
    CHECK(verdict(valid().time(document_exp)) == Status::Expired);
    CHECK(verdict(valid().time(document_exp + 4).leeway(5s)) == Status::Ok);
    CHECK(verdict(valid().time(document_exp + 59).leeway(1min)) == Status::Ok);
    CHECK(verdict(valid().time(document_exp + 5).leeway(5s)) == Status::Expired);
}

static void each_constructor_makes_the_documented_policy() {
    CHECK(verdict(Policy::dcos()) == Status::Expired && verdict(Policy::any_issuer()) == Status::Expired);
    CHECK(verdict(PolicySettings().any_issuer().time(0)) == Status::Ok);
    CHECK(verdict(Policy::for_issuer("i", "a")) == Status::Expired);
    CHECK(verdict(PolicySettings().issuers({"i"}).audiences({"a"}).time(0)) == Status::MissingClaim);
}

static void settings_can_be_chained_replaced_and_loaded_from_a_document() {
    PolicySettings single = dcos_at(0);
    PolicySettings &same = single.leeway(5s).time(document_exp + 4).required_claims({"uid"});
    CHECK(&same == &single && verdict(single.required_string_claims({"uid"})) == Status::Ok);
    single.any_audience().optional_exp().max_token_len(100).token_type("JWT").audiences({"x"}).issuers({"x"});
    CHECK(verdict(single) == Status::TokenTooLarge);
    CHECK(verdict(single.max_token_len(16384).token_type("application/jwt")) == Status::MissingClaim);

    // A later value replaces an earlier one, also for lists and flags.
    CHECK(verdict(valid().algorithms({"ES256"}).algorithms({"RS256"})) == Status::Ok);
    CHECK(verdict(valid().required_claims({"groups"}).required_claims({"uid", "exp"})) == Status::Ok);
    const std::vector<std::string> names = {"uid", "exp", "groups"};
    CHECK(verdict(valid().required_claims(names)) == Status::MissingClaim);
    CHECK(!Policy::try_make(PolicySettings().any_issuer().any_issuer(false)));

    PolicySettings loaded;
    loaded.load(R"({"profile": "dcos", "leeway": "5s"})").time(document_exp + 4);
    CHECK(verdict(loaded) == Status::Ok);
    const PolicySettings shown = PolicySettings().load(R"({"issuers": ["i", "j"]})").audiences({"a"});
    CHECK(shown.document() == R"({"audiences":["a"],"issuers":["i","j"]})");
}

/// Returns true if the settings are rejected and the error names the setting `name`.
static bool is_rejected(const PolicySettings &settings, std::string_view name) {
    const Result<Policy> policy = Policy::try_make(settings);
    return fails(policy, Status::InvalidArgument) && policy.error().claim().value_or("") == name;
}

static void the_first_rejected_setting_is_reported() {
    CHECK(is_rejected(valid().algorithms({"none"}), "algorithms") &&
          is_rejected(valid().algorithms({"HS256"}), "algorithms"));
    CHECK(is_rejected(valid().algorithms({""}), "algorithms") &&
          is_rejected(valid().algorithms({}), "algorithms"));
    CHECK(is_rejected(valid().algorithms({"RS256 ES256"}), "algorithms"));
    for (const char *text : {"\xff", ""}) {
        CHECK(fails(Policy::try_make(valid().issuers({"i", text})), Status::InvalidArgument));
        CHECK(fails(Policy::try_make(valid().audiences({text})), Status::InvalidArgument));
        CHECK(fails(Policy::try_make(valid().required_claims({text})), Status::InvalidArgument));
        CHECK(fails(Policy::try_make(valid().required_string_claims({text})), Status::InvalidArgument));
        CHECK(fails(Policy::try_make(valid().token_type(text)), Status::InvalidArgument));
    }
    CHECK(is_rejected(valid().profile("other"), "profile"));
    CHECK(is_rejected(valid().leeway(301s), "leeway") && is_rejected(valid().leeway(-1s), "leeway"));
    CHECK(is_rejected(valid().leeway(std::chrono::seconds(std::int64_t{1} << 32)), "leeway"));
    CHECK(is_rejected(valid().leeway(std::chrono::milliseconds::max()), "leeway"));
    CHECK(is_rejected(valid().leeway(std::chrono::milliseconds::min()), "leeway"));
    CHECK(is_rejected(valid().max_token_len(1048577), "max_token_len"));
    CHECK(is_rejected(valid().max_token_len(std::numeric_limits<std::size_t>::max()), "max_token_len"));
    CHECK(is_rejected(valid().issuers({}), "issuers") &&
          is_rejected(valid().audiences(std::vector<std::string>()), "audiences"));
    // Empty values, for example from an unset environment variable.
    CHECK(is_rejected(valid().issuers({""}), "issuers") &&
          is_rejected(valid().audiences({std::string_view()}), "audiences"));
    CHECK(is_rejected(PolicySettings().load("{"), "") &&
          is_rejected(valid().load(R"({"leewya": "5s"})"), ""));
    // Settings that do not name an issuer.
    CHECK(!Policy::try_make(PolicySettings()) && !Policy::try_make(PolicySettings().audiences({"a"})));

    PolicySettings settings = valid();
    settings.leeway(301s).algorithms({"none"}).leeway(0s);
    CHECK(is_rejected(settings, "leeway") && is_rejected(settings, "leeway"));
    settings = valid();
    CHECK(verdict(settings.leeway(0s).leeway(300s).max_token_len(1048576)) == Status::Ok);

    CHECK(fails(Policy::try_for_issuer("\xff", "a"), Status::InvalidArgument));
    CHECK(fails(Policy::try_for_issuer("i", "\xff"), Status::InvalidArgument));
    CHECK(fails(Policy::try_for_issuer("", "a"), Status::InvalidArgument));
    CHECK(fails(Policy::try_access_token("i", ""), Status::InvalidArgument));
    CHECK(verdict(Policy::access_token("i", "a")) == Status::WrongTokenType);
    const auto without_audience = Policy::try_for_issuer("i", "");
    CHECK(fails(without_audience, Status::InvalidArgument) &&
          without_audience.error().claim() == "audiences");
    CHECK(std::string_view(without_audience.error().message()).find("empty") != std::string_view::npos);
    try {
        const Policy policy(valid().leeway(301s));
        CHECK(false);
    } catch (const bouncer::Error &error) {
        CHECK(error.status() == Status::InvalidArgument && error.claim() == "leeway");
    }
}

static void a_moved_from_policy_accepts_no_token() {
    PolicySettings strict = PolicySettings().issuers({"i"}).audiences({"a"}).time(0);
    PolicySettings taken = std::move(strict);
    CHECK(fails(Policy::try_make(strict), Status::NullArgument) && strict.document().empty());
    CHECK(fails(Policy::try_make(strict.any_issuer().algorithms({"RS256"})), Status::NullArgument));
    strict = dcos_at(0);
    CHECK(verdict(strict) == Status::Ok);

    Policy policy(taken);
    Policy moved = std::move(policy);
    // A moved-from policy must not act as a default policy, which would accept this token.
    CHECK(verdict(policy) == Status::NullArgument && verdict(moved) == Status::MissingClaim);
    CHECK(fails(bouncer::Verifier::try_make(document_jwks(), policy), Status::NullArgument));
    Policy &itself = moved;
    moved = std::move(itself);
    CHECK(verdict(moved) == Status::MissingClaim);
    policy = policy_at(0);
    CHECK(verdict(policy) == Status::Ok);
}

int main() {
    settings_change_the_result_for_a_token();
    each_constructor_makes_the_documented_policy();
    settings_can_be_chained_replaced_and_loaded_from_a_document();
    the_first_rejected_setting_is_reported();
    a_moved_from_policy_accepts_no_token();
}
