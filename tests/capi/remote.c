/* Calls every function of remote key sets against a server on loopback, also after fork().
 *
 *     remote ORIGIN TOKEN_A TOKEN_B JWKS_A
 *
 * tests/capi.rs defines the responses of the server for each path. The tokens have the kids "a" and
 * "b". */
#include "children.h"

#include <pthread.h>

static const char *origin, *token_a, *token_b, *jwks_a;
static bouncer_policy *policy;

/* Settings for the keys at `path`. */
static bouncer_settings *settings_for(const char *path)
{
    char url[200];
    int len = snprintf(url, sizeof url, "%s%s", origin, path);
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_KEYS);
    CHECK(bouncer_settings_set(settings, BOUNCER_KEYS_URL, url, (size_t)len) == BOUNCER_STATUS_OK);
    /* Longer than the default of 2 seconds, which may not be enough under valgrind. */
    CHECK(bouncer_settings_set(settings, BOUNCER_KEYS_MAX_WAIT, TEST_TIMEOUT_TEXT) == BOUNCER_STATUS_OK);
    return settings;
}

/* Creates a remote key set from `settings`, then frees `settings`. */
static bouncer_remote_jwks *remote_of(bouncer_settings *settings)
{
    bouncer_remote_jwks *remote = NULL;
    CHECK(bouncer_remote_jwks_new(settings, &remote, NULL) == BOUNCER_STATUS_OK);
    bouncer_settings_free(settings);
    return remote;
}

