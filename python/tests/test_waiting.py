"""verify_async and wait_ready_async do not block the event loop, and need no thread to wait."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import forged
from loops import Run, anyio, eventfds, every_loop, results, thread_ids, until, waiting
from server import Server, key_set
from test_configuration import claims, entry
from test_fork import exit_code, forked

from bouncer_verify import (
    DecodeError,
    Jwk,
    JwkSet,
    KeysUnavailableError,
    NoMatchingKeyError,
    Policy,
    RemoteJwkSet,
    TokenRenewer,
    Verifier,
    _waiting,
)
from bouncer_verify._bouncer_verify import Watch

Make = Callable[..., str]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The descriptors of all watches that were opened."""
    descriptors: list[int] = []

    def counted() -> Watch:
        watch = Watch()
        descriptors.append(watch.fileno())
        return watch

    monkeypatch.setattr(_waiting, "Watch", counted)
    return descriptors


@pytest.fixture
def rotated(server: Server, jwk: Jwk, other_jwk: Jwk) -> Callable[..., Verifier]:
    """Returns a verifier with keys. The issuer has a new key since then, and hangs."""

    def make(**settings: Any) -> Verifier:
        verifier = ready(server, **{"max_wait": 20, "timeout": 60, **settings})
        server.say(key_set(a=jwk, b=other_jwk))
        server.open_gate.clear()
        return verifier

    return make


def ready(server: Server, **settings: Any) -> Verifier:
    keys = RemoteJwkSet(server.url, log=False, **settings)
    keys.wait_ready()
    return Verifier(keys, Policy.dcos())


@every_loop
def test_a_verification_with_a_known_key_opens_no_watch(
    run: Run, server: Server, jwks: JwkSet, make_token: Make, token: str, opened: list[int]
) -> None:
    verifier = ready(server)
    fixed = Verifier(jwks, Policy.dcos().replace(time=1467985465))

    async def main() -> None:
        for _ in range(100):
            assert (await verifier.verify_async(make_token())).uid == "peter"
            assert (await fixed.verify_async(token.encode())).uid == "peter"
        for malformed in ("a.b.c", token[:-4]):
            with pytest.raises(DecodeError):
                await fixed.verify_async(malformed)
            with pytest.raises(DecodeError):
                await verifier.verify_async(malformed)
        with pytest.raises(TypeError):
            await verifier.verify_async(None)  # type: ignore[arg-type]

    run(main)
    assert opened == []


@every_loop
def test_a_thousand_waiting_calls_share_one_watch_and_use_no_thread(
    run: Run, server: Server, rotated: Callable[..., Verifier], make_other_token: Make, opened: list[int]
) -> None:
    verifier, token = rotated(), make_other_token()

    async def main() -> None:
        before = eventfds()
        async with anyio.create_task_group() as group:
            group.start_soon(verifier.verify_async, token)
            await until(lambda: server.count == 2)
            threads = thread_ids()
            waits = [lambda: verifier.verify_async(token)] * 999
            group.start_soon(wait_for_all, waits)
            await until(lambda: waiting() == 1000)
            # The loop runs while the calls wait.
            for _ in range(100):
                await anyio.sleep(0.001)
            assert waiting() == 1000
            assert thread_ids() <= threads
            assert eventfds() == before + 1
            server.open_gate.set()

    async def wait_for_all(waits: list[Any]) -> None:
        assert {verified.uid for verified in await results(*waits)} == {"peter"}

    run(main)
    assert (server.count, len(opened)) == (2, 1)


def test_the_executor_of_an_asyncio_loop_is_not_used(
    server: Server, rotated: Callable[..., Verifier], make_other_token: Make
) -> None:
    class ForbiddenExecutor(ThreadPoolExecutor):
        def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("the loop's executor was used")

    verifier = rotated()

    async def main() -> str | None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ForbiddenExecutor())
        loop.call_later(0.1, server.open_gate.set)
        return (await verifier.verify_async(make_other_token())).uid

    assert asyncio.run(main()) == "peter"


