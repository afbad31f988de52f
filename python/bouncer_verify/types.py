# Code generated from src/settings by tests/generated. DO NOT EDIT.
"""The types of settings, of configuration documents and of stats: for type checkers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from typing import Any, Literal, TypedDict


class PolicySettings(TypedDict, total=False):
    """The rules for tokens. Keyword arguments; None means that the setting is not set."""

    profile: Literal["jwt", "access_token", "dcos"] | None
    """The kind of tokens. "access_token" is for OAuth 2.0 access tokens (RFC 9068): token_type
    is "at+jwt", and "iss", "exp", "aud", "sub", "client_id", "iat" and "jti" are required.
    "dcos" is for tokens of DC/OS's Bouncer: identity_claim is "uid", and "iss" is not
    required. Default: jwt.
    """
    issuers: str | Iterable[str] | None
    """The accepted values of "iss" (RFC 7519 section 4.1.1), compared character for character. A
    name of a claim in braces stands for the token's value of that claim. Required, unless
    any_issuer is set or the profile is "dcos". The address of an issuer's metadata is not an
    issuer, and is an error.
    """
    any_issuer: bool | None
    """Does not check the value of "iss"."""
    audiences: str | Iterable[str] | None
    """The accepted values of "aud" (RFC 7519 section 4.1.3). The token must contain at least one
    of them. If neither audiences nor any_audience is set, a token with "aud" is rejected.
    """
    any_audience: bool | None
    """Accepts tokens for any audience, even if audiences are set."""
    subject: str | bytes | None
    """The only accepted value of "sub" (RFC 7519 section 4.1.2), compared character for
    character. The token must have "sub".
    """
    algorithms: str | Iterable[str] | None
    """The accepted values of "alg". EdDSA is the old name of Ed25519. Default: RS256."""
    token_type: str | bytes | None
    """The required value of the header parameter "typ" (RFC 8725 section 3.11), for example
    "at+jwt". Case does not matter, and "application/" may be omitted.
    """
    identity_claim: str | bytes | None
    """The claim that names the user or service, for example "email". It must be a string that is
    not empty. Default: "sub", which is not required; "uid" in the profile "dcos".
    """
    required_claims: str | Iterable[str] | None
    """Claims that must be present and not null. A name with dots may name a nested claim, as in
    all settings that name claims: "realm_access.roles".
    """
    required_string_claims: str | Iterable[str] | None
    """Claims that must be strings and not empty."""
    claim_is: Mapping[str, str | int | Iterable[str | int]] | None
    """Claims and their accepted values. A claim must equal one of its values. A number or a
    boolean is compared by its JSON text. An array equals no value.
    """
    claim_has: Mapping[str, str | int | Iterable[str | int]] | None
    """Claims and the texts that each of them must contain, all of them. A claim is an array of
    strings, or a string separated by spaces.
    """
    claim_has_any: Mapping[str, str | int | Iterable[str | int]] | None
    """Claims and texts, of which each claim must contain at least one. The types are those of
    claim_has.
    """
    claim_starts_with: Mapping[str, str | int | Iterable[str | int]] | None
    """Claims and prefixes. A claim must be a string that begins with one of its prefixes."""
    scope_claims: str | Iterable[str] | None
    """The claims that contain scopes: strings separated by spaces (RFC 6749 section 3.3) or
    arrays of strings. Default: "scope" and "scp".
    """
    required_scopes: str | Iterable[str] | None
    """Scopes that the token must have, all of them. They are checked last. If one is missing,
    the error is insufficient_scope, with HTTP status 403.
    """
    unchecked_claims: str | Iterable[str] | None
    """Claims whose JSON type is not checked. For issuers that violate RFC 7519, for example with
    an integer "sub". A claim of the wrong type counts as absent.
    """
    optional_exp: bool | None
    """Accepts tokens without "exp". They never expire."""
    leeway: float | str | timedelta | None
    """Tolerance for clocks that differ, in whole seconds. A token is accepted from this time
    before "nbf" until this time after "exp". For "nbf", the tolerance is at least 60 seconds.
    Range: 0s to 5m. Default: 0s.
    """
    padded_tokens: bool | None
    """Requires each part of a token to be padded with "=", although RFC 7515 section 2 forbids
    padding. For the tokens in the header "x-amzn-oidc-data" of an AWS Application Load
    Balancer. The signature covers the padding.
    """
    max_token_age: float | str | timedelta | None
    """Maximum time since "iat". An older token is rejected, even if its "exp" is in the future.
    The leeway is added to the maximum. The token must have "iat". Range: 1s to 366d.
    """
    max_token_len: int | str | None
    """Maximum length of a token in bytes. The length is checked before anything else. Range: 0
    to 1MiB. Default: 16KiB.
    """
    time: int | None
    """Verifies tokens at this time instead of the system's time. For tests and audits. A
    document cannot set it.
    """


class KeysSettings(TypedDict, total=False):
    """Where an issuer's keys are fetched, and how they are refreshed. Keyword arguments; None
    means that the setting is not set.
    """

    ttl: float | str | timedelta | None
    """Lifetime of the keys if the response does not contain one (Cache-Control, Expires). Keys
    are refreshed after 70 to 80 % of their lifetime. Range: 1s to 366d. Default: 10m.
    """
    max_ttl: float | str | timedelta | None
    """Maximum lifetime that a response may set. A longer lifetime is reduced to it. Lower it if
    a revoked key must be rejected sooner. Range: 1s to 366d. Default: 1d.
    """
    max_stale: float | str | timedelta | None
    """Maximum time that keys are used after the issuer last confirmed them, while the issuer
    cannot be reached. It is never shorter than the lifetime of the keys. Default: 1d, or 1h
    with discover. Range: 0s to 366d.
    """
    timeout: float | str | timedelta | None
    """Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to 5m.
    Default: 5s.
    """
    connect_timeout: float | str | timedelta | None
    """Timeout for the TCP connection, in total for all addresses of the server or its proxy. It
    is never longer than timeout. Default: 2s. Range: 1ms to 5m.
    """
    max_wait: float | str | timedelta | None
    """Maximum time that a verification waits for a fetch that may return its key. Range: 0s to
    5m. Default: 2s.
    """
    refetch_interval: float | str | timedelta | None
    """Limits fetches for tokens with an unknown "kid": two without a pause, then one per
    interval. Range: 1s to 1h. Default: 10s.
    """
    refetch_interval_without_kid: float | str | timedelta | None
    """Limits fetches for tokens that no key verifies to one per interval. Such a token has no
    "kid", or it has the "kid" of a known key. Range: 1s to 1d. Default: 5m.
    """
    max_document_len: int | str | None
    """Maximum length of a JWK Set or of metadata, in bytes. The fetch of a longer document
    fails. Range: 1KiB to 64MiB. Default: 1MiB.
    """
    max_keys: int | None
    """Maximum number of usable keys. Further keys are skipped, and reported as skipped. Range: 1
    to 1000. Default: 100.
    """
    max_table_memory: int | str | None
    """Maximum memory of all tables for ES256 and Ed25519 keys in the process. If it is full, the
    keys of this set get no more tables. Less than 86KiB disables tables. A key gets its table
    after 100 valid tokens. Range: 0 to 1GiB. Default: 32MiB.
    """
    key_uses: str | Iterable[str] | None
    """Also accepts keys with one of these values of "use" (RFC 7517 section 4.2), for example
    "jwt-svid" for SPIFFE bundles. Keys with "sig" or without "use" are always accepted.
    """
    lazy: bool | None
    """Starts to fetch at the first verification, not at once. For programs that fork after their
    setup.
    """
    ca_file: str | PathLike[str] | None
    """A PEM file of certificate authorities to trust in addition to those of the system. It is
    read for each fetch, so it may be replaced.
    """
    client_certificate_file: str | PathLike[str] | None
    """A PEM file with the certificate chain to present to servers that request one (mTLS). It is
    read for each exchange, so it may be replaced.
    """
    client_key_file: str | PathLike[str] | None
    """A PEM file with the private key of the client certificate, not encrypted. Default:
    client_certificate_file.
    """
    proxy: str | bytes | None
    """The proxy: "http://[user:password@]host:port", "none" or "environment". "environment"
    reads https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never
    use a proxy. Default: environment. Secret if it contains a password.
    """
    same_origin_redirects: bool | None
    """Follows up to three redirects to the same scheme, host and port. If it is not set, a
    redirect is a failure.
    """
    allow_http: bool | None
    """Allows http to other machines. Anyone on the network path can then choose the keys."""
    last_good_file: str | PathLike[str] | None
    """Stores the latest usable JWK Set in this file (mode 0600, replaced atomically), and starts
    with the stored set. While that set is fresh, nothing is fetched. Anyone who can write the
    file or its folder can choose the keys.
    """
    seed: str | bytes | None
    """A JWK Set in JSON to start with, until the first fetch succeeds."""
    backend: Literal["accelerated", "aws-lc"] | None
    """The code that verifies signatures. Default: "accelerated", or "aws-lc" if the environment
    variable BOUNCER_VERIFY_NO_ACCELERATION is neither empty nor 0.
    """


class RenewerSettings(TypedDict, total=False):
    """How the service gets its own token. Keyword arguments; None means that the setting is not
    set.
    """

    auth_method: (
        Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"] | None
    )
    """How the client authenticates at token_url. client_secret_basic and client_secret_post send
    its secret (RFC 6749 section 2.3.1). private_key_jwt signs a JWT with its private key (RFC
    7523 section 2.2). tls_client_auth presents client_certificate_file (RFC 8705 section
    2.1). Default: client_secret_basic.
    """
    client_secret_file: str | PathLike[str] | None
    """A file with the client's secret. It is read for each login, so it may be replaced. Line
    ends after the secret are ignored.
    """
    private_key: str | bytes | None
    """The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits, or EC on
    P-256. Secret. A document cannot set it.
    """
    private_key_file: str | PathLike[str] | None
    """A file with the client's private key, in PEM. It is read for each login, so it may be
    replaced.
    """
    private_key_id: str | bytes | None
    """The "kid" in the header of the signed JWT, for servers that have several keys of the
    client.
    """
    login_endpoint: str | bytes | None
    """The login URL, in place of "login_endpoint" of the service account."""
    parameters: Mapping[str, str | int | Iterable[str | int]] | None
    """Additional parameters for token_url, by name: "parameters.scope", "parameters.audience"."""
    header: Literal["dcos", "bearer"] | None
    """The text before the token in the Authorization header: "token=" (dcos) or "Bearer "
    (bearer). Default: dcos for a service account, otherwise bearer.
    """
    timeout: float | str | timedelta | None
    """Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to 5m.
    Default: 10s.
    """
    connect_timeout: float | str | timedelta | None
    """Timeout for the TCP connection, in total for all addresses of the server or its proxy. It
    is never longer than timeout. Default: 2s. Range: 1ms to 5m.
    """
    max_wait: float | str | timedelta | None
    """Maximum time that a caller waits for a token. Range: 0s to 5m. Default: 10s."""
    lazy: bool | None
    """Logs in when a token is first needed, not at once. For programs that fork after their
    setup.
    """
    ca_file: str | PathLike[str] | None
    """A PEM file of certificate authorities to trust in addition to those of the system. It is
    read for each login, so it may be replaced.
    """
    client_certificate_file: str | PathLike[str] | None
    """A PEM file with the certificate chain to present to servers that request one (mTLS). It is
    read for each exchange, so it may be replaced.
    """
    client_key_file: str | PathLike[str] | None
    """A PEM file with the private key of the client certificate, not encrypted. Default:
    client_certificate_file.
    """
    proxy: str | bytes | None
    """The proxy: "http://[user:password@]host:port", "none" or "environment". "environment"
    reads https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never
    use a proxy. Default: environment. Secret if it contains a password.
    """
    allow_http: bool | None
    """Allows http to other machines. Anyone on the network path can then read the token."""


class PolicyValues(TypedDict):
    """The result of `Policy.settings`: each value that is set, or the default, or None."""

    profile: Literal["jwt", "access_token", "dcos"]
    issuers: tuple[str, ...] | None
    any_issuer: bool
    audiences: tuple[str, ...] | None
    any_audience: bool
    subject: str | None
    algorithms: tuple[str, ...]
    token_type: str | None
    identity_claim: str | None
    required_claims: tuple[str, ...] | None
    required_string_claims: tuple[str, ...] | None
    claim_is: dict[str, str | list[str]] | None
    claim_has: dict[str, str | list[str]] | None
    claim_has_any: dict[str, str | list[str]] | None
    claim_starts_with: dict[str, str | list[str]] | None
    scope_claims: tuple[str, ...] | None
    required_scopes: tuple[str, ...] | None
    unchecked_claims: tuple[str, ...] | None
    optional_exp: bool
    leeway: float
    padded_tokens: bool
    max_token_age: float | None
    max_token_len: int
    time: int | None


class ConfigurationKeys(TypedDict, total=False):
    """The keys of an entry: the settings of remote keys, or "jwks", or "file"."""

    url: str
    discover: str
    ttl: str
    max_ttl: str
    max_stale: str
    timeout: str
    connect_timeout: str
    max_wait: str
    refetch_interval: str
    refetch_interval_without_kid: str
    max_document_len: int | str
    max_keys: int
    max_table_memory: int | str
    key_uses: list[str]
    lazy: bool
    ca_file: str
    client_certificate_file: str
    client_key_file: str
    proxy: str
    same_origin_redirects: bool
    allow_http: bool
    last_good_file: str
    seed: str
    backend: Literal["accelerated", "aws-lc"]
    jwks: Mapping[str, Any]
    file: str


class ConfigurationEntry(TypedDict, total=False):
    """An entry: the settings of a policy, "keys" and "tenants"."""

    profile: Literal["jwt", "access_token", "dcos"]
    issuers: list[str]
    any_issuer: bool
    audiences: list[str]
    any_audience: bool
    subject: str
    algorithms: list[str]
    token_type: str
    identity_claim: str
    required_claims: list[str]
    required_string_claims: list[str]
    claim_is: Mapping[str, str | float | Sequence[str | float]]
    claim_has: Mapping[str, str | float | Sequence[str | float]]
    claim_has_any: Mapping[str, str | float | Sequence[str | float]]
    claim_starts_with: Mapping[str, str | float | Sequence[str | float]]
    scope_claims: list[str]
    required_scopes: list[str]
    unchecked_claims: list[str]
    optional_exp: bool
    leeway: str
    padded_tokens: bool
    max_token_age: str
    max_token_len: int | str
    keys: ConfigurationKeys
    tenants: list[str]


class Configuration(TypedDict, total=False):
    """The configuration document of a verifier, for `Verifier.from_config()`."""

    accept: list[ConfigurationEntry]
    cache: int


class EntryStats(TypedDict):
    """The stats of an entry of a verifier."""

    source: str
    """The first issuer, or the source of the keys, or empty."""
    verifications_total: dict[str, int]
    """Verifications by status: ok, or the name of the error."""
    keys: KeysStats | None
    """The stats of remote keys."""


class VerifierStats(TypedDict):
    """The result of `Verifier.stats()`."""

    cache_hits_total: int | None
    """Tokens accepted from the cache."""
    cache_misses_total: int | None
    """Cache lookups that did not find the token."""
    cache_capacity: int | None
    """Maximum number of tokens in the cache."""
    unassigned_total: dict[str, int]
    """Tokens that no entry is for, by the name of the error."""
    entries: list[EntryStats]


class KeysStats(TypedDict):
    """The result of `RemoteJwkSet.stats()`."""

    source: str
    """The URL without its query, the issuer, or the source of the tokens."""
    keys_state: str | None
    """One of empty, fresh, stale, too_old and closed."""
    keys_generation: int
    """Number of the key set in use: grows by one with each change; 0 before the first keys."""
    keys_sha256: str | None
    """SHA-256 of the JWK Set in use, in hex."""
    keys_usable: int
    """Keys that can verify tokens."""
    keys_skipped: int
    """Keys of the JWK Set that cannot be used."""
    keys_accelerated: int
    """Keys whose signatures the library's own code verifies now."""
    keys_table_bytes: int
    """Memory of the tables for ES256 and Ed25519 keys."""
    keys_last_success_seconds: float | None
    """Time when the issuer last confirmed the keys in use."""
    keys_age_seconds: float | None
    """Time since the issuer last confirmed the keys in use."""
    keys_next_attempt_seconds: float | None
    """Time until the next scheduled fetch."""
    keys_attempts_total: int
    """Completed fetches, successful or not."""
    keys_failures_total: int
    """Failed fetches."""
    keys_failures_in_row: int
    """Scheduled fetches that failed since the last success."""
    keys_scheduled_total: int
    """Fetches started on schedule."""
    keys_retries_total: int
    """Fetches started because the previous scheduled fetch failed."""
    keys_unknown_kid_total: int
    """Fetches started for a token with an unknown kid."""
    keys_without_kid_total: int
    """Fetches started for a token that no key verified."""
    keys_requested_total: int
    """Fetches started because the program requested them."""
    keys_suppressed_total: int
    """Tokens whose key was missing, but for which the limit allowed no fetch."""
    keys_last_error: str | None
    """Latest failure; kept after a later success."""
    keys_last_error_name: str | None
    """Stable name of the latest failure."""
    keys_last_error_seconds: float | None
    """Time of the latest failure."""
    keys_last_good_error: str | None
    """Why the last-good file could not be read or written."""


