"""Every Python block of README.md runs, one after the other; its table of exceptions is the tree."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from conftest import Sign
from server import Server
from test_token_renewer import Provider, account

from bouncer_verify import Jwk, exceptions

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_code_runs(
    sign: Sign, jwk: Jwk, server: Server, private_pem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == README.count("```python") == 20
    kid = jwk.dcos_kid()
    assert kid is not None
    document = json.dumps({"keys": [json.loads(jwk.with_kid(kid).to_json())]})
    server.say(document)
    provider = Provider(sign)
    secret_file = tmp_path / "secret.json"
    secret_file.write_text(account(private_pem, provider.url))
    monkeypatch.setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", str(secret_file))
    names = {
        "document": document,
        "url": server.url,
        "authorization": f"token={sign({'uid': 'peter', 'exp': int(time.time()) + 60})}",
    }
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert provider.count == 1
    provider.close()


def test_the_exceptions_are_listed() -> None:
    table = README.partition("| code | exception | below |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = {
        tuple(cell.strip().replace("`", "") for cell in row.split("|")[1:4]) for row in table.splitlines()
    }
    tree = {
        (value.code, name, ", ".join(base.__name__ for base in value.__bases__))
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, exceptions.BouncerError)
    }
    assert rows == tree
