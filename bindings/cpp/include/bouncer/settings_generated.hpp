// Code generated from src/settings by tests/generated. DO NOT EDIT.

#pragma once

#include "settings.hpp"

namespace bouncer {

/// What a token must be. No setter fails: the first failure stays, and what is made of the settings
/// reports it.
class [[nodiscard]] PolicySettings
    : public detail::Settings<PolicySettings, BOUNCER_KIND_POLICY> {
public:
    /// Which tokens are expected. "dcos": those of DC/OS's Bouncer, which need a non-empty string
    /// "uid" and no "iss". Default: jwt.
    PolicySettings &profile(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_PROFILE, value);
    }
    PolicySettings profile(std::string_view value) && noexcept {
        return std::move(profile(value));
    }
    /// The accepted values of "iss" (RFC 7519 section 4.1.1), character for character. Required,
    /// unless any_issuer is set or the profile is "dcos".
    PolicySettings &issuers(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_ISSUERS, values);
    }
    PolicySettings issuers(const detail::TextArray &values) && noexcept {
        return std::move(issuers(values));
    }
    /// Does not compare "iss".
    PolicySettings &any_issuer(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_ANY_ISSUER, value);
    }
    PolicySettings any_issuer(bool value = true) && noexcept {
        return std::move(any_issuer(value));
    }
    /// The accepted values of "aud" (RFC 7519 section 4.1.3); one must be in the token. Without it
    /// a token that has "aud" is rejected.
    PolicySettings &audiences(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_AUDIENCES, values);
    }
    PolicySettings audiences(const detail::TextArray &values) && noexcept {
        return std::move(audiences(values));
    }
    /// Accepts tokens made for anybody, whatever audiences says.
    PolicySettings &any_audience(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_ANY_AUDIENCE, value);
    }
    PolicySettings any_audience(bool value = true) && noexcept {
        return std::move(any_audience(value));
    }
    /// The only accepted value of "sub" (RFC 7519 section 4.1.2), character for character. "sub" is
    /// then required.
    PolicySettings &subject(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_SUBJECT, value);
    }
    PolicySettings subject(std::string_view value) && noexcept {
        return std::move(subject(value));
    }
    /// The allowed values of "alg". EdDSA is the old name of Ed25519. Default: RS256.
    PolicySettings &algorithms(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_ALGORITHMS, values);
    }
    PolicySettings algorithms(const detail::TextArray &values) && noexcept {
        return std::move(algorithms(values));
    }
    /// What the header parameter "typ" must be (RFC 8725 section 3.11), for example "at+jwt". Case
    /// does not matter, and "application/" may be left out.
    PolicySettings &token_type(std::string_view value) & noexcept {
        return put_(BOUNCER_POLICY_TOKEN_TYPE, value);
    }
    PolicySettings token_type(std::string_view value) && noexcept {
        return std::move(token_type(value));
    }
    /// Claims that must be present, with any value but null.
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
    /// Claims whose JSON type is not checked, for issuers that break RFC 7519: an integer "sub",
    /// for example. One of another type is read as if it were not there.
    PolicySettings &unchecked_claims(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_POLICY_UNCHECKED_CLAIMS, values);
    }
    PolicySettings unchecked_claims(const detail::TextArray &values) && noexcept {
        return std::move(unchecked_claims(values));
    }
    /// Accepts tokens without "exp": they are valid for ever.
    PolicySettings &optional_exp(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_OPTIONAL_EXP, value);
    }
    PolicySettings optional_exp(bool value = true) && noexcept {
        return std::move(optional_exp(value));
    }
    /// Allows for clocks that differ: moves "exp" and "nbf" apart by it, in whole seconds. "nbf" is
    /// always moved by 60 seconds at least. 0s to 5m. Default: 0s.
    PolicySettings &leeway(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_POLICY_LEEWAY, value);
    }
    PolicySettings leeway(std::chrono::milliseconds value) && noexcept {
        return std::move(leeway(value));
    }
    /// Expects each part of a token to be padded with "=", which RFC 7515 section 2 forbids: for
    /// what an AWS Application Load Balancer passes in "x-amzn-oidc-data". The padding is signed.
    PolicySettings &padded_tokens(bool value = true) & noexcept {
        return put_(BOUNCER_POLICY_PADDED_TOKENS, value);
    }
    PolicySettings padded_tokens(bool value = true) && noexcept {
        return std::move(padded_tokens(value));
    }
    /// Rejects tokens that were issued longer ago, whatever their "exp" says. "iat" is then
    /// required. 1s to 366d.
    PolicySettings &max_token_age(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_POLICY_MAX_TOKEN_AGE, value);
    }
    PolicySettings max_token_age(std::chrono::milliseconds value) && noexcept {
        return std::move(max_token_age(value));
    }
    /// Rejects longer tokens, before anything else is done with them. 0 to 1MiB. Default: 16KiB.
    PolicySettings &max_token_len(std::uint64_t value) & noexcept {
        return put_(BOUNCER_POLICY_MAX_TOKEN_LEN, value);
    }
    PolicySettings max_token_len(std::uint64_t value) && noexcept {
        return std::move(max_token_len(value));
    }
    /// Judges at this time, in place of the system's: for tests and audits. Not in a document.
    PolicySettings &time(std::int64_t seconds) & noexcept {
        return put_(BOUNCER_POLICY_TIME, seconds);
    }
    PolicySettings time(std::int64_t seconds) && noexcept {
        return std::move(time(seconds));
    }
};

