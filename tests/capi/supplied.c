/* Tokens that the program supplies, and responses that reject a token. No server is needed. */
#include "renewer.h"

#include <pthread.h>

static void *supply(void *argument)
{
    const bouncer_renewer *renewer = argument;
    for (int i = 1; bouncer_renewer_wait_login(renewer, UINT64_MAX) == 1; i++) {
        char token[20];
        int len = snprintf(token, sizeof token, "token-%d", i);
        CHECK(bouncer_renewer_supply(renewer, token, (size_t)len, 3600, NULL) == OK);
        memset(token, 'x', sizeof token); /* The library has copied the token. */
    }
    return NULL;
}

static void *expect_failed_renewal(void *renewer)
{
    CHECK(bouncer_renewer_renew(renewer, TEST_TIMEOUT, NULL) == UNAVAILABLE);
    return NULL;
}

static void a_program_supplies_tokens(void)
{
    bouncer_renewer *renewer = renewer_of(settings_with(BOUNCER_RENEWER_SUPPLIED, "vault"));
    pthread_t supplying;
    CHECK(pthread_create(&supplying, NULL, supply, renewer) == 0);
    bouncer_own_token *token = token_of(renewer);
    CHECK(text_is(bouncer_own_token_authorization(token), "Bearer token-1"));
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1);
    bouncer_own_token *other = NULL;
    CHECK(bouncer_renewer_reject(renewer, "token-1", 7, &other, NULL) == OK);
    CHECK(text_is(bouncer_own_token_text(other), "token-2"));
    bouncer_stats *stats = stats_of(renewer);
    CHECK(text_is(row_of(stats, BOUNCER_STAT_RENEWER_STATE)->source, "vault"));
    double expires = number_of(stats, BOUNCER_STAT_RENEWER_EXPIRES_IN_SECONDS);
    CHECK(expires > 3400 && expires <= 3600);
    bouncer_stats_free(stats);
    bouncer_renewer_close(renewer);
    CHECK(pthread_join(supplying, NULL) == 0);
    CHECK_FAILS(bouncer_renewer_supply(renewer, "a", 1, -1, &err), INVALID);
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);
    CHECK(text_is(bouncer_own_token_text(other), "token-2"));
    bouncer_own_token_free(other);

    /* The program reports a failure, then a rejection. */
    bouncer_settings *settings = settings_with(BOUNCER_RENEWER_SUPPLIED, "vault");
    bouncer_settings_set(settings, BOUNCER_RENEWER_MAX_WAIT, BOUNCER_TEXT("0s"));
    renewer = renewer_of(settings);
    CHECK(bouncer_renewer_wait_login(renewer, TEST_TIMEOUT) == 1);
    CHECK(bouncer_renewer_supply_failure(renewer, 0, "sealed", 6, NULL) == OK);
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1 && last_error_is(renewer, "other"));
    expect_no_token(renewer, UNAVAILABLE);
    CHECK(bouncer_renewer_wait_login(renewer, TEST_TIMEOUT) == 1);
    CHECK(bouncer_renewer_supply_failure(renewer, 1, NULL, 0, NULL) == OK);
    CHECK(bouncer_renewer_wait_attempts(renewer, 2, TEST_TIMEOUT) == 1 && last_error_is(renewer, "rejected"));
    expect_no_token(renewer, REJECTED);
    CHECK_FAILS(bouncer_renewer_supply_failure(renewer, 0, "a", 1, &err), INVALID);
    CHECK_FAILS(bouncer_renewer_supply(renewer, "a", 1, -1, &err), INVALID);
    /* The program supplies a token with characters that are invalid in a header. */
    pthread_t renewing;
    CHECK(pthread_create(&renewing, NULL, expect_failed_renewal, renewer) == 0);
    CHECK(bouncer_renewer_wait_login(renewer, TEST_TIMEOUT) == 1);
    CHECK(bouncer_renewer_supply(renewer, "a\r\nb", 4, 3600, NULL) == OK);
    CHECK(pthread_join(renewing, NULL) == 0 && last_error_is(renewer, "document"));
    CHECK(bouncer_renewer_wait_login(renewer, 0) == 0);
    bouncer_renewer_free(renewer);

    /* A renewer that logs in by itself does not request tokens from the program. */
    settings = settings_with(BOUNCER_RENEWER_TOKEN_URL, "https://localhost:1/");
    bouncer_settings_set(settings, BOUNCER_RENEWER_CLIENT_ID, BOUNCER_TEXT("id"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_CLIENT_SECRET, BOUNCER_TEXT("secret"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_LAZY, BOUNCER_TEXT("true"));
    renewer = renewer_of(settings);
    CHECK(bouncer_renewer_wait_login(renewer, TEST_TIMEOUT) == 0);
    CHECK_FAILS(bouncer_renewer_supply(renewer, "a", 1, -1, &err), INVALID);
    CHECK_FAILS(bouncer_renewer_supply_failure(renewer, 0, "a", 1, &err), INVALID);
    bouncer_renewer_free(renewer);
}

static void a_response_reports_a_rejected_token(void)
{
    CHECK(bouncer_is_token_rejection(401, NULL, 0, NULL, 0) == 1);
    CHECK(bouncer_is_token_rejection(401, NULL, 9, NULL, 9) == 1);
    CHECK(bouncer_is_token_rejection(401, "acsjwt", 6, NULL, 0) == 1);
    CHECK(bouncer_is_token_rejection(401, "oauthjwt", 8, NULL, 0) == 1);
    CHECK(bouncer_is_token_rejection(401, "Bearer realm=\"a\"", 16, NULL, 0) == 1);
    CHECK(bouncer_is_token_rejection(200, NULL, 0, "16", 2) == 1);
    CHECK(bouncer_is_token_rejection(401, "", 0, NULL, 0) == 1 && bouncer_is_token_rejection(401, "\xff", 1, NULL, 0) == 0);
    CHECK(bouncer_is_token_rejection(401, "a", SIZE_MAX, "16", SIZE_MAX) == 0);
    CHECK(bouncer_is_token_rejection(401, "Basic realm=\"a\"", 15, NULL, 0) == 0);
    CHECK(bouncer_is_token_rejection(403, "acsjwt", 6, NULL, 0) == 0 && bouncer_is_token_rejection(200, NULL, 0, "7", 1) == 0);
    CHECK(bouncer_is_token_rejection(0, NULL, 0, NULL, 0) == 0 && bouncer_is_token_rejection(UINT16_MAX, NULL, 0, "", 0) == 0);
}

int main(void)
{
    a_program_supplies_tokens();
    a_response_reports_a_rejected_token();
    wait_for_the_threads();
    return 0;
}
