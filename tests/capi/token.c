/* Verification of a token and its claims: the example token of the DC/OS documentation, and claims
 * of every type. */
#include "check.h"

static void the_example_token_of_dcos_is_accepted_until_it_expires(void)
{
    bouncer_jwks *jwks = document_jwks();
    size_t len;
    char *text = document_token(&len);
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    CHECK(bouncer_verify_token(jwks, policy, text, len, &token, &err) == BOUNCER_STATUS_OK);
    CHECK(err == NULL);
    CHECK(text_is(bouncer_token_uid(token), "peter") && text_is(bouncer_token_identity(token), "peter"));
    CHECK(bouncer_token_scope_count(token) == 0 && bouncer_token_scope(token, 0).data == NULL);
    CHECK(bouncer_token_has_scope(token, "peter", 5) == 0 && bouncer_token_has_scope(token, "\xff", 1) == 0);
    CHECK(bouncer_token_has_scope(token, NULL, 0) == 0 && bouncer_token_has_scope(token, NULL, 1) == 0);
    CHECK(bouncer_token_scope_claim(token, 0).data == NULL);
    CHECK(text_is(bouncer_token_payload(token), "{\"exp\":1467985466,\"uid\":\"peter\"}"));
    CHECK(text_is(bouncer_token_header(token), "{\"typ\":\"JWT\",\"alg\":\"RS256\"}"));
    CHECK(text_is(bouncer_token_algorithm(token), "RS256"));
    CHECK(text_is(bouncer_token_kid(token), "55fb61042768f62ea3b06778c6043f7c8c92769a0c248076a2995dfd50c4acb9"));
    CHECK(text_is(bouncer_token_claim(token, "uid", 3), "\"peter\""));
    CHECK(text_is(bouncer_token_claim(token, "exp", 3), "1467985466"));
    CHECK(bouncer_token_claim(token, "ex", 2).data == NULL);
    CHECK(bouncer_token_claim(token, "\xff", 1).data == NULL);
    CHECK(bouncer_token_claim(token, NULL, 0).data == NULL);
    int64_t exp = 0;
    CHECK(bouncer_token_expires_at(token, &exp) == 1 && exp == DOCUMENT_EXP);
    int64_t untouched = 7;
    CHECK(bouncer_token_not_before(token, &untouched) == 0 && bouncer_token_issued_at(token, &untouched) == 0);
    CHECK(untouched == 7 && bouncer_token_expires_at(token, NULL) == 0);
    CHECK(bouncer_token_issuer(token).data == NULL && bouncer_token_subject(token).data == NULL);
    CHECK(bouncer_token_token_id(token).data == NULL && bouncer_token_audience_count(token) == 0);
    CHECK(bouncer_token_audience(token, 0).data == NULL);
    bouncer_token_free(token);
    bouncer_policy_free(policy);

    /* The same token one second later, then with the system's clock. */
    token = NULL;
    policy = policy_at(DOCUMENT_EXP);
    CHECK(bouncer_verify_token(jwks, policy, text, len, &token, &err) == BOUNCER_STATUS_EXPIRED);
    CHECK(token == NULL && text_is(bouncer_error_claim(err), "exp"));
    CHECK(strcmp(bouncer_status_name(bouncer_error_status(err)), "expired") == 0);
    CHECK(strstr(bouncer_error_message(err), "peter") == NULL);
    bouncer_error_free(err);
    bouncer_policy *now = dcos_policy();
    CHECK(bouncer_verify_token(jwks, now, text, len, &token, NULL) == BOUNCER_STATUS_EXPIRED);
    bouncer_policy_free(now);

    /* The same token with a changed signature. */
    text[len - 10] = text[len - 10] == 'A' ? 'B' : 'A';
    CHECK_FAILS(bouncer_verify_token(jwks, policy, text, len, &token, &err), BOUNCER_STATUS_INVALID_SIGNATURE);
    CHECK(token == NULL);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    free(text);
}

