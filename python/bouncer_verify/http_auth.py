"""The service's own token in the requests of `requests` and `httpx`.

    session.auth = RequestsAuth(renewer, hosts={"master.mesos"})
    client = httpx.Client(auth=HttpxAuth(renewer, hosts={"master.mesos"}))

Each request carries the token, unless the caller has set Authorization. If an answer says that the token was
not accepted, the request is sent once more, with a newer one. Neither library is imported before it is used.
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
        """`hosts`: the names of the servers that are given the token; None: all that requests go to."""
        if isinstance(hosts, str):
            raise TypeError("hosts is a collection of names, not one")
        self._renewer = renewer
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    def _is_for(self, host: str | None) -> bool:
        return self._hosts is None or (host or "").lower() in self._hosts

    def _newer(self, authorization: str) -> str | None:
        """The header's next value after this one was not accepted, if there is one."""
        scheme, token = _parts(authorization)
        try:
            return scheme + self._renewer.reject(token)
        except LoginError:
            return None


class RequestsAuth(_Auth):
    """The token in the requests of a `requests.Session`, as its `auth`."""

    def __call__(self, request: Any) -> Any:
        """Called by requests for each request that it is about to send."""
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
            # A redirect may have led elsewhere, where requests sends no Authorization.
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
            # As requests.auth.HTTPDigestAuth does it: the connection goes back to its pool.
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
    """What stands before the token, and the token."""
    scheme = "Bearer " if authorization.startswith("Bearer ") else "token="
    return scheme, authorization.removeprefix(scheme)


def _is_rejected(response: Any) -> bool:
    headers = response.headers
    return is_token_rejection(
        response.status_code, headers.get("WWW-Authenticate"), headers.get("grpc-status")
    )


def _can_resend(request: Any) -> bool:
    """Whether the body is in memory: a stream has been used up."""
    try:
        request.content
    except RuntimeError:
        return False
    return True


if TYPE_CHECKING:
    import httpx

    class HttpxAuth(_HttpxFlows, httpx.Auth):
        """The token in the requests of an `httpx.Client` or `httpx.AsyncClient`, as its `auth`.

        An async client, on asyncio or trio, takes a thread only where a login has to be waited for.
        """


def __getattr__(name: str) -> Any:
    if name != "HttpxAuth":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import httpx

    # httpx takes instances of its own class alone.
    kind = type(name, (_HttpxFlows, httpx.Auth), {"__module__": __name__})
    globals()[name] = kind
    return kind
