# Code generated from src/settings by tests/generated. DO NOT EDIT.
"""The types of settings, which are keyword arguments, and of stats: for type checkers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from os import PathLike
from typing import Literal, TypedDict


class PolicySettings(TypedDict, total=False):
    """What a token must be. Keyword arguments; None is a setting that is not set."""

    profile: Literal["jwt", "dcos"] | None
    """Which tokens are expected. "dcos": those of DC/OS's Bouncer, which need a non-empty string
    "uid" and no "iss". Default: jwt.
    """
    issuers: str | Iterable[str] | None
    """The accepted values of "iss" (RFC 7519 section 4.1.1), character for character. Required,
    unless any_issuer is set or the profile is "dcos".
    """
    any_issuer: bool | None
    """Does not compare "iss"."""
    audiences: str | Iterable[str] | None
    """The accepted values of "aud" (RFC 7519 section 4.1.3); one must be in the token. Without
    it a token that has "aud" is rejected.
    """
    any_audience: bool | None
    """Accepts tokens made for anybody, whatever audiences says."""
    subject: str | bytes | None
    """The only accepted value of "sub" (RFC 7519 section 4.1.2), character for character. "sub"
    is then required.
    """
    algorithms: str | Iterable[str] | None
    """The allowed values of "alg". EdDSA is the old name of Ed25519. Default: RS256."""
    token_type: str | bytes | None
    """What the header parameter "typ" must be (RFC 8725 section 3.11), for example "at+jwt".
    Case does not matter, and "application/" may be left out.
    """
    required_claims: str | Iterable[str] | None
    """Claims that must be present, with any value but null."""
    required_string_claims: str | Iterable[str] | None
    """Claims that must be strings and not empty."""
    unchecked_claims: str | Iterable[str] | None
    """Claims whose JSON type is not checked, for issuers that break RFC 7519: an integer "sub",
    for example. One of another type is read as if it were not there.
    """
    optional_exp: bool | None
    """Accepts tokens without "exp": they are valid for ever."""
    leeway: float | str | timedelta | None
    """Allows for clocks that differ: moves "exp" and "nbf" apart by it, in whole seconds. "nbf"
    is always moved by 60 seconds at least. 0s to 5m. Default: 0s.
    """
    padded_tokens: bool | None
    """Expects each part of a token to be padded with "=", which RFC 7515 section 2 forbids: for
    what an AWS Application Load Balancer passes in "x-amzn-oidc-data". The padding is signed.
    """
    max_token_age: float | str | timedelta | None
    """Rejects tokens that were issued longer ago, whatever their "exp" says. "iat" is then
    required. 1s to 366d.
    """
    max_token_len: int | str | None
    """Rejects longer tokens, before anything else is done with them. 0 to 1MiB. Default: 16KiB."""
    time: int | None
    """Judges at this time, in place of the system's: for tests and audits. Not in a document."""


