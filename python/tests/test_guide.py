"""The Python code of README.md and docs/guide runs against an issuer on loopback, page by page."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Sign
from server import Server
from test_token_renewer import Provider, account

from bouncer_verify import Jwk

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATHS = [REPOSITORY / "README.md", *(REPOSITORY / "docs" / "guide").glob("*.md")]
PAGES = {path.name: BLOCK.findall(path.read_text()) for path in PATHS}


@pytest.mark.parametrize("page", sorted(name for name, blocks in PAGES.items() if blocks))
def test_the_code_runs(
    page: str,
    sign: Sign,
    jwk: Jwk,
    server: Server,
    private_pem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if any(re.search("^ *(import|from) jwt", block, re.MULTILINE) for block in PAGES[page]):
        pytest.importorskip("jwt")
    kid = jwk.dcos_kid()
    assert kid is not None
    document = json.dumps({"keys": [json.loads(jwk.with_kid(kid).to_json())]})
    server.say(document)
    issuer = f"{server.origin}/"
    metadata = json.dumps({"issuer": issuer, "jwks_uri": server.url})
    server.bodies["/.well-known/openid-configuration"] = metadata
    provider = Provider(sign)
    secret_file = tmp_path / "service-account.json"
    secret_file.write_text(account(private_pem, provider.url))
    monkeypatch.setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", str(secret_file))
    claims = {"exp": int(time.time()) + 3600, "iat": int(time.time())}
    of_idp = {"iss": issuer, "sub": "peter", "aud": "https://api.example/"} | claims
    token, dcos_token = sign(of_idp, kid=kid), sign({"uid": "peter"} | claims)
    names: dict[str, Any] = {
        # The names that the pages use: a token of the issuer, a token of DC/OS, and the JWK Set.
        "token": token,
        "authorization": f"Bearer {token}",
        "dcos_token": dcos_token,
        "dcos_authorization": f"token={dcos_token}",
        "document": document,
    }
    monkeypatch.setattr(sys, "argv", ["who.py", f"Bearer {token}"])
    for block in PAGES[page]:
        for address in ("https://idp.example", "https://master.mesos", "http://localhost:8101"):
            block = block.replace(address, server.origin)
        exec(compile(block, page, "exec"), names)
    if page == "README.md":
        assert names["check"](names["authorization"]) == (200, "peter")
        assert names["check"](None)[0] == 401
    provider.close()
