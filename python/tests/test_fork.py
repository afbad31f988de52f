"""Key sets and verifiers that a process made before os.fork also work in the child."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from conftest import forged
from server import Server, eventually, key_set, threads

from bouncer_verify import Jwk, KeysUnavailableError, Policy, RemoteJwkSet, Verifier
from bouncer_verify.exceptions import BouncerError

Make = Callable[..., str]

# CPython warns that a child has no threads of its parent. The child starts new threads if needed.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


def forked(work: Callable[[], object]) -> int:
    """Runs `work` in a child, which is killed after 20 seconds. Returns its process id."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return process


def exit_code(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def ready(server: Server, **settings: Any) -> tuple[RemoteJwkSet, Verifier]:
    keys = RemoteJwkSet(server.url, **settings)
    keys.wait_ready()
    return keys, Verifier(keys, Policy.dcos())


def test_a_child_verifies_without_a_fetch(server: Server, make_token: Make) -> None:
    keys, verifier = ready(server)
    token = make_token()

    def child() -> None:
        assert verifier.verify(token).uid == "peter"
        assert threads() == 1
        assert (keys.stats()["keys_attempts_total"], keys.state) == (0, "fresh")
        keys.wait_ready(0)

    assert exit_code(forked(child)) == 0
    assert server.count == 1


def test_a_child_has_the_entries_of_a_document_and_can_reload_them(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    entry: dict[str, Any] = {"profile": "dcos", "keys": {"url": server.url}}
    verifier = Verifier.from_config({"accept": [entry]})
    verifier.wait_ready()
    server.say(key_set(b=other_jwk))
    server.bodies["/other"] = key_set(b=jwk)

    def child() -> None:
        assert verifier.verify(make_token()).uid == "peter"
        # A fetch, by a thread of the child.
        assert verifier.verify(make_other_token()).kid == "b"
        verifier.reload({"accept": [entry | {"keys": {"url": f"{server.origin}/other"}}]})
        verifier.wait_ready()
        assert verifier.verify(make_token(kid="b")).kid == "b"

    assert exit_code(forked(child)) == 0
    assert verifier.verify(make_token()).kid == "a"
    assert server.count == 3


def test_a_child_fetches_an_unknown_kid_with_its_own_thread(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make
) -> None:
    keys, verifier = ready(server)
    server.say(key_set(a=jwk, b=other_jwk))
    token = make_other_token()

    def child() -> None:
        assert verifier.verify(token).uid == "peter"
        stats = keys.stats()
        assert (stats["keys_attempts_total"], stats["keys_unknown_kid_total"]) == (1, 1)
        assert keys.generation == 2

    assert exit_code(forked(child)) == 0
    assert server.count == 2
    # A fetch of the child does not change the keys of the parent.
    assert keys.generation == 1
    assert exit_code(forked(child)) == 0


def test_a_child_refreshes_the_keys_on_schedule(server: Server, make_token: Make) -> None:
    keys, verifier = ready(server, ttl=1)
    token = make_token()

    def child() -> None:
        verifier.verify(token)
        eventually(lambda: verifier.verify(token) and keys.stats()["keys_attempts_total"] >= 2)

    assert exit_code(forked(child)) == 0


def test_a_child_fetches_keys_that_the_parent_has_not_fetched(server: Server, make_token: Make) -> None:
    keys = RemoteJwkSet(server.url, lazy=True)
    verifier = Verifier(keys, Policy.dcos())
    token = make_token()
    children = [forked(lambda: verifier.verify(token)) for _ in range(3)]
    assert [exit_code(child) for child in children] == [0, 0, 0]
    assert server.count == 3
    assert keys.state == "empty"


def test_a_child_calls_the_program_s_own_client_and_logs(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make, caplog: pytest.LogCaptureFixture
) -> None:
    documents = [key_set(a=jwk)]

    def fetch(url: str, headers: dict[str, str], timeout: float) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, documents[-1].encode()

    caplog.set_level("INFO")
    keys = RemoteJwkSet("https://idp.example/", fetch=fetch)
    keys.wait_ready()
    verifier = Verifier(keys, Policy.dcos())
    documents.append(key_set(a=jwk, b=other_jwk))
    token = make_other_token()

    def child() -> None:
        assert verifier.verify(token).uid == "peter"
        eventually(lambda: "generation 2" in caplog.text)

    assert exit_code(forked(child)) == 0


def test_a_child_calls_the_program_s_own_client_while_the_parent_s_call_hangs(
    jwk: Jwk, make_token: Make
) -> None:
    parent, called, gate = os.getpid(), threading.Event(), threading.Event()

    def fetch(url: str, headers: dict[str, str], timeout: float) -> tuple[int, dict[str, str], bytes]:
        if os.getpid() == parent:
            called.set()
            gate.wait(60)
        return 200, {}, key_set(a=jwk).encode()

    keys = RemoteJwkSet("https://idp.example/", fetch=fetch, timeout=60)
    verifier = Verifier(keys, Policy.dcos())
    called.wait(20)
    token = make_token()
    assert exit_code(forked(lambda: verifier.verify(token))) == 0
    gate.set()
    keys.wait_ready()


def test_children_of_a_busy_parent_do_not_deadlock(
    server: Server, jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    """Forks twenty times while threads verify, wait and read the stats, and a fetch hangs."""
    keys, verifier = ready(server, max_wait=0.2, timeout=0.4)
    token, other = make_token(), make_other_token()
    server.open_gate.clear()
    done = threading.Event()

    def busy(work: Callable[[int], object]) -> None:
        for i in iter(int, 1):
            if done.is_set():
                break
            try:
                work(i)
            except BouncerError:
                pass

    works: list[Callable[[int], object]] = [
        lambda i: verifier.verify(forged(token, f"kid-{time.monotonic()}")),
        lambda i: keys.stats(),
        lambda i: keys.refresh(0.05),
        lambda i: RemoteJwkSet(server.url).close(),
        lambda i: RemoteJwkSet("https://idp.example/", fetch=lambda *_: (500, {}, b"")).wait_ready(0.01),
        lambda i: verifier.verify(token),
    ]
    busy_threads = [threading.Thread(target=busy, args=(work,), daemon=True) for work in works]
    for thread in busy_threads:
        thread.start()

    def child() -> None:
        assert verifier.verify(token).uid == "peter"
        try:
            verifier.verify(other)
        except KeysUnavailableError:  # the fetch for the key hangs
            pass
        assert keys.stats()["keys_attempts_total"] <= 1
        try:
            keys.refresh(0.3)
        except KeysUnavailableError:
            pass
        keys.close()

    children = []
    try:
        for _ in range(20):
            children.append(forked(child))
            time.sleep(0.02)
        assert [exit_code(child) for child in children] == [0] * 20
    finally:
        done.set()
        for thread in busy_threads:
            thread.join(20)
        server.open_gate.set()


def _verify_in_pool(token: str) -> str | None:
    return _POOL_VERIFIER[0].verify(token).uid


_POOL_VERIFIER: list[Verifier] = []


def test_a_pool_of_processes_uses_the_verifier_of_its_parent(server: Server, make_token: Make) -> None:
    _, verifier = ready(server)
    _POOL_VERIFIER[:] = [verifier]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_verify_in_pool, [make_token()] * 20) == ["peter"] * 20
    _POOL_VERIFIER.clear()
    assert server.count == 1
