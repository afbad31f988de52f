"""Starts threads of the operating system, even if gevent or eventlet replaces them with greenlets.

A greenlet that the core's background thread started would never run: no hub runs on that thread.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any

_original_start: Callable[..., object] | None = None


def prepare() -> None:
    """Creates gevent's first hub, if gevent has replaced threads.

    Called on the program's thread when the program passes a `fetch` or a `source`.
    """
    if _find_original_start() and (gevent := sys.modules.get("gevent")):
        # The first hub of a process imports modules. Two threads that create it at the same time
        # would wait for each other's imports forever.
        gevent.get_hub()


def _find_original_start() -> Callable[..., object] | None:
    """Returns the unpatched function that starts a thread of the operating system.

    Returns None if `threading` itself starts such threads.
    """
    global _original_start
    if _original_start is None and not isinstance(_thread.start_new_thread, BuiltinFunctionType):
        if "gevent.monkey" in sys.modules:
            _original_start = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
        elif "eventlet.patcher" in sys.modules:
            _original_start = sys.modules["eventlet.patcher"].original("_thread").start_new_thread
    return _original_start


def start(name: str, function: Callable[..., object], *args: Any) -> None:
    """Calls `function` on a new daemon thread."""
    # Checked at each call: a gunicorn worker patches `threading` after the program is loaded.
    if original_start := _find_original_start():
        original_start(_run, (function, args))
    else:
        threading.Thread(target=function, args=args, name=name, daemon=True).start()


def _run(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    finally:
        # If the function waited, this thread has a hub, which holds file descriptors.
        if gevent := sys.modules.get("gevent"):
            gevent.get_hub().destroy(True)
        elif hubs := sys.modules.get("eventlet.hubs"):
            hubs.get_hub().abort(True)
