"""`PyJWKClient` of `jwt.jwks_client`."""

from __future__ import annotations

import base64
import json
import math
import weakref
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._bouncer_verify import Jwk, JwkSet, RemoteJwkSet, Verifier, verify_token
from ..exceptions import (
    InvalidArgumentError,
    InvalidSignatureError,
    InvalidTokenError,
    KeysUnavailableError,
    NoMatchingKeyError,
)
from ._errors import raises_as_pyjwt
from .api_jwk import PyJWK, PyJWKSet, pyjwk_of
from .api_jwt import WIDEST, get_unverified_header, jwks_of
from .exceptions import NoSigningKeyError, PyJWKClientConnectionError, PyJWKClientError

__all__ = ["PyJWKClient"]

Fetch = Callable[[str, dict[str, str], float], tuple[int, Mapping[str, str], bytes]]


class PyJWKClient:
    """The keys of a JWK Set, fetched and refreshed by a `RemoteJwkSet`.

    uri: the URL, or a RemoteJwkSet with its own settings.
    lifespan: lifetime of the keys in seconds, if the server sends no cache headers.
    timeout: timeout of one request in seconds, and the maximum time that a caller waits for keys.
    headers, ssl_context: not supported; use `fetch` or `ca_file` of a RemoteJwkSet instead.
    allow_http: allows http to other machines; an attacker in the network can then choose the keys.
    cache_keys, max_cached_keys, cooldown_duration: accepted, but without effect. The keys are
    always kept in parsed form, and fetches for unknown keys are always limited.

    A subclass may override `fetch_data` to provide the keys. The method is then called on a
    daemon thread.
    """

    @raises_as_pyjwt
    def __init__(
        self,
        uri: str | RemoteJwkSet,
        cache_keys: bool = False,
        max_cached_keys: int = 16,
        cache_jwk_set: bool = True,
        lifespan: float = 300,
        headers: dict[str, Any] | None = None,
        timeout: float = 5,
        ssl_context: object = None,
        cooldown_duration: float = 30,
        *,
        allow_http: bool = False,
    ) -> None:
        if headers:
            raise InvalidArgumentError(
                "headers is not supported: pass a RemoteJwkSet with your own fetch in place of the URL"
            )
        if ssl_context is not None:
            raise InvalidArgumentError(
                "ssl_context is not supported: pass a RemoteJwkSet with a ca_file in place of the URL"
            )
        if not 0 <= cooldown_duration < math.inf:
            raise PyJWKClientError("cooldown_duration must be a finite number of seconds, 0 or more")
        if cache_jwk_set and not lifespan > 0:
            raise PyJWKClientError("lifespan must be greater than 0, or cache_jwk_set must be False")
        self.timeout: float = timeout
        self.headers: dict[str, Any] = {}
        self.ssl_context: object = None
        self.cooldown_duration: float = cooldown_duration
        self._has_own_fetch = type(self).fetch_data is not PyJWKClient.fetch_data
        self._allow_http = allow_http
        if isinstance(uri, RemoteJwkSet):
            if self._has_own_fetch:
                raise InvalidArgumentError(
                    "a subclass with its own fetch_data needs the URL in place of a RemoteJwkSet"
                )
            self.uri: str = uri.stats()["source"]
            self.keys: RemoteJwkSet = uri
        else:
            if urlsplit(uri).scheme.lower() not in ("http", "https"):
                raise PyJWKClientError("the URI's scheme is neither https nor http")
            self.uri = uri
            self.keys = self._remote(lifespan if lifespan > 0 else 300)
        self.jwk_set_cache: JWKSetCache | None = JWKSetCache(self.keys, lifespan) if cache_jwk_set else None
        self._verifier = Verifier(self.keys, WIDEST)

    def _remote(self, lifespan: float) -> RemoteJwkSet:
        def made(allow_http: bool, fetch: Fetch | None = None) -> RemoteJwkSet:
            # lazy: as in PyJWT, the first fetch happens when the first key is needed.
            return RemoteJwkSet(
                self.uri,
                ttl=lifespan,
                timeout=self.timeout,
                max_wait=self.timeout,
                lazy=True,
                allow_http=allow_http,
                fetch=fetch,
            )

        if self._has_own_fetch:
            # fetch_data() returns the keys, so the URL is only a name in logs.
            return made(True, _fetch_of(weakref.ref(self)))
        try:
            return made(self._allow_http)
        except InvalidArgumentError:
            if not self._allow_http and urlsplit(self.uri).scheme.lower() == "http":
                made(True)  # If the URL has another fault, raises the error for that fault.
            raise

    @raises_as_pyjwt
    def fetch_data(self) -> Any:
        """Fetches the JWK Set now. Returns a dict with the usable keys.

        A subclass that overrides this method may call it and change the result.
        """
        if not self._has_own_fetch:
            self._refresh(self.keys)
            return {"keys": _as_json(self._current().keys)}
        with RemoteJwkSet(
            self.uri, timeout=self.timeout, lazy=True, allow_http=self._allow_http, log=False
        ) as keys:
            self._refresh(keys)
            return {"keys": _as_json(keys.current().keys)}

    @raises_as_pyjwt
    def get_signing_key_from_jwt(self, token: str | bytes) -> PyJWK:
        """Returns the key for this token.

        If the token has "kid", only keys with that "kid" count; if there are none, only keys without
        "kid". If several keys remain, returns the one that verifies the token, else the first.

        If the key is missing, the keys are fetched, unless the limit for such fetches is reached.

        Raises DecodeError if the token or its header is malformed, PyJWKClientConnectionError if no
        keys are available, and NoSigningKeyError if no key matches. `decode` checks the rest.
        """
        kid = get_unverified_header(token).get("kid")
        is_signed = self._is_signed(token)
        keys = self._current().keys
        if kid is not None:
            keys = [key for key in keys if key.kid == kid] or [key for key in keys if key.kid is None]
        if not keys:
            raise NoSigningKeyError("no key matches the token")
        if len(keys) > 1 and is_signed:
            return pyjwk_of(next((key for key in keys if _has_signed(key, token)), keys[0]))
        return pyjwk_of(keys[0])

    def get_signing_key(self, kid: str) -> PyJWK:
        """Returns the key with this "kid", as `get_signing_key_from_jwt` does."""
        header = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": kid}).encode())
        # A made-up token with this "kid" and an invalid signature. An unknown "kid" may cause a
        # fetch.
        return self.get_signing_key_from_jwt(header.rstrip(b"=") + b".e30.AA")

    @raises_as_pyjwt
    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        """Returns the usable keys. refresh: fetch them now. Such fetches are not limited."""
        if refresh:
            self._refresh(self.keys)
        else:
            try:
                self.keys.wait_ready(self.timeout)
            except KeysUnavailableError as error:
                raise PyJWKClientConnectionError(*error.args) from None
        return PyJWKSet(_as_json(self._current().keys))

    @raises_as_pyjwt
    def get_signing_keys(self, refresh: bool = False) -> list[PyJWK]:
        """Returns the usable keys that have a "kid"."""
        keys = [key for key in self.get_jwk_set(refresh) if key.key_id]
        if not keys:
            raise PyJWKClientError('no key of the set has a "kid"')
        return keys

    @staticmethod
    def match_kid(signing_keys: list[PyJWK], kid: str) -> PyJWK | None:
        """Returns the first of these keys with this "kid", or None."""
        return next((key for key in signing_keys if key.key_id == kid), None)

    def _is_signed(self, token: str | bytes) -> bool:
        """Returns False if no key matches the token or verifies its signature.

        Tries at most four keys, to limit the cost of a forged token.
        """
        try:
            # verify() may also fetch a missing key. It does not fetch for a token that every policy
            # rejects.
            self._verifier.verify(token)
        except KeysUnavailableError as error:
            raise PyJWKClientConnectionError(*error.args) from None
        except (InvalidSignatureError, NoMatchingKeyError):
            return False
        except InvalidTokenError:
            pass
        return True

    def _current(self) -> JwkSet:
        try:
            return self.keys.current()
        except KeysUnavailableError as error:
            raise PyJWKClientConnectionError(*error.args) from None

    def _refresh(self, keys: RemoteJwkSet) -> None:
        try:
            keys.refresh(self.timeout)
        except KeysUnavailableError as error:
            raise PyJWKClientConnectionError(*error.args) from None