/* Creates a remote key set and waits until it has keys. */
static bouncer_remote_jwks *ready(const char *path)
{
    bouncer_remote_jwks *remote = remote_of(settings_for(path));
    CHECK(bouncer_remote_jwks_wait_ready(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
    return remote;
}

static bouncer_verifier *verifier_of(const bouncer_remote_jwks *remote)
{
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_remote(remote, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    return verifier;
}

static bouncer_status verdict(const bouncer_verifier *verifier, const char *text)
{
    bouncer_token *token = NULL;
    bouncer_error *err = NULL;
    bouncer_status status = bouncer_verifier_verify(verifier, text, strlen(text), &token, &err);
    CHECK((status == BOUNCER_STATUS_OK) == (token != NULL) && (token == NULL) == (err != NULL));
    CHECK(token == NULL || text_is(bouncer_token_uid(token), "peter"));
    bouncer_token_free(token);
    bouncer_error_free(err);
    return status;
}

static bouncer_status verdict_now(const bouncer_verifier *verifier, const char *text, uint64_t *ticket)
{
    bouncer_token *token = NULL;
    bouncer_error *err = (bouncer_error *)&token;
    bouncer_status status = bouncer_verifier_verify_now(verifier, text, strlen(text), ticket, &token, &err);
    CHECK((status == BOUNCER_STATUS_OK) == (token != NULL) && (status == BOUNCER_STATUS_PENDING) == (*ticket != 0));
    if (status == BOUNCER_STATUS_PENDING)
        CHECK(err == NULL);
    else if (status != BOUNCER_STATUS_OK)
        bouncer_error_free(err);
    bouncer_token_free(token);
    return status;
}

static bouncer_stats *stats_of(const bouncer_remote_jwks *remote)
{
    bouncer_stats *stats = NULL;
    CHECK(bouncer_remote_jwks_stats(remote, &stats, NULL) == BOUNCER_STATUS_OK);
    return stats;
}

/* The current number in the row `name`. */
static double count_of(const bouncer_remote_jwks *remote, const char *name)
{
    bouncer_stats *stats = stats_of(remote);
    double number = number_of(stats, name);
    bouncer_stats_free(stats);
    return number;
}

static int is(const bouncer_remote_jwks *remote, const char *name, const char *text)
{
    bouncer_stats *stats = stats_of(remote);
    int is = text_is(text_of(stats, name), text);
    bouncer_stats_free(stats);
    return is;
}

static int state_is(const bouncer_remote_jwks *remote, const char *state)
{
    return is(remote, BOUNCER_STAT_KEYS_STATE, state);
}

static int last_error_is(const bouncer_remote_jwks *remote, const char *name)
{
    return is(remote, BOUNCER_STAT_KEYS_LAST_ERROR_NAME, name);
}

static void fetched_keys_verify_tokens(void)
{
    time_t start = time(NULL);
    bouncer_remote_jwks *remote = ready("/jwks?secret");
    bouncer_verifier *verifier = verifier_of(remote);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK);
    CHECK(verdict(verifier, "a.b") == BOUNCER_STATUS_MALFORMED_TOKEN);

    bouncer_stats *stats = stats_of(remote);
    char source[200];
    snprintf(source, sizeof source, "%s/jwks", origin);
    for (const bouncer_stat *row = NULL; (row = bouncer_stats_next(stats, row)) != NULL;) {
        CHECK(text_is(row->source, source) && bouncer_stats_find(stats, row->name, source, strlen(source)) == row);
    }
    CHECK(text_is(text_of(stats, BOUNCER_STAT_KEYS_STATE), "fresh"));
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_GENERATION) == 1 && bouncer_remote_jwks_generation(remote) == 1);
    CHECK(text_of(stats, BOUNCER_STAT_KEYS_SHA256).len == 64);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_USABLE) == 1 && number_of(stats, BOUNCER_STAT_KEYS_SKIPPED) == 1);
    /* time() may be one kernel tick behind the library's clock. */
    double success = number_of(stats, BOUNCER_STAT_KEYS_LAST_SUCCESS_SECONDS);
    CHECK(success >= (double)start && success <= (double)time(NULL) + 1);
    CHECK(text_of(stats, BOUNCER_STAT_KEYS_LAST_ERROR).data == NULL);
    CHECK(text_of(stats, BOUNCER_STAT_KEYS_LAST_ERROR_NAME).data == NULL);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_LAST_ERROR_SECONDS) == -1);
    CHECK(text_of(stats, BOUNCER_STAT_KEYS_LAST_GOOD_ERROR).data == NULL);
    double next = number_of(stats, BOUNCER_STAT_KEYS_NEXT_ATTEMPT_SECONDS);
    CHECK(next > 300 && next <= 480);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL) == 1);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_SCHEDULED_TOTAL) == 1);
    static const char *const nothing[] = {
        BOUNCER_STAT_KEYS_FAILURES_TOTAL,    BOUNCER_STAT_KEYS_FAILURES_IN_ROW,   BOUNCER_STAT_KEYS_RETRIES_TOTAL,
        BOUNCER_STAT_KEYS_UNKNOWN_KID_TOTAL, BOUNCER_STAT_KEYS_WITHOUT_KID_TOTAL, BOUNCER_STAT_KEYS_REQUESTED_TOTAL,
        BOUNCER_STAT_KEYS_SUPPRESSED_TOTAL,
    };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        CHECK(number_of(stats, nothing[i]) == 0);
    }

    /* The snapshot stays valid after the remote key set is freed. */
    bouncer_jwks *current = NULL;
    CHECK(bouncer_remote_jwks_current(remote, &current, NULL) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
    CHECK(text_is(row_of(stats, BOUNCER_STAT_KEYS_STATE)->source, source));
    bouncer_stats_free(stats);
    CHECK(bouncer_jwks_key_count(current) == 1 && text_is(bouncer_jwk_kid(bouncer_jwks_key(current, 0)), "a"));
    CHECK(bouncer_jwks_skipped_count(current) == 1);
    bouncer_jwks_free(current);
}

