/* Declarations for the C driver and the libraries that it measures. */

#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

/* The issuer and the audience of the fixtures' tokens. */
#define ISSUER "https://idp.example.com/realms/production"
#define AUDIENCE "api://orders"

/* A token and its expected result: the subject, or '!' and the reason of the rejection. */
typedef struct {
    char *expected, *token;
    size_t expected_len, token_len;
} sample;

/* One case of the fixtures. */
typedef struct {
    const char *name;
    bool is_bouncer; /* tokens of DC/OS: "uid" in place of "sub", and no "iss", "aud" and "kid" */
    sample *samples;
    size_t count;
    char *jwks, *pem;
    size_t jwks_len, pem_len;
    unsigned batch, threads; /* the tokens in one call, and the library's threads for it */
} fixture;

/* A library. `prepare` does everything that its interface allows to do once. `verify` returns
 * whether the token has the expected result. For a batch it checks the following tokens of the
 * cycle too. */
typedef struct {
    const char *name;
    const char *(*version)(void);
    void *(*prepare)(const fixture *);
    bool (*verify)(const void *prepared, const sample *);
} library;

extern const library bouncer_verify, bouncer_verify_cached, bouncer_verify_batch, libjwt, cjose, rhonabwy;

bool is_subject(const sample *, const char *text, size_t len);
bool is_reason(const sample *, const char *reason);

#endif
