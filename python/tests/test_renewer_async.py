"""token_async, authorization_async and reject_async do not block the event loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from loops import Run, anyio, every_loop, results, until, waiting

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
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.gate.set()


@every_loop
def test_a_valid_token_is_returned_without_a_watch(
    run: Run, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_waiting, "Watch", None)
    source.gate.set()
    renewer = TokenRenewer.from_callable(source, log=False)
    renewer.wait_ready()

    async def main() -> None:
        for _ in range(100):
            assert await renewer.token_async() == "t1"
            assert await renewer.authorization_async() == "Bearer t1"
            assert await renewer.reject_async("t0") == "t1"

    run(main)
    assert source.count == 1


@every_loop
def test_a_hundred_calls_share_one_login(run: Run, source: Source) -> None:
    renewer = TokenRenewer.from_callable(source, log=False, timeout=30, max_wait=20)
    tokens: list[str] = []

    async def one() -> None:
        tokens.append(await renewer.token_async())

    async def main() -> None:
        with anyio.move_on_after(0.05) as scope:
            await renewer.token_async()
        assert scope.cancelled_caught
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(one)
            await until(lambda: waiting() == 100)
            assert len(_waiting._CALLS) == 1
            source.gate.set()
        assert tokens == ["t1"] * 100
        rejections = [lambda: renewer.reject_async("t1")] * 100
        assert set(await results(*rejections)) == {"t2"}

    run(main)
    assert source.count == 2


@every_loop
def test_a_wait_ends_after_max_wait(run: Run, source: Source) -> None:
    renewer = TokenRenewer.from_callable(source, log=False, max_wait=0.3, timeout=30)

    async def main() -> None:
        start = time.monotonic()
        with pytest.raises(LoginUnavailableError):
            await renewer.token_async()
        assert 0.3 <= time.monotonic() - start < 5

    run(main)


@every_loop
def test_a_token_that_arrives_as_the_wait_ends_is_returned(
    run: Run, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewer = TokenRenewer.from_callable(source, log=False)

    async def ends_too_soon(renewer: Any, ticket: int, seconds: float) -> None:
        source.gate.set()
        while not renewer._is_over(ticket):
            time.sleep(0.005)

    monkeypatch.setattr(_waiting, "_wait", ends_too_soon)

    async def main() -> None:
        assert await renewer.token_async() == "t1"

    run(main)


@every_loop
def test_closing_ends_every_wait(run: Run, source: Source) -> None:
    renewer = TokenRenewer.from_callable(source, log=False, max_wait=60, timeout=60)

    async def close() -> None:
        await until(lambda: waiting() == 2)
        renewer.close()

    async def main() -> None:
        start = time.monotonic()
        *ended, _ = await results(renewer.token_async, renewer.token_async, close)
        assert {type(result) for result in ended} == {LoginUnavailableError}
        assert time.monotonic() - start < 30

    run(main)
