from __future__ import annotations

import pytest

from bouncer_verify import InvalidTokenError, MalformedAuthorizationError, token_from_authorization


@pytest.mark.parametrize("value", ["token=a.b.c", "Bearer a.b.c", "bearer   a.b.c"])
def test_both_schemes_give_the_token(value: str) -> None:
    assert token_from_authorization(value) == token_from_authorization(value.encode()) == "a.b.c"


@pytest.mark.parametrize(
    "value", ["", "a.b.c", "Bearer", "token=", "Basic a", "Bearer a, Bearer b", "Bearer \ud800"]
)
def test_everything_else_is_refused(value: str) -> None:
    for header in (value, value.encode("utf-8", "surrogatepass")):
        with pytest.raises(MalformedAuthorizationError) as caught:
            token_from_authorization(header)
        assert isinstance(caught.value, InvalidTokenError)


def test_no_header_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        token_from_authorization(None)  # type: ignore[arg-type]
