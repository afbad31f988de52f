/* Verifying and reading: the DC/OS document's own token, and claims of every kind. */
#include "check.h"

static void the_documents_token_is_peters_until_it_expires(void)
{
    bouncer_jwks *jwks = document_jwks();
    size_t len;
    char *text = document_token(&len);
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    CHECK(bouncer_verify_token(jwks, policy, text, len, &token, &err) == BOUNCER_STATUS_OK);
    CHECK(err == NULL);
    CHECK(text_is(bouncer_token_uid(token), "peter"));
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

    /* The same handles again, one second later, and then with the system's clock. */
    token = NULL;
    CHECK(bouncer_policy_set_time(policy, DOCUMENT_EXP, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_verify_token(jwks, policy, text, len, &token, &err) == BOUNCER_STATUS_EXPIRED);
    CHECK(token == NULL && text_is(bouncer_error_claim(err), "exp"));
    CHECK(strcmp(bouncer_status_name(bouncer_error_status(err)), "expired") == 0);
    CHECK(strstr(bouncer_error_message(err), "peter") == NULL);
    bouncer_error_free(err);
    bouncer_policy *now = bouncer_policy_new();
    CHECK(bouncer_verify_token(jwks, now, text, len, &token, NULL) == BOUNCER_STATUS_EXPIRED);
    bouncer_policy_free(now);

    /* A changed signature. */
    text[len - 10] = text[len - 10] == 'A' ? 'B' : 'A';
    CHECK_FAILS(bouncer_verify_token(jwks, policy, text, len, &token, &err), BOUNCER_STATUS_INVALID_SIGNATURE);
    CHECK(token == NULL);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    free(text);
}

static void a_verifier_outlives_what_it_was_made_of(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_policy_set_time(policy, DOCUMENT_EXP, NULL) == BOUNCER_STATUS_OK);
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

static void an_authorization_header_holds_a_token(void)
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
    the_documents_token_is_peters_until_it_expires();
    a_verifier_outlives_what_it_was_made_of();
    an_authorization_header_holds_a_token();
    return 0;
}
