from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Sign

from bouncer_verify import (
    DecodeError,
    ExpiredSignatureError,
    InvalidArgumentError,
    InvalidTokenError,
    Jwk,
    JwkSet,
    MissingRequiredClaimError,
    Policy,
    RemoteJwkSet,
    TokenRenewer,
    Verifier,
    verify_token,
)

SETTINGS = {
    "algorithms": ("RS256", "ES256"),
    "issuers": ("https://idp.example/",),
    "audiences": ("api", "web"),
    "any_audience": True,
    "exp_required": False,
    "require_string": ("uid",),
    "require": ("tenant",),
    "token_type": "at+jwt",
    "leeway": 30,
    "max_token_len": 4096,
    "now": 1467985465,
}


def test_settings_can_be_read() -> None:
    policy = Policy(**SETTINGS)  # type: ignore[arg-type]
    assert {name: getattr(policy, name) for name in SETTINGS} == SETTINGS
    assert repr(policy) == f"Policy({', '.join(f'{name}={value!r}' for name, value in SETTINGS.items())})"


def test_ready_policies_are_those_of_the_core() -> None:
    assert Policy.dcos() == Policy(require_string="uid")
    assert Policy.for_issuer("i", "a") == Policy(issuers=["i"], audiences=["a"])
    assert Policy.any_issuer() == Policy() != Policy.dcos()
    assert Policy.any_issuer().algorithms == ("RS256",)
    assert Policy() != "Policy()"


def test_replace_changes_a_copy() -> None:
    policy = Policy.dcos()
    changed = policy.replace(leeway=10, require={"tenant"})
    assert (changed.leeway, changed.require, changed.require_string) == (10, ("tenant",), ("uid",))
    assert policy == Policy.dcos() == policy.replace()
    with pytest.raises(TypeError):
        policy.replace(leway=10)  # type: ignore[call-arg]


def test_a_policy_cannot_be_changed() -> None:
    policy: Any = Policy.dcos()
    for name, value in SETTINGS.items():
        with pytest.raises(AttributeError):
            setattr(policy, name, value)
    with pytest.raises(AttributeError):
        policy.other = 1
    with pytest.raises(TypeError):
        Policy("RS256")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithms": []},
        {"algorithms": ["HS256"]},
        {"algorithms": "none"},
        {"issuers": ()},
        {"audiences": set()},
        {"issuers": ""},
        {"issuers": ["i", ""]},
        {"audiences": ""},
        {"audiences": ["a", ""]},
        {"token_type": ""},
        {"leeway": -1},
        {"leeway": 301},
        {"max_token_len": -1},
        {"max_token_len": 2**20 + 1},
    ],
)
def test_unusable_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Policy(**settings)
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, InvalidTokenError)


def test_what_an_unset_variable_gives_is_named() -> None:
    for arguments, named in [
        (("i", ""), "audience is empty"),
        (("", "a"), "issuer is empty"),
    ]:
        with pytest.raises(InvalidArgumentError, match=named):
            Policy.for_issuer(*arguments)
    wrong: list[Any] = [
        (("i", None), "audience must be a str, not None"),
        ((None, "a"), "issuer must be a str, not None"),
        (("i", ["a"]), "audience must be a str, not list"),
    ]
    for arguments, named in wrong:
        with pytest.raises(TypeError, match=named):
            Policy.for_issuer(*arguments)
    missing: list[tuple[Callable[[Any], object], str]] = [
        (lambda none: Policy(issuers=["i", none]), "issuers must be a str, not None"),
        (lambda none: Policy(audiences=[none]), "audiences must be a str, not None"),
        (RemoteJwkSet, "url must be a str, not None"),
        (RemoteJwkSet.discover, "issuer must be a str, not None"),
        (TokenRenewer.service_account, "secret must be a str, not None"),
        (lambda none: TokenRenewer.client_credentials(none, "i", "s"), "token_url must be a str, not None"),
        (lambda none: TokenRenewer.client_credentials("u", none, "s"), "client_id must be a str, not None"),
        (lambda none: TokenRenewer.client_credentials("u", "i", none), "client_secret must be a str, not"),
    ]
    for call, named in missing:
        with pytest.raises(TypeError, match=named):
            call(None)


def test_only_dcos_s_policy_requires_a_uid(sign: Sign, jwk: Jwk) -> None:
    token = sign({"iss": "i", "aud": "a", "exp": 4_000_000_000})
    for policy in (Policy(issuers=["h", "i"], audiences="a"), Policy.for_issuer("i", "a")):
        assert verify_token(JwkSet([jwk]), policy, token).issuer == "i"
    with pytest.raises(MissingRequiredClaimError):
        verify_token(JwkSet([jwk]), Policy.dcos().replace(any_audience=True), token)


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithms": 1},
        {"issuers": [1]},
        {"leeway": 1.5},
        {"leeway": "1"},
        {"now": "1"},
        {"any_audience": 1},
    ],
)
def test_settings_of_another_type_are_type_errors(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Policy(**settings)


def test_the_clock_is_the_system_s_unless_told(jwks: JwkSet, token: str) -> None:
    with pytest.raises(ExpiredSignatureError):
        verify_token(jwks, Policy.dcos(), token)
    with pytest.raises(ExpiredSignatureError):
        verify_token(jwks, Policy.dcos().replace(now=time.time), token)


def test_a_clock_is_asked_for_each_token(jwks: JwkSet, token: str) -> None:
    times = iter([1467985465, 1467985465.999, 1467985466])
    verifier = Verifier(jwks, Policy.dcos().replace(now=lambda: next(times)))
    assert verifier.verify(token).uid == verifier.verify(token).uid == "peter"
    with pytest.raises(ExpiredSignatureError):
        verifier.verify(token)
    with pytest.raises(StopIteration):
        verifier.verify(token)


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_clock_that_gives_no_time_is_refused(jwks: JwkSet, token: str, time: float) -> None:
    with pytest.raises(InvalidArgumentError):
        verify_token(jwks, Policy.dcos().replace(now=lambda: time), token)


def test_a_long_token_is_refused_before_it_is_read(jwks: JwkSet) -> None:
    with pytest.raises(DecodeError) as caught:
        verify_token(jwks, Policy.dcos().replace(max_token_len=10), "\ud800" * 11)
    assert caught.value.code == "token_too_large"
