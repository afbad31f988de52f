from __future__ import annotations

import pytest

from bouncer_verify import (
    DecodeError,
    InvalidTokenError,
    JwkSet,
    MalformedAuthorizationError,
    Policy,
    Verifier,
    token_from_authorization,
)


@pytest.mark.parametrize("value", ["token=a.b.c", "Bearer a.b.c", "bearer   a.b.c"])
def test_a_token_with_either_scheme_is_returned(value: str) -> None:
    assert token_from_authorization(value) == token_from_authorization(value.encode()) == "a.b.c"


@pytest.mark.parametrize(
    "value", ["", "a.b.c", "Bearer", "token=", "Basic a", "Bearer a, Bearer b", "Bearer \ud800"]
)
def test_other_header_values_are_rejected(value: str) -> None:
    for header in (value, value.encode("utf-8", "surrogatepass")):
        with pytest.raises(MalformedAuthorizationError) as caught:
            token_from_authorization(header)
        assert isinstance(caught.value, InvalidTokenError)


def test_a_request_without_the_header_is_rejected(jwks: JwkSet) -> None:
    verifier = Verifier(jwks, Policy.dcos())
    for call in (token_from_authorization, verifier.verify_authorization):
        with pytest.raises(MalformedAuthorizationError) as caught:
            call(None)
        assert (caught.value.http_status, caught.value.challenge) == (401, "Bearer")


def test_arguments_of_other_types_raise_type_error(jwks: JwkSet) -> None:
    for call in (token_from_authorization, Verifier(jwks, Policy.dcos()).verify_authorization):
        for other in (5, ["token=a.b.c"]):
            with pytest.raises(TypeError):
                call(other)  # type: ignore[arg-type]


def test_a_verifier_accepts_the_whole_header_value(jwks: JwkSet, token: str) -> None:
    verifier = Verifier(jwks, Policy.dcos().replace(time=1467985465))
    for header in (f"token={token}", f"Bearer {token}", f"bearer {token}".encode()):
        assert verifier.verify_authorization(header).uid == "peter"
        assert verifier.with_cache(10).verify_authorization(header).uid == "peter"
    for header in (token, "", "Basic a"):
        with pytest.raises(MalformedAuthorizationError):
            verifier.verify_authorization(header)
    with pytest.raises(DecodeError) as caught:
        verifier.verify_authorization("token=a.b.c")
    assert caught.value.code == "malformed_token"
