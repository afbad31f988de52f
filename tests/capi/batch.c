/* Many tokens in one call, the cache of a verifier, and the choice of the back end. */
#include "check.h"

enum { COUNT = 150 };

/* Copies of the example token of the DC/OS documentation. Every fifth is malformed. Every third has
 * an invalid signature, unless it is malformed. */
typedef struct {
    char *texts[COUNT];
    bouncer_str tokens[COUNT];
    bouncer_status expected[COUNT];
} tokens;

static tokens *make_tokens(void)
{
    tokens *made = calloc(1, sizeof *made);
    CHECK(made != NULL);
    for (size_t i = 0; i < COUNT; i++) {
        size_t len;
        made->texts[i] = document_token(&len);
        made->expected[i] = BOUNCER_STATUS_OK;
        if (i % 5 == 4) {
            len = 3;
            made->expected[i] = BOUNCER_STATUS_MALFORMED_TOKEN;
        } else if (i % 3 == 2) {
            char *changed = made->texts[i] + len - 10;
            *changed = *changed == 'A' ? 'B' : 'A';
            made->expected[i] = BOUNCER_STATUS_INVALID_SIGNATURE;
        }
        made->tokens[i] = (bouncer_str){made->texts[i], len};
    }
    return made;
}

static int contains(bouncer_str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void free_tokens(tokens *made)
{
    for (size_t i = 0; i < COUNT; i++) {
        free(made->texts[i]);
    }
    free(made);
}

static void check_batch(const bouncer_batch *batch, const tokens *made)
{
    CHECK(bouncer_batch_count(batch) == COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(bouncer_batch_status(batch, i) == made->expected[i]);
        const bouncer_token *token = bouncer_batch_token(batch, i);
        const bouncer_error *err = bouncer_batch_error(batch, i);
        if (made->expected[i] == BOUNCER_STATUS_OK) {
            CHECK(err == NULL && text_is(bouncer_token_uid(token), "peter"));
        } else {
            CHECK(token == NULL && bouncer_error_status(err) == made->expected[i]);
            CHECK(strlen(bouncer_error_message(err)) > 10);
        }
    }
    CHECK(bouncer_batch_status(batch, COUNT) == BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(bouncer_batch_token(batch, COUNT) == NULL && bouncer_batch_error(batch, COUNT) == NULL);
}

static void check_columns(const bouncer_batch *batch, const tokens *made)
{
    bouncer_columns columns;
    CHECK(bouncer_batch_columns(batch, &columns) == 1 && columns.rows == COUNT);
    CHECK(columns.uid_offsets[0] == 0);
    for (size_t i = 0; i < COUNT; i++) {
        int passed = made->expected[i] == BOUNCER_STATUS_OK;
        CHECK(columns.status[i] == made->expected[i]);
        CHECK(columns.exp[i] == (passed ? DOCUMENT_EXP : 0));
        CHECK((columns.exp_validity[i / 8] >> i % 8 & 1) == passed);
        CHECK((columns.uid_validity[i / 8] >> i % 8 & 1) == passed);
        CHECK(columns.uid_offsets[i + 1] - columns.uid_offsets[i] == (passed ? 5 : 0));
        CHECK(!passed || memcmp(columns.uid_data + columns.uid_offsets[i], "peter", 5) == 0);
    }
    bouncer_columns again;
    CHECK(bouncer_batch_columns(batch, &again) == 1 && again.status == columns.status);
}

static void a_batch_returns_the_same_results_as_single_calls(const bouncer_jwks *jwks)
{
    tokens *made = make_tokens();
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    const size_t threads[] = {0, 1, 2, 5, SIZE_MAX};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        bouncer_batch *batch = NULL;
        CHECK(bouncer_verify_tokens(jwks, policy, made->tokens, COUNT, threads[i], &batch, NULL) == BOUNCER_STATUS_OK);
        check_batch(batch, made);
        check_columns(batch, made);
        bouncer_batch_free(batch);
        CHECK(bouncer_verifier_verify_batch(verifier, made->tokens, COUNT, threads[i], &batch, NULL) ==
              BOUNCER_STATUS_OK);
        check_batch(batch, made);
        bouncer_batch_free(batch);
    }

    bouncer_batch *none = NULL;
    bouncer_columns columns;
    CHECK(bouncer_verify_tokens(jwks, policy, NULL, 0, 1, &none, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_batch_count(none) == 0 && bouncer_batch_status(none, 0) == BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(bouncer_batch_columns(none, &columns) == 1 && columns.rows == 0 && columns.uid_offsets[0] == 0);
    CHECK(is_address(columns.status) && is_address(columns.exp) && is_address(columns.exp_validity));
    CHECK(is_address(columns.uid_data) && is_address(columns.uid_validity));
    bouncer_batch_free(none);

    CHECK(bouncer_batch_count(NULL) == 0 && bouncer_batch_token(NULL, 0) == NULL);
    CHECK(bouncer_batch_status(NULL, 0) == BOUNCER_STATUS_NULL_ARGUMENT && bouncer_batch_error(NULL, 0) == NULL);
    CHECK(bouncer_batch_columns(NULL, &columns) == 0);
    bouncer_batch_free(NULL);
    bouncer_batch *out = NULL;
    CHECK_FAILS(bouncer_verify_tokens(NULL, policy, NULL, 0, 1, &out, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verify_tokens(jwks, policy, NULL, 1, 1, &out, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verify_tokens(jwks, policy, NULL, 0, 1, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verify_tokens(jwks, policy, made->tokens, SIZE_MAX / 8, 1, &out, &err),
                BOUNCER_STATUS_INVALID_ARGUMENT);
    bouncer_str nowhere = {NULL, 5};
    CHECK_FAILS(bouncer_verifier_verify_batch(verifier, &nowhere, 1, 1, &out, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verifier_verify_batch(NULL, &nowhere, 1, 1, &out, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(out == NULL);

    bouncer_verifier_free(verifier);
    bouncer_policy_free(policy);
    free_tokens(made);
}

/* Checks the counters of the cache; -1 means that there is no cache. */
static void check_cache(const bouncer_verifier *verifier, double hits, double misses)
{
    bouncer_stats *stats = NULL;
    CHECK(bouncer_verifier_stats(verifier, &stats, NULL) == BOUNCER_STATUS_OK);
    CHECK(number_of(stats, BOUNCER_STAT_CACHE_HITS_TOTAL) == hits);
    CHECK(number_of(stats, BOUNCER_STAT_CACHE_MISSES_TOTAL) == misses);
    double capacity = number_of(stats, BOUNCER_STAT_CACHE_CAPACITY);
    CHECK(hits < 0 ? capacity == -1 : capacity >= 100);
    bouncer_stats_free(stats);
}

static void a_snapshot_lists_its_rows(const bouncer_verifier *verifier)
{
    bouncer_stats *stats = NULL;
    CHECK(bouncer_verifier_stats(verifier, &stats, NULL) == BOUNCER_STATUS_OK);
    int rows = 0;
    for (const bouncer_stat *row = NULL; (row = bouncer_stats_next(stats, row)) != NULL; rows++) {
        CHECK(row == row_of(stats, row->name) && strlen(row->help) > 10);
        CHECK(row->text.data == NULL && row->source.data != NULL && row->status.data != NULL);
        /* The last row counts verifications. The others are those of the cache. */
        CHECK(rows == 3 ? text_is(row->source, "no issuer") : row->source.len == 0);
        CHECK((row->status.len > 0) == (rows == 3));
    }
    CHECK(rows == 4 && number_of(stats, BOUNCER_STAT_VERIFICATIONS_TOTAL) == 3);
    CHECK(bouncer_stats_find(stats, "cache_hits", NULL, 0) == NULL && bouncer_stats_find(stats, NULL, NULL, 0) == NULL);
    CHECK(bouncer_stats_find(stats, BOUNCER_STAT_CACHE_HITS_TOTAL, "elsewhere", 9) == NULL);
    CHECK(bouncer_stats_find(stats, BOUNCER_STAT_CACHE_HITS_TOTAL, NULL, 9) == NULL);
    CHECK(contains(bouncer_stats_prometheus(stats), "\nbouncer_cache_hits_total 2\n"));
    CHECK(contains(bouncer_stats_json(stats), "\"cache_misses_total\":1"));

    CHECK(bouncer_stats_next(NULL, NULL) == NULL && bouncer_stats_next(NULL, row_of(stats, "cache_capacity")) == NULL);
    CHECK(bouncer_stats_find(NULL, BOUNCER_STAT_CACHE_CAPACITY, NULL, 0) == NULL);
    CHECK(bouncer_stats_prometheus(NULL).data == NULL && bouncer_stats_json(NULL).data == NULL);
    bouncer_stats_free(stats);
    bouncer_stats_free(NULL);
    CHECK_FAILS(bouncer_verifier_stats(NULL, &stats, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verifier_stats(verifier, NULL, &err), BOUNCER_STATUS_NULL_ARGUMENT);
}

static void a_cache_changes_no_result(const bouncer_jwks *jwks)
{
    size_t len;
    char *text = document_token(&len);
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_verifier *plain = NULL;
    bouncer_verifier *cached = NULL;
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &plain, NULL) == BOUNCER_STATUS_OK);
    check_cache(plain, -1, -1);
    CHECK(bouncer_verifier_with_cache(plain, 100, &cached, NULL) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(plain);
    check_cache(cached, 0, 0);
    for (int i = 0; i < 3; i++) {
        bouncer_token *token = NULL;
        CHECK(bouncer_verifier_verify(cached, text, len, &token, NULL) == BOUNCER_STATUS_OK);
        CHECK(text_is(bouncer_token_uid(token), "peter"));
        bouncer_token_free(token);
    }
    check_cache(cached, 2, 1);
    a_snapshot_lists_its_rows(cached);
    bouncer_verifier_free(cached);
    CHECK_FAILS(bouncer_verifier_with_cache(NULL, 100, &cached, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    bouncer_policy_free(policy);
    free(text);
}

static void every_back_end_verifies(void)
{
    size_t len;
    char *json = read_file(TEST_DATA "/document_jwks.json", &len);
    for (uint32_t backend = BOUNCER_BACKEND_ACCELERATED; backend <= BOUNCER_BACKEND_AWS_LC; backend++) {
        bouncer_jwks *jwks = NULL;
        CHECK(bouncer_jwks_load_with(json, len, backend, &jwks, NULL) == BOUNCER_STATUS_OK);
        CHECK(backend == BOUNCER_BACKEND_ACCELERATED || bouncer_jwks_accelerated_keys(jwks) == 0);
        CHECK(bouncer_jwks_accelerated_keys(jwks) <= bouncer_jwks_key_count(jwks));
        a_batch_returns_the_same_results_as_single_calls(jwks);
        bouncer_jwks_free(jwks);
    }
    bouncer_jwks *jwks = NULL;
    CHECK_FAILS(bouncer_jwks_load_with(json, len, 2, &jwks, &err), BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(jwks == NULL && bouncer_jwks_accelerated_keys(NULL) == 0);
    free(json);

    bouncer_settings *settings = settings_of(BOUNCER_KIND_KEYS, "{\"backend\": \"aws-lc\"}");
    CHECK(bouncer_settings_set(settings, BOUNCER_KEYS_BACKEND, BOUNCER_TEXT("2")) == BOUNCER_STATUS_INVALID_ARGUMENT);
    bouncer_settings_free(settings);
}

int main(void)
{
    bouncer_jwks *jwks = document_jwks();
    a_cache_changes_no_result(jwks);
    bouncer_jwks_free(jwks);
    every_back_end_verifies();
    return 0;
}
