"""The Python code that background threads run: logging, and the program's `fetch` and `source`.

Imported when the program creates its first remote key set or token renewer.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Mapping

from . import _threads
from ._bouncer_verify import FetchCall, LoginCall, _leave_python

Fetch = Callable[[str, dict[str, str], float], tuple[int, Mapping[str, str], bytes]]
Source = Callable[[], str | tuple[str, float]]

_LOGGER = logging.getLogger("bouncer_verify")

# Exit hooks run in the reverse order of registration. The import of `logging` registered its hook
# first, so `_leave_python` runs before `logging` shuts down.
atexit.register(_leave_python)


# The native module calls these functions. They never log a token or a secret.


def keys_failed(*values: object) -> None:
    _LOGGER.warning("keys of %s: %s (%s); scheduled failures in a row: %d; next attempt in %.1f s", *values)


def keys_changed(*values: object) -> None:
    _LOGGER.info("keys of %s: generation %d with %d usable and %d skipped keys", *values)


def last_good_failed(*values: object) -> None:
    _LOGGER.warning("keys of %s: %s; until this is fixed, a restart during an outage has no keys", *values)


def login_failed(*values: object) -> None:
    _LOGGER.warning("token of %s: %s (%s); scheduled failures in a row: %d; next login in %.1f s", *values)


def token_changed(*values: object) -> None:
    _LOGGER.info("token of %s: generation %d; next login in %.1f s", *values)


prepare = _threads.prepare


def start_fetch(fetch: Fetch, url: str, headers: dict[str, str], timeout: float, call: FetchCall) -> None:
    """Starts one call of the program's `fetch` on a new daemon thread.

    If the call hangs, it blocks neither the key set nor the exit of the program.
    """
    _threads.start("bouncer-fetch", _fetch, fetch, url, headers, timeout, call)


def _fetch(fetch: Fetch, url: str, headers: dict[str, str], timeout: float, call: FetchCall) -> None:
    try:
        call.answer(*fetch(url, headers, timeout))
    except BaseException as error:
        call.fail(type(error).__name__)


def start_login(source: Source, call: LoginCall) -> None:
    """Starts one call of the program's `source` of tokens on a new daemon thread."""
    _threads.start("bouncer-login", _login, source, call)


def _login(source: Source, call: LoginCall) -> None:
    try:
        call.answer(source())
    except BaseException as error:
        call.fail(type(error).__name__)
