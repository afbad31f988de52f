/* The C driver: `driver FIXTURES THREADS`. It implements the line protocol of benches/README.md. */

#define _GNU_SOURCE

#include "driver.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    const fixture *fixture;
    const library *library;
    void *prepared;
} candidate;

static candidate candidates[64];
static size_t candidate_count;

static void fail(const char *what, const char *which) {
    fprintf(stderr, "%s: %s\n", what, which);
    exit(1);
}

/* ---------------------------------------------------------------------------------- allocations */

static __thread uint64_t allocations, allocated_bytes;

#ifdef __GLIBC__
/* These functions wrap those of libc and count the calls of each thread. Calls from shared
 * libraries use them too, because the program's symbols come first. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);

void *malloc(size_t bytes) {
    allocations++;
    allocated_bytes += bytes;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    allocations++;
    allocated_bytes += count * bytes;
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes) {
    allocations++;
    allocated_bytes += bytes;
    return __libc_realloc(old, bytes);
}
#endif

/* ------------------------------------------------------------------------------------- fixtures */

static char *read_file(const char *folder, const char *name, const char *file, size_t *len) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) fail("cannot read", path);
    fseek(stream, 0, SEEK_END);
    *len = (size_t)ftell(stream);
    rewind(stream);
    char *text = malloc(*len + 1);
    if (text == NULL || fread(text, 1, *len, stream) != *len) fail("cannot read", path);
    text[*len] = '\0';
    fclose(stream);
    return text;
}

