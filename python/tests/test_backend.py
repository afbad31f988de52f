"""The setting `backend`. test_corpus.py verifies the corpus with each back end."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import Any, Literal

import pytest
from conftest import DATA
from server import Server, key_set

from bouncer_verify import InvalidArgumentError, Jwk, JwkSet, Policy, RemoteJwkSet, Verifier, verify_token

NAMES: list[Literal["accelerated", "aws-lc"]] = ["accelerated", "aws-lc"]


def test_the_aws_lc_back_end_accelerates_no_key(document: str, jwk: Jwk) -> None:
    assert JwkSet.from_json(document, backend="aws-lc").accelerated_keys == 0
    assert JwkSet([jwk], backend="aws-lc").accelerated_keys == 0
    accelerated = JwkSet.from_json(document, backend="accelerated")
    assert accelerated.accelerated_keys in (0, len(accelerated.keys))


@pytest.mark.parametrize("name", NAMES)
def test_each_back_end_verifies_the_token(
    document: str, token: str, name: Literal["accelerated", "aws-lc"]
) -> None:
    jwks = JwkSet.from_json(document, backend=name)
    assert verify_token(jwks, Policy.dcos().replace(time=1467985465), token).uid == "peter"


@pytest.mark.parametrize("backend", ["", "AWS-LC", "rust-crypto"])
def test_an_unknown_back_end_is_rejected(document: str, server: Server, backend: Any) -> None:
    for make in (
        lambda: JwkSet.from_json(document, backend=backend),
        lambda: JwkSet([], backend=backend),
        lambda: RemoteJwkSet(server.url, backend=backend),
        lambda: RemoteJwkSet.discover("https://idp.example", backend=backend),
    ):
        with pytest.raises(InvalidArgumentError, match="backend"):
            make()


@pytest.mark.parametrize("name", NAMES)
def test_remote_keys_use_the_chosen_back_end(
    server: Server, make_token: Any, name: Literal["accelerated", "aws-lc"]
) -> None:
    with RemoteJwkSet(server.url, backend=name) as keys:
        keys.wait_ready()
        local = JwkSet(keys.current().keys, backend=name)
        assert keys.current().accelerated_keys == local.accelerated_keys
        assert Verifier(keys, Policy.dcos()).verify(make_token()).uid == "peter"


@pytest.mark.parametrize(("settings", "accelerated"), [({}, 1), ({"max_table_memory": 0}, 0)])
def test_max_table_memory_limits_the_tables_of_the_keys(settings: dict[str, Any], accelerated: int) -> None:
    jwk, token = es256_key_and_token()
    server = Server(key_set(a=jwk))
    with RemoteJwkSet(server.url, backend="accelerated", **settings) as keys:
        verifier = Verifier(keys, Policy.dcos().replace(algorithms="ES256"))
        keys.wait_ready()
        for _ in range(99):
            assert verifier.verify(token).uid == "peter"
        stats = keys.stats()
        assert (stats["keys_accelerated"], stats["keys_table_bytes"]) == (0, 0)
        for _ in range(150):
            assert verifier.verify(token).uid == "peter"
        stats = keys.stats()
        assert stats["keys_accelerated"] == keys.current().accelerated_keys == accelerated
        assert (stats["keys_table_bytes"] > 0) == (accelerated > 0)
    server.close()


def es256_key_and_token() -> tuple[Jwk, str]:
    """Returns a key for ES256, and a token of the user peter that it has signed."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    key = serialization.load_pem_private_key((DATA / "keys" / "p256-a.pem").read_bytes(), None)
    parts = [{"alg": "ES256", "kid": "a"}, {"uid": "peter", "exp": 99_999_999_999}]
    signing_input = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    der = key.sign(signing_input.encode(), ec.ECDSA(SHA256()))
    signature = b"".join(number.to_bytes(32, "big") for number in utils.decode_dss_signature(der))
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Jwk.from_pem(public.decode()), f"{signing_input}.{encoded(signature)}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("value", [1.5, True, b"32MiB", []])
def test_max_table_memory_of_another_type_raises_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match=r'^max_table_memory must be an int or text such as "32MiB", not '):
        RemoteJwkSet("http://127.0.0.1:1/jwks", max_table_memory=value)


def test_an_environment_variable_turns_acceleration_off(document: str) -> None:
    program = (
        "import bouncer_verify, sys; print(bouncer_verify.JwkSet.from_json(sys.argv[1]).accelerated_keys)"
    )
    printed = subprocess.run(
        [sys.executable, "-I", "-c", program, document],
        env={**os.environ, "BOUNCER_VERIFY_NO_ACCELERATION": "1"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert printed == "0\n"
