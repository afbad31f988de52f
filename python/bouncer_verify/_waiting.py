"""Waits in an event loop of asyncio or trio. All tasks that wait for one fetch share one thread.

The thread does not belong to the loop's executor, where it could queue behind other work.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from ._bouncer_verify import RemoteJwkSet, TokenRenewer, VerifiedToken, Verifier, _attempt
from .exceptions import BouncerError

# Seconds that the thread waits at a time. At exit, the program waits for this thread to end.
_WAIT_SECONDS = 1.0

T = TypeVar("T")


class _Source(Protocol):
    """A RemoteJwkSet or a TokenRenewer."""

    @property
    def _max_wait(self) -> float: ...
    def _wait(self, ticket: int, timeout: float, /) -> bool: ...


async def verify(verifier: Verifier, token: str | bytes) -> VerifiedToken:
    """Implements `Verifier.verify_async`."""
    return await _resolved(verifier.jwks, lambda ticket: verifier._verify_now(token, ticket))


async def token(renewer: TokenRenewer) -> str:
    """Implements `TokenRenewer.token_async`."""
    return (await _resolved(renewer, renewer._token_now))[0]


async def authorization(renewer: TokenRenewer) -> str:
    """Implements `TokenRenewer.authorization_async`."""
    return (await _resolved(renewer, renewer._token_now))[1]


async def reject(renewer: TokenRenewer, token: str) -> str:
    """Implements `TokenRenewer.reject_async`."""
    return (await _resolved(renewer, lambda ticket: renewer._reject_now(token, ticket)))[0]


async def wait_ready(keys: RemoteJwkSet, timeout: float) -> None:
    """Implements `RemoteJwkSet.wait_ready_async`."""
    if not keys._wait(0, 0.0):
        await _is_over(keys, 0, time.monotonic() + timeout)
    keys.current()


async def _resolved(source: Any, attempt: Callable[[int], tuple[T | BouncerError | None, int]]) -> T:
    """Calls `attempt` until it returns a final result, with ticket 0. Waits for up to `max_wait`.

    Returns the result, or raises it if it is an exception.
    """
    result, ticket = attempt(0)
    if ticket:
        end = time.monotonic() + source._max_wait
        while ticket:
            await _is_over(source, ticket, end)
            # With the ticket of a fetch that is still in flight, `attempt` returns a final result.
            result, ticket = attempt(ticket)
    if isinstance(result, BouncerError):
        raise result
    assert result is not None, "only a pending result is None"
    return result


async def _is_over(source: _Source, ticket: int, end: float) -> bool:
    """Waits until the fetch of `ticket` is over. With ticket 0, waits until there are keys.

    Returns False if that has not happened by `end`.
    """
    wait_class = _wait_class()
    while (left := end - time.monotonic()) > 0:
        shared = _shared_wait(wait_class, source, ticket)
        await shared.wait(left)
        if shared.is_over:
            return True
    return False


class _SharedWait:
    """One thread waits for a fetch, on behalf of all tasks of one event loop."""

    is_over = False

    def start(self, source: _Source, ticket: int, key: tuple[Any, ...]) -> None:
        def run() -> None:
            try:
                self.is_over = source._wait(ticket, _WAIT_SECONDS)
            finally:
                # Before wake(): a task that starts to wait later needs a new shared wait.
                _WAITS.pop(key, None)
                try:
                    self.wake()
                except RuntimeError:
                    pass  # The loop is closed, so no task waits any more.

        threading.Thread(target=run, name="bouncer-wait").start()

    async def wait(self, seconds: float) -> None:
        """Waits until the thread wakes the tasks, or for `seconds`.

        Cancelling this call does not end the shared wait.
        """
        raise NotImplementedError

    def wake(self) -> None:
        """Ends all calls of `wait()`. The thread calls this method."""
        raise NotImplementedError


class _AsyncioWait(_SharedWait):
    @staticmethod
    def loop() -> Any:
        return asyncio.get_running_loop()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._end: asyncio.Future[None] = loop.create_future()

    async def wait(self, seconds: float) -> None:
        await asyncio.wait({self._end}, timeout=seconds)

    def wake(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set_result, None)


class _TrioWait(_SharedWait):
    @staticmethod
    def loop() -> Any:
        return sys.modules["trio"].lowlevel.current_trio_token()

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._end = sys.modules["trio"].Event()

    async def wait(self, seconds: float) -> None:
        with sys.modules["trio"].move_on_after(seconds):
            await self._end.wait()

    def wake(self) -> None:
        self._loop.run_sync_soon(self._end.set)


def _wait_class() -> type[_AsyncioWait | _TrioWait]:
    """Returns the class for the running event loop: trio's inside a trio task, else asyncio's."""
    if trio := sys.modules.get("trio"):
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            pass
        else:
            return _TrioWait
    return _AsyncioWait


_WAITS: dict[tuple[Any, ...], _SharedWait] = {}
# After a fork, the threads of these waits exist only in the parent process.
os.register_at_fork(after_in_child=_WAITS.clear)


def _shared_wait(wait_class: type[_AsyncioWait | _TrioWait], source: _Source, ticket: int) -> _SharedWait:
    """Returns the shared wait for this fetch and loop. Starts one if none is in progress."""
    loop = wait_class.loop()
    key = (loop, source, _attempt(ticket))
    shared = _WAITS.get(key)
    if shared is None:
        shared = _WAITS[key] = wait_class(loop)
        try:
            shared.start(source, ticket, key)
        except BaseException:
            _WAITS.pop(key, None)
            raise
    return shared
