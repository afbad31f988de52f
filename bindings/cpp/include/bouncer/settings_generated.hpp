// Code generated from src/settings by tests/generated. DO NOT EDIT.

#pragma once

#include "settings.hpp"

namespace bouncer {

/// The rules for tokens. Setters do not fail. The object keeps the first error and reports it when
/// the settings are used.
class [[nodiscard]] PolicySettings
    : public detail::Settings<PolicySettings, BOUNCER_KIND_POLICY> {
public:
    /// The kind of tokens. "access_token" is for OAuth 2.0 access tokens (RFC 9068): token_type is
    /// "at+jwt", and "iss", "exp", "aud", "sub", "client_id", "iat" and "jti" are required. "dcos"
    /// is for tokens of DC/OS's Bouncer: identity_claim is "uid", and "iss" is not required.
    /// Default: jwt.
    PolicySettings &profile(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_PROFILE, value);
    }
    PolicySettings profile(std::string_view value) && noexcept {
        return std::move(profile(value));
    }
    /// The accepted values of "iss" (RFC 7519 section 4.1.1), compared character for character. A
    /// name of a claim in braces stands for the token's value of that claim. Required, unless
    /// any_issuer is set or the profile is "dcos". The address of an issuer's metadata is not an
    /// issuer, and is an error.
    PolicySettings &issuers(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_ISSUERS, values);
    }
    PolicySettings issuers(const detail::TextArray &values) && noexcept {
        return std::move(issuers(values));
    }
    /// Does not check the value of "iss".
    PolicySettings &any_issuer(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_ANY_ISSUER, value);
    }
    PolicySettings any_issuer(bool value = true) && noexcept {
        return std::move(any_issuer(value));
    }
    /// The accepted values of "aud" (RFC 7519 section 4.1.3). The token must contain at least one
    /// of them. If neither audiences nor any_audience is set, a token with "aud" is rejected.
    PolicySettings &audiences(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_AUDIENCES, values);
    }
    PolicySettings audiences(const detail::TextArray &values) && noexcept {
        return std::move(audiences(values));
    }
    /// Accepts tokens for any audience, even if audiences are set.
    PolicySettings &any_audience(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_ANY_AUDIENCE, value);
    }
    PolicySettings any_audience(bool value = true) && noexcept {
        return std::move(any_audience(value));
    }
    /// The only accepted value of "sub" (RFC 7519 section 4.1.2), compared character for character.
    /// The token must have "sub".
    PolicySettings &subject(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_SUBJECT, value);
    }
    PolicySettings subject(std::string_view value) && noexcept {
        return std::move(subject(value));
    }
    /// The accepted values of "alg". EdDSA is the old name of Ed25519. Default: RS256.
    PolicySettings &algorithms(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_ALGORITHMS, values);
    }
    PolicySettings algorithms(const detail::TextArray &values) && noexcept {
        return std::move(algorithms(values));
    }
    /// The required value of the header parameter "typ" (RFC 8725 section 3.11), for example
    /// "at+jwt". Case does not matter, and "application/" may be omitted.
    PolicySettings &token_type(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_TOKEN_TYPE, value);
    }
    PolicySettings token_type(std::string_view value) && noexcept {
        return std::move(token_type(value));
    }
    /// The claim that names the user or service, for example "email". It must be a string that is
    /// not empty. Default: "sub", which is not required; "uid" in the profile "dcos".
    PolicySettings &identity_claim(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_IDENTITY_CLAIM, value);
    }
    PolicySettings identity_claim(std::string_view value) && noexcept {
        return std::move(identity_claim(value));
    }
    /// Claims that must be present and not null. A name with dots may name a nested claim, as in
    /// all settings that name claims: "realm_access.roles".
    PolicySettings &required_claims(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_REQUIRED_CLAIMS, values);
    }
    PolicySettings required_claims(const detail::TextArray &values) && noexcept {
        return std::move(required_claims(values));
    }
    /// Claims that must be strings and not empty.
    PolicySettings &required_string_claims(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_REQUIRED_STRING_CLAIMS, values);
    }
    PolicySettings required_string_claims(const detail::TextArray &values) && noexcept {
        return std::move(required_string_claims(values));
    }
    /// Claims and their accepted values. A claim must equal one of its values. A number or a
    /// boolean is compared by its JSON text. An array equals no value. Each call adds a value.
    PolicySettings &claim_is(std::string_view name, std::string_view value) & noexcept {
        return add_(BOUNCER_POLICY_CLAIM_IS, name, value);
    }
    PolicySettings claim_is(std::string_view name, std::string_view value) && noexcept {
        return std::move(claim_is(name, value));
    }
    /// Claims and the texts that each of them must contain, all of them. A claim is an array of
    /// strings, or a string separated by spaces. Each call adds a value.
    PolicySettings &claim_has(std::string_view name, std::string_view value) & noexcept {
        return add_(BOUNCER_POLICY_CLAIM_HAS, name, value);
    }
    PolicySettings claim_has(std::string_view name, std::string_view value) && noexcept {
        return std::move(claim_has(name, value));
    }
    /// Claims and texts, of which each claim must contain at least one. The types are those of
    /// claim_has. Each call adds a value.
    PolicySettings &claim_has_any(std::string_view name, std::string_view value) & noexcept {
        return add_(BOUNCER_POLICY_CLAIM_HAS_ANY, name, value);
    }
    PolicySettings claim_has_any(std::string_view name, std::string_view value) && noexcept {
        return std::move(claim_has_any(name, value));
    }
    /// Claims and prefixes. A claim must be a string that begins with one of its prefixes. Each
    /// call adds a value.
    PolicySettings &claim_starts_with(std::string_view name, std::string_view value) & noexcept {
        return add_(BOUNCER_POLICY_CLAIM_STARTS_WITH, name, value);
    }
    PolicySettings claim_starts_with(std::string_view name, std::string_view value) && noexcept {
        return std::move(claim_starts_with(name, value));
    }
    /// The claims that contain scopes: strings separated by spaces (RFC 6749 section 3.3) or arrays
    /// of strings. Default: "scope" and "scp".
    PolicySettings &scope_claims(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_SCOPE_CLAIMS, values);
    }
    PolicySettings scope_claims(const detail::TextArray &values) && noexcept {
        return std::move(scope_claims(values));
    }
    /// Scopes that the token must have, all of them. They are checked last. If one is missing, the
    /// error is insufficient_scope, with HTTP status 403.
    PolicySettings &required_scopes(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_REQUIRED_SCOPES, values);
    }
    PolicySettings required_scopes(const detail::TextArray &values) && noexcept {
        return std::move(required_scopes(values));
    }
    /// Claims whose JSON type is not checked. For issuers that violate RFC 7519, for example with
    /// an integer "sub". A claim of the wrong type counts as absent.
    PolicySettings &unchecked_claims(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_UNCHECKED_CLAIMS, values);
    }
    PolicySettings unchecked_claims(const detail::TextArray &values) && noexcept {
        return std::move(unchecked_claims(values));
    }
    /// Accepts tokens without "exp". They never expire.
    PolicySettings &optional_exp(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_OPTIONAL_EXP, value);
    }
    PolicySettings optional_exp(bool value = true) && noexcept {
        return std::move(optional_exp(value));
    }
    /// Tolerance for clocks that differ, in whole seconds. A token is accepted from this time
    /// before "nbf" until this time after "exp". For "nbf", the tolerance is at least 60 seconds.
    /// Range: 0s to 5m. Default: 0s.
    PolicySettings &leeway(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_POLICY_LEEWAY, value);
    }
    PolicySettings leeway(std::chrono::milliseconds value) && noexcept {
        return std::move(leeway(value));
    }
    /// Requires each part of a token to be padded with "=", although RFC 7515 section 2 forbids
    /// padding. For the tokens in the header "x-amzn-oidc-data" of an AWS Application Load
    /// Balancer. The signature covers the padding.
    PolicySettings &padded_tokens(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_PADDED_TOKENS, value);
    }
    PolicySettings padded_tokens(bool value = true) && noexcept {
        return std::move(padded_tokens(value));
    }
    /// Maximum time since "iat". An older token is rejected, even if its "exp" is in the future.
    /// The leeway is added to the maximum. The token must have "iat". Range: 1s to 366d.
    PolicySettings &max_token_age(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_POLICY_MAX_TOKEN_AGE, value);
    }
    PolicySettings max_token_age(std::chrono::milliseconds value) && noexcept {
        return std::move(max_token_age(value));
    }
    /// Maximum length of a token in bytes. The length is checked before anything else. Range: 0 to
    /// 1MiB. Default: 16KiB.
    PolicySettings &max_token_len(std::uint64_t value) & noexcept {
        return put_(BOUNCER_POLICY_MAX_TOKEN_LEN, value);
    }
    PolicySettings max_token_len(std::uint64_t value) && noexcept {
        return std::move(max_token_len(value));
    }
    /// Verifies tokens at this time instead of the system's time. For tests and audits. A document
    /// cannot set it.
    PolicySettings &time(std::int64_t seconds) & noexcept {
        return put_(BOUNCER_POLICY_TIME, seconds);
    }
    PolicySettings time(std::int64_t seconds) && noexcept {
        return std::move(time(seconds));
    }
};

