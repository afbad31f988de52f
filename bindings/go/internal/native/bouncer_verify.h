/* Generated: a copy of include/bouncer_verify.h. DO NOT EDIT. */
/** @file bouncer_verify.h
 *
 *  Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517).
 *
 *      // Once: the issuer whose keys are fetched, and the rules for its tokens.
 *      bouncer_settings *of_keys = bouncer_settings_new(BOUNCER_KIND_KEYS);
 *      bouncer_settings *of_policy = bouncer_settings_new(BOUNCER_KIND_POLICY);
 *      bouncer_settings_set(of_keys, BOUNCER_KEYS_DISCOVER, BOUNCER_TEXT("https://id.example"));
 *      bouncer_settings_add(of_policy, BOUNCER_POLICY_ISSUERS, BOUNCER_TEXT("https://id.example"));
 *      bouncer_settings_add(of_policy, BOUNCER_POLICY_AUDIENCES, BOUNCER_TEXT("orders"));
 *      bouncer_remote_jwks *keys;
 *      bouncer_policy *policy;
 *      bouncer_verifier *verifier;
 *      bouncer_error *error;
 *      if (bouncer_remote_jwks_new(of_keys, &keys, &error) != BOUNCER_STATUS_OK
 *          || bouncer_policy_new(of_policy, &policy, &error) != BOUNCER_STATUS_OK
 *          || bouncer_verifier_new_remote(keys, policy, &verifier, &error)
 *              != BOUNCER_STATUS_OK) ...
 *
 *      // For each request, on any thread: the value of its Authorization header.
 *      bouncer_token *token;
 *      if (bouncer_verifier_verify_authorization(verifier, value, value_len, &token, &error)
 *          == BOUNCER_STATUS_OK) {
 *          bouncer_str subject = bouncer_token_subject(token);
 *          ...
 *          bouncer_token_free(token);
 *      }
 *
 *  Rules for all functions:
 *
 *  - An input of text or bytes is a pointer and a length in bytes. It need not be NUL-terminated.
 *    Only the name of a setting or of a stat is a NUL-terminated string. The library keeps no
 *    pointer to an input after the call. A pointer may be NULL if its length is 0. Text is
 *    `const char *` in UTF-8; bytes are `const uint8_t *`.
 *  - Outputs come last: `out`, then `err`. `*out` is written on success only. `*err` is written on
 *    every failure and never on success; `err` may be NULL. The previous values of `*out` and
 *    `*err` are never read. An output must not overlap another argument.
 *  - A function that can fail returns a bouncer_status: BOUNCER_STATUS_OK (0) or the cause of the
 *    failure. `*err` holds the same status and a message. Free it with bouncer_error_free().
 *  - Free each handle once, with the `_free` function of its type. The `_free` functions accept
 *    NULL. Text, bytes and keys that a function returns belong to the handle that was passed to it.
 *    They are valid until that handle is freed.
 *  - "Returns no text" (or no bytes) means that `data` is NULL. For empty text `data` is not NULL.
 *  - A NULL handle never crashes. The function returns BOUNCER_STATUS_NULL_ARGUMENT, no text, no
 *    bytes, 0 or NULL, unless its comment names another value. Using a freed handle, or a length
 *    beyond the end of a buffer, is undefined behaviour.
 *  - Any number of threads may use the same `const` handle at once. There is no thread-local state,
 *    so one thread may read an error that another thread received. The global state is the logger
 *    that bouncer_set_logger() sets, the memory that tables of keys take, and whether accelerated
 *    arithmetic is turned off. A result that differs from that of aws-lc turns it off. The
 *    environment only changes the default back end.
 *  - No function is async-signal-safe. No function prints, installs a signal handler, or calls
 *    exit() or abort() on bad input.
 *
 *  Requires C99 or later, or C++17 or later. Symbols that this file does not declare are private.
 *  This file is generated from src/ffi: do not edit it.
 *
 *  SPDX-License-Identifier: MIT OR Apache-2.0
 */


#ifndef BOUNCER_VERIFY_H
#define BOUNCER_VERIFY_H

#include <stddef.h>
#include <stdint.h>

/** Arguments for the printf format "%.*s" that print a bouncer_str. The output ends at the first
 *  NUL of the text, if it contains one. */
#define BOUNCER_STR_ARGS(text) (int)(text).len, (text).data

/** Expands a string literal to two arguments, its pointer and its length:
 *  bouncer_settings_set(settings, BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("30s")). */
#define BOUNCER_TEXT(literal) ("" literal ""), (sizeof(literal) - 1)

/* Code generated from src/settings by tests/generated. DO NOT EDIT. */

/** A kind of settings. The rules for tokens. */
#define BOUNCER_KIND_POLICY 1

/** jwt|access_token|dcos: The kind of tokens. "access_token" is for OAuth 2.0 access tokens
 *  (RFC 9068): token_type is "at+jwt", and "iss", "exp", "aud", "sub", "client_id", "iat" and
 *  "jti" are required. "dcos" is for tokens of DC/OS's Bouncer: identity_claim is "uid", and
 *  "iss" is not required. Default: jwt. */
#define BOUNCER_POLICY_PROFILE "profile"

/** list of text: The accepted values of "iss" (RFC 7519 section 4.1.1), compared character for
 *  character. A name of a claim in braces stands for the token's value of that claim. Required,
 *  unless any_issuer is set or the profile is "dcos". The address of an issuer's metadata is
 *  not an issuer, and is an error. */
#define BOUNCER_POLICY_ISSUERS "issuers"

/** flag: Does not check the value of "iss". */
#define BOUNCER_POLICY_ANY_ISSUER "any_issuer"

/** list of text: The accepted values of "aud" (RFC 7519 section 4.1.3). The token must contain
 *  at least one of them. If neither audiences nor any_audience is set, a token with "aud" is
 *  rejected. */
#define BOUNCER_POLICY_AUDIENCES "audiences"

/** flag: Accepts tokens for any audience, even if audiences are set. */
#define BOUNCER_POLICY_ANY_AUDIENCE "any_audience"

/** text: The only accepted value of "sub" (RFC 7519 section 4.1.2), compared character for
 *  character. The token must have "sub". */
#define BOUNCER_POLICY_SUBJECT "subject"

/** list of RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|Ed25519|EdDSA: The accepted
 *  values of "alg". EdDSA is the old name of Ed25519. Default: RS256. */
#define BOUNCER_POLICY_ALGORITHMS "algorithms"

/** text: The required value of the header parameter "typ" (RFC 8725 section 3.11), for example
 *  "at+jwt". Case does not matter, and "application/" may be omitted. */
#define BOUNCER_POLICY_TOKEN_TYPE "token_type"

/** text: The claim that names the user or service, for example "email". It must be a string
 *  that is not empty. Default: "sub", which is not required; "uid" in the profile "dcos". */
#define BOUNCER_POLICY_IDENTITY_CLAIM "identity_claim"

/** list of text: Claims that must be present and not null. A name with dots may name a nested
 *  claim, as in all settings that name claims: "realm_access.roles". */
#define BOUNCER_POLICY_REQUIRED_CLAIMS "required_claims"

/** list of text: Claims that must be strings and not empty. */
#define BOUNCER_POLICY_REQUIRED_STRING_CLAIMS "required_string_claims"

/** map of text: Claims and their accepted values. A claim must equal one of its values. A
 *  number or a boolean is compared by its JSON text. An array equals no value. */
#define BOUNCER_POLICY_CLAIM_IS "claim_is"

/** map of text: Claims and the texts that each of them must contain, all of them. A claim is an
 *  array of strings, or a string separated by spaces. */
#define BOUNCER_POLICY_CLAIM_HAS "claim_has"

/** map of text: Claims and texts, of which each claim must contain at least one. The types are
 *  those of claim_has. */
#define BOUNCER_POLICY_CLAIM_HAS_ANY "claim_has_any"

/** map of text: Claims and prefixes. A claim must be a string that begins with one of its
 *  prefixes. */
#define BOUNCER_POLICY_CLAIM_STARTS_WITH "claim_starts_with"

/** list of text: The claims that contain scopes: strings separated by spaces (RFC 6749 section
 *  3.3) or arrays of strings. Default: "scope" and "scp". */
#define BOUNCER_POLICY_SCOPE_CLAIMS "scope_claims"

/** list of text: Scopes that the token must have, all of them. They are checked last. If one is
 *  missing, the error is insufficient_scope, with HTTP status 403. */
#define BOUNCER_POLICY_REQUIRED_SCOPES "required_scopes"

/** list of sub|iat|jti: Claims whose JSON type is not checked. For issuers that violate RFC
 *  7519, for example with an integer "sub". A claim of the wrong type counts as absent. */
#define BOUNCER_POLICY_UNCHECKED_CLAIMS "unchecked_claims"

/** flag: Accepts tokens without "exp". They never expire. */
#define BOUNCER_POLICY_OPTIONAL_EXP "optional_exp"

/** duration: Tolerance for clocks that differ, in whole seconds. A token is accepted from this
 *  time before "nbf" until this time after "exp". For "nbf", the tolerance is at least 60
 *  seconds. Range: 0s to 5m. Default: 0s. */
#define BOUNCER_POLICY_LEEWAY "leeway"

/** flag: Requires each part of a token to be padded with "=", although RFC 7515 section 2
 *  forbids padding. For the tokens in the header "x-amzn-oidc-data" of an AWS Application Load
 *  Balancer. The signature covers the padding. */
#define BOUNCER_POLICY_PADDED_TOKENS "padded_tokens"

/** duration: Maximum time since "iat". An older token is rejected, even if its "exp" is in the
 *  future. The leeway is added to the maximum. The token must have "iat". Range: 1s to 366d. */
#define BOUNCER_POLICY_MAX_TOKEN_AGE "max_token_age"

/** size: Maximum length of a token in bytes. The length is checked before anything else. Range:
 *  0 to 1MiB. Default: 16KiB. */
#define BOUNCER_POLICY_MAX_TOKEN_LEN "max_token_len"

/** time: Verifies tokens at this time instead of the system's time. For tests and audits. A
 *  document cannot set it. */
#define BOUNCER_POLICY_TIME "time"

/** A kind of settings. Where an issuer's keys are fetched, and how they are refreshed. */
#define BOUNCER_KIND_KEYS 2

/** text: The URL of the JWK Set: https, or http to this machine. Set either this or discover. */
#define BOUNCER_KEYS_URL "url"

/** text: The issuer whose metadata contains the URL of the JWK Set (OpenID Connect Discovery
 *  1.0, RFC 8414). The metadata must name the same issuer. */
#define BOUNCER_KEYS_DISCOVER "discover"

/** duration: Lifetime of the keys if the response does not contain one (Cache-Control,
 *  Expires). Keys are refreshed after 70 to 80 % of their lifetime. Range: 1s to 366d. Default:
 *  10m. */
#define BOUNCER_KEYS_TTL "ttl"

/** duration: Maximum lifetime that a response may set. A longer lifetime is reduced to it.
 *  Lower it if a revoked key must be rejected sooner. Range: 1s to 366d. Default: 1d. */
#define BOUNCER_KEYS_MAX_TTL "max_ttl"

/** duration: Maximum time that keys are used after the issuer last confirmed them, while the
 *  issuer cannot be reached. It is never shorter than the lifetime of the keys. Default: 1d, or
 *  1h with discover. Range: 0s to 366d. */
#define BOUNCER_KEYS_MAX_STALE "max_stale"

/** duration: Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to
 *  5m. Default: 5s. */
#define BOUNCER_KEYS_TIMEOUT "timeout"

/** duration: Timeout for the TCP connection, in total for all addresses of the server or its
 *  proxy. It is never longer than timeout. Default: 2s. Range: 1ms to 5m. */
#define BOUNCER_KEYS_CONNECT_TIMEOUT "connect_timeout"

/** duration: Maximum time that a verification waits for a fetch that may return its key. Range:
 *  0s to 5m. Default: 2s. */
#define BOUNCER_KEYS_MAX_WAIT "max_wait"

/** duration: Limits fetches for tokens with an unknown "kid": two without a pause, then one per
 *  interval. Range: 1s to 1h. Default: 10s. */
#define BOUNCER_KEYS_REFETCH_INTERVAL "refetch_interval"

/** duration: Limits fetches for tokens that no key verifies to one per interval. Such a token
 *  has no "kid", or it has the "kid" of a known key. Range: 1s to 1d. Default: 5m. */
#define BOUNCER_KEYS_REFETCH_INTERVAL_WITHOUT_KID "refetch_interval_without_kid"

/** size: Maximum length of a JWK Set or of metadata, in bytes. The fetch of a longer document
 *  fails. Range: 1KiB to 64MiB. Default: 1MiB. */
#define BOUNCER_KEYS_MAX_DOCUMENT_LEN "max_document_len"

/** count: Maximum number of usable keys. Further keys are skipped, and reported as skipped.
 *  Range: 1 to 1000. Default: 100. */
#define BOUNCER_KEYS_MAX_KEYS "max_keys"

