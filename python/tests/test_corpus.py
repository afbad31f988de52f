"""Runs the conformance corpus through the Python API."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from conftest import REPOSITORY

from bouncer_verify import BouncerError, JwkSet, KeySetError, Policy, VerifiedToken, Verifier, verify_token

FILES = sorted((REPOSITORY / "tests" / "conformance").glob("*.json"))


def cases() -> list[Any]:
    # Python has no accessor for the path of a nested claim: a token is a Mapping, as a dict is.
    return [
        pytest.param(
            {
                **case,
                "jwks": file["jwks"][case["jwks"]],
                "expect": {name: value for name, value in case["expect"].items() if name != "paths"},
            },
            id=case["id"],
        )
        for file in (json.loads(path.read_text()) for path in FILES)
        for case in file["cases"]
    ]


def policy_of(case: dict[str, Any]) -> Policy:
    document = case.get("policy", {"profile": "dcos"})
    return Policy.from_json(json.dumps(document)).replace(time=case["time"])


def token_of(case: dict[str, Any]) -> bytes:
    return case["token"].encode() if "token" in case else bytes.fromhex(case["token_hex"])


def reasons(skipped: list[Any]) -> list[list[Any]]:
    return [[key.index, key.reason] for key in skipped]


def rejection(error: BouncerError) -> dict[str, Any]:
    named = {"claim": error.claim} if error.claim is not None else {}
    return {"status": error.code, **named}


def acceptance(token: VerifiedToken) -> dict[str, Any]:
    assert all(token.has_scope(scope) and not token.has_scope(f"{scope} ") for scope in token.scopes)
    found = {
        "uid": token.uid,
        "identity": token.identity,
        "scopes": list(token.scopes) or None,
        "kid": token.kid,
        "alg": token.algorithm,
    }
    present = {name: value for name, value in found.items() if value is not None}
    return {"status": "ok", "claims": dict(token), **present}


def result_of(case: dict[str, Any]) -> dict[str, Any]:
    try:
        jwks = JwkSet.from_json(case["jwks"])
    except KeySetError as error:
        found = rejection(error)
        if error.code == "no_usable_key":
            found |= {"keys": 0, "skipped": reasons(JwkSet.skipped_in(case["jwks"]))}
        return found
    found = {"keys": len(jwks.keys), "skipped": reasons(jwks.skipped)}
    policy = policy_of(case)
    token = token_of(case)
    try:
        verified = verify_token(jwks, policy, token)
    except BouncerError as error:
        with pytest.raises(type(error)):
            Verifier(jwks, policy).verify(token)
        return found | rejection(error)
    assert Verifier(jwks, policy).verify(token) == verified
    return found | acceptance(verified)


def test_the_corpus_is_complete() -> None:
    assert len(cases()) >= 1000


@pytest.mark.parametrize("case", cases())
def test_each_case_has_the_expected_result(case: dict[str, Any]) -> None:
    expected = case["expect"]
    found = result_of(case)
    for optional in ("keys", "skipped"):
        if optional not in expected:
            found.pop(optional, None)
    # Compared as text, because 1 == 1.0 == True in Python.
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize("backend", ["accelerated", "aws-lc"])
@pytest.mark.parametrize("case", cases())
def test_batches_and_caches_return_the_expected_verdict(
    case: dict[str, Any], backend: Literal["accelerated", "aws-lc"]
) -> None:
    try:
        jwks = JwkSet.from_json(case["jwks"], backend=backend)
    except KeySetError:
        return
    policy = policy_of(case)
    token = token_of(case)
    expected = case["expect"]
    plain = Verifier(jwks, policy)
    cached = plain.with_cache(8)
    # A batch whose eight signatures are verified together, then a cache miss, then a cache hit.
    verdicts = [
        *plain.verify_batch([token] * 8),
        *cached.verify_batch([token]),
        *cached.verify_batch([token]),
    ]
    for verdict in verdicts:
        found = rejection(verdict) if isinstance(verdict, BouncerError) else acceptance(verdict)
        wanted = {name: value for name, value in expected.items() if name not in ("keys", "skipped")}
        assert json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)
    stats = cached.stats()
    cacheable = expected["status"] == "ok" and 32 <= len(token) <= 4096
    assert (stats["cache_hits_total"], stats["cache_misses_total"]) == ((1, 1) if cacheable else (0, 2))


@pytest.mark.parametrize("case", cases())
def test_a_str_and_bytes_have_the_same_verdict(case: dict[str, Any]) -> None:
    # surrogateescape turns invalid UTF-8 into lone surrogates, which are no valid UTF-8 either.
    text = {**case, "token": token_of(case).decode("utf-8", "surrogateescape")}
    try:
        jwks = JwkSet.from_json(case["jwks"])
    except KeySetError:
        return
    policy = policy_of(case)
    try:
        verify_token(jwks, policy, text["token"])
        status = "ok"
    except BouncerError as error:
        status = error.code
    assert status == case["expect"]["status"]
