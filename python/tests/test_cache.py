"""Verifiers with a cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Sign
from server import key_set

from bouncer_verify import (
    ExpiredSignatureError,
    InvalidArgumentError,
    InvalidSignatureError,
    Jwk,
    JwkSet,
    Policy,
    RemoteJwkSet,
    Verifier,
)

NOW = 1_700_000_000


@pytest.fixture
def verifier(jwk: Jwk) -> Verifier:
    return Verifier(JwkSet([jwk]), Policy.dcos().replace(time=NOW)).with_cache(100)


def counts(verifier: Verifier) -> tuple[int, int]:
    stats = verifier.stats()
    assert stats["cache_hits_total"] is not None and stats["cache_misses_total"] is not None
    return stats["cache_hits_total"], stats["cache_misses_total"]


def test_a_verifier_has_no_cache_by_default(jwk: Jwk) -> None:
    plain = Verifier(JwkSet([jwk]), Policy.dcos())
    none = {"cache_hits_total": None, "cache_misses_total": None, "cache_capacity": None}
    assert plain.stats().items() >= none.items()
    assert plain.with_cache(0).stats().items() >= none.items()
    cached = plain.with_cache(100)
    assert plain.stats().items() >= none.items()
    assert cached.jwks is plain.jwks and cached.policy is plain.policy
    with pytest.raises(InvalidArgumentError, match="tokens must be 0 or more, not -1"):
        plain.with_cache(-1)


def test_hits_and_misses_are_counted(verifier: Verifier, sign: Sign) -> None:
    token = sign({"uid": "peter", "exp": NOW + 1})
    first = verifier.verify(token)
    assert counts(verifier) == (0, 1)
    assert verifier.verify(token.encode()) == first
    assert counts(verifier) == (1, 1)
    other = sign({"uid": "paul", "exp": NOW + 1})
    uids = [getattr(verdict, "uid", None) for verdict in verifier.verify_batch([token, other, token, "x"])]
    assert uids == ["peter", "paul", "peter", None]
    assert counts(verifier) == (3, 3)
    capacity = verifier.stats()["cache_capacity"]
    assert capacity is not None and capacity >= 100
    assert "\nbouncer_cache_hits_total 3\n" in verifier.prometheus()


def test_a_forged_token_is_a_cache_miss(verifier: Verifier, sign: Sign) -> None:
    token = sign({"uid": "peter", "exp": NOW + 1})
    verifier.verify(token)
    header, _, signature = token.split(".")
    payload = sign({"uid": "admin", "exp": NOW + 1}).split(".")[1]
    for _ in range(2):
        with pytest.raises(InvalidSignatureError):
            verifier.verify(f"{header}.{payload}.{signature}")
    assert counts(verifier) == (0, 3)


def test_a_cached_token_expires_by_the_policy_s_clock(jwk: Jwk, sign: Sign) -> None:
    now = NOW
    policy = Policy.dcos().replace(clock=lambda: now)
    verifier = Verifier(JwkSet([jwk]), policy).with_cache(100)
    token = sign({"uid": "peter", "exp": NOW + 10})
    assert verifier.verify(token).uid == verifier.verify(token).uid == "peter"
    now = NOW + 9
    assert verifier.verify(token).uid == "peter"
    assert verifier.verify_batch_columns([token] * 200, threads=2).codes() == [None] * 200
    now = NOW + 10
    for _ in range(2):
        with pytest.raises(ExpiredSignatureError) as caught:
            verifier.verify(token)
        assert caught.value.claim == "exp"
    assert verifier.verify_batch_columns([token] * 200, threads=2).codes() == ["expired"] * 200
    assert counts(verifier) == (404, 1)


def test_a_change_of_the_keys_empties_the_cache(
    server: Any, make_token: Callable[..., str], other_jwk: Jwk, make_other_token: Callable[..., str]
) -> None:
    with RemoteJwkSet(server.url) as keys:
        keys.wait_ready()
        verifier = Verifier(keys, Policy.dcos()).with_cache(100)
        token = make_token()
        verifier.verify(token)
        verifier.verify(token)
        assert counts(verifier) == (1, 1)
        server.say(key_set(a=other_jwk))
        keys.refresh()
        with pytest.raises(InvalidSignatureError):
            verifier.verify(token)
        # The last call counts two misses: before and after its fetch for a newer key with this kid.
        assert counts(verifier) == (1, 3)
