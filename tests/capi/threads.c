/* Eight threads use one key set, one policy and one key at the same time. An error from one thread
 * is read on another thread. */
#include "check.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 50 };

static bouncer_jwks *jwks;
static bouncer_policy *policy;
static char *text;
static size_t len;

static void *verify(void *unused)
{
    (void)unused;
    bouncer_error *last = NULL;
    for (int i = 0; i < ROUNDS; i++) {
        bouncer_token *token = NULL;
        CHECK(bouncer_verify_token(jwks, policy, text, len, &token, NULL) == BOUNCER_STATUS_OK);
        CHECK(text_is(bouncer_token_uid(token), "peter"));
        bouncer_token_free(token);
        CHECK(text_is(bouncer_jwk_thumbprint(bouncer_jwks_key(jwks, 0)), "") == 0);
        bouncer_error_free(last);
        CHECK(bouncer_verify_token(jwks, policy, text, len - 1, &token, &last) == BOUNCER_STATUS_MALFORMED_TOKEN);
    }
    return last;
}

int main(void)
{
    jwks = document_jwks();
    policy = policy_at(DOCUMENT_EXP - 1);
    text = document_token(&len);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, verify, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        bouncer_error *error = result;
        CHECK(bouncer_error_status(error) == BOUNCER_STATUS_MALFORMED_TOKEN);
        bouncer_error_free(error);
    }
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    free(text);
    return 0;
}
