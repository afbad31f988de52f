/* The service's own token: calls every function of a renewer against servers on loopback, also
 * after fork().
 *
 *     renewer ORIGIN SECRET WRONG_SECRET
 *
 * SECRET is the secret of a service account that the IAM of tests/renewal knows; WRONG_SECRET has
 * another key. tests/capi.rs defines the responses of the server at ORIGIN for each path. */
#include "children.h"
#include "renewer.h"

#include <pthread.h>

static const char *origin, *secret, *wrong_secret;

/* Settings for the service account. It logs in at `path` of the server, or at the IAM if `path` is
 * NULL. */
static bouncer_settings *settings_for(const char *path)
{
    bouncer_settings *settings = settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT, secret);
    if (path != NULL) {
        char url[200];
        int len = snprintf(url, sizeof url, "%s%s", origin, path);
        bouncer_settings_set(settings, BOUNCER_RENEWER_LOGIN_ENDPOINT, url, (size_t)len);
    }
    return settings;
}

/* A renewer that has a token and no login in flight. */
static bouncer_renewer *ready(const char *path)
{
    bouncer_renewer *renewer = renewer_of(settings_for(path));
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1);
    CHECK(bouncer_renewer_wait_ready(renewer, 0, NULL) == OK);
    return renewer;
}

static uint64_t generation_of(const bouncer_renewer *renewer)
{
    bouncer_own_token *token = token_of(renewer);
    uint64_t generation = bouncer_own_token_generation(token);
    bouncer_own_token_free(token);
    return generation;
}

static void a_login_returns_a_token_and_its_header(void)
{
    bouncer_renewer *renewer = ready(NULL);
    bouncer_own_token *token = token_of(renewer);
    bouncer_str text = bouncer_own_token_text(token);
    bouncer_str header = bouncer_own_token_authorization(token);
    CHECK(text.len > 300 && header.len == text.len + 6 && memcmp(header.data, "token=", 6) == 0);
    CHECK(memcmp(header.data + 6, text.data, text.len) == 0 && bouncer_own_token_generation(token) == 1);
    int64_t seconds = 0;
    CHECK(bouncer_own_token_expires_at(token, &seconds) == 1 && bouncer_own_token_expires_at(token, NULL) == 0);
    /* time() may be one kernel tick behind the library's clock. */
    CHECK(seconds > time(NULL) + 431000 && seconds <= time(NULL) + 432001);

    bouncer_stats *stats = stats_of(renewer);
    bouncer_str source = row_of(stats, BOUNCER_STAT_RENEWER_STATE)->source;
    CHECK(source.len > 30 && memcmp(source.data, "http://127.0.0.1:", 17) == 0);
    CHECK(text_is(text_of(stats, BOUNCER_STAT_RENEWER_STATE), "valid"));
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_GENERATION) == 1);
    double expires = number_of(stats, BOUNCER_STAT_RENEWER_EXPIRES_IN_SECONDS);
    CHECK(expires > 431000 && expires <= 432000);
    double next = number_of(stats, BOUNCER_STAT_RENEWER_NEXT_ATTEMPT_SECONDS);
    CHECK(next > 300000 && next < 347000);
    CHECK(text_of(stats, BOUNCER_STAT_RENEWER_LAST_ERROR).data == NULL);
    CHECK(text_of(stats, BOUNCER_STAT_RENEWER_LAST_ERROR_NAME).data == NULL);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_LAST_ERROR_SECONDS) == -1);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL) == 1);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_SCHEDULED_TOTAL) == 1);
    static const char *const nothing[] = {
        BOUNCER_STAT_RENEWER_FAILURES_TOTAL,   BOUNCER_STAT_RENEWER_FAILURES_IN_ROW, BOUNCER_STAT_RENEWER_RETRIES_TOTAL,
        BOUNCER_STAT_RENEWER_REJECTIONS_TOTAL, BOUNCER_STAT_RENEWER_REQUESTED_TOTAL, BOUNCER_STAT_RENEWER_SUPPRESSED_TOTAL,
    };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        CHECK(number_of(stats, nothing[i]) == 0);
    }

    /* Handles may be freed in any order: tokens and stats can be used after their renewer is freed.
     */
    bouncer_own_token *same = token_of(renewer);
    bouncer_renewer_free(renewer);
    wait_for_the_threads();
    CHECK(text_is(text_of(stats, BOUNCER_STAT_RENEWER_STATE), "valid") && bouncer_own_token_text(token).data == text.data);
    bouncer_own_token_free(token);
    CHECK(bouncer_own_token_text(same).len == text.len);
    bouncer_stats_free(stats);
    bouncer_own_token_free(same);
}

