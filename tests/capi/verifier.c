/* Verifiers of several issuers: entries, configuration documents, reload and stats.
 *
 *     verifier ORIGIN JWKS_A JWKS_B TOKEN_A TOKEN_B TOKEN_DCOS
 *
 * tests/capi.rs defines the server's responses for each path. JWKS_A has the key "a", JWKS_B has
 * the key "b". TOKEN_A is a token of ISSUER_A, signed with the key "a". TOKEN_B is a token of
 * ISSUER_B, signed with the key "b". TOKEN_DCOS has no "iss", and is signed with the key "a". */
#include "wait.h"

#include <pthread.h>
#include <stdatomic.h>

#define OK BOUNCER_STATUS_OK
#define INVALID BOUNCER_STATUS_INVALID_ARGUMENT
#define ISSUER_A "https://a.example/"
#define ISSUER_B "https://b.example/"
#define DOCUMENT_LEN 4096

enum { THREADS = 8, ROUNDS = 20 };

static const char *origin, *jwks_a, *jwks_b, *token_a, *token_b, *token_dcos;

static bouncer_jwks *jwks_of(const char *json)
{
    bouncer_jwks *jwks = NULL;
    CHECK(bouncer_jwks_load(json, strlen(json), &jwks, NULL) == OK);
    return jwks;
}

static bouncer_remote_jwks *remote_of(const char *path)
{
    char document[200];
    snprintf(document, sizeof document, "{\"url\": \"%s%s\"}", origin, path);
    bouncer_settings *settings = settings_of(BOUNCER_KIND_KEYS, document);
    bouncer_remote_jwks *remote = NULL;
    CHECK(bouncer_remote_jwks_new(settings, &remote, NULL) == OK);
    bouncer_settings_free(settings);
    return remote;
}

static bouncer_policy *policy_for(const char *issuer)
{
    char document[200];
    snprintf(document, sizeof document, "{\"issuers\": [\"%s\"]}", issuer);
    return policy_of(settings_of(BOUNCER_KIND_POLICY, document));
}

static bouncer_settings *empty(void)
{
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_VERIFIER);
    CHECK(settings != NULL);
    return settings;
}

/* Appends an entry, then frees the policy. */
static void accept_jwks(bouncer_settings *settings, const char *json, bouncer_policy *policy)
{
    bouncer_jwks *jwks = jwks_of(json);
    CHECK(bouncer_settings_accept_jwks(settings, jwks, policy) == OK);
    bouncer_jwks_free(jwks);
    bouncer_policy_free(policy);
}

/* Creates a verifier from `settings`, then frees `settings`. */
static bouncer_verifier *verifier_of(bouncer_settings *settings)
{
    bouncer_verifier *verifier = NULL;
    CHECK(bouncer_verifier_new(settings, &verifier, NULL) == OK && verifier != NULL);
    bouncer_settings_free(settings);
    return verifier;
}

/* The settings of a document. It has an entry for ISSUER_A, one for tokens of DC/OS, and if
 * `with_b` is set, one for ISSUER_B. */
static bouncer_settings *configuration(int with_b)
{
    char document[DOCUMENT_LEN], of_b[DOCUMENT_LEN] = "";
    if (with_b) {
        snprintf(of_b, sizeof of_b, ", {\"issuers\": [\"" ISSUER_B "\"], \"keys\": {\"jwks\": %s}}", jwks_b);
    }
    int len = snprintf(document, sizeof document,
                       "{\"cache\": 100, \"accept\": [{\"issuers\": [\"" ISSUER_A "\"], \"keys\": {\"jwks\": %s}},"
                       " {\"profile\": \"dcos\", \"keys\": {\"jwks\": %s}}%s]}",
                       jwks_a, jwks_a, of_b);
    CHECK(len > 0 && len < DOCUMENT_LEN);
    return settings_of(BOUNCER_KIND_VERIFIER, document);
}

