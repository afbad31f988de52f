/* bouncer_verify, linked as the shared library. */

#include "driver.h"

#include <bouncer_verify.h>
#include <stdlib.h>

typedef struct {
    bouncer_verifier *verifier;
    bool is_bouncer;
    const fixture *fixture;
    bouncer_str *tokens; /* count + batch tokens, so that a batch can begin at any sample */
} prepared;

static void *prepare(const fixture *fixture) {
    bouncer_jwks *jwks;
    bouncer_policy *policy;
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
    prepared *made = calloc(1, sizeof *made);
    made->is_bouncer = fixture->is_bouncer;
    if (bouncer_jwks_load(fixture->jwks, fixture->jwks_len, &jwks, NULL) != BOUNCER_STATUS_OK) return NULL;
    if (fixture->is_bouncer) {
        bouncer_settings_set(settings, BOUNCER_POLICY_PROFILE, BOUNCER_TEXT("dcos"));
    } else {
        bouncer_settings_add(settings, BOUNCER_POLICY_ISSUERS, BOUNCER_TEXT(ISSUER));
        bouncer_settings_add(settings, BOUNCER_POLICY_AUDIENCES, BOUNCER_TEXT(AUDIENCE));
    }
    if (bouncer_policy_new(settings, &policy, NULL) != BOUNCER_STATUS_OK) return NULL;
    bouncer_settings_free(settings);
    if (bouncer_verifier_new_jwks(jwks, policy, &made->verifier, NULL) != BOUNCER_STATUS_OK) return NULL;
    bouncer_policy_free(policy);
    bouncer_jwks_free(jwks);
    return made;
}

static void *prepare_cached(const fixture *fixture) {
    prepared *made = prepare(fixture);
    if (made == NULL) return NULL;
    bouncer_verifier *plain = made->verifier;
    bouncer_status status = bouncer_verifier_with_cache(plain, 1000, &made->verifier, NULL);
    bouncer_verifier_free(plain);
    return status == BOUNCER_STATUS_OK ? made : NULL;
}

static void *prepare_batch(const fixture *fixture) {
    prepared *made = prepare(fixture);
    if (made == NULL) return NULL;
    made->fixture = fixture;
    made->tokens = calloc(fixture->count + fixture->batch, sizeof *made->tokens);
    for (size_t i = 0; i < fixture->count + fixture->batch; i++) {
        const sample *sample = &fixture->samples[i % fixture->count];
        made->tokens[i] = (bouncer_str){sample->token, sample->token_len};
    }
    return made;
}

static const char *reason_of(bouncer_status status) {
    switch (status) {
    case BOUNCER_STATUS_INVALID_SIGNATURE: return "invalid_signature";
    case BOUNCER_STATUS_EXPIRED: return "expired";
    case BOUNCER_STATUS_NO_MATCHING_KEY: return "unknown_key";
    case BOUNCER_STATUS_MALFORMED_TOKEN:
    case BOUNCER_STATUS_MALFORMED_HEADER: return "malformed";
    default: return "another";
    }
}

static bool verify(const void *argument, const sample *sample) {
    const prepared *prepared = argument;
    bouncer_token *token;
    bouncer_error *error;
    bouncer_status status =
        bouncer_verifier_verify(prepared->verifier, sample->token, sample->token_len, &token, &error);
    if (status != BOUNCER_STATUS_OK) {
        bouncer_error_free(error);
        return is_reason(sample, reason_of(status));
    }
    bouncer_str subject = prepared->is_bouncer ? bouncer_token_uid(token) : bouncer_token_subject(token);
    bool right = is_subject(sample, subject.data, subject.len);
    bouncer_token_free(token);
    return right;
}

static bool verify_batch(const void *argument, const sample *first) {
    const prepared *prepared = argument;
    const fixture *fixture = prepared->fixture;
    size_t begin = (size_t)(first - fixture->samples);
    bouncer_batch *verdicts;
    if (bouncer_verifier_verify_batch(prepared->verifier, &prepared->tokens[begin], fixture->batch, fixture->threads,
                                      &verdicts, NULL) != BOUNCER_STATUS_OK)
        return false;
    bool right = bouncer_batch_count(verdicts) == fixture->batch;
    for (size_t i = 0; i < fixture->batch; i++) {
        bouncer_str subject = bouncer_token_subject(bouncer_batch_token(verdicts, i));
        right &= is_subject(&fixture->samples[(begin + i) % fixture->count], subject.data, subject.len);
    }
    bouncer_batch_free(verdicts);
    return right;
}

const library bouncer_verify = {"bouncer_verify", bouncer_version, prepare, verify};
const library bouncer_verify_cached = {"bouncer_verify, cached", bouncer_version, prepare_cached, verify};
const library bouncer_verify_batch = {"bouncer_verify", bouncer_version, prepare_batch, verify_batch};
