/* Functions that wait for other threads. */
#ifndef WAIT_H
#define WAIT_H

#include "check.h"

#include <dirent.h>
#include <time.h>

/* Timeout in milliseconds. No operation in these tests takes longer, even under valgrind. */
#define TEST_TIMEOUT 60000
#define TEST_TIMEOUT_TEXT BOUNCER_TEXT("60s")

/* The time of the monotonic clock, in milliseconds. */
static inline int64_t now(void)
{
    struct timespec time;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static inline void nap(void)
{
    struct timespec pause = {0, 5000000};
    nanosleep(&pause, NULL);
}

/* qemu adds a thread to each process. tests/capi.rs sets this number. */
#ifndef EMULATOR_THREADS
#define EMULATOR_THREADS 0
#endif

/* The number of threads of this process. */
static inline int threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count - EMULATOR_THREADS;
}

/* Waits until this process has `count` threads. A thread that is still ending counts. */
static inline void wait_for_thread_count(int count)
{
    int64_t end = now() + TEST_TIMEOUT;
    while (threads() != count) {
        CHECK(now() < end);
        nap();
    }
}

/* Waits until all other threads have ended. A thread that is still ending owns memory. */
static inline void wait_for_the_threads(void)
{
    wait_for_thread_count(1);
}

/* Waits until the scheduler is the only other thread: the thread of an attempt ends by itself. */
static inline void wait_for_the_attempts(void)
{
    wait_for_thread_count(2);
}

#endif