static bouncer_status status_of(const bouncer_verifier *verifier, const char *text)
{
    bouncer_token *token = NULL;
    bouncer_status status = bouncer_verifier_verify(verifier, text, strlen(text), &token, NULL);
    CHECK((status == OK) == (token != NULL));
    bouncer_token_free(token);
    return status;
}

/* Checks that no verifier can be made from `settings`: the status, the path of the fault, and a
 * part of the message. Frees `settings`. */
static void is_rejected(bouncer_settings *settings, bouncer_status status, const char *path, const char *part)
{
    bouncer_verifier *verifier = NULL;
    bouncer_error *err = NULL;
    CHECK(bouncer_verifier_new(settings, &verifier, &err) == status && verifier == NULL);
    CHECK(bouncer_error_status(err) == status && strstr(bouncer_error_message(err), part) != NULL);
    bouncer_str claim = bouncer_error_claim(err);
    CHECK(path == NULL ? claim.data == NULL : text_is(claim, path));
    bouncer_error_free(err);
    bouncer_settings_free(settings);
}

static void the_issuer_of_a_token_selects_the_entry(void)
{
    bouncer_settings *settings = empty();
    accept_jwks(settings, jwks_a, dcos_policy());
    accept_jwks(settings, jwks_b, policy_for(ISSUER_B));
    bouncer_remote_jwks *remote = remote_of("/jwks/for-an-entry");
    bouncer_policy *policy = policy_for(ISSUER_A);
    CHECK(bouncer_settings_accept_remote(settings, remote, policy) == OK);
    bouncer_remote_jwks_free(remote);
    bouncer_policy_free(policy);
    CHECK(bouncer_settings_set(settings, BOUNCER_VERIFIER_CACHE, BOUNCER_TEXT("8")) == OK);
    CHECK(bouncer_settings_error(settings) == NULL);
    /* All handles are freed before the first verification. */
    bouncer_verifier *verifier = verifier_of(settings);
    CHECK(bouncer_verifier_wait_ready(verifier, TEST_TIMEOUT, NULL) == OK);

    bouncer_token *token = NULL;
    CHECK(bouncer_verifier_verify(verifier, token_a, strlen(token_a), &token, NULL) == OK);
    CHECK(text_is(bouncer_token_issuer(token), ISSUER_A) && text_is(bouncer_token_kid(token), "a"));
    CHECK(status_of(verifier, token_b) == OK && status_of(verifier, token_dcos) == OK);
    bouncer_str tokens[] = {{token_b, strlen(token_b)}, {token_dcos, strlen(token_dcos)}, {"a.b", 3}};
    bouncer_batch *batch = NULL;
    CHECK(bouncer_verifier_verify_batch(verifier, tokens, 3, 1, &batch, NULL) == OK);
    bouncer_verifier_free(verifier);
    /* A token and a batch are valid after their verifier is freed. */
    CHECK(text_is(bouncer_token_issuer(token), ISSUER_A));
    CHECK(text_is(bouncer_token_issuer(bouncer_batch_token(batch, 0)), ISSUER_B));
    CHECK(text_is(bouncer_token_uid(bouncer_batch_token(batch, 1)), "peter"));
    CHECK(bouncer_batch_status(batch, 2) == BOUNCER_STATUS_MALFORMED_TOKEN);
    bouncer_token_free(token);
    bouncer_batch_free(batch);
}

static void an_entry_accepts_no_token_of_another(void)
{
    bouncer_settings *settings = empty();
    /* The keys of each issuer are those of the other one. */
    accept_jwks(settings, jwks_b, policy_for(ISSUER_A));
    accept_jwks(settings, jwks_a, policy_for(ISSUER_B));
    bouncer_verifier *verifier = verifier_of(settings);
    CHECK(status_of(verifier, token_a) == BOUNCER_STATUS_NO_MATCHING_KEY);
    CHECK(status_of(verifier, token_b) == BOUNCER_STATUS_NO_MATCHING_KEY);
    CHECK(status_of(verifier, token_dcos) == BOUNCER_STATUS_MISSING_CLAIM);
    bouncer_verifier_free(verifier);
}