@every_loop
def test_a_wait_ends_after_max_wait(
    run: Run, server: Server, make_other_token: Make, make_token: Make
) -> None:
    verifier = ready(server, max_wait=0.3, timeout=30)
    server.open_gate.clear()

    async def main() -> None:
        start = time.monotonic()
        with pytest.raises(KeysUnavailableError):
            await verifier.verify_async(make_other_token())
        assert 0.3 <= time.monotonic() - start < 5
        assert (await verifier.verify_async(make_token())).uid == "peter"

    run(main)


@every_loop
def test_a_call_that_starts_later_ends_later(
    run: Run, rotated: Callable[..., Verifier], make_other_token: Make
) -> None:
    verifier = rotated(max_wait=0.4)
    ends: list[float] = []

    async def one() -> None:
        with pytest.raises(KeysUnavailableError):
            await verifier.verify_async(make_other_token())
        ends.append(time.monotonic())

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(one)
            await anyio.sleep(0.2)
            group.start_soon(one)
        assert ends[1] - ends[0] > 0.1

    run(main)


@every_loop
def test_a_key_that_arrives_as_the_wait_ends_is_used(
    run: Run,
    server: Server,
    jwk: Jwk,
    other_jwk: Jwk,
    make_other_token: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verifier = ready(server)
    server.say(key_set(a=jwk, b=other_jwk))

    async def ends_too_soon(source: Verifier, ticket: int, seconds: float) -> None:
        while not source._is_over(ticket):
            time.sleep(0.005)

    monkeypatch.setattr(_waiting, "_wait", ends_too_soon)

    async def main() -> None:
        assert (await verifier.verify_async(make_other_token())).uid == "peter"
        with pytest.raises(NoMatchingKeyError):
            await verifier.verify_async(make_other_token(kid="lost"))

    run(main)
    assert server.count == 3


@every_loop
def test_cancelling_a_call_cancels_neither_the_others_nor_the_fetch(
    run: Run, server: Server, rotated: Callable[..., Verifier], make_other_token: Make
) -> None:
    verifier = rotated()
    users: list[str | None] = []

    async def one() -> None:
        users.append((await verifier.verify_async(make_other_token())).uid)

    async def main() -> None:
        # The only call is cancelled, and then a call among others.
        for others in (0, 5):
            async with anyio.create_task_group() as group:
                for _ in range(others):
                    group.start_soon(one)
                await until(lambda others=others: waiting() == others)  # type: ignore[misc]
                with anyio.move_on_after(0.05) as scope:
                    await one()
                assert scope.cancelled_caught
                assert (waiting(), len(_waiting._CALLS)) == (others, min(others, 1))
                if others:
                    server.open_gate.set()

    run(main)
    assert users == ["peter"] * 5
    assert server.count == 2


@every_loop
def test_ten_thousand_random_kids_cost_two_fetches(run: Run, server: Server, make_token: Make) -> None:
    verifier = ready(server)
    token = make_token()

    async def main() -> None:
        calls = [lambda i=i: verifier.verify_async(forged(token, f"kid-{i}")) for i in range(10_000)]
        assert {type(result) for result in await results(*calls)} == {NoMatchingKeyError}

    run(main)
    assert server.count - 1 <= 2


@every_loop
def test_all_sources_of_a_loop_share_one_watch(
    run: Run, server: Server, rotated: Callable[..., Verifier], make_other_token: Make, opened: list[int]
) -> None:
    verifiers = [rotated(), Verifier(RemoteJwkSet(server.url, log=False, max_wait=20), Policy.dcos())]
    renewer = TokenRenewer.from_callable(lambda: "t1" if server.open_gate.wait(60) else "", log=False)
    keys = RemoteJwkSet(server.url, lazy=True, log=False)

    async def main() -> None:
        waits = [lambda v=v: v.verify_async(make_other_token()) for v in verifiers]
        async with anyio.create_task_group() as group:
            group.start_soon(results, *waits, renewer.token_async, lambda: keys.wait_ready_async(60))
            await until(lambda: waiting() == 4)
            server.open_gate.set()

    run(main)
    assert len(opened) == 1


@every_loop
@pytest.mark.parametrize("reason", ["issuer mismatch", "closed"])
def test_wait_ready_async_ends_early_if_there_will_be_no_keys(run: Run, server: Server, reason: str) -> None:
    metadata = {"issuer": "https://other.example/", "jwks_uri": server.url}
    server.bodies["/.well-known/openid-configuration"] = json.dumps(metadata)
    server.open_gate.clear()
    keys = RemoteJwkSet.discover(server.origin, timeout=60, log=False)
    verifier = Verifier(keys, Policy.dcos())

    async def no_keys() -> None:
        await until(lambda: waiting() == 2)
        if reason == "issuer mismatch":
            server.open_gate.set()
        else:
            keys.close()

    async def main() -> None:
        with anyio.fail_after(30):
            calls = [lambda: keys.wait_ready_async(1e9), lambda: verifier.wait_ready_async(1e9)]
            # The second time, this is known before the wait.
            for found in (await results(*calls, no_keys), await results(*calls)):
                for error in found[:2]:
                    assert error.code == "keys_unavailable" and reason in str(error)

    run(main)


@every_loop
def test_wait_ready_async_waits_for_the_first_keys(run: Run, server: Server, opened: list[int]) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, lazy=True, log=False)

    async def main() -> None:
        for timeout in (0.1, 0):
            with pytest.raises(KeysUnavailableError):
                await keys.wait_ready_async(timeout)
        assert len(opened) == 1
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(keys.wait_ready_async, 1e9)
            await until(lambda: waiting() == 100)
            server.open_gate.set()
        await keys.wait_ready_async()

    run(main)
    assert (server.count, len(opened)) == (1, 2)


