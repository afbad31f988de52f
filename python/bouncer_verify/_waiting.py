"""Waits for fetches and logins in an event loop of asyncio or trio, without a thread.

Each loop with waiting calls has one watch, and one reader of its descriptor for all of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

from ._bouncer_verify import RemoteJwkSet, TokenRenewer, VerifiedToken, Verifier, Watch

# Seconds between two checks of a loop that cannot wait for a descriptor.
_POLL_SECONDS = 0.02

T = TypeVar("T")


class _Source(Protocol):
    """A Verifier, a RemoteJwkSet or a TokenRenewer."""

    def _notify(self, watch: Watch, /) -> None: ...
    def _is_over(self, ticket: int, /) -> bool: ...


async def verify(verifier: Verifier, token: str | bytes) -> VerifiedToken:
    """Implements `Verifier.verify_async`."""
    result = verifier._verify_now(token, 0)
    if isinstance(result, int):
        max_wait = verifier._max_wait(result)
        return await _resolved(verifier, result, max_wait, lambda ticket: verifier._verify_now(token, ticket))
    return result


async def token(renewer: TokenRenewer) -> str:
    """Implements `TokenRenewer.token_async`."""
    return (await _login(renewer, renewer._token_now))[0]


async def authorization(renewer: TokenRenewer) -> str:
    """Implements `TokenRenewer.authorization_async`."""
    return (await _login(renewer, renewer._token_now))[1]


async def reject(renewer: TokenRenewer, token: str) -> str:
    """Implements `TokenRenewer.reject_async`."""
    return (await _login(renewer, lambda ticket: renewer._reject_now(token, ticket)))[0]


async def wait_ready(keys: RemoteJwkSet | Verifier, timeout: float) -> None:
    """Implements `wait_ready_async` of `RemoteJwkSet` and of `Verifier`."""
    if not keys._is_over(0):
        await _wait(keys, 0, timeout)
    keys.wait_ready(0.0)


async def _login(renewer: TokenRenewer, attempt: Callable[[int], tuple[str, str] | int]) -> tuple[str, str]:
    result = attempt(0)
    if isinstance(result, int):
        return await _resolved(renewer, result, renewer._max_wait, attempt)
    return result


async def _resolved(source: _Source, ticket: int, max_wait: float, attempt: Callable[[int], T | int]) -> T:
    """Waits for `ticket` and calls `attempt`, which returns a result or another ticket.

    Returns the result. All waits together take up to `max_wait` seconds.
    """
    end = time.monotonic() + max_wait
    while True:
        await _wait(source, ticket, end - time.monotonic())
        # If the fetch of the ticket is not over, `attempt` returns a result or raises.
        result = attempt(ticket)
        if not isinstance(result, int):
            return result
        ticket = result


async def _wait(source: _Source, ticket: int, seconds: float) -> None:
    """Waits until the fetch of `ticket` is over. With ticket 0, waits until there are keys."""
    if seconds > 0:
        await _calls_of_this_loop().wait(source, ticket, seconds)


class _Calls:
    """The calls that wait in one event loop. When none is left, the watch is closed."""

    _new_event: Callable[[], Any]

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._waiting: dict[tuple[_Source, int], set[Any]] = {}
        try:
            self._watch: Watch | None = Watch()
        except OSError:  # No descriptor is left, or the system has no eventfd.
            self._watch = None
        self._open()

    async def wait(self, source: _Source, ticket: int, seconds: float) -> None:
        key, event = (source, ticket), self._new_event()
        events = self._waiting.setdefault(key, set())
        events.add(event)
        try:
            if len(events) == 1 and self._watch:
                source._notify(self._watch)
            # This check follows _notify(): a fetch that ends later notifies the watch.
            if not source._is_over(ticket):
                await self._pause(event, seconds)
        finally:
            events.discard(event)
            if not events and self._waiting.get(key) is events:
                del self._waiting[key]
            self._close_if_unused()

    def _wake(self) -> None:
        """Resumes the calls whose fetch is over. Called when the watch is readable."""
        if self._watch:
            self._watch.clear()
        for key in [key for key in self._waiting if key[0]._is_over(key[1])]:
            for event in self._waiting.pop(key):
                event.set()
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        # A forked child removes its parent's calls from _CALLS, but not the reader from the loop:
        # parent and child share the loop's descriptors.
        if not self._waiting and _CALLS.get(id(self._loop)) is self:
            del _CALLS[id(self._loop)]
            self._close()

    def _open(self) -> None:
        """Lets the loop call _wake()."""
        raise NotImplementedError

    def _close(self) -> None:
        """Ends the calls of _wake()."""
        raise NotImplementedError

    async def _pause(self, event: Any, seconds: float) -> None:
        """Waits until `event` is set, or for `seconds`."""
        raise NotImplementedError


class _AsyncioCalls(_Calls):
    _new_event = asyncio.Event
    _timer: asyncio.TimerHandle | None = None

    def _open(self) -> None:
        try:
            if self._watch:
                self._loop.add_reader(self._watch.fileno(), self._wake)
                return
        except (NotImplementedError, OSError):
            self._watch = None
        self._poll()

    def _poll(self) -> None:
        self._timer = self._loop.call_later(_POLL_SECONDS, self._poll)
        self._wake()

    def _close(self) -> None:
        if self._timer:
            self._timer.cancel()
        elif self._watch and not self._loop.is_closed():
            self._loop.remove_reader(self._watch.fileno())

    async def _pause(self, event: asyncio.Event, seconds: float) -> None:
        timer = self._loop.call_later(seconds, event.set)
        try:
            await event.wait()
        finally:
            timer.cancel()


class _TrioCalls(_Calls):
    def _open(self) -> None:
        self._trio = sys.modules["trio"]
        self._new_event = self._trio.Event
        self._reading = self._trio.CancelScope()
        self._trio.lowlevel.spawn_system_task(self._read)

    async def _read(self) -> None:
        with self._reading:
            while True:
                if self._watch:
                    await self._trio.lowlevel.wait_readable(self._watch)
                else:
                    await self._trio.sleep(_POLL_SECONDS)
                self._wake()

    def _close(self) -> None:
        self._reading.cancel()

    async def _pause(self, event: Any, seconds: float) -> None:
        with self._trio.move_on_after(seconds):
            await event.wait()


# The key is the id of the loop. Only the loop and its waiting tasks refer to the value. So if a
# loop is closed while calls wait, its watch is freed with it.
_CALLS: WeakValueDictionary[int, _Calls] = WeakValueDictionary()
if hasattr(os, "register_at_fork"):  # Not on Windows.
    # A watch of the parent does not wake up a forked child.
    os.register_at_fork(after_in_child=_CALLS.clear)


def _calls_of_this_loop() -> _Calls:
    """Returns the calls that wait in the running event loop."""
    loop, of_loop = _running_loop()
    calls = _CALLS.get(id(loop))
    if calls is None:
        calls = _CALLS[id(loop)] = of_loop(loop)
    return calls


def _running_loop() -> tuple[Any, type[_AsyncioCalls | _TrioCalls]]:
    """Returns trio's loop inside a trio task, else asyncio's."""
    if trio := sys.modules.get("trio"):
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            pass
        else:
            return trio.lowlevel.current_trio_token(), _TrioCalls
    return asyncio.get_running_loop(), _AsyncioCalls