static void a_document_and_entries_that_are_made_in_code_are_combined(void)
{
    bouncer_settings *settings = configuration(0);
    accept_jwks(settings, jwks_b, policy_for(ISSUER_B));
    bouncer_str json = bouncer_settings_json(settings);
    CHECK(strstr(json.data, "(made in code)") != NULL);
    bouncer_verifier *verifier = verifier_of(settings);
    CHECK(status_of(verifier, token_a) == OK && status_of(verifier, token_b) == OK);
    bouncer_verifier_free(verifier);
}

static void errors_name_the_path_of_the_setting(void)
{
    is_rejected(empty(), INVALID, "accept", "it has no entries");
    is_rejected(settings_of(BOUNCER_KIND_POLICY, "{\"profile\": \"dcos\"}"), INVALID, NULL, "of kind policy, not verifier");

    bouncer_settings *settings = configuration(1);
    accept_jwks(settings, jwks_b, policy_for(ISSUER_B));
    is_rejected(settings, INVALID, "accept[3].issuers", ISSUER_B);

    settings = settings_of(BOUNCER_KIND_VERIFIER, "{\"accept\": [{\"profile\": \"dcos\", \"keys\": {\"jwks\": {}}}]}");
    is_rejected(settings, BOUNCER_STATUS_MALFORMED_JWK_SET, "accept[0].keys.jwks", "keys");

    settings = configuration(1);
    const char *document = "{\"accept\": [{\"profile\": \"dcos\", \"leeway\": 5}]}";
    CHECK(bouncer_settings_load(settings, document, strlen(document)) == INVALID);
    CHECK(text_is(bouncer_error_claim(bouncer_settings_error(settings)), "accept[0].leeway"));
    is_rejected(settings, INVALID, "accept[0].leeway", "leeway");

    settings = empty();
    CHECK(bouncer_settings_set(settings, BOUNCER_VERIFIER_CACHE, BOUNCER_TEXT("-1")) == INVALID);
    is_rejected(settings, INVALID, "cache", "cache");
    settings = empty();
    CHECK(bouncer_settings_add(settings, BOUNCER_VERIFIER_ACCEPT, BOUNCER_TEXT("{}")) == INVALID);
    is_rejected(settings, INVALID, "accept", "set it in a document");
}

