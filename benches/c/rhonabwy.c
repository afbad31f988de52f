/* rhonabwy. It stores keys as JSON, so each call imports the key into GnuTLS. */

#include "driver.h"

#include <rhonabwy.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    bool is_bouncer;
    jwks_t *keys;
} prepared;

static void *prepare(const fixture *fixture) {
    prepared *made = calloc(1, sizeof *made);
    made->is_bouncer = fixture->is_bouncer;
    if (r_global_init() != RHN_OK) return NULL;
    if (r_jwks_init(&made->keys) != RHN_OK) return NULL;
    return r_jwks_import_from_json_str(made->keys, fixture->jwks) == RHN_OK ? made : NULL;
}

static bool check_claims(const prepared *prepared, jwt_t *jwt, const sample *sample) {
    int exp = r_jwt_validate_claims(jwt, R_JWT_CLAIM_EXP, R_JWT_CLAIM_NOW, R_JWT_CLAIM_NOP);
    if (exp != RHN_OK) return is_reason(sample, "expired");
    if (!prepared->is_bouncer &&
        r_jwt_validate_claims(jwt, R_JWT_CLAIM_ISS, ISSUER, R_JWT_CLAIM_AUD, AUDIENCE, R_JWT_CLAIM_NOP) != RHN_OK)
        return false;
    const char *subject = r_jwt_get_claim_str_value(jwt, prepared->is_bouncer ? "uid" : "sub");
    return subject != NULL && is_subject(sample, subject, strlen(subject));
}

static bool verify(const void *argument, const sample *sample) {
    const prepared *prepared = argument;
    jwt_t *jwt = r_jwt_quick_parse(sample->token, R_PARSE_NONE, 0);
    if (jwt == NULL) return is_reason(sample, "malformed");
    const char *kid = r_jwt_get_header_str_value(jwt, "kid");
    jwk_t *key = kid == NULL ? r_jwks_get_at(prepared->keys, 0) : r_jwks_get_by_kid(prepared->keys, kid);
    bool right;
    if (r_jwt_get_sign_alg(jwt) != R_JWA_ALG_RS256)
        right = false;
    else if (key == NULL)
        right = is_reason(sample, "unknown_key");
    else if (r_jwt_verify_signature(jwt, key, 0) != RHN_OK)
        right = is_reason(sample, "invalid_signature");
    else
        right = check_claims(prepared, jwt, sample);
    r_jwk_free(key);
    r_jwt_free(jwt);
    return right;
}

static const char *version(void) { return RHONABWY_VERSION_STR; }

const library rhonabwy = {"rhonabwy", version, prepare, verify};