static void a_token_with_a_new_kid_causes_a_fetch(void)
{
    bouncer_remote_jwks *remote = ready("/rotates/for-a-token");
    bouncer_verifier *verifier = verifier_of(remote);
    CHECK(verdict(verifier, token_b) == BOUNCER_STATUS_OK && verdict(verifier, token_a) == BOUNCER_STATUS_OK);
    CHECK(bouncer_remote_jwks_generation(remote) == 2 && count_of(remote, BOUNCER_STAT_KEYS_UNKNOWN_KID_TOTAL) == 1);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void keys_stay_in_use_during_an_outage(void)
{
    bouncer_remote_jwks *remote = ready("/outage/after-the-first");
    bouncer_verifier *verifier = verifier_of(remote);
    bouncer_error *err = NULL;
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, &err) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(bouncer_error_status(err) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(strstr(bouncer_error_message(err), "503") != NULL && bouncer_error_claim(err).data == NULL);
    CHECK(strcmp(bouncer_status_name(BOUNCER_STATUS_KEYS_UNAVAILABLE), "keys_unavailable") == 0);
    bouncer_error_free(err);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK && state_is(remote, "fresh"));
    bouncer_stats *stats = stats_of(remote);
    CHECK(text_is(text_of(stats, BOUNCER_STAT_KEYS_LAST_ERROR_NAME), "status"));
    CHECK(text_of(stats, BOUNCER_STAT_KEYS_LAST_ERROR).len > 5);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_LAST_ERROR_SECONDS) > 1700000000);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_REQUESTED_TOTAL) == 1);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL) == 2);
    bouncer_stats_free(stats);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);

    remote = ready("/rotates/for-the-program");
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
    verifier = verifier_of(remote);
    uint64_t ticket = 0;
    CHECK(verdict_now(verifier, token_b, &ticket) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void without_keys_a_token_is_neither_accepted_nor_rejected(void)
{
    bouncer_remote_jwks *remote = remote_of(settings_for("/503"));
    bouncer_verifier *verifier = verifier_of(remote);
    bouncer_token *token = NULL;
    bouncer_jwks *jwks = NULL;
    const bouncer_status unavailable = BOUNCER_STATUS_KEYS_UNAVAILABLE;
    CHECK(bouncer_remote_jwks_wait_attempts(remote, 1, TEST_TIMEOUT) == 1);
    CHECK_FAILS(bouncer_verifier_verify(verifier, token_a, strlen(token_a), &token, &err), unavailable);
    CHECK_FAILS(bouncer_remote_jwks_wait_ready(remote, 0, &err), unavailable);
    CHECK_FAILS(bouncer_remote_jwks_wait_ready(remote, 20, &err), unavailable);
    CHECK(bouncer_remote_jwks_may_become_ready(remote) == 1 && bouncer_verifier_may_become_ready(verifier) == 1);
    CHECK_FAILS(bouncer_remote_jwks_current(remote, &jwks, &err), unavailable);
    CHECK(verdict(verifier, "a.b") == BOUNCER_STATUS_MALFORMED_TOKEN);
    CHECK(token == NULL && jwks == NULL && state_is(remote, "empty") && last_error_is(remote, "status"));
    bouncer_stats *stats = stats_of(remote);
    CHECK(text_of(stats, BOUNCER_STAT_KEYS_SHA256).data == NULL && bouncer_remote_jwks_generation(remote) == 0);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_LAST_SUCCESS_SECONDS) == -1);
    CHECK(number_of(stats, BOUNCER_STAT_KEYS_FAILURES_IN_ROW) > 0);
    bouncer_stats_free(stats);
    CHECK(bouncer_remote_jwks_wait_attempts(remote, 2, TEST_TIMEOUT) == 1);
    CHECK(count_of(remote, BOUNCER_STAT_KEYS_RETRIES_TOTAL) > 0);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

/* Checks that no key set can be created with `value` for the setting `name`. */
static void is_rejected(const char *name, const char *value, bouncer_status expected)
{
    bouncer_settings *settings = settings_for("/jwks");
    bouncer_remote_jwks *none = NULL;
    bouncer_settings_set(settings, name, value, strlen(value));
    CHECK_FAILS(bouncer_remote_jwks_new(settings, &none, &err), expected);
    CHECK(none == NULL);
    bouncer_settings_free(settings);
}