class RenewerStats(TypedDict):
    """The result of `TokenRenewer.stats()`."""

    source: str
    """The URL without its query, the issuer, or the source of the tokens."""
    renewer_state: str | None
    """One of empty, valid, expiring, expired and closed."""
    renewer_generation: int
    """Number of the token in use: grows by one with each login; 0 before the first token."""
    renewer_expires_in_seconds: float | None
    """Time until the token expires."""
    renewer_next_attempt_seconds: float | None
    """Time until the next scheduled login."""
    renewer_attempts_total: int
    """Completed logins, successful or not."""
    renewer_failures_total: int
    """Failed logins."""
    renewer_failures_in_row: int
    """Scheduled logins that failed since the last success."""
    renewer_scheduled_total: int
    """Logins started on schedule."""
    renewer_retries_total: int
    """Logins started because the previous scheduled login failed."""
    renewer_rejections_total: int
    """Logins started because a server rejected the token."""
    renewer_requested_total: int
    """Logins started because the program requested them."""
    renewer_suppressed_total: int
    """Rejections that caused no login, because of the limit or of Retry-After."""
    renewer_last_error: str | None
    """Latest failure; kept after a later success."""
    renewer_last_error_name: str | None
    """Stable name of the latest failure."""
    renewer_last_error_seconds: float | None
    """Time of the latest failure."""
