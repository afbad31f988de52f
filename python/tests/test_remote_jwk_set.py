"""Remote key sets against a loopback server. The tests check the number of requests."""

from __future__ import annotations

import _thread
import json
import ssl
import stat
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from conftest import forged
from server import Server, eventually, key_set, settled_threads, threads

from bouncer_verify import (
    InvalidArgumentError,
    InvalidSignatureError,
    Jwk,
    KeysUnavailableError,
    MalformedKeySetError,
    NoMatchingKeyError,
    Policy,
    RemoteJwkSet,
    Verifier,
    verify_token,
)
from bouncer_verify.types import KeysStats

Make = Callable[..., str]
NOWHERE = "http://127.0.0.1:1/jwks"


def ready(server: Server, **settings: Any) -> tuple[RemoteJwkSet, Verifier]:
    keys = RemoteJwkSet(server.url, **settings)
    keys.wait_ready()
    return keys, Verifier(keys, Policy.dcos())


def test_keys_are_fetched_when_the_key_set_is_made(server: Server, make_token: Make) -> None:
    keys, verifier = ready(server)
    assert verifier.jwks is keys
    assert verifier.verify(make_token()).uid == "peter"
    assert verifier.verify(make_token(kid=None).encode()).uid == "peter"
    assert [key.kid for key in keys.current().keys] == ["a"]
    assert server.count == 1
    assert server.requests[0][1]["accept"] == "application/jwk-set+json, application/json"


def test_a_lazy_key_set_is_fetched_by_the_first_verification(server: Server, make_token: Make) -> None:
    verifier = Verifier(RemoteJwkSet(server.url, lazy=True), Policy.dcos())
    time.sleep(0.1)
    assert server.count == 0
    assert verifier.verify(make_token()).uid == "peter"
    assert server.count == 1


def test_a_new_kid_costs_one_fetch_for_twenty_threads(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make
) -> None:
    keys, verifier = ready(server)
    server.say(key_set(a=jwk, b=other_jwk))
    token = make_other_token()
    start = threading.Barrier(20)

    def verify(_: int) -> str | None:
        start.wait()
        return verifier.verify(token).uid

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(verify, range(20))) == {"peter"}
    # A thread that looked the key up just before the fetch ended may cause one more fetch.
    assert server.count in (2, 3)
    assert server.requests[1][1]["cache-control"] == "no-cache"
    assert keys.generation == 2


def test_ten_thousand_random_kids_cost_two_fetches(server: Server, make_token: Make) -> None:
    keys, verifier = ready(server)
    token = make_token()
    for i in range(10_000):
        with pytest.raises(NoMatchingKeyError):
            verifier.verify(forged(token, f"kid-{i}"))
    assert verifier.verify(token).uid == "peter"
    assert server.count - 1 <= 2
    assert keys.stats()["keys_suppressed_total"] > 9_000


def test_tokens_that_would_be_rejected_anyway_cause_no_fetch(server: Server, make_other_token: Make) -> None:
    _, verifier = ready(server)
    for _ in range(100):
        with pytest.raises(NoMatchingKeyError):
            verifier.verify(make_other_token(exp=-10))
        with pytest.raises(InvalidSignatureError):
            verifier.verify(make_other_token(kid="a", exp=-10))
    assert server.count == 1


