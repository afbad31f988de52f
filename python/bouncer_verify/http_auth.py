"""Adds the service's own token to requests of `requests` and `httpx`.

    session.auth = RequestsAuth(renewer, hosts={"master.mesos"})
    client = httpx.Client(auth=HttpxAuth(renewer, hosts={"master.mesos"}))

Each request gets the token, unless the caller has set the Authorization header. If the server
rejects the token, the request is sent once more with a newer token. It is not sent again if its
body cannot be read twice or if there is no newer token. Importing this module imports neither
`requests` nor `httpx`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._bouncer_verify import TokenRenewer, is_token_rejection
from .exceptions import LoginError

__all__ = ["HttpxAuth", "RequestsAuth"]


class _Auth:
    def __init__(self, renewer: TokenRenewer, hosts: Collection[str] | None = None) -> None:
        """`hosts`: the names of the hosts that get the token. None: every host gets it."""
        if isinstance(hosts, str):
            raise TypeError("hosts must be a collection of host names, not a str")
        self._renewer = renewer
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    def _is_for(self, host: str | None) -> bool:
        return self._hosts is None or (host or "").lower() in self._hosts

    def _newer(self, authorization: str) -> str | None:
        """Returns the next value of the header after a rejection, or None if there is no newer token."""
        scheme, token = _parts(authorization)
        try:
            return scheme + self._renewer.reject(token)
        except LoginError:
            return None


class RequestsAuth(_Auth):
    """Adds the token to the requests of a `requests.Session`: set it as the session's `auth`."""

    def __call__(self, request: Any) -> Any:
        """requests calls this before it sends a request."""
        if "Authorization" in request.headers or not self._is_for(urlsplit(request.url).hostname):
            return request
        authorization = self._renewer.authorization()
        request.headers["Authorization"] = authorization
        try:
            start = request.body.tell()
        except (AttributeError, OSError):
            start = None

        def again(response: Any, **settings: Any) -> Any:
            sent = response.request
            # requests removes Authorization when it follows a redirect to another host.
            if sent.headers.get("Authorization") != authorization or not _is_rejected(response):
                return response
            body = sent.body
            if start is not None:
                try:
                    body.seek(start)
                except (AttributeError, OSError):
                    return response
            elif body is not None and not isinstance(body, (str, bytes)):
                return response
            newer = self._newer(authorization)
            if newer is None:
                return response
            # This returns the connection to its pool. requests.auth.HTTPDigestAuth does the same.
            _ = response.content
            response.close()
            copy = sent.copy()
            copy.headers["Authorization"] = newer
            second = response.connection.send(copy, **settings)
            second.history.append(response)
            second.request = copy
            return second

        request.register_hook("response", again)
        return request


class _HttpxFlows(_Auth):
    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        if "Authorization" in request.headers or not self._is_for(request.url.host):
            yield request
            return
        authorization = self._renewer.authorization()
        request.headers["Authorization"] = authorization
        response = yield request
        if _is_rejected(response) and not response.history and _can_resend(request):
            newer = self._newer(authorization)
            if newer is not None:
                request.headers["Authorization"] = newer
                yield request

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        if "Authorization" in request.headers or not self._is_for(request.url.host):
            yield request
            return
        authorization = await self._renewer.authorization_async()
        request.headers["Authorization"] = authorization
        response = yield request
        if _is_rejected(response) and not response.history and _can_resend(request):
            scheme, token = _parts(authorization)
            try:
                newer = await self._renewer.reject_async(token)
            except LoginError:
                return
            request.headers["Authorization"] = scheme + newer
            yield request


def _parts(authorization: str) -> tuple[str, str]:
    """Splits the header's value into the prefix, "Bearer " or "token=", and the token."""
    scheme = "Bearer " if authorization.startswith("Bearer ") else "token="
    return scheme, authorization.removeprefix(scheme)


def _is_rejected(response: Any) -> bool:
    headers = response.headers
    return is_token_rejection(
        response.status_code, headers.get("WWW-Authenticate"), headers.get("grpc-status")
    )


def _can_resend(request: Any) -> bool:
    """Returns whether the body is in memory. A stream can be sent only once."""
    try:
        request.content
    except RuntimeError:
        return False
    return True


if TYPE_CHECKING:
    import httpx

    class HttpxAuth(_HttpxFlows, httpx.Auth):
        """Adds the token to the requests of an `httpx.Client` or `httpx.AsyncClient`: set it as `auth`.

        An async client, on asyncio, uvloop or trio, waits for a login without a thread.
        """


def __getattr__(name: str) -> Any:
    if name != "HttpxAuth":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import httpx

    # HttpxAuth must derive from httpx.Auth. The class is made at its first use, so that only
    # programs that use it import httpx.
    kind = type(name, (_HttpxFlows, httpx.Auth), {"__module__": __name__})
    globals()[name] = kind
    return kind
