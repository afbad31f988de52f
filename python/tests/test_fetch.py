"""The argument `fetch`: the program's own HTTP client."""

from __future__ import annotations

import gzip
import logging
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from server import Server, eventually, key_set, settled_threads, threads

from bouncer_verify import (
    InvalidArgumentError,
    Jwk,
    KeysUnavailableError,
    Policy,
    RemoteJwkSet,
    Verifier,
)

Response = tuple[int, Mapping[str, str], bytes]
URL = "https://idp.example/jwks?secret=1"


def urllib_fetch(url: str, headers: dict[str, str], timeout: float) -> Response:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout) as response:
        return response.status, response.headers, response.read()


def failure(fetch: Any, **settings: Any) -> tuple[str | None, str | None]:
    """Calls `fetch` once, for a refresh that fails. Returns the error's name and text."""
    keys = RemoteJwkSet(URL, fetch=fetch, log=False, lazy=True, **settings)
    with pytest.raises(KeysUnavailableError):
        keys.refresh(20)
    return keys.stats()["keys_last_error_name"], keys.stats()["keys_last_error"]


def test_fetch_is_called_with_url_headers_and_timeout_on_a_daemon_thread(jwk: Jwk) -> None:
    calls: list[Any] = []

    def fetch(url: str, headers: dict[str, str], timeout: float) -> Response:
        calls.append((url, headers, timeout, threading.current_thread()))
        return 200, {}, key_set(a=jwk).encode()

    keys = RemoteJwkSet(URL, fetch=fetch, timeout=3)
    keys.wait_ready()
    [(url, headers, timeout, thread)] = calls
    assert (url, timeout) == (URL, 3.0)
    assert headers == {"accept": "application/jwk-set+json, application/json"}
    assert thread.daemon
    assert thread.name == "bouncer-fetch"


def test_a_fetch_with_urllib_works(server: Server, make_token: Callable[..., str]) -> None:
    keys = RemoteJwkSet(server.url, fetch=urllib_fetch)
    assert Verifier(keys, Policy.dcos()).verify(make_token()).uid == "peter"
    assert server.requests[0][1]["user-agent"].startswith("Python-urllib")


def test_validators_and_freshness_work_as_with_the_built_in_client(jwk: Jwk) -> None:
    seen: list[dict[str, str]] = []

    def fetch(url: str, headers: dict[str, str], timeout: float) -> Response:
        seen.append(headers)
        if "if-none-match" in headers:
            return 304, {"ETag": '"1"', "Cache-Control": "max-age=1000"}, b""
        return 200, {"ETag": '"1"'}, key_set(a=jwk).encode()

    keys = RemoteJwkSet(URL, fetch=fetch, ttl=1)
    keys.wait_ready()
    # Waits for a scheduled fetch, because refresh() sends no validators.
    eventually(lambda: keys.stats()["keys_attempts_total"] == 2)
    assert seen[1]["if-none-match"] == '"1"'
    assert keys.generation == 1
    next_attempt = keys.stats()["keys_next_attempt_seconds"]
    assert next_attempt is not None and 700 <= next_attempt <= 800


def test_a_response_that_the_client_has_decompressed_is_accepted(jwk: Jwk) -> None:
    document = key_set(a=jwk).encode()
    RemoteJwkSet(URL, fetch=lambda *_: (200, {"Content-Encoding": "gzip"}, document)).wait_ready()
    compressed = failure(lambda *_: (200, {"Content-Encoding": "gzip"}, gzip.compress(document)))
    assert compressed[0] == "document"


def test_only_the_class_of_an_exception_is_reported(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for error in (
        ValueError("secret"),
        TimeoutError("secret"),
        SystemExit("secret"),
        KeyboardInterrupt("secret"),
    ):

        def fetch(
            url: str, headers: dict[str, str], timeout: float, error: BaseException = error
        ) -> Response:
            raise error

        assert failure(fetch) == ("other", f"the transport failed: {type(error).__name__}")
    with caplog.at_level(logging.DEBUG):
        keys = RemoteJwkSet(URL, fetch=fetch)
        eventually(lambda: caplog.records)
    assert "secret" not in caplog.text + repr(keys) + repr(keys.stats())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "returned",
    [
        None,
        (),
        (200, {}),
        ("200", {}, b"{}"),
        (200, None, b"{}"),
        (200, {"a": 1}, b"{}"),
        (200, {}, "{}"),
        (-1, {}, b""),
        (70_000, {}, b""),
    ],
)
def test_an_invalid_return_value_is_a_failed_fetch(returned: Any) -> None:
    name, text = failure(lambda *_: returned)
    assert name == "other"
    assert text in [
        f"the transport failed: {error}" for error in ("TypeError", "AttributeError", "OverflowError")
    ]


def test_other_statuses_and_large_bodies_are_failed_fetches() -> None:
    assert failure(lambda *_: (503, {}, b"")) == ("status", "unexpected status: HTTP 503")
    too_large = "too large: the body has 1200000 bytes, but max_document_len is 1048576"
    assert failure(lambda *_: (200, {}, b"x" * 1_200_000)) == ("too_large", too_large)
    assert failure(lambda *_: (200, {}, b"{}"))[0] == "document"


def test_a_fetch_that_times_out_is_not_called_again_before_it_returns(jwk: Jwk) -> None:
    calls, gate = 0, threading.Event()

    def fetch(url: str, headers: dict[str, str], timeout: float) -> Response:
        nonlocal calls
        calls += 1
        gate.wait(60)
        return 200, {}, key_set(a=jwk).encode()

    keys = RemoteJwkSet(URL, fetch=fetch, timeout=0.2, log=False)
    eventually(lambda: keys.stats()["keys_attempts_total"] >= 3)
    assert (keys.stats()["keys_last_error_name"], calls) == ("timeout", 1)
    gate.set()
    keys.wait_ready()
    assert keys.state == "fresh"
    assert calls == 2


def test_closing_does_not_wait_for_fetch() -> None:
    gate, called = threading.Event(), threading.Event()

    def fetch(url: str, headers: dict[str, str], timeout: float) -> Response:
        called.set()
        gate.wait(60)
        raise OSError

    before = settled_threads()
    with RemoteJwkSet(URL, fetch=fetch, timeout=60, log=False):
        called.wait(20)
        # The threads of the scheduler, of the fetch, and of the function.
        assert threads() == before + 3
    eventually(lambda: threads() <= before + 1, 5)
    gate.set()
    eventually(lambda: threads() <= before)


def test_fetch_may_read_the_state_of_its_key_set(jwk: Jwk) -> None:
    states: list[str] = []

    def fetch(url: str, headers: dict[str, str], timeout: float) -> Response:
        states.append(keys.state)
        return 200, {}, key_set(a=jwk).encode()

    # `fetch` references the key set, so only close() ends it.
    with RemoteJwkSet(URL, fetch=fetch, lazy=True) as keys:
        keys.wait_ready()
    assert states == ["empty"]


@pytest.mark.parametrize(
    "settings", [{"ca_file": "/x"}, {"proxy": "http://127.0.0.1:1"}, {"same_origin_redirects": True}]
)
def test_fetch_cannot_be_combined_with_settings_of_the_built_in_client(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="and a custom transport are mutually exclusive"):
        RemoteJwkSet(URL, fetch=urllib_fetch, **settings)
    RemoteJwkSet(URL, fetch=urllib_fetch, proxy="none", lazy=True)
