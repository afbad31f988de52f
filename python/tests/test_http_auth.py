"""RequestsAuth and HttpxAuth against a loopback service."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bouncer_verify import TokenRenewer
from bouncer_verify.http_auth import RequestsAuth


class Service:
    """Accepts one token and records the requests."""

    def __init__(self) -> None:
        self.accepts = "Bearer t2"
        self.challenge = "acsjwt"
        self.seen: list[tuple[str | None, bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                authorization = self.headers["Authorization"]
                service.seen.append((authorization, body))
                self.send_response(200 if authorization == service.accepts else 401)
                self.send_header("WWW-Authenticate", service.challenge)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._listener.server_port}/"
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


def counting() -> TokenRenewer:
    """Returns a renewer whose logins return the tokens t1, t2 …"""
    numbers = iter(range(1, 1000))
    return TokenRenewer.from_callable(lambda: f"t{next(numbers)}", log=False)


Send = Callable[..., int]


def send_requests(url: str, renewer: TokenRenewer, hosts: Any = None, **request: Any) -> int:
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(url, auth=RequestsAuth(renewer, hosts), timeout=10, **request)
    return int(response.status_code)


def renamed(request: dict[str, Any]) -> dict[str, Any]:
    return {"content" if name == "data" else name: value for name, value in request.items()}


def send_httpx(url: str, renewer: TokenRenewer, hosts: Any = None, **request: Any) -> int:
    httpx = pytest.importorskip("httpx")
    from bouncer_verify.http_auth import HttpxAuth

    with httpx.Client(trust_env=False, auth=HttpxAuth(renewer, hosts)) as client:
        return int(client.post(url, **renamed(request)).status_code)


def send_httpx_async(url: str, renewer: TokenRenewer, hosts: Any = None, **request: Any) -> int:
    httpx = pytest.importorskip("httpx")
    from bouncer_verify.http_auth import HttpxAuth

    async def send() -> int:
        async with httpx.AsyncClient(trust_env=False, auth=HttpxAuth(renewer, hosts)) as client:
            return int((await client.post(url, **renamed(request))).status_code)

    return asyncio.run(send())


def send_httpx_trio(url: str, renewer: TokenRenewer, hosts: Any = None, **request: Any) -> int:
    httpx, trio = pytest.importorskip("httpx"), pytest.importorskip("trio")
    from bouncer_verify.http_auth import HttpxAuth

    async def send() -> int:
        async with httpx.AsyncClient(trust_env=False, auth=HttpxAuth(renewer, hosts)) as client:
            return int((await client.post(url, **renamed(request))).status_code)

    return int(trio.run(send))


every_client = pytest.mark.parametrize("send", [send_requests, send_httpx, send_httpx_async, send_httpx_trio])


@every_client
def test_after_a_rejection_the_request_is_sent_again_with_a_newer_token(send: Send, service: Service) -> None:
    renewer = counting()
    assert send(service.url, renewer, data=b"body") == 200
    assert service.seen == [("Bearer t1", b"body"), ("Bearer t2", b"body")]
    assert send(service.url, renewer) == 200
    assert service.seen[2:] == [("Bearer t2", b"")]


@every_client
def test_a_request_is_sent_again_only_once(send: Send, service: Service) -> None:
    service.accepts = "none"
    renewer = counting()
    assert send(service.url, renewer) == 401
    assert [token for token, _ in service.seen] == ["Bearer t1", "Bearer t2"]
    # Rejections cause at most one login in 30 seconds, so this request causes none.
    assert send(service.url, renewer) == 401
    assert [token for token, _ in service.seen[2:]] == ["Bearer t2"]


@every_client
def test_a_challenge_for_another_scheme_is_not_a_rejection(send: Send, service: Service) -> None:
    service.challenge = 'Basic realm="app"'
    assert send(service.url, counting()) == 401
    assert [token for token, _ in service.seen] == ["Bearer t1"]


@every_client
def test_other_hosts_and_requests_with_authorization_get_no_token(send: Send, service: Service) -> None:
    renewer = counting()
    assert send(service.url, renewer, {"idp.example"}) == 401
    assert send(service.url, renewer, None, headers={"Authorization": "own"}) == 401
    assert [token for token, _ in service.seen] == [None, "own"]
    assert send(service.url, renewer, {"127.0.0.1"}) == 200
    with pytest.raises(TypeError):
        send(service.url, renewer, "127.0.0.1")


def test_a_file_is_rewound_before_it_is_sent_again(service: Service) -> None:
    body = io.BytesIO(b"a body")
    body.seek(2)
    assert send_requests(service.url, counting(), data=body) == 200
    assert service.seen == [("Bearer t1", b"body"), ("Bearer t2", b"body")]


def test_async_requests_do_not_use_the_loop_s_executor(service: Service) -> None:
    httpx = pytest.importorskip("httpx")
    from bouncer_verify.http_auth import HttpxAuth

    class Refusing(ThreadPoolExecutor):
        def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("the loop's executor was used")

    async def send() -> list[int]:
        asyncio.get_running_loop().set_default_executor(Refusing())
        # The URL contains an IP address: a host name would be resolved in the executor.
        async with httpx.AsyncClient(trust_env=False, auth=HttpxAuth(counting())) as client:
            return [(await client.post(service.url)).status_code for _ in range(3)]

    # The first request waits for two logins: at its start, and after its token is rejected.
    assert asyncio.run(send()) == [200] * 3
    assert [token for token, _ in service.seen] == ["Bearer t1"] + ["Bearer t2"] * 3


def test_http_auth_does_not_import_requests_or_httpx_by_itself() -> None:
    code = (
        "import sys, bouncer_verify.http_auth; assert not {'requests', 'httpx', 'urllib3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