static void settings_of_another_kind_and_null_are_rejected(void)
{
    const bouncer_status null_argument = BOUNCER_STATUS_NULL_ARGUMENT;
    bouncer_jwks *jwks = jwks_of(jwks_a);
    bouncer_remote_jwks *remote = remote_of("/jwks/for-null");
    bouncer_policy *policy = dcos_policy();
    bouncer_verifier *verifier = NULL;

    CHECK_FAILS(bouncer_verifier_new(NULL, &verifier, &err), null_argument);
    bouncer_settings *settings = configuration(1);
    CHECK_FAILS(bouncer_verifier_new(settings, NULL, &err), null_argument);
    CHECK(bouncer_verifier_new(NULL, NULL, NULL) == null_argument && verifier == NULL);
    CHECK_FAILS(bouncer_verifier_reload(NULL, settings, &err), null_argument);
    CHECK_FAILS(bouncer_verifier_wait_ready(NULL, 0, &err), null_argument);
    CHECK(bouncer_settings_accept_jwks(NULL, jwks, policy) == null_argument);
    CHECK(bouncer_settings_accept_remote(NULL, remote, policy) == null_argument);
    verifier = verifier_of(settings);
    CHECK_FAILS(bouncer_verifier_reload(verifier, NULL, &err), null_argument);
    CHECK(bouncer_verifier_reload(verifier, NULL, NULL) == null_argument);

    /* The settings keep the failure of each call. */
    for (int i = 0; i < 4; i++) {
        settings = configuration(1);
        bouncer_status status = i == 0   ? bouncer_settings_accept_jwks(settings, NULL, policy)
                                : i == 1 ? bouncer_settings_accept_jwks(settings, jwks, NULL)
                                : i == 2 ? bouncer_settings_accept_remote(settings, NULL, policy)
                                         : bouncer_settings_accept_remote(settings, remote, NULL);
        CHECK(status == INVALID && bouncer_settings_accept_jwks(settings, jwks, policy) == INVALID);
        CHECK_FAILS(bouncer_verifier_reload(verifier, settings, &err), INVALID);
        is_rejected(settings, INVALID, NULL, "the keys or the policy of an entry are NULL");
    }
    const uint32_t kinds[] = {BOUNCER_KIND_POLICY, BOUNCER_KIND_KEYS, BOUNCER_KIND_RENEWER, 77};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        settings = bouncer_settings_new(kinds[i]);
        CHECK_FAILS(bouncer_verifier_reload(verifier, settings, &err), INVALID);
        CHECK(bouncer_settings_accept_jwks(settings, jwks, policy) == INVALID);
        CHECK(bouncer_settings_accept_remote(settings, remote, policy) == INVALID);
        CHECK(bouncer_settings_error(settings) != NULL);
        bouncer_settings_free(settings);
    }
    /* Settings of a verifier make nothing else. */
    settings = configuration(1);
    bouncer_policy *no_policy = NULL;
    CHECK_FAILS(bouncer_policy_new(settings, &no_policy, &err), INVALID);
    bouncer_settings_free(settings);
    CHECK(status_of(verifier, token_a) == OK && status_of(verifier, token_b) == OK);

    bouncer_verifier_free(verifier);
    bouncer_policy_free(policy);
    bouncer_remote_jwks_free(remote);
    bouncer_jwks_free(jwks);
}

static void a_bad_reload_changes_nothing(void)
{
    bouncer_verifier *verifier = verifier_of(configuration(0));
    CHECK(status_of(verifier, token_b) == BOUNCER_STATUS_WRONG_ISSUER);
    bouncer_settings *bad = configuration(1);
    accept_jwks(bad, jwks_b, policy_for(ISSUER_A));
    bouncer_error *err = NULL;
    CHECK(bouncer_verifier_reload(verifier, bad, &err) == INVALID);
    CHECK(text_is(bouncer_error_claim(err), "accept[3].issuers"));
    bouncer_error_free(err);
    bouncer_settings_free(bad);
    CHECK(status_of(verifier, token_a) == OK && status_of(verifier, token_b) == BOUNCER_STATUS_WRONG_ISSUER);

    bouncer_settings *good = configuration(1);
    CHECK(bouncer_verifier_reload(verifier, good, NULL) == OK);
    bouncer_settings_free(good);
    CHECK(status_of(verifier, token_a) == OK && status_of(verifier, token_b) == OK);
    bouncer_verifier_free(verifier);
}

/* The number of verifications of `source` with this status. */
static double verifications(const bouncer_verifier *verifier, const char *source, const char *status)
{
    bouncer_stats *stats = NULL;
    double total = 0;
    CHECK(bouncer_verifier_stats(verifier, &stats, NULL) == OK);
    for (const bouncer_stat *row = bouncer_stats_next(stats, NULL); row != NULL; row = bouncer_stats_next(stats, row)) {
        int counts = strcmp(row->name, BOUNCER_STAT_VERIFICATIONS_TOTAL) == 0;
        CHECK(counts == (row->status.len > 0) && row->source.data != NULL);
        if (counts && text_is(row->source, source) && text_is(row->status, status)) {
            CHECK(row->present == 1 && row->kind == BOUNCER_STAT_KIND_COUNTER);
            total += row->number;
        }
    }
    bouncer_stats_free(stats);
    return total;
}

