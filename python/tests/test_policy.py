from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest import Sign

from bouncer_verify import (
    ClaimNotAllowedError,
    DecodeError,
    ExpiredSignatureError,
    InsufficientScopeError,
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
from bouncer_verify.types import PolicyValues

SETTINGS = {
    "algorithms": ("ES256", "RS256"),
    "audiences": ("api", "web"),
    "any_audience": True,
    "issuers": ("https://idp.example/",),
    "leeway": 30,
    "max_token_len": 4096,
    "optional_exp": True,
    "profile": "dcos",
    "required_claims": ("tenant",),
    "required_string_claims": ("sub",),
    "time": 1467985465,
    "token_type": "at+jwt",
}


def test_settings_can_be_read() -> None:
    policy = Policy(**SETTINGS)  # type: ignore[arg-type]
    assert list(policy.settings) == list(PolicyValues.__annotations__)
    assert policy.settings.items() >= SETTINGS.items()
    # Settings that are not in SETTINGS are False or None, unless they have a default.
    assert not any(value for name, value in policy.settings.items() if name not in SETTINGS)
    assert Policy(**policy.settings) == policy
    settings = Policy.any_issuer().settings
    defaults = {"profile": "jwt", "algorithms": ("RS256",), "max_token_len": 16384}
    assert {name: value for name, value in settings.items() if value} == {**defaults, "any_issuer": True}
    assert (settings["leeway"], settings["audiences"], settings["any_audience"]) == (0, None, False)


def test_repr_shows_the_settings_that_are_set() -> None:
    assert repr(Policy.any_issuer()) == "Policy(any_issuer=True)"
    policy = Policy.for_issuer("i", "a").replace(leeway=0.5, clock=time.time)
    assert repr(policy) == f"Policy(audiences=('a',), issuers=('i',), leeway=0.5, clock={time.time!r})"
    assert eval(repr(Policy(**SETTINGS))) == Policy(**SETTINGS)  # type: ignore[arg-type]


def test_the_static_methods_equal_the_constructor_with_settings() -> None:
    assert Policy.dcos() == Policy(profile="dcos")
    assert Policy.for_issuer("i", "a") == Policy(issuers=["i"], audiences=["a"])
    assert Policy.access_token("i", "a") == Policy(profile="access_token", issuers=["i"], audiences=["a"])
    assert Policy.any_issuer() == Policy(any_issuer=True) != Policy.dcos()
    assert Policy.any_issuer() == Policy(any_issuer=True, leeway="0s", clock=None)
    assert Policy.any_issuer() != Policy(any_issuer=True, clock=time.time)
    assert Policy.any_issuer() != "Policy(any_issuer=True)"


def test_a_policy_needs_either_issuers_or_any_issuer() -> None:
    made: list[Callable[[], Policy]] = [Policy, lambda: Policy(issuers=None), lambda: Policy.from_json("{}")]
    for make in made:
        with pytest.raises(InvalidArgumentError, match='"issuers": it is missing') as caught:
            make()
        assert caught.value.claim == "issuers"
    with pytest.raises(InvalidArgumentError, match='"any_issuer": it cannot be combined with "issuers"'):
        Policy.any_issuer().replace(issuers="i")
    assert Policy.any_issuer().replace(issuers="i", any_issuer=None) == Policy(issuers="i")


def test_a_json_document_makes_a_policy() -> None:
    document = '{"issuers": ["i"], "leeway": "30s", "algorithms": ["RS256", "ES256"]}'
    expected = Policy(issuers="i", leeway=30, algorithms=["RS256", "ES256"])
    assert Policy.from_json(document) == Policy.from_json(document.encode()) == expected
    wrong: list[tuple[str | bytes, str]] = [
        ('{"isuers": ["i"]}', 'policy has no setting "isuers": did you mean "issuers"'),
        ('{"issuers": "i"}', "not a list"),
        ('{"issuers": []}', "empty list"),
        ('{"any_issuer": true, "time": 1}', '"time": it can only be set in code'),
        ('{"any_issuer": true, "leeway": 1}', "has no unit"),
        (b"\xff", "UTF-8"),
        ("{", "strict JSON"),
    ]
    for text, named in wrong:
        with pytest.raises(InvalidArgumentError, match=named):
            Policy.from_json(text)


def test_durations_may_be_seconds_text_or_timedelta() -> None:
    for leeway in (90, 90.0, "90s", "90000ms", timedelta(minutes=1.5)):
        assert Policy(any_issuer=True, leeway=leeway).settings["leeway"] == 90
    for max_token_len in (65536, "64KiB"):
        assert Policy(any_issuer=True, max_token_len=max_token_len).settings["max_token_len"] == 65536
    assert Policy(any_issuer=True, leeway="5m").settings["leeway"] == 300


def test_replace_returns_a_changed_copy() -> None:
    policy = Policy.dcos()
    changed = policy.replace(leeway=10, required_claims={"tenant"})
    assert changed == Policy(profile="dcos", leeway=10, required_claims="tenant")
    assert changed.replace(leeway=None, required_claims=None) == policy == Policy.dcos() == policy.replace()
    with pytest.raises(TypeError, match='policy has no setting "leway": did you mean "leeway"'):
        policy.replace(leway=10)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="policy has no setting"):
        Policy(exp_required=False)  # type: ignore[call-arg]


