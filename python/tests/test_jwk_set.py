from __future__ import annotations

import json
from typing import Any

import pytest

from bouncer_verify import Jwk, JwkSet, KeySetError, MalformedKeySetError, NoUsableKeyError


def test_a_document_may_be_str_or_bytes(document: str) -> None:
    assert JwkSet.from_json(document).keys == JwkSet.from_json(document.encode()).keys


def test_unusable_keys_are_skipped_and_listed(document: str) -> None:
    keys = json.loads(document)["keys"]
    keys.insert(0, {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"})
    keys.append({**keys[1], "use": "enc"})
    text = json.dumps({"keys": keys})
    jwks = JwkSet.from_json(text)
    assert len(jwks.keys) == len(keys) - 2
    first, last = jwks.skipped
    assert (first.index, first.kid, first.reason) == (0, "shared", "symmetric")
    assert (last.index, last.reason) == (len(keys) - 1, "wrong_use")
    assert JwkSet.skipped_in(text) == jwks.skipped
    assert repr(first) == "<SkippedKey 0, kid 'shared': symmetric>"
    assert repr(jwks) == f"<JwkSet {len(jwks.keys)} keys, 2 skipped>"


def test_a_set_can_be_made_from_keys(jwks: JwkSet) -> None:
    assert JwkSet(jwks.keys).keys == JwkSet(key for key in jwks.keys).keys == jwks.keys
    with pytest.raises(NoUsableKeyError):
        JwkSet([])
    with pytest.raises(TypeError):
        JwkSet(["key"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys":{}}', '{"keys":[],"keys":[]}', "\ud800", " " * 600_000]
)
def test_a_document_that_is_not_a_key_set_is_rejected(text: str) -> None:
    for json_text in (text, text.encode("utf-8", "surrogatepass")):
        with pytest.raises(MalformedKeySetError):
            JwkSet.from_json(json_text)
        with pytest.raises(MalformedKeySetError):
            JwkSet.skipped_in(json_text)


def test_the_error_of_a_set_without_usable_keys_names_the_reason() -> None:
    text = '{"keys":[{"kty":"oct","k":"AA"}]}'
    with pytest.raises(NoUsableKeyError, match="symmetric") as caught:
        JwkSet.from_json(text)
    assert isinstance(caught.value, KeySetError)
    assert [key.reason for key in JwkSet.skipped_in(text)] == ["symmetric"]


@pytest.mark.parametrize("other", [None, 1, {"keys": []}, bytearray(b"{}"), memoryview(b"{}")])
def test_arguments_of_other_types_raise_type_error(other: Any) -> None:
    with pytest.raises(TypeError):
        JwkSet.from_json(other)


def test_changing_the_returned_list_does_not_change_the_set(jwks: JwkSet) -> None:
    jwks.keys.clear()
    assert jwks.keys
    with pytest.raises(AttributeError):
        jwks.keys = []  # type: ignore[misc]
    assert isinstance(jwks.keys[0], Jwk)