@every_loop
def test_closing_ends_every_wait(run: Run, server: Server, make_other_token: Make) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, max_wait=60, timeout=60, log=False)
    verifier = Verifier(keys, Policy.dcos())

    async def close() -> None:
        await until(lambda: waiting() == 2)
        keys.close()

    async def main() -> None:
        start = time.monotonic()
        calls = [lambda: verifier.verify_async(make_other_token()), lambda: keys.wait_ready_async(60)]
        *ended, _ = await results(*calls, close)
        assert {type(result) for result in ended} == {KeysUnavailableError}
        assert time.monotonic() - start < 30

    run(main)


@every_loop
def test_closing_the_keys_of_one_entry_ends_only_its_waits(run: Run, server: Server, sign: Make) -> None:
    server.open_gate.clear()
    issuers = ["https://a.example/", "https://b.example/"]
    keys = [RemoteJwkSet(server.url, max_wait=60, timeout=60, log=False) for _ in issuers]
    policies = [Policy(issuers=issuer, audiences="orders") for issuer in issuers]
    verifier = Verifier.accepting(list(zip(keys, policies, strict=True)))

    async def end() -> None:
        await until(lambda: waiting() == 2)
        keys[0].close()
        await until(lambda: waiting() == 1)
        server.open_gate.set()

    async def main() -> None:
        tokens = [sign(claims(issuer), kid="a") for issuer in issuers]
        calls = [lambda token=token: verifier.verify_async(token) for token in tokens]
        of_closed, verified, _ = await results(*calls, end)
        assert type(of_closed) is KeysUnavailableError
        assert verified.issuer == "https://b.example/"

    run(main)


@every_loop
def test_a_reload_ends_the_waits_for_keys_that_it_removes(
    run: Run, server: Server, jwk: Jwk, sign: Make
) -> None:
    server.open_gate.clear()
    fixed = entry("https://a.example/", jwk)
    remote = fixed | {"keys": {"url": server.url, "max_wait": "60s", "timeout": "60s"}}
    verifier = Verifier.from_config({"accept": [remote]})

    async def reload() -> None:
        await until(lambda: waiting() == 1)
        verifier.reload({"accept": [fixed]})

    async def main() -> None:
        token = sign(claims(), kid="k")
        verified, _ = await results(lambda: verifier.verify_async(token), reload)
        assert verified.kid == "k"

    run(main)


@every_loop
def test_many_loops_in_many_threads_wait_at_once(
    run: Run, server: Server, rotated: Callable[..., Verifier], make_other_token: Make, opened: list[int]
) -> None:
    pytest.importorskip("uvloop")
    verifier, token = rotated(), make_other_token()
    users: list[str | None] = []

    async def main() -> None:
        calls = [lambda: verifier.verify_async(token)] * 20
        users.extend([verified.uid for verified in await results(*calls)])

    async def all_loops() -> None:
        from loops import LOOPS, run_in

        others = [threading.Thread(target=run_in, args=(loop, main)) for loop in LOOPS * 3]
        for thread in others:
            thread.start()
        await until(lambda: waiting() == 20 * len(others))
        server.open_gate.set()
        await main()
        await until(lambda: not any(thread.is_alive() for thread in others))

    run(all_loops)
    assert users == ["peter"] * 200
    assert server.count == 2
    # The tenth is that of the last loop, if the fetch was not over yet.
    assert len(opened) in (9, 10)


