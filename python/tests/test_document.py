"""Runs the Python session of the DC/OS document "Managing JSON Web Tokens" with other imports."""

from __future__ import annotations

import ast
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bouncer_verify import BouncerError

SESSION = (Path(__file__).parent / "data" / "document_session.txt").read_text()

IMPORTS = {
    "import jwt": "from bouncer_verify import pyjwt as jwt",
    "from cryptography.hazmat.backends import default_backend": (
        "from bouncer_verify.rsa import default_backend"
    ),
    "from cryptography.hazmat.primitives.asymmetric import rsa": "from bouncer_verify import rsa",
    "from jwt.utils import base64url_decode, bytes_to_number": (
        "from bouncer_verify.pyjwt import base64url_decode, bytes_to_number"
    ),
}


def run(session: str) -> dict[str, Any]:
    """Runs the session. A line without a prompt is the expected value of the line before."""
    names: dict[str, Any] = {}
    entered = ""
    for line in filter(None, session.splitlines()):
        if line.startswith(">>> "):
            entered = line[4:]
            exec(compile(IMPORTS.get(entered, entered), "session", "exec"), names)
        else:
            assert names[entered] == ast.literal_eval(line)
    return names


@pytest.fixture(autouse=True)
def bouncer(monkeypatch: pytest.MonkeyPatch, document: str) -> None:
    """Replaces the module `requests`: get() returns the document's keys for the document's URL."""

    def get(url: str) -> SimpleNamespace:
        assert url == "http://localhost:8101/acs/api/v1/auth/jwks"
        return SimpleNamespace(json=lambda: json.loads(document))

    monkeypatch.setitem(sys.modules, "requests", SimpleNamespace(get=get))


def test_the_document_s_session_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(f">>> {line}\n" in SESSION for line in IMPORTS)
    monkeypatch.setattr(time, "time", lambda: 1467985465.9)
    names = run(SESSION)
    assert names["payload"]["uid"] == "peter"
    assert names["public_key"].e == names["exponent_int"] == 65537
    assert names["public_key"].n == names["modulus_int"]


def test_the_session_ends_with_an_expired_token_one_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1467985466.0)
    with pytest.raises(BouncerError) as caught:
        run(SESSION)
    assert type(caught.value).__name__ == "ExpiredSignatureError"
    assert caught.value.code == "expired"


def test_the_session_needs_neither_pyjwt_nor_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jwt", "cryptography"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(time, "time", lambda: 1467985465.9)
    assert run(SESSION)["payload"] == {"uid": "peter", "exp": 1467985466}