/// Where an issuer's keys are, and how they are kept fresh. No setter fails: the first failure
/// stays, and what is made of the settings reports it.
class [[nodiscard]] KeysSettings
    : public detail::Settings<KeysSettings, BOUNCER_KIND_KEYS> {
public:
    /// The URL of the JWK Set: https, or http to this machine. Either this or discover is required.
    KeysSettings &url(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_URL, value);
    }
    KeysSettings url(std::string_view value) && noexcept {
        return std::move(url(value));
    }
    /// The issuer whose metadata names the JWK Set (OpenID Connect Discovery 1.0, RFC 8414). The
    /// metadata must name the same issuer.
    KeysSettings &discover(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_DISCOVER, value);
    }
    KeysSettings discover(std::string_view value) && noexcept {
        return std::move(discover(value));
    }
    /// How long keys are fresh where the server does not say. Fresh keys are fetched again at 70 to
    /// 80 % of that time. 1s to 366d. Default: 10m.
    KeysSettings &ttl(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_TTL, value);
    }
    KeysSettings ttl(std::chrono::milliseconds value) && noexcept {
        return std::move(ttl(value));
    }
    /// The longest time that the server may call its keys fresh. Lower it where a revoked key must
    /// be gone sooner. 1s to 366d. Default: 1d.
    KeysSettings &max_ttl(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_TTL, value);
    }
    KeysSettings max_ttl(std::chrono::milliseconds value) && noexcept {
        return std::move(max_ttl(value));
    }
    /// How long keys are used after the issuer last confirmed them, if it cannot be reached; never
    /// less than they are fresh. Default: 1d, with discover 1h. 0s to 366d.
    KeysSettings &max_stale(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_STALE, value);
    }
    KeysSettings max_stale(std::chrono::milliseconds value) && noexcept {
        return std::move(max_stale(value));
    }
    /// The time for one HTTP exchange. From the resolution of the name to the last byte. 1ms to 5m.
    /// Default: 5s.
    KeysSettings &timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_TIMEOUT, value);
    }
    KeysSettings timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(timeout(value));
    }
    /// The time for the TCP connection, over all addresses of the server or of its proxy. Default:
    /// 2s, and never longer than timeout. 1ms to 5m.
    KeysSettings &connect_timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_CONNECT_TIMEOUT, value);
    }
    KeysSettings connect_timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(connect_timeout(value));
    }
    /// How long a verification waits at most for a fetch that may bring its key. 0s to 5m. Default:
    /// 2s.
    KeysSettings &max_wait(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_WAIT, value);
    }
    KeysSettings max_wait(std::chrono::milliseconds value) && noexcept {
        return std::move(max_wait(value));
    }
    /// How often tokens of an unknown "kid" may cause a fetch: twice at once, then once in this
    /// interval. 1s to 1h. Default: 10s.
    KeysSettings &refetch_interval(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_REFETCH_INTERVAL, value);
    }
    KeysSettings refetch_interval(std::chrono::milliseconds value) && noexcept {
        return std::move(refetch_interval(value));
    }
    /// How often tokens without "kid" that no key verifies, and tokens whose key of the same "kid"
    /// does not verify them, may cause a fetch. 1s to 1d. Default: 5m.
    KeysSettings &refetch_interval_without_kid(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_KEYS_REFETCH_INTERVAL_WITHOUT_KID, value);
    }
    KeysSettings refetch_interval_without_kid(std::chrono::milliseconds value) && noexcept {
        return std::move(refetch_interval_without_kid(value));
    }
    /// The largest document that is read, JWK Set or metadata. A larger one makes the fetch fail.
    /// 1KiB to 64MiB. Default: 1MiB.
    KeysSettings &max_document_len(std::uint64_t value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_DOCUMENT_LEN, value);
    }
    KeysSettings max_document_len(std::uint64_t value) && noexcept {
        return std::move(max_document_len(value));
    }
    /// The most usable keys of the set. Further ones are skipped, and listed as such. 1 to 1000.
    /// Default: 100.
    KeysSettings &max_keys(std::uint64_t value) & noexcept {
        return put_(BOUNCER_KEYS_MAX_KEYS, value);
    }
    KeysSettings max_keys(std::uint64_t value) && noexcept {
        return std::move(max_keys(value));
    }
    /// Accepts keys whose "use" (RFC 7517 section 4.2) is one of these, besides "sig" and none:
    /// "jwt-svid" for the bundles of SPIFFE.
    KeysSettings &key_uses(const detail::TextArray &values) & noexcept {
        return put_(BOUNCER_KEYS_KEY_USES, values);
    }
    KeysSettings key_uses(const detail::TextArray &values) && noexcept {
        return std::move(key_uses(values));
    }
    /// Starts to fetch with the first verification, not at once. For programs that fork after they
    /// set up.
    KeysSettings &lazy(bool value = true) & noexcept {
        return put_(BOUNCER_KEYS_LAZY, value);
    }
    KeysSettings lazy(bool value = true) && noexcept {
        return std::move(lazy(value));
    }
    /// A PEM file of certificate authorities to trust besides the system's. It is read for each
    /// fetch, so it may be replaced.
    KeysSettings &ca_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_CA_FILE, value);
    }
    KeysSettings ca_file(std::string_view value) && noexcept {
        return std::move(ca_file(value));
    }
    /// A PEM file with the certificate chain to present to servers that ask for one (mTLS). It is
    /// read for each exchange, so it may be replaced.
    KeysSettings &client_certificate_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_CLIENT_CERTIFICATE_FILE, value);
    }
    KeysSettings client_certificate_file(std::string_view value) && noexcept {
        return std::move(client_certificate_file(value));
    }
    /// A PEM file with the private key of the client certificate, not encrypted. Default: the
    /// certificate's file.
    KeysSettings &client_key_file(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_CLIENT_KEY_FILE, value);
    }
    KeysSettings client_key_file(std::string_view value) && noexcept {
        return std::move(client_key_file(value));
    }
    /// "http://[user:password@]host:port", "none", or "environment": https_proxy, http_proxy,
    /// all_proxy and no_proxy. This machine is never reached through a proxy. Default: environment.
    /// With a password it is secret.
    KeysSettings &proxy(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_PROXY, value);
    }
    KeysSettings proxy(std::string_view value) && noexcept {
        return std::move(proxy(value));
    }
    /// Follows up to three redirects to the same scheme, host and port. Without it a redirect is a
    /// failure.
    KeysSettings &same_origin_redirects(bool value = true) & noexcept {
        return put_(BOUNCER_KEYS_SAME_ORIGIN_REDIRECTS, value);
    }
    KeysSettings same_origin_redirects(bool value = true) && noexcept {
        return std::move(same_origin_redirects(value));
    }
    /// Allows http to other machines: whoever is on the way can then choose the keys.
    KeysSettings &allow_http(bool value = true) & noexcept {
        return put_(BOUNCER_KEYS_ALLOW_HTTP, value);
    }
    KeysSettings allow_http(bool value = true) && noexcept {
        return std::move(allow_http(value));
    }
    /// Keeps the latest good JWK Set in this file (mode 0600, replaced whole), and starts with it.
    /// Whoever can write the file or its folder can choose the keys.
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
    /// Which arithmetic verifies. Default: "accelerated", unless BOUNCER_VERIFY_NO_ACCELERATION is
    /// set in the environment.
    KeysSettings &backend(std::string_view value) & noexcept {
        return put_(BOUNCER_KEYS_BACKEND, value);
    }
    KeysSettings backend(std::string_view value) && noexcept {
        return std::move(backend(value));
    }
};