static void stats_count_the_verifications_of_each_entry_by_status(void)
{
    bouncer_verifier *verifier = verifier_of(configuration(1));
    CHECK(verifications(verifier, ISSUER_A, "ok") == 0);
    CHECK(status_of(verifier, token_a) == OK && status_of(verifier, token_a) == OK);
    CHECK(status_of(verifier, token_b) == OK);
    /* The issuer of B, with the signature of A. */
    char mixed[DOCUMENT_LEN];
    int signed_len = (int)(strrchr(token_b, '.') - token_b);
    snprintf(mixed, sizeof mixed, "%.*s%s", signed_len, token_b, strrchr(token_a, '.'));
    CHECK(status_of(verifier, mixed) == BOUNCER_STATUS_INVALID_SIGNATURE);
    CHECK(verifications(verifier, ISSUER_A, "ok") == 2 && verifications(verifier, ISSUER_A, "invalid_signature") == 0);
    CHECK(verifications(verifier, ISSUER_B, "ok") == 1 && verifications(verifier, ISSUER_B, "invalid_signature") == 1);

    /* A reload keeps the counters of an entry that is the same as before. */
    bouncer_settings *settings = configuration(0);
    CHECK(bouncer_verifier_reload(verifier, settings, NULL) == OK);
    bouncer_settings_free(settings);
    CHECK(status_of(verifier, token_b) == BOUNCER_STATUS_WRONG_ISSUER);
    CHECK(verifications(verifier, ISSUER_A, "ok") == 2 && verifications(verifier, ISSUER_B, "ok") == 0);

    bouncer_stats *stats = NULL;
    CHECK(bouncer_verifier_stats(verifier, &stats, NULL) == OK);
    /* A snapshot is valid after its verifier is freed. */
    bouncer_verifier_free(verifier);
    const bouncer_stat *row =
        bouncer_stats_find(stats, BOUNCER_STAT_VERIFICATIONS_TOTAL, BOUNCER_TEXT(ISSUER_A));
    CHECK(row != NULL && row->number == 2 && text_is(row->status, "ok"));
    CHECK(bouncer_stats_find(stats, BOUNCER_STAT_VERIFICATIONS_TOTAL, BOUNCER_TEXT(ISSUER_B)) == NULL);
    CHECK(number_of(stats, BOUNCER_STAT_CACHE_HITS_TOTAL) == 1);
    bouncer_stats_free(stats);
}

