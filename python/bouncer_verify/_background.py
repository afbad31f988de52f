"""What background threads do in Python: logging, a program's own HTTP client, its own source of tokens.

It is imported when the first key set or token renewer is made.
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

# After logging's own hook, so it runs before that.
atexit.register(_leave_python)


# What the native module calls. Nothing that a token or a login holds is logged.


def keys_failed(*of: object) -> None:
    _LOGGER.warning("keys of %s: %s (%s); failures in a row: %d; next attempt in %.1f s", *of)


def keys_changed(*of: object) -> None:
    _LOGGER.info("keys of %s: generation %d with %d usable and %d skipped keys", *of)


def last_good_failed(*of: object) -> None:
    _LOGGER.warning("keys of %s: %s; without the file a restart in an outage has no keys", *of)


def login_failed(*of: object) -> None:
    _LOGGER.warning("token of %s: %s (%s); failures in a row: %d; next login in %.1f s", *of)


def token_changed(*of: object) -> None:
    _LOGGER.info("token of %s: generation %d; next login in %.1f s", *of)


prepare = _threads.prepare


def start_fetch(fetch: Fetch, url: str, headers: dict[str, str], timeout: float, call: FetchCall) -> None:
    """Begins one request, on a daemon thread of its own.

    There, a client that hangs holds up neither the key set nor the end of the program.
    """
    _threads.start("bouncer-fetch", _fetch, fetch, url, headers, timeout, call)


def _fetch(fetch: Fetch, url: str, headers: dict[str, str], timeout: float, call: FetchCall) -> None:
    try:
        call.answer(*fetch(url, headers, timeout))
    except BaseException as error:
        call.fail(type(error).__name__)


def start_login(source: Source, call: LoginCall) -> None:
    """Begins one call of a program's own source of tokens, on a daemon thread of its own."""
    _threads.start("bouncer-login", _login, source, call)


def _login(source: Source, call: LoginCall) -> None:
    try:
        call.answer(source())
    except BaseException as error:
        call.fail(type(error).__name__)