/// Where the service's own token comes from. No setter fails: the first failure stays, and what is
/// made of the settings reports it.
class [[nodiscard]] RenewerSettings
    : public detail::Settings<RenewerSettings, BOUNCER_KIND_RENEWER> {
public:
    /// The secret of a DC/OS service account, in JSON: "uid", "private_key" (RSA in PEM) and
    /// "login_endpoint". Secret. Not in a document.
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
    /// DCOS_SERVICE_ACCOUNT_CREDENTIAL: the secret, or the path of a file with it.
    RenewerSettings &service_account_env(bool value = true) & noexcept {
        return put_(BOUNCER_RENEWER_SERVICE_ACCOUNT_ENV, value);
    }
    RenewerSettings service_account_env(bool value = true) && noexcept {
        return std::move(service_account_env(value));
    }
    /// The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). client_id and, by
    /// auth_method, a secret, a key or a certificate go with it.
    RenewerSettings &token_url(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_TOKEN_URL, value);
    }
    RenewerSettings token_url(std::string_view value) && noexcept {
        return std::move(token_url(value));
    }
    /// The client's name at token_url.
    RenewerSettings &client_id(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_ID, value);
    }
    RenewerSettings client_id(std::string_view value) && noexcept {
        return std::move(client_id(value));
    }
    /// How the client authenticates at token_url: its secret by HTTP Basic or in the body (RFC 6749
    /// section 2.3.1), a JWT signed with its private key (RFC 7523 section 2.2), or the certificate
    /// in client_certificate_file (RFC 8705 section 2.1). Default: client_secret_basic.
    RenewerSettings &auth_method(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_AUTH_METHOD, value);
    }
    RenewerSettings auth_method(std::string_view value) && noexcept {
        return std::move(auth_method(value));
    }
    /// The client's secret. Secret. Not in a document.
    RenewerSettings &client_secret(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_SECRET, value);
    }
    RenewerSettings client_secret(std::string_view value) && noexcept {
        return std::move(client_secret(value));
    }
    /// A file with the client's secret. It is read for each login, so it may be replaced. Line ends
    /// after the secret are not part of it.
    RenewerSettings &client_secret_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_SECRET_FILE, value);
    }
    RenewerSettings client_secret_file(std::string_view value) && noexcept {
        return std::move(client_secret_file(value));
    }
    /// The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits, or EC on
    /// P-256. Secret. Not in a document.
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
    /// The "kid" in the header of the signed JWT, for servers that know several keys of the client.
    RenewerSettings &private_key_id(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_PRIVATE_KEY_ID, value);
    }
    RenewerSettings private_key_id(std::string_view value) && noexcept {
        return std::move(private_key_id(value));
    }
    /// The program supplies the tokens itself. The value stands for the source in logs.
    RenewerSettings &supplied(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_SUPPLIED, value);
    }
    RenewerSettings supplied(std::string_view value) && noexcept {
        return std::move(supplied(value));
    }
    /// Logs in at this URL, in place of the service account's "login_endpoint".
    RenewerSettings &login_endpoint(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_LOGIN_ENDPOINT, value);
    }
    RenewerSettings login_endpoint(std::string_view value) && noexcept {
        return std::move(login_endpoint(value));
    }
    /// Sends these parameters to token_url, by name: "parameters.scope", "parameters.audience".
    RenewerSettings &parameters(std::string_view name, std::string_view value) & noexcept {
        return add_(BOUNCER_RENEWER_PARAMETERS, name, value);
    }
    RenewerSettings parameters(std::string_view name, std::string_view value) && noexcept {
        return std::move(parameters(name, value));
    }
    /// What stands before the token in the Authorization header: "token=" or "Bearer ". Default:
    /// dcos for a service account, else bearer.
    RenewerSettings &header(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_HEADER, value);
    }
    RenewerSettings header(std::string_view value) && noexcept {
        return std::move(header(value));
    }
    /// The time for one HTTP exchange. From the resolution of the name to the last byte. 1ms to 5m.
    /// Default: 10s.
    RenewerSettings &timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_RENEWER_TIMEOUT, value);
    }
    RenewerSettings timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(timeout(value));
    }
    /// The time for the TCP connection, over all addresses of the server or of its proxy. Default:
    /// 2s, and never longer than timeout. 1ms to 5m.
    RenewerSettings &connect_timeout(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_RENEWER_CONNECT_TIMEOUT, value);
    }
    RenewerSettings connect_timeout(std::chrono::milliseconds value) && noexcept {
        return std::move(connect_timeout(value));
    }
    /// How long a caller waits at most for a token. 0s to 5m. Default: 10s.
    RenewerSettings &max_wait(std::chrono::milliseconds value) & noexcept {
        return put_(BOUNCER_RENEWER_MAX_WAIT, value);
    }
    RenewerSettings max_wait(std::chrono::milliseconds value) && noexcept {
        return std::move(max_wait(value));
    }
    /// Logs in with the first call, not at once. For programs that fork after they set up.
    RenewerSettings &lazy(bool value = true) & noexcept {
        return put_(BOUNCER_RENEWER_LAZY, value);
    }
    RenewerSettings lazy(bool value = true) && noexcept {
        return std::move(lazy(value));
    }
    /// A PEM file of certificate authorities to trust besides the system's. It is read for each
    /// login, so it may be replaced.
    RenewerSettings &ca_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CA_FILE, value);
    }
    RenewerSettings ca_file(std::string_view value) && noexcept {
        return std::move(ca_file(value));
    }
    /// A PEM file with the certificate chain to present to servers that ask for one (mTLS). It is
    /// read for each exchange, so it may be replaced.
    RenewerSettings &client_certificate_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_CERTIFICATE_FILE, value);
    }
    RenewerSettings client_certificate_file(std::string_view value) && noexcept {
        return std::move(client_certificate_file(value));
    }
    /// A PEM file with the private key of the client certificate, not encrypted. Default: the
    /// certificate's file.
    RenewerSettings &client_key_file(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_CLIENT_KEY_FILE, value);
    }
    RenewerSettings client_key_file(std::string_view value) && noexcept {
        return std::move(client_key_file(value));
    }
    /// "http://[user:password@]host:port", "none", or "environment": https_proxy, http_proxy,
    /// all_proxy and no_proxy. This machine is never reached through a proxy. Default: environment.
    /// With a password it is secret.
    RenewerSettings &proxy(std::string_view value) & noexcept {
        return put_(BOUNCER_RENEWER_PROXY, value);
    }
    RenewerSettings proxy(std::string_view value) && noexcept {
        return std::move(proxy(value));
    }
    /// Allows http to other machines: whoever is on the way can then take the token.
    RenewerSettings &allow_http(bool value = true) & noexcept {
        return put_(BOUNCER_RENEWER_ALLOW_HTTP, value);
    }
    RenewerSettings allow_http(bool value = true) && noexcept {
        return std::move(allow_http(value));
    }
};

}  // namespace bouncer
