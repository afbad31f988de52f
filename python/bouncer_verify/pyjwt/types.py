"""The types of arguments, as `jwt.types` has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypedDict

__all__ = ["JWKDict", "Options", "PublicKey"]

JWKDict = dict[str, Any]


class Options(TypedDict, total=False):
    """PyJWT's options. Only the checks of "aud", "iss", "iat" and the expected subject may be turned off."""

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
