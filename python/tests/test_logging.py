"""The records of the logger "bouncer_verify"."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from server import Server, eventually, key_set

from bouncer_verify import Jwk, KeysUnavailableError, NoMatchingKeyError, Policy, RemoteJwkSet, Verifier


def records(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "bouncer_verify"
    ]


def test_changes_are_info_and_failures_are_warnings(
    caplog: pytest.LogCaptureFixture, server: Server, jwk: Jwk, other_jwk: Jwk
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = RemoteJwkSet(server.url + "?secret=1")
    keys.wait_ready()
    eventually(lambda: len(records(caplog)) == 1)
    keys.refresh()  # the keys are unchanged
    server.say(key_set(a=jwk, b=other_jwk))
    keys.refresh()
    eventually(lambda: len(records(caplog)) == 2)
    server.say(status=503)
    with pytest.raises(KeysUnavailableError):
        keys.refresh()
    eventually(lambda: len(records(caplog)) == 3)
    source = f"keys of {server.url}"
    first, second, third = records(caplog)
    assert first == ("INFO", f"{source}: generation 1 with 1 usable and 0 skipped keys")
    assert second == ("INFO", f"{source}: generation 2 with 2 usable and 0 skipped keys")
    assert third[0] == "WARNING"
    assert third[1].startswith(
        f"{source}: unexpected status: HTTP 503 (status); scheduled failures in a row: 0; next attempt in 4"
    )
    keys.close()
    assert "secret" not in caplog.text


def test_each_failure_is_logged_once_and_closing_is_not_logged(
    caplog: pytest.LogCaptureFixture, server: Server
) -> None:
    server.say(b"{")
    keys = RemoteJwkSet(server.url)
    eventually(lambda: keys.stats()["keys_attempts_total"] >= 3)
    keys.close()
    attempts = keys.stats()["keys_attempts_total"]
    logged = [text for level, text in records(caplog) if level == "WARNING"]
    assert attempts - 1 <= len(logged) <= attempts
    assert "scheduled failures in a row: 1;" in logged[0]
    assert "scheduled failures in a row: 2;" in logged[1]


def test_a_failure_is_logged_even_if_the_key_set_is_closed_at_once(
    caplog: pytest.LogCaptureFixture, server: Server
) -> None:
    server.say(status=503)
    for _ in range(50):
        keys = RemoteJwkSet(server.url, lazy=True)
        with pytest.raises(KeysUnavailableError):
            keys.refresh()
        keys.close()
    logged = [text for level, text in records(caplog) if level == "WARNING"]
    assert len(logged) == 50 and all("HTTP 503" in text for text in logged)


def test_a_last_good_file_that_cannot_be_written_is_logged_once(
    caplog: pytest.LogCaptureFixture, server: Server, tmp_path: Path
) -> None:
    keys = RemoteJwkSet(server.url, last_good_file=tmp_path / "missing" / "keys.json")
    keys.wait_ready()
    for _ in range(3):
        keys.refresh()
    keys.close()
    logged = [text for level, text in records(caplog) if level == "WARNING"]
    assert len(logged) == 1 and "last-good file" in logged[0] and server.url in logged[0]


def test_unchanged_keys_after_an_outage_are_not_logged(
    caplog: pytest.LogCaptureFixture, server: Server
) -> None:
    caplog.set_level(logging.INFO)
    document = server.body
    keys = RemoteJwkSet(server.url)
    keys.wait_ready()
    server.say(status=500)
    with pytest.raises(KeysUnavailableError):
        keys.refresh()
    server.say(document)
    keys.refresh()
    keys.refresh()
    assert [level for level, _ in records(caplog)] == ["INFO", "WARNING"]


def test_no_record_contains_a_token(
    caplog: pytest.LogCaptureFixture, server: Server, make_token: Callable[..., str]
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = RemoteJwkSet(server.url)
    verifier = Verifier(keys, Policy.dcos())
    token = make_token(kid="unknown")
    with pytest.raises(NoMatchingKeyError):
        verifier.verify(token)
    server.say(status=500)
    with pytest.raises(KeysUnavailableError):
        verifier.verify(make_token(kid="unknown too"))
    eventually(lambda: len(records(caplog)) == 2)
    assert not any(part in caplog.text for part in (*token.split("."), "unknown", "peter"))


def test_nothing_is_logged_with_log_false(caplog: pytest.LogCaptureFixture, server: Server) -> None:
    caplog.set_level(logging.DEBUG)
    keys = RemoteJwkSet(server.url, log=False)
    keys.wait_ready()
    server.say(status=500)
    with pytest.raises(KeysUnavailableError):
        keys.refresh()
    assert records(caplog) == []


def test_a_handler_may_use_the_key_set(server: Server) -> None:
    states: list[str] = []

    class ReadsState(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            states.append(keys.state)

    handler = ReadsState()
    logger = logging.getLogger("bouncer_verify")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        keys = RemoteJwkSet(server.url, lazy=True)
        keys.wait_ready()
        eventually(lambda: states == ["fresh"])
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