struct rejection {
    const bouncer_renewer *renewer;
    bouncer_str token;
};

static void *reject(void *argument)
{
    const struct rejection *rejection = argument;
    bouncer_own_token *token = NULL;
    CHECK(bouncer_renewer_reject(rejection->renewer, rejection->token.data, rejection->token.len, &token, NULL) == OK);
    CHECK(bouncer_own_token_generation(token) == 2);
    bouncer_own_token_free(token);
    return NULL;
}

static void eight_threads_that_reject_one_token_cause_one_login(void)
{
    bouncer_renewer *renewer = ready("/late-later/for-a-rejection");
    bouncer_own_token *old = token_of(renewer);
    struct rejection rejection = {renewer, bouncer_own_token_text(old)};
    pthread_t rejecting[8];
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_create(&rejecting[i], NULL, reject, &rejection) == 0);
    }
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_join(rejecting[i], NULL) == 0);
    }
    reject(&rejection);
    CHECK(count_of(renewer, BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL) == 2);
    CHECK(count_of(renewer, BOUNCER_STAT_RENEWER_REJECTIONS_TOTAL) == 1 && generation_of(renewer) == 2);
    bouncer_own_token_free(old);

    /* Rejections cause at most one login in 30 seconds. Other callers still get the token. */
    bouncer_own_token *newer = token_of(renewer);
    bouncer_own_token *none = NULL;
    bouncer_str text = bouncer_own_token_text(newer);
    int64_t start = now();
    CHECK_FAILS(bouncer_renewer_reject(renewer, text.data, text.len, &none, &err), UNAVAILABLE);
    CHECK(now() - start > 30000 || count_of(renewer, BOUNCER_STAT_RENEWER_SUPPRESSED_TOTAL) == 1);
    CHECK(none == NULL && generation_of(renewer) == 2);
    bouncer_own_token_free(newer);
    bouncer_renewer_free(renewer);
}

static void a_failed_renewal_keeps_the_current_token(void)
{
    bouncer_renewer *renewer = ready("/outage/for-a-renewal");
    bouncer_error *err = NULL;
    CHECK(bouncer_renewer_renew(renewer, TEST_TIMEOUT, &err) == UNAVAILABLE);
    CHECK(strstr(bouncer_error_message(err), "503") != NULL && bouncer_error_claim(err).data == NULL);
    bouncer_error_free(err);
    CHECK(generation_of(renewer) == 1 && state_is(renewer, "valid") && last_error_is(renewer, "status"));
    bouncer_stats *stats = stats_of(renewer);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_LAST_ERROR_SECONDS) > 1700000000);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_FAILURES_TOTAL) == 1);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_FAILURES_IN_ROW) == 0);
    CHECK(number_of(stats, BOUNCER_STAT_RENEWER_REQUESTED_TOTAL) == 1);
    bouncer_stats_free(stats);
    bouncer_own_token *token = token_of(renewer);
    bouncer_own_token *none = NULL;
    bouncer_str text = bouncer_own_token_text(token);
    CHECK_FAILS(bouncer_renewer_reject(renewer, text.data, text.len, &none, &err), UNAVAILABLE);
    CHECK(none == NULL && generation_of(renewer) == 1);
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);

    renewer = ready("/login/for-a-renewal");
    CHECK(bouncer_renewer_renew(renewer, TEST_TIMEOUT, NULL) == OK && generation_of(renewer) == 2);
    bouncer_renewer_free(renewer);
}

