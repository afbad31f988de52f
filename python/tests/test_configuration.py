"""Verifiers that are made from a configuration document: the corpus, and documents as dicts."""

from __future__ import annotations

import enum
import json
import logging
from collections import UserDict
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from conftest import REPOSITORY, Sign
from server import Server, eventually, key_set

from bouncer_verify import (
    BouncerError,
    InvalidArgumentError,
    InvalidIssuerError,
    Jwk,
    KeysUnavailableError,
    NoUsableKeyError,
    VerifiedToken,
    Verifier,
)
from bouncer_verify.types import Configuration, ConfigurationEntry, ConfigurationKeys

FILES = sorted((REPOSITORY / "tests" / "conformance" / "configuration").glob("*.json"))
LATER = 4102444800


def cases() -> list[Any]:
    return [
        pytest.param({**case, "document": file["configurations"][case["configuration"]]}, id=case["id"])
        for file in (json.loads(path.read_text()) for path in FILES)
        for case in file["cases"]
    ]


def rejection(error: BouncerError) -> dict[str, Any]:
    named = {"claim": error.claim} if error.claim is not None else {}
    return {"status": error.code, **named}


def result_of(verdict: VerifiedToken | BouncerError) -> dict[str, Any]:
    if isinstance(verdict, BouncerError):
        return rejection(verdict)
    return {"status": "ok", "claims": dict(verdict)}


def results_of(document: Any, token: str | None) -> list[dict[str, Any]]:
    """Returns all results for `token`: of single tokens and batches, with a cache and without."""
    try:
        verifier = Verifier.from_config(document)
    except BouncerError as error:
        return [rejection(error)]
    assert token is not None, "the document was accepted"
    results = []
    for each in (verifier, verifier.with_cache(8)):
        for _ in range(2):
            verdicts = each.verify_batch([token, token])
            try:
                verdicts.append(each.verify(token))
            except BouncerError as error:
                verdicts.append(error)
            results += [result_of(verdict) for verdict in verdicts]
    return results


def test_the_corpus_is_complete() -> None:
    assert len(cases()) >= 60


@pytest.mark.parametrize("case", cases())
def test_each_case_has_the_expected_result(case: dict[str, Any]) -> None:
    text, token = case["document"], case.get("token")
    for document in (text, text.encode()):
        for result in results_of(document, token):
            # Compared as text, because 1 == 1.0 == True in Python.
            assert json.dumps(result, sort_keys=True) == json.dumps(case["expect"], sort_keys=True)


def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(members)) == len(members)
    return dict(members)


@pytest.mark.parametrize("case", cases())
def test_a_dict_has_the_same_result_as_its_json(case: dict[str, Any]) -> None:
    try:
        document = json.loads(case["document"], object_pairs_hook=unique)
    except (ValueError, AssertionError):
        pytest.skip("the document is not JSON, or has a duplicate name")
    if isinstance(document, dict):
        for result in results_of(document, case.get("token")):
            assert result == case["expect"]
    else:
        with pytest.raises(TypeError, match="expected str, bytes or a dict, not "):
            Verifier.from_config(document)


@pytest.fixture
def document(jwk: Jwk, other_jwk: Jwk) -> dict[str, Any]:
    """A document with two issuers, whose keys have the same kid."""
    return two_issuers(jwk, other_jwk)


def two_issuers(jwk: Jwk, other_jwk: Jwk) -> dict[str, Any]:
    return {"accept": [entry("https://a.example/", jwk), entry("https://b.example/", other_jwk)]}


def entry(issuer: str, jwk: Jwk) -> dict[str, Any]:
    return {"issuers": [issuer], "audiences": ["orders"], "keys": {"jwks": json.loads(key_set(k=jwk))}}


def claims(issuer: str = "https://a.example/", **others: Any) -> dict[str, Any]:
    return {"iss": issuer, "aud": "orders", "exp": LATER, **others}