/** size: Maximum memory of all tables for ES256 and Ed25519 keys in the process. If it is full,
 *  the keys of this set get no more tables. Less than 86KiB disables tables. A key gets its
 *  table after 100 valid tokens. Range: 0 to 1GiB. Default: 32MiB. */
#define BOUNCER_KEYS_MAX_TABLE_MEMORY "max_table_memory"

/** list of text: Also accepts keys with one of these values of "use" (RFC 7517 section 4.2),
 *  for example "jwt-svid" for SPIFFE bundles. Keys with "sig" or without "use" are always
 *  accepted. */
#define BOUNCER_KEYS_KEY_USES "key_uses"

/** flag: Starts to fetch at the first verification, not at once. For programs that fork after
 *  their setup. */
#define BOUNCER_KEYS_LAZY "lazy"

/** text: A PEM file of certificate authorities to trust in addition to those of the system. It
 *  is read for each fetch, so it may be replaced. */
#define BOUNCER_KEYS_CA_FILE "ca_file"

/** text: A PEM file with the certificate chain to present to servers that request one (mTLS).
 *  It is read for each exchange, so it may be replaced. */
#define BOUNCER_KEYS_CLIENT_CERTIFICATE_FILE "client_certificate_file"

/** text: A PEM file with the private key of the client certificate, not encrypted. Default:
 *  client_certificate_file. */
#define BOUNCER_KEYS_CLIENT_KEY_FILE "client_key_file"

/** text: The proxy: "http://[user:password@]host:port", "none" or "environment". "environment"
 *  reads https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never use
 *  a proxy. Default: environment. Secret if it contains a password. */
#define BOUNCER_KEYS_PROXY "proxy"

/** flag: Follows up to three redirects to the same scheme, host and port. If it is not set, a
 *  redirect is a failure. */
#define BOUNCER_KEYS_SAME_ORIGIN_REDIRECTS "same_origin_redirects"

/** flag: Allows http to other machines. Anyone on the network path can then choose the keys. */
#define BOUNCER_KEYS_ALLOW_HTTP "allow_http"

/** text: Stores the latest usable JWK Set in this file (mode 0600, replaced atomically), and
 *  starts with the stored set. While that set is fresh, nothing is fetched. Anyone who can
 *  write the file or its folder can choose the keys. */
#define BOUNCER_KEYS_LAST_GOOD_FILE "last_good_file"

/** text: A JWK Set in JSON to start with, until the first fetch succeeds. */
#define BOUNCER_KEYS_SEED "seed"

/** accelerated|aws-lc: The code that verifies signatures. Default: "accelerated", or "aws-lc"
 *  if the environment variable BOUNCER_VERIFY_NO_ACCELERATION is neither empty nor 0. */
#define BOUNCER_KEYS_BACKEND "backend"

/** A kind of settings. The entries that accept tokens, each for one issuer or several. */
#define BOUNCER_KIND_VERIFIER 4

/** list of objects: The entries: an object for each issuer, with the settings of a policy,
 *  "keys" and "tenants". A token's "iss" selects its entry. No two entries may accept the same
 *  issuer. */
#define BOUNCER_VERIFIER_ACCEPT "accept"

/** count: Maximum number of verified tokens to cache, for all entries together. 0 disables the
 *  cache. Range: 0 to 1048576. Default: 0. */
#define BOUNCER_VERIFIER_CACHE "cache"

/** A kind of settings. How the service gets its own token. */
#define BOUNCER_KIND_RENEWER 5

/** text: The secret of a DC/OS service account, in JSON: "uid", "private_key" (RSA in PEM) and
 *  "login_endpoint". Secret. A document cannot set it. */
#define BOUNCER_RENEWER_SERVICE_ACCOUNT "service_account"

/** text: A file with the secret of a DC/OS service account. It is read for each login. */
#define BOUNCER_RENEWER_SERVICE_ACCOUNT_FILE "service_account_file"

/** flag: Takes the DC/OS service account from the environment variable
 *  DCOS_SERVICE_ACCOUNT_CREDENTIAL. The variable contains the secret, or the path of a file
 *  with the secret. */
#define BOUNCER_RENEWER_SERVICE_ACCOUNT_ENV "service_account_env"

/** text: The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). It requires
 *  client_id and, depending on auth_method, a secret, a private key or a certificate. */
#define BOUNCER_RENEWER_TOKEN_URL "token_url"

/** text: The client's identifier at token_url. */
#define BOUNCER_RENEWER_CLIENT_ID "client_id"

/** client_secret_basic|client_secret_post|private_key_jwt|tls_client_auth: How the client
 *  authenticates at token_url. client_secret_basic and client_secret_post send its secret (RFC
 *  6749 section 2.3.1). private_key_jwt signs a JWT with its private key (RFC 7523 section
 *  2.2). tls_client_auth presents client_certificate_file (RFC 8705 section 2.1). Default:
 *  client_secret_basic. */
#define BOUNCER_RENEWER_AUTH_METHOD "auth_method"

/** text: The client's secret. Secret. A document cannot set it. */
#define BOUNCER_RENEWER_CLIENT_SECRET "client_secret"

/** text: A file with the client's secret. It is read for each login, so it may be replaced.
 *  Line ends after the secret are ignored. */
#define BOUNCER_RENEWER_CLIENT_SECRET_FILE "client_secret_file"

/** text: The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits, or EC
 *  on P-256. Secret. A document cannot set it. */
#define BOUNCER_RENEWER_PRIVATE_KEY "private_key"

/** text: A file with the client's private key, in PEM. It is read for each login, so it may be
 *  replaced. */
#define BOUNCER_RENEWER_PRIVATE_KEY_FILE "private_key_file"

/** text: The "kid" in the header of the signed JWT, for servers that have several keys of the
 *  client. */
#define BOUNCER_RENEWER_PRIVATE_KEY_ID "private_key_id"

/** text: The program supplies the tokens itself. The value is the name of the source in logs. */
#define BOUNCER_RENEWER_SUPPLIED "supplied"

/** text: The login URL, in place of "login_endpoint" of the service account. */
#define BOUNCER_RENEWER_LOGIN_ENDPOINT "login_endpoint"

/** map of text: Additional parameters for token_url, by name: "parameters.scope",
 *  "parameters.audience". */
#define BOUNCER_RENEWER_PARAMETERS "parameters"

/** dcos|bearer: The text before the token in the Authorization header: "token=" (dcos) or
 *  "Bearer " (bearer). Default: dcos for a service account, otherwise bearer. */
#define BOUNCER_RENEWER_HEADER "header"

/** duration: Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to
 *  5m. Default: 10s. */
#define BOUNCER_RENEWER_TIMEOUT "timeout"

/** duration: Timeout for the TCP connection, in total for all addresses of the server or its
 *  proxy. It is never longer than timeout. Default: 2s. Range: 1ms to 5m. */
#define BOUNCER_RENEWER_CONNECT_TIMEOUT "connect_timeout"

/** duration: Maximum time that a caller waits for a token. Range: 0s to 5m. Default: 10s. */
#define BOUNCER_RENEWER_MAX_WAIT "max_wait"

/** flag: Logs in when a token is first needed, not at once. For programs that fork after their
 *  setup. */
#define BOUNCER_RENEWER_LAZY "lazy"

/** text: A PEM file of certificate authorities to trust in addition to those of the system. It
 *  is read for each login, so it may be replaced. */
#define BOUNCER_RENEWER_CA_FILE "ca_file"

/** text: A PEM file with the certificate chain to present to servers that request one (mTLS).
 *  It is read for each exchange, so it may be replaced. */
#define BOUNCER_RENEWER_CLIENT_CERTIFICATE_FILE "client_certificate_file"

/** text: A PEM file with the private key of the client certificate, not encrypted. Default:
 *  client_certificate_file. */
#define BOUNCER_RENEWER_CLIENT_KEY_FILE "client_key_file"

/** text: The proxy: "http://[user:password@]host:port", "none" or "environment". "environment"
 *  reads https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never use
 *  a proxy. Default: environment. Secret if it contains a password. */
#define BOUNCER_RENEWER_PROXY "proxy"

/** flag: Allows http to other machines. Anyone on the network path can then read the token. */
#define BOUNCER_RENEWER_ALLOW_HTTP "allow_http"

/** counter: Tokens accepted from the cache. */
#define BOUNCER_STAT_CACHE_HITS_TOTAL "cache_hits_total"

/** counter: Cache lookups that did not find the token. */
#define BOUNCER_STAT_CACHE_MISSES_TOTAL "cache_misses_total"

/** gauge: Maximum number of tokens in the cache. */
#define BOUNCER_STAT_CACHE_CAPACITY "cache_capacity"

/** counter: Verifications by status: ok, or the name of the error. Tokens that no entry is for
 *  have no source. */
#define BOUNCER_STAT_VERIFICATIONS_TOTAL "verifications_total"

/** text: One of empty, fresh, stale, too_old and closed. */
#define BOUNCER_STAT_KEYS_STATE "keys_state"

/** gauge: Number of the key set in use: grows by one with each change; 0 before the first keys. */
#define BOUNCER_STAT_KEYS_GENERATION "keys_generation"

/** text: SHA-256 of the JWK Set in use, in hex. */
#define BOUNCER_STAT_KEYS_SHA256 "keys_sha256"

/** gauge: Keys that can verify tokens. */
#define BOUNCER_STAT_KEYS_USABLE "keys_usable"

/** gauge: Keys of the JWK Set that cannot be used. */
#define BOUNCER_STAT_KEYS_SKIPPED "keys_skipped"

/** gauge: Keys whose signatures the library's own code verifies now. */
#define BOUNCER_STAT_KEYS_ACCELERATED "keys_accelerated"

/** gauge: Memory of the tables for ES256 and Ed25519 keys. */
#define BOUNCER_STAT_KEYS_TABLE_BYTES "keys_table_bytes"

/** time: Time when the issuer last confirmed the keys in use. */
#define BOUNCER_STAT_KEYS_LAST_SUCCESS_SECONDS "keys_last_success_seconds"

/** duration: Time since the issuer last confirmed the keys in use. */
#define BOUNCER_STAT_KEYS_AGE_SECONDS "keys_age_seconds"

/** duration: Time until the next scheduled fetch. */
#define BOUNCER_STAT_KEYS_NEXT_ATTEMPT_SECONDS "keys_next_attempt_seconds"

/** counter: Completed fetches, successful or not. */
#define BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL "keys_attempts_total"

/** counter: Failed fetches. */
#define BOUNCER_STAT_KEYS_FAILURES_TOTAL "keys_failures_total"

/** gauge: Scheduled fetches that failed since the last success. */
#define BOUNCER_STAT_KEYS_FAILURES_IN_ROW "keys_failures_in_row"

/** counter: Fetches started on schedule. */
#define BOUNCER_STAT_KEYS_SCHEDULED_TOTAL "keys_scheduled_total"

/** counter: Fetches started because the previous scheduled fetch failed. */
#define BOUNCER_STAT_KEYS_RETRIES_TOTAL "keys_retries_total"

/** counter: Fetches started for a token with an unknown kid. */
#define BOUNCER_STAT_KEYS_UNKNOWN_KID_TOTAL "keys_unknown_kid_total"

/** counter: Fetches started for a token that no key verified. */
#define BOUNCER_STAT_KEYS_WITHOUT_KID_TOTAL "keys_without_kid_total"

/** counter: Fetches started because the program requested them. */
#define BOUNCER_STAT_KEYS_REQUESTED_TOTAL "keys_requested_total"

/** counter: Tokens whose key was missing, but for which the limit allowed no fetch. */
#define BOUNCER_STAT_KEYS_SUPPRESSED_TOTAL "keys_suppressed_total"

/** text: Latest failure; kept after a later success. */
#define BOUNCER_STAT_KEYS_LAST_ERROR "keys_last_error"

/** text: Stable name of the latest failure. */
#define BOUNCER_STAT_KEYS_LAST_ERROR_NAME "keys_last_error_name"

/** time: Time of the latest failure. */
#define BOUNCER_STAT_KEYS_LAST_ERROR_SECONDS "keys_last_error_seconds"

/** text: Why the last-good file could not be read or written. */
#define BOUNCER_STAT_KEYS_LAST_GOOD_ERROR "keys_last_good_error"

/** text: One of empty, valid, expiring, expired and closed. */
#define BOUNCER_STAT_RENEWER_STATE "renewer_state"

/** gauge: Number of the token in use: grows by one with each login; 0 before the first token. */
#define BOUNCER_STAT_RENEWER_GENERATION "renewer_generation"

/** duration: Time until the token expires. */
#define BOUNCER_STAT_RENEWER_EXPIRES_IN_SECONDS "renewer_expires_in_seconds"

/** duration: Time until the next scheduled login. */
#define BOUNCER_STAT_RENEWER_NEXT_ATTEMPT_SECONDS "renewer_next_attempt_seconds"

/** counter: Completed logins, successful or not. */
#define BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL "renewer_attempts_total"

