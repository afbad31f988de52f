"""Verifier.reload() replaces the entries of a verifier while other threads verify tokens."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Sign
from server import Server, key_set, settled_threads
from test_configuration import claims, entry, two_issuers

from bouncer_verify import (
    InvalidArgumentError,
    Jwk,
    JwkSet,
    Policy,
    RemoteJwkSet,
    Verifier,
)

A, B = "https://a.example/", "https://b.example/"


def codes(verifier: Verifier, *tokens: str) -> list[str]:
    return [getattr(verdict, "code", "ok") for verdict in verifier.verify_batch(tokens)]


def accepted(verifier: Verifier) -> dict[str, int]:
    """Returns the number of accepted tokens of each entry, by source."""
    return {entry["source"]: entry["verifications_total"]["ok"] for entry in verifier.stats()["entries"]}


def test_an_entry_that_is_the_same_keeps_its_counters(
    jwk: Jwk, other_jwk: Jwk, sign: Sign, other_sign: Sign
) -> None:
    of_a, of_b = sign(claims(A)), other_sign(claims(B))
    document = two_issuers(jwk, other_jwk)
    verifier = Verifier.from_config(document)
    assert codes(verifier, of_a, of_b) == ["ok", "ok"]
    verifier.reload({"accept": [document["accept"][1], entry("https://c.example/", jwk)]})
    assert accepted(verifier) == {B: 1, "https://c.example/": 0}
    assert codes(verifier, of_a, of_b) == ["wrong_issuer", "ok"]
    assert codes(verifier, sign(claims("https://c.example/"))) == ["ok"]


def test_a_bad_document_changes_nothing_and_names_the_fault(
    jwk: Jwk, other_jwk: Jwk, sign: Sign, other_sign: Sign
) -> None:
    document = two_issuers(jwk, other_jwk)
    verifier = Verifier.from_config(document)
    first, second = document["accept"]
    for bad, path in (
        ({"accept": [second, first | {"leeway": 5}]}, "accept[1].leeway"),
        ({"accept": [second, second]}, "accept[1].issuers"),
        ({"accept": [second, {"issuers": ["https://c.example/"], "keys": {"file": "/nowhere"}}]}, None),
        ({"accept": []}, "accept"),
        ("", None),
    ):
        with pytest.raises(InvalidArgumentError) as caught:
            verifier.reload(bad)
        assert path in (None, caught.value.claim)
        assert codes(verifier, sign(claims(A)), other_sign(claims(B))) == ["ok", "ok"]


def test_a_file_of_keys_is_read_again(
    tmp_path: Path, jwk: Jwk, other_jwk: Jwk, sign: Sign, other_sign: Sign
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(key_set(a=jwk))
    document = {"accept": [{"issuers": [A], "audiences": ["orders"], "keys": {"file": str(file)}}]}
    verifier = Verifier.from_config(document)
    assert codes(verifier, sign(claims()), other_sign(claims())) == ["ok", "invalid_signature"]
    file.write_text(key_set(a=other_jwk))
    verifier.reload(document)
    assert codes(verifier, sign(claims()), other_sign(claims())) == ["invalid_signature", "ok"]


def test_a_verifier_that_was_made_from_keys_can_be_reloaded(
    jwk: Jwk, other_jwk: Jwk, sign: Sign, other_sign: Sign
) -> None:
    def broken() -> float:
        raise AssertionError("the clock of the old policy was called")

    policy = Policy.for_issuer(A, "orders").replace(clock=lambda: 1_700_000_000)
    for verifier in (
        Verifier(JwkSet([jwk]), policy),
        Verifier(JwkSet([jwk]), policy).with_cache(9),
        Verifier.accepting([(JwkSet([jwk]), policy.replace(clock=None))]),
    ):
        assert codes(verifier, sign(claims())) == ["ok"]
        verifier.reload({"accept": [entry(B, other_jwk)]})
        assert codes(verifier, sign(claims()), other_sign(claims(B))) == ["invalid_signature", "ok"]
        for name in ("jwks", "policy"):
            with pytest.raises(AttributeError, match=f"only a verifier made by .* has {name}"):
                getattr(verifier, name)
            assert not hasattr(verifier.with_cache(1), name)
    reloaded = Verifier(JwkSet([jwk]), policy.replace(clock=broken))
    reloaded.reload({"accept": [entry(A, jwk)]})
    assert codes(reloaded, sign(claims())) == ["ok"]


def test_a_failed_reload_leaves_the_keys_and_the_policy_of_the_constructor(jwk: Jwk) -> None:
    jwks, policy = JwkSet([jwk]), Policy.dcos()
    verifier = Verifier(jwks, policy)
    with pytest.raises(InvalidArgumentError):
        verifier.reload("{}")
    assert verifier.jwks is jwks and verifier.policy is policy


def test_removed_remote_keys_are_closed(server: Server, jwk: Jwk) -> None:
    before = settled_threads()
    document = two_issuers(jwk, jwk)
    remote = {"issuers": ["https://c.example/"], "audiences": ["c"], "keys": {"url": server.url}}
    verifier = Verifier.from_config({"accept": [*document["accept"], remote]})
    verifier.wait_ready()
    verifier.reload(document)
    assert settled_threads() <= before
    assert server.count == 1


def test_replaced_keys_of_the_constructor_are_closed_unless_the_program_uses_them(
    server: Server, jwk: Jwk
) -> None:
    before = settled_threads()
    keys = RemoteJwkSet(server.url, log=False)
    verifier = Verifier(keys, Policy.dcos())
    # A copy with the same keys.
    other = verifier.with_cache(1)
    verifier.wait_ready()
    verifier.reload({"accept": [entry(A, jwk)]})
    assert other.jwks is keys and keys.state == "fresh"
    del keys
    other.reload({"accept": [entry(A, jwk)]})
    assert settled_threads() <= before


def test_the_keys_of_an_entry_are_kept_if_only_its_policy_changes(server: Server, sign: Sign) -> None:
    remote: dict[str, Any] = {"issuers": [A], "audiences": ["orders"], "keys": {"url": server.url}}
    verifier = Verifier.from_config({"accept": [remote]})
    verifier.wait_ready()
    verifier.reload({"accept": [remote | {"audiences": ["other"]}]})
    assert codes(verifier, sign(claims(), kid="a"), sign(claims(aud="other"), kid="a")) == [
        "wrong_audience",
        "ok",
    ]
    assert server.count == 1


@pytest.mark.parametrize("cache", [0, 100])
def test_reload_under_load(
    cache: int, server: Server, jwk: Jwk, other_jwk: Jwk, sign: Sign, other_sign: Sign
) -> None:
    """Eight threads verify tokens of an entry that stays, and of one that comes and goes."""
    kept, going = sign(claims(A), kid="k"), other_sign(claims(B), kid="k")
    remote = {"issuers": ["https://c.example/"], "audiences": ["c"], "keys": {"url": server.url}}
    first, second = two_issuers(jwk, other_jwk)["accept"]
    with_b = {"accept": [first, second], "cache": cache}
    without_b = {"accept": [remote, first], "cache": cache}
    verifier = Verifier.from_config(with_b)
    # Modulo 4: 0 while the entry of `going` exists, 1 while it is removed, 2 when it is removed,
    # and 3 while it is added.
    state, stop = [0], threading.Event()
    failures: list[str] = []
    counts = [[0, 0] for _ in range(8)]

    def verify(count: list[int]) -> None:
        while not stop.is_set():
            try:
                assert verifier.verify(kept).issuer == A
                assert codes(verifier, kept) == ["ok"]
            except BaseException as error:
                failures.append(f"a token of the kept entry: {error!r}")
                return
            before = state[0]
            result = codes(verifier, going)
            if result == ["ok"] and before % 4 == 2 and state[0] == before:
                failures.append("a token of the removed entry was accepted after the reload")
            if result != ["ok"] and before % 4 == 0 and state[0] == before:
                failures.append(f"a token of the new entry was rejected after the reload: {result}")
            if result not in (["ok"], ["wrong_issuer"]):
                failures.append(f"a token of the removed entry: {result}")
            count[result == ["ok"]] += 1

    workers = [threading.Thread(target=verify, args=(count,)) for count in counts]
    for worker in workers:
        worker.start()
    try:
        for round in range(60):
            state[0] += 1
            verifier.reload(with_b if round % 2 else without_b)
            state[0] += 1
            with pytest.raises(InvalidArgumentError):
                verifier.reload({"accept": [first, second, second]})
            stop.wait(0.005)
    finally:
        stop.set()
        for worker in workers:
            worker.join(60)
    assert not failures, failures[:3]
    assert not any(worker.is_alive() for worker in workers)
    without, with_entry = map(sum, zip(*counts))
    assert without > 0 and with_entry > 0
    assert accepted(verifier)[A] >= 2 * (without + with_entry)