static void a_rejected_login_differs_from_an_outage(void)
{
    bouncer_renewer *renewer = renewer_of(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT, wrong_secret));
    expect_no_token(renewer, REJECTED);
    CHECK_FAILS(bouncer_renewer_wait_ready(renewer, 0, &err), REJECTED);
    CHECK(state_is(renewer, "empty") && last_error_is(renewer, "rejected"));
    CHECK(strcmp(bouncer_status_name(REJECTED), "login_rejected") == 0);
    bouncer_renewer_free(renewer);

    bouncer_settings *settings = settings_for("/503");
    bouncer_settings_set(settings, BOUNCER_RENEWER_MAX_WAIT, BOUNCER_TEXT("50ms"));
    renewer = renewer_of(settings);
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1);
    expect_no_token(renewer, UNAVAILABLE);
    CHECK_FAILS(bouncer_renewer_wait_ready(renewer, 20, &err), UNAVAILABLE);
    CHECK(last_error_is(renewer, "status") && bouncer_renewer_wait_attempts(renewer, 2, TEST_TIMEOUT) == 1);
    CHECK(count_of(renewer, BOUNCER_STAT_RENEWER_RETRIES_TOTAL) > 0);
    CHECK(count_of(renewer, BOUNCER_STAT_RENEWER_FAILURES_IN_ROW) > 0);
    CHECK(strcmp(bouncer_status_name(UNAVAILABLE), "login_unavailable") == 0);
    bouncer_renewer_free(renewer);
}

static void an_oauth_client_logs_in_with_its_credentials(void)
{
    char url[200];
    snprintf(url, sizeof url, "%s/oauth/token?secret", origin);
    bouncer_settings *settings = settings_with(BOUNCER_RENEWER_TOKEN_URL, url);
    bouncer_settings_set(settings, BOUNCER_RENEWER_CLIENT_ID, BOUNCER_TEXT("id"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_CLIENT_SECRET, BOUNCER_TEXT("secret"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_PARAMETERS ".scope", BOUNCER_TEXT("read"));
    bouncer_renewer *renewer = NULL;
    CHECK(bouncer_renewer_new(settings, &renewer, NULL) == OK);
    bouncer_own_token *token = token_of(renewer);
    int64_t untouched = 7;
    CHECK(text_is(bouncer_own_token_text(token), "opaque"));
    CHECK(text_is(bouncer_own_token_authorization(token), "Bearer opaque"));
    CHECK(bouncer_own_token_expires_at(token, &untouched) == 0 && untouched == 7);
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);

    bouncer_settings_set(settings, BOUNCER_RENEWER_HEADER, BOUNCER_TEXT("dcos"));
    renewer = renewer_of(settings);
    token = token_of(renewer);
    CHECK(text_is(bouncer_own_token_authorization(token), "token=opaque"));
    bouncer_stats *stats = stats_of(renewer);
    url[strlen(url) - strlen("?secret")] = '\0';
    CHECK(text_is(row_of(stats, BOUNCER_STAT_RENEWER_STATE)->source, url));
    bouncer_stats_free(stats);
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);
}

