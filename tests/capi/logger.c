/* The logger: it receives the event of a failed fetch on another thread, and a process has only one
 * logger. */
#include "wait.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char first[256];
static int events;

static void record(void *context, uint32_t level, bouncer_str message)
{
    CHECK(context == &events && (level == BOUNCER_LOG_LEVEL_WARN || level == BOUNCER_LOG_LEVEL_ERROR));
    CHECK(pthread_mutex_lock(&mutex) == 0);
    if (events++ == 0) {
        snprintf(first, sizeof first, "%.*s", BOUNCER_STR_ARGS(message));
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

static int event_count(void)
{
    CHECK(pthread_mutex_lock(&mutex) == 0);
    int count = events;
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return count;
}

int main(void)
{
    CHECK_FAILS(bouncer_set_logger(NULL, &events, BOUNCER_LOG_LEVEL_WARN, &err), BOUNCER_STATUS_NULL_ARGUMENT);
    CHECK_FAILS(bouncer_set_logger(record, &events, 0, &err), BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK_FAILS(bouncer_set_logger(record, &events, 99, &err), BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(bouncer_set_logger(record, &events, BOUNCER_LOG_LEVEL_WARN, NULL) == BOUNCER_STATUS_OK);
    bouncer_error *error = NULL;
    CHECK(bouncer_set_logger(record, &events, BOUNCER_LOG_LEVEL_WARN, &error) == BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(bouncer_error_message(error), "already has a logger") != NULL);
    bouncer_error_free(error);

    /* No server listens on this port. */
    static const char json[] = "{\"url\": \"http://127.0.0.1:1/jwks?secret\", \"lazy\": true}";
    bouncer_settings *settings = settings_of(BOUNCER_KIND_KEYS, json);
    bouncer_remote_jwks *keys = NULL;
    CHECK(bouncer_remote_jwks_new(settings, &keys, NULL) == BOUNCER_STATUS_OK);
    bouncer_settings_free(settings);
    CHECK_FAILS(bouncer_remote_jwks_refresh(keys, TEST_TIMEOUT, &err), BOUNCER_STATUS_KEYS_UNAVAILABLE);
    for (int64_t end = now() + TEST_TIMEOUT; event_count() == 0; nap()) {
        CHECK(now() < end);
    }
    bouncer_remote_jwks_close(keys);
    bouncer_remote_jwks_free(keys);
    wait_for_the_threads();
    CHECK(strstr(first, "http://127.0.0.1:1/jwks") != NULL && strstr(first, "secret") == NULL);
    return 0;
}
