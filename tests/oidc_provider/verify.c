/* Reads tokens of an issuer from standard input, one per line, and verifies them.
 * Prints "ok <sub>" or the name of the error for each token. */
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
    bouncer_settings *of_keys = bouncer_settings_new(BOUNCER_KIND_KEYS);
    bouncer_settings_set(of_keys, BOUNCER_KEYS_DISCOVER, argv[1], strlen(argv[1]));
    bouncer_settings *of_policy = bouncer_settings_new(BOUNCER_KIND_POLICY);
    bouncer_settings_add(of_policy, BOUNCER_POLICY_ISSUERS, argv[1], strlen(argv[1]));
    bouncer_settings_add(of_policy, BOUNCER_POLICY_AUDIENCES, argv[2], strlen(argv[2]));
    bouncer_settings_set(of_policy, BOUNCER_POLICY_TOKEN_TYPE, BOUNCER_TEXT("at+jwt"));
    bouncer_remote_jwks *keys;
    bouncer_policy *policy;
    bouncer_verifier *verifier;
    check(bouncer_remote_jwks_new(of_keys, &keys, NULL));
    check(bouncer_policy_new(of_policy, &policy, NULL));
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
    bouncer_settings_free(of_keys);
    bouncer_settings_free(of_policy);
    return 0;
}
