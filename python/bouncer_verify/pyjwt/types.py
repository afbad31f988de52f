"""The argument types of `jwt.types`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypedDict

__all__ = ["JWKDict", "Options", "PublicKey"]

JWKDict = dict[str, Any]


class Options(TypedDict, total=False):
    """The options of PyJWT.

    Only the checks of "aud", "iss", "iat" and of the expected subject can be turned off.
    """

    verify_signature: bool
    verify_exp: bool
    verify_nbf: bool
    verify_iat: bool
    verify_aud: bool
    verify_iss: bool
    verify_sub: bool
    verify_jti: bool
    strict_aud: bool
    require: Iterable[str]
    enforce_minimum_key_length: bool


class PublicKey(Protocol):
    """A public key of the `cryptography` package."""

    def public_bytes(self, encoding: Any, format: Any) -> bytes: ...