def test_a_policy_cannot_be_changed() -> None:
    policy: Any = Policy.dcos()
    for name in ("settings", "clock", *SETTINGS):
        with pytest.raises(AttributeError):
            setattr(policy, name, 1)
    policy.settings["leeway"] = 100
    assert policy == Policy.dcos()
    with pytest.raises(TypeError):
        Policy("RS256")  # type: ignore[arg-type, call-arg]


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
        {"required_claims": []},
        {"required_string_claims": [""]},
        {"profile": "dcos2"},
        {"leeway": -1},
        {"leeway": 301},
        {"leeway": "1"},
        {"leeway": math.nan},
        {"max_token_len": -1},
        {"max_token_len": 2**20 + 1},
    ],
)
def test_invalid_settings_are_rejected(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Policy(**{"any_issuer": "issuers" not in settings, **settings})
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, InvalidTokenError)


def test_an_empty_or_missing_argument_is_named_in_the_error() -> None:
    for arguments, named in [
        (("i", ""), '"audiences": it is empty'),
        (("", "a"), '"issuers": it is empty'),
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


def test_a_rule_for_a_claim_takes_text_a_bool_or_an_int(sign: Sign, jwk: Jwk) -> None:
    token = sign({"exp": 4_000_000_000, "verified": True, "n": 5, "r": {"roles": ["a", "b"]}})
    policy = Policy(
        any_issuer=True,
        claim_is={"verified": True, "n": [4, 5]},
        claim_has={"r.roles": ("a", "b")},
        claim_has_any={"r.roles": "b"},
    )
    assert policy.settings["claim_is"] == {"verified": "true", "n": ["4", "5"]}
    assert verify_token(JwkSet([jwk]), policy, token)["n"] == 5
    with pytest.raises(ClaimNotAllowedError) as caught:
        verify_token(JwkSet([jwk]), policy.replace(claim_is={"verified": False}), token)
    assert caught.value.claim == "verified"
    with pytest.raises(ClaimNotAllowedError) as caught:
        verify_token(JwkSet([jwk]), policy.replace(claim_has={"r.roles": ["a", "c"]}), token)
    assert caught.value.claim == "r.roles"
    with pytest.raises(InsufficientScopeError) as refused:
        verify_token(JwkSet([jwk]), policy.replace(required_scopes="admin"), token)
    assert (refused.value.http_status, refused.value.claim) == (403, "scope")


@pytest.mark.parametrize("value", [1.5, None, len, b"a", [None], [b"a"]])
def test_a_rule_for_a_claim_takes_nothing_else(value: Any) -> None:
    with pytest.raises(TypeError, match=r"claim_is\.x must be "):
        Policy(any_issuer=True, claim_is={"x": value})


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithms": 1},
        {"issuers": [1]},
        {"leeway": True},
        {"leeway": []},
        {"max_token_len": 1.5},
        {"max_token_len": True},
        {"time": "1"},
        {"time": 1.5},
        {"clock": 1},
        {"any_audience": 1},
        {"token_type": 1},
        {"profile": 1},
    ],
)
def test_settings_of_other_types_raise_type_error(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(settings))} must be an? "):
        Policy(any_issuer=True, **settings)


def test_time_and_clock_are_mutually_exclusive() -> None:
    with pytest.raises(InvalidArgumentError, match="clock and time are mutually exclusive"):
        Policy.dcos().replace(time=1, clock=time.time)
    assert Policy.dcos().replace(clock=time.time).replace(time=1, clock=None).settings["time"] == 1


def test_the_default_clock_is_the_system_clock(jwks: JwkSet, token: str) -> None:
    with pytest.raises(ExpiredSignatureError):
        verify_token(jwks, Policy.dcos(), token)
    with pytest.raises(ExpiredSignatureError):
        verify_token(jwks, Policy.dcos().replace(clock=time.time), token)


def test_the_clock_is_called_for_each_token(jwks: JwkSet, token: str) -> None:
    times = iter([1467985465, 1467985465.999, 1467985466])
    verifier = Verifier(jwks, Policy.dcos().replace(clock=lambda: next(times)))
    assert verifier.verify(token).uid == verifier.verify(token).uid == "peter"
    with pytest.raises(ExpiredSignatureError):
        verifier.verify(token)
    with pytest.raises(StopIteration):
        verifier.verify(token)


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_clock_that_returns_no_finite_number_is_rejected(jwks: JwkSet, token: str, time: float) -> None:
    with pytest.raises(InvalidArgumentError):
        verify_token(jwks, Policy.dcos().replace(clock=lambda: time), token)


def test_a_long_token_is_rejected_before_it_is_parsed(jwks: JwkSet) -> None:
    with pytest.raises(DecodeError) as caught:
        verify_token(jwks, Policy.dcos().replace(max_token_len=10), "\ud800" * 11)
    assert caught.value.code == "token_too_large"
