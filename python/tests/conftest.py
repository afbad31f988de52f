"""Fixtures: keys and token of the DC/OS document, signed tokens, and a server with a JWK Set."""

from __future__ import annotations

import base64
import json
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from server import Server, key_set

from bouncer_verify import Jwk, JwkSet

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY / "tests" / "data"

Sign = Callable[..., str]


@pytest.fixture(scope="session")
def document() -> str:
    """The JWK Set of the DC/OS document "Managing JSON Web Tokens"."""
    return (DATA / "document_jwks.json").read_text()


@pytest.fixture(scope="session")
def token() -> str:
    """The token of the user peter in the DC/OS document. Its "exp" is 1467985466."""
    return (DATA / "document_token.txt").read_text().strip()


@pytest.fixture(scope="session")
def jwks(document: str) -> JwkSet:
    return JwkSet.from_json(document)


@pytest.fixture(scope="session")
def private_pem() -> str:
    return (DATA / "keys" / "rsa-2048-a.pem").read_text()


@pytest.fixture(scope="session")
def public_key(private_pem: str) -> Any:
    """The public key of `private_pem`, as a key of the `cryptography` package."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    return serialization.load_pem_private_key(private_pem.encode(), None).public_key()


@pytest.fixture(scope="session")
def jwk(public_key: Any) -> Jwk:
    numbers = public_key.public_numbers()
    return Jwk.from_numbers(numbers.n, numbers.e)


@pytest.fixture(scope="session")
def other_private_pem() -> str:
    return (DATA / "keys" / "rsa-2048-b.pem").read_text()


@pytest.fixture(scope="session")
def other_jwk(other_private_pem: str) -> Jwk:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_private_key(other_private_pem.encode(), None)
    numbers = key.public_key().public_numbers()
    return Jwk.from_numbers(numbers.n, numbers.e)


@pytest.fixture(scope="session")
def sign(private_pem: str) -> Sign:
    """A function that signs claims (dict or bytes) with RS256. Keywords are header members."""
    return signer(private_pem)


@pytest.fixture(scope="session")
def other_sign(other_private_pem: str) -> Sign:
    """The same function as `sign`, with another key."""
    return signer(other_private_pem)


@pytest.fixture
def server(jwk: Jwk) -> Iterator[Server]:
    """A server with a JWK Set that contains the key of `sign`, with the kid "a"."""
    server = Server(key_set(a=jwk))
    yield server
    server.close()


@pytest.fixture
def make_token(sign: Sign) -> Callable[..., str]:
    """A function that makes a token like those of DC/OS: valid for an hour, with the kid "a"."""
    return partial(bouncer_token, sign)


@pytest.fixture
def make_other_token(other_sign: Sign) -> Callable[..., str]:
    """`make_token` with the other key and the kid "b"."""
    return partial(bouncer_token, other_sign, kid="b")


def bouncer_token(sign: Sign, kid: str | None = "a", exp: float = 3600) -> str:
    claims = {"uid": "peter", "exp": int(time.time() + exp)}
    return sign(claims) if kid is None else sign(claims, kid=kid)


def forged(token: str, kid: str) -> str:
    """Returns `token` with another kid and the old signature, as an attacker would."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": kid}).encode()).rstrip(b"=").decode()
    return ".".join([header, *token.split(".")[1:]])


def signer(private_pem: str) -> Sign:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    key = serialization.load_pem_private_key(private_pem.encode(), None)

    def encoded(value: Any) -> str:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def sign(claims: dict[str, Any] | bytes, **header: Any) -> str:
        signing_input = f"{encoded({'alg': 'RS256', **header})}.{encoded(claims)}"
        signature = key.sign(signing_input.encode(), padding.PKCS1v15(), SHA256())
        return f"{signing_input}.{encoded(signature)}"

    return sign


@pytest.fixture
def python_handles_sigint() -> Iterator[None]:
    """Installs Python's handler for SIGINT.

    Python does not install this handler itself if a shell starts Python in the background.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
