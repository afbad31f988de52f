/* cjose. It verifies signatures only. The driver parses the claims with jansson, as programs that
 * use cjose do. */

#include "driver.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    bool is_bouncer;
    size_t count;
    cjose_jwk_t *keys[100];
} prepared;

static void *prepare(const fixture *fixture) {
    prepared *made = calloc(1, sizeof *made);
    made->is_bouncer = fixture->is_bouncer;
    json_t *set = json_loadb(fixture->jwks, fixture->jwks_len, 0, NULL), *jwk;
    size_t i;
    json_array_foreach(json_object_get(set, "keys"), i, jwk) {
        char *text = json_dumps(jwk, 0);
        made->keys[made->count] = cjose_jwk_import(text, strlen(text), NULL);
        if (made->keys[made->count++] == NULL) return NULL;
        free(text);
    }
    json_decref(set);
    return made;
}

static const cjose_jwk_t *key_of(const prepared *prepared, cjose_jws_t *jws) {
    if (prepared->is_bouncer) return prepared->keys[0];
    const char *kid = cjose_header_get(cjose_jws_get_protected(jws), "kid", NULL);
    for (size_t i = 0; kid != NULL && i < prepared->count; i++)
        if (strcmp(cjose_jwk_get_kid(prepared->keys[i], NULL), kid) == 0) return prepared->keys[i];
    return NULL;
}

static bool is(const json_t *claims, const char *name, const char *wanted) {
    const char *text = json_string_value(json_object_get(claims, name));
    return text != NULL && strcmp(text, wanted) == 0;
}

static bool check_claims(const prepared *prepared, const json_t *claims, const sample *sample) {
    if (json_integer_value(json_object_get(claims, "exp")) <= time(NULL)) return is_reason(sample, "expired");
    if (!prepared->is_bouncer && (!is(claims, "iss", ISSUER) || !is(claims, "aud", AUDIENCE))) return false;
    const char *subject = json_string_value(json_object_get(claims, prepared->is_bouncer ? "uid" : "sub"));
    return subject != NULL && is_subject(sample, subject, strlen(subject));
}

static bool verify(const void *argument, const sample *sample) {
    const prepared *prepared = argument;
    cjose_err error;
    cjose_jws_t *jws = cjose_jws_import(sample->token, sample->token_len, &error);
    if (jws == NULL) return is_reason(sample, "malformed");
    const char *algorithm = cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, NULL);
    const cjose_jwk_t *key = key_of(prepared, jws);
    bool right;
    if (algorithm == NULL || strcmp(algorithm, CJOSE_HDR_ALG_RS256) != 0) {
        right = false;
    } else if (key == NULL) {
        right = is_reason(sample, "unknown_key");
    } else if (!cjose_jws_verify(jws, key, &error)) {
        right = is_reason(sample, "invalid_signature");
    } else {
        uint8_t *payload;
        size_t len;
        cjose_jws_get_plaintext(jws, &payload, &len, &error);
        json_t *claims = json_loadb((const char *)payload, len, 0, NULL);
        right = check_claims(prepared, claims, sample);
        json_decref(claims);
    }
    cjose_jws_release(jws);
    return right;
}

const library cjose = {"cjose", cjose_version, prepare, verify};