def test_two_loops_can_wait_in_turns_on_one_thread(
    server: Server, rotated: Callable[..., Verifier], make_other_token: Make, opened: list[int]
) -> None:
    verifier = rotated()
    loops = [asyncio.new_event_loop() for _ in range(2)]
    tasks = [loop.create_task(verifier.verify_async(make_other_token())) for loop in loops]
    for loop in loops:
        loop.run_until_complete(asyncio.sleep(0.01))
    assert (waiting(), len(set(opened))) == (2, 2)
    server.open_gate.set()
    for loop, task in zip(loops, tasks, strict=True):
        assert loop.run_until_complete(task).uid == "peter"
        loop.close()


def new_uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


@pytest.mark.parametrize(
    ("new_loop", "is_closed"),
    # A loop of uvloop that is not closed is never freed.
    [(asyncio.new_event_loop, True), (asyncio.new_event_loop, False), (new_uvloop, True)],
    ids=["closed", "dropped", "closed-uvloop"],
)
@pytest.mark.filterwarnings("ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_ends_while_calls_wait_leaves_no_descriptor(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    is_closed: bool,
    rotated: Callable[..., Verifier],
    make_other_token: Make,
) -> None:
    verifier = rotated()
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    loop = new_loop()
    # Without this handler, asyncio logs that tasks were destroyed.
    loop.set_exception_handler(lambda *_: None)
    tasks = [loop.create_task(verifier.verify_async(make_other_token())) for _ in range(3)]
    loop.run_until_complete(asyncio.sleep(0.01))
    assert waiting() == 3
    if is_closed:
        loop.close()
    del loop, tasks
    gc.collect()
    assert len(_waiting._CALLS) == 0
    # The request in flight has two descriptors, as both of its ends are in this process.
    assert len(os.listdir("/proc/self/fd")) <= before + 2


class WithoutReaders(asyncio.SelectorEventLoop):
    def add_reader(self, *_: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


def test_a_loop_without_add_reader_polls(
    server: Server, rotated: Callable[..., Verifier], make_other_token: Make
) -> None:
    verifier = rotated()
    loop = WithoutReaders()
    tasks = [loop.create_task(verifier.verify_async(make_other_token())) for _ in range(3)]
    loop.run_until_complete(asyncio.sleep(0.1))
    assert waiting() == 3
    server.open_gate.set()
    assert [loop.run_until_complete(task).uid for task in tasks] == ["peter"] * 3
    assert len(_waiting._CALLS) == 0
    loop.close()


@every_loop
def test_a_loop_polls_if_no_descriptor_is_left(
    run: Run,
    server: Server,
    rotated: Callable[..., Verifier],
    make_other_token: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(_waiting, "Watch", refused)
    verifier = rotated()

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(verifier.verify_async, make_other_token())
            await anyio.sleep(0.1)
            assert waiting() == 1
            server.open_gate.set()

    run(main)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@every_loop
def test_a_child_opens_its_own_watch_and_leaves_that_of_its_parent(
    run: Run, server: Server, rotated: Callable[..., Verifier], make_other_token: Make
) -> None:
    verifier, token = rotated(), make_other_token()

    def child() -> None:
        from loops import LOOPS, run_in

        def one_loop(loop: str) -> None:
            async def main() -> None:
                assert (await verifier.verify_async(make_other_token())).uid == "peter"

            run_in(loop, main)

        for loop in LOOPS:
            thread = threading.Thread(target=one_loop, args=(loop,))
            thread.start()
            thread.join()
        gc.collect()

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(verifier.verify_async, token)
            await until(lambda: waiting() == 1)
            process = forked(child)
            await until(lambda: server.count == 3)
            assert waiting() == 1
            server.open_gate.set()
        assert exit_code(process) == 0

    run(main)
