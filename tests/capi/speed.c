/* Compares durations with each other, so the limits hold on any CPU. `make test-speed` runs this
 * program with the release library. Other load on the machine does not exceed the limits. A real
 * regression does: it would be a factor of four or ten. */
#include "check.h"

#include <time.h>

enum { ROUNDS = 301, TOKENS = 8 };

static bouncer_policy *policy;
static bouncer_str tokens[TOKENS], forged[TOKENS];

static double now(void)
{
    struct timespec time;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void one_by_one(const bouncer_jwks *jwks, const bouncer_str *texts, bouncer_status expected)
{
    for (int i = 0; i < TOKENS; i++) {
        bouncer_token *token = NULL;
        CHECK(bouncer_verify_token(jwks, policy, texts[i].data, texts[i].len, &token, NULL) == expected);
        bouncer_token_free(token);
    }
}

static void in_one_call(const bouncer_jwks *jwks, const bouncer_str *texts, bouncer_status expected)
{
    bouncer_batch *batch = NULL;
    CHECK(bouncer_verify_tokens(jwks, policy, texts, TOKENS, 1, &batch, NULL) == BOUNCER_STATUS_OK);
    for (int i = 0; i < TOKENS; i++) {
        CHECK(bouncer_batch_status(batch, (size_t)i) == expected);
    }
    bouncer_batch_free(batch);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof *times, compare);
    return times[ROUNDS / 2] / TOKENS;
}

/* A key set with the members of both documents, in this order. */
static bouncer_jwks *both(const char *first, const char *second)
{
    size_t len;
    char *texts[2] = {read_file(first, &len), read_file(second, &len)};
    char *joined = calloc(1, strlen(texts[0]) + strlen(texts[1]) + 1);
    CHECK(joined != NULL);
    /* Joins the first document up to the end of its keys, and the second from its first key. */
    char *end = strrchr(texts[0], ']'), *begin = strchr(texts[1], '[');
    CHECK(end != NULL && begin != NULL);
    *end = '\0';
    sprintf(joined, "%s,%s", texts[0], begin + 1);
    bouncer_jwks *jwks = NULL;
    CHECK(bouncer_jwks_load(joined, strlen(joined), &jwks, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_jwks_key_count(jwks) == 2);
    free(texts[0]);
    free(texts[1]);
    free(joined);
    return jwks;
}

static void print_cpu(void)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    int lines = 0;
    while (file != NULL && lines < 2 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "vendor_id", 9) == 0 || strncmp(line, "model name", 10) == 0) {
            char *value = strchr(line, ':');
            printf("%s%.*s", lines++ == 0 ? "CPU:" : ",", (int)strcspn(value + 1, "\n"), value + 1);
        }
    }
    printf("\n");
    if (file != NULL) {
        fclose(file);
    }
}

static int failures;

static void check(const char *what, double time, const char *than, double other, double limit)
{
    int passes = time <= limit * other;
    printf("%s %.2f us, %s %.2f us: %.2f x, max %.1f x%s\n", what, time, than, other, time / other, limit,
           passes ? "" : ": TOO SLOW");
    failures += !passes;
}

int main(void)
{
    static double alone[ROUNDS], batch[ROUNDS], forgeries[ROUNDS], forged_batch[ROUNDS], second[ROUNDS];
    bouncer_jwks *jwks = document_jwks();
    bouncer_jwks *two = both(TEST_DATA "/document_first_jwks.json", TEST_DATA "/document_jwks.json");
    policy = policy_at(DOCUMENT_EXP - 1);
    for (int i = 0; i < TOKENS; i++) {
        size_t len;
        char *token = document_token(&len);
        tokens[i] = (bouncer_str){token, len};
        char *changed = document_token(&len);
        changed[len - 10 - (size_t)i] = changed[len - 10 - (size_t)i] == 'A' ? 'B' : 'A';
        forged[i] = (bouncer_str){changed, len};
    }
    for (int i = 0; i < ROUNDS; i++) {
        double times[6];
        times[0] = now();
        one_by_one(jwks, tokens, BOUNCER_STATUS_OK);
        times[1] = now();
        in_one_call(jwks, tokens, BOUNCER_STATUS_OK);
        times[2] = now();
        one_by_one(jwks, forged, BOUNCER_STATUS_INVALID_SIGNATURE);
        times[3] = now();
        in_one_call(jwks, forged, BOUNCER_STATUS_INVALID_SIGNATURE);
        times[4] = now();
        one_by_one(two, tokens, BOUNCER_STATUS_OK);
        times[5] = now();
        alone[i] = times[1] - times[0];
        batch[i] = times[2] - times[1];
        forgeries[i] = times[3] - times[2];
        forged_batch[i] = times[4] - times[3];
        second[i] = times[5] - times[4];
    }
    print_cpu();
    double valid = median(alone), valid_batch = median(batch);
    check("a valid token in a batch of 8", valid_batch, "in a single call", valid, 2);
    check("a forged token", median(forgeries), "a valid token", valid, 2);
    check("a forged token in a batch of 8", median(forged_batch), "a valid token", valid_batch, 2);
    check("a token without kid, signed by the second of two keys", median(second), "by the only key", valid, 2.5);
    for (int i = 0; i < TOKENS; i++) {
        free((char *)tokens[i].data);
        free((char *)forged[i].data);
    }
    bouncer_policy_free(policy);
    bouncer_jwks_free(two);
    bouncer_jwks_free(jwks);
    return failures != 0;
}
