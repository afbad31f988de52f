/* Key sets and keys: every input and output format, and skipped keys with their reasons. */
#include "check.h"

static void a_set_lists_its_usable_and_its_skipped_keys(void)
{
    static const char json[] =
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\",\"kid\":\"secret\"},"
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}, 7]}";
    bouncer_jwks *jwks = NULL;
    bouncer_error *err = NULL;
    CHECK(bouncer_jwks_load(json, sizeof json - 1, &jwks, &err) == BOUNCER_STATUS_OK);
    CHECK(err == NULL);

    CHECK(bouncer_jwks_key_count(jwks) == 1);
    const bouncer_jwk *key = bouncer_jwks_key(jwks, 0);
    CHECK(text_is(bouncer_jwk_kid(key), "ed"));
    CHECK(text_is(bouncer_jwk_key_type(key), "OKP"));
    CHECK(text_is(bouncer_jwk_curve(key), "Ed25519"));
    CHECK(bouncer_jwk_algorithm(key).data == NULL);
    CHECK(bouncer_jwk_bits(key) == 256);
    CHECK(bouncer_jwk_n(key).data == NULL && bouncer_jwk_e(key).data == NULL);
    CHECK(bouncer_jwk_dcos_kid(key).data == NULL);
    /* RFC 8037 appendix A.3 */
    CHECK(text_is(bouncer_jwk_thumbprint(key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    CHECK(bouncer_jwks_key(jwks, 1) == NULL && bouncer_jwks_key(jwks, SIZE_MAX) == NULL);

    CHECK(bouncer_jwks_skipped_count(jwks) == 2);
    CHECK(bouncer_jwks_skipped_index(jwks, 0) == 0);
    CHECK(text_is(bouncer_jwks_skipped_kid(jwks, 0), "secret"));
    CHECK(text_is(bouncer_jwks_skipped_reason(jwks, 0), "symmetric"));
    CHECK(text_is(bouncer_jwks_skipped_message(jwks, 0), "a symmetric key"));
    CHECK(bouncer_jwks_skipped_index(jwks, 1) == 2);
    CHECK(bouncer_jwks_skipped_kid(jwks, 1).data == NULL);
    CHECK(text_is(bouncer_jwks_skipped_reason(jwks, 1), "not_a_jwk"));
    CHECK(text_is(bouncer_jwks_skipped_message(jwks, 1), "not a JWK: not an object"));
    CHECK(bouncer_jwks_skipped_index(jwks, 2) == SIZE_MAX);
    CHECK(bouncer_jwks_skipped_reason(jwks, 2).data == NULL);
    bouncer_jwks_free(jwks);
}

static void an_empty_kid_counts_as_absent(void)
{
    static const char json[] =
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
    bouncer_jwk *key = NULL;
    CHECK(bouncer_jwk_from_json(json, sizeof json - 1, &key, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_jwk_kid(key).data == NULL);
    bouncer_jwk_free(key);
}

static void the_documents_key_has_the_same_kid_in_every_format(void)
{
    bouncer_jwks *jwks = document_jwks();
    const bouncer_jwk *key = bouncer_jwks_key(jwks, 0);
    CHECK(bouncer_jwk_bits(key) == 2048);
    CHECK(text_is(bouncer_jwk_algorithm(key), "RS256"));
    CHECK(!bouncer_jwk_is_tolerated(key));
    bouncer_str kid = bouncer_jwk_kid(key);
    bouncer_str computed = bouncer_jwk_dcos_kid(key);
    CHECK(kid.len == 64 && computed.len == 64 && memcmp(kid.data, computed.data, 64) == 0);

    bouncer_str pem = bouncer_jwk_pem(key);
    bouncer_bytes der = bouncer_jwk_der(key);
    bouncer_str json = bouncer_jwk_json(key);
    bouncer_bytes n = bouncer_jwk_n(key);
    bouncer_bytes e = bouncer_jwk_e(key);
    CHECK(n.len == 256 && e.len == 3);
    bouncer_jwk *copies[5] = {0};
    CHECK(bouncer_jwk_from_pem(pem.data, pem.len, &copies[0], NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_jwk_from_der(der.data, der.len, &copies[1], NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_jwk_from_json(json.data, json.len, &copies[2], NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_jwk_from_rsa_components(n.data, n.len, e.data, e.len, &copies[3], NULL) == BOUNCER_STATUS_OK);
    static const char n_text[] =
        "sybUYxu3TXxXAgG_Eq72tKxE7xhGFgL14g5OGryDtE5dBL8frAoSsI4D7tSKR2pLbOlT68YJbYLUHxoju0E_NB9htjKEsay4t3WX"
        "oXQ-XsDM4Zz22H6HfDG6CCcvGb2DoQP0R2je1HJDA56_BoR8shZMxHbrX1WgQURtGygMD7bQY95qmHZYRPlq13-pR5Jnu70OMmFl"
        "bl-_o-ag1JfndTJPtx75IalCgy_h_itHLDPhdTfypAJeiewCOUZd9nNa1j19M-xeqlZonlRABqiH0e-vQVWCeW5FZ0HJamIjd2Vi"
        "fhRCp0fSAgCdCQdrY6HdI3h6egpn6z4gwkwXBfczww";
    CHECK(bouncer_jwk_from_rsa_base64url(n_text, sizeof n_text - 1, "AQAB", 4, &copies[4], NULL) == BOUNCER_STATUS_OK);
    for (int i = 0; i < 5; i++) {
        bouncer_str other = bouncer_jwk_dcos_kid(copies[i]);
        CHECK(other.len == 64 && memcmp(other.data, kid.data, 64) == 0);
    }

    /* A set built from single keys also verifies the document's token. */
    bouncer_jwks *set = NULL;
    const bouncer_jwk *keys[] = {copies[0], copies[1]};
    CHECK(bouncer_jwks_from_keys(keys, 2, &set, NULL) == BOUNCER_STATUS_OK);
    for (int i = 0; i < 5; i++) {
        bouncer_jwk_free(copies[i]);
    }
    CHECK(bouncer_jwks_key_count(set) == 2);
    size_t len;
    char *text = document_token(&len);
    bouncer_policy *policy = policy_at(DOCUMENT_EXP - 1);
    bouncer_token *token = NULL;
    CHECK(bouncer_verify_token(set, policy, text, len, &token, NULL) == BOUNCER_STATUS_OK);
    CHECK(bouncer_token_kid(token).data == NULL);
    bouncer_token_free(token);
    bouncer_policy_free(policy);
    bouncer_jwks_free(set);
    bouncer_jwks_free(jwks);
    free(text);
}

static void invalid_sets_and_keys_fail(void)
{
    bouncer_jwks *jwks = NULL;
    bouncer_jwk *key = NULL;
    CHECK_FAILS(bouncer_jwks_load("{}", 2, &jwks, &err), BOUNCER_STATUS_MALFORMED_JWK_SET);
    CHECK_FAILS(bouncer_jwks_load(NULL, 0, &jwks, &err), BOUNCER_STATUS_MALFORMED_JWK_SET);
    CHECK_FAILS(bouncer_jwks_load("\xff", 1, &jwks, &err), BOUNCER_STATUS_MALFORMED_JWK_SET);
    CHECK_FAILS(bouncer_jwks_load("{\"keys\":[]}", 11, &jwks, &err), BOUNCER_STATUS_NO_USABLE_KEY);
    CHECK_FAILS(bouncer_jwks_from_keys(NULL, 0, &jwks, &err), BOUNCER_STATUS_NO_USABLE_KEY);
    CHECK_FAILS(bouncer_jwk_from_pem("x", 1, &key, &err), BOUNCER_STATUS_UNUSABLE_KEY);
    CHECK_FAILS(bouncer_jwk_from_der((const uint8_t *)"x", 1, &key, &err), BOUNCER_STATUS_UNUSABLE_KEY);
    CHECK_FAILS(bouncer_jwk_from_json("{}", 2, &key, &err), BOUNCER_STATUS_UNUSABLE_KEY);
    CHECK_FAILS(bouncer_jwk_from_rsa_components(NULL, 0, NULL, 0, &key, &err), BOUNCER_STATUS_UNUSABLE_KEY);
    CHECK_FAILS(bouncer_jwk_from_rsa_base64url("\xff", 1, "AQAB", 4, &key, &err), BOUNCER_STATUS_INVALID_ARGUMENT);
    CHECK(jwks == NULL && key == NULL);
}

int main(void)
{
    a_set_lists_its_usable_and_its_skipped_keys();
    an_empty_kid_counts_as_absent();
    the_documents_key_has_the_same_kid_in_every_format();
    invalid_sets_and_keys_fail();
    return 0;
}
