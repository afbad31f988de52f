"""A service under `gunicorn --preload` with two workers. Its key set is made before the fork."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import forged
from server import Server, key_set

from bouncer_verify import Jwk

pytest.importorskip("gunicorn")

Make = Callable[..., str]


class Service:
    def __init__(self, address: str) -> None:
        self.address = address

    def send(self, token: str, path: str = "/") -> tuple[int, int, str]:
        """Sends a request. Returns the status, the worker's process id, and the text."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request(
                "GET", path, headers={"Authorization": f"token={token}", "Connection": "close"}
            )
            response = connection.getresponse()
            process, text = json.loads(response.read())
            return response.status, process, text
        finally:
            connection.close()

    def responses_of_both(self, token: str) -> set[tuple[int, str]]:
        """Sends requests until both workers have responded. Returns their statuses and texts."""
        workers: dict[int, tuple[int, str]] = {}
        end = time.monotonic() + 20
        with ThreadPoolExecutor(4) as pool:
            while len(workers) < 2:
                assert time.monotonic() < end
                for status, process, text in pool.map(lambda _: self.send(token, "/slow"), range(4)):
                    workers[process] = status, text
        return set(workers.values())


@contextmanager
def gunicorn(server: Server) -> Iterator[Service]:
    command = [sys.executable, "-m", "gunicorn", "--preload", "-w", "2", "-b", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--graceful-timeout", "1", "--log-level", "info", "gunicorn_app:app"],
        cwd=Path(__file__).parent,
        env={**os.environ, "JWKS_URL": server.url},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines: list[str] = []
        while not (listening := re.search(r"Listening at: http://(\S+)", lines[-1] if lines else "")):
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        yield Service(listening[1])
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def test_both_workers_follow_rotations_and_survive_an_outage(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    token, other_token = make_token(), make_other_token()
    with gunicorn(server) as service:
        assert service.responses_of_both(token) == {(200, "peter")}
        assert server.count == 2
        assert service.send(make_token(exp=-10))[::2] == (401, "expired")
        assert server.count == 2
        # A wrong signature may mean that there is a new key with the same kid. Each worker fetches
        # the keys for this reason at most once in five minutes.
        assert service.responses_of_both(token[:-8] + "A" * 8) == {(401, "invalid_signature")}
        assert service.responses_of_both(make_other_token(kid="a")) == {(401, "invalid_signature")}
        assert server.count == 4
        server.say(key_set(a=jwk, b=other_jwk))
        assert service.responses_of_both(other_token) == {(200, "peter")}
        assert server.count == 6
        server.say(status=503)
        assert service.responses_of_both(token) == {(200, "peter")}
        for i in range(50):
            # The outage prevents the fetch that would show whether a key with this kid exists.
            assert service.send(forged(token, str(i)))[::2] == (503, "keys_unavailable")
        assert service.responses_of_both(other_token) == {(200, "peter")}
        # Each worker has a budget of two fetches, and has used one fetch for the rotation.
        assert server.count <= 8


def test_a_worker_without_keys_responds_503(server: Server, make_token: Make) -> None:
    server.say(status=500)
    with gunicorn(server) as service:
        assert service.responses_of_both(make_token()) == {(503, "keys_unavailable")}
        assert service.send("a.b.c")[::2] == (401, "malformed_token")
