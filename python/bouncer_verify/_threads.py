"""Threads of the operating system, also where gevent or eventlet has put greenlets in their place.

A greenlet that the core's background thread started would never run: that thread has no hub that goes round.
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
    """Called when a program gives a callable of its own, on the program's thread."""
    if _find_original_start() and (gevent := sys.modules.get("gevent")):
        # The first hub of a process imports modules, for which threads that make one at once wait for ever.
        gevent.get_hub()


def _find_original_start() -> Callable[..., object] | None:
    """What starts a thread of the operating system, if `threading` does not."""
    global _original_start
    if _original_start is None and not isinstance(_thread.start_new_thread, BuiltinFunctionType):
        if "gevent.monkey" in sys.modules:
            _original_start = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
        elif "eventlet.patcher" in sys.modules:
            _original_start = sys.modules["eventlet.patcher"].original("_thread").start_new_thread
    return _original_start


def start(name: str, function: Callable[..., object], *args: Any) -> None:
    """Calls `function` on a daemon thread of its own."""
    # Looked up each time: a worker of gunicorn patches after the program is loaded.
    if original_start := _find_original_start():
        original_start(_called, (function, args))
    else:
        threading.Thread(target=function, args=args, name=name, daemon=True).start()


def _called(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    finally:
        # The hub of this thread, which the function has used by waiting; it holds descriptors.
        if gevent := sys.modules.get("gevent"):
            gevent.get_hub().destroy(True)
        elif hubs := sys.modules.get("eventlet.hubs"):
            hubs.get_hub().abort(True)
