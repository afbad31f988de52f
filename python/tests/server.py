"""A loopback HTTP server. A test sets its responses, and the server counts the requests."""

from __future__ import annotations

import gc
import json
import os
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bouncer_verify import Jwk


def key_set(**keys: Jwk) -> str:
    """Returns a JWK Set document. The keywords are the kids of the keys."""
    return json.dumps({"keys": [json.loads(key.with_kid(kid).to_json()) for kid, key in keys.items()]})


def eventually(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Waits until `condition` holds; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.005)


def threads() -> int:
    """Returns the number of threads of this process, including those that Python did not start."""
    return len(os.listdir("/proc/self/task"))


def settled_threads() -> int:
    """Returns threads() once the threads of earlier tests have ended."""
    gc.collect()
    before = -1
    while (now := threads()) != before:
        before = now
        time.sleep(0.2)
    return now


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that close the connection early."""


class Server:
    """Responds to every request with `status`, `headers` and `body`, once `open_gate` is set."""

    def __init__(self, body: str | bytes = b"", status: int = 200, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.bodies: dict[str, str | bytes] = {}
        """Bodies by path. For other paths, the server sends `body`."""
        self.headers: dict[str, str] = {}
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.say(body, status)
        self._listener = _Listener(("127.0.0.1", 0), self._handler())
        if tls:
            self._listener.socket = tls.wrap_socket(self._listener.socket, server_side=True)
        self.origin = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.server_port}"
        self.url = f"{self.origin}/jwks"
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()

    def say(self, body: str | bytes = b"", status: int = 200) -> None:
        self.body, self.status = body, status

    @property
    def count(self) -> int:
        return len(self.requests)

    def close(self) -> None:
        self.open_gate.set()
        self._listener.shutdown()
        self._listener.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                server.open_gate.wait(60)
                body = server.bodies.get(self.path, server.body)
                data = body.encode() if isinstance(body, str) else body
                self.send_response(server.status)
                self.send_header("Content-Length", str(len(data)))
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_CONNECT(self) -> None:
                server.requests.append((self.path, {}))
                self.send_error(502)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