def test_the_issuer_selects_the_entry(document: dict[str, Any], sign: Sign, other_sign: Sign) -> None:
    verifier = Verifier.from_config(document)
    assert verifier.verify(sign(claims("https://a.example/"), kid="k")).issuer == "https://a.example/"
    assert verifier.verify(other_sign(claims("https://b.example/"), kid="k")).issuer == "https://b.example/"
    for signed in (sign(claims("https://b.example/")), other_sign(claims("https://a.example/"))):
        with pytest.raises(BouncerError) as caught:
            verifier.verify(signed)
        assert caught.value.code == "invalid_signature"
    with pytest.raises(InvalidIssuerError):
        verifier.verify(sign(claims("https://c.example/")))


def test_other_mappings_and_tuples_may_be_part_of_a_document(
    document: dict[str, Any], sign: Sign, other_sign: Sign
) -> None:
    first, second = document["accept"]
    first["issuers"] = tuple(first["issuers"])
    same = UserDict({"accept": (MappingProxyType(first), UserDict(second)), "cache": 7})
    verifier = Verifier.from_config(same)
    assert verifier.verify(sign(claims())) and verifier.stats()["cache_capacity"]


def test_values_are_converted_exactly(jwk: Jwk) -> None:
    class Text(str, enum.Enum):
        LEEWAY = "5s"

    class Number(enum.IntEnum):
        LENGTH = 4096

    accepted = entry("https://a.example/", jwk) | {
        "leeway": Text.LEEWAY,
        "max_token_len": Number.LENGTH,
        "optional_exp": True,
        "claim_is": {"tid": ["a", 'quote " and \u00e9\u2028\x00'], "on": True, "n": 7, "x": 1.5},
    }
    Verifier.from_config({"accept": [accepted]})
    # The core checks the values: true is not a number, and 1 is not a boolean.
    for name, value in (("max_token_len", True), ("optional_exp", 1), ("leeway", None), ("leeway", 5)):
        with pytest.raises(InvalidArgumentError) as caught:
            Verifier.from_config({"accept": [accepted | {name: value}]})
        assert caught.value.claim == f"accept[0].{name}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            timedelta(seconds=5),
            "must be a str, an int, a float, a bool, None, a list or a dict, not timedelta",
        ),
        (b"5s", "must be a str, .*, not bytes"),
        ({"5s"}, "must be a str, .*, not set"),
        (Path("a"), "must be a str, .*, not PosixPath"),
    ],
)
def test_a_value_that_json_does_not_have_raises_type_error_with_its_path(
    document: dict[str, Any], value: Any, expected: str
) -> None:
    document["accept"][1]["keys"]["max_stale"] = value
    with pytest.raises(TypeError, match=rf"^accept\[1\]\.keys\.max_stale {expected}"):
        Verifier.from_config(document)


def test_names_must_be_str(document: dict[str, Any]) -> None:
    document["accept"][0]["claim_is"] = {7: "a"}
    with pytest.raises(TypeError, match=r"^each name in accept\[0\]\.claim_is must be a str, not int$"):
        Verifier.from_config(document)
    with pytest.raises(TypeError, match=r"^each name in the document must be a str, not None$"):
        Verifier.from_config({None: 1})  # type: ignore[dict-item]


def test_numbers_that_are_not_finite_and_text_that_is_not_utf_8_are_rejected(
    document: dict[str, Any],
) -> None:
    for value in (float("nan"), float("inf"), -float("inf"), "\ud800"):
        document["accept"][1]["claim_is"] = {"a": ["b", value]}
        with pytest.raises(InvalidArgumentError) as caught:
            Verifier.from_config(document)
        assert caught.value.claim == "accept[1].claim_is.a[1]"
        assert str(caught.value).startswith("accept[1].claim_is.a[1]: it is not ")
    with pytest.raises(InvalidArgumentError, match=r"^the document: it is not UTF-8$") as caught:
        Verifier.from_config({"\ud800": 1})
    assert caught.value.claim is None
    with pytest.raises(InvalidArgumentError, match="not UTF-8"):
        Verifier.from_config(b"\xff")


def test_a_document_that_contains_itself_is_rejected(document: dict[str, Any]) -> None:
    document["accept"][0]["keys"]["jwks"] = document
    with pytest.raises(InvalidArgumentError, match="nested too deeply"):
        Verifier.from_config(document)


