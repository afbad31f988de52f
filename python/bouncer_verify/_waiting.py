"""Waiting in an event loop, asyncio's or trio's: all tasks that wait for one fetch share one thread.

The thread is not one of the loop's executor, where it would stand behind whatever else is there.
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

# How long a thread waits at a time, in seconds: a program that ends waits for it.
_TURN = 1.0

T = TypeVar("T")


class _Source(Protocol):
    """A RemoteJwkSet or a TokenRenewer."""

    @property
    def _max_wait(self) -> float: ...
    def _wait(self, ticket: int, timeout: float, /) -> bool: ...


async def verify(verifier: Verifier, token: str | bytes) -> VerifiedToken:
    """What `Verifier.verify_async` does."""
    return await _resolved(verifier.jwks, lambda ticket: verifier._verify_now(token, ticket))


async def token(renewer: TokenRenewer) -> str:
    """What `TokenRenewer.token_async` does."""
    return (await _resolved(renewer, renewer._token_now))[0]


async def authorization(renewer: TokenRenewer) -> str:
    """What `TokenRenewer.authorization_async` does."""
    return (await _resolved(renewer, renewer._token_now))[1]


async def reject(renewer: TokenRenewer, token: str) -> str:
    """What `TokenRenewer.reject_async` does."""
    return (await _resolved(renewer, lambda ticket: renewer._reject_now(token, ticket)))[0]


async def wait_ready(keys: RemoteJwkSet, timeout: float) -> None:
    """What `RemoteJwkSet.wait_ready_async` does."""
    if not keys._wait(0, 0.0):
        await _is_over(keys, 0, time.monotonic() + timeout)
    keys.current()


async def _resolved(source: Any, ask: Callable[[int], tuple[T | BouncerError | None, int]]) -> T:
    """What `ask` answers once no better answer is to be had by waiting, or `max_wait` is over."""
    answer, ticket = ask(0)
    if ticket:
        end = time.monotonic() + source._max_wait
        while ticket:
            await _is_over(source, ticket, end)
            # Final if that fetch is not over.
            answer, ticket = ask(ticket)
    if isinstance(answer, BouncerError):
        raise answer
    assert answer is not None, "only a pending verdict is None"
    return answer


async def _is_over(source: _Source, ticket: int, end: float) -> bool:
    """Waits until the fetch of `ticket` is over, for 0 until there are keys. False: not by `end`."""
    kind = _kind_of_turn()
    while (left := end - time.monotonic()) > 0:
        turn = _turn(kind, source, ticket)
        await turn.wait(left)
        if turn.is_over:
            return True
    return False


class _Turn:
    """One thread's wait, for the tasks of one event loop."""

    is_over = False

    def start(self, source: _Source, ticket: int, key: tuple[Any, ...]) -> None:
        def run() -> None:
            try:
                self.is_over = source._wait(ticket, _TURN)
            finally:
                # First: who comes from here on needs a turn that has not ended.
                _TURNS.pop(key, None)
                try:
                    self.wake()
                except RuntimeError:
                    pass  # The loop has ended, and with it those that waited.

        threading.Thread(target=run, name="bouncer-wait").start()

    async def wait(self, seconds: float) -> None:
        """Waits for the end of the turn. Cancelling that leaves the turn alone."""
        raise NotImplementedError

    def wake(self) -> None:
        """Ends all wait(). Called by the thread."""
        raise NotImplementedError


class _AsyncioTurn(_Turn):
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


class _TrioTurn(_Turn):
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


def _kind_of_turn() -> type[_AsyncioTurn | _TrioTurn]:
    """That of the running event loop: trio's if this is one of its tasks, and asyncio's otherwise."""
    if trio := sys.modules.get("trio"):
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            pass
        else:
            return _TrioTurn
    return _AsyncioTurn


_TURNS: dict[tuple[Any, ...], _Turn] = {}
# Their threads have stayed with the parent.
os.register_at_fork(after_in_child=_TURNS.clear)


def _turn(kind: type[_AsyncioTurn | _TrioTurn], source: _Source, ticket: int) -> _Turn:
    """The turn under way, or a new one."""
    loop = kind.loop()
    key = (loop, source, _attempt(ticket))
    turn = _TURNS.get(key)
    if turn is None:
        turn = _TURNS[key] = kind(loop)
        try:
            turn.start(source, ticket, key)
        except BaseException:
            _TURNS.pop(key, None)
            raise
    return turn
