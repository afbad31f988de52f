"""A program that exits does not wait for its key sets, and the key sets print no errors."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from conftest import DATA
from server import Server

SETUP = """
import logging, os, pathlib, sys, threading, time
from bouncer_verify import Policy, RemoteJwkSet, Verifier
url = sys.argv[1]
def times_out(*_): time.sleep(60)
def raises(*_): raise OSError
def computes(*_):
    while True: sum(range(1000))
def returns_garbage(*_): return 200, {}, os.urandom(10)
logging.basicConfig(level=logging.DEBUG, handlers=[logging.NullHandler()])
"""

PROGRAMS = {
    "a server that hangs": "keys = RemoteJwkSet(url)",
    "a server that hangs, without logging": "keys = RemoteJwkSet(url, log=False)",
    "a hundred servers that hang": "keys = [RemoteJwkSet(url) for _ in range(100)]",
    "a fetch callable that hangs": "keys = RemoteJwkSet(url, fetch=times_out); time.sleep(0.1)",
    "a fetch callable that was not called yet": "keys = RemoteJwkSet(url, fetch=times_out)",
    "many fetch callables that hang": """
keys = [RemoteJwkSet(url, fetch=times_out) for _ in range(50)]
time.sleep(0.1)
""",
    "a fetch callable that is busy": "keys = RemoteJwkSet(url, fetch=computes); time.sleep(0.1)",
    "fetch callables that always fail": """
keys = [RemoteJwkSet(url, fetch=fetch) for fetch in [raises, returns_garbage] * 50]
time.sleep(0.3)
""",
    "a slow logging handler": """
class Slow(logging.Handler):
    def emit(self, record): time.sleep(0.2)
logging.getLogger().addHandler(Slow())
keys = [RemoteJwkSet(url, fetch=raises) for _ in range(3)]
time.sleep(0.1)
""",
    "logging handlers that release the GIL": """
class Yields(logging.Handler):
    def emit(self, record): time.sleep(0.001)
logging.getLogger().addHandler(Yields())
keys = [RemoteJwkSet(url, fetch=fetch) for fetch in [raises, returns_garbage] * 50]
time.sleep(0.05)
""",
    "threads that wait for a key": """
verifier = Verifier(RemoteJwkSet(url, max_wait=60), Policy.dcos())
header = "eyJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJwIiwiZXhwIjo5OTk5OTk5OTk5fQ.AA"
for _ in range(20): threading.Thread(target=verifier.verify, args=(header,), daemon=True).start()
time.sleep(0.1)
""",
    "an asyncio task that waits": """
import asyncio
async def main():
    task = asyncio.create_task(RemoteJwkSet(url).wait_ready_async(60))
    await asyncio.sleep(0.1)
asyncio.run(main())
""",
    "a forked child that exits": """
keys = RemoteJwkSet(url, fetch=raises)
time.sleep(0.1)
import warnings
warnings.simplefilter("ignore")
if os.fork() == 0:
    keys.stats()
    try: keys.refresh(1)
    except Exception: pass
else:
    assert os.wait()[1] == 0
""",
    "an atexit hook that reads the keys": """
import atexit
def late():
    for keys in kept: keys.current()
atexit.register(late)
seed = pathlib.Path(sys.argv[2]).read_text()
kept = [RemoteJwkSet(url, fetch=raises, seed=seed) for _ in range(20)]
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_exits_at_once_without_an_error(server: Server, program: str) -> None:
    server.open_gate.clear()
    arguments = [server.url, str(DATA / "document_jwks.json")]
    command = [sys.executable, "-X", "dev", "-c", SETUP + program, *arguments]
    for _ in range(5):
        start = time.monotonic()
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert time.monotonic() - start < 2
