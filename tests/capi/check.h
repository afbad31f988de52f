/* Common parts of the C tests: a check that prints where it failed, files, settings and stats. */
#ifndef CHECK_H
#define CHECK_H

#include <bouncer_verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
            exit(1);                                                             \
        }                                                                        \
    } while (0)

/* Checks that a call fails with `expected` and writes an error with the same status and a message.
 */
#define CHECK_FAILS(call, expected)                                              \
    do {                                                                         \
        bouncer_error *err = NULL;                                               \
        CHECK((call) == (expected));                                             \
        CHECK(err != NULL && bouncer_error_status(err) == (expected));           \
        CHECK(strlen(bouncer_error_message(err)) > 10);                          \
        bouncer_error_free(err);                                                 \
    } while (0)

/* Returns 1 if `pointer` can be a real address: not NULL, and not Rust's pointer for an empty
 * slice, which is a small number. */
static inline int is_address(const void *pointer)
{
    return (uintptr_t)pointer >= 4096;
}

static inline int text_is(bouncer_str text, const char *expected)
{
    return is_address(text.data) && text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

/* The content of the file at `path` without a final newline, NUL-terminated. The caller frees it.
 */
static inline char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    CHECK(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
    char *text = malloc((size_t)size + 1);
    CHECK(text != NULL && fread(text, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    *len = (size_t)size;
    if (*len > 0 && text[*len - 1] == '\n') {
        *len -= 1;
    }
    text[*len] = '\0';
    return text;
}

/* The key set and the token of the DC/OS document. The token expires at DOCUMENT_EXP. */
#define DOCUMENT_EXP 1467985466

static inline bouncer_jwks *document_jwks(void)
{
    size_t len;
    char *json = read_file(TEST_DATA "/document_jwks.json", &len);
    bouncer_jwks *jwks = NULL;
    CHECK(bouncer_jwks_load(json, len, &jwks, NULL) == BOUNCER_STATUS_OK);
    free(json);
    return jwks;
}

static inline char *document_token(size_t *len)
{
    return read_file(TEST_DATA "/document_token.txt", len);
}

/* Settings of `kind` from the JSON document `json`. */
static inline bouncer_settings *settings_of(uint32_t kind, const char *json)
{
    bouncer_settings *settings = bouncer_settings_new(kind);
    CHECK(bouncer_settings_load(settings, json, strlen(json)) == BOUNCER_STATUS_OK);
    return settings;
}

/* Creates a policy from `settings`, then frees `settings`. */
static inline bouncer_policy *policy_of(bouncer_settings *settings)
{
    bouncer_policy *policy = NULL;
    CHECK(bouncer_policy_new(settings, &policy, NULL) == BOUNCER_STATUS_OK);
    bouncer_settings_free(settings);
    return policy;
}

/* A policy for tokens of DC/OS's Bouncer. */
static inline bouncer_policy *dcos_policy(void)
{
    return policy_of(settings_of(BOUNCER_KIND_POLICY, "{\"profile\": \"dcos\"}"));
}

/* The same policy with the fixed time `time`, in seconds since 1970. */
static inline bouncer_policy *policy_at(int64_t time)
{
    char seconds[30];
    int len = snprintf(seconds, sizeof seconds, "%lld", (long long)time);
    bouncer_settings *settings = settings_of(BOUNCER_KIND_POLICY, "{\"profile\": \"dcos\"}");
    bouncer_settings_set(settings, BOUNCER_POLICY_TIME, seconds, (size_t)len);
    return policy_of(settings);
}

/* The row `name` of a snapshot. The row must exist. */
static inline const bouncer_stat *row_of(const bouncer_stats *stats, const char *name)
{
    const bouncer_stat *row = bouncer_stats_find(stats, name, NULL, 0);
    CHECK(row != NULL && strcmp(row->name, name) == 0);
    return row;
}

/* The number in the row `name`; -1 if the row has no value. */
static inline double number_of(const bouncer_stats *stats, const char *name)
{
    const bouncer_stat *row = row_of(stats, name);
    CHECK(row->kind != BOUNCER_STAT_KIND_TEXT && (row->present == 0 || row->present == 1));
    return row->present ? row->number : -1;
}

/* The text in the row `name`; data is NULL if the row has no value. */
static inline bouncer_str text_of(const bouncer_stats *stats, const char *name)
{
    const bouncer_stat *row = row_of(stats, name);
    CHECK(row->kind == BOUNCER_STAT_KIND_TEXT && row->present == (row->text.data != NULL));
    return row->text;
}

#endif
