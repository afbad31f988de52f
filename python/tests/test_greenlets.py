"""gevent and eventlet: other greenlets run during waits, and the program's callables work."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest
from server import Server, key_set

from bouncer_verify import Jwk

PATCH = {
    "gevent": "from gevent import monkey; monkey.patch_all(); from gevent import spawn",
    "eventlet": "import eventlet; eventlet.monkey_patch(); from eventlet import spawn",
}
COMMON = """
import gc, os, sys, time
from bouncer_verify import KeysUnavailableError, Policy, RemoteJwkSet, TokenRenewer, Verifier

ticks = 0

def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.01)

spawn(tick)
"""

patched = pytest.mark.parametrize("library", PATCH)


def run(library: str, program: str, *arguments: str) -> Any:
    """Runs `program` after the library's patches. Returns the JSON that the program prints."""
    return run_text(library, "\n".join([PATCH[library], COMMON, program]), *arguments)


def run_text(library: str, text: str, *arguments: str) -> Any:
    # This process must not import the library: eventlet, once imported, warns at every fork.
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    command = [sys.executable, "-W", "ignore", "-c", text, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@patched
def test_other_greenlets_run_while_a_token_waits_for_its_key(
    library: str, server: Server, jwk: Jwk, other_jwk: Jwk, make_other_token: Any
) -> None:
    program = """
url, token, document = sys.argv[1:]
body, gate = sys.argv[3].encode(), [False]

def fetch(url, headers, timeout):
    # These sleeps switch to other greenlets, as a patched socket does.
    while not gate[0]:
        time.sleep(0.01)
    return 200, {}, body

keys = RemoteJwkSet(url, fetch=fetch, log=False, max_wait=20)

def open_gate():
    time.sleep(0.5)
    gate[0] = True

spawn(open_gate)
before = ticks
user = Verifier(keys, Policy.dcos()).verify(token).uid
import json
print(json.dumps([user, ticks - before, keys.stats()["keys_attempts_total"]]))
"""
    document = key_set(b=other_jwk)
    user, ticks, attempts = run(library, program, server.url, make_other_token(), document)
    assert (user, attempts) == ("peter", 1)
    assert ticks > 10


@patched
def test_other_greenlets_run_during_every_wait_and_the_wait_ends_in_time(
    library: str, server: Server
) -> None:
    server.open_gate.clear()
    program = """
import json
keys = RemoteJwkSet(sys.argv[1], log=False)
verifier = Verifier.accepting([(keys, Policy.dcos())])
renewer = TokenRenewer.from_callable(lambda: time.sleep(30), max_wait=0.5, timeout=20, log=False)
found = []
for wait in (
    lambda: keys.wait_ready(0.5),
    lambda: verifier.wait_ready(0.5),
    lambda: keys.refresh(0.5),
    lambda: renewer.token(),
    lambda: renewer.wait_ready(0.5),
    lambda: renewer.renew(0.5),
):
    before, start = ticks, time.monotonic()
    try:
        wait()
    except Exception as error:
        found.append([type(error).__name__, time.monotonic() - start, ticks - before])
print(json.dumps(found))
"""
    found = run(library, program, server.url)
    names = [name for name, _, _ in found]
    assert names == ["KeysUnavailableError"] * 3 + ["LoginUnavailableError"] * 3
    for name, seconds, ticks in found:
        assert 0.4 < seconds < 5 and ticks > 5, (name, seconds, ticks)


@patched
def test_wait_ready_ends_early_if_there_will_be_no_keys(library: str, server: Server) -> None:
    metadata = {"issuer": "https://other.example/", "jwks_uri": server.url}
    server.bodies["/.well-known/openid-configuration"] = json.dumps(metadata)
    program = """
import json
other = RemoteJwkSet.discover(sys.argv[1], log=False)
closed = [RemoteJwkSet("http://127.0.0.1:1/", log=False) for _ in range(2)]

def close():
    for keys in closed:
        time.sleep(0.2)
        keys.close()

spawn(close)
found = []
for source in (other, Verifier(other, Policy.dcos()), closed[0], Verifier(closed[1], Policy.dcos())):
    try:
        source.wait_ready(1e9)
    except KeysUnavailableError as error:
        found.append(str(error))
print(json.dumps(found))
"""
    found = run(library, program, server.origin)
    assert ["issuer mismatch" in text for text in found] == [True, True, False, False]
    assert ["closed" in text for text in found] == [False, False, True, True]


@patched
def test_callables_that_wait_leak_no_file_descriptors(library: str, jwk: Jwk) -> None:
    program = """
body = sys.argv[1].encode()
logins = 0

def source():
    global logins
    time.sleep(0.05)
    logins += 1
    return f"token-{logins}", 600

def fetch(url, headers, timeout):
    time.sleep(0.05)
    return 200, {}, body

def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))

keys = RemoteJwkSet("https://idp.example/", fetch=fetch)
keys.wait_ready()
renewer = TokenRenewer.from_callable(source)
first = renewer.token()
before = descriptors()
for _ in range(20):
    keys.refresh()
    renewer.renew()
newer = renewer.reject(renewer.token())
attempts = keys.stats()["keys_attempts_total"]
keys.close()
renewer.close()
# A thread may not have ended yet.
end = time.monotonic() + 20
while descriptors() > before and time.monotonic() < end:
    time.sleep(0.05)
import json
print(json.dumps([first, newer, attempts, max(0, descriptors() - before)]))
"""
    assert run(library, program, key_set(a=jwk)) == ["token-1", "token-22", 21, 0]


@patched
def test_the_patches_may_be_applied_after_the_key_set_is_made(library: str, jwk: Jwk) -> None:
    program = (
        """
import json
body = sys.argv[1].encode()
keys = RemoteJwkSet("https://idp.example/", fetch=fetch_later, lazy=True, log=False)
"""
        + PATCH[library]
        + """

def fetch():
    time.sleep(0.05)
    return 200, {}, body

# The hub runs before the first request, as in a gunicorn worker.
time.sleep(0)
keys.wait_ready()
print(json.dumps(keys.stats()["keys_attempts_total"]))
"""
    )
    early = "spawn = fetch = None\ndef fetch_later(url, headers, timeout):\n    return fetch()\n"
    early += COMMON.replace("spawn(tick)", "")
    assert run_text(library, early + program, key_set(a=jwk)) == 1


def test_a_blocking_call_imports_no_event_loop_library() -> None:
    program = """
import sys
from bouncer_verify import RemoteJwkSet
keys = RemoteJwkSet("https://idp.example/", fetch=lambda *_: (200, {}, b"{}"), log=False)
try:
    keys.refresh()
except Exception:
    pass
assert not {"gevent", "eventlet", "greenlet", "trio", "asyncio"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-I", "-c", program], check=True)
