/* The library may be closed while a thread that used it still runs. The order here: dlopen(), a
 * verification on another thread, dlclose(), then the end of that thread. Without the linker flag
 * -z nodelete, the destructor of a thread-local variable would run in unmapped memory. */
#include "check.h"

#include <dlfcn.h>
#include <pthread.h>

static pthread_barrier_t used, closed;
static void *library;

/* Sets `function` to the library's function `name`. It copies the pointer, because C has no cast
 * from an object pointer to a function pointer. */
#define SYMBOL(function, name)                                                   \
    do {                                                                         \
        void *symbol = dlsym(library, name);                                     \
        CHECK(symbol != NULL);                                                   \
        memcpy(&(function), &symbol, sizeof symbol);                             \
    } while (0)

static void *use(void *unused)
{
    (void)unused;
    bouncer_status (*load)(const char *, size_t, bouncer_jwks **, bouncer_error **);
    bouncer_status (*verify)(const bouncer_jwks *, const bouncer_policy *, const char *, size_t, bouncer_token **,
                             bouncer_error **);
    bouncer_settings *(*settings_new)(uint32_t);
    bouncer_status (*settings_set)(bouncer_settings *, const char *, const char *, size_t);
    void (*settings_free)(bouncer_settings *);
    bouncer_status (*policy_new)(const bouncer_settings *, bouncer_policy **, bouncer_error **);
    void (*jwks_free)(bouncer_jwks *);
    void (*policy_free)(bouncer_policy *);
    SYMBOL(load, "bouncer_jwks_load");
    SYMBOL(verify, "bouncer_verify_token");
    SYMBOL(settings_new, "bouncer_settings_new");
    SYMBOL(settings_set, "bouncer_settings_set");
    SYMBOL(settings_free, "bouncer_settings_free");
    SYMBOL(policy_new, "bouncer_policy_new");
    SYMBOL(jwks_free, "bouncer_jwks_free");
    SYMBOL(policy_free, "bouncer_policy_free");
    size_t len;
    char *json = read_file(TEST_DATA "/document_jwks.json", &len);
    bouncer_jwks *jwks = NULL;
    CHECK(load(json, len, &jwks, NULL) == BOUNCER_STATUS_OK);
    free(json);
    /* An invalid signature makes the back end store an error in a thread-local variable. */
    char *text = read_file(TEST_DATA "/document_token.txt", &len);
    text[len - 10] = text[len - 10] == 'A' ? 'B' : 'A';
    bouncer_token *token = NULL;
    bouncer_settings *settings = settings_new(BOUNCER_KIND_POLICY);
    CHECK(settings_set(settings, BOUNCER_POLICY_PROFILE, BOUNCER_TEXT("dcos")) == BOUNCER_STATUS_OK);
    bouncer_policy *policy = NULL;
    CHECK(policy_new(settings, &policy, NULL) == BOUNCER_STATUS_OK);
    settings_free(settings);
    CHECK(verify(jwks, policy, text, len, &token, NULL) == BOUNCER_STATUS_INVALID_SIGNATURE);
    policy_free(policy);
    free(text);
    jwks_free(jwks);

    pthread_barrier_wait(&used);
    pthread_barrier_wait(&closed);
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2 && (library = dlopen(argv[1], RTLD_NOW)) != NULL);
    pthread_t thread;
    CHECK(pthread_barrier_init(&used, NULL, 2) == 0 && pthread_barrier_init(&closed, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, use, NULL) == 0);
    pthread_barrier_wait(&used);
    CHECK(dlclose(library) == 0);
    pthread_barrier_wait(&closed);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
