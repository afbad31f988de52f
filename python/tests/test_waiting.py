"""verify_async and wait_ready_async do not block the event loop; waiting tasks share a thread."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import forged
from server import Server, eventually, key_set

from bouncer_verify import (
    DecodeError,
    Jwk,
    JwkSet,
    KeysUnavailableError,
    NoMatchingKeyError,
    Policy,
    RemoteJwkSet,
    Verifier,
    _waiting,
)

Make = Callable[..., str]


class Counting:
    """Counts the threads on which tasks wait."""

    started = max_busy = 0

    @property
    def busy(self) -> int:
        return sum(thread.name == "bouncer-wait" for thread in threading.enumerate())

    def start(self, *args: Any) -> None:
        self.started += 1
        _start(*args)
        self.max_busy = max(self.busy, self.max_busy)


_start = _waiting._SharedWait.start


class ForbiddenExecutor(ThreadPoolExecutor):
    """An executor that must not be used."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("the loop's executor was used")


def run(main: Callable[[Counting], Any]) -> Any:
    counting = Counting()

    async def with_executor() -> Any:
        asyncio.get_running_loop().set_default_executor(ForbiddenExecutor())
        return await main(counting)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_waiting._SharedWait, "start", lambda *args: counting.start(*args))
        result = asyncio.run(with_executor())
    eventually(lambda: _waiting._WAITS == {} and counting.busy == 0)
    return result


def ready(server: Server, **settings: Any) -> Verifier:
    keys = RemoteJwkSet(server.url, log=False, **settings)
    keys.wait_ready()
    return Verifier(keys, Policy.dcos())


def test_a_verification_with_a_known_key_uses_no_thread(
    server: Server, jwks: JwkSet, make_token: Make, token: str
) -> None:
    verifier = ready(server)
    fixed = Verifier(jwks, Policy.dcos().replace(time=1467985465))

    async def main(threads: Counting) -> None:
        for _ in range(100):
            assert (await verifier.verify_async(make_token())).uid == "peter"
            assert (await fixed.verify_async(token.encode())).uid == "peter"
        for malformed in ("a.b.c", token[:-4]):
            with pytest.raises(DecodeError):
                await fixed.verify_async(malformed)
            with pytest.raises(DecodeError):
                await verifier.verify_async(malformed)
        with pytest.raises(TypeError):
            await verifier.verify_async(None)  # type: ignore[arg-type]
        assert threads.started == 0

    run(main)


def test_a_thousand_tasks_share_one_waiting_thread_and_the_loop_runs(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make
) -> None:
    verifier = ready(server, max_wait=20)
    server.say(key_set(a=jwk, b=other_jwk))
    server.open_gate.clear()
    token = make_other_token()

    async def main(threads: Counting) -> None:
        loop = asyncio.get_running_loop()
        ticks: list[float] = []

        async def tick() -> None:
            while True:
                ticks.append(loop.time())
                await asyncio.sleep(0.01)

        ticker = asyncio.create_task(tick())
        tasks = [asyncio.create_task(verifier.verify_async(token)) for _ in range(1000)]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in tasks)
        assert (threads.started, threads.busy) == (1, 1)
        await asyncio.sleep(1)
        assert threads.max_busy == 1
        server.open_gate.set()
        assert {verified.uid for verified in await asyncio.gather(*tasks)} == {"peter"}
        ticker.cancel()
        pauses = [later - earlier for earlier, later in itertools.pairwise(ticks)]
        assert len(pauses) > 50
        assert max(pauses) < 0.5

    run(main)
    assert server.count == 2


def test_a_wait_ends_after_max_wait(server: Server, make_other_token: Make, make_token: Make) -> None:
    verifier = ready(server, max_wait=0.3, timeout=30)
    server.open_gate.clear()

    async def main(threads: Counting) -> None:
        start = time.monotonic()
        with pytest.raises(KeysUnavailableError):
            await verifier.verify_async(make_other_token())
        assert 0.3 <= time.monotonic() - start < 2
        assert (await verifier.verify_async(make_token())).uid == "peter"
        server.open_gate.set()
        # The waiting thread ends when the fetch ends.
        while _waiting._WAITS:
            await asyncio.sleep(0.01)

    run(main)


