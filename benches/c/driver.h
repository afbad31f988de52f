/* What the C driver and its peers share. */

#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

/* What the issuer of the fixtures calls itself, and for whom its tokens are. */
#define ISSUER "https://idp.example.com/realms/production"
#define AUDIENCE "api://orders"

/* A token and what it must come to: the subject, or '!' and the reason to refuse it. */
typedef struct {
    char *expected, *token;
    size_t expected_len, token_len;
} sample;

/* One case of the fixtures. */
typedef struct {
    const char *name;
    bool is_bouncer; /* its tokens say who in "uid", and nothing of an issuer, an audience or a key */
    sample *samples;
    size_t count;
    char *jwks, *pem;
    size_t jwks_len, pem_len;
    unsigned batch, threads; /* so many tokens are judged in one call, on so many threads of the library */
} fixture;

/* A library. `prepare` does once what its interface allows to do once; `judge` says whether the token came to what it must,
   and of a batch whether those that follow it in the cycle did, too. */
typedef struct {
    const char *name;
    const char *(*version)(void);
    void *(*prepare)(const fixture *);
    bool (*judge)(const void *prepared, const sample *);
} library;

extern const library bouncer_verify, bouncer_verify_cached, bouncer_verify_batch, libjwt, cjose, rhonabwy;

bool is_subject(const sample *, const char *text, size_t len);
bool is_reason(const sample *, const char *reason);

#endif
