// Code generated from src/settings by tests/generated. DO NOT EDIT.

// Every setter sets its own setting to the given value.
#include "check.hpp"

using namespace bouncer;

template <class Settings>
static bool is(const Settings &settings, std::string_view document) {
    return settings.document() == document;
}

int main() {
    CHECK(is(PolicySettings().profile("jwt"), R"json({"profile":"jwt"})json"));
    CHECK(is(PolicySettings().issuers({"text"}), R"json({"issuers":["text"]})json"));
    CHECK(is(PolicySettings().any_issuer(), R"json({"any_issuer":true})json"));
    CHECK(is(PolicySettings().audiences({"text"}), R"json({"audiences":["text"]})json"));
    CHECK(is(PolicySettings().any_audience(), R"json({"any_audience":true})json"));
    CHECK(is(PolicySettings().subject("text"), R"json({"subject":"text"})json"));
    CHECK(is(PolicySettings().algorithms({"RS256"}), R"json({"algorithms":["RS256"]})json"));
    CHECK(is(PolicySettings().token_type("text"), R"json({"token_type":"text"})json"));
    CHECK(is(PolicySettings().identity_claim("text"), R"json({"identity_claim":"text"})json"));
    CHECK(is(PolicySettings().required_claims({"text"}), R"json({"required_claims":["text"]})json"));
    CHECK(is(PolicySettings().required_string_claims({"text"}), R"json({"required_string_claims":["text"]})json"));
    CHECK(is(PolicySettings().claim_is("name", "text"), R"json({"claim_is":{"name":"text"}})json"));
    CHECK(is(PolicySettings().claim_has("name", "text"), R"json({"claim_has":{"name":"text"}})json"));
    CHECK(is(PolicySettings().claim_has_any("name", "text"), R"json({"claim_has_any":{"name":"text"}})json"));
    CHECK(is(PolicySettings().claim_starts_with("name", "text"), R"json({"claim_starts_with":{"name":"text"}})json"));
    CHECK(is(PolicySettings().scope_claims({"text"}), R"json({"scope_claims":["text"]})json"));
    CHECK(is(PolicySettings().required_scopes({"text"}), R"json({"required_scopes":["text"]})json"));
    CHECK(is(PolicySettings().unchecked_claims({"sub"}), R"json({"unchecked_claims":["sub"]})json"));
    CHECK(is(PolicySettings().optional_exp(), R"json({"optional_exp":true})json"));
    CHECK(is(PolicySettings().leeway(std::chrono::milliseconds(300000)), R"json({"leeway":"5m"})json"));
    CHECK(is(PolicySettings().padded_tokens(), R"json({"padded_tokens":true})json"));
    CHECK(is(PolicySettings().max_token_age(std::chrono::milliseconds(31622400000)), R"json({"max_token_age":"366d"})json"));
    CHECK(is(PolicySettings().max_token_len(1048576), R"json({"max_token_len":1048576})json"));
    CHECK(is(PolicySettings().time(-1), R"json({"time":-1})json"));
    CHECK(is(KeysSettings().url("text"), R"json({"url":"text"})json"));
    CHECK(is(KeysSettings().discover("text"), R"json({"discover":"text"})json"));
    CHECK(is(KeysSettings().ttl(std::chrono::milliseconds(31622400000)), R"json({"ttl":"366d"})json"));
    CHECK(is(KeysSettings().max_ttl(std::chrono::milliseconds(31622400000)), R"json({"max_ttl":"366d"})json"));
    CHECK(is(KeysSettings().max_stale(std::chrono::milliseconds(31622400000)), R"json({"max_stale":"366d"})json"));
    CHECK(is(KeysSettings().timeout(std::chrono::milliseconds(300000)), R"json({"timeout":"5m"})json"));
    CHECK(is(KeysSettings().connect_timeout(std::chrono::milliseconds(300000)), R"json({"connect_timeout":"5m"})json"));
    CHECK(is(KeysSettings().max_wait(std::chrono::milliseconds(300000)), R"json({"max_wait":"5m"})json"));
    CHECK(is(KeysSettings().refetch_interval(std::chrono::milliseconds(3600000)), R"json({"refetch_interval":"1h"})json"));
    CHECK(is(KeysSettings().refetch_interval_without_kid(std::chrono::milliseconds(86400000)), R"json({"refetch_interval_without_kid":"1d"})json"));
    CHECK(is(KeysSettings().max_document_len(67108864), R"json({"max_document_len":67108864})json"));
    CHECK(is(KeysSettings().max_keys(1000), R"json({"max_keys":1000})json"));
    CHECK(is(KeysSettings().max_table_memory(1073741824), R"json({"max_table_memory":1073741824})json"));
    CHECK(is(KeysSettings().key_uses({"text"}), R"json({"key_uses":["text"]})json"));
    CHECK(is(KeysSettings().lazy(), R"json({"lazy":true})json"));
    CHECK(is(KeysSettings().ca_file("text"), R"json({"ca_file":"text"})json"));
    CHECK(is(KeysSettings().client_certificate_file("text"), R"json({"client_certificate_file":"text"})json"));
    CHECK(is(KeysSettings().client_key_file("text"), R"json({"client_key_file":"text"})json"));
    CHECK(is(KeysSettings().proxy("text"), R"json({"proxy":"text"})json"));
    CHECK(is(KeysSettings().same_origin_redirects(), R"json({"same_origin_redirects":true})json"));
    CHECK(is(KeysSettings().allow_http(), R"json({"allow_http":true})json"));
    CHECK(is(KeysSettings().last_good_file("text"), R"json({"last_good_file":"text"})json"));
    CHECK(is(KeysSettings().seed("text"), R"json({"seed":"text"})json"));
    CHECK(is(KeysSettings().backend("accelerated"), R"json({"backend":"accelerated"})json"));
    CHECK(is(RenewerSettings().service_account("text"), R"json({"service_account":"(set, not shown)"})json"));
    CHECK(is(RenewerSettings().service_account_file("text"), R"json({"service_account_file":"text"})json"));
    CHECK(is(RenewerSettings().service_account_env(), R"json({"service_account_env":true})json"));
    CHECK(is(RenewerSettings().token_url("text"), R"json({"token_url":"text"})json"));
    CHECK(is(RenewerSettings().client_id("text"), R"json({"client_id":"text"})json"));
    CHECK(is(RenewerSettings().auth_method("client_secret_basic"), R"json({"auth_method":"client_secret_basic"})json"));
    CHECK(is(RenewerSettings().client_secret("text"), R"json({"client_secret":"(set, not shown)"})json"));
    CHECK(is(RenewerSettings().client_secret_file("text"), R"json({"client_secret_file":"text"})json"));
    CHECK(is(RenewerSettings().private_key("text"), R"json({"private_key":"(set, not shown)"})json"));
    CHECK(is(RenewerSettings().private_key_file("text"), R"json({"private_key_file":"text"})json"));
    CHECK(is(RenewerSettings().private_key_id("text"), R"json({"private_key_id":"text"})json"));
    CHECK(is(RenewerSettings().supplied("text"), R"json({"supplied":"text"})json"));
    CHECK(is(RenewerSettings().login_endpoint("text"), R"json({"login_endpoint":"text"})json"));
    CHECK(is(RenewerSettings().parameters("name", "text"), R"json({"parameters":{"name":"text"}})json"));
    CHECK(is(RenewerSettings().header("dcos"), R"json({"header":"dcos"})json"));
    CHECK(is(RenewerSettings().timeout(std::chrono::milliseconds(300000)), R"json({"timeout":"5m"})json"));
    CHECK(is(RenewerSettings().connect_timeout(std::chrono::milliseconds(300000)), R"json({"connect_timeout":"5m"})json"));
    CHECK(is(RenewerSettings().max_wait(std::chrono::milliseconds(300000)), R"json({"max_wait":"5m"})json"));
    CHECK(is(RenewerSettings().lazy(), R"json({"lazy":true})json"));
    CHECK(is(RenewerSettings().ca_file("text"), R"json({"ca_file":"text"})json"));
    CHECK(is(RenewerSettings().client_certificate_file("text"), R"json({"client_certificate_file":"text"})json"));
    CHECK(is(RenewerSettings().client_key_file("text"), R"json({"client_key_file":"text"})json"));
    CHECK(is(RenewerSettings().proxy("text"), R"json({"proxy":"text"})json"));
    CHECK(is(RenewerSettings().allow_http(), R"json({"allow_http":true})json"));
}