static void a_ticket_ends_with_its_attempt(void)
{
    bouncer_renewer *renewer = renewer_of(settings_for("/late/for-a-ticket"));
    bouncer_own_token *token = NULL;
    uint64_t ticket = 0;
    CHECK_FAILS(bouncer_renewer_token_now(renewer, &ticket, &token, &err), UNAVAILABLE);
    CHECK(ticket != 0 && bouncer_renewer_wait(renewer, ticket, 0) == 0);
    /* A call before the login has ended returns a final result. */
    uint64_t early = ticket;
    CHECK_FAILS(bouncer_renewer_token_now(renewer, &early, &token, &err), UNAVAILABLE);
    CHECK(early == 0);
    CHECK(bouncer_renewer_wait(renewer, ticket, TEST_TIMEOUT) == 1);
    CHECK(bouncer_renewer_token_now(renewer, &ticket, &token, NULL) == OK && ticket == 0);
    bouncer_str text = bouncer_own_token_text(token);
    bouncer_own_token *newer = NULL;
    CHECK_FAILS(bouncer_renewer_reject_now(renewer, text.data, text.len, &ticket, &newer, &err), UNAVAILABLE);
    CHECK(ticket != 0 && bouncer_renewer_wait(renewer, ticket, 0) == 0 && generation_of(renewer) == 1);
    CHECK(bouncer_renewer_wait(renewer, ticket, TEST_TIMEOUT) == 1);
    CHECK(bouncer_renewer_reject_now(renewer, text.data, text.len, &ticket, &newer, NULL) == OK);
    CHECK(ticket == 0 && bouncer_own_token_generation(newer) == 2);
    bouncer_own_token_free(token);
    bouncer_own_token_free(newer);
    /* Tickets that the library did not return. */
    CHECK(bouncer_renewer_wait(renewer, 0, TEST_TIMEOUT) == 0 && bouncer_renewer_wait(renewer, UINT64_MAX, 10) == 0);
    CHECK(bouncer_renewer_wait_attempts(renewer, UINT64_MAX, 10) == 0);
    CHECK(bouncer_renewer_wait_attempts(renewer, 0, UINT64_MAX) == 1);
    CHECK(bouncer_renewer_wait_ready(renewer, UINT64_MAX, NULL) == OK);
    ticket = UINT64_MAX;
    CHECK(bouncer_renewer_token_now(renewer, &ticket, &token, NULL) == OK && ticket == 0);
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);
}

/* Checks that no renewer can be created from `settings`, then frees `settings`. */
static void is_rejected(bouncer_settings *settings, bouncer_status expected)
{
    bouncer_renewer *none = NULL;
    CHECK_FAILS(bouncer_renewer_new(settings, &none, &err), expected);
    CHECK(none == NULL);
    bouncer_settings_free(settings);
}

static void every_setting_is_accepted(void)
{
    /* tests/renewal and the C++ tests check the effects of the settings. */
    bouncer_settings *settings = settings_for("/login/with-settings");
    bouncer_settings_set(settings, BOUNCER_RENEWER_PROXY, BOUNCER_TEXT("http://127.0.0.1:1"));
    bouncer_settings_set(settings, BOUNCER_RENEWER_HEADER, BOUNCER_TEXT("dcos"));
    bouncer_settings_load(settings, BOUNCER_TEXT("{\"header\": \"bearer\", \"allow_http\": true, \"proxy\": \"none\", "
                                                 "\"timeout\": \"20s\", \"lazy\": true}"));
    bouncer_renewer *renewer = renewer_of(settings);
    /* With "lazy", nothing happens before the first call. */
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, 50) == 0 && state_is(renewer, "empty"));
    bouncer_own_token *token = token_of(renewer);
    CHECK(memcmp(bouncer_own_token_authorization(token).data, "Bearer ", 7) == 0);
    bouncer_own_token_free(token);
    bouncer_renewer_free(renewer);

    static const char *const values[][2] = {
        {BOUNCER_RENEWER_LOGIN_ENDPOINT, ""},
        {BOUNCER_RENEWER_LOGIN_ENDPOINT, "\xff"},
        {BOUNCER_RENEWER_LOGIN_ENDPOINT, "login"},
        {BOUNCER_RENEWER_LOGIN_ENDPOINT, "http://master.mesos/"},
        {BOUNCER_RENEWER_LOGIN_ENDPOINT, "ftp://localhost/"},
        {BOUNCER_RENEWER_PARAMETERS ".\xff", "a"},
        {BOUNCER_RENEWER_PARAMETERS ".a", "\xff"},
        {BOUNCER_RENEWER_CA_FILE, "\xff"},
        {BOUNCER_RENEWER_TIMEOUT, "18446744073709551615ms"},
        {BOUNCER_RENEWER_TIMEOUT, "0s"},
        {BOUNCER_RENEWER_MAX_WAIT, "300001ms"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        settings = settings_for(NULL);
        bouncer_settings_set(settings, values[i][0], values[i][1], strlen(values[i][1]));
        is_rejected(settings, INVALID);
    }
    settings = settings_for(NULL);
    CHECK(bouncer_settings_set(settings, BOUNCER_RENEWER_PROXY, "a", SIZE_MAX) == INVALID);
    is_rejected(settings, INVALID);
    is_rejected(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT, "{}"), UNUSABLE);
    is_rejected(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT, ""), INVALID);
    is_rejected(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT_FILE, "\xff"), INVALID);
    is_rejected(settings_with(BOUNCER_RENEWER_TOKEN_URL, "\xff"), INVALID);
    is_rejected(settings_with(BOUNCER_RENEWER_CLIENT_ID, "\xff"), INVALID);
    is_rejected(settings_with(BOUNCER_RENEWER_CLIENT_SECRET, "\xff"), INVALID);
    is_rejected(settings_with(BOUNCER_RENEWER_SUPPLIED, "\xff"), INVALID);
}

