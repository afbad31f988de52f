/* Calls with NULL, zero lengths, huge lengths, invalid UTF-8 and invalid settings. Each call
 * returns a status, never crashes, and writes its outputs as documented. */
#include "check.h"

static void every_null_handle_returns_a_status_or_an_empty_value(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = policy_at(0);
    bouncer_token *token = NULL;
    bouncer_jwk *key = NULL;
    bouncer_verifier *verifier = NULL;
    bouncer_jwks *set = NULL;
    const bouncer_jwk *keys[] = {NULL};
    const bouncer_status null_argument = BOUNCER_STATUS_NULL_ARGUMENT;

    CHECK_FAILS(bouncer_verify_token(NULL, policy, "a", 1, &token, &err), null_argument);
    CHECK_FAILS(bouncer_verify_token(jwks, policy, NULL, 1, &token, &err), null_argument);
    CHECK_FAILS(bouncer_verify_token(jwks, policy, "a", 1, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_verify_token(jwks, NULL, "a", 1, &token, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_new_jwks(NULL, policy, &verifier, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_new_jwks(jwks, NULL, &verifier, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_new_jwks(jwks, policy, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify(NULL, "a", 1, &token, &err), null_argument);
    CHECK_FAILS(bouncer_jwks_load(NULL, 1, &set, &err), null_argument);
    CHECK_FAILS(bouncer_jwks_load("{}", 2, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_jwks_from_keys(NULL, 1, &set, &err), null_argument);
    CHECK_FAILS(bouncer_jwks_from_keys(keys, 1, &set, &err), null_argument);
    CHECK_FAILS(bouncer_jwk_from_json(NULL, 1, &key, &err), null_argument);
    CHECK_FAILS(bouncer_jwk_from_pem(NULL, 1, &key, &err), null_argument);
    CHECK_FAILS(bouncer_jwk_from_der(NULL, 1, &key, &err), null_argument);
    CHECK_FAILS(bouncer_jwk_from_rsa_base64url("AQAB", 4, NULL, 1, &key, &err), null_argument);
    CHECK_FAILS(bouncer_jwk_from_rsa_components(NULL, 1, NULL, 1, &key, &err), null_argument);
    CHECK_FAILS(bouncer_authorization_token(NULL, 1, NULL, &err), null_argument);
    /* Without `err` the call returns only the status. */
    CHECK(bouncer_verify_token(NULL, NULL, NULL, 0, NULL, NULL) == null_argument);
    CHECK(token == NULL && key == NULL && verifier == NULL && set == NULL);

    int64_t time = 7;
    CHECK(bouncer_token_uid(NULL).data == NULL && bouncer_token_issuer(NULL).data == NULL);
    CHECK(bouncer_token_subject(NULL).data == NULL && bouncer_token_token_id(NULL).data == NULL);
    CHECK(bouncer_token_payload(NULL).data == NULL && bouncer_token_header(NULL).data == NULL);
    CHECK(bouncer_token_kid(NULL).data == NULL && bouncer_token_algorithm(NULL).data == NULL);
    CHECK(bouncer_token_claim(NULL, "a", 1).data == NULL && bouncer_token_audience(NULL, 0).data == NULL);
    CHECK(bouncer_token_audience_count(NULL) == 0);
    CHECK(bouncer_token_identity(NULL).data == NULL && bouncer_token_has_scope(NULL, "a", 1) == 0);
    CHECK(bouncer_token_scope_count(NULL) == 0 && bouncer_token_scope(NULL, 0).data == NULL);
    CHECK(bouncer_token_scope_claim(NULL, 0).data == NULL);
    CHECK(!bouncer_token_expires_at(NULL, &time) && !bouncer_token_not_before(NULL, &time));
    CHECK(!bouncer_token_issued_at(NULL, &time) && time == 7);
    CHECK(bouncer_jwks_key_count(NULL) == 0 && bouncer_jwks_key(NULL, 0) == NULL);
    CHECK(bouncer_jwks_skipped_count(NULL) == 0 && bouncer_jwks_skipped_index(NULL, 0) == SIZE_MAX);
    CHECK(bouncer_jwks_skipped_kid(NULL, 0).data == NULL && bouncer_jwks_skipped_reason(NULL, 0).data == NULL);
    CHECK(bouncer_jwks_skipped_message(NULL, 0).data == NULL);
    CHECK(bouncer_jwk_kid(NULL).data == NULL && bouncer_jwk_algorithm(NULL).data == NULL);
    CHECK(bouncer_jwk_key_type(NULL).data == NULL && bouncer_jwk_curve(NULL).data == NULL);
    CHECK(bouncer_jwk_bits(NULL) == 0 && bouncer_jwk_is_tolerated(NULL) == 0);
    CHECK(bouncer_jwk_n(NULL).data == NULL && bouncer_jwk_e(NULL).data == NULL && bouncer_jwk_der(NULL).data == NULL);
    CHECK(bouncer_jwk_pem(NULL).data == NULL && bouncer_jwk_json(NULL).data == NULL);
    CHECK(bouncer_jwk_thumbprint(NULL).data == NULL && bouncer_jwk_dcos_kid(NULL).data == NULL);
    CHECK(bouncer_error_status(NULL) == BOUNCER_STATUS_OK && bouncer_error_message(NULL) == NULL);
    CHECK(bouncer_error_claim(NULL).data == NULL);

    bouncer_jwks_free(NULL);
    bouncer_jwk_free(NULL);
    bouncer_policy_free(NULL);
    bouncer_token_free(NULL);
    bouncer_verifier_free(NULL);
    bouncer_error_free(NULL);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
}

/* Checks that `value` is rejected for the setting `name`, and that the message contains `detail`.
 */
static void is_rejected(const char *name, const char *value, size_t len, const char *detail)
{
    bouncer_settings *settings = settings_of(BOUNCER_KIND_POLICY, "{\"any_issuer\": true}");
    CHECK(bouncer_settings_set(settings, name, value, len) == BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(bouncer_error_message(bouncer_settings_error(settings)), detail) != NULL);
    bouncer_policy *policy = NULL;
    CHECK_FAILS(bouncer_policy_new(settings, &policy, &err), BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(policy == NULL);
    bouncer_settings_free(settings);
}

static void invalid_lengths_and_texts_return_a_status(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = policy_at(0);
    bouncer_token *token = NULL;
    bouncer_jwks *set = NULL;
    bouncer_jwk *key = NULL;
    const bouncer_status invalid = BOUNCER_STATUS_INVALID_ARGUMENT;

    CHECK_FAILS(bouncer_verify_token(jwks, policy, NULL, 0, &token, &err), BOUNCER_STATUS_MALFORMED_TOKEN);
    CHECK_FAILS(bouncer_verify_token(jwks, policy, "a", SIZE_MAX, &token, &err), invalid);
    CHECK_FAILS(bouncer_verify_token(jwks, policy, "a", (size_t)PTRDIFF_MAX + 1, &token, &err), invalid);
    CHECK_FAILS(bouncer_jwks_load("{}", SIZE_MAX, &set, &err), invalid);
    CHECK_FAILS(bouncer_jwk_from_der((const uint8_t *)"x", SIZE_MAX, &key, &err), invalid);
    const bouncer_jwk *keys[] = {NULL};
    CHECK_FAILS(bouncer_jwks_from_keys(keys, SIZE_MAX / 4, &set, &err), invalid);
    CHECK_FAILS(bouncer_verify_token(jwks, policy, "\xff\xfe.a.b", 6, &token, &err), BOUNCER_STATUS_MALFORMED_TOKEN);

    /* An empty value, for example of an unset variable, must be an error. Otherwise the policy
     * would reject every token later. */
    static const char *const texts[] = {
        BOUNCER_POLICY_ISSUERS,    BOUNCER_POLICY_AUDIENCES,       BOUNCER_POLICY_REQUIRED_CLAIMS,
        BOUNCER_POLICY_TOKEN_TYPE, BOUNCER_POLICY_REQUIRED_STRING_CLAIMS,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        is_rejected(texts[i], BOUNCER_TEXT(""), "it is empty");
        is_rejected(texts[i], NULL, 0, "it is empty");
        is_rejected(texts[i], NULL, 1, "the value is NULL");
        is_rejected(texts[i], BOUNCER_TEXT("\xff"), "not UTF-8");
        is_rejected(texts[i], "a", SIZE_MAX, "a length is larger than PTRDIFF_MAX");
    }
    is_rejected(BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("301s"), "0s to 5m");
    is_rejected(BOUNCER_POLICY_MAX_TOKEN_LEN, BOUNCER_TEXT("1048577"), "0 to 1MiB");
    is_rejected(BOUNCER_POLICY_ALGORITHMS, BOUNCER_TEXT("none"), "RS256");
    is_rejected(BOUNCER_POLICY_ALGORITHMS, BOUNCER_TEXT("RS256 ES256"), "RS256");
    is_rejected(BOUNCER_POLICY_ALGORITHMS, BOUNCER_TEXT("HS256"), "RS256");
    is_rejected(BOUNCER_POLICY_ALGORITHMS, NULL, 0, "");
    bouncer_policy_free(policy_of(settings_of(BOUNCER_KIND_POLICY, "{\"profile\": \"dcos\", \"leeway\": \"300s\"}")));
    CHECK(token == NULL && set == NULL && key == NULL);

    CHECK(strcmp(bouncer_status_name(BOUNCER_STATUS_OK), "ok") == 0);
    CHECK(strcmp(bouncer_status_name(UINT32_MAX), "unknown") == 0);
    CHECK(bouncer_abi_version() == BOUNCER_ABI_VERSION);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", BOUNCER_VERSION_MAJOR, BOUNCER_VERSION_MINOR, BOUNCER_VERSION_PATCH);
    CHECK(strcmp(bouncer_version(), version) == 0);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
}

static void the_name_of_a_claim_may_contain_nul(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_settings *settings = settings_of(BOUNCER_KIND_POLICY, "{\"profile\": \"dcos\"}");
    bouncer_settings_set(settings, BOUNCER_POLICY_TIME, BOUNCER_TEXT("1467985465"));
    bouncer_settings_add(settings, BOUNCER_POLICY_REQUIRED_CLAIMS, "a\0b", 3);
    bouncer_policy *policy = policy_of(settings);
    size_t len;
    char *text = document_token(&len);
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    CHECK(bouncer_verify_token(jwks, policy, text, len, &token, &err) == BOUNCER_STATUS_MISSING_CLAIM);
    CHECK(bouncer_error_claim(err).len == 3 && strlen(bouncer_error_message(err)) > 10);
    bouncer_error_free(err);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    free(text);
}

int main(void)
{
    every_null_handle_returns_a_status_or_an_empty_value();
    invalid_lengths_and_texts_return_a_status();
    the_name_of_a_claim_may_contain_nul();
    return 0;
}
