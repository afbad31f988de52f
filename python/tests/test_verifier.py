from __future__ import annotations

import contextlib
import gc
import random
import tracemalloc
from typing import Any

import pytest

from bouncer_verify import DecodeError, InvalidTokenError, JwkSet, Policy, Verifier, verify_token

NOW = 1467985465


@pytest.fixture
def verifier(jwks: JwkSet) -> Verifier:
    return Verifier(jwks, Policy.dcos().replace(time=NOW))


def test_the_token_of_the_dcos_document_is_accepted(verifier: Verifier, jwks: JwkSet, token: str) -> None:
    for text in (token, token.encode()):
        verified = verifier.verify(text)
        assert verified.uid == "peter"
        assert verified == {"exp": 1467985466, "uid": "peter"}
    assert verifier.jwks is jwks
    assert verify_token(jwks=jwks, policy=verifier.policy, token=token) == verified


def test_subclasses_of_str_and_bytes_are_accepted(verifier: Verifier, token: str) -> None:
    assert verifier.verify(type("Text", (str,), {})(token)).uid == "peter"
    assert verifier.verify(type("Bytes", (bytes,), {})(token.encode())).uid == "peter"


@pytest.mark.parametrize("other", [None, 1, 1.5, [], {}, object(), bytearray(b"a.b.c"), memoryview(b"a.b.c")])
def test_arguments_of_other_types_raise_type_error(verifier: Verifier, other: Any) -> None:
    with pytest.raises(TypeError, match="expected str or bytes"):
        verifier.verify(other)
    with pytest.raises(TypeError):
        verify_token(other, verifier.policy, "a.b.c")
    with pytest.raises(TypeError):
        Verifier(verifier.jwks, other)


def test_a_str_with_a_lone_surrogate_is_malformed(verifier: Verifier, token: str) -> None:
    for text in ("\ud800", token + "\udfff", "\udcff" + token, token.replace("l", "\ud800", 1)):
        with pytest.raises(DecodeError) as caught:
            verifier.verify(text)
        assert caught.value.code == "malformed_token"


def test_garbage_raises_invalid_token_error_and_nothing_else(verifier: Verifier, token: str) -> None:
    chance = random.Random(7519)
    characters = [*map(chr, range(300)), "\ud800", "\udfff", "\U0010ffff", *token]
    for _ in range(20_000):
        text = list(token if chance.random() < 0.7 else "")
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(text) + 1)
            text[at : at + chance.randrange(3)] = chance.choices(characters, k=chance.randrange(4))
        mutated = "".join(text)
        for garbage in (
            mutated,
            mutated.encode("utf-8", "surrogatepass"),
            chance.randbytes(chance.randrange(40)),
        ):
            if garbage not in (token, token.encode()):
                with pytest.raises(InvalidTokenError):
                    verifier.verify(garbage)


def test_tokens_far_over_the_size_limit_are_rejected(verifier: Verifier) -> None:
    for garbage in ("a" * 10_000_000, b"." * 10_000_000, "\ud800" * 100_000, "é" * 100_000):
        with pytest.raises(DecodeError) as caught:
            verifier.verify(garbage)
        assert caught.value.code == "token_too_large"


def test_a_verification_leaks_no_memory(verifier: Verifier, jwks: JwkSet, token: str) -> None:
    def use() -> None:
        verified = verifier.verify(token)
        dict(verified), verified.header, verified.payload, verified.audience, repr(verified)
        for bad in (token[:-4], "a.b.c", "\ud800"):
            with contextlib.suppress(InvalidTokenError):
                verifier.verify(bad)
        JwkSet(jwks.keys)
        Verifier(verifier.jwks, verifier.policy.replace(leeway=1)).verify(token)

    def traced_after(rounds: int) -> int:
        for _ in range(rounds):
            use()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = traced_after(500)
        # A leak of the smallest object (32 bytes) in each of 6,000 rounds is 192,000 bytes.
        # Python's free lists hold up to 112,000 bytes.
        assert traced_after(6_000) - before < 150_000
    finally:
        tracemalloc.stop()