class KeysSettings(TypedDict, total=False):
    """Where an issuer's keys are, and how they are kept fresh. Keyword arguments; None is a
    setting that is not set.
    """

    ttl: float | str | timedelta | None
    """How long keys are fresh where the server does not say. Fresh keys are fetched again at 70
    to 80 % of that time. 1s to 366d. Default: 10m.
    """
    max_ttl: float | str | timedelta | None
    """The longest time that the server may call its keys fresh. Lower it where a revoked key
    must be gone sooner. 1s to 366d. Default: 1d.
    """
    max_stale: float | str | timedelta | None
    """How long keys are used after the issuer last confirmed them, if it cannot be reached;
    never less than they are fresh. Default: 1d, with discover 1h. 0s to 366d.
    """
    timeout: float | str | timedelta | None
    """The time for one HTTP exchange. From the resolution of the name to the last byte. 1ms to
    5m. Default: 5s.
    """
    connect_timeout: float | str | timedelta | None
    """The time for the TCP connection, over all addresses of the server or of its proxy.
    Default: 2s, and never longer than timeout. 1ms to 5m.
    """
    max_wait: float | str | timedelta | None
    """How long a verification waits at most for a fetch that may bring its key. 0s to 5m.
    Default: 2s.
    """
    refetch_interval: float | str | timedelta | None
    """How often tokens of an unknown "kid" may cause a fetch: twice at once, then once in this
    interval. 1s to 1h. Default: 10s.
    """
    refetch_interval_without_kid: float | str | timedelta | None
    """How often tokens without "kid" that no key verifies, and tokens whose key of the same
    "kid" does not verify them, may cause a fetch. 1s to 1d. Default: 5m.
    """
    max_document_len: int | str | None
    """The largest document that is read, JWK Set or metadata. A larger one makes the fetch fail.
    1KiB to 64MiB. Default: 1MiB.
    """
    max_keys: int | None
    """The most usable keys of the set. Further ones are skipped, and listed as such. 1 to 1000.
    Default: 100.
    """
    key_uses: str | Iterable[str] | None
    """Accepts keys whose "use" (RFC 7517 section 4.2) is one of these, besides "sig" and none:
    "jwt-svid" for the bundles of SPIFFE.
    """
    lazy: bool | None
    """Starts to fetch with the first verification, not at once. For programs that fork after
    they set up.
    """
    ca_file: str | PathLike[str] | None
    """A PEM file of certificate authorities to trust besides the system's. It is read for each
    fetch, so it may be replaced.
    """
    client_certificate_file: str | PathLike[str] | None
    """A PEM file with the certificate chain to present to servers that ask for one (mTLS). It is
    read for each exchange, so it may be replaced.
    """
    client_key_file: str | PathLike[str] | None
    """A PEM file with the private key of the client certificate, not encrypted. Default: the
    certificate's file.
    """
    proxy: str | bytes | None
    """ "http://[user:password@]host:port", "none", or "environment": https_proxy, http_proxy,
    all_proxy and no_proxy. This machine is never reached through a proxy. Default:
    environment. With a password it is secret.
    """
    same_origin_redirects: bool | None
    """Follows up to three redirects to the same scheme, host and port. Without it a redirect is
    a failure.
    """
    allow_http: bool | None
    """Allows http to other machines: whoever is on the way can then choose the keys."""
    last_good_file: str | PathLike[str] | None
    """Keeps the latest good JWK Set in this file (mode 0600, replaced whole), and starts with
    it. Whoever can write the file or its folder can choose the keys.
    """
    seed: str | bytes | None
    """A JWK Set in JSON to start with, until the first fetch succeeds."""
    backend: Literal["accelerated", "aws-lc"] | None
    """Which arithmetic verifies. Default: "accelerated", unless BOUNCER_VERIFY_NO_ACCELERATION
    is set in the environment.
    """


class RenewerSettings(TypedDict, total=False):
    """Where the service's own token comes from. Keyword arguments; None is a setting that is not
    set.
    """

    auth_method: (
        Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"] | None
    )
    """How the client authenticates at token_url: its secret by HTTP Basic or in the body (RFC
    6749 section 2.3.1), a JWT signed with its private key (RFC 7523 section 2.2), or the
    certificate in client_certificate_file (RFC 8705 section 2.1). Default:
    client_secret_basic.
    """
    client_secret_file: str | PathLike[str] | None
    """A file with the client's secret. It is read for each login, so it may be replaced. Line
    ends after the secret are not part of it.
    """
    private_key: str | bytes | None
    """The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits, or EC on
    P-256. Secret. Not in a document.
    """
    private_key_file: str | PathLike[str] | None
    """A file with the client's private key, in PEM. It is read for each login, so it may be
    replaced.
    """
    private_key_id: str | bytes | None
    """The "kid" in the header of the signed JWT, for servers that know several keys of the
    client.
    """
    login_endpoint: str | bytes | None
    """Logs in at this URL, in place of the service account's "login_endpoint"."""
    parameters: Mapping[str, str | Iterable[str]] | None
    """Sends these parameters to token_url, by name: "parameters.scope", "parameters.audience"."""
    header: Literal["dcos", "bearer"] | None
    """What stands before the token in the Authorization header: "token=" or "Bearer ". Default:
    dcos for a service account, else bearer.
    """
    timeout: float | str | timedelta | None
    """The time for one HTTP exchange. From the resolution of the name to the last byte. 1ms to
    5m. Default: 10s.
    """
    connect_timeout: float | str | timedelta | None
    """The time for the TCP connection, over all addresses of the server or of its proxy.
    Default: 2s, and never longer than timeout. 1ms to 5m.
    """
    max_wait: float | str | timedelta | None
    """How long a caller waits at most for a token. 0s to 5m. Default: 10s."""
    lazy: bool | None
    """Logs in with the first call, not at once. For programs that fork after they set up."""
    ca_file: str | PathLike[str] | None
    """A PEM file of certificate authorities to trust besides the system's. It is read for each
    login, so it may be replaced.
    """
    client_certificate_file: str | PathLike[str] | None
    """A PEM file with the certificate chain to present to servers that ask for one (mTLS). It is
    read for each exchange, so it may be replaced.
    """
    client_key_file: str | PathLike[str] | None
    """A PEM file with the private key of the client certificate, not encrypted. Default: the
    certificate's file.
    """
    proxy: str | bytes | None
    """ "http://[user:password@]host:port", "none", or "environment": https_proxy, http_proxy,
    all_proxy and no_proxy. This machine is never reached through a proxy. Default:
    environment. With a password it is secret.
    """
    allow_http: bool | None
    """Allows http to other machines: whoever is on the way can then take the token."""


