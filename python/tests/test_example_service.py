"""The example of a service that verifies and is verified, end to end."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

from conftest import Sign
from server import Server
from test_token_renewer import Provider, account

from bouncer_verify import Policy, RemoteJwkSet, TokenRenewer, Verifier, token_from_authorization


def load_example() -> Any:
    path = Path(__file__).parents[1] / "examples" / "service.py"
    spec = importlib.util.spec_from_file_location("service", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def serve(app: Callable[..., Iterable[bytes]]) -> Any:
    listener = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    return listener


def close(listener: Any) -> None:
    listener.shutdown()
    listener.server_close()


def ask(port: int, token: str) -> tuple[int, str]:
    request = Request(f"http://127.0.0.1:{port}/", headers={"Authorization": f"token={token}"})
    try:
        with urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_service_verifies_its_callers_and_calls_with_its_own_token(
    server: Server, sign: Sign, private_pem: str
) -> None:
    provider = Provider(sign)
    verifier = Verifier(RemoteJwkSet(server.url), Policy.dcos())
    refused: set[str] = set()

    def backend(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        token = token_from_authorization(environ["HTTP_AUTHORIZATION"])
        caller = verifier.verify(token)
        if token in refused:
            start_response("401 Unauthorized", [("WWW-Authenticate", "acsjwt")])
            return [b""]
        start_response("200 OK", [])
        return [f"hello {caller.uid}".encode()]

    behind = serve(backend)
    with TokenRenewer.service_account(account(private_pem, provider.url)) as renewer:
        app = load_example().service(verifier, renewer, f"http://127.0.0.1:{behind.server_port}/")
        front = serve(app)
        now = int(time.time())
        peter = sign({"uid": "peter", "exp": now + 60})
        assert ask(front.server_port, peter) == (200, "peter is told: hello service")
        assert ask(front.server_port, sign({"uid": "peter", "exp": now - 1})) == (401, "expired")
        assert ask(front.server_port, "a.b.c") == (401, "malformed_token")
        # The cluster forgets the service's token: one more login, and no caller sees it.
        refused.add(renewer.token())
        assert ask(front.server_port, peter) == (200, "peter is told: hello service")
        assert provider.count == 2
        close(front)
    close(behind)
    provider.close()