static void a_secret_may_be_in_a_file_or_the_environment(void)
{
    char path[] = TEST_TMP "/renewer-XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, secret, strlen(secret)) == (ssize_t)strlen(secret) && close(file) == 0);
    bouncer_renewer *renewer = renewer_of(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT_FILE, path));
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1 && generation_of(renewer) == 1);

    CHECK(unlink(path) == 0);
    /* The file is read for each login. */
    CHECK_FAILS(bouncer_renewer_renew(renewer, TEST_TIMEOUT, &err), UNUSABLE);
    CHECK(last_error_is(renewer, "credentials") && generation_of(renewer) == 1);
    bouncer_renewer_free(renewer);
    CHECK(setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", path, 1) == 0);
    is_rejected(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT_ENV, "true"), UNUSABLE);
    CHECK(strcmp(bouncer_status_name(UNUSABLE), "unusable_credentials") == 0);

    CHECK(setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", secret, 1) == 0);
    renewer = renewer_of(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT_ENV, "true"));
    CHECK(unsetenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL") == 0);
    CHECK(generation_of(renewer) == 1);
    bouncer_renewer_free(renewer);
    is_rejected(settings_with(BOUNCER_RENEWER_SERVICE_ACCOUNT_ENV, "true"), UNUSABLE);
}

static void *expect_failed_renewal(void *renewer)
{
    CHECK(bouncer_renewer_renew(renewer, TEST_TIMEOUT, NULL) == UNAVAILABLE);
    return NULL;
}

static void close_cancels_the_attempt_and_ends_the_thread_at_once(void)
{
    bouncer_settings *settings = settings_for("/hangs-later/for-close");
    bouncer_settings_set(settings, BOUNCER_RENEWER_TIMEOUT, BOUNCER_TEXT("5m"));
    bouncer_renewer *renewer = renewer_of(settings);
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1);
    bouncer_own_token *kept = token_of(renewer);
    pthread_t renewing;
    CHECK(pthread_create(&renewing, NULL, expect_failed_renewal, renewer) == 0);
    while (count_of(renewer, BOUNCER_STAT_RENEWER_REQUESTED_TOTAL) == 0) {
        nap();
    }
    for (int i = 0; i < 40; i++) {
        nap(); /* Waits until the login has most likely connected. */
    }
    CHECK(generation_of(renewer) == 1); /* The token is returned while a login hangs. */
    int64_t start = now();
    bouncer_renewer_close(renewer);
    CHECK(pthread_join(renewing, NULL) == 0);
    wait_for_the_threads();
    CHECK(now() - start < 20000);
    bouncer_own_token *token = NULL;
    uint64_t ticket = 0;
    expect_no_token(renewer, UNAVAILABLE);
    CHECK_FAILS(bouncer_renewer_token_now(renewer, &ticket, &token, &err), UNAVAILABLE);
    CHECK_FAILS(bouncer_renewer_reject(renewer, "a", 1, &token, &err), UNAVAILABLE);
    CHECK_FAILS(bouncer_renewer_reject_now(renewer, "a", 1, &ticket, &token, &err), UNAVAILABLE);
    CHECK_FAILS(bouncer_renewer_wait_ready(renewer, TEST_TIMEOUT, &err), UNAVAILABLE);
    CHECK_FAILS(bouncer_renewer_renew(renewer, TEST_TIMEOUT, &err), UNAVAILABLE);
    CHECK(bouncer_renewer_wait_attempts(renewer, 99, TEST_TIMEOUT) == 0 && bouncer_renewer_wait(renewer, 99, TEST_TIMEOUT) == 1);
    CHECK(ticket == 0 && token == NULL && state_is(renewer, "closed") && bouncer_own_token_text(kept).len > 10);
    bouncer_renewer_close(renewer);
    bouncer_renewer_free(renewer);
    bouncer_own_token_free(kept);
}