def test_a_key_that_arrives_as_the_wait_ends_is_used(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = ready(server)

    async def ends_too_soon(keys: RemoteJwkSet, ticket: int, end: float) -> bool:
        keys._wait(ticket, 20.0)
        return False

    monkeypatch.setattr(_waiting, "_is_over", ends_too_soon)
    server.say(key_set(a=jwk, b=other_jwk))

    async def main(threads: Counting) -> None:
        assert (await verifier.verify_async(make_other_token())).uid == "peter"
        with pytest.raises(NoMatchingKeyError):
            await verifier.verify_async(make_other_token(kid="lost"))

    run(main)
    assert server.count == 3


def test_a_task_that_starts_later_has_its_own_deadline(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_waiting, "_WAIT_SECONDS", 0.2)
    verifier = ready(server, max_wait=5, timeout=30)
    server.say(key_set(a=jwk, b=other_jwk))
    server.open_gate.clear()

    async def main(threads: Counting) -> None:
        first = asyncio.create_task(verifier.verify_async(make_other_token()))
        await asyncio.sleep(0.3)
        second = asyncio.create_task(verifier.verify_async(make_other_token()))
        await asyncio.sleep(0.5)
        assert threads.started >= 3
        assert threads.max_busy == 1
        server.open_gate.set()
        assert (await first).uid == (await second).uid == "peter"

    run(main)


def test_cancelling_a_task_cancels_neither_the_others_nor_the_fetch(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make
) -> None:
    verifier = ready(server, max_wait=20)
    server.say(key_set(a=jwk, b=other_jwk))
    server.open_gate.clear()

    async def main(threads: Counting) -> None:
        tasks = [asyncio.create_task(verifier.verify_async(make_other_token())) for _ in range(10)]
        await asyncio.sleep(0.1)
        for task in tasks[:5]:
            task.cancel()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(verifier.verify_async(make_other_token()), 0.1)
        server.open_gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results[:5])
        assert [result.uid for result in results[5:]] == ["peter"] * 5  # type: ignore[union-attr]
        assert threads.started == 1

    run(main)
    assert server.count == 2


def test_ten_thousand_random_kids_cost_two_fetches(server: Server, make_token: Make) -> None:
    verifier = ready(server)
    token = make_token()

    async def main(threads: Counting) -> None:
        tasks = [verifier.verify_async(forged(token, f"kid-{i}")) for i in range(10_000)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {NoMatchingKeyError}

    run(main)
    assert server.count - 1 <= 2


def test_a_busy_executor_delays_no_verification(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make
) -> None:
    verifier = ready(server, max_wait=20)
    server.say(key_set(a=jwk, b=other_jwk))
    gate = threading.Event()

    async def main() -> str | None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, gate.wait, 60)
        uid = (await verifier.verify_async(make_other_token())).uid
        gate.set()
        await busy
        return uid

    start = time.monotonic()
    assert asyncio.run(main()) == "peter"
    assert time.monotonic() - start < 15


def test_each_event_loop_has_its_own_waiting_thread(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Make
) -> None:
    verifier = ready(server, max_wait=20)
    server.say(key_set(a=jwk, b=other_jwk))
    server.open_gate.clear()
    users: list[str | None] = []

    def loop() -> None:
        users.append(asyncio.run(verifier.verify_async(make_other_token())).uid)

    threads = [threading.Thread(target=loop) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    server.open_gate.set()
    for thread in threads:
        thread.join()
    assert users == ["peter"] * 3
    assert server.count == 2


def test_the_wait_of_a_closed_event_loop_is_removed(server: Server) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, log=False)
    closed = asyncio.new_event_loop()
    with pytest.raises(KeysUnavailableError):
        closed.run_until_complete(keys.wait_ready_async(0.1))
    assert len(_waiting._WAITS) == 1
    closed.close()

    async def main(threads: Counting) -> None:
        waiting = asyncio.create_task(keys.wait_ready_async())
        while not any(key[0] is asyncio.get_running_loop() for key in _waiting._WAITS):
            await asyncio.sleep(0.01)
        while any(key[0] is closed for key in _waiting._WAITS):
            await asyncio.sleep(0.01)
        server.open_gate.set()
        await waiting

    run(main)


def test_wait_ready_async_waits_for_the_first_keys(server: Server) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, lazy=True, log=False)

    async def main(threads: Counting) -> None:
        waiting = [asyncio.create_task(keys.wait_ready_async()) for _ in range(100)]
        with pytest.raises(KeysUnavailableError):
            await keys.wait_ready_async(timeout=0.2)
        with pytest.raises(KeysUnavailableError):
            await keys.wait_ready_async(timeout=0)
        assert threads.started == 1
        server.open_gate.set()
        await asyncio.gather(*waiting)
        await keys.wait_ready_async()
        assert threads.started == 1

    run(main)
    assert server.count == 1


def test_closing_ends_every_wait(server: Server, make_other_token: Make) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, max_wait=60, timeout=60, log=False)
    verifier = Verifier(keys, Policy.dcos())

    async def main(threads: Counting) -> None:
        waiting = [verifier.verify_async(make_other_token()), keys.wait_ready_async(60)]
        results = asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.sleep(0.2)
        start = time.monotonic()
        keys.close()
        assert {type(result) for result in await results} == {KeysUnavailableError}
        assert time.monotonic() - start < 1

    run(main)


def test_trio_tasks_share_one_waiting_thread(
    server: Server, jwk: Jwk, other_jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    trio = pytest.importorskip("trio")
    verifier = ready(server, max_wait=20)
    server.say(key_set(a=jwk, b=other_jwk))
    server.open_gate.clear()
    users: list[str | None] = []

    async def one() -> None:
        users.append((await verifier.verify_async(make_other_token())).uid)

    async def main() -> None:
        assert (await verifier.verify_async(make_token())).uid == "peter"
        with trio.move_on_after(0.1) as cancelled:
            await one()
        assert cancelled.cancelled_caught
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(one)
            await trio.sleep(0.2)
            assert users == []
            server.open_gate.set()
        keys = RemoteJwkSet(server.url, lazy=True, log=False)
        await keys.wait_ready_async()

    trio.run(main)
    assert users == ["peter"] * 100
    assert server.count == 3
