/* Settings: names, values, JSON documents, the list of all settings, and the objects built from
 * settings. No server is needed. */
#include "check.h"

#define OK BOUNCER_STATUS_OK
#define INVALID BOUNCER_STATUS_INVALID_ARGUMENT

static bouncer_settings *policy_settings(void)
{
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
    CHECK(settings != NULL);
    return settings;
}

/* Checks the first error of `settings`: the setting that it names, and that its message contains
 * `part`. Also checks that no policy can be built. Frees `settings`. */
static void check_failed(bouncer_settings *settings, const char *name, const char *part)
{
    const bouncer_error *error = bouncer_settings_error(settings);
    CHECK(error != NULL && bouncer_error_status(error) == INVALID);
    if (strstr(bouncer_error_message(error), part) == NULL) {
        fprintf(stderr, "%s\n", bouncer_error_message(error));
    }
    CHECK(strstr(bouncer_error_message(error), part) != NULL);
    CHECK(name == NULL ? bouncer_error_claim(error).data == NULL : text_is(bouncer_error_claim(error), name));
    bouncer_policy *policy = NULL;
    bouncer_error *policy_error = NULL;
    CHECK(bouncer_policy_new(settings, &policy, &policy_error) == INVALID && policy == NULL);
    CHECK(strcmp(bouncer_error_message(policy_error), bouncer_error_message(error)) == 0);
    bouncer_error_free(policy_error);
    bouncer_settings_free(settings);
}

static void a_policy_built_from_settings_verifies_tokens(void)
{
    size_t json_len, token_len;
    char *json = read_file(TEST_DATA "/document_jwks.json", &json_len);
    char *token = read_file(TEST_DATA "/document_token.txt", &token_len);
    bouncer_jwks *jwks = NULL;
    CHECK(bouncer_jwks_load(json, json_len, &jwks, NULL) == OK);

    bouncer_settings *settings = policy_settings();
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_PROFILE, BOUNCER_TEXT("dcos")) == OK);
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_TIME, BOUNCER_TEXT("1467985465")) == OK);
    bouncer_policy *policy = NULL, *late = NULL;
    CHECK(bouncer_policy_new(settings, &policy, NULL) == OK);
    /* Changing the settings does not change the policy that was built from them. */
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_TIME, BOUNCER_TEXT("1467985466")) == OK);
    CHECK(bouncer_policy_new(settings, &late, NULL) == OK);
    bouncer_settings_free(settings);

    bouncer_token *verified = NULL;
    CHECK(bouncer_verify_token(jwks, policy, token, token_len, &verified, NULL) == OK);
    CHECK(text_is(bouncer_token_uid(verified), "peter"));
    bouncer_token_free(verified);
    CHECK(bouncer_verify_token(jwks, late, token, token_len, &verified, NULL) == BOUNCER_STATUS_EXPIRED);
    bouncer_policy_free(policy);
    bouncer_policy_free(late);
    bouncer_jwks_free(jwks);
    free(json);
    free(token);
}

static void values_and_documents_are_combined(void)
{
    bouncer_settings *settings = policy_settings();
    CHECK(text_is(bouncer_settings_json(settings), "{}"));
    CHECK(bouncer_settings_add(settings, BOUNCER_POLICY_ISSUERS, BOUNCER_TEXT("a,b")) == OK);
    CHECK(bouncer_settings_add(settings, BOUNCER_POLICY_ISSUERS, "cd", 1) == OK);
    CHECK(bouncer_settings_load(settings, BOUNCER_TEXT("{\"leeway\": \"30s\"}")) == OK);
    CHECK(text_is(bouncer_settings_json(settings), "{\"issuers\":[\"a,b\",\"c\"],\"leeway\":\"30s\"}"));
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("60s")) == OK);
    CHECK(text_is(bouncer_settings_json(settings), "{\"issuers\":[\"a,b\",\"c\"],\"leeway\":\"1m\"}"));
    CHECK(bouncer_settings_error(settings) == NULL);
    bouncer_settings_free(settings);
}

static void the_first_error_is_kept(void)
{
    bouncer_settings *settings = policy_settings();
    bouncer_settings_add(settings, "isuers", BOUNCER_TEXT("a"));
    /* Later changes have no effect. */
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_ANY_ISSUER, BOUNCER_TEXT("true")) == INVALID);
    CHECK(bouncer_settings_load(settings, BOUNCER_TEXT("{\"profile\": \"dcos\"}")) == INVALID);
    CHECK(text_is(bouncer_settings_json(settings), "{}"));
    check_failed(settings, NULL, "policy has no setting \"isuers\": did you mean \"issuers\"?");
}