/// Where an issuer's keys are fetched, and how they are refreshed. Setters do not fail. The object
/// keeps the first error and reports it when the settings are used.
class [[nodiscard]] KeysSettings
    : public detail::Settings<KeysSettings, BOUNCER_KIND_KEYS> {
public:
    /// The URL of the JWK Set: https, or http to this machine. Set either this or discover.
    KeysSettings &url(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_URL, value);
    }
    KeysSettings url(std::string_view value) && noexcept {
        return std::move(url(value));
    }
    /// The issuer whose metadata contains the URL of the JWK Set (OpenID Connect Discovery 1.0, RFC
    /// 8414). The metadata must name the same issuer.
    KeysSettings &discover(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_DISCOVER, value);
    }
    KeysSettings discover(std::string_view value) && noexcept {
        return std::move(discover(value));
    }
    /// Lifetime of the keys if the response does not contain one (Cache-Control, Expires). Keys are
    /// refreshed after 70 to 80 % of their lifetime. Range: 1s to 366d. Default: 10m.
    KeysSettings &ttl(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_TTL, value);
    }
    KeysSettings ttl(std::chrono::milliseconds value) && noexcept {
        return std::move(ttl(value));
    }
    /// Maximum lifetime that a response may set. A longer lifetime is reduced to it. Lower it if a
    /// revoked key must be rejected sooner. Range: 1s to 366d. Default: 1d.
    KeysSettings &max_ttl(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_TTL, value);
    }
    KeysSettings max_ttl(std::chrono::milliseconds value) && noexcept {
        return std::move(max_ttl(value));
    }
    /// Maximum time that keys are used after the issuer last confirmed them, while the issuer
    /// cannot be reached. It is never shorter than the lifetime of the keys. Default: 1d, or 1h
    /// with discover. Range: 0s to 366d.
    KeysSettings &max_stale(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_STALE, value);
    }
    KeysSettings max_stale(std::chrono::milliseconds value) && noexcept {
        return std::move(max_stale(value));
    }
    /// Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to 5m.
    /// Default: 5s.
    KeysSettings &timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_TIMEOUT, value);
    }
    KeysSettings timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(timeout(value));
    }
    /// Timeout for the TCP connection, in total for all addresses of the server or its proxy. It is
    /// never longer than timeout. Default: 2s. Range: 1ms to 5m.
    KeysSettings &connect_timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_CONNECT_TIMEOUT, value);
    }
    KeysSettings connect_timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(connect_timeout(value));
    }
    /// Maximum time that a verification waits for a fetch that may return its key. Range: 0s to 5m.
    /// Default: 2s.
    KeysSettings &max_wait(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_WAIT, value);
    }
    KeysSettings max_wait(std::chrono::milliseconds value) && noexcept {
        return std::move(max_wait(value));
    }
    /// Limits fetches for tokens with an unknown "kid": two without a pause, then one per interval.
    /// Range: 1s to 1h. Default: 10s.
    KeysSettings &refetch_interval(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_REFETCH_INTERVAL, value);
    }
    KeysSettings refetch_interval(std::chrono::milliseconds value) && noexcept {
        return std::move(refetch_interval(value));
    }
    /// Limits fetches for tokens that no key verifies to one per interval. Such a token has no
    /// "kid", or it has the "kid" of a known key. Range: 1s to 1d. Default: 5m.
    KeysSettings &refetch_interval_without_kid(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_REFETCH_INTERVAL_WITHOUT_KID, value);
    }
    KeysSettings refetch_interval_without_kid(std::chrono::milliseconds value) && noexcept {
        return std::move(refetch_interval_without_kid(value));
    }
    /// Maximum length of a JWK Set or of metadata, in bytes. The fetch of a longer document fails.
    /// Range: 1KiB to 64MiB. Default: 1MiB.
    KeysSettings &max_document_len(std::uint64_t value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_DOCUMENT_LEN, value);
    }
    KeysSettings max_document_len(std::uint64_t value) && noexcept {
        return std::move(max_document_len(value));
    }
    /// Maximum number of usable keys. Further keys are skipped, and reported as skipped. Range: 1
    /// to 1000. Default: 100.
    KeysSettings &max_keys(std::uint64_t value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_KEYS, value);
    }
    KeysSettings max_keys(std::uint64_t value) && noexcept {
        return std::move(max_keys(value));
    }
    /// Maximum memory of all tables for ES256 and Ed25519 keys in the process. If it is full, the
    /// keys of this set get no more tables. Less than 86KiB disables tables. A key gets its table
    /// after 100 valid tokens. Range: 0 to 1GiB. Default: 32MiB.
    KeysSettings &max_table_memory(std::uint64_t value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_TABLE_MEMORY, value);
    }
    KeysSettings max_table_memory(std::uint64_t value) && noexcept {
        return std::move(max_table_memory(value));
    }
    /// Also accepts keys with one of these values of "use" (RFC 7517 section 4.2), for example
    /// "jwt-svid" for SPIFFE bundles. Keys with "sig" or without "use" are always accepted.
    KeysSettings &key_uses(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_KEYS_KEY_USES, values);
    }
    KeysSettings key_uses(const detail::TextArray &values) && noexcept {
        return std::move(key_uses(values));
    }
    /// Starts to fetch at the first verification, not at once. For programs that fork after their
    /// setup.
    KeysSettings &lazy(bool value = true) & noexcept {
        return put_(BOUNCER_KEYS_LAZY, value);
    }
    KeysSettings lazy(bool value = true) && noexcept {
        return std::move(lazy(value));
    }
    /// A PEM file of certificate authorities to trust in addition to those of the system. It is
    /// read for each fetch, so it may be replaced.
    KeysSettings &ca_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_CA_FILE, value);
    }
    KeysSettings ca_file(std::string_view value) && noexcept {
        return std::move(ca_file(value));
    }
    /// A PEM file with the certificate chain to present to servers that request one (mTLS). It is
    /// read for each exchange, so it may be replaced.
    KeysSettings &client_certificate_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_CLIENT_CERTIFICATE_FILE, value);
    }
    KeysSettings client_certificate_file(std::string_view value) && noexcept {
        return std::move(client_certificate_file(value));
    }
    /// A PEM file with the private key of the client certificate, not encrypted. Default:
    /// client_certificate_file.
    KeysSettings &client_key_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_CLIENT_KEY_FILE, value);
    }
    KeysSettings client_key_file(std::string_view value) && noexcept {
        return std::move(client_key_file(value));
    }
    /// The proxy: "http://[user:password@]host:port", "none" or "environment". "environment" reads
    /// https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never use a
    /// proxy. Default: environment. Secret if it contains a password.
    KeysSettings &proxy(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_PROXY, value);
    }
    KeysSettings proxy(std::string_view value) && noexcept {
        return std::move(proxy(value));
    }
    /// Follows up to three redirects to the same scheme, host and port. If it is not set, a
    /// redirect is a failure.
    KeysSettings &same_origin_redirects(bool value = true) & noexcept {
        return put_(BOUNCER_KEYS_SAME_ORIGIN_REDIRECTS, value);
    }
    KeysSettings same_origin_redirects(bool value = true) && noexcept {
        return std::move(same_origin_redirects(value));
    }
    /// Allows http to other machines. Anyone on the network path can then choose the keys.
    KeysSettings &allow_http(bool value = true) & noexcept {
        return put_(BOUNCER_KEYS_ALLOW_HTTP, value);
    }
    KeysSettings allow_http(bool value = true) && noexcept {
        return std::move(allow_http(value));
    }
    /// Stores the latest usable JWK Set in this file (mode 0600, replaced atomically), and starts
    /// with the stored set. While that set is fresh, nothing is fetched. Anyone who can write the
    /// file or its folder can choose the keys.
    KeysSettings &last_good_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_LAST_GOOD_FILE, value);
    }
    KeysSettings last_good_file(std::string_view value) && noexcept {
        return std::move(last_good_file(value));
    }
    /// A JWK Set in JSON to start with, until the first fetch succeeds.
    KeysSettings &seed(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_SEED, value);
    }
    KeysSettings seed(std::string_view value) && noexcept {
        return std::move(seed(value));
    }
    /// The code that verifies signatures. Default: "accelerated", or "aws-lc" if the environment
    /// variable BOUNCER_VERIFY_NO_ACCELERATION is neither empty nor 0.
    KeysSettings &backend(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_BACKEND, value);
    }
    KeysSettings backend(std::string_view value) && noexcept {
        return std::move(backend(value));
    }
};

