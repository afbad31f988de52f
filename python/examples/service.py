r"""A WSGI application that verifies the token of each request.

For an OpenID Connect provider:

    ISSUER=https://idp.example/ AUDIENCE=https://api.example/ python service.py

For DC/OS. The service then also calls a backend, with the service's own token:

    JWKS_URL=https://leader.mesos/acs/api/v1/auth/jwks \
    BACKEND_URL=https://leader.mesos/service/backend \
    DCOS_SERVICE_ACCOUNT_CREDENTIAL=service-account.json python service.py
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.simple_server import make_server

from bouncer_verify import (
    BouncerError,
    Policy,
    RemoteJwkSet,
    TokenRenewer,
    VerifiedToken,
    Verifier,
    is_token_rejection,
)

Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def service(verifier: Verifier, respond: Callable[[VerifiedToken], str]) -> Application:
    """Returns the WSGI application. `respond` returns the response body for a verified caller."""

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        try:
            status, text = 200, respond(verifier.verify_authorization(environ.get("HTTP_AUTHORIZATION")))
        except BouncerError as error:
            # 401: the caller's token is rejected. 503: no keys, or no token for the backend.
            status, text = error.http_status, error.code
            print(error, file=environ["wsgi.errors"])  # for the log: the text may name hosts
            if error.challenge is not None:
                headers.append(("WWW-Authenticate", error.challenge))
        except OSError:
            status, text = 502, "the backend cannot be reached"
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [text.encode()]

    return app


def greet(caller: VerifiedToken) -> str:
    return f"hello {caller.subject}"


def greet_from_backend(renewer: TokenRenewer, url: str) -> Callable[[VerifiedToken], str]:
    """Returns a `respond` for DC/OS, which also calls `url` with the service's own token."""

    def respond(caller: VerifiedToken) -> str:
        return f"hello {caller.uid}; the backend says: {call(renewer, url)}"

    return respond


def call(renewer: TokenRenewer, url: str) -> str:
    """Sends GET to `url` and returns the response body.

    If the server rejects the token, renews the token and tries once more.
    """
    token = renewer.token()
    try:
        return get(url, renewer.authorization())
    except HTTPError as error:
        if not is_token_rejection(error.code, error.headers.get("WWW-Authenticate")):
            raise
    renewer.reject(token)
    return get(url, renewer.authorization())


def get(url: str, authorization: str) -> str:
    with urlopen(Request(url, headers={"Authorization": authorization}), timeout=10) as response:
        return str(response.read().decode())


def serve(app: Application) -> None:
    make_server("127.0.0.1", 8000, app).serve_forever()


def main() -> None:
    if "ISSUER" in os.environ:
        issuer, audience = os.environ["ISSUER"], os.environ["AUDIENCE"]
        verifier = Verifier(RemoteJwkSet.discover(issuer), Policy.for_issuer(issuer, audience))
        serve(service(verifier, greet))
    elif "JWKS_URL" in os.environ:
        verifier = Verifier(RemoteJwkSet(os.environ["JWKS_URL"]), Policy.dcos())
        with TokenRenewer.service_account_from_env() as renewer:
            serve(service(verifier, greet_from_backend(renewer, os.environ["BACKEND_URL"])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
