"""The setting `backend`. test_corpus.py verifies the corpus with each back end."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, Literal

import pytest
from server import Server

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