/// How the service gets its own token. Setters do not fail. The object keeps the first error and
/// reports it when the settings are used.
class [[nodiscard]] RenewerSettings
    : public detail::Settings<RenewerSettings, BOUNCER_KIND_RENEWER> {
public:
    /// The secret of a DC/OS service account, in JSON: "uid", "private_key" (RSA in PEM) and
    /// "login_endpoint". Secret. A document cannot set it.
    RenewerSettings &service_account(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_SERVICE_ACCOUNT, value);
    }
    RenewerSettings service_account(std::string_view value) && noexcept {
        return std::move(service_account(value));
    }
    /// A file with the secret of a DC/OS service account. It is read for each login.
    RenewerSettings &service_account_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_SERVICE_ACCOUNT_FILE, value);
    }
    RenewerSettings service_account_file(std::string_view value) && noexcept {
        return std::move(service_account_file(value));
    }
    /// Takes the DC/OS service account from the environment variable
    /// DCOS_SERVICE_ACCOUNT_CREDENTIAL. The variable contains the secret, or the path of a file
    /// with the secret.
    RenewerSettings &service_account_env(bool value = true) & noexcept {
        return put_(BOUNCER_RENEWER_SERVICE_ACCOUNT_ENV, value);
    }
    RenewerSettings service_account_env(bool value = true) && noexcept {
        return std::move(service_account_env(value));
    }
    /// The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). It requires client_id and,
    /// depending on auth_method, a secret, a private key or a certificate.
    RenewerSettings &token_url(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_TOKEN_URL, value);
    }
    RenewerSettings token_url(std::string_view value) && noexcept {
        return std::move(token_url(value));
    }
    /// The client's identifier at token_url.
    RenewerSettings &client_id(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_ID, value);
    }
    RenewerSettings client_id(std::string_view value) && noexcept {
        return std::move(client_id(value));
    }
    /// How the client authenticates at token_url. client_secret_basic and client_secret_post send
    /// its secret (RFC 6749 section 2.3.1). private_key_jwt signs a JWT with its private key (RFC
    /// 7523 section 2.2). tls_client_auth presents client_certificate_file (RFC 8705 section 2.1).
    /// Default: client_secret_basic.
    RenewerSettings &auth_method(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_AUTH_METHOD, value);
    }
    RenewerSettings auth_method(std::string_view value) && noexcept {
        return std::move(auth_method(value));
    }
    /// The client's secret. Secret. A document cannot set it.
    RenewerSettings &client_secret(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_SECRET, value);
    }
    RenewerSettings client_secret(std::string_view value) && noexcept {
        return std::move(client_secret(value));
    }
    /// A file with the client's secret. It is read for each login, so it may be replaced. Line ends
    /// after the secret are ignored.
    RenewerSettings &client_secret_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_SECRET_FILE, value);
    }
    RenewerSettings client_secret_file(std::string_view value) && noexcept {
        return std::move(client_secret_file(value));
    }
    /// The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits, or EC on
    /// P-256. Secret. A document cannot set it.
    RenewerSettings &private_key(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_PRIVATE_KEY, value);
    }
    RenewerSettings private_key(std::string_view value) && noexcept {
        return std::move(private_key(value));
    }
    /// A file with the client's private key, in PEM. It is read for each login, so it may be
    /// replaced.
    RenewerSettings &private_key_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_PRIVATE_KEY_FILE, value);
    }
    RenewerSettings private_key_file(std::string_view value) && noexcept {
        return std::move(private_key_file(value));
    }
    /// The "kid" in the header of the signed JWT, for servers that have several keys of the client.
    RenewerSettings &private_key_id(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_PRIVATE_KEY_ID, value);
    }
    RenewerSettings private_key_id(std::string_view value) && noexcept {
        return std::move(private_key_id(value));
    }
    /// The program supplies the tokens itself. The value is the name of the source in logs.
    RenewerSettings &supplied(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_SUPPLIED, value);
    }
    RenewerSettings supplied(std::string_view value) && noexcept {
        return std::move(supplied(value));
    }
    /// The login URL, in place of "login_endpoint" of the service account.
    RenewerSettings &login_endpoint(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_LOGIN_ENDPOINT, value);
    }
    RenewerSettings login_endpoint(std::string_view value) && noexcept {
        return std::move(login_endpoint(value));
    }
    /// Additional parameters for token_url, by name: "parameters.scope", "parameters.audience".
    /// Each call adds a value.
    RenewerSettings &parameters(std::string_view name, std::string_view value) & noexcept {
        return add_(BOUNCER_RENEWER_PARAMETERS, name, value);
    }
    RenewerSettings parameters(std::string_view name, std::string_view value) && noexcept {
        return std::move(parameters(name, value));
    }
    /// The text before the token in the Authorization header: "token=" (dcos) or "Bearer "
    /// (bearer). Default: dcos for a service account, otherwise bearer.
    RenewerSettings &header(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_HEADER, value);
    }
    RenewerSettings header(std::string_view value) && noexcept {
        return std::move(header(value));
    }
    /// Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to 5m.
    /// Default: 10s.
    RenewerSettings &timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_RENEWER_TIMEOUT, value);
    }
    RenewerSettings timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(timeout(value));
    }
    /// Timeout for the TCP connection, in total for all addresses of the server or its proxy. It is
    /// never longer than timeout. Default: 2s. Range: 1ms to 5m.
    RenewerSettings &connect_timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_RENEWER_CONNECT_TIMEOUT, value);
    }
    RenewerSettings connect_timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(connect_timeout(value));
    }
    /// Maximum time that a caller waits for a token. Range: 0s to 5m. Default: 10s.
    RenewerSettings &max_wait(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_RENEWER_MAX_WAIT, value);
    }
    RenewerSettings max_wait(std::chrono::milliseconds value) && noexcept {
        return std::move(max_wait(value));
    }
    /// Logs in when a token is first needed, not at once. For programs that fork after their setup.
    RenewerSettings &lazy(bool value = true) & noexcept {
        return put_(BOUNCER_RENEWER_LAZY, value);
    }
    RenewerSettings lazy(bool value = true) && noexcept {
        return std::move(lazy(value));
    }
    /// A PEM file of certificate authorities to trust in addition to those of the system. It is
    /// read for each login, so it may be replaced.
    RenewerSettings &ca_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CA_FILE, value);
    }
    RenewerSettings ca_file(std::string_view value) && noexcept {
        return std::move(ca_file(value));
    }
    /// A PEM file with the certificate chain to present to servers that request one (mTLS). It is
    /// read for each exchange, so it may be replaced.
    RenewerSettings &client_certificate_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_CERTIFICATE_FILE, value);
    }
    RenewerSettings client_certificate_file(std::string_view value) && noexcept {
        return std::move(client_certificate_file(value));
    }
    /// A PEM file with the private key of the client certificate, not encrypted. Default:
    /// client_certificate_file.
    RenewerSettings &client_key_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_KEY_FILE, value);
    }
    RenewerSettings client_key_file(std::string_view value) && noexcept {
        return std::move(client_key_file(value));
    }
    /// The proxy: "http://[user:password@]host:port", "none" or "environment". "environment" reads
    /// https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never use a
    /// proxy. Default: environment. Secret if it contains a password.
    RenewerSettings &proxy(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_PROXY, value);
    }
    RenewerSettings proxy(std::string_view value) && noexcept {
        return std::move(proxy(value));
    }
    /// Allows http to other machines. Anyone on the network path can then read the token.
    RenewerSettings &allow_http(bool value = true) & noexcept {
        return put_(BOUNCER_RENEWER_ALLOW_HTTP, value);
    }
    RenewerSettings allow_http(bool value = true) && noexcept {
        return std::move(allow_http(value));
    }
};

}  // namespace bouncer
