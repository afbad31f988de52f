/* Common parts of the tests of renewers. */
#ifndef RENEWER_H
#define RENEWER_H

#include "wait.h"

#define OK BOUNCER_STATUS_OK
#define UNAVAILABLE BOUNCER_STATUS_LOGIN_UNAVAILABLE
#define REJECTED BOUNCER_STATUS_LOGIN_REJECTED
#define UNUSABLE BOUNCER_STATUS_UNUSABLE_CREDENTIALS
#define INVALID BOUNCER_STATUS_INVALID_ARGUMENT

/* Settings of a renewer with one setting that names the source of its tokens. */
static inline bouncer_settings *settings_with(const char *name, const char *value)
{
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_RENEWER);
    bouncer_settings_set(settings, name, value, strlen(value));
    /* Longer than the default of 10 seconds, which may not be enough under valgrind. */
    bouncer_settings_set(settings, BOUNCER_RENEWER_MAX_WAIT, TEST_TIMEOUT_TEXT);
    return settings;
}

/* Creates a renewer from `settings`, then frees `settings`. */
static inline bouncer_renewer *renewer_of(bouncer_settings *settings)
{
    bouncer_renewer *renewer = NULL;
    CHECK(bouncer_renewer_new(settings, &renewer, NULL) == OK);
    bouncer_settings_free(settings);
    return renewer;
}

static inline bouncer_own_token *token_of(const bouncer_renewer *renewer)
{
    bouncer_own_token *token = NULL;
    CHECK(bouncer_renewer_token(renewer, &token, NULL) == OK && token != NULL);
    return token;
}

static inline bouncer_stats *stats_of(const bouncer_renewer *renewer)
{
    bouncer_stats *stats = NULL;
    CHECK(bouncer_renewer_stats(renewer, &stats, NULL) == OK);
    return stats;
}

static inline int state_is(const bouncer_renewer *renewer, const char *state)
{
    bouncer_stats *stats = stats_of(renewer);
    int is = text_is(text_of(stats, BOUNCER_STAT_RENEWER_STATE), state);
    bouncer_stats_free(stats);
    return is;
}

static inline int last_error_is(const bouncer_renewer *renewer, const char *name)
{
    bouncer_stats *stats = stats_of(renewer);
    int is = text_is(text_of(stats, BOUNCER_STAT_RENEWER_LAST_ERROR_NAME), name);
    CHECK(text_of(stats, BOUNCER_STAT_RENEWER_LAST_ERROR).len > 5);
    bouncer_stats_free(stats);
    return is;
}

/* The current number in the row `name`. */
static inline double count_of(const bouncer_renewer *renewer, const char *name)
{
    bouncer_stats *stats = stats_of(renewer);
    double number = number_of(stats, name);
    bouncer_stats_free(stats);
    return number;
}

/* Checks that a request for the token fails with `expected`. */
static inline void expect_no_token(const bouncer_renewer *renewer, bouncer_status expected)
{
    bouncer_own_token *token = NULL;
    CHECK_FAILS(bouncer_renewer_token(renewer, &token, &err), expected);
    CHECK(token == NULL);
}

#endif