/** counter: Failed logins. */
#define BOUNCER_STAT_RENEWER_FAILURES_TOTAL "renewer_failures_total"

/** gauge: Scheduled logins that failed since the last success. */
#define BOUNCER_STAT_RENEWER_FAILURES_IN_ROW "renewer_failures_in_row"

/** counter: Logins started on schedule. */
#define BOUNCER_STAT_RENEWER_SCHEDULED_TOTAL "renewer_scheduled_total"

/** counter: Logins started because the previous scheduled login failed. */
#define BOUNCER_STAT_RENEWER_RETRIES_TOTAL "renewer_retries_total"

/** counter: Logins started because a server rejected the token. */
#define BOUNCER_STAT_RENEWER_REJECTIONS_TOTAL "renewer_rejections_total"

/** counter: Logins started because the program requested them. */
#define BOUNCER_STAT_RENEWER_REQUESTED_TOTAL "renewer_requested_total"

/** counter: Rejections that caused no login, because of the limit or of Retry-After. */
#define BOUNCER_STAT_RENEWER_SUPPRESSED_TOTAL "renewer_suppressed_total"

/** text: Latest failure; kept after a later success. */
#define BOUNCER_STAT_RENEWER_LAST_ERROR "renewer_last_error"

/** text: Stable name of the latest failure. */
#define BOUNCER_STAT_RENEWER_LAST_ERROR_NAME "renewer_last_error_name"

/** time: Time of the latest failure. */
#define BOUNCER_STAT_RENEWER_LAST_ERROR_SECONDS "renewer_last_error_seconds"


/**
 * The ABI version of this header. It changes only together with the SONAME.
 */
#define BOUNCER_ABI_VERSION 1

/**
 * The major version of the library that this header belongs to.
 */
#define BOUNCER_VERSION_MAJOR 0

/**
 * The minor version of the library that this header belongs to.
 */
#define BOUNCER_VERSION_MINOR 1

/**
 * The patch version of the library that this header belongs to.
 */
#define BOUNCER_VERSION_PATCH 0

/**
 * The value is secret: it is never shown and is not allowed in a document.
 */
#define BOUNCER_SETTING_SECRET 1

/**
 * The setting is set in code only; it is not allowed in a document.
 */
#define BOUNCER_SETTING_CODE_ONLY 2

/**
 * The setting weakens a check: the library then accepts input that it otherwise rejects.
 */
#define BOUNCER_SETTING_WEAKENS 4

/**
 * The setting is a list; bouncer_settings_add() appends an item.
 */
#define BOUNCER_SETTING_LIST 8

/**
 * The setting is deprecated: it has a new name.
 */
#define BOUNCER_SETTING_DEPRECATED 16

/**
 * The value is a URL. It is secret if it contains a user or a password.
 */
#define BOUNCER_SETTING_PASSWORD 32

/**
 * The result of a call. The numbers are permanent. Later versions may add numbers, so handle an
 * unknown number by its range.
 *
 * - 0: success
 * - 1 to 99: an error of the calling program, a bug in this library (2), or an error of the
 *   operating system (4). Respond with HTTP 500.
 * - 100 to 199: no usable keys. HTTP 503, never 401. Status 104 is not an error: wait.
 * - 200 to 299: the token or its signature is invalid. HTTP 401.
 * - 300 to 399: the signature is valid, but the claims are rejected. HTTP 401, but 403 for 307.
 * - 400 to 499: the service's own login failed. HTTP 503.
 */
enum bouncer_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Success.
     */
    BOUNCER_STATUS_OK = 0,
    /**
     * A pointer that must not be NULL is NULL.
     */
    BOUNCER_STATUS_NULL_ARGUMENT = 1,
    /**
     * A bug in this library: please report it. The program may continue.
     */
    BOUNCER_STATUS_INTERNAL = 2,
    /**
     * An argument or a setting is invalid. The detail contains the reason.
     */
    BOUNCER_STATUS_INVALID_ARGUMENT = 3,
    /**
     * The operating system refused a resource, for example because too many files are open.
     */
    BOUNCER_STATUS_SYSTEM_ERROR = 4,
    /**
     * The document is not a JWK Set (RFC 7517 section 5), or it is too large.
     */
    BOUNCER_STATUS_MALFORMED_JWK_SET = 100,
    /**
     * The JWK Set has no usable key. The detail contains why the first key was skipped.
     */
    BOUNCER_STATUS_NO_USABLE_KEY = 101,
    /**
     * A single key (JWK, PEM, DER or components) cannot be used. The detail contains the reason.
     */
    BOUNCER_STATUS_UNUSABLE_KEY = 102,
    /**
     * A remote JWK Set was never fetched, is closed, or was last fetched too long ago. Also
     * returned if the fetch that could find the token's key failed or timed out. The detail
     * contains the reason.
     */
    BOUNCER_STATUS_KEYS_UNAVAILABLE = 103,
    /**
     * Not an error: the result depends on a fetch that is in flight. The call returned a ticket
     * for it.
     */
    BOUNCER_STATUS_PENDING = 104,
    /**
     * The token is longer than the policy allows.
     */
    BOUNCER_STATUS_TOKEN_TOO_LARGE = 200,
    /**
     * The token is not a JWS in Compact Serialization (RFC 7515 section 3.1).
     */
    BOUNCER_STATUS_MALFORMED_TOKEN = 201,
    /**
     * The token has five parts: it is a JWE (RFC 7516), which is not supported.
     */
    BOUNCER_STATUS_ENCRYPTED_TOKEN = 202,
    /**
     * The JOSE Header is not strict JSON, or a parameter has the wrong type (RFC 7515 section 4).
     */
    BOUNCER_STATUS_MALFORMED_HEADER = 203,
    /**
     * "alg" is not implemented. "none" and the HS family are never supported.
     */
    BOUNCER_STATUS_UNSUPPORTED_ALGORITHM = 204,
    /**
     * "alg" is implemented, but the policy does not allow it.
     */
    BOUNCER_STATUS_ALGORITHM_NOT_ALLOWED = 205,
    /**
     * The header requires an extension that is not supported: crit, b64, enc.
     */
    BOUNCER_STATUS_UNSUPPORTED_HEADER = 206,
    /**
     * "typ" is not the type that the policy requires (RFC 8725 section 3.11).
     */
    BOUNCER_STATUS_WRONG_TOKEN_TYPE = 207,
    /**
     * No key of the set matches the token's "kid" and "alg".
     */
    BOUNCER_STATUS_NO_MATCHING_KEY = 208,
    /**
     * No key verifies the signature. At most four matching keys are tried, which limits the cost
     * of a forged token. If more keys match, the detail reports that.
     */
    BOUNCER_STATUS_INVALID_SIGNATURE = 209,
    /**
     * The value of the Authorization header contains no token.
     */
    BOUNCER_STATUS_MALFORMED_AUTHORIZATION = 210,
    /**
     * The Claims Set is not strict JSON, or a claim has the wrong type (RFC 7519 section 4).
     */
    BOUNCER_STATUS_MALFORMED_CLAIMS = 300,
    /**
     * A claim that the policy requires is missing.
     */
    BOUNCER_STATUS_MISSING_CLAIM = 301,
    /**
     * "exp" has passed (RFC 7519 section 4.1.4).
     */
    BOUNCER_STATUS_EXPIRED = 302,
    /**
     * "nbf" is in the future, by more than the tolerance (RFC 7519 section 4.1.5).
     */
    BOUNCER_STATUS_NOT_YET_VALID = 303,
    /**
     * "iss" is not an accepted issuer (RFC 7519 section 4.1.1).
     */
    BOUNCER_STATUS_WRONG_ISSUER = 304,
    /**
     * "aud" contains no accepted audience, or the policy accepts none (RFC 7519 section 4.1.3).
     */
    BOUNCER_STATUS_WRONG_AUDIENCE = 305,
    /**
     * A claim has a value that the policy does not allow.
     */
    BOUNCER_STATUS_CLAIM_NOT_ALLOWED = 306,
    /**
     * The token lacks a scope that the policy requires (RFC 6750 section 3.1). HTTP 403.
     */
    BOUNCER_STATUS_INSUFFICIENT_SCOPE = 307,
    /**
     * The secret, key or certificate of the service's own login cannot be read or used. The detail
     * contains the reason.
     */
    BOUNCER_STATUS_UNUSABLE_CREDENTIALS = 400,
    /**
     * The issuer rejected the login: unknown account, wrong key or wrong request.
     */
    BOUNCER_STATUS_LOGIN_REJECTED = 401,
    /**
     * The service has no usable token of its own: its login failed, has not finished, or is not
     * allowed yet.
     */
    BOUNCER_STATUS_LOGIN_UNAVAILABLE = 402,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum bouncer_status bouncer_status;
#else
typedef uint32_t bouncer_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The back end: the implementation that verifies signatures. The verdicts do not depend on it.
 */
enum bouncer_backend
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Uses this library's own code where it is faster, and aws-lc for the rest. The own code is 3
     * to 17 times as fast. It verifies signatures of RSA keys of 2048, 3072 and 4096 bits on CPUs
     * with AVX-512 IFMA. On any CPU it verifies ES256 and Ed25519, after 100 valid tokens of a
     * key. aws-lc verifies samples of the accepted and the rejected signatures again. After the
     * first different result, the whole process verifies signatures of that kind with aws-lc only.
     *
     * This is the default. If the environment variable BOUNCER_VERIFY_NO_ACCELERATION has a value
     * other than 0 or the empty string, the default is aws-lc. The variable is read when the
     * process first loads keys.
     */
    BOUNCER_BACKEND_ACCELERATED = 0,
    /**
     * Uses aws-lc only.
     */
    BOUNCER_BACKEND_AWS_LC = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum bouncer_backend bouncer_backend;
#else
typedef uint32_t bouncer_backend;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The severity of an event.
 */
enum bouncer_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A bug in this library, or a fault of the machine.
     */
    BOUNCER_LOG_LEVEL_ERROR = 1,
    /**
     * A fetch or a login failed.
     */
    BOUNCER_LOG_LEVEL_WARN = 2,
    /**
     * New keys or a new token are in use.
     */
    BOUNCER_LOG_LEVEL_INFO = 3,
    /**
     * A fetch returned the keys already in use.
     */
    BOUNCER_LOG_LEVEL_DEBUG = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum bouncer_log_level bouncer_log_level;
#else
typedef uint32_t bouncer_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The meaning of a bouncer_stat.
 */
enum bouncer_stat_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A count that only increases. It counts events of this process only.
     */
    BOUNCER_STAT_KIND_COUNTER = 1,
    /**
     * A current number.
     */
    BOUNCER_STAT_KIND_GAUGE = 2,
    /**
     * A point in time, in seconds since 1970-01-01T00:00:00Z.
     */
    BOUNCER_STAT_KIND_TIME = 3,
    /**
     * Text.
     */
    BOUNCER_STAT_KIND_TEXT = 4,
    /**
     * A duration in seconds.
     */
    BOUNCER_STAT_KIND_DURATION = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum bouncer_stat_kind bouncer_stat_kind;
#else
typedef uint32_t bouncer_stat_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The verdicts for many tokens, in input order. Immutable; any number of threads may read it.
 */
typedef struct bouncer_batch bouncer_batch;

/**
 * The cause of a failure. It holds no token, no claim value and no key, so it may be logged.
 * Immutable; any number of threads may read it.
 */
typedef struct bouncer_error bouncer_error;

/**
 * A public key that verifies signatures (RFC 7517 section 4). Immutable; any number of threads may
 * use it.
 */
typedef struct bouncer_jwk bouncer_jwk;

/**
 * An issuer's public keys (RFC 7517 section 5), parsed and checked once. Immutable; any number of
 * threads may use it.
 */
typedef struct bouncer_jwks bouncer_jwks;

/**
 * A token that the service sends in its own requests. It is secret. Immutable; any number of
 * threads may read it. Its memory is wiped once no handle and no renewer uses it.
 */
typedef struct bouncer_own_token bouncer_own_token;

/**
 * The rules for a token beyond a valid signature: issuer, audience, algorithms, times. Immutable;
 * any number of threads may use it.
 */
typedef struct bouncer_policy bouncer_policy;

/**
 * An issuer's key set that a background thread fetches from a URL and refreshes. It follows key
 * rotations and survives outages. Any number of threads may use it. Create one for each issuer and
 * keep it: each has its own rate limits and requests. One thread serves all of them.
 *
 * A verification whose key is cached takes no lock and never waits for the network. Keys are
 * refreshed after 70 to 80 % of their lifetime. If refreshes fail, the cached keys stay in use
 * until "max_stale" has passed since the issuer last confirmed them. After that, verifications
 * fail with BOUNCER_STATUS_KEYS_UNAVAILABLE.
 *
 * A token with an unknown "kid" may cause a fetch. The limit is a burst of two fetches, then one
 * per "refetch_interval". A token without "kid" may cause a fetch if no key verifies it. A token
 * with a known "kid" may cause a fetch if the key with that "kid" does not verify it. For these
 * two kinds of tokens the limit is one fetch per "refetch_interval_without_kid". If a fetch that a
 * token caused fails or does not end in time, the verification fails with
 * BOUNCER_STATUS_KEYS_UNAVAILABLE.
 *
 * A forked child may use the handle: it starts its own threads when it first needs them. All
 * threads of this library block all signals, so the program's signal handlers never run on them.
 */
