from __future__ import annotations

import json
from typing import Any

import pytest

from bouncer_verify import InvalidArgumentError, InvalidKeyError, Jwk, JwkSet

N = 2**2047 + 2**1000 + 1


@pytest.fixture(scope="module")
def key(jwks: JwkSet) -> Jwk:
    return jwks.keys[0]


def test_the_attributes_describe_the_key(key: Jwk, document: str) -> None:
    source = json.loads(document)["keys"][0]
    assert (key.kty, key.alg, key.kid, key.crv) == ("RSA", "RS256", source["kid"], None)
    assert (key.bits, key.e, key.is_tolerated) == (2048, 65537, False)
    assert key.dcos_kid() == key.kid
    assert repr(key) == f"<Jwk RSA 2048 bits, kid {source['kid']!r}>"
    assert "_" not in repr(Jwk.from_numbers(N, 3)) and "None" in repr(Jwk.from_numbers(N, 3))


def test_every_format_returns_the_same_key(key: Jwk, document: str) -> None:
    source = json.loads(document)["keys"][0]
    assert key.n is not None and key.e is not None
    bare = Jwk.from_numbers(key.n, key.e)
    assert bare == Jwk.from_numbers(n=key.n, e=key.e) == Jwk.from_rsa_base64url(source["n"], source["e"])
    assert bare == Jwk.from_pem(key.to_pem()) == Jwk.from_pem(key.to_pem().encode())
    assert bare == Jwk.from_der(key.to_der())
    assert bare != key == bare.with_kid(source["kid"]).with_alg("RS256") == Jwk.from_json(key.to_json())
    assert len({bare, Jwk.from_der(bare.to_der()), key}) == 2
    assert bare.thumbprint() == key.thumbprint()


def test_pem_and_der_equal_those_of_the_cryptography_package(public_key: Any, jwk: Jwk) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    spki = PublicFormat.SubjectPublicKeyInfo
    assert jwk.to_der() == public_key.public_bytes(Encoding.DER, spki)
    assert jwk.to_pem() == public_key.public_bytes(Encoding.PEM, spki).decode()


@pytest.mark.parametrize(
    ("n", "e"),
    [(0, 3), (1, 3), (-N, 3), (N, 0), (N, 1), (N, -3), (N, 4), (N + 1, 3), (2**9000 + 1, 3), (N, 2**40 + 1)],
)
def test_unusable_numbers_are_rejected(n: int, e: int) -> None:
    with pytest.raises(InvalidKeyError):
        Jwk.from_numbers(n, e)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"kty":"oct","k":"AA"}', "\ud800", "\x00", '{"kty":"RSA"}']
)
def test_unusable_texts_are_rejected(text: str) -> None:
    for read in (Jwk.from_json, Jwk.from_pem):
        with pytest.raises(InvalidKeyError):
            read(text)
        with pytest.raises(InvalidKeyError):
            read(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InvalidKeyError):
        Jwk.from_der(text.encode("utf-8", "surrogatepass"))


def test_a_private_key_is_rejected_as_private(private_pem: str) -> None:
    with pytest.raises(InvalidKeyError, match="private"):
        Jwk.from_pem(private_pem)


def test_an_unsuitable_alg_and_a_long_kid_are_rejected(key: Jwk) -> None:
    for alg in ("ES256", "HS256", "none", ""):
        with pytest.raises(InvalidArgumentError):
            key.with_alg(alg)
    with pytest.raises(InvalidArgumentError):
        key.with_kid("k" * 1025)


@pytest.mark.parametrize("other", [None, 1.5, "1", [], bytearray(b"{}")])
def test_arguments_of_other_types_raise_type_error(other: Any) -> None:
    with pytest.raises(TypeError):
        Jwk.from_numbers(other, 3)
    if other != "1":
        with pytest.raises(TypeError):
            Jwk.from_json(other)


def test_the_class_has_no_constructor() -> None:
    with pytest.raises(TypeError):
        Jwk()
