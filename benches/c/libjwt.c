/* libjwt 1.x. Its interface has no key object, so each call parses the PEM text. It does not select
 * a key by "kid". */

#include "driver.h"

#include <errno.h>
#include <jwt.h>
#include <string.h>
#include <time.h>

static void *prepare(const fixture *fixture) { return (void *)fixture; }

static bool is(const char *claim, const char *wanted) { return claim != NULL && strcmp(claim, wanted) == 0; }

static bool verify(const void *argument, const sample *sample) {
    const fixture *fixture = argument;
    jwt_t *jwt;
    int status = jwt_decode(&jwt, sample->token, (const unsigned char *)fixture->pem, (int)fixture->pem_len);
    if (status != 0) return is_reason(sample, status == EINVAL ? "invalid_signature" : "another");
    const char *subject = jwt_get_grant(jwt, fixture->is_bouncer ? "uid" : "sub");
    bool right;
    if (jwt_get_alg(jwt) != JWT_ALG_RS256)
        right = false;
    else if (jwt_get_grant_int(jwt, "exp") <= time(NULL))
        right = is_reason(sample, "expired");
    else if (!fixture->is_bouncer && (!is(jwt_get_grant(jwt, "iss"), ISSUER) || !is(jwt_get_grant(jwt, "aud"), AUDIENCE)))
        right = false;
    else
        right = subject != NULL && is_subject(sample, subject, strlen(subject));
    jwt_free(jwt);
    return right;
}

static const char *version(void) { return LIBJWT_VERSION; }

const library libjwt = {"libjwt", version, prepare, verify};
