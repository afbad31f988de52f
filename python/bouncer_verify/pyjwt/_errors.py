"""Makes the exceptions derive from PyJWT's classes too, if the program has imported PyJWT."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..exceptions import BouncerError, InvalidAlgorithmError, InvalidAudienceError, InvalidIssuerError
from .exceptions import InvalidIssuedAtError, InvalidJTIError, InvalidSubjectError

P = ParamSpec("P")
R = TypeVar("R")


def raises_as_pyjwt(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except BouncerError as error:
            raise as_pyjwt(error) from None

    return wrapper


def about(cause: type[BouncerError], claim: str, message: str) -> BouncerError:
    error = cause(f'{message}: "{claim}"')
    error.claim = claim
    return error


# The class that PyJWT raises for each malformed claim or header parameter.
_MALFORMED: dict[tuple[str, str | None], type[BouncerError]] = {
    ("malformed_claims", "aud"): InvalidAudienceError,
    ("malformed_claims", "iat"): InvalidIssuedAtError,
    ("malformed_claims", "iss"): InvalidIssuerError,
    ("malformed_claims", "jti"): InvalidJTIError,
    ("malformed_claims", "sub"): InvalidSubjectError,
    ("malformed_header", "alg"): InvalidAlgorithmError,
}


def as_pyjwt(error: BouncerError) -> BouncerError:
    """Returns the same error as an instance of the class that PyJWT raises for it."""
    cause = _MALFORMED.get((error.code, error.claim), type(error))
    attributes: dict[str, Any] = {} if error.claim is None else {"claim": error.claim}
    if cause is not type(error):
        attributes |= {"code": error.code, "challenge": error.challenge}
    elif "jwt.exceptions" not in sys.modules:
        return error
    return _build(cause, error.args, attributes)


def _build(cause: type[BouncerError], args: tuple[Any, ...], attributes: dict[str, Any]) -> BouncerError:
    error = (joint(cause) if "jwt.exceptions" in sys.modules else cause)(*args)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


_JOINT: dict[type[BouncerError], type[BouncerError]] = {}


def joint(cause: type[BouncerError]) -> type[BouncerError]:
    """Returns a class derived from `cause` and from PyJWT's class of the same name.

    If PyJWT has no class of that name, uses the nearest base class of `cause` that PyJWT has.
    """
    if cause in _JOINT:
        return _JOINT[cause]
    exceptions = sys.modules["jwt.exceptions"]
    named = {"KeySetError": "PyJWKSetError", "BouncerError": "PyJWTError"}
    theirs = next(
        getattr(exceptions, name)
        for name in (named.get(base.__name__, base.__name__) for base in cause.__mro__)
        if hasattr(exceptions, name)
    )

    def __reduce__(self: BouncerError) -> tuple[Any, ...]:
        return _build, (cause, self.args, self.__dict__ | {"claim": self.claim})

    members = {"__module__": cause.__module__, "__reduce__": __reduce__}
    _JOINT[cause] = type(cause.__name__, (cause, theirs), members)
    return _JOINT[cause]
