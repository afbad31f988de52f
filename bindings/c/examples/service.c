/* Prints the sender of each DC/OS token in its input.
 *
 *     service JWKS-URL
 *
 * Reads tokens from standard input, one per line. Prints the uid of each, or the name of the error.
 * The keys are fetched from JWKS-URL in the background and follow the issuer's rotations. */
#include <bouncer_verify.h>

#include <stdio.h>
#include <string.h>

static char line[20 * 1024];

static int fail(bouncer_error *error)
{
    fprintf(stderr, "%s\n", bouncer_error_message(error));
    bouncer_error_free(error);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s JWKS-URL\n", argv[0]);
        return 2;
    }
    bouncer_error *error;

    /* Once, at the start. The verifier keeps the keys and the policy, so the other handles can be
     * freed. */
    bouncer_settings *of_keys = bouncer_settings_new(BOUNCER_KIND_KEYS);
    bouncer_settings_set(of_keys, BOUNCER_KEYS_URL, argv[1], strlen(argv[1]));
    bouncer_settings *of_policy = bouncer_settings_new(BOUNCER_KIND_POLICY);
    bouncer_settings_set(of_policy, BOUNCER_POLICY_PROFILE, BOUNCER_TEXT("dcos"));

    bouncer_remote_jwks *keys;
    bouncer_policy *policy;
    bouncer_verifier *verifier;
    if (bouncer_remote_jwks_new(of_keys, &keys, &error) != BOUNCER_STATUS_OK
        || bouncer_policy_new(of_policy, &policy, &error) != BOUNCER_STATUS_OK
        || bouncer_verifier_new_remote(keys, policy, &verifier, &error) != BOUNCER_STATUS_OK) {
        return fail(error);
    }
    bouncer_settings_free(of_keys);
    bouncer_settings_free(of_policy);
    bouncer_remote_jwks_free(keys);
    bouncer_policy_free(policy);

    /* For each request, on any thread. */
    while (fgets(line, sizeof line, stdin) != NULL) {
        bouncer_token *token;
        if (bouncer_verifier_verify(verifier, line, strcspn(line, "\r\n"), &token, &error) == BOUNCER_STATUS_OK) {
            printf("%.*s\n", BOUNCER_STR_ARGS(bouncer_token_uid(token)));
            bouncer_token_free(token);
        } else {
            printf("%s\n", bouncer_status_name(bouncer_error_status(error)));
            bouncer_error_free(error);
        }
        fflush(stdout);
    }
    bouncer_verifier_free(verifier);
    return 0;
}
