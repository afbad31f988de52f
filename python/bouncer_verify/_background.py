"""What the background thread of a `RemoteJwkSet` does in Python: logging, and a program's own HTTP client.

It is imported when the first key set is made.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Mapping

from ._bouncer_verify import FetchCall, RemoteJwkSetStatus, _leave_python

Fetch = Callable[[str, dict[str, str], float], tuple[int, Mapping[str, str], bytes]]

_LOGGER = logging.getLogger("bouncer_verify")

# After logging's own hook, so it runs before that.
atexit.register(_leave_python)


def report(status: RemoteJwkSetStatus, failed: bool) -> None:
    """Logs an attempt that failed, or else changed the keys."""
    if failed:
        _LOGGER.warning(
            "keys of %s: %s (%s); failures in a row: %d; next attempt in %.1f s",
            status.source,
            status.last_error,
            status.last_error_name,
            status.failures_in_row,
            status.next_attempt,
        )
    else:
        _LOGGER.info(
            "keys of %s: generation %d with %d usable and %d skipped keys",
            status.source,
            status.generation,
            status.usable_keys,
            status.skipped_keys,
        )


def start_fetch(fetch: Fetch, url: str, headers: dict[str, str], timeout: float, call: FetchCall) -> None:
    """Begins one request, on a daemon thread of its own.

    There, a client that hangs holds up neither the key set nor the end of the program.
    """
    arguments = (fetch, url, headers, timeout, call)
    threading.Thread(target=_fetch, args=arguments, name="bouncer-fetch", daemon=True).start()


def _fetch(fetch: Fetch, url: str, headers: dict[str, str], timeout: float, call: FetchCall) -> None:
    try:
        call.answer(*fetch(url, headers, timeout))
    except BaseException as error:
        call.fail(type(error).__name__)