typedef struct bouncer_remote_jwks bouncer_remote_jwks;

/**
 * Keeps the service's own token valid. A background thread logs in, renews the token before it
 * expires, and logs in again when a server rejects it. Any number of threads may use the renewer.
 * Create one renewer for each account and keep it.
 *
 * The token is renewed after 70 to 80 % of its lifetime. A failed renewal is retried with
 * back-off. The current token stays in use until it expires.
 *
 * A forked child may use the handle: it starts its own threads when it first needs them. A renewer
 * whose tokens the program supplies does not work in a forked child.
 */
typedef struct bouncer_renewer bouncer_renewer;

/**
 * Settings of one kind: for a policy, a remote key set, a verifier or a renewer.
 *
 * ```c
 * bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
 * bouncer_settings_add(settings, BOUNCER_POLICY_ISSUERS, BOUNCER_TEXT("https://id.example"));
 * bouncer_settings_add(settings, BOUNCER_POLICY_AUDIENCES, BOUNCER_TEXT("orders"));
 * bouncer_settings_set(settings, BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("30s"));
 * if (bouncer_policy_new(settings, &policy, &error) != BOUNCER_STATUS_OK) ...
 * bouncer_settings_free(settings);
 * ```
 *
 * The settings keep their first failure. Every later change does nothing and returns the status of
 * that failure. bouncer_policy_new(), bouncer_remote_jwks_new(), bouncer_verifier_new() and
 * bouncer_renewer_new() return the same status, so it is enough to check that last call. The error
 * of that call names the cause, and bouncer_error_claim() returns the path of the setting.
 *
 * Only one thread at a time may change settings. A policy, key set, verifier or renewer copies
 * what it needs.
 *
 * Values are text. A flag is "true" or "false". A duration is a whole number and a unit: "500ms",
 * "30s", "5m", "2h", "1d". A size is "16384", "16KiB", "1MiB" or "1GiB". A time is a number of
 * seconds since 1970-01-01T00:00:00Z. Text must not be empty. In a setting that is a map, each
 * entry has its own name. It follows the name of the setting and a dot:
 *
 * ```c
 * bouncer_settings_set(settings, BOUNCER_POLICY_CLAIM_IS ".uid", BOUNCER_TEXT("peter"));
 * bouncer_settings_set(settings, BOUNCER_RENEWER_PARAMETERS ".scope", BOUNCER_TEXT("read"));
 * ```
 */
typedef struct bouncer_settings bouncer_settings;

/**
 * A snapshot of counters and states, for metrics, logs and health checks. Immutable; any number of
 * threads may read it.
 */
typedef struct bouncer_stats bouncer_stats;

/**
 * A token that passed every check. There is no handle for a rejected token. Immutable; any number
 * of threads may read it.
 */
typedef struct bouncer_token bouncer_token;

/**
 * Verifies tokens of one issuer or of many. Any number of threads may use it.
 *
 * A verifier has entries, each with the keys of one issuer and the policy for its tokens. With
 * several entries, the token's "iss" selects the entry, and decides nothing else: the token must
 * pass that entry's policy, with a signature of that entry's keys.
 *
 * "iss" must be one of the "issuers" of an entry. A token without "iss" goes to the entry whose
 * policy names no issuers; only one entry may have such a policy. A token with another "iss" goes
 * to that same entry only if its policy has "any_issuer". Otherwise the status is
 * BOUNCER_STATUS_WRONG_ISSUER, and nothing is fetched.
 */
typedef struct bouncer_verifier bouncer_verifier;

/**
 * A file descriptor that wakes up an event loop after each fetch of keys, or after each login of a
 * renewer. The loop needs no thread that waits.
 *
 * The descriptor is an eventfd, non-blocking and close-on-exec. It becomes readable after each
 * attempt, successful or not, and when the key set or renewer is closed. The watch of a verifier
 * also becomes readable after bouncer_verifier_reload(). The descriptor stays readable until 8
 * bytes are read. One wakeup may be for several attempts.
 *
 * 1. Create one watch for each loop, before the loop verifies its first token. Add the descriptor
 *    to the loop, for reading.
 * 2. If bouncer_verifier_verify_now() returns BOUNCER_STATUS_PENDING, store the request with its
 *    token and its ticket, and with a time after which it is answered in any case.
 * 3. If the descriptor is readable, read 8 bytes first. Then go through the stored requests. If
 *    bouncer_verifier_wait(verifier, ticket, 0) returns 1, call bouncer_verifier_verify_now()
 *    again with the same token and ticket. That call may return BOUNCER_STATUS_PENDING again.
 * 4. When the time of a request is over, make the same call: it returns a final status.
 *
 * ```c
 * uint64_t count;
 * (void)!read(bouncer_watch_fd(watch), &count, sizeof count);
 * for each stored request r:
 *     if (bouncer_verifier_wait(verifier, r->ticket, 0) == 1)
 *         verify(r);
 * ```
 *
 * In this order no attempt is missed: if it ends before the loop waits, the descriptor is readable
 * already. The library never blocks on the descriptor, even if the loop never reads it.
 *
 * A watch belongs to the process that created it. After fork(), the child frees the copy of its
 * parent's watch and creates its own: the attempts of the child do not wake up the parent.
 */
typedef struct bouncer_watch bouncer_watch;

/**
 * Text in UTF-8 that belongs to a handle: `len` bytes at `data`, NOT NUL-terminated. `data` is
 * NULL if there is no text.
 */
typedef struct {
    /**
     * The first byte, or NULL.
     */
    const char *data;
    /**
     * The number of bytes.
     */
    size_t len;
} bouncer_str;

/**
 * Bytes that belong to a handle: `len` bytes at `data`. `data` is NULL if there are no bytes.
 */
typedef struct {
    /**
     * The first byte, or NULL.
     */
    const uint8_t *data;
    /**
     * The number of bytes.
     */
    size_t len;
} bouncer_bytes;

/**
 * The description of a setting. It is static. Later versions may add members at the end, so use
 * this struct only through a pointer. Each text is NUL-terminated and never NULL.
 */
typedef struct {
    /**
     * The name, for bouncer_settings_set() and for documents.
     */
    const char *name;
    /**
     * The type: "flag", "text", "duration", "size", "count", "time", "map of text", or the values
     * of a choice: "jwt|dcos". A list has the prefix "list of ".
     */
    const char *type;
    /**
     * The default; empty if the setting has no default or `help` explains it.
     */
    const char *default_value;
    /**
     * The minimum and the maximum: "0s to 5m"; empty if there are none.
     */
    const char *range;
    /**
     * A description of what the setting does.
     */
    const char *help;
    /**
     * The first version of this library with this setting.
     */
    const char *since;
    /**
     * A bit set of the BOUNCER_SETTING_ constants.
     */
    uint32_t flags;
} bouncer_setting;

/**
 * The verdicts of a batch as columns, in the memory layout of Apache Arrow ("Columnar Format",
 * 1.0). Arrow can use the buffers without copying. They belong to the batch.
 *
 * In a validity bitmap, bit i is set if row i has a value. Bit 0 is the lowest bit of the first
 * byte.
 */
typedef struct {
    /**
     * Number of rows, one for each token.
     */
    size_t rows;
    /**
     * The bouncer_status of each token: UInt32.
     */
    const uint32_t *status;
    /**
     * "exp" of the accepted tokens, in seconds since 1970-01-01T00:00:00Z: Int64. 0 in rows
     * without a value.
     */
    const int64_t *exp;
    /**
     * The validity bitmap of `exp`.
     */
    const uint8_t *exp_validity;
    /**
     * The offset in `uid_data` of the start of each "uid", then the end of the last "uid". These
     * are the offsets of a LargeUtf8 array, one more than there are rows.
     */
    const int64_t *uid_offsets;
    /**
     * The "uid" values of the accepted tokens, concatenated, in UTF-8.
     */
    const char *uid_data;
    /**
     * The validity bitmap of the "uid" column.
     */
    const uint8_t *uid_validity;
} bouncer_columns;

/**
 * One row of a snapshot, which owns the row. Later versions may add members at the end, so use
 * this struct only through a pointer.
 */
typedef struct {
    /**
     * A BOUNCER_STAT_ name, NUL-terminated.
     */
    const char *name;
    /**
     * A description in one sentence, NUL-terminated.
     */
    const char *help;
    /**
     * A bouncer_stat_kind: the meaning and unit of `number`.
     */
    uint32_t kind;
    /**
     * 1 if the row has a value now, otherwise 0.
     */
    int32_t present;
    /**
     * The value; 0 if there is no value or it is text.
     */
    double number;
    /**
     * The value if `kind` is BOUNCER_STAT_KIND_TEXT, otherwise no text.
     */
    bouncer_str text;
    /**
     * The source. For a key set: its URL without its query, or its issuer. For a renewer: the
     * origin of its tokens. For a verifier: the first issuer of the entry, or "no issuer". Empty
     * in rows of the whole verifier.
     */
    bouncer_str source;
    /**
     * The status of the verifications that are counted: "ok", or the name of an error. Empty in
     * other rows.
     */
    bouncer_str status;
} bouncer_stat;

/**
 * Receives one event. `level` is a bouncer_log_level. `message` is valid during the call and holds
 * no token, no claim value and no key. `context` is the argument of bouncer_set_logger().
 *
 * Any thread may call the callback, including the library's own threads, and several threads may
 * call it at once. The callback must not throw, must not call this library, and must not wait for
 * a token or for keys.
 */
