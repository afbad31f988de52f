"""Runs the Python blocks of README.md in order, and checks its table of exceptions."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import pytest
from conftest import Sign
from server import Server, key_set
from test_token_renewer import Provider, account

from bouncer_verify import Jwk, exceptions

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_every_python_block_runs(
    sign: Sign, jwk: Jwk, server: Server, private_pem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == README.count("```python") == 24
    issuer = f"{server.origin}/"
    document = key_set(**{"key-1": jwk})
    server.say(document)
    metadata = json.dumps({"issuer": issuer, "jwks_uri": server.url})
    server.bodies["/.well-known/openid-configuration"] = metadata
    provider = Provider(sign)
    secret_file = tmp_path / "secret.json"
    secret_file.write_text(account(private_pem, provider.url))
    monkeypatch.setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", str(secret_file))
    exp = int(time.time()) + 60
    claims = {"iss": issuer, "aud": "https://api.example/", "sub": "alice", "exp": exp}
    authorization = f"Bearer {sign(claims, kid='key-1', typ='at+jwt')}"
    monkeypatch.setattr(sys, "argv", ["who.py", authorization])
    names = {
        "document": document,
        "url": server.url,
        "authorization": authorization,
        "dcos_url": server.url,
        "dcos_authorization": f"token={sign({'uid': 'peter', 'exp': exp})}",
    }
    for block in blocks:
        # The server of this test replaces the issuer of the examples.
        code = block.replace("https://idp.example/", issuer)
        exec(compile(code, "README.md", "exec"), names)
    assert provider.count == 1
    provider.close()


def test_the_table_lists_every_exception() -> None:
    table = README.partition("| code | exception | base class |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = {
        tuple(cell.strip().replace("`", "") for cell in row.split("|")[1:4]) for row in table.splitlines()
    }
    tree = {
        (value.code, name, ", ".join(base.__name__ for base in value.__bases__))
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, exceptions.BouncerError)
    }
    assert rows == tree
