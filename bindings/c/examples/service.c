/* Who sent each of these tokens?
 *
 *     service JWKS-URL
 *
 * Reads tokens from standard input, one per line, and prints the uid of each, or the name of what is wrong with it. The
 * keys are fetched in the background and follow the issuer's rotations.
 */
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

    /* Once. The verifier holds on to the keys, so nothing else has to be kept. */
    bouncer_remote_options *options;
    bouncer_remote_jwks *keys;
    bouncer_verifier *verifier;
    bouncer_policy *policy = bouncer_policy_new_old();
    if (bouncer_remote_options_new(argv[1], strlen(argv[1]), &options, &error) != BOUNCER_STATUS_OK
        || bouncer_remote_jwks_new_old(options, &keys, &error) != BOUNCER_STATUS_OK
        || bouncer_verifier_new_remote(keys, policy, &verifier, &error) != BOUNCER_STATUS_OK) {
        return fail(error);
    }
    bouncer_remote_options_free(options);
    bouncer_remote_jwks_free(keys);
    bouncer_policy_free(policy);

    /* For every request, from any thread. */
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
