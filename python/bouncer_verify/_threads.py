"""Starts threads of the operating system, even if gevent or eventlet replaces threads by greenlets.

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
    """Called on the program's thread when the program passes a `fetch` or a `source`."""
    if _find_original_start() and (gevent := sys.modules.get("gevent")):
        # The first hub of a process imports modules. Threads that made their hubs at the same time
        # would wait for each other's imports forever.
        gevent.get_hub()


def _find_original_start() -> Callable[..., object] | None:
    """Returns what starts a thread of the operating system, if `threading` starts greenlets."""
    global _original_start
    if _original_start is None and not isinstance(_thread.start_new_thread, BuiltinFunctionType):
        if "gevent.monkey" in sys.modules:
            _original_start = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
        elif "eventlet.patcher" in sys.modules:
            _original_start = sys.modules["eventlet.patcher"].original("_thread").start_new_thread
    return _original_start


def start(name: str, function: Callable[..., object], *args: Any) -> None:
    """Calls `function` on its own daemon thread."""
    # Looked up each time: a gunicorn worker applies the patches after the program is loaded.
    if original_start := _find_original_start():
        original_start(_run, (function, args))
    else:
        threading.Thread(target=function, args=args, name=name, daemon=True).start()


def _run(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    finally:
        # The function has made a hub for this thread if it waited. The hub holds file descriptors.
        if gevent := sys.modules.get("gevent"):
            gevent.get_hub().destroy(True)
        elif hubs := sys.modules.get("eventlet.hubs"):
            hubs.get_hub().abort(True)
