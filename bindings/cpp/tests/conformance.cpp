// Runs every case of tests/conformance. Every language must return the same verdicts. The
// command-line argument is the path of that folder.
#include "corpus.hpp"

#include <vector>

using bouncer::JwkSet;
using bouncer::Policy;
using bouncer::Result;
using bouncer::VerifiedToken;

static std::string from_hex(const std::string &hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

static json verdict(const VerifiedToken &token) {
    json found = {{"status", "ok"}, {"claims", json::parse(token.payload())}, {"alg", token.algorithm()}};
    if (token.uid()) {
        found["uid"] = *token.uid();
    }
    if (token.identity()) {
        found["identity"] = *token.identity();
    }
    for (const std::string_view scope : token.scopes()) {
        CHECK(token.has_scope(scope) && !token.has_scope(std::string(scope) + " "));
        found["scopes"].push_back(scope);
    }
    if (token.kid()) {
        found["kid"] = *token.kid();
    }
    return found;
}

/// Returns the JSON text of a claim, or null if it is absent. The functions that return a C++ type
/// must find the same claim.
static json claim_at(const VerifiedToken &token, const std::string &path) {
    const auto claim = token.claim(path);
    const bool is_absent = !claim || *claim == "null";
    const auto text = token.try_claim_string(path);
    const auto texts = token.try_claim_strings(path);
    const auto number = token.try_claim_integer(path);
    CHECK(is_absent == (!text && text.error().status() == bouncer::Status::MissingClaim));
    CHECK(is_absent == (!texts && texts.error().status() == bouncer::Status::MissingClaim));
    CHECK(is_absent == (!number && number.error().status() == bouncer::Status::MissingClaim));
    CHECK(is_absent || static_cast<bool>(text) == (claim->front() == '"'));
    return claim ? json(*claim) : json();
}

/// Verifies a case. Returns the actual result, with the members that the expected one has.
static json verify_case(const json &file, const json &the_case) {
    const json &expected = the_case.at("expect");
    const std::string document = file.at("jwks").at(the_case.at("jwks").get<std::string>());
    const Result<JwkSet> jwks = JwkSet::try_load(document);
    if (!jwks) {
        json found = verdict(jwks.error());
        // Without a key set there are no keys and no list of skipped keys to compare.
        if (expected.contains("skipped")) {
            found["skipped"] = expected["skipped"];
        }
        if (expected.contains("keys")) {
            found["keys"] = 0;
        }
        return found;
    }

    const std::string settings = the_case.value("policy", json{{"profile", "dcos"}}).dump();
    const Policy policy(bouncer::PolicySettings().load(settings).time(the_case.at("time")));
    const bool is_text = the_case.contains("token");
    const std::string text =
        is_text ? the_case["token"].get<std::string>() : from_hex(the_case.at("token_hex"));
    const Result<VerifiedToken> token = bouncer::try_verify_token(*jwks, policy, text);
    json found = token ? verdict(*token) : verdict(token.error());

    // A verifier of the same keys and policy must return the same verdict.
    const Result<VerifiedToken> again = bouncer::Verifier(*jwks, policy).try_verify(text);
    CHECK((again ? verdict(*again) : verdict(again.error())) == found);

    // A verifier with a cache must return the same verdict, on a miss and on a hit. A batch must
    // return it too.
    const bouncer::Verifier cached = bouncer::Verifier(*jwks, policy).with_cache(8);
    for (int i = 0; i < 2; ++i) {
        const Result<VerifiedToken> same = cached.try_verify(text);
        CHECK((same ? verdict(*same) : verdict(same.error())) == found);
    }
    const bouncer::Batch batch = bouncer::verify_tokens(*jwks, policy, std::vector<std::string>(8, text));
    for (const bouncer::VerdictView one : batch) {
        CHECK(found["status"] == one.name() && (!one.claim() || found["claim"] == *one.claim()));
        CHECK(!one || found["claims"] == json::parse(one.token().payload()));
    }

    if (token && expected.contains("paths")) {
        for (const auto &path : expected["paths"].items()) {
            found["paths"][path.key()] = claim_at(*token, path.key());
        }
    }
    if (expected.contains("keys")) {
        found["keys"] = jwks->keys().size();
    }
    if (expected.contains("skipped")) {
        found["skipped"] = json::array();
        for (const bouncer::SkippedKey &key : jwks->skipped()) {
            found["skipped"].push_back({key.index, key.reason});
        }
    }
    return found;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    return run_cases(argv[1], 1400, verify_case);
}
