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
    global _original_start
    if isinstance(_thread.start_new_thread, BuiltinFunctionType):
        return
    if gevent := sys.modules.get("gevent"):
        _original_start = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
        # The first hub of a process imports modules, for which threads that make one at once wait for ever.
        gevent.get_hub()
    elif "eventlet" in sys.modules:
        _original_start = sys.modules["eventlet.patcher"].original("_thread").start_new_thread


def start(name: str, function: Callable[..., object], *args: Any) -> None:
    """Calls `function` on a daemon thread of its own."""
    if _original_start is None:
        threading.Thread(target=function, args=args, name=name, daemon=True).start()
    else:
        _original_start(_called, (function, args))


def _called(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    finally:
        # The hub of this thread, which the function has used by waiting; it holds descriptors.
        if gevent := sys.modules.get("gevent"):
            gevent.get_hub().destroy(True)
        elif hubs := sys.modules.get("eventlet.hubs"):
            hubs.get_hub().abort(True)
