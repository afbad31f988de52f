"""A service: it verifies who calls it, and calls another service with a token of its own.

JWKS_URL=https://leader.mesos/acs/api/v1/auth/jwks BACKEND_URL=https://leader.mesos/service/backend \
DCOS_SERVICE_ACCOUNT_CREDENTIAL=service-account.json python service.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.simple_server import make_server

from bouncer_verify import (
    InvalidTokenError,
    KeySetError,
    LoginError,
    Policy,
    RemoteJwkSet,
    TokenRenewer,
    Verifier,
    is_token_rejection,
)

Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def call(renewer: TokenRenewer, url: str) -> str:
    """What `url` says to this service. A token that it does not accept is renewed, once."""
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


def service(verifier: Verifier, renewer: TokenRenewer, backend: str) -> Application:
    """The service as a WSGI application."""

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        challenge = []
        try:
            caller = verifier.verify_authorization(environ.get("HTTP_AUTHORIZATION"))
            status, text = "200 OK", f"{caller.uid} is told: {call(renewer, backend)}"
        except InvalidTokenError as error:
            status, text, challenge = "401 Unauthorized", error.code, [("WWW-Authenticate", "acsjwt")]
        except (KeySetError, LoginError) as error:
            status, text = "503 Service Unavailable", error.code
        except OSError:
            status, text = "502 Bad Gateway", "the backend does not answer"
        start_response(status, [("Content-Type", "text/plain"), *challenge])
        return [text.encode()]

    return app


if __name__ == "__main__":
    verifier = Verifier(RemoteJwkSet(os.environ["JWKS_URL"]), Policy.dcos())
    with TokenRenewer.service_account_from_env() as renewer:
        app = service(verifier, renewer, os.environ["BACKEND_URL"])
        make_server("127.0.0.1", 8000, app).serve_forever()