static fixture *load(const char *folder, const char *name) {
    fixture *loaded = calloc(1, sizeof *loaded);
    loaded->name = name;
    loaded->is_bouncer = strcmp(name, "bouncer") == 0;
    loaded->jwks = read_file(folder, name, "jwks.json", &loaded->jwks_len);
    loaded->pem = read_file(folder, name, "key.pem", &loaded->pem_len);
    loaded->batch = loaded->threads = 1;
    loaded->samples = calloc(64, sizeof *loaded->samples);
    size_t len;
    char *rest = read_file(folder, name, "tokens", &len), *line;
    while (loaded->count < 64 && (line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        sample *next = &loaded->samples[loaded->count++];
        next->expected = strsep(&line, " ");
        next->expected_len = strlen(next->expected);
        next->token = line;
        next->token_len = strlen(line);
    }
    return loaded;
}

bool is_subject(const sample *sample, const char *text, size_t len) {
    return len == sample->expected_len && memcmp(text, sample->expected, len) == 0;
}

bool is_reason(const sample *sample, const char *reason) {
    return sample->expected[0] == '!' && strcmp(sample->expected + 1, reason) == 0;
}

/* ---------------------------------------------------------------------------------------- slots */

typedef struct {
    const candidate *candidate;
    uint64_t time;
    pthread_barrier_t *ready;
    uint64_t calls, wall, cpu;
} slot;

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void verify_samples(const candidate *candidate, size_t *next, uint64_t count) {
    const fixture *fixture = candidate->fixture;
    for (; count > 0; count--, (*next)++)
        if (!candidate->library->verify(candidate->prepared, &fixture->samples[*next % fixture->count]))
            fail(candidate->library->name, "wrong result");
}

/* Measures calls for `slot->time` nanoseconds. Before that, a warm-up of a fifth of this time fills
 * caches and trains branch predictors. */
static void *run(void *argument) {
    slot *slot = argument;
    size_t next = 0;
    /* Calls between two reads of the clock. It grows until the cost of a read is negligible. */
    uint64_t chunk = 1;
    uint64_t start = nanoseconds(CLOCK_MONOTONIC);
    while (nanoseconds(CLOCK_MONOTONIC) - start < slot->time / 5) {
        uint64_t begin = nanoseconds(CLOCK_MONOTONIC);
        verify_samples(slot->candidate, &next, chunk);
        if (nanoseconds(CLOCK_MONOTONIC) - begin < slot->time / 200) chunk *= 2;
    }
    pthread_barrier_wait(slot->ready);
    start = nanoseconds(CLOCK_MONOTONIC);
    uint64_t cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    while ((slot->wall = nanoseconds(CLOCK_MONOTONIC) - start) < slot->time) {
        verify_samples(slot->candidate, &next, chunk);
        slot->calls += chunk;
    }
    slot->cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    return NULL;
}

static void run_slots(const candidate *candidate, uint64_t time, unsigned threads) {
    const fixture *fixture = candidate->fixture;
    if (fixture->threads > 1) threads = 1; /* the library starts the threads itself */
    pthread_barrier_t ready;
    pthread_barrier_init(&ready, NULL, threads);
    slot slots[64] = {0};
    pthread_t others[64];
    for (unsigned i = 0; i < threads; i++) {
        slots[i].candidate = candidate;
        slots[i].time = time;
        slots[i].ready = &ready;
        if (i > 0 && pthread_create(&others[i], NULL, run, &slots[i]) != 0)
            fail("cannot start a thread", "pthread_create");
    }
    run(&slots[0]);
    for (unsigned i = 1; i < threads; i++) {
        pthread_join(others[i], NULL);
        slots[0].calls += slots[i].calls;
        slots[0].cpu += slots[i].cpu;
        slots[0].wall += slots[i].wall;
    }
    slots[0].wall /= threads;
    pthread_barrier_destroy(&ready);
    /* The clock measures only the calling thread, which waits for the slowest of the library's
     * threads. So the CPU time of all threads is estimated. */
    printf("%ju %ju %ju\n", (uintmax_t)slots[0].calls * fixture->batch, (uintmax_t)slots[0].wall,
           (uintmax_t)slots[0].cpu * fixture->threads);
}

/* ------------------------------------------------------------------------------------- protocol */

static void add(const fixture *fixture, const library *library) {
    candidate *added = &candidates[candidate_count++];
    *added = (candidate){fixture, library, library->prepare(fixture)};
    if (added->prepared == NULL) fail(library->name, "cannot use the keys");
    size_t next = 0;
    verify_samples(added, &next, fixture->count);
}

static void run_command(char *line, unsigned threads) {
    const char *command = strsep(&line, " \n"), *which = strsep(&line, " \n"), *time = strsep(&line, " \n");
    if (strcmp(command, "list") == 0) {
        for (size_t i = 0; i < candidate_count; i++) {
            const fixture *fixture = candidates[i].fixture;
            const library *library = candidates[i].library;
            printf("candidate\t%s\t%s", fixture->name, library->name);
            if (fixture->batch > 1) printf(", %u in one call", fixture->batch);
            printf("\t%s\n", library->version());
        }
        printf("end\n");
        return;
    }
    const candidate *chosen = &candidates[which == NULL ? 0 : strtoul(which, NULL, 10)];
    if (strcmp(command, "run") == 0 && time != NULL) {
        run_slots(chosen, strtoul(time, NULL, 10) * 1000, threads);
    } else if (strcmp(command, "allocations") == 0) {
#ifdef __GLIBC__
        size_t next = 0;
        uint64_t calls = allocations, bytes = allocated_bytes;
        verify_samples(chosen, &next, 64);
        double tokens = 64.0 * chosen->fixture->batch;
        printf("%g %g\n", (double)(allocations - calls) / tokens, (double)(allocated_bytes - bytes) / tokens);
#else
        printf("-\n");
#endif
    } else {
        fail("unknown command", command);
    }
}

int main(int argc, char **argv) {
    static const char *const every_peer[] = {"bouncer", "oidc", "tampered", "expired"};
    static const char *const ours_alone[] = {"unknown_kid", "garbage", "jwks_2", "jwks_100"};
    static const unsigned batches[] = {64, 1000};
    static const library *const peers[] = {
#ifdef HAVE_LIBJWT
        &libjwt,
#endif
#ifdef HAVE_CJOSE
        &cjose,
#endif
#ifdef HAVE_RHONABWY
        &rhonabwy,
#endif
        NULL,
    };
    if (argc != 3) fail("usage", "driver FIXTURES THREADS");
    unsigned threads = (unsigned)strtoul(argv[2], NULL, 10);
    if (threads == 0 || threads > 64) fail("THREADS is not between 1 and 64", argv[2]);
    for (size_t i = 0; i < sizeof every_peer / sizeof *every_peer; i++) {
        if (threads > 1 && strcmp(every_peer[i], "oidc") != 0) continue;
        const fixture *fixture = load(argv[1], every_peer[i]);
        add(fixture, &bouncer_verify);
        for (size_t j = 0; peers[j] != NULL; j++) add(fixture, peers[j]);
    }
    for (size_t i = 0; threads == 1 && i < sizeof ours_alone / sizeof *ours_alone; i++)
        add(load(argv[1], ours_alone[i]), &bouncer_verify);
    fixture *cached = load(argv[1], "oidc");
    cached->name = "cached";
    add(cached, &bouncer_verify_cached);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        if (threads > 1 && batches[i] < 1000) continue; /* too few tokens to split across threads */
        fixture *many = load(argv[1], "oidc");
        many->name = "batch";
        many->batch = batches[i];
        many->threads = threads;
        add(many, &bouncer_verify_batch);
    }
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        run_command(line, threads);
        fflush(stdout);
    }
    return 0;
}