static void every_setting_is_accepted(void)
{
    /* tests/remote and the C++ tests check the effects of the settings. */
    bouncer_settings *settings = settings_for("/jwks");
    bouncer_settings_set(settings, BOUNCER_KEYS_PROXY, BOUNCER_TEXT("http://127.0.0.1:1"));
    bouncer_settings_load(settings, BOUNCER_TEXT("{\"allow_http\": true, \"proxy\": \"none\", \"timeout\": \"10s\", "
                                                 "\"same_origin_redirects\": true, \"ttl\": \"1h\", \"max_stale\": \"2h\", "
                                                 "\"max_wait\": \"20s\", \"last_good_file\": \"/no/such/file\"}"));
    bouncer_settings_set(settings, BOUNCER_KEYS_SEED, jwks_a, strlen(jwks_a));
    bouncer_remote_jwks *remote = NULL;
    CHECK(bouncer_remote_jwks_new(settings, &remote, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_remote_jwks_wait_attempts(remote, 1, TEST_TIMEOUT) == 1 && state_is(remote, "fresh"));
    CHECK(count_of(remote, BOUNCER_STAT_KEYS_NEXT_ATTEMPT_SECONDS) > 2000);
    /* The file is written after waiting callers are woken. */
    int64_t end = now() + TEST_TIMEOUT;
    for (size_t len = 0; len <= 10; nap()) {
        CHECK(now() < end);
        bouncer_stats *stats = stats_of(remote);
        len = text_of(stats, BOUNCER_STAT_KEYS_LAST_GOOD_ERROR).len;
        bouncer_stats_free(stats);
    }
    bouncer_remote_jwks_free(remote);

    /* With "lazy", nothing happens before the first call. */
    bouncer_settings_set(settings, BOUNCER_KEYS_LAZY, BOUNCER_TEXT("true"));
    bouncer_remote_jwks *lazy = remote_of(settings);
    CHECK(state_is(lazy, "stale") && bouncer_remote_jwks_wait_attempts(lazy, 1, 50) == 0);
    bouncer_remote_jwks_free(lazy);

    /* The CA file is read when the key set is created, and again for each fetch. */
    const bouncer_status invalid = BOUNCER_STATUS_INVALID_ARGUMENT;
    is_rejected(BOUNCER_KEYS_CA_FILE, "/no/such/file", invalid);
    is_rejected(BOUNCER_KEYS_CA_FILE, "\xff", invalid);
    is_rejected(BOUNCER_KEYS_PROXY, "\xff", invalid);
    is_rejected(BOUNCER_KEYS_LAST_GOOD_FILE, "\xff", invalid);
    is_rejected(BOUNCER_KEYS_SEED, "\xff", invalid);
    is_rejected(BOUNCER_KEYS_SEED, "{}", BOUNCER_STATUS_MALFORMED_JWK_SET);
    is_rejected(BOUNCER_KEYS_SEED, "{\"keys\":[]}", BOUNCER_STATUS_NO_USABLE_KEY);
    is_rejected(BOUNCER_KEYS_DISCOVER, "\xff", invalid);
    is_rejected(BOUNCER_KEYS_TTL, "0s", invalid);
    is_rejected(BOUNCER_KEYS_TTL, "18446744073709551615ms", invalid);
    is_rejected(BOUNCER_KEYS_MAX_STALE, "18446744073709551615ms", invalid);
    is_rejected(BOUNCER_KEYS_TIMEOUT, "0s", invalid);
    is_rejected(BOUNCER_KEYS_MAX_WAIT, "300001ms", invalid);
    static const char *const urls[] = {"", "\xff", "jwks", "http://master.mesos/", "ftp://localhost/", "https://a:b@c.test/"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        is_rejected(BOUNCER_KEYS_URL, urls[i], invalid);
    }
    settings = settings_for("/jwks");
    CHECK(bouncer_settings_set(settings, BOUNCER_KEYS_SEED, "{}", SIZE_MAX) == invalid);
    bouncer_settings_free(settings);
}

static void a_seed_verifies_before_the_first_fetch(void)
{
    bouncer_settings *settings = settings_for("/hang");
    bouncer_settings_set(settings, BOUNCER_KEYS_SEED, jwks_a, strlen(jwks_a));
    bouncer_remote_jwks *remote = remote_of(settings);
    bouncer_verifier *verifier = verifier_of(remote);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK && state_is(remote, "stale"));
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void discovery_finds_the_keys_of_an_issuer(void)
{
    static const char *const paths[] = {"/idp", "/impostor"};
    for (int i = 0; i < 2; i++) {
        char issuer[200];
        int len = snprintf(issuer, sizeof issuer, "%s%s", origin, paths[i]);
        bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_KEYS);
        bouncer_settings_set(settings, BOUNCER_KEYS_DISCOVER, issuer, (size_t)len);
        bouncer_remote_jwks *remote = remote_of(settings);
        bouncer_verifier *verifier = verifier_of(remote);
        CHECK(bouncer_remote_jwks_wait_attempts(remote, 1, TEST_TIMEOUT) == 1);
        CHECK(verdict(verifier, token_a) == (i == 0 ? BOUNCER_STATUS_OK : BOUNCER_STATUS_KEYS_UNAVAILABLE));
        CHECK(i == 0 || last_error_is(remote, "issuer"));
        bouncer_verifier_free(verifier);
        bouncer_remote_jwks_free(remote);
    }
}

