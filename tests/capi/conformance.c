/* Verifies the cases that tests/capi.rs writes to the standard input. Each line is a word and a
 * hexadecimal value, separated by a space. For each "verify" or "token" the program prints one line
 * with the result: pairs of the form name=value, where claims and token fields are hexadecimal. A
 * "token" is verified with the verifier of the last "configuration". A "path" is the name of a
 * claim to look up in the next token. */
#include "check.h"

#define MAX_PATHS 32

static char *paths[MAX_PATHS];
static size_t path_lens[MAX_PATHS], path_count;

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

static void print_hex(bouncer_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        printf("%02x", (unsigned char)text.data[i]);
    }
}

static void print_str(const char *name, bouncer_str text)
{
    if (text.data != NULL) {
        printf(" %s=", name);
        print_hex(text);
    }
}

static void print_scopes(const bouncer_token *token)
{
    size_t count = bouncer_token_scope_count(token);
    if (count > 0) {
        printf(" scopes=");
    }
    for (size_t i = 0; i < count; i++) {
        bouncer_str scope = bouncer_token_scope(token, i);
        CHECK(bouncer_token_has_scope(token, scope.data, scope.len) == 1);
        print_hex(scope);
        printf(",");
    }
    CHECK(bouncer_token_scope(token, count).data == NULL);
    CHECK(bouncer_token_has_scope(token, "", 0) == 0);
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

/* The functions that return a C type must find the same claim as bouncer_token_claim(). */
static void check_types(const bouncer_token *token, const char *path, size_t len, bouncer_str json)
{
    const bouncer_status missing = BOUNCER_STATUS_MISSING_CLAIM, other = BOUNCER_STATUS_MALFORMED_CLAIMS;
    const bouncer_status ok = BOUNCER_STATUS_OK;
    char first = json.data == NULL ? 'n' : json.data[0]; /* null counts as absent */
    bouncer_str string;
    const bouncer_str *strings;
    size_t count;
    int64_t integer;
    bouncer_status status = bouncer_token_claim_string(token, path, len, &string, NULL);
    CHECK(status == (first == 'n' ? missing : first == '"' ? ok : other));
    status = bouncer_token_claim_integer(token, path, len, &integer, NULL);
    CHECK(status == (first == 'n' ? missing : first >= '0' && first <= '9' ? ok : other));
    status = bouncer_token_claim_strings(token, path, len, &strings, &count, NULL);
    CHECK(first != 'n' || status == missing);
    CHECK(first != '"' || (status == ok && count == 1 && strings[0].len == string.len));
}

static void print_paths(const bouncer_token *token)
{
    printf(path_count > 0 ? " paths=" : "");
    for (size_t i = 0; i < path_count; i++) {
        bouncer_str claim = bouncer_token_claim(token, paths[i], path_lens[i]);
        print_hex((bouncer_str){paths[i], path_lens[i]});
        printf(claim.data == NULL ? ":-" : ":");
        print_hex(claim);
        printf(",");
        check_types(token, paths[i], path_lens[i], claim);
    }
}

static void print_token(bouncer_token *token)
{
    printf("status=ok");
    print_str("payload", bouncer_token_payload(token));
    print_str("uid", bouncer_token_uid(token));
    print_str("identity", bouncer_token_identity(token));
    print_scopes(token);
    print_str("kid", bouncer_token_kid(token));
    print_str("alg", bouncer_token_algorithm(token));
    print_paths(token);
    bouncer_token_free(token);
}

static void verify(const bouncer_jwks *jwks, const bouncer_policy *policy, const char *text, size_t len)
{
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    bouncer_status status = bouncer_verify_token(jwks, policy, text, len, &token, &err);

    /* A verifier of the same keys and policy must return the same status. */
    bouncer_verifier *verifier = NULL;
    bouncer_token *again = NULL;
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_verifier_verify(verifier, text, len, &again, NULL) == status);
    bouncer_token_free(again);

    /* A verifier with a cache must also return this status, on a miss and on a hit. A batch of
     * copies of the token must return it for each copy. */
    bouncer_verifier *cached = NULL;
    CHECK(bouncer_verifier_with_cache(verifier, 8, &cached, NULL) == BOUNCER_STATUS_OK);
    for (int i = 0; i < 2; i++) {
        CHECK(bouncer_verifier_verify(cached, text, len, &again, NULL) == status);
        bouncer_token_free(status == BOUNCER_STATUS_OK ? again : NULL);
    }
    bouncer_stats *stats = NULL;
    CHECK(bouncer_verifier_stats(cached, &stats, NULL) == BOUNCER_STATUS_OK);
    const bouncer_stat *hits = bouncer_stats_find(stats, BOUNCER_STAT_CACHE_HITS_TOTAL, NULL, 0);
    /* Only accepted tokens of at most 4096 bytes are cached. */
    CHECK(hits->number == (status == BOUNCER_STATUS_OK && len <= 4096));
    bouncer_stats_free(stats);
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
        CHECK(bouncer_token_scope_count(bouncer_batch_token(batch, i)) == bouncer_token_scope_count(token));
    }
    bouncer_batch_free(batch);
    bouncer_verifier_free(verifier);

    if (status != BOUNCER_STATUS_OK) {
        CHECK(token == NULL && bouncer_error_status(err) == status);
        print_failure(err);
    } else {
        CHECK(err == NULL);
        print_token(token);
    }
}

