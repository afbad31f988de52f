/* Judges the cases that tests/capi.rs writes to the standard input, a line each: words with a hexadecimal value, separated by spaces.
 * For every "verify" it prints a line of what it found, in the same form. */
#include "check.h"

static char *unhex(const char *hex, size_t *len)
{
    size_t digits = strlen(hex);
    CHECK(digits % 2 == 0);
    *len = digits / 2;
    char *bytes = malloc(*len + 1);
    CHECK(bytes != NULL);
    for (size_t i = 0; i < *len; i++) {
        unsigned octet;
        CHECK(sscanf(hex + 2 * i, "%2x", &octet) == 1);
        bytes[i] = (char)octet;
    }
    bytes[*len] = '\0';
    return bytes;
}

static void print_str(const char *name, bouncer_str text)
{
    if (text.data != NULL) {
        printf(" %s=", name);
        for (size_t i = 0; i < text.len; i++) {
            printf("%02x", (unsigned char)text.data[i]);
        }
    }
}

static void print_failure(bouncer_error *err)
{
    printf("status=%s", bouncer_status_name(bouncer_error_status(err)));
    print_str("claim", bouncer_error_claim(err));
    bouncer_error_free(err);
}

static void print_keys(const bouncer_jwks *jwks)
{
    printf(" keys=%zu skipped=", bouncer_jwks_key_count(jwks));
    for (size_t i = 0; i < bouncer_jwks_skipped_count(jwks); i++) {
        bouncer_str reason = bouncer_jwks_skipped_reason(jwks, i);
        printf("%zu:%.*s,", bouncer_jwks_skipped_index(jwks, i), BOUNCER_STR_ARGS(reason));
    }
}

static void verify(const bouncer_jwks *jwks, const bouncer_policy *policy, const char *text, size_t len)
{
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    bouncer_status status = bouncer_verify_token(jwks, policy, text, len, &token, &err);

    /* A verifier of the same keys and policy must say the same. */
    bouncer_verifier *verifier = NULL;
    bouncer_token *again = NULL;
    CHECK(bouncer_verifier_new(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_verifier_verify(verifier, text, len, &again, NULL) == status);
    bouncer_token_free(again);

    /* And so must one with a cache, the second time too, and a batch of the same token. */
    bouncer_verifier *cached = NULL;
    CHECK(bouncer_verifier_with_cache(verifier, 8, &cached, NULL) == BOUNCER_STATUS_OK);
    for (int i = 0; i < 2; i++) {
        CHECK(bouncer_verifier_verify(cached, text, len, &again, NULL) == status);
        bouncer_token_free(status == BOUNCER_STATUS_OK ? again : NULL);
    }
    CHECK(bouncer_verifier_cache_hits(cached) == (status == BOUNCER_STATUS_OK && len <= 4096));
    bouncer_verifier_free(cached);
    bouncer_str tokens[8];
    for (int i = 0; i < 8; i++) {
        tokens[i] = (bouncer_str){text, len};
    }
    bouncer_batch *batch = NULL;
    CHECK(bouncer_verify_tokens(jwks, policy, tokens, 8, 1, &batch, NULL) == BOUNCER_STATUS_OK);
    for (size_t i = 0; i < 8; i++) {
        CHECK(bouncer_batch_status(batch, i) == status);
        bouncer_str payload = bouncer_token_payload(bouncer_batch_token(batch, i));
        bouncer_str one = bouncer_token_payload(token);
        CHECK(payload.len == one.len && (one.len == 0 || memcmp(payload.data, one.data, one.len) == 0));
    }
    bouncer_batch_free(batch);
    bouncer_verifier_free(verifier);

    if (status != BOUNCER_STATUS_OK) {
        CHECK(token == NULL && bouncer_error_status(err) == status);
        print_failure(err);
    } else {
        CHECK(err == NULL);
        printf("status=ok");
        print_str("payload", bouncer_token_payload(token));
        print_str("uid", bouncer_token_uid(token));
        print_str("kid", bouncer_token_kid(token));
        print_str("alg", bouncer_token_algorithm(token));
        bouncer_token_free(token);
    }
}

int main(void)
{
    static char line[4 << 20];
    bouncer_jwks *jwks = NULL;
    bouncer_error *jwks_error = NULL;
    bouncer_policy *policy = NULL;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *word = strtok(line, " \n");
        char *value = strtok(NULL, " \n");
        size_t len = 0;
        char *text = unhex(value == NULL ? "" : value, &len);
        bouncer_status status = BOUNCER_STATUS_OK;
        if (strcmp(word, "jwks") == 0) {
            bouncer_jwks_free(jwks);
            jwks = NULL;
            bouncer_jwks_load(text, len, &jwks, &jwks_error);
        } else if (strcmp(word, "bouncer") == 0) {
            policy = bouncer_policy_new_old();
        } else if (strcmp(word, "any_issuer") == 0) {
            policy = bouncer_policy_new_any_issuer();
        } else if (strcmp(word, "for_issuer") == 0) {
            char *audience = strchr(text, '\n');
            CHECK(audience != NULL);
            size_t issuer_len = (size_t)(audience - text);
            status = bouncer_policy_new_for_issuer(text, issuer_len, audience + 1, len - issuer_len - 1, &policy, NULL);
        } else if (strcmp(word, "issuer") == 0) {
            status = bouncer_policy_add_issuer(policy, text, len, NULL);
        } else if (strcmp(word, "audience") == 0) {
            status = bouncer_policy_add_audience(policy, text, len, NULL);
        } else if (strcmp(word, "any_audience") == 0) {
            status = bouncer_policy_set_any_audience(policy, NULL);
        } else if (strcmp(word, "algorithms") == 0) {
            status = bouncer_policy_set_algorithms(policy, text, len, NULL);
        } else if (strcmp(word, "leeway") == 0) {
            status = bouncer_policy_set_leeway(policy, (uint32_t)strtoul(text, NULL, 10), NULL);
        } else if (strcmp(word, "optional_exp") == 0) {
            status = bouncer_policy_set_optional_exp(policy, NULL);
        } else if (strcmp(word, "require") == 0) {
            status = bouncer_policy_add_required_claim(policy, text, len, NULL);
        } else if (strcmp(word, "require_string") == 0) {
            status = bouncer_policy_add_required_string_claim(policy, text, len, NULL);
        } else if (strcmp(word, "token_type") == 0) {
            status = bouncer_policy_set_token_type(policy, text, len, NULL);
        } else if (strcmp(word, "max_token_len") == 0) {
            status = bouncer_policy_set_max_token_len(policy, strtoul(text, NULL, 10), NULL);
        } else if (strcmp(word, "time") == 0) {
            status = bouncer_policy_set_time(policy, strtoll(text, NULL, 10), NULL);
        } else {
            CHECK(strcmp(word, "verify") == 0);
            if (jwks == NULL) {
                print_failure(jwks_error);
                jwks_error = NULL;
            } else {
                verify(jwks, policy, text, len);
            }
            print_keys(jwks);
            printf("\n");
            bouncer_policy_free(policy);
            policy = NULL;
        }
        CHECK(status == BOUNCER_STATUS_OK);
        free(text);
    }
    bouncer_jwks_free(jwks);
    return 0;
}
