"""token_async, authorization_async and reject_async: waiting tasks share one thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from server import eventually

from bouncer_verify import LoginUnavailableError, TokenRenewer, _waiting


class Source:
    """Returns the tokens t1, t2 …, once the gate is open."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = threading.Event()

    def __call__(self) -> str:
        self.count += 1
        self.gate.wait(60)
        return f"t{self.count}"


@pytest.fixture
def source() -> Any:
    source = Source()
    yield source
    source.gate.set()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ticket of each wait that started a thread."""
    tickets: list[int] = []
    start = _waiting._SharedWait.start

    def counted(shared: Any, source: Any, ticket: int, key: Any) -> None:
        tickets.append(ticket)
        start(shared, source, ticket, key)

    monkeypatch.setattr(_waiting._SharedWait, "start", counted)
    return tickets


def run_asyncio(main: Callable[[], Any]) -> Any:
    return asyncio.run(main())


def run_trio(main: Callable[[], Any]) -> Any:
    return pytest.importorskip("trio").run(main)


every_loop = pytest.mark.parametrize("run", [run_asyncio, run_trio])


@every_loop
def test_a_valid_token_is_returned_without_starting_a_thread(
    run: Callable[..., Any], source: Source, started: list[int]
) -> None:
    source.gate.set()
    renewer = TokenRenewer.from_callable(source, log=False)
    renewer.wait_ready()

    async def main() -> None:
        for _ in range(100):
            assert await renewer.token_async() == "t1"
            assert await renewer.authorization_async() == "Bearer t1"
            assert await renewer.reject_async("t0") == "t1"

    run(main)
    assert (started, source.count) == ([], 1)


def test_a_hundred_tasks_share_one_waiting_thread(source: Source, started: list[int]) -> None:
    renewer = TokenRenewer.from_callable(source, log=False, timeout=30, max_wait=20)

    async def main() -> None:
        tasks = [asyncio.create_task(renewer.token_async()) for _ in range(100)]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in tasks)
        assert len(started) == 1
        tasks[0].cancel()
        source.gate.set()
        assert set(await asyncio.gather(*tasks[1:])) == {"t1"}
        rejections = [renewer.reject_async("t1") for _ in range(100)]
        assert set(await asyncio.gather(*rejections)) == {"t2"}

    asyncio.run(main())
    assert (len(started), source.count) == (2, 2)
    eventually(lambda: _waiting._WAITS == {})


def test_a_hundred_trio_tasks_share_one_waiting_thread(source: Source, started: list[int]) -> None:
    trio = pytest.importorskip("trio")
    renewer = TokenRenewer.from_callable(source, log=False, timeout=30, max_wait=20)
    tokens: list[str] = []

    async def one() -> None:
        tokens.append(await renewer.token_async())

    async def main() -> None:
        with trio.move_on_after(0.2) as cancelled:
            await renewer.token_async()
        assert cancelled.cancelled_caught
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(one)
            await trio.sleep(0.2)
            assert (tokens, len(started)) == ([], 1)
            source.gate.set()
        assert await renewer.reject_async("t1") == "t2"

    trio.run(main)
    assert (tokens, len(started), source.count) == (["t1"] * 100, 2, 2)
    eventually(lambda: _waiting._WAITS == {})


@every_loop
def test_a_wait_ends_after_max_wait(run: Callable[..., Any], source: Source) -> None:
    renewer = TokenRenewer.from_callable(source, log=False, max_wait=0.3, timeout=30)

    async def main() -> None:
        start = time.monotonic()
        with pytest.raises(LoginUnavailableError):
            await renewer.token_async()
        assert 0.3 <= time.monotonic() - start < 5

    run(main)


@every_loop
def test_a_token_that_arrives_as_the_wait_ends_is_returned(
    run: Callable[..., Any], source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewer = TokenRenewer.from_callable(source, log=False)

    async def ends_too_soon(renewer: Any, ticket: int, end: float) -> bool:
        source.gate.set()
        renewer._wait(ticket, 20.0)
        return False

    monkeypatch.setattr(_waiting, "_is_over", ends_too_soon)

    async def main() -> None:
        assert await renewer.token_async() == "t1"

    run(main)


@every_loop
def test_closing_ends_every_wait(run: Callable[..., Any], source: Source) -> None:
    renewer = TokenRenewer.from_callable(source, log=False, max_wait=60, timeout=60)
    threading.Timer(0.2, renewer.close).start()

    async def main() -> None:
        start = time.monotonic()
        with pytest.raises(LoginUnavailableError):
            await renewer.token_async()
        assert time.monotonic() - start < 5

    run(main)