/* Verifies with a verifier of the settings. A second verifier, which gets these settings by a
 * reload, must return the same status. */
static void verify_configured(const bouncer_settings *settings, const char *text, size_t len)
{
    bouncer_verifier *verifier = NULL, *other = NULL;
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    bouncer_jwks *jwks = document_jwks();
    bouncer_policy *policy = dcos_policy();
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &other, NULL) == BOUNCER_STATUS_OK);
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);

    bouncer_status status = bouncer_verifier_new(settings, &verifier, &err);
    CHECK(bouncer_verifier_reload(other, settings, NULL) == status);
    if (status == BOUNCER_STATUS_OK) {
        status = bouncer_verifier_verify(verifier, text, len, &token, &err);
        bouncer_token *again = NULL;
        CHECK(bouncer_verifier_verify(other, text, len, &again, NULL) == status);
        bouncer_token_free(again);
    }
    if (status == BOUNCER_STATUS_OK) {
        print_token(token);
    } else {
        CHECK(token == NULL && bouncer_error_status(err) == status);
        print_failure(err);
    }
    bouncer_verifier_free(verifier);
    bouncer_verifier_free(other);
}

int main(void)
{
    static char line[4 << 20];
    bouncer_jwks *jwks = NULL;
    bouncer_error *jwks_error = NULL;
    bouncer_policy *policy = NULL;
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
    bouncer_settings *configuration = NULL;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *word = strtok(line, " \n");
        char *value = strtok(NULL, " \n");
        size_t len = 0;
        char *text = unhex(value == NULL ? "" : value, &len);
        if (strcmp(word, "jwks") == 0) {
            bouncer_jwks_free(jwks);
            jwks = NULL;
            bouncer_jwks_load(text, len, &jwks, &jwks_error);
        } else if (strcmp(word, "policy") == 0) {
            bouncer_settings_load(settings, text, len);
        } else if (strcmp(word, "time") == 0) {
            bouncer_settings_set(settings, BOUNCER_POLICY_TIME, text, len);
            CHECK(bouncer_policy_new(settings, &policy, NULL) == BOUNCER_STATUS_OK);
            bouncer_settings_free(settings);
            settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
        } else if (strcmp(word, "configuration") == 0) {
            bouncer_settings_free(configuration);
            configuration = bouncer_settings_new(BOUNCER_KIND_VERIFIER);
            bouncer_settings_load(configuration, text, len);
        } else if (strcmp(word, "token") == 0) {
            verify_configured(configuration, text, len);
            print_keys(NULL);
            printf("\n");
        } else if (strcmp(word, "path") == 0) {
            CHECK(path_count < MAX_PATHS);
            paths[path_count] = text;
            path_lens[path_count++] = len;
            continue;
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
            while (path_count > 0) {
                free(paths[--path_count]);
            }
        }
        free(text);
    }
    bouncer_settings_free(settings);
    bouncer_settings_free(configuration);
    bouncer_jwks_free(jwks);
    return 0;
}
