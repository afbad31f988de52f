/* Verifies the tokens of an issuer, one per line of standard input: "ok <sub>" or the name of the error. */
#include <bouncer_verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(bouncer_status status)
{
    if (status != BOUNCER_STATUS_OK) {
        fprintf(stderr, "%s\n", bouncer_status_name(status));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    bouncer_remote_options *options;
    bouncer_remote_jwks *keys;
    bouncer_policy *policy;
    bouncer_verifier *verifier;
    check(bouncer_remote_options_new_for_issuer(argv[1], strlen(argv[1]), &options, NULL));
    check(bouncer_remote_jwks_new_old(options, &keys, NULL));
    check(bouncer_policy_new_for_issuer(argv[1], strlen(argv[1]), argv[2], strlen(argv[2]), &policy, NULL));
    check(bouncer_policy_set_token_type(policy, "at+jwt", 6, NULL));
    check(bouncer_verifier_new_remote(keys, policy, &verifier, NULL));
    char line[16384];
    while (fgets(line, sizeof line, stdin) != NULL) {
        bouncer_token *token;
        bouncer_status status = bouncer_verifier_verify(verifier, line, strcspn(line, "\n"), &token, NULL);
        if (status == BOUNCER_STATUS_OK) {
            printf("ok %.*s\n", BOUNCER_STR_ARGS(bouncer_token_subject(token)));
            bouncer_token_free(token);
        } else {
            printf("%s\n", bouncer_status_name(status));
        }
        fflush(stdout);
    }
    bouncer_verifier_free(verifier);
    bouncer_policy_free(policy);
    bouncer_remote_jwks_free(keys);
    bouncer_remote_options_free(options);
    return 0;
}
