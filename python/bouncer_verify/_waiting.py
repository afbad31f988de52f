"""Waiting in an event loop: all tasks that wait for one fetch share one thread of the loop's executor."""

from __future__ import annotations

import asyncio
import time

from ._bouncer_verify import RemoteJwkSet, VerifiedToken, Verifier
from .exceptions import BouncerError

# How long a thread waits at a time, in seconds: a program that ends waits for its executor's threads.
_TURN = 1.0

# Of a ticket's bits, this one says no more than that its fetch begins after the token was seen.
# A token that comes back with it gets a final verdict.
_BEGINS_LATER = 1 << 63

_TURNS: dict[tuple[asyncio.AbstractEventLoop, RemoteJwkSet, int], asyncio.Future[bool]] = {}


async def verify(verifier: Verifier, token: str | bytes) -> VerifiedToken:
    """What `Verifier.verify_async` does."""
    verdict, ticket = verifier._verify_now(token, 0)
    if ticket and isinstance(keys := verifier.jwks, RemoteJwkSet):
        end = time.monotonic() + keys._max_wait
        while ticket:
            if not await _is_over(keys, ticket, end):
                ticket |= _BEGINS_LATER  # A last look: the key may be in use by now.
            verdict, ticket = verifier._verify_now(token, ticket)
    if isinstance(verdict, BouncerError):
        raise verdict
    return verdict


async def wait_ready(keys: RemoteJwkSet, timeout: float) -> None:
    """What `RemoteJwkSet.wait_ready_async` does."""
    if not keys._wait(0, 0.0):
        await _is_over(keys, 0, time.monotonic() + timeout)
    keys.current()


async def _is_over(keys: RemoteJwkSet, ticket: int, end: float) -> bool:
    """Waits until the fetch of `ticket` is over, for 0 until there are keys. False: not by `end`."""
    loop = asyncio.get_running_loop()
    while (left := end - time.monotonic()) > 0:
        turn = _turn(loop, keys, ticket)
        # Unlike to await it, this leaves it alone when this task is cancelled.
        if (await asyncio.wait({turn}, timeout=left))[0] and turn.result():
            return True
    return False


def _turn(loop: asyncio.AbstractEventLoop, keys: RemoteJwkSet, ticket: int) -> asyncio.Future[bool]:
    """A thread's turn of waiting: the one under way, or a new one."""
    fetch = ticket & ~_BEGINS_LATER
    key = (loop, keys, fetch)
    if key not in _TURNS:
        _forget_closed_loops()
        _TURNS[key] = loop.run_in_executor(None, keys._wait, fetch, _TURN)
        _TURNS[key].add_done_callback(lambda _: _TURNS.pop(key))
    return _TURNS[key]


def _forget_closed_loops() -> None:
    """A loop that is closed during a turn never hears of its end."""
    for key in list(_TURNS):
        if key[0].is_closed():
            _TURNS.pop(key, None)
