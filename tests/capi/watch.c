/* Event loops that wait for fetches and logins with a watch.
 *
 *     watch ORIGIN TOKEN_A TOKEN_B LOGIN_ORIGIN SECRET
 *
 * tests/capi.rs defines the responses of both servers for each path. The tokens have the kids "a"
 * and "b". */
#include "children.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

static const char *origin, *token_a, *token_b, *login_origin, *secret;
static bouncer_policy *policy;

/* Creates a remote key set for the keys at `path`. It fetches nothing before it is used. */
static bouncer_remote_jwks *lazy(const char *path)
{
    char url[200];
    int len = snprintf(url, sizeof url, "%s%s", origin, path);
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_KEYS);
    bouncer_settings_set(settings, BOUNCER_KEYS_URL, url, (size_t)len);
    bouncer_settings_set(settings, BOUNCER_KEYS_LAZY, BOUNCER_TEXT("true"));
    bouncer_remote_jwks *remote = NULL;
    CHECK(bouncer_remote_jwks_new(settings, &remote, NULL) == BOUNCER_STATUS_OK);
    bouncer_settings_free(settings);
    return remote;
}

static bouncer_verifier *verifier_of(const bouncer_remote_jwks *remote)
{
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_remote(remote, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    return verifier;
}

static bouncer_watch *watch_of(const bouncer_remote_jwks *remote)
{
    bouncer_watch *watch = NULL;
    CHECK(bouncer_remote_jwks_watch(remote, &watch, NULL) == BOUNCER_STATUS_OK && watch != NULL);
    return watch;
}

static bouncer_watch *watch_of_verifier(const bouncer_verifier *verifier)
{
    bouncer_watch *watch = NULL;
    CHECK(bouncer_verifier_watch(verifier, &watch, NULL) == BOUNCER_STATUS_OK && watch != NULL);
    return watch;
}

/* Waits until the watch is readable, at most `timeout` milliseconds. */
static int is_readable(const bouncer_watch *watch, int timeout)
{
    struct pollfd file = {.fd = bouncer_watch_fd(watch), .events = POLLIN};
    int ready = poll(&file, 1, timeout);
    CHECK(ready >= 0);
    return ready;
}

/* Waits until the watch is readable and reads it empty. */
static void wait_and_clear(const bouncer_watch *watch)
{
    uint64_t count = 0;
    CHECK(is_readable(watch, TEST_TIMEOUT));
    CHECK(read(bouncer_watch_fd(watch), &count, sizeof count) == sizeof count && count > 0);
    CHECK(!is_readable(watch, 0) && read(bouncer_watch_fd(watch), &count, sizeof count) == -1);
}

static bouncer_status verify(const bouncer_verifier *verifier, const char *text, uint64_t *ticket)
{
    bouncer_token *token = NULL;
    bouncer_status status = bouncer_verifier_verify_now(verifier, text, strlen(text), ticket, &token, NULL);
    CHECK((status == BOUNCER_STATUS_OK) == (token != NULL) && (status == BOUNCER_STATUS_PENDING) == (*ticket != 0));
    bouncer_token_free(token);
    return status;
}

static void the_descriptor_is_nonblocking_and_closed_by_exec(void)
{
    bouncer_remote_jwks *remote = lazy("/jwks/for-flags");
    bouncer_watch *watch = watch_of(remote);
    int fd = bouncer_watch_fd(watch);
    CHECK(fd > 2 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(!is_readable(watch, 0));
    bouncer_watch_free(watch);
    CHECK(fcntl(fd, F_GETFD) == -1);
    bouncer_remote_jwks_free(remote);

    CHECK(bouncer_watch_fd(NULL) == -1);
    bouncer_watch_free(NULL);
    bouncer_watch *none = NULL;
    CHECK_FAILS(bouncer_remote_jwks_watch(NULL, &none, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_verifier_watch(NULL, &none, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_renewer_watch(NULL, &none, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK(none == NULL);
}

static void without_a_free_descriptor_no_watch_is_created(void)
{
    bouncer_remote_jwks *remote = lazy("/jwks/for-limits");
    bouncer_verifier *verifier = verifier_of(remote);
    bouncer_watch *watch = NULL;
    /* Descriptors below the new limit may still be free. */
    bouncer_watch *open = watch_of(remote);
    struct rlimit before, few;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    few.rlim_cur = (rlim_t)bouncer_watch_fd(open);
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    bouncer_error *err = NULL;
    CHECK(bouncer_verifier_watch(verifier, &watch, &err) == BOUNCER_STATUS_SYSTEM_ERROR && watch == NULL);
    CHECK(bouncer_error_status(err) == BOUNCER_STATUS_SYSTEM_ERROR && bouncer_error_claim(err).data == NULL);
    CHECK(strstr(bouncer_error_message(err), "Too many open files") != NULL);
    CHECK(strcmp(bouncer_status_name(BOUNCER_STATUS_SYSTEM_ERROR), "system_error") == 0);
    CHECK(bouncer_status_http_status(BOUNCER_STATUS_SYSTEM_ERROR) == 500);
    bouncer_error_free(err);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    bouncer_watch_free(watch_of_verifier(verifier));
    bouncer_watch_free(open);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

/* Even numbers: the attempt is over before the loop waits. */
static void no_attempt_is_missed(void)
{
    for (int i = 0; i < 20; i++) {
        char path[50];
        snprintf(path, sizeof path, "/jwks/missed-%d", i);
        bouncer_remote_jwks *remote = lazy(path);
        bouncer_verifier *verifier = verifier_of(remote);
        bouncer_watch *watch = watch_of_verifier(verifier);
        uint64_t ticket = 0;
        CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_PENDING);
        if (i % 2 == 0) {
            CHECK(bouncer_verifier_wait(verifier, ticket, TEST_TIMEOUT) == 1);
        }
        wait_and_clear(watch);
        CHECK(bouncer_verifier_wait(verifier, ticket, 0) == 1);
        CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_OK);
        bouncer_watch_free(watch);
        bouncer_verifier_free(verifier);
        bouncer_remote_jwks_free(remote);
    }
}

static void one_wakeup_answers_many_requests_in_every_loop(void)
{
    enum { LOOPS = 3, REQUESTS = 100 };
    bouncer_remote_jwks *remote = lazy("/rotates-late/for-many");
    bouncer_verifier *verifier = verifier_of(remote);
    bouncer_watch *watches[LOOPS];
    for (int i = 0; i < LOOPS; i++) {
        watches[i] = i % 2 ? watch_of(remote) : watch_of_verifier(verifier);
    }
    uint64_t ticket = 0;
    CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_PENDING);
    for (int i = 0; i < LOOPS; i++) {
        wait_and_clear(watches[i]);
    }
    CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_OK);

    /* The issuer has a new key, and it is slow. */
    uint64_t tickets[REQUESTS] = {0};
    for (int i = 0; i < REQUESTS; i++) {
        CHECK(verify(verifier, token_b, &tickets[i]) == BOUNCER_STATUS_PENDING);
        ticket = 0;
        CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_OK);
    }
    for (int i = 0; i < LOOPS; i++) {
        CHECK(!is_readable(watches[i], 0));
    }
    for (int i = 0; i < LOOPS; i++) {
        wait_and_clear(watches[i]);
    }
    for (int i = 0; i < REQUESTS; i++) {
        CHECK(bouncer_verifier_wait(verifier, tickets[i], 0) == 1);
        CHECK(verify(verifier, token_b, &tickets[i]) == BOUNCER_STATUS_OK);
    }
    for (int i = 0; i < LOOPS; i++) {
        bouncer_watch_free(watches[i]);
    }
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void a_watch_is_readable_after_a_failed_attempt_and_after_close(void)
{
    bouncer_remote_jwks *remote = lazy("/503/for-a-watch");
    bouncer_watch *watch = watch_of(remote);
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(is_readable(watch, TEST_TIMEOUT));
    bouncer_watch_free(watch);
    bouncer_remote_jwks_free(remote);

    remote = lazy("/hang/for-close");
    bouncer_verifier *verifier = verifier_of(remote);
    watch = watch_of_verifier(verifier);
    uint64_t ticket = 0;
    CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_PENDING && !is_readable(watch, 0));
    CHECK(bouncer_verifier_wait(verifier, ticket, 0) == 0);
    bouncer_remote_jwks_close(remote);
    CHECK(is_readable(watch, 0) && bouncer_verifier_wait(verifier, ticket, 0) == 1);
    CHECK(verify(verifier, token_a, &ticket) == BOUNCER_STATUS_KEYS_UNAVAILABLE && ticket == 0);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
    /* The watch outlives its key set. */
    CHECK(is_readable(watch, 0));
    bouncer_watch_free(watch);
}

static atomic_int stopped;

static void *create_and_free_watches(void *remote)
{
    intptr_t count = 0;
    while (!atomic_load(&stopped)) {
        bouncer_watch *first = watch_of(remote), *second = watch_of(remote);
        bouncer_watch_free(first);
        bouncer_watch_free(second);
        count += 2;
        /* valgrind runs one thread at a time. A thread that never sleeps would keep its turn. */
        struct timespec pause = {0, 50000};
        nanosleep(&pause, NULL);
    }
    return (void *)count;
}

static void a_watch_may_be_freed_while_attempts_run(void)
{
    bouncer_remote_jwks *remote = lazy("/jwks/for-free");
    bouncer_watch *watch = watch_of(remote);
    pthread_t thread;
    void *count;
    CHECK(pthread_create(&thread, NULL, create_and_free_watches, remote) == 0);
    for (int i = 0; i < 50; i++) {
        CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
    }
    atomic_store(&stopped, 1);
    CHECK(pthread_join(thread, &count) == 0 && (intptr_t)count > 2);
    CHECK(is_readable(watch, TEST_TIMEOUT));
    bouncer_watch_free(watch);
    bouncer_remote_jwks_free(remote);
}

static void a_child_wakes_only_its_own_loop(void)
{
    bouncer_remote_jwks *remote = lazy("/jwks/for-a-fork");
    bouncer_verifier *verifier = verifier_of(remote);
    bouncer_watch *watch = watch_of_verifier(verifier);
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
    wait_and_clear(watch);
    if (is_child()) {
        bouncer_watch *own = watch_of_verifier(verifier);
        CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
        wait_and_clear(own);
        bouncer_remote_jwks_close(remote);
        CHECK(is_readable(own, 0) && !is_readable(watch, 0));
        bouncer_watch_free(own);
        bouncer_watch_free(watch);
        bouncer_verifier_free(verifier);
        bouncer_remote_jwks_free(remote);
        bouncer_policy_free(policy);
        end_child();
    }
    CHECK(!is_readable(watch, 0));
    CHECK(bouncer_remote_jwks_refresh(remote, TEST_TIMEOUT, NULL) == BOUNCER_STATUS_OK);
    wait_and_clear(watch);
    bouncer_watch_free(watch);
    bouncer_verifier_free(verifier);
    bouncer_remote_jwks_free(remote);
}

static void a_loop_waits_for_a_login(void)
{
    char url[200];
    int len = snprintf(url, sizeof url, "%s/late/for-a-watch", login_origin);
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_RENEWER);
    bouncer_settings_set(settings, BOUNCER_RENEWER_SERVICE_ACCOUNT, secret, strlen(secret));
    bouncer_settings_set(settings, BOUNCER_RENEWER_LOGIN_ENDPOINT, url, (size_t)len);
    bouncer_settings_set(settings, BOUNCER_RENEWER_LAZY, BOUNCER_TEXT("true"));
    bouncer_renewer *renewer = NULL;
    bouncer_watch *watch = NULL;
    CHECK(bouncer_renewer_new(settings, &renewer, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_renewer_watch(renewer, &watch, NULL) == BOUNCER_STATUS_OK);
    bouncer_settings_free(settings);
    uint64_t ticket = 0;
    bouncer_own_token *token = NULL;
    CHECK(bouncer_renewer_token_now(renewer, &ticket, &token, NULL) == BOUNCER_STATUS_LOGIN_UNAVAILABLE);
    CHECK(ticket != 0 && bouncer_renewer_wait(renewer, ticket, 0) == 0 && !is_readable(watch, 0));
    wait_and_clear(watch);
    CHECK(bouncer_renewer_wait(renewer, ticket, 0) == 1);
    CHECK(bouncer_renewer_token_now(renewer, &ticket, &token, NULL) == BOUNCER_STATUS_OK && ticket == 0);
    bouncer_own_token_free(token);
    bouncer_renewer_close(renewer);
    CHECK(is_readable(watch, 0));
    bouncer_renewer_free(renewer);
    bouncer_watch_free(watch);
}

static void keys_that_never_change_never_wake_a_loop(void)
{
    bouncer_jwks *jwks = document_jwks();
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new_jwks(jwks, policy, &verifier, NULL) == BOUNCER_STATUS_OK);
    bouncer_watch *watch = watch_of_verifier(verifier);
    uint64_t ticket = 0;
    CHECK(verify(verifier, token_a, &ticket) != BOUNCER_STATUS_PENDING && !is_readable(watch, 0));
    bouncer_verifier_free(verifier);
    CHECK(!is_readable(watch, 0));
    bouncer_watch_free(watch);
    bouncer_jwks_free(jwks);
}

int main(int argc, char **argv)
{
    CHECK(argc == 6);
    origin = argv[1];
    token_a = argv[2];
    token_b = argv[3];
    login_origin = argv[4];
    secret = argv[5];
    policy = dcos_policy();
    the_descriptor_is_nonblocking_and_closed_by_exec();
    without_a_free_descriptor_no_watch_is_created();
    no_attempt_is_missed();
    one_wakeup_answers_many_requests_in_every_loop();
    a_watch_is_readable_after_a_failed_attempt_and_after_close();
    a_watch_may_be_freed_while_attempts_run();
    a_child_wakes_only_its_own_loop();
    a_loop_waits_for_a_login();
    keys_that_never_change_never_wake_a_loop();
    bouncer_policy_free(policy);
    wait_for_the_threads();
    return 0;
}
