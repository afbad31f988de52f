/* dlopen(), a verification on another thread, dlclose(), and only then that thread's end: crashes without -z nodelete. */
#include <bouncer_verify.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_barrier_t used, closed;
static void *library;

static void *use(void *unused)
{
    (void)unused;
    bouncer_status (*load)(const char *, size_t, bouncer_jwks **, bouncer_error **);
    void (*error_free)(bouncer_error *);
    void *symbol = dlsym(library, "bouncer_jwks_load");
    memcpy(&load, &symbol, sizeof load);
    symbol = dlsym(library, "bouncer_error_free");
    memcpy(&error_free, &symbol, sizeof error_free);
    bouncer_jwks *jwks = NULL;
    bouncer_error *err = NULL;
    if (load("{\"keys\":[]}", 11, &jwks, &err) != BOUNCER_STATUS_NO_USABLE_KEY) {
        exit(1);
    }
    error_free(err);
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&closed);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2 || (library = dlopen(argv[1], RTLD_NOW)) == NULL) {
        fprintf(stderr, "dlopen: %s\n", dlerror());
        return 1;
    }
    pthread_t thread;
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&closed, NULL, 2);
    if (pthread_create(&thread, NULL, use, NULL) != 0) {
        return 1;
    }
    pthread_barrier_wait(&used);
    if (dlclose(library) != 0) {
        return 1;
    }
    pthread_barrier_wait(&closed);
    return pthread_join(thread, NULL);
}
