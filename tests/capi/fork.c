/* The process forks while another thread verifies the first token with a key. The child must be
 * able to verify with that key too. It must not wait for work that only the parent's thread can
 * finish. Arguments: a key set and tokens with invalid signatures. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 300, DELAYS = 25, MICROSECONDS = 2 };

static bouncer_policy *policy;
static pthread_barrier_t start;

struct work {
    const bouncer_jwks *jwks;
    const char *token;
};

static int is_rejected(const struct work *work)
{
    bouncer_token *token = NULL;
    bouncer_status status = bouncer_verify_token(work->jwks, policy, work->token, strlen(work->token), &token, NULL);
    return status == BOUNCER_STATUS_INVALID_SIGNATURE;
}

static void *verify(void *argument)
{
    pthread_barrier_wait(&start);
    return is_rejected(argument) ? argument : NULL;
}

/* Busy-waits. A sleep could last longer than the verification during which the fork must happen. */
static void spin(long microseconds)
{
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - from.tv_sec) * 1000000 + (now.tv_nsec - from.tv_nsec) / 1000 < microseconds);
}

int main(int argc, char **argv)
{
    CHECK(argc > 2);
    policy = policy_of(
        settings_of(BOUNCER_KIND_POLICY, "{\"profile\": \"dcos\", \"algorithms\": [\"RS256\", \"PS256\"]}"));
    CHECK(pthread_barrier_init(&start, NULL, 2) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        bouncer_jwks *jwks = NULL;
        CHECK(bouncer_jwks_load(argv[1], strlen(argv[1]), &jwks, NULL) == BOUNCER_STATUS_OK);
        struct work work = {jwks, argv[2 + i % (argc - 2)]};
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, verify, &work) == 0);
        pthread_barrier_wait(&start);
        spin(i / (argc - 2) % DELAYS * MICROSECONDS);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            /* Ends the child if it waits forever. */
            alarm(20);
            _exit(is_rejected(&work) ? 0 : 1);
        }
        void *result;
        int status;
        CHECK(pthread_join(thread, &result) == 0 && result != NULL);
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        bouncer_jwks_free(jwks);
    }
    bouncer_policy_free(policy);
    return 0;
}