/* Runs `child` in a child process, which must exit with 0. */
static void in_a_child(void (*child)(const bouncer_renewer *renewer), bouncer_renewer *renewer)
{
    if (is_child()) {
        child(renewer);
        bouncer_renewer_free(renewer);
        end_child();
    }
}

static void take_the_current_token(const bouncer_renewer *renewer)
{
    CHECK(threads() == 1);
    CHECK(generation_of(renewer) == 1);
    CHECK(threads() == 1 && count_of(renewer, BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL) == 0);
}

static void log_in(const bouncer_renewer *renewer)
{
    CHECK(threads() == 1);
    CHECK(generation_of(renewer) == 1);
    CHECK(bouncer_renewer_wait_attempts(renewer, 1, TEST_TIMEOUT) == 1);
    wait_for_the_attempts();
}

static void log_in_again(const bouncer_renewer *renewer)
{
    bouncer_own_token *old = token_of(renewer);
    bouncer_own_token *other = NULL;
    bouncer_str text = bouncer_own_token_text(old);
    CHECK(bouncer_renewer_reject(renewer, text.data, text.len, &other, NULL) == OK);
    CHECK(bouncer_own_token_generation(other) == 2);
    wait_for_the_attempts();
    bouncer_own_token_free(old);
    bouncer_own_token_free(other);
}

static void close_the_renewer(const bouncer_renewer *renewer)
{
    bouncer_renewer_close(renewer);
    expect_no_token(renewer, UNAVAILABLE);
}

static void do_nothing(const bouncer_renewer *renewer)
{
    (void)renewer;
}

static void *expect_renewal(void *renewer)
{
    CHECK(bouncer_renewer_renew(renewer, TEST_TIMEOUT, NULL) == OK);
    return NULL;
}

static void a_forked_child_keeps_working(void)
{
    bouncer_renewer *renewer = ready("/login/for-a-child");
    in_a_child(take_the_current_token, renewer);
    in_a_child(log_in_again, renewer);
    in_a_child(close_the_renewer, renewer);
    CHECK(generation_of(renewer) == 1 && count_of(renewer, BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL) == 1);
    bouncer_renewer_free(renewer);
    wait_for_the_threads();

    bouncer_settings *settings = settings_for("/login/for-a-lazy-child");
    bouncer_settings_set(settings, BOUNCER_RENEWER_LAZY, BOUNCER_TEXT("true"));
    renewer = renewer_of(settings);
    in_a_child(log_in, renewer);
    in_a_child(log_in, renewer);
    CHECK(state_is(renewer, "empty") && generation_of(renewer) == 1);
    bouncer_renewer_free(renewer);

    /* The child inherits the parent's connection but must not close it for the parent. */
    renewer = ready("/late-later/for-a-fork");
    pthread_t renewing;
    CHECK(pthread_create(&renewing, NULL, expect_renewal, renewer) == 0);
    while (count_of(renewer, BOUNCER_STAT_RENEWER_REQUESTED_TOTAL) == 0) {
        nap();
    }
    for (int i = 0; i < 40; i++) {
        nap();
    }
    in_a_child(do_nothing, renewer);
    in_a_child(close_the_renewer, renewer);
    CHECK(pthread_join(renewing, NULL) == 0 && generation_of(renewer) == 2);
    bouncer_renewer_free(renewer);
}

