"""Batches: results in input order, on several threads, and in columns."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Sign

from bouncer_verify import (
    BouncerError,
    InvalidArgumentError,
    Jwk,
    JwkSet,
    KeysUnavailableError,
    Policy,
    RemoteJwkSet,
    TokenColumns,
    VerifiedToken,
    Verifier,
    verify_tokens,
)

SIZES = [0, 1, 7, 8, 64, 1000]
NOW = 1_700_000_000

Text = str | bytes


@pytest.fixture(scope="module")
def verifier(jwk: Jwk) -> Verifier:
    return Verifier(JwkSet([jwk.with_kid("a")]), Policy.dcos().replace(time=NOW))


@pytest.fixture(scope="module")
def kinds(sign: Sign) -> list[Text]:
    """Accepted and rejected tokens. Each rejected token has a different fault."""
    good = [sign({"uid": f"user {i} \u00e9", "exp": NOW + 1 + i}, kid="a") for i in range(7)]
    return [
        good[0],
        good[1].encode(),
        good[2][:-8] + "AAAAAAAA",
        good[3],
        sign({"uid": "late", "exp": NOW}, kid="a"),
        good[4],
        "\ud800" + good[4],
        b"\xff",
        good[5],
        sign({"uid": "other", "exp": NOW + 9}, kid="b"),
        sign({"exp": NOW + 9}, kid="a"),
        good[6],
        "",
    ]


def of_size(kinds: list[Text], size: int) -> list[Text]:
    return (kinds * (size // len(kinds) + 1))[:size]


def one_by_one(verifier: Verifier, tokens: list[Text]) -> list[Any]:
    verdicts: list[Any] = []
    for token in tokens:
        try:
            verdicts.append(verifier.verify(token))
        except BouncerError as error:
            verdicts.append(error)
    return seen(verdicts)


def seen(verdicts: list[VerifiedToken | BouncerError]) -> list[Any]:
    return [
        (dict(verdict), verdict.kid)
        if isinstance(verdict, VerifiedToken)
        else (type(verdict), str(verdict), verdict.code, verdict.claim)
        for verdict in verdicts
    ]


@pytest.mark.parametrize("threads", [0, 1, 2, 9])
@pytest.mark.parametrize("size", SIZES)
def test_a_batch_returns_the_results_of_verify_in_input_order(
    verifier: Verifier, kinds: list[Text], size: int, threads: int
) -> None:
    tokens = of_size(kinds, size)
    expected = one_by_one(verifier, tokens)
    # The results differ, so this test detects a wrong order.
    assert len({str(verdict) for verdict in expected}) >= min(size, 7)
    assert isinstance(verifier.jwks, JwkSet)
    assert seen(verifier.verify_batch(tokens, threads=threads)) == expected
    assert seen(verify_tokens(verifier.jwks, verifier.policy, tokens, threads=threads)) == expected


def test_any_iterable_of_tokens_is_accepted(verifier: Verifier, kinds: list[Text]) -> None:
    expected = one_by_one(verifier, kinds)
    for tokens in (tuple(kinds), iter(kinds), dict.fromkeys(kinds), (token for token in kinds)):
        assert seen(verifier.verify_batch(tokens)) == expected


@pytest.mark.parametrize("other", [None, 1, "a.b.c", b"a.b.c", [None], ["a.b.c", 1], [bytearray(b"a.b.c")]])
def test_arguments_of_other_types_raise_type_error(verifier: Verifier, other: Any) -> None:
    for call in (verifier.verify_batch, verifier.verify_batch_columns):
        with pytest.raises(TypeError, match=r"expected (an iterable of )?str or bytes"):
            call(other)


def test_an_exception_of_the_iterator_is_propagated(verifier: Verifier) -> None:
    def broken() -> Iterator[str]:
        yield "a.b.c"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        verifier.verify_batch(broken())


def test_a_negative_number_of_threads_is_rejected(verifier: Verifier) -> None:
    with pytest.raises(InvalidArgumentError, match="threads must be 0 or more, not -1"):
        verifier.verify_batch([], threads=-1)


def test_two_threads_may_verify_batches_concurrently(verifier: Verifier, kinds: list[Text]) -> None:
    tokens = of_size(kinds, 200)
    expected = one_by_one(verifier, tokens)
    found: list[list[Any]] = []

    def work() -> None:
        for _ in range(5):
            found.append(seen(verifier.verify_batch(tokens, threads=2)))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 10


@pytest.mark.parametrize("call", [Verifier.verify_batch, Verifier.verify_batch_columns])
def test_other_threads_run_during_a_batch(
    verifier: Verifier, sign: Sign, call: Callable[[Verifier, list[Text]], Any]
) -> None:
    tokens: list[Text] = [sign({"uid": "peter", "exp": NOW + 1}, kid="a")] * 20_000
    ready, done = threading.Event(), threading.Event()
    turns = 0

    def other() -> None:
        nonlocal turns
        ready.set()
        while not done.is_set():
            turns += 1
            time.sleep(1e-5)

    before = sys.getswitchinterval()
    # With this interval in seconds, Python switches threads only if one releases the GIL.
    sys.setswitchinterval(1_000)
    thread = threading.Thread(target=other)
    try:
        thread.start()
        ready.wait()
        start = turns
        call(verifier, tokens)
        during = turns - start
    finally:
        sys.setswitchinterval(before)
        done.set()
        thread.join()
    assert during > 10


def test_the_caller_may_change_the_list_during_a_batch(verifier: Verifier, sign: Sign) -> None:
    text = sign({"uid": "peter", "exp": NOW + 1}, kid="a")
    done = threading.Event()
    tokens: list[str] = []

    def change() -> None:
        while not done.is_set():
            # New objects each time, with no other reference to them.
            tokens[:] = [text[:1] + text[1:] for _ in range(500)]
            tokens.clear()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(100):
            for verdict in verifier.verify_batch(tokens, threads=2):
                assert isinstance(verdict, VerifiedToken) and verdict.uid == "peter"
    finally:
        done.set()
        thread.join()


def test_the_policy_s_clock_is_called_once_per_batch(verifier: Verifier, sign: Sign) -> None:
    clock_calls: list[int] = []

    def now() -> int:
        clock_calls.append(NOW)
        return NOW

    ticking = Verifier(verifier.jwks, verifier.policy.replace(clock=now, time=None))
    tokens = [sign({"uid": "peter", "exp": exp}, kid="a") for exp in (NOW + 1, NOW)] * 50
    for cached in (ticking, ticking.with_cache(8)):
        clock_calls.clear()
        codes = cached.verify_batch_columns(tokens, threads=2).codes()
        assert codes == [None, "expired"] * 50
        assert clock_calls == [NOW]


def test_a_batch_uses_remote_keys(server: Any, make_token: Callable[..., str]) -> None:
    with RemoteJwkSet(server.url) as keys:
        keys.wait_ready()
        verifier = Verifier(keys, Policy.dcos())
        good, late = make_token(), make_token(exp=-1)
        assert verifier.verify_batch_columns([good, late] * 100, threads=2).codes() == [None, "expired"] * 100
        # Every thread that verifies uses the time of the policy's clock.
        distant = Verifier(keys, Policy.dcos().replace(clock=lambda: 2**40))
        for ticking in (distant, distant.with_cache(8)):
            assert ticking.verify_batch_columns([good, late] * 100, threads=2).codes() == ["expired"] * 200
            with ThreadPoolExecutor(1) as pool:
                columns = pool.submit(ticking.verify_batch_columns, [good, late]).result()
                assert columns.codes() == ["expired"] * 2
    verdicts = verifier.verify_batch([good, late])
    assert [type(verdict) for verdict in verdicts] == [KeysUnavailableError] * 2


def bits(bitmap: bytes, rows: int) -> list[bool]:
    assert len(bitmap) == (rows + 7) // 8
    return [bool(bitmap[i // 8] >> i % 8 & 1) for i in range(rows)]


def strings(columns: TokenColumns) -> list[str | None]:
    valid, ends = bits(columns.uid_validity, len(columns)), columns.uid_offsets
    assert len(ends) == len(columns) + 1 and ends[0] == 0 and ends[-1] == len(columns.uid_data)
    return [
        columns.uid_data[ends[i] : ends[i + 1]].decode() if valid[i] else None for i in range(len(columns))
    ]


@pytest.mark.parametrize("size", SIZES)
def test_columns_have_a_row_for_each_token(verifier: Verifier, kinds: list[Text], size: int) -> None:
    tokens = of_size(kinds, size)
    verdicts = verifier.verify_batch(tokens)
    columns = verifier.verify_batch_columns(tokens, threads=2)
    passed = [verdict if isinstance(verdict, VerifiedToken) else None for verdict in verdicts]
    assert len(columns) == len(columns.status) == len(columns.exp) == size
    assert columns.codes() == [
        None if isinstance(verdict, VerifiedToken) else verdict.code for verdict in verdicts
    ]
    assert [status == 0 for status in columns.status] == [token is not None for token in passed]
    valid = bits(columns.exp_validity, size)
    exp = [exp if valid else None for exp, valid in zip(columns.exp, valid, strict=True)]
    assert exp == [token and token.expires_at for token in passed]
    assert strings(columns) == [token and token.uid for token in passed]
    assert (
        repr(columns) == f"<TokenColumns {size} rows, {sum(token is not None for token in passed)} accepted>"
    )


def test_absent_uid_and_exp_are_null_in_the_columns(verifier: Verifier, sign: Sign) -> None:
    lax = Verifier(verifier.jwks, Policy.any_issuer().replace(optional_exp=True))
    columns = lax.verify_batch_columns([sign({}, kid="a"), sign({"uid": ""}, kid="a")])
    assert columns.codes() == [None, None]
    assert list(columns.exp) == [0, 0] and bits(columns.exp_validity, 2) == [False, False]
    assert strings(columns) == [None, ""]


def test_the_buffers_are_read_only_and_typed(verifier: Verifier, kinds: list[Text]) -> None:
    columns = verifier.verify_batch_columns(kinds)
    for view, form, size in (
        (columns.status, "I", 4),
        (columns.exp, "q", 8),
        (columns.uid_offsets, "q", 8),
    ):
        assert (view.format, view.itemsize, view.readonly, view.contiguous) == (form, size, True, True)
    for data in (columns.exp_validity, columns.uid_data, columns.uid_validity):
        assert type(data) is bytes


def test_arrow_uses_the_buffers_without_conversion(verifier: Verifier, kinds: list[Text]) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is missing: python -m pip install pyarrow")
    tokens = of_size(kinds, 1000)
    columns = verifier.verify_batch_columns(tokens)
    buffer, rows = pa.py_buffer, len(columns)
    status = pa.Array.from_buffers(pa.uint32(), rows, [None, buffer(columns.status)])
    exp = pa.Array.from_buffers(pa.int64(), rows, [buffer(columns.exp_validity), buffer(columns.exp)])
    uid = pa.Array.from_buffers(
        pa.large_utf8(),
        rows,
        [buffer(columns.uid_validity), buffer(columns.uid_offsets), buffer(columns.uid_data)],
    )
    for array in (status, exp, uid):
        array.validate(full=True)
    verdicts = verifier.verify_batch(tokens)
    passed = [verdict if isinstance(verdict, VerifiedToken) else None for verdict in verdicts]
    assert status.to_pylist() == list(columns.status)
    assert exp.to_pylist() == [token and token.expires_at for token in passed]
    assert uid.to_pylist() == [token and token.uid for token in passed]