typedef void (*bouncer_log_callback)(void *context, uint32_t level, bouncer_str message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the ABI version of the loaded library; compare it with BOUNCER_ABI_VERSION.
 */
uint32_t bouncer_abi_version(void);

/**
 * Does nothing. Only libraries of ABI version 1 define this function, so a program that calls it
 * does not link with any other ABI version.
 */
void bouncer_abi_1(void);

/**
 * Returns the version of the loaded library as "MAJOR.MINOR.PATCH", NUL-terminated. The text is
 * static.
 */
const char *bouncer_version(void);

/**
 * Returns the stable name of a status, NUL-terminated, for example "expired". Returns "unknown"
 * for a number that this version does not know. The text is static.
 */
const char *bouncer_status_name(uint32_t status);

/**
 * Returns the HTTP status for the response to a request whose verification returned `status`:
 *
 * - 200 for BOUNCER_STATUS_OK.
 * - 403 for BOUNCER_STATUS_INSUFFICIENT_SCOPE.
 * - 401 for the other numbers from 200 to 399, also unknown ones.
 * - 503 for the numbers 100 to 199 and 400 to 499, also unknown ones.
 * - 500 for all other numbers.
 */
uint32_t bouncer_status_http_status(uint32_t status);

/**
 * Returns the value of the WWW-Authenticate header for a response with HTTP status 401 or 403 (RFC
 * 6750 section 3). For BOUNCER_STATUS_MALFORMED_AUTHORIZATION it is only "Bearer", because the
 * request contains no usable token. For BOUNCER_STATUS_INSUFFICIENT_SCOPE it is `Bearer
 * error="insufficient_scope"`. Otherwise it contains `error="invalid_token"` and the name of the
 * status. Returns no text for another HTTP status or an unknown number. The text is static.
 */
bouncer_str bouncer_status_challenge(uint32_t status);

/**
 * Returns the status that the failed call returned, or BOUNCER_STATUS_OK if `error` is NULL.
 */
bouncer_status bouncer_error_status(const bouncer_error *error);

/**
 * Returns a message for a log, NUL-terminated, or NULL if `error` is NULL. Valid until `error` is
 * freed. The wording may change between versions: programs should use the status.
 */
const char *bouncer_error_message(const bouncer_error *error);

/**
 * Returns the name of the claim, header parameter or setting that caused the error, for example
 * "exp" or "crit". Returns no text if there is none or `error` is NULL. Valid until `error` is
 * freed.
 */
bouncer_str bouncer_error_claim(const bouncer_error *error);

/**
 * Frees an error. NULL is allowed.
 */
void bouncer_error_free(bouncer_error *error);

/**
 * Parses one JWK: a JSON object of `json_len` bytes at `json`.
 *
 * On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
 * BOUNCER_STATUS_UNUSABLE_KEY.
 */
bouncer_status bouncer_jwk_from_json(const char *json,
                                     size_t json_len,
                                     bouncer_jwk **out,
                                     bouncer_error **err);

/**
 * Creates an RSA key from its modulus and exponent as Base64urlUInt (RFC 7518 section 2), the
 * format of "n" and "e" in a JWK. The modulus is `n_len` bytes of text at `n`, the exponent
 * `e_len` bytes at `e`.
 *
 * On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
 * BOUNCER_STATUS_UNUSABLE_KEY.
 */
bouncer_status bouncer_jwk_from_rsa_base64url(const char *n,
                                              size_t n_len,
                                              const char *e,
                                              size_t e_len,
                                              bouncer_jwk **out,
                                              bouncer_error **err);

/**
 * Creates an RSA key from its modulus and exponent as big-endian octets: `n_len` octets at `n`,
 * `e_len` octets at `e`. Leading zeros are allowed.
 *
 * On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
 * BOUNCER_STATUS_UNUSABLE_KEY.
 */
bouncer_status bouncer_jwk_from_rsa_components(const uint8_t *n,
                                               size_t n_len,
                                               const uint8_t *e,
                                               size_t e_len,
                                               bouncer_jwk **out,
                                               bouncer_error **err);

/**
 * Parses a key in PEM of `pem_len` bytes at `pem`, with the label "PUBLIC KEY", "RSA PUBLIC KEY"
 * or "CERTIFICATE" (RFC 7468). Only the public key of a certificate is used; the certificate
 * itself is not verified.
 *
 * On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
 * BOUNCER_STATUS_UNUSABLE_KEY.
 */
bouncer_status bouncer_jwk_from_pem(const char *pem, size_t pem_len, bouncer_jwk **out, bouncer_error **err);

/**
 * Parses a key in DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of `der_len` bytes at `der`.
 *
 * On success puts the key in `*out`; free it with bouncer_jwk_free(). On failure:
 * BOUNCER_STATUS_UNUSABLE_KEY.
 */
bouncer_status bouncer_jwk_from_der(const uint8_t *der,
                                    size_t der_len,
                                    bouncer_jwk **out,
                                    bouncer_error **err);

/**
 * Returns "kid", the key ID. Returns no text if the key has none or `key` is NULL. Valid until
 * `key` is freed.
 */
bouncer_str bouncer_jwk_kid(const bouncer_jwk *key);

/**
 * Returns "alg", the only algorithm that the key may be used with. Returns no text if the key has
 * none or `key` is NULL. The text is static.
 */
bouncer_str bouncer_jwk_algorithm(const bouncer_jwk *key);

/**
 * Returns "kty", the key type: "RSA", "EC" or "OKP". Returns no text if `key` is NULL. The text is
 * static.
 */
bouncer_str bouncer_jwk_key_type(const bouncer_jwk *key);

/**
 * Returns "crv", the curve. Returns no text for an RSA key or if `key` is NULL. The text is
 * static.
 */
bouncer_str bouncer_jwk_curve(const bouncer_jwk *key);

/**
 * Returns the size of the RSA modulus or of the curve in bits, or 0 if `key` is NULL.
 */
size_t bouncer_jwk_bits(const bouncer_jwk *key);

/**
 * Returns the RSA modulus, big-endian without leading zeros. Returns no bytes for other key types
 * or if `key` is NULL. Valid until `key` is freed.
 */
bouncer_bytes bouncer_jwk_n(const bouncer_jwk *key);

/**
 * Returns the RSA exponent, big-endian without leading zeros. Returns no bytes for other key types
 * or if `key` is NULL. Valid until `key` is freed.
 */
bouncer_bytes bouncer_jwk_e(const bouncer_jwk *key);

/**
 * Returns 1 if a number of the key is written in a form that RFC 7518 forbids and this library
 * tolerates. Those forms are padding, the standard base64 alphabet, a leading zero octet, and a
 * coordinate without its leading zeros. Returns 0 otherwise, and if `key` is NULL.
 */
int32_t bouncer_jwk_is_tolerated(const bouncer_jwk *key);

/**
 * Returns the key in PEM, with the label "PUBLIC KEY". Returns no text if `key` is NULL. Valid
 * until `key` is freed.
 */
bouncer_str bouncer_jwk_pem(const bouncer_jwk *key);

/**
 * Returns the key in DER SubjectPublicKeyInfo. Returns no bytes if `key` is NULL. Valid until
 * `key` is freed.
 */
bouncer_bytes bouncer_jwk_der(const bouncer_jwk *key);

/**
 * Returns the key as a JWK, a JSON object. Returns no text if `key` is NULL. Valid until `key` is
 * freed.
 */
bouncer_str bouncer_jwk_json(const bouncer_jwk *key);

/**
 * Returns the JWK Thumbprint with SHA-256 (RFC 7638), in base64url. Returns no text if `key` is
 * NULL. Valid until `key` is freed.
 */
bouncer_str bouncer_jwk_thumbprint(const bouncer_jwk *key);

/**
 * Returns the "kid" that DC/OS's Bouncer derives from an RSA key. Returns no text for other key
 * types or if `key` is NULL. Valid until `key` is freed.
 */
bouncer_str bouncer_jwk_dcos_kid(const bouncer_jwk *key);

/**
 * Frees a key that a bouncer_jwk_from_ function returned. Never pass a key that belongs to a key
 * set. NULL is allowed.
 */
void bouncer_jwk_free(bouncer_jwk *key);

/**
 * Parses a JWK Set document: strict JSON of `json_len` bytes at `json`. The document may be at
 * most 1 MiB long, with at most 1000 members in "keys".
 *
 * A key that cannot be used is skipped; bouncer_jwks_skipped_reason() returns the reason.
 *
 * On success puts the key set in `*out`; free it with bouncer_jwks_free(). On failure:
 * BOUNCER_STATUS_MALFORMED_JWK_SET or BOUNCER_STATUS_NO_USABLE_KEY. The message of the latter
 * contains the reason why the first key was skipped.
 */
bouncer_status bouncer_jwks_load(const char *json, size_t json_len, bouncer_jwks **out, bouncer_error **err);

/**
 * Parses a JWK Set document as bouncer_jwks_load() does. `backend`, a bouncer_backend, is the back
 * end that verifies signatures with these keys.
 *
 * The failures are those of bouncer_jwks_load(), and BOUNCER_STATUS_INVALID_ARGUMENT for an
 * unknown back end.
 */
bouncer_status bouncer_jwks_load_with(const char *json,
                                      size_t json_len,
                                      uint32_t backend,
                                      bouncer_jwks **out,
                                      bouncer_error **err);

/**
 * Creates a key set from the `count` keys in the array `keys`. The keys are copied.
 *
 * On success puts the key set in `*out`; free it with bouncer_jwks_free(). On failure:
 * BOUNCER_STATUS_NO_USABLE_KEY, or BOUNCER_STATUS_MALFORMED_JWK_SET if `count` is over 1000.
 */
bouncer_status bouncer_jwks_from_keys(const bouncer_jwk *const *keys,
                                      size_t count,
                                      bouncer_jwks **out,
                                      bouncer_error **err);

/**
 * Returns the number of usable keys, or 0 if `jwks` is NULL.
 */
size_t bouncer_jwks_key_count(const bouncer_jwks *jwks);

/**
 * Returns the usable key at `index`, in document order from 0. Returns NULL if `index` is out of
 * range or `jwks` is NULL. The key belongs to `jwks`: do not free it.
 */
const bouncer_jwk *bouncer_jwks_key(const bouncer_jwks *jwks, size_t index);

/**
 * Returns the number of keys whose next signature this library's own code verifies
 * (BOUNCER_BACKEND_ACCELERATED), or 0 if `jwks` is NULL. ES256 and Ed25519 keys count once they
 * have tables: after 100 valid tokens.
 */
size_t bouncer_jwks_accelerated_keys(const bouncer_jwks *jwks);

/**
 * Returns the number of skipped keys, or 0 if `jwks` is NULL.
 */
size_t bouncer_jwks_skipped_count(const bouncer_jwks *jwks);

/**
 * Returns the position of the skipped key at `index` in the document's "keys" array, from 0.
 * Returns SIZE_MAX if `index` is out of range or `jwks` is NULL.
 */
size_t bouncer_jwks_skipped_index(const bouncer_jwks *jwks, size_t index);

/**
 * Returns the "kid" of the skipped key at `index`. Returns no text if the key has none, `index` is
 * out of range, or `jwks` is NULL. Valid until `jwks` is freed.
 */
bouncer_str bouncer_jwks_skipped_kid(const bouncer_jwks *jwks, size_t index);

/**
 * Returns the stable name of the reason why the skipped key at `index` was skipped, for example
 * "wrong_use". Returns no text if `index` is out of range or `jwks` is NULL. The text is static.
 */
bouncer_str bouncer_jwks_skipped_reason(const bouncer_jwks *jwks, size_t index);

/**
 * Returns the reason why the skipped key at `index` was skipped, as text for a log. The text
 * contains details such as the wrong member or the key size. Returns no text if `index` is out of
 * range or `jwks` is NULL. Valid until `jwks` is freed.
 */
bouncer_str bouncer_jwks_skipped_message(const bouncer_jwks *jwks, size_t index);

/**
 * Frees a key set. Verifiers that use it keep working. NULL is allowed.
 */
void bouncer_jwks_free(bouncer_jwks *jwks);

/**
 * Creates empty settings of `kind`, a BOUNCER_KIND_ constant. Free them with
 * bouncer_settings_free(). Never returns NULL: an unknown kind is kept as the first failure.
 */
bouncer_settings *bouncer_settings_new(uint32_t kind);

/**
 * Sets the setting `name` to the value of `value_len` bytes at `value`, which are copied. An
 * earlier value is replaced; a list then contains only this item. `name` is NUL-terminated: use a
 * constant that begins with BOUNCER_POLICY_, BOUNCER_KEYS_, BOUNCER_VERIFIER_ or BOUNCER_RENEWER_.
 *
 * On failure: BOUNCER_STATUS_INVALID_ARGUMENT if the name is unknown or the value is invalid. The
 * settings keep this failure. BOUNCER_STATUS_NULL_ARGUMENT if `settings` is NULL.
 */
bouncer_status bouncer_settings_set(bouncer_settings *settings,
                                    const char *name,
                                    const char *value,
                                    size_t value_len);

/**
 * Appends the value of `value_len` bytes at `value` to the list `name`. The value is one item:
 * there is no separator and no escape.
 *
 * On failure: as bouncer_settings_set(), and BOUNCER_STATUS_INVALID_ARGUMENT if the setting is not
 * a list.
 */
bouncer_status bouncer_settings_add(bouncer_settings *settings,
                                    const char *name,
                                    const char *value,
                                    size_t value_len);

/**
 * Applies all settings in the JSON document of `json_len` bytes at `json`, or none of them on
 * failure. Flags, counts and sizes have JSON types, durations are strings, lists are arrays:
 * {"issuers": ["a"], "leeway": "30s"}. A document must not contain a secret. "$schema" is ignored.
 * docs/settings.schema.json is the JSON schema of documents.
 *
 * On failure: BOUNCER_STATUS_INVALID_ARGUMENT. The document is not strict JSON, a name is unknown
 * or repeated, or a value is invalid, null or an empty list.
 */
bouncer_status bouncer_settings_load(bouncer_settings *settings, const char *json, size_t json_len);

/**
 * Returns the first failure, or NULL if there is none. The settings own the error: do not free it.
 */
const bouncer_error *bouncer_settings_error(const bouncer_settings *settings);

/**
 * Returns the settings as a JSON document for logs, without secrets. The text is valid until the
 * settings are changed or freed.
 */
bouncer_str bouncer_settings_json(const bouncer_settings *settings);

/**
 * Frees settings and wipes their secrets from memory. Policies, key sets, verifiers and renewers
 * that were created from them keep working. NULL is allowed.
 */
void bouncer_settings_free(bouncer_settings *settings);

/**
 * Returns the setting after `previous` in the list of `kind`, or the first one if `previous` is
 * NULL. Returns NULL after the last one.
 */
const bouncer_setting *bouncer_setting_next(uint32_t kind, const bouncer_setting *previous);

/**
 * Returns the setting `name` (NUL-terminated) of `kind`, or NULL if this library does not have it.
 * For programs that use a setting only if it exists.
 */
const bouncer_setting *bouncer_setting_find(uint32_t kind, const char *name);

/**
 * Creates a policy from `settings`, which must have the kind BOUNCER_KIND_POLICY. The settings are
 * copied.
 *
 * On success puts the policy in `*out`; free it with bouncer_policy_free(). On failure:
 * BOUNCER_STATUS_INVALID_ARGUMENT, with a message about the first invalid setting. The status is
 * the same if the settings name no issuer and set neither "any_issuer" nor the profile "dcos".
 */
bouncer_status bouncer_policy_new(const bouncer_settings *settings,
                                  bouncer_policy **out,
                                  bouncer_error **err);

/**
 * Frees a policy. Verifiers that use it keep working. NULL is allowed.
 */
void bouncer_policy_free(bouncer_policy *policy);

/**
 * Verifies a JWT: its signature with the keys of `jwks`, then its claims against `policy` (RFC
 * 7519 section 7.2). The token is `token_len` bytes of JWS Compact Serialization at `token`,
 * without white space around it.
 *
 * On success puts the verified token in `*out`; free it with bouncer_token_free(). On failure: a
 * status from 200 to 399. The checks run in a fixed order. The first check that fails determines
 * the status.
 */
bouncer_status bouncer_verify_token(const bouncer_jwks *jwks,
                                    const bouncer_policy *policy,
                                    const char *token,
                                    size_t token_len,
                                    bouncer_token **out,
                                    bouncer_error **err);

/**
 * Returns "uid", the user or service in tokens of DC/OS. Returns no text if the claim is absent or
 * not a string. Valid until `token` is freed.
 */
bouncer_str bouncer_token_uid(const bouncer_token *token);

/**
 * Returns the user or service: the claim of the policy's setting identity_claim, or else "sub".
 * Returns no text if that claim is absent, empty or not a string. Valid until `token` is freed.
 */
bouncer_str bouncer_token_identity(const bouncer_token *token);

/**
 * Returns "iss" (RFC 7519 section 4.1.1), or no text if it is absent. Valid until `token` is
 * freed.
 */
bouncer_str bouncer_token_issuer(const bouncer_token *token);

/**
 * Returns "sub" (RFC 7519 section 4.1.2), or no text if it is absent. Valid until `token` is
 * freed.
 */
bouncer_str bouncer_token_subject(const bouncer_token *token);

/**
 * Returns "jti" (RFC 7519 section 4.1.7), or no text if it is absent. Valid until `token` is
 * freed.
 */
bouncer_str bouncer_token_token_id(const bouncer_token *token);

/**
 * Returns the number of values of "aud" (RFC 7519 section 4.1.3): 1 for a string. Returns 0 if the
 * claim is absent or an empty array, or if `token` is NULL.
 */
size_t bouncer_token_audience_count(const bouncer_token *token);

/**
 * Returns the value of "aud" at `index`, from 0, or no text if `index` is out of range. Valid
 * until `token` is freed.
 */
bouncer_str bouncer_token_audience(const bouncer_token *token, size_t index);

/**
 * Returns 1 if `scope` (`scope_len` bytes) is one of the token's scopes, otherwise 0. Case
 * matters. The scopes are those of the claims "scope" and "scp", or of the policy's setting
 * scope_claims.
 */
int32_t bouncer_token_has_scope(const bouncer_token *token, const char *scope, size_t scope_len);

/**
 * Returns the number of scopes, or 0 if `token` is NULL. The first call for a token parses its
 * scopes.
 */
size_t bouncer_token_scope_count(const bouncer_token *token);

/**
 * Returns the scope at `index`, from 0, or no text if `index` is out of range. Valid until `token`
 * is freed.
 */
bouncer_str bouncer_token_scope(const bouncer_token *token, size_t index);

/**
 * Returns the JSON text of the claim at `index`, from 0, of those that contain scopes. Returns no
 * text if the token has no further such claim. For bindings that copy the token. Valid until
 * `token` is freed.
 */
bouncer_str bouncer_token_scope_claim(const bouncer_token *token, size_t index);

/**
 * Reads "exp" (RFC 7519 section 4.1.4). Returns 1 and puts the seconds since 1970-01-01T00:00:00Z,
 * rounded down, in `*seconds`. Returns 0 and does not write `*seconds` if the claim is absent or
 * an argument is NULL.
 */
int32_t bouncer_token_expires_at(const bouncer_token *token, int64_t *seconds);

/**
 * Reads "nbf" (RFC 7519 section 4.1.5) as bouncer_token_expires_at() reads "exp", but rounds up.
 */
int32_t bouncer_token_not_before(const bouncer_token *token, int64_t *seconds);

/**
 * Reads "iat" (RFC 7519 section 4.1.6) as bouncer_token_expires_at() reads "exp".
 */
int32_t bouncer_token_issued_at(const bouncer_token *token, int64_t *seconds);

/**
 * Returns the JSON text of the claim `name` (`name_len` bytes), exactly as signed. The text of a
 * string includes the quotation marks. A name with dots may name a nested claim, as in the setting
 * required_claims. Returns no text if the claim is absent or the name is not UTF-8. Valid until
 * `token` is freed.
 */
bouncer_str bouncer_token_claim(const bouncer_token *token, const char *name, size_t name_len);

/**
 * Puts the string of the claim `name` (`name_len` bytes) in `*value`: without quotation marks, and
 * with escapes decoded. The claim must be a string. The text is valid until `token` is freed.
 *
 * On failure: BOUNCER_STATUS_MISSING_CLAIM if the claim is absent or null,
 * BOUNCER_STATUS_MALFORMED_CLAIMS if it has another type. The first call for a token parses all
 * its claims; later calls look them up.
 */
bouncer_status bouncer_token_claim_string(const bouncer_token *token,
                                          const char *name,
                                          size_t name_len,
                                          bouncer_str *value,
                                          bouncer_error **err);

/**
 * Puts the claim `name` (`name_len` bytes) in `*value`. The claim must be an integer from -2^63 to
 * 2^63 - 1. Numbers such as 1.0 or 1e3 count as integers up to 2^53.
 *
 * On failure: as bouncer_token_claim_string().
 */
bouncer_status bouncer_token_claim_integer(const bouncer_token *token,
                                           const char *name,
                                           size_t name_len,
                                           int64_t *value,
                                           bouncer_error **err);

/**
 * Puts the strings of the claim `name` (`name_len` bytes) as an array in `*values` and their
 * number in `*count`. The claim must be an array of strings, or a string, which counts as an array
 * of one. The array is valid until `token` is freed.
 *
 * On failure: as bouncer_token_claim_string().
 */
bouncer_status bouncer_token_claim_strings(const bouncer_token *token,
                                           const char *name,
                                           size_t name_len,
                                           const bouncer_str **values,
                                           size_t *count,
                                           bouncer_error **err);

/**
 * Returns the whole Claims Set, a JSON object, exactly as signed. Returns no text if `token` is
 * NULL. Valid until `token` is freed.
 */
bouncer_str bouncer_token_payload(const bouncer_token *token);

/**
 * Returns the JOSE Header, a JSON object. Returns no text if `token` is NULL. Valid until `token`
 * is freed.
 */
bouncer_str bouncer_token_header(const bouncer_token *token);

/**
 * Returns the "kid" of the key that verified the token. Returns no text if that key has none or
 * `token` is NULL. Valid until `token` is freed.
 */
bouncer_str bouncer_token_kid(const bouncer_token *token);

/**
 * Returns the algorithm of the signature, for example "RS256". Returns no text if `token` is NULL.
 * The text is static.
 */
bouncer_str bouncer_token_algorithm(const bouncer_token *token);

/**
 * Frees a verified token. NULL is allowed.
 */
void bouncer_token_free(bouncer_token *token);

/**
 * Creates a remote key set from `settings`, which must have the kind BOUNCER_KIND_KEYS. The
 * settings are copied. The first fetch starts at once in the background, unless "lazy" is set.
 *
 * On success puts the key set in `*out`; free it with bouncer_remote_jwks_free(). On failure:
 * BOUNCER_STATUS_INVALID_ARGUMENT if a setting is invalid. BOUNCER_STATUS_MALFORMED_JWK_SET or
 * BOUNCER_STATUS_NO_USABLE_KEY if the document in "seed" is rejected.
 */
bouncer_status bouncer_remote_jwks_new(const bouncer_settings *settings,
                                       bouncer_remote_jwks **out,
                                       bouncer_error **err);

/**
 * Waits up to `timeout_ms` milliseconds for usable keys. Returns sooner if the metadata contains
 * another issuer.
 *
 * On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE.
 */
bouncer_status bouncer_remote_jwks_wait_ready(const bouncer_remote_jwks *remote,
                                              uint64_t timeout_ms,
                                              bouncer_error **err);

/**
 * Returns 0 if waiting for keys does not help: the key set is closed, or the metadata contains
 * another issuer. Also returns 0 if `remote` is NULL. Otherwise returns 1. For event loops, which
 * wait with a bouncer_watch in place of bouncer_remote_jwks_wait_ready().
 */
int32_t bouncer_remote_jwks_may_become_ready(const bouncer_remote_jwks *remote);

/**
 * Returns a snapshot of the keys in use, for bouncer_verify_token() or for inspection. A later
 * fetch does not change it.
 *
 * On success puts the keys in `*out`; free them with bouncer_jwks_free(). On failure:
 * BOUNCER_STATUS_KEYS_UNAVAILABLE.
 */
bouncer_status bouncer_remote_jwks_current(const bouncer_remote_jwks *remote,
                                           bouncer_jwks **out,
                                           bouncer_error **err);

/**
 * Fetches the keys now and waits up to `timeout_ms` milliseconds for the fetch to end. Concurrent
 * callers share one fetch. No rate limit applies, so call this function for operator commands,
 * never for each request.
 *
 * On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE, with the cause in the message. The keys in use stay
 * in use.
 */
bouncer_status bouncer_remote_jwks_refresh(const bouncer_remote_jwks *remote,
                                           uint64_t timeout_ms,
                                           bouncer_error **err);

/**
 * Waits up to `timeout_ms` milliseconds for the fetch of `ticket`, which
 * bouncer_verifier_verify_now() returned. Returns 1 if the fetch has ended, or if the key set is
 * closed. Returns 0 on timeout, if `ticket` is 0, or if `remote` is NULL. Only a value that this
 * library returned is a valid ticket.
 */
int32_t bouncer_remote_jwks_wait(const bouncer_remote_jwks *remote, uint64_t ticket, uint64_t timeout_ms);

/**
 * Waits up to `timeout_ms` milliseconds until the total number of ended fetches
 * (BOUNCER_STAT_KEYS_ATTEMPTS_TOTAL) is at least `attempts`. For programs that monitor the key
 * set. Returns 1 if the number is reached. Returns 0 on timeout, if the key set is closed, or if
 * `remote` is NULL.
 */
int32_t bouncer_remote_jwks_wait_attempts(const bouncer_remote_jwks *remote,
                                          uint64_t attempts,
                                          uint64_t timeout_ms);

/**
 * Returns the generation of the keys: 0 before the first keys; each change of the keys adds 1. A
 * program that derives data from the keys can cache it by generation. Returns 0 if `remote` is
 * NULL. For all other state see bouncer_remote_jwks_stats().
 */
uint64_t bouncer_remote_jwks_generation(const bouncer_remote_jwks *remote);

/**
 * Closes the key set, also for all verifiers that use it. Cancels a fetch in flight and removes
 * the keys. Waits at most one second for the thread of that fetch to end. The thread that serves
 * all key sets and renewers ends with the last of them. NULL is allowed.
 */
void bouncer_remote_jwks_close(const bouncer_remote_jwks *remote);

/**
 * Frees a remote key set. Verifiers that use it keep working. The key set is closed when this
 * handle and all those verifiers are freed. The last of these calls waits as
 * bouncer_remote_jwks_close() does. NULL is allowed.
 */
void bouncer_remote_jwks_free(bouncer_remote_jwks *remote);

/**
 * Creates a verifier from `settings`, which must have the kind BOUNCER_KIND_VERIFIER. The settings
 * are copied. Remote keys are fetched in the background, at once.
 *
 * ```c
 * bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_VERIFIER);
 * bouncer_settings_load(settings, document, document_len);
 * if (bouncer_verifier_new(settings, &verifier, &error) != BOUNCER_STATUS_OK) ...
 * bouncer_settings_free(settings);
 * ```
 *
 * On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
 * BOUNCER_STATUS_INVALID_ARGUMENT if a setting is invalid; bouncer_error_claim() is then its path,
 * for example "accept[1].keys.max_stale". BOUNCER_STATUS_MALFORMED_JWK_SET or
 * BOUNCER_STATUS_NO_USABLE_KEY if a JWK Set is rejected.
 */
bouncer_status bouncer_verifier_new(const bouncer_settings *settings,
                                    bouncer_verifier **out,
                                    bouncer_error **err);

/**
 * Creates a verifier with a single entry from `jwks` and `policy`. Both may be freed afterwards.
 *
 * On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
 * BOUNCER_STATUS_NULL_ARGUMENT.
 */
bouncer_status bouncer_verifier_new_jwks(const bouncer_jwks *jwks,
                                         const bouncer_policy *policy,
                                         bouncer_verifier **out,
                                         bouncer_error **err);

/**
 * Creates a verifier with a single entry from `remote` and `policy`. Both may be freed afterwards.
 *
 * On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
 * BOUNCER_STATUS_NULL_ARGUMENT.
 */
bouncer_status bouncer_verifier_new_remote(const bouncer_remote_jwks *remote,
                                           const bouncer_policy *policy,
                                           bouncer_verifier **out,
                                           bouncer_error **err);

/**
 * Appends an entry with these keys and this policy to the setting "accept" of `settings`, which
 * must have the kind BOUNCER_KIND_VERIFIER. `jwks` and `policy` may be freed afterwards.
 *
 * On failure: BOUNCER_STATUS_INVALID_ARGUMENT. The settings keep this failure.
 * BOUNCER_STATUS_NULL_ARGUMENT if `settings` is NULL.
 */
bouncer_status bouncer_settings_accept_jwks(bouncer_settings *settings,
                                            const bouncer_jwks *jwks,
                                            const bouncer_policy *policy);

/**
 * Appends an entry with these remote keys and this policy to the setting "accept" of `settings`,
 * which must have the kind BOUNCER_KIND_VERIFIER. `remote` and `policy` may be freed afterwards.
 *
 * On failure: BOUNCER_STATUS_INVALID_ARGUMENT. The settings keep this failure.
 * BOUNCER_STATUS_NULL_ARGUMENT if `settings` is NULL.
 */
bouncer_status bouncer_settings_accept_remote(bouncer_settings *settings,
                                              const bouncer_remote_jwks *remote,
                                              const bouncer_policy *policy);

/**
 * Replaces all entries of `verifier` by those of `settings`, which must have the kind
 * BOUNCER_KIND_VERIFIER. The change is atomic: each verification uses the old entries or the new
 * ones. Other threads may use the verifier meanwhile. `const` means that the call is safe for
 * threads, and not that nothing changes.
 *
 * An entry of a document that is the same as before is kept, with its keys, its cached tokens and
 * its counters. If only the policy of an entry differs, its keys are kept. Files of keys are read
 * again. The cache gets the size that the settings name.
 *
 * On failure: as bouncer_verifier_new(). The verifier is then unchanged.
 */
bouncer_status bouncer_verifier_reload(const bouncer_verifier *verifier,
                                       const bouncer_settings *settings,
                                       bouncer_error **err);

/**
 * Waits up to `timeout_ms` milliseconds until all entries have keys. Returns sooner if the keys of
 * an entry are closed, or if their metadata contains another issuer.
 *
 * On failure: BOUNCER_STATUS_KEYS_UNAVAILABLE, about the first entry without keys. Other entries
 * may have theirs.
 */
bouncer_status bouncer_verifier_wait_ready(const bouncer_verifier *verifier,
                                           uint64_t timeout_ms,
                                           bouncer_error **err);

/**
 * Returns 0 if waiting for the keys of all entries does not help: those of the first entry without
 * keys are closed, or their metadata contains another issuer. Also returns 0 if `verifier` is
 * NULL. Otherwise returns 1. For event loops, which wait with a bouncer_watch in place of
 * bouncer_verifier_wait_ready().
 */
int32_t bouncer_verifier_may_become_ready(const bouncer_verifier *verifier);

/**
 * Creates a verifier with the entries of `verifier` and with a new cache. The cache stores about
 * `tokens` accepted tokens: max 2^20; 0 disables the cache. `verifier` may be freed afterwards.
 *
 * On a cache hit, the signature is not verified again. The lookup compares the whole token. "exp",
 * "nbf" and the policy's "max_token_age" are checked on each hit. When remote keys change, the
 * tokens of the old keys are removed. A cached token uses about twice its length in memory. Tokens
 * over 4 KiB are not cached. A later bouncer_verifier_reload() of one verifier does not change the
 * other.
 *
 * On success puts the verifier in `*out`; free it with bouncer_verifier_free(). On failure:
 * BOUNCER_STATUS_NULL_ARGUMENT.
 */
bouncer_status bouncer_verifier_with_cache(const bouncer_verifier *verifier,
                                           size_t tokens,
                                           bouncer_verifier **out,
                                           bouncer_error **err);

/**
 * Verifies a JWT of `token_len` bytes at `token`, as bouncer_verify_token() does. With remote keys
 * it waits up to "max_wait" if a fetch may return the missing key. If the key is cached, it never
 * waits.
 *
 * On failure: as bouncer_verify_token(), and BOUNCER_STATUS_KEYS_UNAVAILABLE with remote keys.
 */
bouncer_status bouncer_verifier_verify(const bouncer_verifier *verifier,
                                       const char *token,
                                       size_t token_len,
                                       bouncer_token **out,
                                       bouncer_error **err);

/**
 * Verifies the token in an HTTP Authorization header. The header's value is the `value_len` bytes
 * at `value`. The function combines bouncer_authorization_token() and bouncer_verifier_verify().
 * If the request has no such header, pass an empty value.
 *
 * On failure: as those two functions. bouncer_status_http_status() and bouncer_status_challenge()
 * return the HTTP status and the WWW-Authenticate header for the response.
 */
bouncer_status bouncer_verifier_verify_authorization(const bouncer_verifier *verifier,
                                                     const char *value,
                                                     size_t value_len,
                                                     bouncer_token **out,
                                                     bouncer_error **err);

/**
 * Verifies as bouncer_verifier_verify() does, but never blocks.
 *
 * Set `*ticket` to 0 before the first call. If the verdict depends on a fetch, the function
 * returns BOUNCER_STATUS_PENDING and puts the ticket of that fetch in `*ticket`. `*out` is then
 * not written, and `*err` is NULL. Wait for the fetch in an event loop with
 * bouncer_verifier_watch(), or with bouncer_verifier_wait() on a thread that may block. Then call
 * again with the same token and `*ticket`. If the fetch has ended, this call may return
 * BOUNCER_STATUS_PENDING again, with another ticket. If the fetch has not ended, this call returns
 * a final status, because the caller has stopped waiting.
 *
 * Any other status is final and sets `*ticket` to 0. On failure: as bouncer_verifier_verify().
 *
 * ```c
 * uint64_t ticket = 0;
 * for (;;) {
 *     status = bouncer_verifier_verify_now(verifier, text, len, &ticket, &token, &err);
 *     if (status != BOUNCER_STATUS_PENDING)
 *         break;
 *     bouncer_verifier_wait(verifier, ticket, time_left_ms);
 * }
 * ```
 */
bouncer_status bouncer_verifier_verify_now(const bouncer_verifier *verifier,
                                           const char *token,
                                           size_t token_len,
                                           uint64_t *ticket,
                                           bouncer_token **out,
                                           bouncer_error **err);

/**
 * Waits up to `timeout_ms` milliseconds for the fetch of `ticket`, which
 * bouncer_verifier_verify_now() or bouncer_batch_ticket() returned. Returns 1 if the fetch has
 * ended, or if the key set is closed. Returns 0 on timeout, if `ticket` is 0, or if `verifier` is
 * NULL. Only a value that this library returned is a valid ticket.
 */
int32_t bouncer_verifier_wait(const bouncer_verifier *verifier, uint64_t ticket, uint64_t timeout_ms);

/**
 * Returns the longest time that bouncer_verifier_verify() would wait for the fetch of `ticket`, in
 * milliseconds: the "max_wait" of the keys. Returns 0 if no caller needs to wait: the keys are
 * closed, a reload has removed them, `ticket` is 0, or `verifier` is NULL. For event loops, which
 * end the wait of a token themselves.
 */
uint64_t bouncer_verifier_max_wait(const bouncer_verifier *verifier, uint64_t ticket);

/**
 * Frees a verifier. NULL is allowed.
 */
void bouncer_verifier_free(bouncer_verifier *verifier);

/**
 * Verifies each of the `count` JWTs in the array `tokens` as bouncer_verify_token() does.
 *
 * `threads` is the maximum number of threads, including the calling thread; 0 means 1. Each
 * additional thread verifies at least 64 tokens.
 *
 * On success puts the verdicts in `*out`; free them with bouncer_batch_free(). The call succeeds
 * even if every token is rejected. On failure: BOUNCER_STATUS_NULL_ARGUMENT or
 * BOUNCER_STATUS_INVALID_ARGUMENT.
 */
bouncer_status bouncer_verify_tokens(const bouncer_jwks *jwks,
                                     const bouncer_policy *policy,
                                     const bouncer_str *tokens,
                                     size_t count,
                                     size_t threads,
                                     bouncer_batch **out,
                                     bouncer_error **err);

/**
 * Verifies each of the `count` JWTs in the array `tokens` as bouncer_verifier_verify() does. With
 * remote keys the whole batch waits for keys at most as long as a single token would. `threads`,
 * the result and the failures are as for bouncer_verify_tokens().
 */
bouncer_status bouncer_verifier_verify_batch(const bouncer_verifier *verifier,
                                             const bouncer_str *tokens,
                                             size_t count,
                                             size_t threads,
                                             bouncer_batch **out,
                                             bouncer_error **err);

/**
 * Verifies as bouncer_verifier_verify_batch() does, but never blocks. If the verdict for a token
 * depends on a fetch of keys, the status of that token is BOUNCER_STATUS_PENDING.
 * bouncer_batch_ticket() then returns the ticket of the fetch.
 */
bouncer_status bouncer_verifier_verify_batch_now(const bouncer_verifier *verifier,
                                                 const bouncer_str *tokens,
                                                 size_t count,
                                                 size_t threads,
                                                 bouncer_batch **out,
                                                 bouncer_error **err);

/**
 * Returns the number of verdicts, or 0 if `batch` is NULL.
 */
size_t bouncer_batch_count(const bouncer_batch *batch);

/**
 * Returns the status of the token at `index`: BOUNCER_STATUS_OK, the cause of the rejection, or
 * BOUNCER_STATUS_PENDING after bouncer_verifier_verify_batch_now(). Returns
 * BOUNCER_STATUS_INVALID_ARGUMENT if `index` is out of range, and BOUNCER_STATUS_NULL_ARGUMENT if
 * `batch` is NULL.
 */
bouncer_status bouncer_batch_status(const bouncer_batch *batch, size_t index);

/**
 * Returns the verified token at `index`. Returns NULL if the token is not accepted, `index` is out
 * of range, or `batch` is NULL. The token belongs to `batch`: do not free it.
 */
const bouncer_token *bouncer_batch_token(const bouncer_batch *batch, size_t index);

/**
 * Returns the error of the token at `index`. Returns NULL if the token is accepted or pending,
 * `index` is out of range, or `batch` is NULL. The error belongs to `batch`: do not free it.
 */
const bouncer_error *bouncer_batch_error(const bouncer_batch *batch, size_t index);

/**
 * Returns the ticket of the token at `index` if the token's status is BOUNCER_STATUS_PENDING,
 * otherwise 0. Wait for the fetch with bouncer_verifier_wait(). Then pass the ticket to
 * bouncer_verifier_verify_now() with the same token.
 */
uint64_t bouncer_batch_ticket(const bouncer_batch *batch, size_t index);

/**
 * Puts the verdicts as columns in `*columns` and returns 1. Returns 0 and does not write
 * `*columns` if an argument is NULL. The columns are valid until `batch` is freed. With no rows,
 * only `uid_offsets` may be read.
 */
int32_t bouncer_batch_columns(const bouncer_batch *batch, bouncer_columns *columns);

/**
 * Frees a batch with its tokens and errors. NULL is allowed.
 */
void bouncer_batch_free(bouncer_batch *batch);

/**
 * Finds the token in `value`, the `value_len` bytes of an HTTP Authorization header. Accepts
 * "token=<jwt>" (DC/OS) and "Bearer <jwt>" (RFC 6750 section 2.1).
 *
 * On success puts the token in `*token`. It points into `value` and is valid as long as `value`
 * is. On failure: BOUNCER_STATUS_MALFORMED_AUTHORIZATION, also for an empty value.
 */
bouncer_status bouncer_authorization_token(const char *value,
                                           size_t value_len,
                                           bouncer_str *token,
                                           bouncer_error **err);

/**
 * Returns the token. Returns no text if `token` is NULL. Valid until `token` is freed.
 */
bouncer_str bouncer_own_token_text(const bouncer_own_token *token);

/**
 * Returns the value of the Authorization header: "token=<token>" or "Bearer <token>". Returns no
 * text if `token` is NULL. Valid until `token` is freed.
 */
bouncer_str bouncer_own_token_authorization(const bouncer_own_token *token);

/**
 * Reads the token's "exp". Returns 1 and puts the seconds since 1970-01-01T00:00:00Z in
 * `*seconds`. Returns 0 and does not write `*seconds` if the token has no "exp" or an argument is
 * NULL.
 */
int32_t bouncer_own_token_expires_at(const bouncer_own_token *token, int64_t *seconds);

/**
 * Returns the generation of the token: 1 for the first token of its renewer, then one more for
 * each new token. Returns 0 if `token` is NULL.
 */
uint64_t bouncer_own_token_generation(const bouncer_own_token *token);

/**
 * Frees a token. NULL is allowed.
 */
void bouncer_own_token_free(bouncer_own_token *token);

/**
 * Creates a renewer from `settings`, which must have the kind BOUNCER_KIND_RENEWER. The settings
 * are copied. The first login starts at once in the background, unless "lazy" is set.
 *
 * On success puts the renewer in `*out`; free it with bouncer_renewer_free(). On failure:
 * BOUNCER_STATUS_INVALID_ARGUMENT if a setting is invalid; BOUNCER_STATUS_UNUSABLE_CREDENTIALS if
 * a secret, a key or a key file is unusable.
 */
bouncer_status bouncer_renewer_new(const bouncer_settings *settings,
                                   bouncer_renewer **out,
                                   bouncer_error **err);

/**
 * Returns a valid token. Waits up to "max_wait" if there is no valid token and a login may soon
 * return one. It also waits if the current token expires soon: within 5 % of its lifetime, but at
 * least 10 and at most 60 seconds, and never more than a quarter. It does not wait if the last
 * login failed and the token is still valid, or after four failures in a row.
 *
 * On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
 * BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, which need an operator, or
 * BOUNCER_STATUS_LOGIN_UNAVAILABLE.
 */
bouncer_status bouncer_renewer_token(const bouncer_renewer *renewer,
                                     bouncer_own_token **out,
                                     bouncer_error **err);

/**
 * Returns a token as bouncer_renewer_token() does, but never blocks.
 *
 * Set `*ticket` to 0 before the first call. If it is 0 afterwards, the result is final. Otherwise
 * a login is in flight that may improve the result. Wait for it in an event loop with
 * bouncer_renewer_watch(), or with bouncer_renewer_wait() on a thread that may block. Then call
 * again with the same `ticket`. If you call again before that login has ended, the result is final
 * too.
 */
bouncer_status bouncer_renewer_token_now(const bouncer_renewer *renewer,
                                         uint64_t *ticket,
                                         bouncer_own_token **out,
                                         bouncer_error **err);

/**
 * Reports that a server rejected the token of `token_len` bytes at `token`
 * (bouncer_is_token_rejection()), and returns another token. If there is already a newer token,
 * returns it at once. Otherwise waits up to "max_wait" for a login, which all callers share. The
 * first login starts at once, later ones at most once in 30 seconds. Until a login succeeds,
 * bouncer_renewer_token() still returns the rejected token.
 *
 * On success puts the token in `*out`; free it with bouncer_own_token_free(). On failure:
 * BOUNCER_STATUS_LOGIN_REJECTED or BOUNCER_STATUS_UNUSABLE_CREDENTIALS, which need an operator, or
 * BOUNCER_STATUS_LOGIN_UNAVAILABLE, which is also the status if there is no newer token.
 */
bouncer_status bouncer_renewer_reject(const bouncer_renewer *renewer,
                                      const char *token,
                                      size_t token_len,
                                      bouncer_own_token **out,
                                      bouncer_error **err);

/**
 * Does the same as bouncer_renewer_reject(), but never blocks. `ticket` works as in
 * bouncer_renewer_token_now().
 */
bouncer_status bouncer_renewer_reject_now(const bouncer_renewer *renewer,
                                          const char *token,
                                          size_t token_len,
                                          uint64_t *ticket,
                                          bouncer_own_token **out,
                                          bouncer_error **err);

/**
 * Waits up to `timeout_ms` milliseconds for the login of `ticket`. Returns 1 if it has ended,
 * or if the renewer is closed. Returns 0 on timeout, if `ticket` is 0, or if `renewer` is NULL.
 * Only a value that this library returned is a valid ticket.
 */
int32_t bouncer_renewer_wait(const bouncer_renewer *renewer, uint64_t ticket, uint64_t timeout_ms);

/**
 * Waits up to `timeout_ms` milliseconds until BOUNCER_STAT_RENEWER_ATTEMPTS_TOTAL, the number of
 * ended logins, is at least `attempts`. For programs that monitor the renewer. Returns 1 if the
 * number is reached. Returns 0 on timeout, if the renewer is closed, or if `renewer` is NULL.
 */
int32_t bouncer_renewer_wait_attempts(const bouncer_renewer *renewer, uint64_t attempts, uint64_t timeout_ms);

/**
 * Waits up to `timeout_ms` milliseconds for a valid token.
 *
 * On failure: as bouncer_renewer_token(). Returns at once if only an operator can fix the failure.
 */
bouncer_status bouncer_renewer_wait_ready(const bouncer_renewer *renewer,
                                          uint64_t timeout_ms,
                                          bouncer_error **err);

/**
 * Logs in now and waits up to `timeout_ms` milliseconds for the login to end. Concurrent callers
 * share one login. Use it for operator commands, not for requests: no rate limit applies.
 *
 * On failure: as bouncer_renewer_token(), with the cause in the message. The current token stays
 * in use.
 */
bouncer_status bouncer_renewer_renew(const bouncer_renewer *renewer,
                                     uint64_t timeout_ms,
                                     bouncer_error **err);

/**
 * Waits up to `timeout_ms` milliseconds until the renewer requests a token from the program.
 * Returns 1 if it requests a token. Returns 0 on timeout, if the renewer is closed, if the setting
 * "supplied" is not set, or if `renewer` is NULL.
 */
int32_t bouncer_renewer_wait_login(const bouncer_renewer *renewer, uint64_t timeout_ms);

/**
 * Supplies the token that the renewer requested (bouncer_renewer_wait_login()): `token_len` bytes
 * at `token`, which are copied. The token is valid for `lifetime_s` seconds from now. If
 * `lifetime_s` is negative, a JWT is valid until its "exp". A token without "exp" does not expire.
 *
 * On failure: BOUNCER_STATUS_INVALID_ARGUMENT if the setting "supplied" is not set, the renewer is
 * not waiting for a token, or the token is not UTF-8. After a token that is not UTF-8, the renewer
 * still waits for a token. A token with characters that are invalid in an HTTP header counts as a
 * failed login.
 */
bouncer_status bouncer_renewer_supply(const bouncer_renewer *renewer,
                                      const char *token,
                                      size_t token_len,
                                      int64_t lifetime_s,
                                      bouncer_error **err);

/**
 * Reports that the program has no token now. If `rejected` is not 0, the login was rejected and an
 * early retry would not help. `reason` is UTF-8 text of `reason_len` bytes for logs. It must not
 * contain a secret.
 *
 * On failure: as bouncer_renewer_supply().
 */
bouncer_status bouncer_renewer_supply_failure(const bouncer_renewer *renewer,
                                              int32_t rejected,
                                              const char *reason,
                                              size_t reason_len,
                                              bouncer_error **err);

/**
 * Returns 1 if a response shows that the server rejected the service's own token. Then call
 * bouncer_renewer_reject(). Two responses count as such a rejection:
 *
 * - HTTP status 401, if WWW-Authenticate is absent (NULL), empty, or names the scheme "acsjwt",
 *   "oauthjwt" or "Bearer".
 * - gRPC status 16 (`grpc_status`; NULL if there is none), with any HTTP status.
 *
 * Returns 0 otherwise, for example for HTTP status 403. Each text has the given length.
 */
int32_t bouncer_is_token_rejection(uint16_t http_status,
                                   const char *www_authenticate,
                                   size_t www_authenticate_len,
                                   const char *grpc_status,
                                   size_t grpc_status_len);

/**
 * Closes the renewer. Cancels a login in flight and removes the token. Waits at most one second
 * for the thread of that login to end. The thread that serves all key sets and renewers ends with
 * the last of them. NULL is allowed.
 */
void bouncer_renewer_close(const bouncer_renewer *renewer);

/**
 * Frees a renewer after closing it as bouncer_renewer_close() does. Tokens that it returned stay
 * valid. No other thread may be in a call with this renewer. If a thread waits in
 * bouncer_renewer_wait_login(), close the renewer first. NULL is allowed.
 */
void bouncer_renewer_free(bouncer_renewer *renewer);

/**
 * Creates a watch for the fetches of `remote`.
 *
 * On success puts the watch in `*out`; free it with bouncer_watch_free(). It does not keep
 * `remote` alive. On failure: BOUNCER_STATUS_SYSTEM_ERROR, for example if the process has too many
 * open files. The program can then wait with bouncer_remote_jwks_wait() on a thread.
 */
bouncer_status bouncer_remote_jwks_watch(const bouncer_remote_jwks *remote,
                                         bouncer_watch **out,
                                         bouncer_error **err);

/**
 * Creates a watch for the fetches of all keys that `verifier` uses, also of keys that a reload
 * adds. The descriptor also becomes readable after bouncer_verifier_reload(). If the keys never
 * change and the verifier is never reloaded, it never becomes readable.
 *
 * On success puts the watch in `*out`; free it with bouncer_watch_free(). It does not keep
 * `verifier` alive. On failure: as bouncer_remote_jwks_watch().
 */
bouncer_status bouncer_verifier_watch(const bouncer_verifier *verifier,
                                      bouncer_watch **out,
                                      bouncer_error **err);

/**
 * Creates a watch for the logins of `renewer`. The loop uses it with bouncer_renewer_token_now(),
 * bouncer_renewer_reject_now() and bouncer_renewer_wait().
 *
 * On success puts the watch in `*out`; free it with bouncer_watch_free(). It does not keep
 * `renewer` alive. On failure: as bouncer_remote_jwks_watch().
 */
bouncer_status bouncer_renewer_watch(const bouncer_renewer *renewer,
                                     bouncer_watch **out,
                                     bouncer_error **err);

/**
 * Returns the file descriptor, or -1 if `watch` is NULL. It is valid until the watch is freed. Do
 * not close it.
 */
int bouncer_watch_fd(const bouncer_watch *watch);

/**
 * Frees a watch and closes its descriptor. Remove the descriptor from the loop first. The watch
 * may be freed while attempts run, and after its key set, verifier or renewer is freed. NULL is
 * allowed.
 */
void bouncer_watch_free(bouncer_watch *watch);

/**
 * Takes a snapshot of a verifier. The BOUNCER_STAT_CACHE_ rows have no value if the verifier has
 * no cache. Each entry has BOUNCER_STAT_VERIFICATIONS_TOTAL rows, one for each status that has
 * occurred. An entry with remote keys also has the BOUNCER_STAT_KEYS_ rows.
 *
 * On success puts the snapshot in `*out`; free it with bouncer_stats_free(). On failure:
 * BOUNCER_STATUS_NULL_ARGUMENT.
 */
bouncer_status bouncer_verifier_stats(const bouncer_verifier *verifier,
                                      bouncer_stats **out,
                                      bouncer_error **err);

/**
 * Takes a snapshot of a remote key set: the BOUNCER_STAT_KEYS_ rows.
 *
 * On success puts the snapshot in `*out`; free it with bouncer_stats_free(). On failure:
 * BOUNCER_STATUS_NULL_ARGUMENT.
 */
bouncer_status bouncer_remote_jwks_stats(const bouncer_remote_jwks *keys,
                                         bouncer_stats **out,
                                         bouncer_error **err);

/**
 * Takes a snapshot of a token renewer: the BOUNCER_STAT_RENEWER_ rows.
 *
 * On success puts the snapshot in `*out`; free it with bouncer_stats_free(). On failure:
 * BOUNCER_STATUS_NULL_ARGUMENT.
 */
bouncer_status bouncer_renewer_stats(const bouncer_renewer *renewer,
                                     bouncer_stats **out,
                                     bouncer_error **err);

/**
 * Returns the row after `previous`, or the first row if `previous` is NULL. Returns NULL after the
 * last row. Valid until `stats` is freed.
 */
const bouncer_stat *bouncer_stats_next(const bouncer_stats *stats, const bouncer_stat *previous);

/**
 * Returns the row with the name `name`, a BOUNCER_STAT_ name, and the source `source`. If `source`
 * is empty, returns the first row with that name. Returns NULL if there is no such row. Valid
 * until `stats` is freed.
 */
const bouncer_stat *bouncer_stats_find(const bouncer_stats *stats,
                                       const char *name,
                                       const char *source,
                                       size_t source_len);

/**
 * Returns the snapshot in the Prometheus text format, version 0.0.4. Metric names begin with
 * "bouncer_". A row of kind BOUNCER_STAT_KIND_TEXT becomes a metric whose name ends in "_info",
 * with the text in the label "value". Rows without a value are omitted. Valid until `stats` is
 * freed.
 */
bouncer_str bouncer_stats_prometheus(const bouncer_stats *stats);

/**
 * Returns the snapshot as JSON: an array with one object for each source. Each row is a member of
 * its source's object, under the row's name. Rows with a status are members of an object under
 * that name. A row without a value is null. Valid until `stats` is freed.
 */
bouncer_str bouncer_stats_json(const bouncer_stats *stats);

/**
 * Frees a snapshot. NULL is allowed.
 */
void bouncer_stats_free(bouncer_stats *stats);

/**
 * Sends the events of this library to `callback`: those with the severity `level` (a
 * bouncer_log_level) or a higher severity. The logger cannot be removed or replaced: `callback`
 * and `context` must stay valid until the process ends.
 *
 * On failure: BOUNCER_STATUS_NULL_ARGUMENT if `callback` is NULL. BOUNCER_STATUS_INVALID_ARGUMENT
 * if `level` is unknown, or if the process already has a logger. An earlier call may have set it,
 * or a Rust program through the `log` crate.
 */
bouncer_status bouncer_set_logger(bouncer_log_callback callback,
                                  void *context,
                                  uint32_t level,
                                  bouncer_error **err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BOUNCER_VERIFY_H */
