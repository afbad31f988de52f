"""examples/service.py, end to end."""

from __future__ import annotations

import importlib.util
import json
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


def request(port: int, authorization: str | None) -> tuple[int, str, str | None]:
    """Returns the status, body and challenge of the service's response."""
    headers = {} if authorization is None else {"Authorization": authorization}
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}/", headers=headers), timeout=20) as response:
            return response.status, response.read().decode(), None
    except HTTPError as error:
        return error.code, error.read().decode(), error.headers["WWW-Authenticate"]


def challenge(code: str) -> str:
    return f'Bearer error="invalid_token", error_description="{code}"'


def test_a_service_verifies_callers_from_an_openid_provider(server: Server, sign: Sign) -> None:
    metadata = json.dumps({"issuer": server.origin, "jwks_uri": server.url})
    server.bodies["/.well-known/openid-configuration"] = metadata
    policy = Policy.for_issuer(server.origin, "api")
    example = load_example()
    front = serve(example.service(Verifier(RemoteJwkSet.discover(server.origin), policy), example.greet))

    def bearer(audience: str, exp: float) -> str:
        claims = {"iss": server.origin, "aud": audience, "sub": "alice", "exp": int(time.time() + exp)}
        return f"Bearer {sign(claims, kid='a')}"

    port = front.server_port
    assert request(port, bearer("api", 60)) == (200, "hello alice", None)
    assert request(port, bearer("api", -1)) == (401, "expired", challenge("expired"))
    assert request(port, bearer("web", 60)) == (401, "wrong_audience", challenge("wrong_audience"))
    assert request(port, None) == (401, "malformed_authorization", "Bearer")
    close(front)


def test_a_service_without_keys_responds_503(sign: Sign) -> None:
    keys = RemoteJwkSet("http://127.0.0.1:1/", max_wait=0.2, log=False)
    example = load_example()
    front = serve(example.service(Verifier(keys, Policy.dcos()), example.greet))
    token = sign({"uid": "peter", "exp": int(time.time()) + 60})
    assert request(front.server_port, f"token={token}") == (503, "keys_unavailable", None)
    close(front)


def test_a_dcos_service_calls_its_backend_with_its_own_token(
    server: Server, sign: Sign, private_pem: str
) -> None:
    provider = Provider(sign)
    verifier = Verifier(RemoteJwkSet(server.url), Policy.dcos())
    rejected: set[str] = set()

    def backend(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        token = token_from_authorization(environ["HTTP_AUTHORIZATION"])
        caller = verifier.verify(token)
        if token in rejected:
            start_response("401 Unauthorized", [("WWW-Authenticate", "acsjwt")])
            return [b""]
        start_response("200 OK", [])
        return [f"hello {caller.uid}".encode()]

    behind = serve(backend)
    with TokenRenewer.service_account(account(private_pem, provider.url)) as renewer:
        example = load_example()
        respond = example.greet_from_backend(renewer, f"http://127.0.0.1:{behind.server_port}/")
        front = serve(example.service(verifier, respond))
        port = front.server_port
        now = int(time.time())
        peter = f"token={sign({'uid': 'peter', 'exp': now + 60})}"
        expired = f"token={sign({'uid': 'peter', 'exp': now - 1})}"
        expected = (200, "hello peter; the backend says: hello service", None)
        assert request(port, peter) == expected
        assert request(port, expired) == (401, "expired", challenge("expired"))
        assert request(port, "token=a.b.c") == (401, "malformed_token", challenge("malformed_token"))
        # The backend rejects the service's token. The service logs in again, and its
        # caller gets the usual response.
        rejected.add(renewer.token())
        assert request(port, peter) == expected
        assert provider.count == 2
        close(front)
    close(behind)
    provider.close()