static void errors_name_the_setting(void)
{
    bouncer_settings *settings = policy_settings();
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("30")) == INVALID);
    check_failed(settings, "leeway", "\"30\" has no unit: write \"30s\" or \"30ms\"");
    settings = policy_settings();
    CHECK(bouncer_settings_load(settings, BOUNCER_TEXT("{\"issuers\": [\"a\", 1]}")) == INVALID);
    check_failed(settings, "issuers[1]", "it is a number, not text");
    settings = policy_settings();
    CHECK(bouncer_settings_set(settings, NULL, BOUNCER_TEXT("x")) == INVALID);
    check_failed(settings, NULL, "the name is NULL");
    settings = policy_settings();
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_ISSUERS, NULL, 1) == INVALID);
    check_failed(settings, NULL, "the value is NULL");
    settings = policy_settings();
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_ISSUERS, NULL, 0) == INVALID);
    check_failed(settings, "issuers", "it is empty");
    settings = policy_settings();
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_ISSUERS, BOUNCER_TEXT("\xff")) == INVALID);
    check_failed(settings, NULL, "the value is not UTF-8");
    settings = policy_settings();
    CHECK(bouncer_settings_set(settings, "\xff", BOUNCER_TEXT("x")) == INVALID);
    check_failed(settings, NULL, "the name is not UTF-8");
    settings = policy_settings();
    CHECK(bouncer_settings_load(settings, NULL, 5) == INVALID);
    check_failed(settings, NULL, "the document is NULL");
    settings = bouncer_settings_new(77);
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("1s")) == INVALID);
    check_failed(settings, NULL, "unknown kind of settings 77: use a BOUNCER_KIND_ constant");
    /* If each setting is valid but the combination is not, bouncer_policy_new() fails. The settings
     * do not keep that error, so a further setting can correct it. */
    bouncer_policy *policy = NULL;
    settings = policy_settings();
    CHECK_FAILS(bouncer_policy_new(settings, &policy, &err), INVALID);
    CHECK(bouncer_settings_error(settings) == NULL);
    CHECK(bouncer_settings_set(settings, BOUNCER_POLICY_ANY_ISSUER, BOUNCER_TEXT("true")) == OK);
    CHECK(bouncer_policy_new(settings, &policy, NULL) == OK);
    bouncer_policy_free(policy);
    bouncer_settings_free(settings);
}

