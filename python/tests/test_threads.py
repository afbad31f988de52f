"""Many threads share one verifier, and other threads run during a verification."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import pytest

from bouncer_verify import ExpiredSignatureError, JwkSet, Policy, Verifier

NOW = 1467985465


@pytest.fixture
def long_switch_interval() -> Iterator[None]:
    """Sets a switch interval of 1000 s: Python switches threads only if one releases the GIL."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1_000)
    yield
    sys.setswitchinterval(before)


def test_many_threads_share_a_verifier(jwks: JwkSet, token: str) -> None:
    verifier = Verifier(jwks, Policy.dcos().replace(time=NOW))
    late = Verifier(jwks, Policy.dcos())
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(300):
                verified = verifier.verify(token)
                assert verified["uid"] == verified.uid == "peter"
                with pytest.raises(ExpiredSignatureError):
                    late.verify(token)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_many_threads_read_the_claims_of_one_token(jwks: JwkSet, token: str) -> None:
    verifier = Verifier(jwks, Policy.dcos().replace(time=NOW))
    for _ in range(200):
        verified = verifier.verify(token)
        barrier = threading.Barrier(4)
        found: list[object] = []

        def read() -> None:
            barrier.wait()
            found.append(dict(verified))

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [{"exp": 1467985466, "uid": "peter"}] * 4


@pytest.mark.usefixtures("long_switch_interval")
def test_other_threads_run_during_a_verification(jwks: JwkSet, token: str) -> None:
    verifier = Verifier(jwks, Policy.dcos().replace(time=NOW))
    ready, done = threading.Event(), threading.Event()
    turns = 0

    def other() -> None:
        nonlocal turns
        ready.set()
        while not done.is_set():
            turns += 1
            time.sleep(1e-5)

    thread = threading.Thread(target=other)
    thread.start()
    ready.wait()
    before = turns
    # On a busy machine the other thread runs rarely, so this loop verifies many times.
    for _ in range(200_000):
        verifier.verify(token)
        if turns - before > 10:
            break
    during = turns - before
    done.set()
    thread.join()
    assert during > 10
