/* Verifies a DC/OS token with keys from a file.
 *
 *     verify JWKS-FILE TOKEN-FILE [TIME]
 *
 * TIME is in seconds since 1970-01-01T00:00:00Z and defaults to now. Prints the uid and exits with
 * 0 if the token is accepted. Otherwise prints the error and exits with 1. Exits with 2 if an
 * argument is missing or a file cannot be opened. */
#include <bouncer_verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char buffer[64 * 1024];

static size_t read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size_t len = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    return len;
}

static int fail(bouncer_error *error)
{
    printf("%s: %s\n", bouncer_status_name(bouncer_error_status(error)), bouncer_error_message(error));
    bouncer_error_free(error);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s JWKS-FILE TOKEN-FILE [TIME]\n", argv[0]);
        return 2;
    }
    bouncer_error *error;

    /* Once: load the issuer's keys and set the rules for its tokens. */
    bouncer_jwks *jwks;
    if (bouncer_jwks_load(buffer, read_file(argv[1]), &jwks, &error) != BOUNCER_STATUS_OK) {
        return fail(error);
    }
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
    bouncer_settings_set(settings, BOUNCER_POLICY_PROFILE, BOUNCER_TEXT("dcos"));
    if (argc > 3) {
        bouncer_settings_set(settings, BOUNCER_POLICY_TIME, argv[3], strlen(argv[3]));
    }
    /* The settings keep their first failure, and bouncer_policy_new() returns it. So the result of
     * bouncer_settings_set() needs no check. */
    bouncer_policy *policy;
    if (bouncer_policy_new(settings, &policy, &error) != BOUNCER_STATUS_OK) {
        return fail(error);
    }
    bouncer_settings_free(settings);

    /* For each request. */
    size_t len = read_file(argv[2]);
    if (len > 0 && buffer[len - 1] == '\n') {
        len--;
    }
    bouncer_token *token;
    int result = 0;
    if (bouncer_verify_token(jwks, policy, buffer, len, &token, &error) == BOUNCER_STATUS_OK) {
        printf("uid %.*s\n", BOUNCER_STR_ARGS(bouncer_token_uid(token)));
        bouncer_token_free(token);
    } else {
        result = fail(error);
    }

    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    return result;
}