static void null_does_not_crash(void)
{
    CHECK(bouncer_settings_set(NULL, "leeway", BOUNCER_TEXT("1s")) == BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(bouncer_settings_add(NULL, "issuers", BOUNCER_TEXT("a")) == BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(bouncer_settings_load(NULL, BOUNCER_TEXT("{}")) == BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(bouncer_settings_error(NULL) == NULL);
    CHECK(bouncer_settings_json(NULL).data == NULL);
    bouncer_settings_free(NULL);
    bouncer_policy *policy = NULL;
    bouncer_remote_jwks *keys = NULL;
    bouncer_renewer *renewer = NULL;
    CHECK_FAILS(bouncer_policy_new(NULL, &policy, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_remote_jwks_new(NULL, &keys, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_renewer_new(NULL, &renewer, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(bouncer_setting_find(BOUNCER_KIND_POLICY, NULL) == NULL);
    CHECK(bouncer_setting_next(77, NULL) == NULL);
}

static void the_library_lists_its_settings(void)
{
    const uint32_t kinds[] = {BOUNCER_KIND_POLICY, BOUNCER_KIND_KEYS, BOUNCER_KIND_RENEWER};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t count = 0;
        for (const bouncer_setting *row = bouncer_setting_next(kinds[i], NULL); row != NULL;
             row = bouncer_setting_next(kinds[i], row)) {
            CHECK(bouncer_setting_find(kinds[i], row->name) == row);
            CHECK(strlen(row->type) > 0 && strlen(row->help) > 10 && strlen(row->since) > 4);
            CHECK(row->default_value != NULL && row->range != NULL);
            count++;
        }
        CHECK(count > 10);
    }
    const bouncer_setting *leeway = bouncer_setting_find(BOUNCER_KIND_POLICY, BOUNCER_POLICY_LEEWAY);
    CHECK(strcmp(leeway->type, "duration") == 0 && strcmp(leeway->default_value, "0s") == 0);
    CHECK(strcmp(leeway->range, "0s to 5m") == 0 && leeway->flags == 0);
    CHECK(bouncer_setting_find(BOUNCER_KIND_KEYS, BOUNCER_POLICY_LEEWAY) == NULL);
    CHECK(bouncer_setting_next(BOUNCER_KIND_KEYS, leeway) == NULL);
    CHECK(bouncer_setting_find(BOUNCER_KIND_POLICY, BOUNCER_POLICY_ISSUERS)->flags == BOUNCER_SETTING_LIST);
    CHECK(bouncer_setting_find(BOUNCER_KIND_POLICY, BOUNCER_POLICY_TIME)->flags == BOUNCER_SETTING_CODE_ONLY);
    CHECK(bouncer_setting_find(BOUNCER_KIND_POLICY, BOUNCER_POLICY_ANY_ISSUER)->flags == BOUNCER_SETTING_WEAKENS);
    CHECK(bouncer_setting_find(BOUNCER_KIND_RENEWER, BOUNCER_RENEWER_CLIENT_SECRET)->flags == BOUNCER_SETTING_SECRET);
    CHECK(bouncer_setting_find(BOUNCER_KIND_KEYS, BOUNCER_KEYS_PROXY)->flags == BOUNCER_SETTING_PASSWORD);
}

static void key_sets_and_renewers_are_built_from_settings(void)
{
    size_t json_len;
    char *json = read_file(TEST_DATA "/document_jwks.json", &json_len);
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_KEYS);
    bouncer_settings_set(settings, BOUNCER_KEYS_URL, BOUNCER_TEXT("https://localhost:1/jwks"));
    bouncer_settings_set(settings, BOUNCER_KEYS_LAZY, BOUNCER_TEXT("true"));
    bouncer_settings_set(settings, BOUNCER_KEYS_SEED, json, json_len);
    bouncer_remote_jwks *keys = NULL;
    CHECK(bouncer_remote_jwks_new(settings, &keys, NULL) == OK);
    bouncer_jwks *current = NULL;
    CHECK(bouncer_remote_jwks_current(keys, &current, NULL) == OK && bouncer_jwks_key_count(current) == 1);
    bouncer_jwks_free(current);
    bouncer_remote_jwks_free(keys);
    bouncer_policy *policy = NULL;
    CHECK_FAILS(bouncer_policy_new(settings, &policy, &err), INVALID);
    bouncer_settings_set(settings, BOUNCER_KEYS_SEED, BOUNCER_TEXT("{}"));
    CHECK_FAILS(bouncer_remote_jwks_new(settings, &keys, &err), BOUNCER_STATUS_MALFORMED_JWK_SET);
    bouncer_settings_free(settings);
    free(json);

    settings = bouncer_settings_new(BOUNCER_KIND_RENEWER);
    bouncer_renewer *renewer = NULL;
    CHECK_FAILS(bouncer_renewer_new(settings, &renewer, &err), INVALID);
    bouncer_settings_set(settings, BOUNCER_RENEWER_SUPPLIED, BOUNCER_TEXT("vault"));
    CHECK(bouncer_renewer_new(settings, &renewer, NULL) == OK);
    CHECK(bouncer_renewer_wait_login(renewer, 20000) == 1);
    CHECK(bouncer_renewer_supply(renewer, BOUNCER_TEXT("opaque"), 60, NULL) == OK);
    bouncer_own_token *token = NULL;
    CHECK(bouncer_renewer_token(renewer, &token, NULL) == OK);
    CHECK(text_is(bouncer_own_token_authorization(token), "Bearer opaque"));
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);
    bouncer_settings_free(settings);

    settings = bouncer_settings_new(BOUNCER_KIND_RENEWER);
    bouncer_settings_set(settings, BOUNCER_RENEWER_TOKEN_URL, BOUNCER_TEXT("https://localhost:1/token"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_CLIENT_ID, BOUNCER_TEXT("me"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_CLIENT_SECRET, BOUNCER_TEXT("hunter2"));
    CHECK(bouncer_settings_set(settings, BOUNCER_RENEWER_PARAMETERS ".scope", BOUNCER_TEXT("read")) == OK);
    bouncer_str shown = bouncer_settings_json(settings);
    CHECK(text_is(shown, "{\"client_id\":\"me\",\"client_secret\":\"(set, not shown)\",\"parameters\":{\"scope\":\"read\"},"
                         "\"token_url\":\"https://localhost:1/token\"}"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_LAZY, BOUNCER_TEXT("true"));
    CHECK(bouncer_renewer_new(settings, &renewer, NULL) == OK);
    bouncer_renewer_free(renewer);
    bouncer_settings_set(settings, BOUNCER_RENEWER_SERVICE_ACCOUNT_FILE, BOUNCER_TEXT("/no/such/file"));
    CHECK_FAILS(bouncer_renewer_new(settings, &renewer, &err), INVALID);
    bouncer_settings_free(settings);

    settings = bouncer_settings_new(BOUNCER_KIND_RENEWER);
    bouncer_settings_set(settings, BOUNCER_RENEWER_SERVICE_ACCOUNT_FILE, BOUNCER_TEXT("/no/such/file"));
    CHECK_FAILS(bouncer_renewer_new(settings, &renewer, &err), BOUNCER_STATUS_UNUSABLE_CREDENTIALS);
    bouncer_settings_free(settings);
}

int main(void)
{
    a_policy_built_from_settings_verifies_tokens();
    values_and_documents_are_combined();
    the_first_error_is_kept();
    errors_name_the_setting();
    null_does_not_crash();
    the_library_lists_its_settings();
    key_sets_and_renewers_are_built_from_settings();
    return 0;
}
