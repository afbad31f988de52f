"""Runs a test in each kind of event loop, and counts what the loop uses."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from server import eventually

from bouncer_verify import BouncerError, _waiting

anyio = pytest.importorskip("anyio")

Run = Callable[..., Any]


def run_in(loop: str, main: Callable[[], Awaitable[Any]]) -> Any:
    pytest.importorskip(loop)
    options = {} if loop == "trio" else {"use_uvloop": loop == "uvloop"}
    return anyio.run(main, backend="trio" if loop == "trio" else "asyncio", backend_options=options)


def _run(loop: str, main: Callable[[], Awaitable[Any]]) -> Any:
    """Runs `main`, and checks that nothing is left of its waits."""
    before = eventfds()
    result = run_in(loop, main)
    assert (waiting(), len(_waiting._CALLS)) == (0, 0)
    # The thread of the fetch may use the watch for a moment longer.
    eventually(lambda: eventfds() == before)
    return result


LOOPS = ["asyncio", "uvloop", "trio"]
every_loop = pytest.mark.parametrize("run", [partial(_run, loop) for loop in LOOPS], ids=LOOPS)


async def results(*calls: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Runs all `calls` at once. Returns the result or the exception of each."""
    found: list[Any] = [None] * len(calls)

    async def one(index: int, call: Callable[[], Awaitable[Any]]) -> None:
        try:
            found[index] = await call()
        except BouncerError as error:
            found[index] = error

    async with anyio.create_task_group() as group:
        for index, call in enumerate(calls):
            group.start_soon(one, index, call)
    return found


def waiting() -> int:
    """Returns the number of calls that wait, in all loops."""
    return sum(len(calls) for of_loop in _waiting._CALLS.values() for calls in of_loop._waiting.values())


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():
            await anyio.sleep(0.005)


def eventfds() -> int:
    """Returns the number of open eventfds. uvloop has some of its own."""
    return sum(_link(name) == "anon_inode:[eventfd]" for name in os.listdir("/proc/self/fd"))


def _link(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:  # The descriptor of this folder is closed by now.
        return ""


def thread_ids() -> set[int]:
    """Returns the ids of the threads of this process, without those that serve requests."""
    serving = {each.native_id for each in threading.enumerate() if "process_request" in each.name}
    return {int(name) for name in os.listdir("/proc/self/task")} - {id for id in serving if id}