static void a_verifier_outlives_its_keys_and_policy(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);

    size_t len;
    char *text = document_token(&len);
    bouncer_token *token = NULL;
    for (int i = 0; i < 3; i++) {
        CHECK(bouncer_verifier_verify(verifier, text, len, &token, NULL) == BOUNCER_STATUS_OK);
        CHECK(text_is(bouncer_token_uid(token), "peter"));
        bouncer_token_free(token);
    }
    CHECK_FAILS(bouncer_verifier_verify(verifier, "a.b", 3, &token, &err), BOUNCER_STATUS_MALFORMED_TOKEN);
    bouncer_verifier_free(verifier);
    free(text);
}

static void typed_claims_are_read_without_json(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    size_t len;
    char *text = document_token(&len);
    bouncer_token *token = NULL;
    CHECK(bouncer_verify_token(jwks, policy, text, len, &token, NULL) == BOUNCER_STATUS_OK);

    bouncer_str uid = {0}, again = {0};
    CHECK(bouncer_token_claim_string(token, "uid", 3, &uid, NULL) == BOUNCER_STATUS_OK && text_is(uid, "peter"));
    CHECK(bouncer_token_claim_string(token, "uid", 3, &again, NULL) == BOUNCER_STATUS_OK && again.data == uid.data);
    int64_t exp = 0;
    CHECK(bouncer_token_claim_integer(token, "exp", 3, &exp, NULL) == BOUNCER_STATUS_OK && exp == DOCUMENT_EXP);
    const bouncer_str *values = NULL;
    size_t count = 0;
    CHECK(bouncer_token_claim_strings(token, "uid", 3, &values, &count, NULL) == BOUNCER_STATUS_OK);
    CHECK(count == 1 && is_address(values) && text_is(values[0], "peter"));

    /* An absent claim, a claim of another type, and misuse return three different statuses and
     * write nothing. */
    const bouncer_str untouched = uid;
    bouncer_error *error = NULL;
    CHECK(bouncer_token_claim_string(token, "sub", 3, &uid, &error) == BOUNCER_STATUS_MISSING_CLAIM);
    CHECK(text_is(bouncer_error_claim(error), "sub"));
    bouncer_error_free(error);
    CHECK_FAILS(bouncer_token_claim_string(token, "exp", 3, &uid, &err), BOUNCER_STATUS_MALFORMED_CLAIMS);
    CHECK_FAILS(bouncer_token_claim_integer(token, "uid", 3, &exp, &err), BOUNCER_STATUS_MALFORMED_CLAIMS);
    CHECK_FAILS(bouncer_token_claim_integer(token, "nbf", 3, &exp, &err), BOUNCER_STATUS_MISSING_CLAIM);
    CHECK_FAILS(bouncer_token_claim_strings(token, "exp", 3, &values, &count, &err), BOUNCER_STATUS_MALFORMED_CLAIMS);
    CHECK_FAILS(bouncer_token_claim_strings(token, "aud", 3, &values, &count, &err), BOUNCER_STATUS_MISSING_CLAIM);
    CHECK_FAILS(bouncer_token_claim_string(token, "\xff", 1, &uid, &err), BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK_FAILS(bouncer_token_claim_string(NULL, "uid", 3, &uid, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_token_claim_string(token, NULL, 3, &uid, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_token_claim_string(token, "uid", 3, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_token_claim_integer(token, "exp", 3, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_token_claim_strings(token, "uid", 3, NULL, &count, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_token_claim_strings(token, "uid", 3, &values, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(uid.data == untouched.data && exp == DOCUMENT_EXP && count == 1);
    bouncer_token_free(token);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    free(text);
}

static void an_authorization_header_is_verified_in_one_call(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);

    size_t len;
    char *text = document_token(&len);
    char *value = malloc(len + 7);
    CHECK(value != NULL);
    memcpy(value, "Bearer ", 7);
    memcpy(value + 7, text, len);
    bouncer_token *token = NULL;
    CHECK(bouncer_verifier_verify_authorization(verifier, value, len + 7, &token, NULL) == BOUNCER_STATUS_OK);
    free(value);
    free(text);
    CHECK(text_is(bouncer_token_uid(token), "peter"));
    bouncer_token_free(token);
    token = NULL;

    CHECK_FAILS(bouncer_verifier_verify_authorization(verifier, "Basic x", 7, &token, &err), BOUNCER_STATUS_MALFORMED_AUTHORIZATION);
    CHECK_FAILS(bouncer_verifier_verify_authorization(verifier, NULL, 0, &token, &err), BOUNCER_STATUS_MALFORMED_AUTHORIZATION);
    CHECK_FAILS(bouncer_verifier_verify_authorization(verifier, "Bearer a.b", 10, &token, &err), BOUNCER_STATUS_MALFORMED_TOKEN);
    CHECK_FAILS(bouncer_verifier_verify_authorization(NULL, "Bearer a.b", 10, &token, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verifier_verify_authorization(verifier, NULL, 1, &token, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verifier_verify_authorization(verifier, "Bearer a.b", 10, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(token == NULL);
    bouncer_verifier_free(verifier);
}

static void a_status_maps_to_an_http_response(void)
{
    CHECK(bouncer_status_http_status(BOUNCER_STATUS_OK) == 200 && bouncer_status_http_status(BOUNCER_STATUS_EXPIRED) == 401);
    CHECK(bouncer_status_http_status(BOUNCER_STATUS_KEYS_UNAVAILABLE) == 503);
    CHECK(bouncer_status_http_status(BOUNCER_STATUS_LOGIN_REJECTED) == 503);
    CHECK(bouncer_status_http_status(BOUNCER_STATUS_NULL_ARGUMENT) == 500 && bouncer_status_http_status(399) == 401);
    CHECK(text_is(bouncer_status_challenge(BOUNCER_STATUS_EXPIRED),
                  "Bearer error=\"invalid_token\", error_description=\"expired\""));
    CHECK(text_is(bouncer_status_challenge(BOUNCER_STATUS_MALFORMED_AUTHORIZATION), "Bearer"));
    CHECK(bouncer_status_challenge(BOUNCER_STATUS_KEYS_UNAVAILABLE).data == NULL);
    CHECK(bouncer_status_challenge(BOUNCER_STATUS_OK).data == NULL && bouncer_status_challenge(399).data == NULL);
}

static void the_token_of_an_authorization_header_is_found(void)
{
    bouncer_str token = {0};
    static const char value[] = "token=a.b.c";
    CHECK(bouncer_authorization_token(value, sizeof value - 1, &token, NULL) == BOUNCER_STATUS_OK);
    CHECK(text_is(token, "a.b.c") && token.data == value + 6);
    CHECK(bouncer_authorization_token("Bearer x.y.z", 12, &token, NULL) == BOUNCER_STATUS_OK);
    CHECK(text_is(token, "x.y.z"));
    CHECK_FAILS(bouncer_authorization_token("Basic x", 7, &token, &err), BOUNCER_STATUS_MALFORMED_AUTHORIZATION);
    CHECK_FAILS(bouncer_authorization_token("Bearer \xff", 8, &token, &err), BOUNCER_STATUS_MALFORMED_AUTHORIZATION);
    CHECK_FAILS(bouncer_authorization_token("token=a.b.c", 11, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(text_is(token, "x.y.z"));
}

int main(void)
{
    the_example_token_of_dcos_is_accepted_until_it_expires();
    a_verifier_outlives_its_keys_and_policy();
    typed_claims_are_read_without_json();
    an_authorization_header_is_verified_in_one_call();
    a_status_maps_to_an_http_response();
    the_token_of_an_authorization_header_is_found();
    return 0;
}
