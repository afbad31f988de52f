/* Runs the code of bindings/c/README.md for several issuers, which is in the file SEVERAL_ISSUERS.
 *
 *     readme JWKS_A JWKS_B TOKEN_A TOKEN_B
 *
 * TOKEN_A is a token of "https://a.example/", signed with the key of JWKS_A. TOKEN_B is a token of
 * "https://b.example/", signed with the key of JWKS_B. */
#include "check.h"

#include SEVERAL_ISSUERS

static bouncer_status status_of(const bouncer_verifier *verifier, const char *text)
{
    bouncer_token *token = NULL;
    bouncer_status status = bouncer_verifier_verify(verifier, text, strlen(text), &token, NULL);
    bouncer_token_free(token);
    return status;
}

static double accepted_by(const bouncer_verifier *verifier, const char *issuer)
{
    bouncer_stats *stats = NULL;
    CHECK(bouncer_verifier_stats(verifier, &stats, NULL) == BOUNCER_STATUS_OK);
    double accepted = accepted_tokens(stats, issuer);
    bouncer_stats_free(stats);
    return accepted;
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    const char *entry = "{\"issuers\": [\"https://%c.example/\"], \"keys\": {\"jwks\": %s}}";
    char of_a[2000], of_b[2000], both[4000], one[4000];
    snprintf(of_a, sizeof of_a, entry, 'a', argv[1]);
    snprintf(of_b, sizeof of_b, entry, 'b', argv[2]);
    int both_len = snprintf(both, sizeof both, "{\"accept\": [%s, %s]}", of_a, of_b);
    int one_len = snprintf(one, sizeof one, "{\"accept\": [%s, {\"profile\": \"dcos\", \"keys\": {\"jwks\": %s}}]}",
                           of_a, argv[2]);

    bouncer_verifier *verifier = NULL;
    CHECK(configure(&verifier, both, (size_t)both_len) == BOUNCER_STATUS_OK);
    CHECK(status_of(verifier, argv[3]) == BOUNCER_STATUS_OK && status_of(verifier, argv[4]) == BOUNCER_STATUS_OK);
    CHECK(configure(&verifier, one, (size_t)one_len) == BOUNCER_STATUS_OK);
    CHECK(status_of(verifier, argv[3]) == BOUNCER_STATUS_OK);
    CHECK(status_of(verifier, argv[4]) == BOUNCER_STATUS_WRONG_ISSUER);
    CHECK(accepted_by(verifier, "https://a.example/") == 2 && accepted_by(verifier, "https://b.example/") == 0);

    bouncer_settings *settings = settings_of(BOUNCER_KIND_VERIFIER, one);
    bouncer_policy *policy = policy_of(settings_of(BOUNCER_KIND_POLICY, "{\"issuers\": [\"https://b.example/\"]}"));
    bouncer_jwks *keys = NULL;
    CHECK(bouncer_jwks_load(argv[2], strlen(argv[2]), &keys, NULL) == BOUNCER_STATUS_OK);
    accept_partner(settings, keys, policy);
    CHECK(bouncer_verifier_reload(verifier, settings, NULL) == BOUNCER_STATUS_OK);
    CHECK(status_of(verifier, argv[4]) == BOUNCER_STATUS_OK);
    bouncer_settings_free(settings);
    bouncer_policy_free(policy);
    bouncer_jwks_free(keys);

    /* The function prints the message of a bad document. */
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    CHECK(configure(&verifier, "{}", 2) == BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(status_of(verifier, argv[3]) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(verifier);
    verifier = NULL;
    CHECK(configure(&verifier, "{}", 2) == BOUNCER_STATUS_INVALID_ARGUMENT && verifier == NULL);
    return 0;
}
