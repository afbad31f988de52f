"""Verifiers with several entries that are made in code, and the stats of their entries."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Sign, forged
from loops import Run, every_loop, until, waiting
from loops import results as verdicts
from server import Server, eventually, key_set
from test_configuration import LATER, claims

from bouncer_verify import (
    ExpiredSignatureError,
    InvalidArgumentError,
    InvalidIssuerError,
    Jwk,
    JwkSet,
    KeysUnavailableError,
    NoMatchingKeyError,
    Policy,
    RemoteJwkSet,
    VerifiedToken,
    Verifier,
)
from bouncer_verify.types import EntryStats, VerifierStats

A, B = "https://a.example/", "https://b.example/"


@pytest.fixture
def verifier(jwk: Jwk, other_jwk: Jwk) -> Verifier:
    """A verifier for an OpenID Connect provider and for DC/OS."""
    return Verifier.accepting(
        [(JwkSet([jwk]), Policy.for_issuer(A, "orders")), (JwkSet([other_jwk]), Policy.dcos())]
    )


def codes(found: list[Any]) -> list[str]:
    return ["ok" if isinstance(verdict, VerifiedToken) else verdict.code for verdict in found]


def test_the_issuer_selects_the_entry(verifier: Verifier, sign: Sign, other_sign: Sign) -> None:
    of_dcos = other_sign({"uid": "peter", "exp": LATER})
    assert verifier.verify(sign(claims())).audience == ("orders",)
    assert verifier.verify_authorization(f"token={of_dcos}").uid == "peter"
    with pytest.raises(InvalidIssuerError) as caught:
        verifier.verify(sign(claims(B)))
    assert (caught.value.http_status, caught.value.claim) == (401, "iss")
    # A token of one entry with the key of the other.
    wrong = [other_sign(claims()), sign({"uid": "peter", "exp": LATER})]
    batch = verifier.verify_batch([sign(claims()), of_dcos, *wrong], threads=2)
    assert codes(batch) == ["ok", "ok", "invalid_signature", "invalid_signature"]
    assert verifier.verify_batch_columns(wrong).codes() == ["invalid_signature"] * 2


def test_stats_have_the_verifications_of_each_entry_by_status(
    verifier: Verifier, sign: Sign, other_sign: Sign
) -> None:
    cached = verifier.with_cache(100)
    of_dcos = other_sign({"uid": "peter", "exp": LATER})
    cached.verify_batch([sign(claims())] * 3)
    for token in (of_dcos, of_dcos, other_sign({"uid": "peter", "exp": 1}), sign(claims(B)), "a.b.c", "x"):
        cached.verify_batch([token])
    stats = cached.stats()
    assert (stats["cache_hits_total"], stats["cache_misses_total"]) == (1, 8)
    assert stats["unassigned_total"] == {"wrong_issuer": 1, "malformed_token": 2}
    assert stats["entries"] == [
        {"source": A, "verifications_total": {"ok": 3}, "keys": None},
        {"source": "no issuer", "verifications_total": {"ok": 2, "expired": 1}, "keys": None},
    ]
    assert list(stats) == list(VerifierStats.__annotations__)
    assert list(stats["entries"][0]) == list(EntryStats.__annotations__)
    lines = cached.prometheus().splitlines()
    assert f'bouncer_verifications_total{{source="{A}",status="ok"}} 3' in lines
    assert 'bouncer_verifications_total{status="wrong_issuer"} 1' in lines
    # The original verifier has its own counters.
    assert [entry["verifications_total"] for entry in verifier.stats()["entries"]] == [{"ok": 0}, {"ok": 0}]


def test_a_verifier_with_a_clock_counts_too(jwk: Jwk, sign: Sign) -> None:
    now = LATER - 1.0
    verifier = Verifier(JwkSet([jwk]), Policy.for_issuer(A, "orders").replace(clock=lambda: now))
    token = sign(claims())
    assert verifier.verify(token)
    assert codes(verifier.verify_batch([token] * 200, threads=2)) == ["ok"] * 200
    now = LATER
    with pytest.raises(ExpiredSignatureError):
        verifier.verify(token)
    assert verifier.stats()["entries"][0]["verifications_total"] == {"ok": 201, "expired": 1}


def test_a_policy_with_a_clock_is_rejected_and_time_is_accepted(jwk: Jwk, sign: Sign) -> None:
    policies = [Policy.for_issuer(issuer, "orders") for issuer in (A, B)]
    with pytest.raises(InvalidArgumentError, match=r"only the policy of Verifier\(jwks, policy\)") as caught:
        Verifier.accepting(
            [(JwkSet([jwk]), policies[0]), (JwkSet([jwk]), policies[1].replace(clock=time.time))]
        )
    assert caught.value.claim == "accept[1].clock"
    verifier = Verifier.accepting([(JwkSet([jwk]), policy.replace(time=LATER)) for policy in policies])
    with pytest.raises(ExpiredSignatureError):
        verifier.verify(sign(claims()))


def test_entries_that_do_not_fit_are_rejected_with_their_path(jwk: Jwk) -> None:
    jwks, policy = JwkSet([jwk]), Policy.for_issuer(A, "orders")
    with pytest.raises(InvalidArgumentError) as caught:
        Verifier.accepting([])
    assert caught.value.claim == "accept"
    with pytest.raises(InvalidArgumentError, match=r"a\.example") as caught:
        Verifier.accepting([(jwks, policy), (jwks, Policy(issuers=[B, A], audiences="orders"))])
    assert caught.value.claim == "accept[1].issuers"
    with pytest.raises(InvalidArgumentError, match="cache must be 0 or more, not -1"):
        Verifier.accepting([(jwks, policy)], cache=-1)
    wrong: Any
    for wrong, text in (
        (None, "entries must be an iterable of pairs, not None"),
        ([jwks], r"accept\[0\] must be a pair of keys and a policy, not JwkSet"),
        ([(jwks, policy), (jwks, policy, 1)], r"accept\[1\] must be a pair of keys and a policy, not tuple"),
        ([(jwks, "policy")], r"accept\[0\] must be keys and a Policy, not str"),
        ([("keys", policy)], r"accept\[0\]\.keys must be a JwkSet or a RemoteJwkSet, not str"),
    ):
        with pytest.raises(TypeError, match=text):
            Verifier.accepting(wrong)


def test_the_entries_may_be_any_iterable_and_share_a_cache(jwk: Jwk, sign: Sign) -> None:
    pairs = ((JwkSet([jwk]), Policy.for_issuer(issuer, "orders")) for issuer in (A, B))
    verifier = Verifier.accepting(pairs, cache=100)
    for issuer in (A, B):
        token = sign(claims(issuer))
        assert verifier.verify(token) == verifier.verify(token)
    stats = verifier.stats()
    assert (stats["cache_hits_total"], stats["cache_misses_total"]) == (2, 2)
    assert verifier.with_cache(0).stats()["cache_capacity"] is None


@pytest.mark.parametrize("name", ["jwks", "policy"])
def test_a_verifier_with_entries_has_neither_keys_nor_a_policy(verifier: Verifier, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"only a verifier made by Verifier\(jwks, policy\) has {name}"):
        getattr(verifier, name)


@pytest.fixture
def remote(server: Server, jwk: Jwk, other_jwk: Jwk) -> Any:
    """A verifier with the keys of `server` for A, and fixed keys for B."""
    keys = RemoteJwkSet(server.url, log=False)
    keys.wait_ready()
    verifier = Verifier.accepting(
        [(keys, Policy.for_issuer(A, "orders")), (JwkSet([other_jwk]), Policy.for_issuer(B, "orders"))]
    )
    yield keys, verifier
    keys.close()


def test_a_token_waits_for_the_fetch_of_its_own_entry(
    remote: tuple[RemoteJwkSet, Verifier], server: Server, jwk: Jwk, sign: Sign, other_sign: Sign
) -> None:
    _, verifier = remote
    server.say(key_set(a=jwk, new=jwk))
    assert verifier.verify(sign(claims(), kid="new")).kid == "new"
    assert server.count == 2
    with pytest.raises(NoMatchingKeyError):
        verifier.verify(other_sign(claims("https://a.example/"), kid="none"))
    assert server.count == 3
    # No fetch of A's keys for a token of B.
    forgery = forged(other_sign(claims(B), kid="b"), "none")
    with pytest.raises(Exception):
        verifier.verify(forgery)
    assert server.count == 3
    entry = verifier.stats()["entries"][0]
    assert entry["keys"] is not None and entry["keys"]["keys_unknown_kid_total"] == 2
    assert (entry["source"], entry["keys"]["source"]) == (A, A)


def test_closing_the_keys_of_an_entry_ends_the_waits_for_it(
    remote: tuple[RemoteJwkSet, Verifier], server: Server, sign: Sign, other_sign: Sign
) -> None:
    keys, verifier = remote
    server.open_gate.clear()
    failures: list[str] = []

    def wait() -> None:
        try:
            verifier.verify(sign(claims(), kid="new"))
        except KeysUnavailableError as error:
            failures.append(str(error))

    began = time.monotonic()
    waiting = threading.Thread(target=wait)
    waiting.start()
    eventually(lambda: server.count == 2)
    keys.close()
    waiting.join(60)
    assert "closed" in failures[0] and time.monotonic() - began < 1.9
    with pytest.raises(KeysUnavailableError, match="closed"):
        verifier.wait_ready(60)
    assert time.monotonic() - began < 30
    assert verifier.verify(other_sign(claims(B)))


def test_a_reload_ends_the_wait_for_a_removed_entry(
    remote: tuple[RemoteJwkSet, Verifier], server: Server, other_jwk: Jwk, other_sign: Sign
) -> None:
    _, verifier = remote
    server.open_gate.clear()
    result: list[Any] = []
    token = other_sign(claims(), kid="k")
    waiting = threading.Thread(target=lambda: result.append(verifier.verify(token)))
    waiting.start()
    eventually(lambda: server.count == 2)
    document = {"issuers": [A], "audiences": ["orders"], "keys": {"url": server.url, "max_wait": "30s"}}
    server.say(key_set(k=other_jwk))
    verifier.reload({"accept": [document]})
    server.open_gate.set()
    waiting.join(60)
    assert result[0].issuer == A


@every_loop
def test_verify_async_waits_for_the_fetch_of_an_entry(
    run: Run,
    remote: tuple[RemoteJwkSet, Verifier],
    server: Server,
    jwk: Jwk,
    sign: Sign,
    other_sign: Sign,
) -> None:
    _, verifier = remote
    server.say(key_set(a=jwk, new=jwk))
    server.open_gate.clear()

    async def of_b() -> VerifiedToken:
        await until(lambda: server.count == 2 and waiting() == 5)
        token = await verifier.verify_async(other_sign(claims(B)))
        server.open_gate.set()
        return token

    token = sign(claims(), kid="new")
    found = run(lambda: verdicts(*[lambda: verifier.verify_async(token)] * 5, of_b))
    assert [(token.issuer, token.kid) for token in found] == [(A, "new")] * 5 + [(B, None)]
    assert server.count == 2


@every_loop
def test_closed_keys_and_a_reload_end_the_waits_of_a_loop(
    run: Run, remote: tuple[RemoteJwkSet, Verifier], server: Server, other_jwk: Jwk, other_sign: Sign
) -> None:
    keys, verifier = remote
    server.open_gate.clear()
    token = other_sign(claims(), kid="k")
    document = {"accept": [{"issuers": [A], "audiences": ["orders"], "keys": {"jwks": json_of(k=other_jwk)}}]}

    async def end(how: Callable[[], None]) -> None:
        await until(lambda: waiting() == 1)
        how()

    accepted, _ = run(
        lambda: verdicts(lambda: verifier.verify_async(token), lambda: end(lambda: verifier.reload(document)))
    )
    assert accepted.issuer == A
    other = Verifier.accepting([(keys, Policy.for_issuer(A, "orders")), (JwkSet([other_jwk]), Policy.dcos())])
    rejected, _ = run(lambda: verdicts(lambda: other.verify_async(token), lambda: end(keys.close)))
    assert rejected.code == "keys_unavailable" and "closed" in str(rejected)


@every_loop
def test_wait_ready_async_waits_for_the_keys_of_all_entries(
    run: Run, server: Server, jwk: Jwk, other_jwk: Jwk
) -> None:
    server.open_gate.clear()
    keys = RemoteJwkSet(server.url, log=False)
    verifier = Verifier.accepting(
        [(JwkSet([other_jwk]), Policy.dcos()), (keys, Policy.for_issuer(A, "orders"))]
    )

    async def open_gate() -> None:
        await until(lambda: waiting() == 1)
        server.open_gate.set()

    assert run(lambda: verdicts(verifier.wait_ready_async, open_gate)) == [None, None]
    assert keys.state == "fresh"
    missing = Verifier(RemoteJwkSet("http://127.0.0.1:1/", log=False), Policy.dcos())
    (error,) = run(lambda: verdicts(lambda: missing.wait_ready_async(0.05)))
    assert error.code == "keys_unavailable"


def json_of(**keys: Jwk) -> Any:
    return json.loads(key_set(**keys))