def test_a_policy_with_a_clock_works_with_remote_keys(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    keys, _ = ready(server)
    verifier = Verifier(keys, Policy.dcos().replace(clock=lambda: time.time() - 100))
    assert verifier.verify(make_token(exp=-10)).uid == "peter"
    server.say(key_set(a=jwk, b=other_jwk))
    assert verifier.verify(make_other_token(exp=-10)).uid == "peter"


@pytest.mark.parametrize(
    "verify",
    [
        lambda verifier, token: verifier.verify(token).uid,
        lambda verifier, token: verifier.with_cache(8).verify(token).uid,
        lambda verifier, token: verifier.verify_batch([token])[0].uid,
        lambda verifier, token: bytes(verifier.verify_batch_columns([token]).uid_data).decode(),
    ],
    ids=["verify", "cached", "batch", "columns"],
)
def test_a_key_that_arrives_as_the_wait_ends_is_used(
    server: Server,
    jwk: Jwk,
    other_jwk: Jwk,
    make_other_token: Make,
    verify: Callable[[Verifier, str], str | None],
) -> None:
    keys, _ = ready(server, max_wait=0.2)
    clock_calls = 0

    def now() -> float:
        nonlocal clock_calls
        clock_calls += 1
        if clock_calls == 2:
            # The fetch ends only now, after the wait of `max_wait`.
            server.open_gate.set()
            eventually(lambda: keys.generation == 2)
        return time.time()

    verifier = Verifier(keys, Policy.dcos().replace(clock=now))
    server.say(key_set(a=jwk, b=other_jwk))
    server.open_gate.clear()
    assert verify(verifier, make_other_token()) == "peter"
    assert (clock_calls, server.count) == (2, 2)


def test_a_removed_key_verifies_no_token(
    server: Server, other_jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    keys, verifier = ready(server)
    server.say(key_set(b=other_jwk))
    keys.refresh()
    assert verifier.verify(make_other_token()).uid == "peter"
    with pytest.raises(NoMatchingKeyError):
        verifier.verify(make_token())


def test_the_old_keys_stay_in_use_during_an_outage(server: Server, make_token: Make) -> None:
    keys, verifier = ready(server, ttl=1)
    server.say(status=503)
    with pytest.raises(
        KeysUnavailableError, match=r"keys of http://.*: unexpected status: HTTP 503"
    ) as caught:
        keys.refresh()
    assert caught.value.code == "keys_unavailable"
    eventually(lambda: keys.state == "stale")
    assert verifier.verify(make_token()).uid == "peter"
    eventually(lambda: keys.stats()["keys_failures_in_row"] > 0)


def test_keys_that_are_stale_for_too_long_are_unavailable(server: Server, make_token: Make) -> None:
    keys, verifier = ready(server, ttl=1, max_stale=0)
    server.say(status=500)
    eventually(lambda: keys.state == "too_old")
    with pytest.raises(KeysUnavailableError):
        verifier.verify(make_token())
    with pytest.raises(KeysUnavailableError, match="not confirmed the keys for longer than max_stale"):
        keys.current()
    assert keys.stats()["keys_last_success_seconds"] is not None


def test_there_are_no_keys_before_the_first_successful_fetch(make_token: Make) -> None:
    keys = RemoteJwkSet(NOWHERE, log=False)
    verifier = Verifier(keys, Policy.dcos())
    with pytest.raises(KeysUnavailableError, match="no connection"):
        keys.wait_ready(timeout=0.3)
    with pytest.raises(KeysUnavailableError):
        keys.current()
    with pytest.raises(KeysUnavailableError):
        verifier.verify(make_token())
    with pytest.raises(KeysUnavailableError, match="no connection"):
        keys.refresh()
    assert (keys.state, keys.stats()["keys_last_error_name"]) == ("empty", "connect")


def test_a_seed_is_used_until_the_first_fetch(server: Server, jwk: Jwk, make_token: Make) -> None:
    document = key_set(a=jwk)
    for seed in (document, document.encode()):
        keys = RemoteJwkSet(NOWHERE, seed=seed, log=False)
        assert Verifier(keys, Policy.dcos()).verify(make_token()).uid == "peter"
        assert keys.state == "stale"
        assert keys.stats()["keys_last_success_seconds"] is None
    with pytest.raises(MalformedKeySetError):
        RemoteJwkSet(NOWHERE, seed="[]")


def test_the_last_good_file_survives_a_restart(server: Server, tmp_path: Path, make_token: Make) -> None:
    path = tmp_path / "keys.json"
    keys, _ = ready(server, last_good_file=path)
    eventually(path.exists)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys.close()
    server.say(status=500)
    again = RemoteJwkSet(server.url, last_good_file=str(path), log=False)
    assert Verifier(again, Policy.dcos()).verify(make_token()).uid == "peter"
    assert again.stats()["keys_last_good_error"] is None
    path.write_text("{")
    broken = RemoteJwkSet(server.url, last_good_file=path, log=False)
    assert broken.stats()["keys_last_good_error"] is not None


def test_discovery_finds_the_keys_of_an_issuer(server: Server, make_token: Make) -> None:
    server.bodies["/.well-known/openid-configuration"] = json.dumps(
        {"issuer": server.origin, "jwks_uri": server.url}
    )
    keys = RemoteJwkSet.discover(server.origin)
    keys.wait_ready()
    assert Verifier(keys, Policy.dcos()).verify(make_token()).uid == "peter"
    assert [path for path, _ in server.requests] == ["/.well-known/openid-configuration", "/jwks"]


def test_metadata_of_another_issuer_is_rejected(server: Server) -> None:
    server.bodies["/.well-known/openid-configuration"] = json.dumps(
        {"issuer": server.origin + "/", "jwks_uri": server.url}
    )
    keys = RemoteJwkSet.discover(server.origin, log=False)
    with pytest.raises(KeysUnavailableError, match="issuer mismatch: configured"):
        keys.refresh()
    assert keys.stats()["keys_last_error_name"] == "issuer"
    start = time.monotonic()
    for source in (keys, Verifier(keys, Policy.dcos())):
        # Waiting longer does not help.
        with pytest.raises(KeysUnavailableError, match="issuer mismatch: configured"):
            source.wait_ready(60)
    assert time.monotonic() - start < 30
    assert {path for path, _ in server.requests} == {"/.well-known/openid-configuration"}


def test_redirects_are_followed_only_if_allowed(server: Server, jwk: Jwk) -> None:
    server.status = 302
    server.headers["Location"] = "/jwks"
    for follow in (False, True):
        before = server.count
        keys = RemoteJwkSet(server.url, same_origin_redirects=follow, log=False)
        with pytest.raises(KeysUnavailableError, match="redirect"):
            keys.wait_ready(0.2)
        keys.close()
        assert (server.count - before > 3) == follow


@pytest.mark.parametrize(
    "settings",
    [
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": float("nan")},
        {"ttl": float("inf")},
        {"ttl": 10**400},
        {"ttl": "1"},
        {"ttl": timedelta(days=400)},
        {"max_stale": 1e9},
        {"timeout": 0},
        {"timeout": 301.0},
        {"max_wait": -0.1},
        {"max_wait": 1000},
        {"proxy": "not a proxy"},
    ],
)
def test_invalid_settings_are_rejected(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        RemoteJwkSet(NOWHERE, **settings)
    with pytest.raises(InvalidArgumentError):
        RemoteJwkSet.discover("http://127.0.0.1:1", **settings)


@pytest.mark.parametrize("url", ["", "jwks", "http://idp.example/", "https://u:p@idp.example/", "file:///x"])
def test_urls_that_must_not_be_fetched_are_rejected(url: str) -> None:
    with pytest.raises(InvalidArgumentError):
        RemoteJwkSet(url)
    with pytest.raises(InvalidArgumentError):
        RemoteJwkSet.discover(url)


def test_http_to_another_machine_needs_allow_http() -> None:
    RemoteJwkSet("http://idp.invalid/", allow_http=True, lazy=True)


@pytest.mark.parametrize(
    "settings",
    [
        {"ttl": []},
        {"ttl": True},
        {"proxy": True},
        {"seed": 1},
        {"fetch": "f"},
        {"ca_file": 1},
        {"log": "no"},
        {"lazy": 1},
        {"prefetch": False},
    ],
)
def test_settings_of_other_types_raise_type_error(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        RemoteJwkSet(NOWHERE, **settings)


def test_a_timeout_must_be_finite_and_not_negative() -> None:
    keys = RemoteJwkSet(NOWHERE, lazy=True)
    for call in (keys.wait_ready, keys.refresh, keys.wait_ready_async):
        for timeout in (-1.0, float("nan"), float("inf")):
            with pytest.raises(InvalidArgumentError):
                call(timeout)
    keys.close()
    for timeout in (0, 0.0, 1, 1e19):
        for call in (keys.wait_ready, keys.refresh):
            with pytest.raises(KeysUnavailableError):
                call(timeout)


def test_a_proxy_is_not_used_for_a_loopback_address(server: Server) -> None:
    proxied = RemoteJwkSet("https://idp.invalid/jwks", proxy=server.origin, log=False)
    eventually(lambda: server.count)
    assert server.requests[0][0] == "idp.invalid:443"
    assert proxied.stats()["keys_last_success_seconds"] is None
    RemoteJwkSet(server.url, proxy="http://127.0.0.1:1", log=False).wait_ready()


def test_the_environment_s_proxy_is_the_default(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.origin)
    direct = RemoteJwkSet("https://idp.invalid/jwks", proxy="none", log=False)
    eventually(lambda: direct.stats()["keys_attempts_total"])
    assert server.count == 0
    proxied = RemoteJwkSet("https://idp.invalid/jwks", log=False)
    eventually(lambda: server.count)
    proxied.close()


def test_the_certificates_of_a_ca_file_are_trusted(
    tmp_path: Path, jwk: Jwk, make_token: Make, authority: tuple[Path, ssl.SSLContext]
) -> None:
    ca_file, context = authority
    server = Server(key_set(a=jwk), tls=context)
    for path in (ca_file, str(ca_file)):
        keys = RemoteJwkSet(server.url, ca_file=path)
        assert Verifier(keys, Policy.dcos()).verify(make_token()).uid == "peter"
    keys = RemoteJwkSet(server.url, log=False)
    with pytest.raises(KeysUnavailableError, match="no trusted CA signed the server's certificate"):
        keys.refresh()
    assert keys.stats()["keys_last_error_name"] == "tls"
    missing = tmp_path / "missing.pem"
    with pytest.raises(InvalidArgumentError, match=r"missing\.pem: No such file or directory"):
        RemoteJwkSet(server.url, log=False, ca_file=missing)
    server.close()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A file with a self-signed certificate for 127.0.0.1, and a server context that uses it."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ca_file, key_file = tmp_path / "ca.pem", tmp_path / "key.pem"
    ca_file.write_bytes(certificate.public_bytes(pem))
    key_file.write_bytes(key.private_bytes(pem, *private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, key_file)
    return ca_file, context


def test_the_stats_show_fetches_and_failures(server: Server, make_token: Make) -> None:
    before = time.time()
    keys = RemoteJwkSet(server.url + "?secret=1")
    keys.wait_ready()
    stats = keys.stats()
    assert stats["source"] == server.url
    assert stats["keys_state"] == keys.state == "fresh"
    assert stats["keys_generation"] == keys.generation == 1
    assert (stats["keys_usable"], stats["keys_skipped"]) == (1, 0)
    assert stats["keys_sha256"] is not None
    assert len(stats["keys_sha256"]) == 64
    assert stats["keys_last_success_seconds"] is not None
    assert -0.01 <= stats["keys_last_success_seconds"] - before < 10
    assert stats["keys_age_seconds"] is not None
    assert 0 <= stats["keys_age_seconds"] < 10
    assert stats["keys_last_error"] is stats["keys_last_error_name"] is None
    assert stats["keys_last_error_seconds"] is None
    assert stats["keys_next_attempt_seconds"] is not None
    assert 400 < stats["keys_next_attempt_seconds"] <= 480
    assert (stats["keys_attempts_total"], stats["keys_scheduled_total"]) == (1, 1)
    assert (stats["keys_failures_total"], stats["keys_failures_in_row"]) == (0, 0)
    server.say(b"x" * 1_200_000)
    with pytest.raises(KeysUnavailableError):
        keys.refresh()
    stats = keys.stats()
    assert stats["keys_last_error_name"] == "too_large"
    assert (
        stats["keys_last_error"] == "too large: the body has 1200000 bytes, but max_document_len is 1048576"
    )
    assert stats["keys_last_error_seconds"] is not None
    assert (stats["keys_attempts_total"], stats["keys_failures_total"]) == (2, 1)
    assert (stats["keys_requested_total"], stats["keys_state"]) == (1, "fresh")


def test_the_stats_have_the_documented_names(server: Server) -> None:
    keys, _ = ready(server)
    assert list(keys.stats()) == list(KeysStats.__annotations__)
    assert repr(keys) == f"<RemoteJwkSet {server.url}: fresh, 1 keys>"
    assert f'\nbouncer_keys_usable{{source="{server.url}"}} 1\n' in keys.prometheus()
    with pytest.raises(AttributeError):
        keys.state = "closed"  # type: ignore[misc]


def test_a_json_document_makes_a_key_set(server: Server, make_token: Make) -> None:
    keys = RemoteJwkSet.from_json(json.dumps({"url": server.url, "lazy": True, "ttl": "5m"}))
    assert keys.state == "empty"
    assert Verifier(keys, Policy.dcos()).verify(make_token()).uid == "peter"
    with pytest.raises(InvalidArgumentError, match='keys has no setting "urls": did you mean "url"'):
        RemoteJwkSet.from_json('{"urls": "https://idp.example/"}')


def test_the_error_of_an_unknown_setting_suggests_a_name() -> None:
    with pytest.raises(TypeError, match='keys has no setting "max_stal": did you mean "max_stale"'):
        RemoteJwkSet(NOWHERE, max_stal=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match='keys has no setting "leeway": it is a setting of policy'):
        RemoteJwkSet.discover(NOWHERE, leeway=1)  # type: ignore[call-arg]


def test_a_closed_key_set_has_no_keys_and_no_thread(server: Server, make_token: Make) -> None:
    before = settled_threads()
    with RemoteJwkSet(server.url) as keys:
        keys.wait_ready()
        verifier = Verifier(keys, Policy.dcos())
        verifier.verify(make_token())
    keys.close()
    eventually(lambda: threads() <= before)
    assert keys.state == "closed"
    start = time.monotonic()
    for call in (
        keys.current,
        keys.wait_ready,
        keys.refresh,
        lambda: verifier.verify(make_token()),
    ):
        with pytest.raises(KeysUnavailableError, match=r"closed|no keys are available"):
            call()
    assert time.monotonic() - start < 1


def test_closing_ends_every_wait(server: Server, make_token: Make) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, timeout=60, max_wait=60, log=False)
    verifier = Verifier(keys, Policy.dcos())
    eventually(lambda: server.count == 1)

    def outcome(call: Callable[[], object]) -> str:
        try:
            call()
        except KeysUnavailableError:
            return "unavailable"
        return "?"

    token = make_token()
    calls = [
        keys.wait_ready,
        lambda: keys.refresh(60),
        lambda: keys.wait_ready(60),
        lambda: verifier.verify(token),
    ]
    with ThreadPoolExecutor(4) as pool:
        outcomes = pool.map(outcome, calls)
        time.sleep(0.3)
        start = time.monotonic()
        keys.close()
        assert set(outcomes) == {"unavailable"}
    assert time.monotonic() - start < 2


def test_two_hundred_dropped_key_sets_leave_no_threads(server: Server) -> None:
    before = settled_threads()
    kept = [RemoteJwkSet(server.url, log=bool(i % 2)) for i in range(200)]
    for keys in kept:
        keys.wait_ready()
    # All key sets share one thread.
    eventually(lambda: threads() == before + 1)
    del kept, keys
    eventually(lambda: threads() <= before)


def test_a_verifier_keeps_its_keys_alive(server: Server, make_token: Make) -> None:
    verifier = Verifier(RemoteJwkSet(server.url), Policy.dcos())
    assert verifier.verify(make_token()).uid == "peter"


def test_other_threads_run_during_every_wait(server: Server, make_token: Make) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, max_wait=0.5, log=False)
    verifier = Verifier(keys, Policy.dcos())
    waits: list[Callable[[], object]] = [
        lambda: verifier.verify(make_token()),
        lambda: keys.wait_ready(0.5),
        lambda: verifier.wait_ready(0.5),
        lambda: keys.refresh(0.5),
    ]
    before = sys.getswitchinterval()
    for wait in waits:
        turns, ready, done = 0, threading.Event(), threading.Event()

        def other(ready: threading.Event, done: threading.Event) -> None:
            nonlocal turns
            ready.set()
            while not done.is_set():
                turns += 1
                time.sleep(1e-3)

        thread = threading.Thread(target=other, args=(ready, done))
        thread.start()
        ready.wait()
        # With this interval in seconds, Python switches threads only if one releases the GIL.
        sys.setswitchinterval(1_000)
        try:
            with pytest.raises(KeysUnavailableError):
                wait()
        finally:
            sys.setswitchinterval(before)
            done.set()
            thread.join()
        assert turns > 50


@pytest.mark.usefixtures("python_handles_sigint")
def test_ctrl_c_interrupts_every_wait(server: Server, make_token: Make) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, timeout=60, max_wait=60, log=False)
    verifier = Verifier(keys, Policy.dcos())
    waits: list[Callable[[], object]] = [
        lambda: verifier.verify(make_token()),
        lambda: verifier.verify_authorization(f"Bearer {make_token()}"),
        lambda: verifier.verify_batch([make_token()] * 200, threads=2),
        lambda: verifier.with_cache(8).verify_batch_columns([make_token()]),
        lambda: verifier.wait_ready(60),
        lambda: keys.wait_ready(60),
        lambda: keys.refresh(60),
    ]
    for wait in waits:
        timer = threading.Timer(0.2, _thread.interrupt_main)
        start = time.monotonic()
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            wait()
        assert time.monotonic() - start < 2
        timer.join()


def test_a_verifier_rejects_arguments_of_other_types(server: Server) -> None:
    keys, verifier = ready(server)
    others: list[Any] = [None, server.url, verifier, keys.current().keys]
    for other in others:
        with pytest.raises(TypeError, match="jwks must be a JwkSet or a RemoteJwkSet, not"):
            Verifier(other, Policy.dcos())
    with pytest.raises(TypeError):
        verify_token(keys, Policy.dcos(), "a.b.c")  # type: ignore[arg-type]