class PolicyValues(TypedDict):
    """What `Policy.settings` returns: what is set, else the default, else None."""

    profile: Literal["jwt", "dcos"]
    issuers: tuple[str, ...] | None
    any_issuer: bool
    audiences: tuple[str, ...] | None
    any_audience: bool
    subject: str | None
    algorithms: tuple[str, ...]
    token_type: str | None
    required_claims: tuple[str, ...] | None
    required_string_claims: tuple[str, ...] | None
    unchecked_claims: tuple[str, ...] | None
    optional_exp: bool
    leeway: float
    padded_tokens: bool
    max_token_age: float | None
    max_token_len: int
    time: int | None


class CacheStats(TypedDict):
    """What `Verifier.stats()` returns."""

    cache_hits_total: int | None
    """Tokens that were accepted out of the cache."""
    cache_misses_total: int | None
    """Tokens that were looked up in the cache and were not there."""
    cache_capacity: int | None
    """The number of tokens that the cache can hold."""


class KeysStats(TypedDict):
    """What `RemoteJwkSet.stats()` returns."""

    source: str
    """Whose it is: a URL without its query, an issuer, or where tokens come from."""
    keys_state: str | None
    """empty, fresh, stale, too_old or closed."""
    keys_generation: int
    """Grows by one with each change of the keys; 0 before the first."""
    keys_sha256: str | None
    """SHA-256 of the document in use, in hex."""
    keys_usable: int
    """Keys that can verify tokens."""
    keys_skipped: int
    """Keys of the document that cannot be used."""
    keys_last_success_seconds: float | None
    """When the issuer last confirmed the keys in use."""
    keys_age_seconds: float | None
    """How long ago the issuer last confirmed the keys in use."""
    keys_next_attempt_seconds: float | None
    """The time until the next scheduled fetch."""
    keys_attempts_total: int
    """Fetches that are over."""
    keys_failures_total: int
    """Fetches that failed."""
    keys_failures_in_row: int
    """Scheduled fetches that failed since the last success."""
    keys_scheduled_total: int
    """Fetches that began on schedule."""
    keys_retries_total: int
    """Fetches that began because the one before failed."""
    keys_unknown_kid_total: int
    """Fetches for a token with an unknown kid."""
    keys_without_kid_total: int
    """Fetches for a token that no key verified."""
    keys_requested_total: int
    """Fetches that the program asked for."""
    keys_suppressed_total: int
    """Tokens without a key for which the budget allowed no fetch."""
    keys_last_error: str | None
    """The latest failure, even if a fetch has succeeded since."""
    keys_last_error_name: str | None
    """The stable name of the latest failure."""
    keys_last_error_seconds: float | None
    """When the latest failure was."""
    keys_last_good_error: str | None
    """Why the last-good file could not be read or written."""


class RenewerStats(TypedDict):
    """What `TokenRenewer.stats()` returns."""

    source: str
    """Whose it is: a URL without its query, an issuer, or where tokens come from."""
    renewer_state: str | None
    """empty, valid, expiring, expired or closed."""
    renewer_generation: int
    """Grows by one with each token; 0 before the first."""
    renewer_expires_in_seconds: float | None
    """The time until the token expires."""
    renewer_next_attempt_seconds: float | None
    """The time until the next scheduled login."""
    renewer_attempts_total: int
    """Logins that are over."""
    renewer_failures_total: int
    """Logins that failed."""
    renewer_failures_in_row: int
    """Scheduled logins that failed since the last success."""
    renewer_scheduled_total: int
    """Logins that began on schedule."""
    renewer_retries_total: int
    """Logins that began because the one before failed."""
    renewer_rejections_total: int
    """Logins after a server rejected the token."""
    renewer_requested_total: int
    """Logins that the program asked for."""
    renewer_suppressed_total: int
    """Rejections for which the budget allowed no login."""
    renewer_last_error: str | None
    """The latest failure, even if a login has succeeded since."""
    renewer_last_error_name: str | None
    """The stable name of the latest failure."""
    renewer_last_error_seconds: float | None
    """When the latest failure was."""
