/* Declarations for the C driver and the libraries that it measures. */

#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

/* The issuer and the audience of the fixtures' tokens. */
#define ISSUER "https://idp.example.com/realms/production"
#define AUDIENCE "api://orders"

/* A token and its expected result: the subject, or '!' and the reason for the rejection. */
typedef struct {
    char *expected, *token;
    size_t expected_len, token_len;
} sample;

/* One case of the fixtures. */
typedef struct {
    const char *name;
    bool is_bouncer; /* tokens of DC/OS: "uid" instead of "sub", and no "iss", "aud" or "kid" */
    sample *samples;
    size_t count;
    char *jwks, *pem;
    size_t jwks_len, pem_len;
    unsigned batch, threads; /* number of tokens per call, and of threads that one call uses */
} fixture;

/* A library. `prepare` does all work that the library's interface allows to do once for all tokens.
 * It returns NULL if it fails. `verify` verifies a token and returns true if the result is the
 * expected one. For a batch, it also verifies the tokens that follow in the cycle. */
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
