from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import Sign

from bouncer_verify import Jwk, JwkSet, Policy, VerifiedToken, verify_token

POLICY = Policy.any_issuer().replace(optional_exp=True, any_audience=True, time=1_000)


@pytest.fixture
def verified(jwk: Jwk, sign: Sign) -> Any:
    jwks = JwkSet([jwk.with_kid("k1")])
    return lambda claims, **header: verify_token(jwks, POLICY, sign(claims, **header))


CLAIMS = {
    "iss": "https://idp.example/",
    "sub": "alice",
    "aud": ["api", "web"],
    "exp": 2_000,
    "nbf": 500,
    "iat": 400,
    "jti": "t-1",
    "uid": "alice",
    "roles": ["reader", {"of": ["a", "b"]}],
    "active": True,
    "nothing": None,
    "näme": "wörld \U0001f600",
}


def test_registered_claims_are_attributes(verified: Any) -> None:
    token = verified(CLAIMS, kid="k1", typ="JWT")
    assert (token.uid, token.issuer, token.subject, token.token_id) == (
        "alice",
        "https://idp.example/",
        "alice",
        "t-1",
    )
    assert token.audience == ("api", "web")
    assert (token.expires_at, token.not_before, token.issued_at) == (2_000, 500, 400)
    assert (token.kid, token.algorithm) == ("k1", "RS256")
    assert token.header == {"alg": "RS256", "kid": "k1", "typ": "JWT"}
    assert token.payload == json.dumps(CLAIMS).encode()


def test_scopes_and_the_identity_come_from_the_claims_that_the_policy_names(jwk: Jwk, sign: Sign) -> None:
    text = sign({"sub": "s", "email": "a@b", "scope": "read  write", "r": {"x": ["a", "b c"]}})
    token = verify_token(JwkSet([jwk]), POLICY, text)
    assert (token.identity, token.scopes) == ("s", ("read", "write"))
    assert token.has_scope("write") and not token.has_scope("writ") and not token.has_scope("")
    policy = POLICY.replace(identity_claim="email", scope_claims=["r.x", "scope"])
    token = verify_token(JwkSet([jwk]), policy, text)
    assert (token.identity, token.scopes) == ("a@b", ("a", "b c", "read", "write"))
    assert token.has_scope("b c") and not token.has_scope("b")


def test_absent_claims_are_none(verified: Any) -> None:
    token = verified({})
    assert {token.uid, token.issuer, token.subject, token.token_id} == {None}
    assert {token.expires_at, token.not_before, token.issued_at} == {None}
    assert (token.audience, len(token), dict(token)) == ((), 0, {})
    assert (token.identity, token.scopes) == (None, ())


def test_a_token_is_a_mapping_of_its_claims(verified: Any) -> None:
    token = verified(CLAIMS)
    assert issubclass(VerifiedToken, Mapping)
    assert token == CLAIMS == dict(token) == {**token} == token.claims()
    assert not token != CLAIMS and token != {} and token != object()
    assert token == verified(CLAIMS) and token != verified({})
    assert list(token) == list(CLAIMS) == list(token.keys())
    assert list(token.items()) == list(CLAIMS.items()) and list(token.values()) == list(CLAIMS.values())
    assert len(token) == len(CLAIMS)
    assert "uid" in token and "other" not in token and 1 not in token
    assert token["näme"] == "wörld \U0001f600"
    assert token.get("other") is None and token.get("other", 1) == 1 and token.get("uid", 1) == "alice"
    with pytest.raises(KeyError) as caught:
        token["other"]
    assert caught.value.args == ("other",)
    match token:
        case {"uid": str(uid)}:
            assert uid == "alice"
        case _:
            pytest.fail("a Mapping matches a mapping pattern")


def test_a_token_cannot_be_changed(verified: Any) -> None:
    token = verified(CLAIMS)
    for change in (
        lambda: token.__setitem__("uid", "root"),
        lambda: setattr(token, "uid", "root"),
        lambda: token.__delitem__("uid"),
        lambda: token.update(uid="root"),
    ):
        with pytest.raises((AttributeError, TypeError)):
            change()
    token.claims()["roles"].append("admin")
    token["roles"].append("admin")
    token["roles"][1]["of"].append("c")
    token.get("roles").append("admin")
    dict(token)["roles"].append("admin")
    for roles in (value for value in token.values() if isinstance(value, list)):
        roles.append("admin")
    for _, value in token.items():
        if isinstance(value, list):
            value.append("admin")
    token.header["alg"] = "none"
    assert token == CLAIMS and token.header["alg"] == "RS256"
    with pytest.raises(TypeError):
        hash(token)


def test_a_token_cannot_be_constructed_or_subclassed() -> None:
    with pytest.raises(TypeError):
        VerifiedToken()
    with pytest.raises(TypeError):
        type("Forged", (VerifiedToken,), {})


def test_a_token_cannot_be_copied_or_pickled(verified: Any) -> None:
    with pytest.raises(TypeError):
        copy.deepcopy(verified({}))


def test_repr_shows_no_claim(verified: Any) -> None:
    token = verified(CLAIMS, kid="k1")
    assert repr(token) == str(token) == f"{token}" == "<VerifiedToken RS256, kid 'k1'>"


@pytest.mark.parametrize(
    "text",
    [
        '{"a":0,"b":-1,"c":9223372036854775807,"d":18446744073709551615}',
        '{"a":18446744073709551616,"b":-9223372036854775809}',
        '{"a":-0,"b":0.0,"c":-0.0}',
        '{"a":1e2,"b":1.7976931348623157e308,"c":5e-324,"d":2.2250738585072011e-308}',
        '{"a":0.1,"b":123456789.123456789,"c":9007199254740993.0,"d":1e23}',
        '{"a":' + "9" * 300 + "}",
        '{"a":{"b":[[],{},[1,[2]]],"c":""},"":1}',
        '{"a":"\\u00e9\\ud83d\\ude00\\n\\/","b":"\\u0000"}',
        ' { "a" : [ 1 , true , false , null ] } ',
        '{"a":' + "[" * 15 + "]" * 15 + "}",
    ],
)
def test_claims_are_equal_to_the_result_of_json_loads(verified: Any, text: str) -> None:
    # Compared by repr, because 1 == 1.0 == True and -0.0 == 0.0.
    assert repr(dict(verified(text.encode()))) == repr(json.loads(text))
