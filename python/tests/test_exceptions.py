from __future__ import annotations

import pickle

import pytest

import bouncer_verify
from bouncer_verify import _bouncer_verify, exceptions
from bouncer_verify.exceptions import BY_CODE, BouncerError

LEAVES = sorted(BY_CODE.values(), key=lambda exception: exception.code)


def test_every_error_of_the_core_has_an_exception() -> None:
    assert set(BY_CODE) == set(_bouncer_verify.ERROR_CODES)
    assert len(_bouncer_verify.ERROR_CODES) == len(LEAVES)


def test_all_exceptions_are_exported_by_the_package() -> None:
    for name, value in vars(exceptions).items():
        if isinstance(value, type) and issubclass(value, BouncerError):
            assert getattr(bouncer_verify, name) is value
            assert (value.__module__, value.__qualname__) == ("bouncer_verify", name)
            assert name in bouncer_verify.__all__


def test_each_exception_has_the_base_class_of_its_category() -> None:
    for code, exception in BY_CODE.items():
        by_keys = code in ("malformed_jwk_set", "no_usable_key", "unusable_key", "keys_unavailable")
        assert issubclass(exception, bouncer_verify.KeySetError) == by_keys
        by_login = code in ("unusable_credentials", "login_rejected", "login_unavailable")
        assert issubclass(exception, bouncer_verify.LoginError) == by_login
        by_caller = code == "invalid_argument"
        by_token = not by_keys and not by_login and not by_caller
        assert issubclass(exception, bouncer_verify.InvalidTokenError) == by_token


def test_each_exception_has_the_http_status_and_challenge_of_its_category() -> None:
    for code, exception in BY_CODE.items():
        is_token = issubclass(exception, bouncer_verify.InvalidTokenError)
        is_operator = issubclass(exception, (bouncer_verify.KeySetError, bouncer_verify.LoginError))
        is_scope = code == "insufficient_scope"
        rejected = 403 if is_scope else 401
        assert exception.http_status == (rejected if is_token else 503 if is_operator else 500)
        challenge = f'Bearer error="invalid_token", error_description="{code}"' if is_token else None
        challenge = 'Bearer error="insufficient_scope"' if is_scope else challenge
        # A request without a token gets a challenge without an error code (RFC 6750 section 3.1).
        assert exception.challenge == ("Bearer" if code == "malformed_authorization" else challenge)
    for group, status in (("InvalidTokenError", 401), ("KeySetError", 503), ("LoginError", 503)):
        assert getattr(bouncer_verify, group).http_status == status
        assert (getattr(bouncer_verify, group).challenge is not None) == (status == 401)


def test_an_equal_error_raises_a_new_exception_object(jwks: bouncer_verify.JwkSet) -> None:
    errors = []
    for token in ("a.b", "a.b", "a.b.c", "a.b"):
        with pytest.raises(bouncer_verify.DecodeError) as caught:
            bouncer_verify.verify_token(jwks, bouncer_verify.Policy.dcos(), token)
        errors.append(caught.value)
    assert errors[0] is not errors[1] and errors[0].args == errors[1].args == errors[3].args
    assert errors[2].args != errors[0].args
    errors[0].claim = "mine"
    errors[0].args = ("mine",)
    assert (errors[1].claim, errors[3].claim, str(errors[3])) == (None, None, str(errors[1]))


def test_exceptions_named_as_in_pyjwt_have_the_same_base_classes() -> None:
    theirs = pytest.importorskip("jwt.exceptions")
    for exception in LEAVES:
        their = getattr(theirs, exception.__name__, None)
        if their is not None:
            for base in their.__mro__:
                ours = getattr(exceptions, base.__name__, BouncerError)
                if base is not object and base.__name__ != "Exception":
                    assert issubclass(exception, ours)


@pytest.mark.parametrize("exception", LEAVES, ids=lambda exception: exception.code)
def test_pickle_keeps_the_class_the_text_and_the_claim(exception: type[BouncerError]) -> None:
    error = exception("the text")
    error.claim = "exp"
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is exception
    assert (str(copy), copy.code, copy.claim) == ("the text", error.code, "exp")


def test_an_exception_has_a_code_a_claim_and_a_text(jwks: bouncer_verify.JwkSet, token: str) -> None:
    policy = bouncer_verify.Policy.dcos().replace(time=1467985466)
    with pytest.raises(bouncer_verify.ExpiredSignatureError) as caught:
        bouncer_verify.verify_token(jwks, policy, token)
    assert (caught.value.code, caught.value.claim) == ("expired", "exp")
    assert str(caught.value) == 'the token has expired: "exp": 0 s ago'
    assert pickle.loads(pickle.dumps(caught.value)).claim == "exp"


def test_no_text_of_an_exception_contains_the_token(jwks: bouncer_verify.JwkSet, token: str) -> None:
    policy = bouncer_verify.Policy.dcos()
    for bad in (token, token[:-4], "!" + token, token + ".a.b", "secret.secret.secret"):
        with pytest.raises(bouncer_verify.InvalidTokenError) as caught:
            bouncer_verify.verify_token(jwks, policy, bad)
        assert not any(part in str(caught.value) for part in (*token.split("."), "secret", "peter"))
