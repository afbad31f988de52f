"""PyJWKClient of bouncer_verify.pyjwt, with the calls that programs make with PyJWT."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from conftest import bouncer_token, forged
from server import Server, key_set

import bouncer_verify
from bouncer_verify import Jwk, JwkSet, Policy, RemoteJwkSet, VerifiedToken
from bouncer_verify import pyjwt as jwt

Make = Callable[..., str]
RS256 = ["RS256"]


@pytest.fixture
def client(server: Server) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(server.url)


def test_the_usual_calls_work(server: Server, client: jwt.PyJWKClient, make_token: Make) -> None:
    assert server.count == 0
    for token in (make_token(), make_token().encode()):
        key = client.get_signing_key_from_jwt(token)
        assert isinstance(key, jwt.PyJWK)
        assert key.key_id == "a"
        assert jwt.decode(token, key, algorithms=RS256)["uid"] == "peter"
        assert jwt.decode(token, key.key, algorithms=RS256)["uid"] == "peter"
    assert server.count == 1


def test_a_token_without_kid_gets_the_key_that_verifies_it(
    server: Server,
    client: jwt.PyJWKClient,
    jwk: Jwk,
    other_jwk: Jwk,
    make_token: Make,
    make_other_token: Make,
) -> None:
    server.say(key_set(b=other_jwk, a=jwk))
    token = make_token(kid=None)
    assert client.get_signing_key_from_jwt(token).key_id == "a"
    assert client.get_signing_key_from_jwt(make_other_token(kid=None)).key_id == "b"
    # The client also returns a key for an invalid token. Then decode() raises the error.
    expired = make_token(kid=None, exp=-1000)
    key = client.get_signing_key_from_jwt(expired)
    assert key.key_id == "a"
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(expired, key, algorithms=RS256)
    garbled = token[:-8] + "A" * 8
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(garbled, client.get_signing_key_from_jwt(garbled), algorithms=RS256)


def test_a_forged_token_is_not_verified_again_with_each_key(
    server: Server,
    client: jwt.PyJWKClient,
    jwk: Jwk,
    other_jwk: Jwk,
    make_token: Make,
    make_other_token: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str | bytes] = []

    def verify_token(jwks: JwkSet, policy: Policy, token: str | bytes) -> VerifiedToken:
        tried.append(token)
        return bouncer_verify.verify_token(jwks, policy, token)

    monkeypatch.setattr(jwt.jwks_client, "verify_token", verify_token)
    server.say(key_set(b=other_jwk, a=jwk))
    token = make_token(kid=None)
    assert client.get_signing_key_from_jwt(token[:-8] + "A" * 8).key_id == "b"
    assert tried == []
    # The keys are tried in order, and the first key that verifies the token is returned.
    assert client.get_signing_key_from_jwt(make_other_token(kid=None)).key_id == "b"
    assert len(tried) == 1
    assert client.get_signing_key_from_jwt(token).key_id == "a"
    assert len(tried) == 3


def test_keys_without_kid_verify_tokens_with_a_kid(
    server: Server, client: jwt.PyJWKClient, jwk: Jwk, other_jwk: Jwk, make_token: Make
) -> None:
    server.say(f'{{"keys": [{other_jwk.to_json()}, {jwk.to_json()}]}}')
    token = make_token(kid="whatever")
    assert jwt.decode(token, client.get_signing_key_from_jwt(token), algorithms=RS256)["uid"] == "peter"


def test_the_signature_selects_between_two_keys_with_the_same_kid(
    server: Server, client: jwt.PyJWKClient, jwk: Jwk, other_jwk: Jwk, make_token: Make
) -> None:
    keys = ", ".join(key.with_kid("a").to_json() for key in (other_jwk, jwk))
    server.say(f'{{"keys": [{keys}]}}')
    token = make_token()
    assert jwt.decode(token, client.get_signing_key_from_jwt(token), algorithms=RS256)["uid"] == "peter"


def test_a_new_kid_and_random_kids_together_cost_at_most_two_fetches(
    server: Server,
    client: jwt.PyJWKClient,
    jwk: Jwk,
    other_jwk: Jwk,
    make_token: Make,
    make_other_token: Make,
) -> None:
    client.get_signing_key_from_jwt(make_token())
    server.say(key_set(a=jwk, b=other_jwk))
    assert client.get_signing_key_from_jwt(make_other_token()).key_id == "b"
    assert server.count == 2
    token = make_token()
    for i in range(1000):
        with pytest.raises(jwt.PyJWKClientError) as caught:
            client.get_signing_key_from_jwt(forged(token, f"kid-{i}"))
        assert isinstance(caught.value, bouncer_verify.NoMatchingKeyError)
        assert not isinstance(caught.value, bouncer_verify.KeySetError)
    assert server.count <= 3


def test_tokens_that_are_always_rejected_cause_no_fetch(
    server: Server, client: jwt.PyJWKClient, make_token: Make, make_other_token: Make
) -> None:
    client.get_signing_key_from_jwt(make_token())
    for _ in range(10):
        with pytest.raises(jwt.PyJWKClientError):
            client.get_signing_key_from_jwt(make_other_token(exp=-1000))
    for garbage in ("", "a", "a.b", "a.b.c", "a.b.c.d.e", "é.b.c"):
        with pytest.raises(jwt.DecodeError):
            client.get_signing_key_from_jwt(garbage)
    assert server.count == 1


def test_a_key_is_found_by_its_kid(server: Server, client: jwt.PyJWKClient, jwk: Jwk, other_jwk: Jwk) -> None:
    assert client.get_signing_key("a").key_id == "a"
    server.say(key_set(a=jwk, b=other_jwk))
    assert client.get_signing_key("b").key_id == "b"
    for i in range(100):
        with pytest.raises(jwt.PyJWKClientError):
            client.get_signing_key(f'"kid" é {i}')
    assert server.count <= 3


def test_the_whole_set_is_returned(server: Server, client: jwt.PyJWKClient, jwk: Jwk, other_jwk: Jwk) -> None:
    assert [key.key_id for key in client.get_jwk_set()] == ["a"]
    server.say(key_set(a=jwk, b=other_jwk))
    assert [key.key_id for key in client.get_signing_keys()] == ["a"]
    assert [key.key_id for key in client.get_signing_keys(refresh=True)] == ["a", "b"]
    assert client.get_jwk_set()["b"].key_id == "b"
    assert server.count == 2


def test_a_failed_fetch_raises_a_connection_error(server: Server, make_token: Make) -> None:
    server.say(status=503)
    client = jwt.PyJWKClient(RemoteJwkSet(server.url, log=False, max_wait=0.2), timeout=0.2)
    calls: list[Callable[[], Any]] = [
        lambda: client.get_signing_key_from_jwt(make_token()),
        lambda: client.get_signing_key("a"),
        client.get_jwk_set,
        lambda: client.get_jwk_set(refresh=True),
        client.get_signing_keys,
    ]
    for call in calls:
        with pytest.raises(jwt.PyJWKClientConnectionError) as caught:
            call()
        assert isinstance(caught.value, bouncer_verify.KeysUnavailableError)
        assert isinstance(caught.value, jwt.PyJWKClientError)
        assert caught.value.code == "keys_unavailable"


@pytest.mark.parametrize(
    "arguments",
    [{"headers": {"X": "y"}}, {"ssl_context": object()}, {"timeout": 0}, {"timeout": 1000}],
)
def test_unsupported_arguments_are_rejected(server: Server, arguments: dict[str, Any]) -> None:
    with pytest.raises(bouncer_verify.InvalidArgumentError):
        jwt.PyJWKClient(server.url, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"lifespan": 0},
        {"lifespan": -1},
        {"cooldown_duration": -1},
        {"cooldown_duration": float("inf")},
        {"cooldown_duration": float("nan")},
        {"uri": "file:///etc/passwd"},
        {"uri": "ftp://idp.example/"},
        {"uri": "idp.example"},
    ],
    ids=str,
)
def test_arguments_that_pyjwt_rejects_are_rejected(arguments: dict[str, Any]) -> None:
    theirs = pytest.importorskip("jwt")
    for module in (jwt, theirs):
        with pytest.raises(module.PyJWKClientError):
            module.PyJWKClient(**{"uri": "https://idp.example/", **arguments})


def test_http_to_another_machine_is_allowed_by_allow_http() -> None:
    with pytest.raises(bouncer_verify.InvalidArgumentError, match="set allow_http"):
        jwt.PyJWKClient("http://idp.example/jwks")
    assert jwt.PyJWKClient("http://idp.example/jwks", allow_http=True).uri == "http://idp.example/jwks"
    with pytest.raises(bouncer_verify.InvalidArgumentError) as caught:
        jwt.PyJWKClient("http://user:secret@idp.example/")
    assert "allow_http" not in str(caught.value) and "secret" not in str(caught.value)


def test_the_client_has_the_attributes_of_pyjwt(
    server: Server, client: jwt.PyJWKClient, make_token: Make
) -> None:
    assert (client.uri, client.headers, client.ssl_context) == (server.url, {}, None)
    cache = client.jwk_set_cache
    assert cache is not None
    assert (cache.get(), cache.is_expired(), cache.lifespan) == (None, False, 300)
    key = client.get_signing_key_from_jwt(make_token())
    found = cache.get()
    assert found is not None
    assert [key.key_id for key in found] == ["a"]
    assert not cache.is_expired()
    with pytest.raises(bouncer_verify.InvalidArgumentError, match="refresh=True"):
        cache.put(None)
    assert jwt.PyJWKClient(server.url, cache_jwk_set=False, lifespan=0).jwk_set_cache is None
    assert client.match_kid([key], "a") is key and client.match_kid([key], "b") is None
    assert jwt.PyJWKClient(RemoteJwkSet(server.url, lazy=True)).uri == server.url


def test_signing_keys_are_the_keys_with_a_kid(
    server: Server, client: jwt.PyJWKClient, jwk: Jwk, other_jwk: Jwk
) -> None:
    server.say(f'{{"keys": [{jwk.with_kid("a").to_json()}, {other_jwk.to_json()}]}}')
    assert [key.key_id for key in client.get_signing_keys()] == ["a"]
    server.say(f'{{"keys": [{other_jwk.to_json()}]}}')
    with pytest.raises(jwt.PyJWKClientError):
        client.get_signing_keys(refresh=True)


def test_fetch_data_returns_the_usable_keys(server: Server, client: jwt.PyJWKClient) -> None:
    assert [key["kid"] for key in client.fetch_data()["keys"]] == ["a"]
    server.say(status=503)
    with pytest.raises(jwt.PyJWKClientConnectionError):
        client.fetch_data()
    assert server.count == 2


class Own(jwt.PyJWKClient):
    """A subclass that provides the keys itself."""

    def __init__(self, uri: str, data: Any) -> None:
        super().__init__(uri)
        self.data = data
        self.count = 0

    def fetch_data(self) -> Any:
        self.count += 1
        if isinstance(self.data, Exception):
            raise self.data
        return self.data


def test_a_subclass_s_own_fetch_data_is_called(
    jwk: Jwk, other_jwk: Jwk, make_token: Make, make_other_token: Make
) -> None:
    document = json.loads(key_set(a=jwk))
    for data in (document, jwt.PyJWKSet.from_dict(document)):
        # No request is sent to the URL.
        client = Own("http://idp.example/jwks", data)
        token = make_token()
        assert client.count == 0
        for _ in range(3):
            key = client.get_signing_key_from_jwt(token)
            assert jwt.decode(token, key, algorithms=RS256)["uid"] == "peter"
        assert client.count == 1
        client.data = json.loads(key_set(b=other_jwk))
        assert client.get_signing_key_from_jwt(make_other_token()).key_id == "b"
        assert client.count == 2
    no_keys: list[Any] = [OSError("secret"), None, [], {"keys": []}]
    for nothing in no_keys:
        client = Own("https://idp.example/", nothing)
        client.timeout = 0.1
        with pytest.raises(jwt.PyJWKClientConnectionError) as caught:
            client.get_jwk_set()
        assert "secret" not in str(caught.value)
    with pytest.raises(bouncer_verify.InvalidArgumentError, match="fetch_data"):
        Own(RemoteJwkSet("https://idp.example/", lazy=True), {})  # type: ignore[arg-type]


def test_a_subclass_may_change_the_fetched_keys(server: Server, jwk: Jwk, other_jwk: Jwk) -> None:
    class Filtered(jwt.PyJWKClient):
        def fetch_data(self) -> Any:
            data = super().fetch_data()
            return {"keys": [key for key in data["keys"] if key["kid"] == "b"]}

    server.say(key_set(a=jwk, b=other_jwk))
    client = Filtered(server.url)
    assert [key.key_id for key in client.get_jwk_set()] == ["b"]
    assert server.count == 1


def test_an_unused_subclass_is_freed(jwk: Jwk) -> None:
    client = Own("https://idp.example/", json.loads(key_set(a=jwk)))
    client.get_jwk_set()
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


def test_arguments_without_effect_are_accepted(server: Server, make_token: Make) -> None:
    client = jwt.PyJWKClient(server.url, True, 16, True, 300, None, 30, None, 0)
    assert client.get_signing_key_from_jwt(make_token()).key_id == "a"


def test_exceptions_derive_from_pyjwt_s_classes_too(server: Server, make_token: Make) -> None:
    pytest.importorskip("jwt")
    program = """
import sys, jwt
from bouncer_verify import RemoteJwkSet, pyjwt, NoMatchingKeyError, KeysUnavailableError
client = pyjwt.PyJWKClient(sys.argv[1])
for kind, ours, url in [
    (jwt.PyJWKClientError, NoMatchingKeyError, sys.argv[1]),
    (jwt.PyJWKClientConnectionError, KeysUnavailableError, "http://127.0.0.1:1/"),
]:
    try:
        pyjwt.PyJWKClient(RemoteJwkSet(url, log=False)).get_signing_key("b")
    except kind as error:
        assert isinstance(error, ours), error
    else:
        raise AssertionError
"""
    subprocess.run([sys.executable, "-c", program, server.url], check=True)


def test_dcos_tokens_work_although_pyjwt_s_own_client_rejects_them(
    server: Server, sign: Callable[..., str]
) -> None:
    theirs = pytest.importorskip("jwt")
    token = bouncer_token(sign, kid=None)
    with pytest.raises(theirs.PyJWTError):
        theirs.PyJWKClient(server.url).get_signing_key_from_jwt(token)
    key = jwt.PyJWKClient(server.url).get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, algorithms=RS256)["uid"] == "peter"
