"""Token renewers against a loopback identity provider. The tests check the number of logins."""

from __future__ import annotations

import _thread
import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from conftest import Sign
from server import eventually
from test_fork import exit_code, forked

from bouncer_verify import (
    InvalidArgumentError,
    Jwk,
    JwkSet,
    LoginRejectedError,
    LoginUnavailableError,
    Policy,
    TokenRenewer,
    UnusableCredentialsError,
    is_token_rejection,
    verify_token,
)
from bouncer_verify.types import RenewerStats

NOWHERE = "http://127.0.0.1:1/login"
VARIABLE = "DCOS_SERVICE_ACCOUNT_CREDENTIAL"


class Provider:
    """Returns a new token for every POST: OAuth 2.0 at "/token", DC/OS at any other path."""

    def __init__(self, sign: Sign) -> None:
        self.sign = sign
        self.status = 200
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.open_gate = threading.Event()
        self.open_gate.set()
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._listener.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._listener.server_port}"
        self.url = f"{self.origin}/login"
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def count(self) -> int:
        return len(self.requests)

    def token(self, number: int) -> str:
        return self.sign({"uid": "service", "exp": 4_000_000_000, "number": number})

    def close(self) -> None:
        self.open_gate.set()
        self._listener.shutdown()
        self._listener.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fields = {name.lower(): value for name, value in self.headers.items()}
                provider.requests.append((self.path, fields, body))
                number = provider.count
                provider.open_gate.wait(60)
                if self.path == "/token":
                    result = {"access_token": f"opaque-{number}", "token_type": "Bearer", "expires_in": 3600}
                else:
                    result = {"token": provider.token(number)}
                data = json.dumps(result).encode() if provider.status == 200 else b"secret"
                try:
                    self.send_response(provider.status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def provider(sign: Sign) -> Iterator[Provider]:
    provider = Provider(sign)
    yield provider
    provider.close()


@pytest.fixture
def secret(provider: Provider, private_pem: str) -> str:
    return account(private_pem, provider.url)


def account(private_pem: str, url: str) -> str:
    members = {"uid": "service", "private_key": private_pem, "login_endpoint": url, "scheme": "RS256"}
    return json.dumps(members)


def test_a_service_account_sends_the_login_request_of_dcos(provider: Provider, secret: str, jwk: Jwk) -> None:
    renewer = TokenRenewer.service_account(secret)
    assert renewer.token() == provider.token(1)
    assert renewer.authorization() == f"token={provider.token(1)}"
    renewer.wait_ready()
    assert provider.count == 1
    path, headers, body = provider.requests[0]
    assert (path, headers["content-type"]) == ("/login", "application/json")
    request = json.loads(body)
    assert sorted(request) == ["token", "uid"]
    login = verify_token(JwkSet([jwk]), Policy.dcos(), request["token"])
    assert (request["uid"], login.uid) == ("service", "service")


def test_a_service_account_may_come_from_a_file_or_the_environment(
    provider: Provider, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.json"
    path.write_text(secret)
    for file in (path, str(path)):
        TokenRenewer.service_account_file(file).wait_ready()
    for value in (secret, str(path)):
        monkeypatch.setenv(VARIABLE, value)
        TokenRenewer.service_account_from_env().wait_ready()
    assert provider.count == 4
    monkeypatch.delenv(VARIABLE)
    calls: list[Callable[[], TokenRenewer]] = [
        lambda: TokenRenewer.service_account_from_env(),
        lambda: TokenRenewer.service_account("{}"),
        lambda: TokenRenewer.service_account_file(tmp_path / "missing"),
    ]
    for call in calls:
        with pytest.raises(UnusableCredentialsError):
            call()


def test_settings_are_keyword_arguments(provider: Provider, secret: str, private_pem: str) -> None:
    elsewhere = account(private_pem, "https://idp.invalid/")
    renewer = TokenRenewer.service_account(
        elsewhere, login_endpoint=provider.url, header="bearer", lazy=True, proxy="none", log=False
    )
    time.sleep(0.1)
    assert provider.count == 0
    assert renewer.authorization() == f"Bearer {provider.token(1)}"
    wrong: list[dict[str, Any]] = [
        {"unknown": 1},
        {"log": "no"},
        {"proxy": 1},
        {"header": True},
        {"timeout": []},
    ]
    for settings in wrong:
        with pytest.raises(TypeError):
            TokenRenewer.service_account(secret, **settings)
    unusable: list[dict[str, Any]] = [
        {"timeout": 0},
        {"timeout": "1"},
        {"header": "acs"},
        {"timeout": float("nan")},
        {"max_wait": -1},
        {"max_wait": 1000},
        {"proxy": "not a proxy"},
        {"login_endpoint": "http://idp.invalid/"},
    ]
    for settings in unusable:
        with pytest.raises(InvalidArgumentError):
            TokenRenewer.service_account(secret, **settings)
    with pytest.raises(InvalidArgumentError, match=r"login.endpoint"):
        TokenRenewer.client_credentials(NOWHERE, "a", "b", login_endpoint=NOWHERE)


def test_twenty_threads_that_reject_the_same_token_cause_one_login(provider: Provider, secret: str) -> None:
    renewer = TokenRenewer.service_account(secret)
    token = renewer.token()
    start = threading.Barrier(20)

    def reject(_: int) -> str:
        start.wait()
        return renewer.reject(token)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(reject, range(20))) == {provider.token(2)}
    assert provider.count == 2
    assert (renewer.generation, renewer.stats()["renewer_rejections_total"]) == (2, 1)
    with pytest.raises(LoginUnavailableError, match="rejected"):
        renewer.reject(provider.token(2))
    assert provider.count == 2
    assert renewer.token() == provider.token(2)


def test_a_renewal_that_fails_keeps_the_token(provider: Provider, secret: str) -> None:
    renewer = TokenRenewer.service_account(secret, log=False)
    token = renewer.token()
    for status, exception in ((401, LoginRejectedError), (503, LoginUnavailableError)):
        provider.status = status
        with pytest.raises(exception, match=str(status)):
            renewer.renew()
        assert renewer.token() == token
    provider.status = 200
    renewer.renew()
    assert renewer.token() != token


@pytest.mark.parametrize(
    ("status", "exception"),
    [(401, LoginRejectedError), (404, LoginRejectedError), (503, LoginUnavailableError)],
)
def test_the_error_of_a_failed_first_login_names_the_cause(
    provider: Provider, secret: str, status: int, exception: type[Exception]
) -> None:
    provider.status = status
    renewer = TokenRenewer.service_account(secret, max_wait=0.5, log=False)
    for call in (renewer.token, renewer.authorization, lambda: renewer.wait_ready(0.3)):
        with pytest.raises(exception):
            call()
    assert (renewer.state, renewer.generation) == ("empty", 0)
    stats = renewer.stats()
    assert stats["renewer_failures_total"] == stats["renewer_attempts_total"] >= 1
    assert stats["renewer_last_error_seconds"] is not None


def test_a_wait_ends_at_once_if_the_operator_has_to_act(
    provider: Provider, secret: str, tmp_path: Path
) -> None:
    provider.status = 401
    rejected = TokenRenewer.service_account(secret, log=False)
    path = tmp_path / "secret.json"
    path.write_text(secret)
    missing = TokenRenewer.service_account_file(path, lazy=True, log=False)
    path.unlink()
    start, used = time.monotonic(), time.process_time()
    with pytest.raises(LoginRejectedError):
        rejected.wait_ready(5)
    with pytest.raises(UnusableCredentialsError):
        missing.wait_ready(5)
    assert time.process_time() - used < 1
    assert time.monotonic() - start < 4


def test_a_token_that_expires_during_the_wait_is_not_returned() -> None:
    end = threading.Event()
    # Two logins are at least one second apart, so the renewal starts well before the token expires.
    given: list[tuple[str, float]] = [("first", 4.0)]

    def source() -> tuple[str, float]:
        if not given:
            end.wait(20)
        return given.pop()

    renewer = TokenRenewer.from_callable(source, max_wait=2, log=False)
    assert renewer.token() == "first"
    # In the last quarter of its lifetime, a caller waits for the renewal, which hangs.
    eventually(lambda: renewer.state == "expiring")
    with pytest.raises(LoginUnavailableError):
        renewer.token()
    renewer.close()
    end.set()


def test_client_credentials(provider: Provider) -> None:
    renewer = TokenRenewer.client_credentials(
        f"{provider.origin}/token", "client", "se cret", parameters={"scope": "a b", "audience": "x"}
    )
    assert renewer.authorization() == "Bearer opaque-1"
    path, headers, body = provider.requests[0]
    assert path == "/token"
    assert headers["authorization"] == "Basic " + base64.b64encode(b"client:se+cret").decode()
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    expected = {"grant_type": ["client_credentials"], "scope": ["a b"], "audience": ["x"]}
    assert parse_qs(body.decode()) == expected
    left = renewer.stats()["renewer_expires_in_seconds"]
    assert left is not None
    assert 3590 < left <= 3600


def test_a_client_secret_may_be_in_a_file(provider: Provider, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("se cret\n")
    settings: Any = {"token_url": f"{provider.origin}/token", "client_id": "client"}
    renewers = [
        TokenRenewer.client_credentials(**settings, client_secret_file=path),
        TokenRenewer.from_json(json.dumps({**settings, "client_secret_file": str(path)}), log=False),
    ]
    for renewer in renewers:
        renewer.wait_ready()
    basic = "Basic " + base64.b64encode(b"client:se+cret").decode()
    assert [headers["authorization"] for _, headers, _ in provider.requests] == [basic, basic]
    with pytest.raises(InvalidArgumentError, match="needs client_secret or client_secret_file"):
        TokenRenewer.client_credentials(**settings, client_secret=None)


def test_a_callable_supplies_tokens() -> None:
    given: list[Any] = ["first", ("second", 60.0), ("third", 120)]
    renewer = TokenRenewer.from_callable(lambda: given.pop(0), name="vault")
    assert renewer.authorization() == "Bearer first"
    assert renewer.stats()["renewer_expires_in_seconds"] is None
    assert renewer.reject("first") == "second"
    left = renewer.stats()["renewer_expires_in_seconds"]
    assert left is not None
    assert 50 < left <= 60
    renewer.renew()
    assert renewer.token() == "third"
    assert renewer.stats()["source"] == "vault"
    with pytest.raises(TypeError):
        TokenRenewer.from_callable("token")  # type: ignore[arg-type]


def test_a_callable_that_raises_is_a_failed_login() -> None:
    def source() -> str:
        raise RuntimeError("secret")

    wrong: list[tuple[Callable[[], Any], str]] = [
        (source, "RuntimeError"),
        (lambda: 1, "TypeError"),
        (lambda: "a b", "character"),
        (lambda: ("a", -1.0), "lifetime"),
    ]
    for call, text in wrong:
        renewer = TokenRenewer.from_callable(call, max_wait=0.1, log=False)
        with pytest.raises(LoginUnavailableError, match=text) as caught:
            renewer.renew()
        assert "secret" not in str(caught.value)
        assert "secret" not in repr(renewer.stats())


def test_a_callable_that_hangs_is_not_called_again() -> None:
    end = threading.Event()
    calls: list[int] = []

    def source() -> str:
        calls.append(1)
        end.wait(20)
        return "late"

    renewer = TokenRenewer.from_callable(source, timeout=0.1, max_wait=0.1, log=False)
    eventually(lambda: renewer.stats()["renewer_failures_total"] >= 2)
    assert len(calls) == 1
    assert renewer.stats()["renewer_last_error_name"] == "timeout"
    end.set()
    renewer.close()


def test_a_closed_renewer_has_no_token(provider: Provider, secret: str) -> None:
    with TokenRenewer.service_account(secret) as renewer:
        token = renewer.token()
    renewer.close()
    assert renewer.state == "closed"
    start = time.monotonic()
    for call in (renewer.token, renewer.wait_ready, renewer.renew, lambda: renewer.reject(token)):
        with pytest.raises(LoginUnavailableError, match="closed"):
            call()
    assert time.monotonic() - start < 1


def test_closing_ends_every_wait(provider: Provider, secret: str) -> None:
    provider.open_gate.clear()
    renewer = TokenRenewer.service_account(secret, timeout=60, max_wait=60, log=False)
    eventually(lambda: provider.count == 1)

    def outcome(call: Callable[[], object]) -> str:
        try:
            call()
        except LoginUnavailableError:
            return "unavailable"
        return "?"

    with ThreadPoolExecutor(3) as pool:
        waits = (renewer.token, lambda: renewer.wait_ready(60), lambda: renewer.renew(60))
        outcomes = pool.map(outcome, waits)
        time.sleep(0.3)
        start = time.monotonic()
        renewer.close()
        assert set(outcomes) == {"unavailable"}
    assert time.monotonic() - start < 2


@pytest.mark.usefixtures("python_handles_sigint")
def test_ctrl_c_interrupts_every_wait(provider: Provider, secret: str) -> None:
    provider.open_gate.clear()
    renewer = TokenRenewer.service_account(secret, timeout=60, max_wait=60, log=False)
    for wait in (renewer.token, lambda: renewer.wait_ready(60), lambda: renewer.renew(60)):
        timer = threading.Timer(0.2, _thread.interrupt_main)
        start = time.monotonic()
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            wait()
        assert time.monotonic() - start < 2
        timer.join()
    renewer.close()


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_child_keeps_the_token_and_renews_it_itself(provider: Provider, secret: str) -> None:
    renewer = TokenRenewer.service_account(secret)
    token = renewer.token()
    logins = provider.count

    def child() -> None:
        start = time.monotonic()
        assert renewer.token() == token
        assert time.monotonic() - start < 0.1
        assert renewer.stats()["renewer_attempts_total"] == 0
        assert renewer.reject(token) != token
        stats = renewer.stats()
        assert (stats["renewer_attempts_total"], stats["renewer_rejections_total"]) == (1, 1)

    assert exit_code(forked(child)) == 0
    assert provider.count == logins + 1
    assert renewer.token() == token


def test_logs_repr_and_stats_contain_no_secret(
    caplog: pytest.LogCaptureFixture, provider: Provider, secret: str, private_pem: str
) -> None:
    caplog.set_level(logging.DEBUG)
    renewer = TokenRenewer.service_account(secret, login_endpoint=provider.url + "?secret=1")
    renewer.wait_ready()
    provider.status = 503
    with pytest.raises(LoginUnavailableError):
        renewer.renew()
    eventually(lambda: len(caplog.records) == 2)
    first, second = [(record.levelname, record.getMessage()) for record in caplog.records]
    source = f"token of {provider.url}"
    assert first[0] == "INFO"
    assert first[1].startswith(f"{source}: generation 1; next login in ")
    assert second[0] == "WARNING"
    assert second[1].startswith(
        f"{source}: unexpected status: HTTP 503 (status); scheduled failures in a row: 0; next login in "
    )
    assert repr(renewer) == f"<TokenRenewer {provider.url}: valid>"
    shown = caplog.text + repr(renewer) + repr(renewer.stats())
    for hidden in ("secret", *provider.token(1).split("."), *private_pem.split("\n")[1:3]):
        assert hidden not in shown


def test_the_stats_have_the_documented_names(provider: Provider, secret: str) -> None:
    renewer = TokenRenewer.service_account(secret, log=False)
    renewer.wait_ready()
    provider.status = 401
    with pytest.raises(LoginRejectedError):
        renewer.renew()
    stats = renewer.stats()
    assert list(stats) == list(RenewerStats.__annotations__)
    assert (stats["source"], stats["renewer_state"], renewer.state) == (provider.url, "valid", "valid")
    assert stats["renewer_generation"] == renewer.generation == 1
    assert (stats["renewer_attempts_total"], stats["renewer_failures_total"]) == (2, 1)
    assert (stats["renewer_scheduled_total"], stats["renewer_requested_total"]) == (1, 1)
    assert stats["renewer_last_error"] is not None
    assert stats["renewer_last_error"].startswith("the login was rejected: HTTP 401")
    assert stats["renewer_last_error_name"] == "rejected"
    assert stats["renewer_last_error_seconds"] is not None
    assert abs(time.time() - stats["renewer_last_error_seconds"]) < 10
    assert f'\nbouncer_renewer_failures_total{{source="{provider.url}"}} 1\n' in renewer.prometheus()


def test_only_responses_that_require_a_token_are_token_rejections() -> None:
    assert is_token_rejection(401)
    assert is_token_rejection(401, "acsjwt")
    assert is_token_rejection(401, "")
    assert is_token_rejection(200, grpc_status="16")
    assert is_token_rejection(200, None, 16)
    assert not is_token_rejection(401, 'Basic realm="app"')
    assert not is_token_rejection(403)
    assert not is_token_rejection(200, grpc_status=7)