static void a_batch_that_never_blocks_returns_tickets(void)
{
    bouncer_remote_jwks *remote = ready("/rotates-late/for-a-batch");
    bouncer_verifier *verifier = verifier_of(remote);
    const bouncer_str tokens[] = {{token_a, strlen(token_a)}, {token_b, strlen(token_b)}, {"a.b", 3}};
    bouncer_batch *batch = NULL;
    CHECK(bouncer_verifier_verify_batch_now(verifier, tokens, 3, 1, &batch, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_batch_status(batch, 0) == BOUNCER_STATUS_OK && bouncer_batch_ticket(batch, 0) == 0);
    /* Pending until the fetch has ended. */
    CHECK(bouncer_batch_status(batch, 1) == BOUNCER_STATUS_PENDING);
    CHECK(bouncer_batch_token(batch, 1) == NULL && bouncer_batch_error(batch, 1) == NULL);
    bouncer_columns columns;
    CHECK(bouncer_batch_columns(batch, &columns) == 1 && columns.status[1] == BOUNCER_STATUS_PENDING);
    CHECK(bouncer_batch_status(batch, 2) == BOUNCER_STATUS_MALFORMED_TOKEN && bouncer_batch_ticket(batch, 2) == 0);
    uint64_t ticket = bouncer_batch_ticket(batch, 1);
    CHECK(bouncer_batch_ticket(batch, 3) == 0);
    bouncer_batch_free(batch);
    CHECK(bouncer_verifier_wait(verifier, ticket, 0) == 0 && bouncer_verifier_wait(verifier, ticket, TEST_TIMEOUT) == 1);
    CHECK(verdict_now(verifier, token_b, &ticket) == BOUNCER_STATUS_OK && ticket == 0);
    CHECK(bouncer_verifier_verify_batch(verifier, tokens, 3, 1, &batch, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_batch_status(batch, 1) == BOUNCER_STATUS_OK && bouncer_batch_ticket(batch, 1) == 0);
    bouncer_batch_free(batch);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void a_ticket_ends_with_its_attempt(void)
{
    bouncer_remote_jwks *remote = ready("/rotates-late/for-a-ticket");
    bouncer_verifier *verifier = verifier_of(remote);
    uint64_t ticket = 0;
    CHECK(verdict_now(verifier, token_a, &ticket) == BOUNCER_STATUS_OK && ticket == 0);
    CHECK(bouncer_remote_jwks_wait(remote, ticket, TEST_TIMEOUT) == 0);
    CHECK(verdict_now(verifier, token_b, &ticket) == BOUNCER_STATUS_PENDING);
    CHECK(bouncer_remote_jwks_wait(remote, ticket, 0) == 0 && bouncer_verifier_max_wait(verifier, ticket) > 0);
    CHECK(bouncer_verifier_max_wait(verifier, 0) == 0);
    /* A call before the fetch has ended returns a final status. */
    uint64_t early = ticket;
    CHECK(verdict_now(verifier, token_b, &early) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(bouncer_verifier_wait(verifier, ticket, 0) == 0);
    CHECK(bouncer_remote_jwks_wait(remote, ticket, TEST_TIMEOUT) == 1 && bouncer_verifier_wait(verifier, ticket, 0) == 1);
    CHECK(verdict_now(verifier, token_b, &ticket) == BOUNCER_STATUS_OK && ticket == 0);
    /* Tickets that the library did not return. */
    CHECK(bouncer_remote_jwks_wait(remote, 99, 10) == 0 && bouncer_remote_jwks_wait(remote, UINT64_MAX, 10) == 0);
    CHECK(bouncer_remote_jwks_wait_attempts(remote, UINT64_MAX, 10) == 0);
    CHECK(bouncer_remote_jwks_wait_attempts(remote, 0, UINT64_MAX) == 1);
    CHECK(bouncer_remote_jwks_wait_ready(remote, UINT64_MAX, NULL) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);

    /* A fixed key set never fetches, so the result is final. */
    bouncer_jwks *jwks = NULL;
    CHECK(bouncer_jwks_load(jwks_a, strlen(jwks_a), &jwks, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    ticket = 7;
    CHECK(verdict_now(verifier, token_b, &ticket) == BOUNCER_STATUS_NO_MATCHING_KEY && ticket == 0);
    CHECK(verdict_now(verifier, token_a, &ticket) == BOUNCER_STATUS_OK && ticket == 0);
    bouncer_verifier_free(verifier);
    bouncer_jwks_free(jwks);
}

static void a_verifier_outlives_the_key_set_and_its_policy(void)
{
    wait_for_the_threads();
    bouncer_remote_jwks *remote = ready("/rotates/for-a-verifier");
    bouncer_policy *own = dcos_policy();
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_remote(remote, own, &verifier, NULL) == BOUNCER_STATUS_OK);
    bouncer_remote_jwks_free(remote);
    bouncer_policy_free(own);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK && verdict(verifier, token_b) == BOUNCER_STATUS_OK);
    wait_for_the_attempts();
    bouncer_verifier_free(verifier);
    wait_for_the_threads();
}

static void *expect_failed_refresh(void *remote)
{
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
    return NULL;
}

/* Waits until a refresh is in flight and has most likely connected. */
static void wait_for_a_request(const bouncer_remote_jwks *remote)
{
    while (count_of(remote, BOUNCER_STAT_KEYS_REQUESTED_TOTAL) == 0) {
        nap();
    }
    for (int i = 0; i < 40; i++) {
        nap();
    }
}

static void close_cancels_the_attempt_and_ends_the_thread_at_once(void)
{
    bouncer_settings *settings = settings_for("/hangs-later/for-close");
    bouncer_settings_set(settings, BOUNCER_KEYS_TIMEOUT, BOUNCER_TEXT("5m"));
    bouncer_remote_jwks *remote = remote_of(settings);
    bouncer_verifier *verifier = verifier_of(remote);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, expect_failed_refresh, remote) == 0);
    wait_for_a_request(remote);
    uint64_t ticket = 0;
    CHECK(verdict_now(verifier, token_b, &ticket) == BOUNCER_STATUS_PENDING);
    CHECK(bouncer_verifier_max_wait(verifier, ticket) > 0);
    int64_t start = now();
    bouncer_remote_jwks_close(remote);
    CHECK(bouncer_verifier_max_wait(verifier, ticket) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    wait_for_the_threads();
    CHECK(now() - start < 20000);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_KEYS_UNAVAILABLE && state_is(remote, "closed"));
    ticket = 0;
    CHECK(verdict_now(verifier, token_a, &ticket) == BOUNCER_STATUS_KEYS_UNAVAILABLE && ticket == 0);
    CHECK_FAILS(bouncer_remote_jwks_wait_ready(remote, TEST_TIMEOUT, &err), BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(bouncer_remote_jwks_may_become_ready(remote) == 0 && bouncer_verifier_may_become_ready(verifier) == 0);
    CHECK_FAILS(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, &err), BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(bouncer_remote_jwks_wait_attempts(remote, 99, TEST_TIMEOUT) == 0);
    CHECK(bouncer_remote_jwks_wait(remote, 99, TEST_TIMEOUT) == 1);
    bouncer_remote_jwks_close(remote);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

typedef void child_function(const bouncer_remote_jwks *remote, const bouncer_verifier *verifier);

/* Runs `child` in a child process, which must exit with 0. */
static void in_a_child(child_function *child, bouncer_remote_jwks *remote, bouncer_verifier *verifier)
{
    if (is_child()) {
        child(remote, verifier);
        bouncer_verifier_free(verifier);
        bouncer_remote_jwks_free(remote);
        bouncer_policy_free(policy);
        end_child();
    }
}

static void verify_with_cached_keys(const bouncer_remote_jwks *remote, const bouncer_verifier *verifier)
{
    (void)remote;
    CHECK(threads() == 1);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK);
    CHECK(threads() == 1);
}

static void verify_after_an_own_fetch(const bouncer_remote_jwks *remote, const bouncer_verifier *verifier)
{
    CHECK(verdict(verifier, token_b) == BOUNCER_STATUS_OK && verdict(verifier, token_a) == BOUNCER_STATUS_OK);
    CHECK(count_of(remote, BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL) == 1);
}

static void close_the_keys(const bouncer_remote_jwks *remote, const bouncer_verifier *verifier)
{
    bouncer_remote_jwks_close(remote);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
}

static void a_forked_child_keeps_working(void)
{
    bouncer_remote_jwks *remote = ready("/rotates/for-a-child");
    bouncer_verifier *verifier = verifier_of(remote);
    in_a_child(verify_with_cached_keys, remote, verifier);
    in_a_child(verify_after_an_own_fetch, remote, verifier);
    in_a_child(close_the_keys, remote, verifier);
    CHECK(verdict(verifier, token_a) == BOUNCER_STATUS_OK && state_is(remote, "fresh"));
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);

    bouncer_settings *settings = settings_for("/both");
    bouncer_settings_set(settings, BOUNCER_KEYS_LAZY, BOUNCER_TEXT("true"));
    remote = remote_of(settings);
    verifier = verifier_of(remote);
    in_a_child(verify_after_an_own_fetch, remote, verifier);
    in_a_child(verify_after_an_own_fetch, remote, verifier);
    CHECK(state_is(remote, "empty") && verdict(verifier, token_a) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void *expect_refresh(void *remote)
{
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
    return NULL;
}

static void do_nothing(const bouncer_remote_jwks *remote, const bouncer_verifier *verifier)
{
    (void)remote, (void)verifier;
}

/* The child inherits the parent's connection but must not close it for the parent. */
static void closing_in_a_child_does_not_cancel_the_parents_fetch(void)
{
    bouncer_remote_jwks *remote = ready("/rotates-late/for-a-fork");
    bouncer_verifier *verifier = verifier_of(remote);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, expect_refresh, remote) == 0);
    wait_for_a_request(remote);
    in_a_child(do_nothing, remote, verifier);
    in_a_child(close_the_keys, remote, verifier);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(verdict(verifier, token_b) == BOUNCER_STATUS_OK);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void every_null_argument_returns_a_status_or_an_empty_value(void)
{
    bouncer_settings *settings = settings_for("/jwks");
    bouncer_remote_jwks *remote = ready("/jwks");
    bouncer_verifier *verifier = verifier_of(remote);
    bouncer_remote_jwks *made = NULL;
    bouncer_verifier *another = NULL;
    bouncer_stats *stats = NULL;
    bouncer_jwks *jwks = NULL;
    bouncer_token *token = NULL;
    uint64_t ticket = 7;
    const bouncer_status null_argument = BOUNCER_STATUS_NULL_ARGUMENT;

    CHECK_FAILS(bouncer_remote_jwks_new(NULL, &made, &err), null_argument);
    CHECK_FAILS(bouncer_remote_jwks_new(settings, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_remote_jwks_wait_ready(NULL, TEST_TIMEOUT, &err), null_argument);
    CHECK(bouncer_remote_jwks_may_become_ready(NULL) == 0 && bouncer_verifier_may_become_ready(NULL) == 0);
    CHECK_FAILS(bouncer_remote_jwks_current(NULL, &jwks, &err), null_argument);
    CHECK_FAILS(bouncer_remote_jwks_current(remote, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_remote_jwks_refresh(NULL, TEST_TIMEOUT, &err), null_argument);
    CHECK_FAILS(bouncer_remote_jwks_stats(NULL, &stats, &err), null_argument);
    CHECK_FAILS(bouncer_remote_jwks_stats(remote, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_new_remote(NULL, policy, &another, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_new_remote(remote, NULL, &another, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_new_remote(remote, policy, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_now(NULL, "a", 1, &ticket, &token, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_now(verifier, NULL, 1, &ticket, &token, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_now(verifier, "a", 1, NULL, &token, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_now(verifier, "a", 1, &ticket, NULL, &err), null_argument);
    const bouncer_status invalid = BOUNCER_STATUS_INVALID_ARGUMENT;
    CHECK_FAILS(bouncer_verifier_verify_now(verifier, "a", SIZE_MAX, &ticket, &token, &err), invalid);
    CHECK(bouncer_verifier_verify_now(NULL, NULL, 0, NULL, NULL, NULL) == null_argument);
    CHECK(bouncer_verifier_new_remote(NULL, NULL, NULL, NULL) == null_argument);
    CHECK(bouncer_remote_jwks_new(NULL, NULL, NULL) == null_argument);
    CHECK_FAILS(bouncer_verifier_verify_now(verifier, NULL, 0, &ticket, &token, &err), BOUNCER_STATUS_MALFORMED_TOKEN);
    const bouncer_str nowhere = {NULL, 1};
    bouncer_batch *batch = NULL;
    CHECK_FAILS(bouncer_verifier_verify_batch_now(NULL, NULL, 0, 1, &batch, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_batch_now(verifier, NULL, 1, 1, &batch, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_batch_now(verifier, &nowhere, 1, 1, &batch, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_batch_now(verifier, NULL, 0, 1, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_verify_batch_now(verifier, &nowhere, SIZE_MAX, 1, &batch, &err), invalid);
    CHECK(batch == NULL && bouncer_batch_ticket(NULL, 0) == 0);
    CHECK(made == NULL && another == NULL && stats == NULL && jwks == NULL && token == NULL);

    CHECK(bouncer_remote_jwks_wait(NULL, 1, TEST_TIMEOUT) == 0);
    CHECK(bouncer_verifier_wait(NULL, 1, TEST_TIMEOUT) == 0 && bouncer_verifier_max_wait(NULL, 1) == 0);
    CHECK(bouncer_remote_jwks_wait_attempts(NULL, 0, TEST_TIMEOUT) == 0);
    bouncer_remote_jwks_close(NULL);
    CHECK(bouncer_remote_jwks_generation(NULL) == 0);
    bouncer_remote_jwks_free(NULL);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
    bouncer_settings_free(settings);
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    origin = argv[1];
    token_a = argv[2];
    token_b = argv[3];
    jwks_a = argv[4];
    policy = dcos_policy();
    every_null_argument_returns_a_status_or_an_empty_value();
    fetched_keys_verify_tokens();
    a_token_with_a_new_kid_causes_a_fetch();
    keys_stay_in_use_during_an_outage();
    without_keys_a_token_is_neither_accepted_nor_rejected();
    every_setting_is_accepted();
    a_seed_verifies_before_the_first_fetch();
    discovery_finds_the_keys_of_an_issuer();
    a_ticket_ends_with_its_attempt();
    a_batch_that_never_blocks_returns_tickets();
    a_verifier_outlives_the_key_set_and_its_policy();
    close_cancels_the_attempt_and_ends_the_thread_at_once();
    a_forked_child_keeps_working();
    closing_in_a_child_does_not_cancel_the_parents_fetch();
    /* Does not wait: freeing must have ended the threads, or valgrind reports their memory. */
    bouncer_policy_free(policy);
    return 0;
}