static void waiting_for_all_keys_reports_the_entry_without_keys(void)
{
    char document[DOCUMENT_LEN];
    snprintf(document, sizeof document,
             "{\"accept\": [{\"issuers\": [\"" ISSUER_A "\"],"
             " \"keys\": {\"url\": \"%s/jwks/for-waiting\", \"max_wait\": \"1m\"}},"
             " {\"issuers\": [\"" ISSUER_B "\"], \"keys\": {\"url\": \"%s/503\", \"max_wait\": \"0s\"}}]}",
             origin, origin);
    bouncer_verifier *verifier = verifier_of(settings_of(BOUNCER_KIND_VERIFIER, document));
    CHECK_FAILS(bouncer_verifier_wait_ready(verifier, 10, &err), BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(bouncer_verifier_wait_ready(verifier, 0, NULL) == BOUNCER_STATUS_KEYS_UNAVAILABLE);
    CHECK(status_of(verifier, token_a) == OK && status_of(verifier, token_b) == BOUNCER_STATUS_KEYS_UNAVAILABLE);

    bouncer_settings *settings = configuration(1);
    CHECK(bouncer_verifier_reload(verifier, settings, NULL) == OK);
    bouncer_settings_free(settings);
    CHECK(bouncer_verifier_wait_ready(verifier, 0, NULL) == OK && status_of(verifier, token_b) == OK);
    bouncer_verifier_free(verifier);
}

/* A reload removes the entry whose keys a token waits for. */
static void a_ticket_of_a_removed_entry_is_final(void)
{
    bouncer_settings *settings = configuration(0);
    bouncer_remote_jwks *remote = remote_of("/hang");
    bouncer_policy *policy = policy_for(ISSUER_B);
    CHECK(bouncer_settings_accept_remote(settings, remote, policy) == OK);
    bouncer_policy_free(policy);
    bouncer_remote_jwks_free(remote);
    bouncer_verifier *verifier = verifier_of(settings);
    bouncer_token *token = NULL;
    uint64_t ticket = 0;
    CHECK(bouncer_verifier_verify_now(verifier, token_b, strlen(token_b), &ticket, &token, NULL)
          == BOUNCER_STATUS_PENDING);
    CHECK(ticket != 0 && bouncer_verifier_wait(verifier, ticket, 0) == 0);
    settings = configuration(0);
    CHECK(bouncer_verifier_reload(verifier, settings, NULL) == OK);
    bouncer_settings_free(settings);
    CHECK(bouncer_verifier_wait(verifier, ticket, TEST_TIMEOUT) == 1);
    CHECK(bouncer_verifier_verify_now(verifier, token_b, strlen(token_b), &ticket, &token, NULL)
          == BOUNCER_STATUS_WRONG_ISSUER);
    CHECK(ticket == 0 && token == NULL);
    bouncer_verifier_free(verifier);
}

static bouncer_verifier *shared;
static atomic_int has_ended;
static atomic_long accepted, rejected;

static void *verify_until_the_end(void *unused)
{
    (void)unused;
    while (!has_ended) {
        CHECK(status_of(shared, token_a) == OK && status_of(shared, token_dcos) == OK);
        bouncer_status status = status_of(shared, token_b);
        CHECK(status == OK || status == BOUNCER_STATUS_WRONG_ISSUER);
        atomic_fetch_add(status == OK ? &accepted : &rejected, 1);
    }
    return NULL;
}

static void wait_for_more(atomic_long *count)
{
    int64_t end = now() + TEST_TIMEOUT;
    for (long before = *count; *count == before; nap()) {
        CHECK(now() < end);
    }
}

/* Eight threads verify while the entries change. A token of an entry that is always there is never
 * rejected. A token of a removed entry is rejected as soon as the reload has returned. */
static void a_reload_is_atomic_for_eight_threads(void)
{
    bouncer_settings *both = configuration(1), *one = configuration(0), *bad = empty();
    CHECK(bouncer_verifier_new(both, &shared, NULL) == OK);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, verify_until_the_end, NULL) == 0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(bouncer_verifier_reload(shared, one, NULL) == OK);
        CHECK(status_of(shared, token_b) == BOUNCER_STATUS_WRONG_ISSUER);
        CHECK(bouncer_verifier_reload(shared, bad, NULL) == INVALID);
        wait_for_more(&rejected);
        CHECK(bouncer_verifier_reload(shared, both, NULL) == OK);
        CHECK(status_of(shared, token_b) == OK);
        wait_for_more(&accepted);
    }
    has_ended = 1;
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    bouncer_settings_free(both);
    bouncer_settings_free(one);
    bouncer_settings_free(bad);
    bouncer_verifier_free(shared);
}

int main(int argc, char **argv)
{
    CHECK(argc == 7);
    origin = argv[1], jwks_a = argv[2], jwks_b = argv[3];
    token_a = argv[4], token_b = argv[5], token_dcos = argv[6];
    the_issuer_of_a_token_selects_the_entry();
    an_entry_accepts_no_token_of_another();
    a_document_and_entries_that_are_made_in_code_are_combined();
    errors_name_the_path_of_the_setting();
    settings_of_another_kind_and_null_are_rejected();
    a_bad_reload_changes_nothing();
    stats_count_the_verifications_of_each_entry_by_status();
    waiting_for_all_keys_reports_the_entry_without_keys();
    a_ticket_of_a_removed_entry_is_final();
    a_reload_is_atomic_for_eight_threads();
    wait_for_the_threads();
    return 0;
}