def test_a_document_of_another_type_raises_type_error(document: dict[str, Any]) -> None:
    verifier = Verifier.from_config(document)
    for other in (None, 1, [document], bytearray(b"{}")):
        with pytest.raises(TypeError, match="expected str, bytes or a dict, not "):
            Verifier.from_config(other)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="expected str, bytes or a dict, not "):
            verifier.reload(other)  # type: ignore[arg-type]


def test_a_rejected_jwk_set_has_a_path(document: dict[str, Any]) -> None:
    document["accept"][1]["keys"]["jwks"] = {"keys": []}
    with pytest.raises(NoUsableKeyError) as caught:
        Verifier.from_config(document)
    assert caught.value.claim == "accept[1].keys.jwks"


def test_the_type_of_the_document_lists_what_a_document_may_contain(document: Configuration) -> None:
    typed: Configuration = {
        "accept": [
            {
                "issuers": ["https://a.example/"],
                "leeway": "5s",
                "claim_is": {"level": [1, 2.5, "3", True]},
                "keys": {"url": "https://a.example/k"},
            }
        ],
        "cache": 10,
    }
    names = {"accept": Configuration, "accept[0]": ConfigurationEntry, "accept[0].keys": ConfigurationKeys}
    for path, of_type in names.items():
        for name in of_type.__annotations__:
            # A misspelt name is rejected as unknown. A known name has an error of another kind.
            kind = "an entry" if path == "accept[0]" else "keys" if path.endswith("keys") else "verifier"
            wrong: dict[str, Any] = {name: None}
            if path == "accept[0]":
                wrong = {"accept": [wrong]}
            elif path == "accept[0].keys":
                wrong = {"accept": [{"keys": wrong}]}
            with pytest.raises(InvalidArgumentError) as caught:
                Verifier.from_config(wrong)
            assert f"{kind} has no setting" not in str(caught.value), name
            assert (caught.value.claim or "").endswith(name)
    Verifier.from_config(typed)


def test_keys_are_discovered_and_fetched_for_each_entry(
    server: Server, jwk: Jwk, other_jwk: Jwk, sign: Sign, other_sign: Sign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bouncer_verify")
    other = Server(key_set(k=other_jwk))
    issuer = f"{server.origin}/"
    server.bodies["/.well-known/openid-configuration"] = json.dumps(
        {"issuer": issuer, "jwks_uri": server.url}
    )
    document = {
        "accept": [
            {"issuers": [issuer], "audiences": ["orders"]},
            {"issuers": ["https://b.example/"], "audiences": ["orders"], "keys": {"url": other.url}},
        ]
    }
    verifier = Verifier.from_config(document)
    verifier.wait_ready()
    assert verifier.verify(sign(claims(issuer), kid="a")).issuer == issuer
    assert verifier.verify(other_sign(claims("https://b.example/"), kid="k"))
    keys = [entry["keys"] for entry in verifier.stats()["entries"]]
    assert [each and each["keys_usable"] for each in keys] == [1, 1]
    eventually(lambda: len(caplog.messages) == 2)
    assert all("generation 1 with 1 usable" in message for message in caplog.messages)
    del verifier
    quiet = Verifier.from_config(document, log=False)
    quiet.wait_ready()
    quiet.reload({"accept": document["accept"][:1], "cache": 1})
    quiet.wait_ready()
    assert len(caplog.messages) == 2
    other.close()


def test_wait_ready_raises_the_reason_of_the_first_entry_without_keys(jwk: Jwk) -> None:
    server = Server("", 503)
    document = {
        "accept": [
            entry("https://a.example/", jwk),
            {"issuers": ["https://b.example/"], "audiences": ["b"], "keys": {"url": server.url}},
        ]
    }
    verifier = Verifier.from_config(document, log=False)
    with pytest.raises(KeysUnavailableError, match="503"):
        verifier.wait_ready(0.5)
    with pytest.raises(InvalidArgumentError, match="timeout must be"):
        verifier.wait_ready(-1)
    server.say(key_set(a=jwk))
    verifier.wait_ready()
    server.close()