static void every_null_argument_returns_a_status_or_an_empty_value(void)
{
    const bouncer_status null_argument = BOUNCER_STATUS_NULL_ARGUMENT;
    bouncer_settings *settings = settings_for("/login/for-null");
    bouncer_renewer *renewer = ready("/login/for-null");
    bouncer_renewer *made = NULL;
    bouncer_own_token *token = NULL;
    bouncer_stats *stats = NULL;
    uint64_t ticket = 7;
    int64_t time = 7;

    CHECK_FAILS(bouncer_renewer_new(NULL, &made, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_new(settings, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_token(NULL, &token, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_token(renewer, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_token_now(NULL, &ticket, &token, &err), null_argument);
    CHECK(ticket == 0);
    CHECK_FAILS(bouncer_renewer_token_now(renewer, NULL, &token, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_token_now(renewer, &ticket, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_reject(NULL, "a", 1, &token, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_reject(renewer, NULL, 1, &token, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_reject(renewer, "a", 1, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_reject(renewer, "a", SIZE_MAX, &token, &err), INVALID);
    CHECK_FAILS(bouncer_renewer_reject(renewer, "\xff", 1, &token, &err), INVALID);
    ticket = 7;
    CHECK_FAILS(bouncer_renewer_reject_now(NULL, "a", 1, &ticket, &token, &err), null_argument);
    CHECK(ticket == 0);
    CHECK_FAILS(bouncer_renewer_reject_now(renewer, NULL, 1, &ticket, &token, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_reject_now(renewer, "a", 1, NULL, &token, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_reject_now(renewer, "a", 1, &ticket, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_wait_ready(NULL, TEST_TIMEOUT, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_renew(NULL, TEST_TIMEOUT, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_stats(NULL, &stats, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_stats(renewer, NULL, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_supply(NULL, "a", 1, -1, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_supply(renewer, NULL, 1, -1, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_supply_failure(NULL, 0, "a", 1, &err), null_argument);
    CHECK_FAILS(bouncer_renewer_supply_failure(renewer, 0, NULL, 1, &err), null_argument);
    /* Without `err` the call returns only the status. */
    CHECK(bouncer_renewer_new(NULL, NULL, NULL) == null_argument);
    CHECK(bouncer_renewer_token(NULL, NULL, NULL) == null_argument);
    CHECK(bouncer_renewer_token_now(NULL, NULL, NULL, NULL) == null_argument);
    CHECK(bouncer_renewer_reject_now(NULL, NULL, 0, NULL, NULL, NULL) == null_argument);
    CHECK(bouncer_renewer_supply(NULL, NULL, 0, 0, NULL) == null_argument);
    CHECK(made == NULL && token == NULL && stats == NULL);

    CHECK(bouncer_renewer_wait(NULL, 1, TEST_TIMEOUT) == 0 && bouncer_renewer_wait_attempts(NULL, 0, TEST_TIMEOUT) == 0);
    CHECK(bouncer_renewer_wait_login(NULL, TEST_TIMEOUT) == 0);
    bouncer_renewer_close(NULL);
    CHECK(bouncer_own_token_text(NULL).data == NULL && bouncer_own_token_authorization(NULL).data == NULL);
    CHECK(bouncer_own_token_expires_at(NULL, &time) == 0 && bouncer_own_token_generation(NULL) == 0);
    CHECK(time == 7);

    bouncer_own_token_free(NULL);
    bouncer_renewer_free(NULL);
    bouncer_renewer_free(renewer);
    bouncer_settings_free(settings);
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    origin = argv[1];
    secret = argv[2];
    wrong_secret = argv[3];
    every_null_argument_returns_a_status_or_an_empty_value();
    a_login_returns_a_token_and_its_header();
    eight_threads_that_reject_one_token_cause_one_login();
    a_failed_renewal_keeps_the_current_token();
    a_rejected_login_differs_from_an_outage();
    an_oauth_client_logs_in_with_its_credentials();
    a_ticket_ends_with_its_attempt();
    every_setting_is_accepted();
    a_secret_may_be_in_a_file_or_the_environment();
    close_cancels_the_attempt_and_ends_the_thread_at_once();
    a_forked_child_keeps_working();
    /* Does not wait: freeing must have ended the threads, or valgrind reports their memory. */
    return 0;
}