class JWKSetCache:
    """The keys in use, with the methods of PyJWT's `JWKSetCache`."""

    def __init__(self, keys: RemoteJwkSet, lifespan: float) -> None:
        self.lifespan: float = lifespan
        self._keys = keys

    def get(self) -> PyJWKSet | None:
        """Returns the usable keys, or None before the first fetch and if they are too old."""
        try:
            return PyJWKSet(_as_json(self._keys.current().keys))
        except KeysUnavailableError:
            return None

    def is_expired(self) -> bool:
        """Returns whether there are keys that are no longer fresh. False if there are no keys."""
        return self._keys.state in ("stale", "too_old")

    def put(self, jwk_set: object) -> None:
        """Always raises InvalidArgumentError: the keys come only from the issuer's document."""
        raise InvalidArgumentError(
            "keys cannot be put into the cache: call get_jwk_set(refresh=True) to fetch them now"
        )


def _fetch_of(client: Callable[[], PyJWKClient | None]) -> Fetch:
    """Returns a `fetch` that calls the client's fetch_data().

    `client` is a weak reference, to avoid a cycle: the client owns the keys, and the keys own the
    returned function.
    """

    def fetch(url: str, headers: dict[str, str], timeout: float) -> tuple[int, Mapping[str, str], bytes]:
        this = client()
        data = this.fetch_data() if this is not None else None
        if isinstance(data, PyJWKSet):
            data = {"keys": _as_json([key.key for key in data])}
        return 200, {}, json.dumps(data).encode()

    return fetch


def _as_json(keys: list[Jwk]) -> list[dict[str, Any]]:
    return [json.loads(key.to_json()) for key in keys]


def _has_signed(key: Jwk, token: str | bytes) -> bool:
    try:
        verify_token(jwks_of(key), WIDEST, token)
    except (InvalidSignatureError, NoMatchingKeyError):
        return False
    except InvalidTokenError:
        # Claims are checked after the signature, so the signature is valid. A token with a faulty
        # header also ends here: `decode` rejects it with any key.
        return True
    return True
