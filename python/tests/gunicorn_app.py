"""The service of test_gunicorn.py: responds with its process id, and the uid or an error code."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from bouncer_verify import (
    InvalidTokenError,
    KeySetError,
    Policy,
    RemoteJwkSet,
    Verifier,
    token_from_authorization,
)

VERIFIER = Verifier(RemoteJwkSet(os.environ["JWKS_URL"], lazy=True), Policy.dcos())


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.05)
    try:
        token = VERIFIER.verify(token_from_authorization(environ.get("HTTP_AUTHORIZATION", "")))
        status, text = "200 OK", token.uid
    except InvalidTokenError as error:
        status, text = "401 Unauthorized", error.code
    except KeySetError as error:
        status, text = "503 Service Unavailable", error.code
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps([os.getpid(), text]).encode()]
