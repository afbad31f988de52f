// Key sets and keys: every input and output format, and skipped keys with their reasons.
#include "check.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <type_traits>
#include <vector>
#if __cplusplus >= 202002L
#include <ranges>
#include <span>
#endif

using bouncer::ByteView;
using bouncer::Error;
using bouncer::Jwk;
using bouncer::JwkSet;
using bouncer::JwkView;
using bouncer::Status;

static_assert(std::is_nothrow_move_constructible_v<JwkSet> && std::is_nothrow_move_assignable_v<JwkSet>);
static_assert(!std::is_copy_constructible_v<JwkSet> && !std::is_copy_assignable_v<JwkSet>);
static_assert(std::is_nothrow_move_constructible_v<Jwk> && !std::is_copy_constructible_v<Jwk>);
static_assert(std::is_trivially_copyable_v<JwkView> && sizeof(Jwk) == sizeof(void *));
#if __cplusplus >= 202002L
static_assert(std::ranges::input_range<JwkSet::Keys> && std::ranges::sized_range<JwkSet::Keys>);
static_assert(std::is_convertible_v<ByteView, std::span<const std::uint8_t>>);
#endif

static constexpr std::string_view mixed =
    R"({"keys":[{"kty":"oct","k":"AA","kid":"secret"},)"
    R"({"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, 7]})";

