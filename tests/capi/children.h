/* Functions that fork child processes. Each child must exit with 0. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "wait.h"

#include <sys/wait.h>
#include <unistd.h>

/* Forks. Returns 1 in the child. Returns 0 in the parent after the child has ended. Under qemu
 * there is no child: qemu aborts in a child that starts threads, if its parent has threads. */
static inline int is_child(void)
{
    if (EMULATOR_THREADS > 0) {
        return 0;
    }
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(TEST_TIMEOUT / 1000);
        return 1;
    }
    int how = 0;
    CHECK(waitpid(pid, &how, 0) == pid);
    CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    return 0;
}

/* Ends a child that has freed all its handles. */
static inline void end_child(void)
{
    wait_for_the_threads();
    /* Calls exec() instead of exit(): at exit(), valgrind would report memory that the parent's
     * threads held at the fork. */
    execl("/bin/sh", "sh", "-c", ":", (char *)NULL);
    _exit(1);
}

#endif