static void a_set_lists_its_usable_and_its_skipped_keys() {
    const JwkSet jwks = JwkSet::load(mixed);
    CHECK(jwks.keys().size() == 1 && !jwks.keys().empty());
    const JwkView key = jwks.keys()[0];
    CHECK(key && key.kid() == "ed" && key.key_type() == "OKP" && key.curve() == "Ed25519" &&
          key.bits() == 256);
    CHECK(!key.algorithm() && key.n().empty() && key.e().empty() && !key.dcos_kid() && !key.is_tolerated());
    CHECK(key.thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");  // RFC 8037 appendix A.3

    std::vector<bouncer::SkippedKey> skipped(jwks.skipped().begin(), jwks.skipped().end());
    CHECK(skipped.size() == 2);
    CHECK(skipped[0].index == 0 && skipped[0].kid == "secret" && skipped[0].reason == "symmetric");
    CHECK(skipped[1].index == 2 && !skipped[1].kid && skipped[1].reason == "not_a_jwk");
    CHECK(skipped[0].message.size() > 5);

    std::size_t seen = 0;
    for (const JwkView each : jwks.keys()) {
        seen += each.bits();
    }
    CHECK(seen == 256);
    const auto keys = jwks.keys();
    CHECK(std::any_of(keys.begin(), keys.end(), [](JwkView each) { return each.kid() == "ed"; }));
}

static void an_index_out_of_range_returns_an_empty_key() {
    const JwkSet jwks = JwkSet::load(mixed);
    const JwkView none = jwks.keys()[1];
    CHECK(!none && !none.kid() && none.key_type().empty() && none.bits() == 0 && none.der().empty());
    CHECK(none.pem().empty() && none.json().empty() && none.thumbprint().empty() && !none.curve());
    CHECK(jwks.skipped()[2].reason.empty());
    CHECK(!JwkView() && fails(JwkSet::try_from_keys(JwkView()), Status::NullArgument));
}

static void the_documentation_key_has_the_same_kid_in_every_format() {
    const JwkSet jwks = document_jwks();
    const JwkView key = jwks.keys()[0];
    CHECK(key.bits() == 2048 && key.algorithm() == "RS256" && key.key_type() == "RSA" && !key.curve());
    CHECK(key.n().size() == 256 && key.e().size() == 3 && !key.is_tolerated());
    CHECK(key.kid() && key.kid()->size() == 64 && key.kid() == key.dcos_kid());

    const std::vector<std::uint8_t> der(key.der().begin(), key.der().end());
    const std::array<std::uint8_t, 4> exponent = {0, 1, 0, 1};
    std::vector<Jwk> copies;
    copies.push_back(Jwk::from_pem(key.pem()));
    copies.push_back(Jwk::from_der(der));
    copies.push_back(Jwk::from_json(key.json()));
    copies.push_back(Jwk::from_rsa_components(key.n(), exponent));
    copies.push_back(Jwk::from_rsa_base64url(
        "sybUYxu3TXxXAgG_Eq72tKxE7xhGFgL14g5OGryDtE5dBL8frAoSsI4D7tSKR2pLbOlT68YJbYLUHxoju0E_NB9htjKEsay4t3WXoXQ-XsDM4Z"
        "z22H6HfDG6CCcvGb2DoQP0R2je1HJDA56_BoR8shZMxHbrX1WgQURtGygMD7bQY95qmHZYRPlq13-pR5Jnu70OMmFlbl-_o-ag1JfndTJPtx75"
        "IalCgy_h_itHLDPhdTfypAJeiewCOUZd9nNa1j19M-xeqlZonlRABqiH0e-vQVWCeW5FZ0HJamIjd2VifhRCp0fSAgCdCQdrY6HdI3h6egpn6z"
        "4gwkwXBfczww",
        "AQAB"));
    for (const Jwk &copy : copies) {
        CHECK(copy->dcos_kid() == key.kid() && copy->pem() == key.pem() &&
              copy->thumbprint() == key.thumbprint());
    }

    const std::vector<JwkView> views(copies.begin(), copies.end());
    const JwkSet all = JwkSet::from_keys(views);
    const JwkSet pair = JwkSet::from_keys(copies[0], key);
    copies.clear();  // The sets own copies of the keys.
    const JwkSet single = JwkSet::from_keys(Jwk::from_pem(pair.keys()[0].pem()));
    CHECK(single.keys().size() == 1);
    CHECK(all.keys().size() == 5 && pair.keys().size() == 2);
    const auto token = bouncer::verify_token(all, policy_at(document_exp - 1), document_token());
    CHECK(token.uid() == "peter" && !token.kid());
}

static void invalid_sets_and_keys_fail() {
    CHECK(fails(JwkSet::try_load("{}"), Status::MalformedJwkSet));
    CHECK(fails(JwkSet::try_load({}), Status::MalformedJwkSet));
    CHECK(fails(JwkSet::try_load("\xff"), Status::MalformedJwkSet));
    CHECK(fails(JwkSet::try_load(R"({"keys":[]})"), Status::NoUsableKey));
    CHECK(fails(JwkSet::try_from_keys(std::vector<JwkView>{}), Status::NoUsableKey));
    CHECK(fails(Jwk::try_from_pem("x"), Status::UnusableKey));
    CHECK(fails(Jwk::try_from_json("{}"), Status::UnusableKey));
    CHECK(fails(Jwk::try_from_der(ByteView()), Status::UnusableKey));
    CHECK(fails(Jwk::try_from_rsa_components({}, {}), Status::UnusableKey));
    CHECK(fails(Jwk::try_from_rsa_base64url("\xff", "AQAB"), Status::InvalidArgument));
    try {
        (void)JwkSet::load("{}");
        CHECK(false);
    } catch (const Error &error) {
        CHECK(error.status() == Status::MalformedJwkSet && error.is_keys_problem() &&
              !error.is_invalid_token());
    }
}

static void moving_a_set_moves_its_keys() {
    JwkSet first = document_jwks();
    const JwkView key = first.keys()[0];
    JwkSet second = std::move(first);
    CHECK(second.keys()[0].handle() == key.handle() && key.bits() == 2048);
    CHECK(first.handle() == nullptr && first.keys().empty() && first.skipped().empty());
    CHECK(fails(bouncer::try_verify_token(first, bouncer::Policy::dcos(), document_token()),
                Status::NullArgument));

    JwkSet &same = second;
    second = std::move(same);
    CHECK(second.keys().size() == 1);
    first = JwkSet::load(mixed);
    std::swap(first, second);
    CHECK(first.keys()[0].handle() == key.handle() && second.keys()[0].kid() == "ed");

    Jwk one = Jwk::from_pem(key.pem());
    Jwk other = std::move(one);
    CHECK(other->bits() == 2048 && one->bits() == 0 && !static_cast<JwkView>(one));
    Jwk &itself = other;
    other = std::move(itself);
    CHECK(other->bits() == 2048);
    one = std::move(other);
    CHECK(one->bits() == 2048 && other->bits() == 0);
}

int main() {
    a_set_lists_its_usable_and_its_skipped_keys();
    an_index_out_of_range_returns_an_empty_key();
    the_documentation_key_has_the_same_kid_in_every_format();
    invalid_sets_and_keys_fail();
    moving_a_set_moves_its_keys();
}
