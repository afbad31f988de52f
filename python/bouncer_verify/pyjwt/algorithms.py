"""The parts of `jwt.algorithms` that verifying programs use: digests, and keys from JWKs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .._bouncer_verify import Jwk
from ._errors import raises_as_pyjwt
from .exceptions import InvalidKeyError

__all__ = [
    "Algorithm",
    "ECAlgorithm",
    "OKPAlgorithm",
    "RSAAlgorithm",
    "RSAPSSAlgorithm",
    "get_algorithm_by_name",
]


class Algorithm:
    """PyJWT's `Algorithm`, without the methods that sign and verify."""

    _key_type = ""

    def __init__(self, name: str) -> None:
        self.name = name

    def compute_hash_digest(self, bytestr: bytes) -> bytes:
        """Returns the digest of `bytestr`, computed with the algorithm's hash function.

        OpenID Connect's "at_hash" is the left half of the access token's digest, in base64url.

        Raises NotImplementedError for EdDSA and Ed25519, for which PyJWT defines no hash
        function.
        """
        if not self.name[-3:].isdigit():
            raise NotImplementedError(f"{self.name} has no hash algorithm")
        return hashlib.new(f"sha{self.name[-3:]}", bytestr).digest()

    @classmethod
    @raises_as_pyjwt
    def from_jwk(cls, jwk: str | dict[str, Any]) -> Jwk:
        """Converts a JWK to a key for `decode`.

        Raises InvalidKeyError if the key is not usable or is not of this algorithm's key type.
        """
        key = Jwk.from_json(jwk if isinstance(jwk, str) else json.dumps(jwk))
        if cls._key_type not in ("", key.kty):
            raise InvalidKeyError(f"the key's type is {key.kty}, not {cls._key_type}")
        return key

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class RSAAlgorithm(Algorithm):
    """RS256, RS384, RS512."""

    _key_type = "RSA"


class RSAPSSAlgorithm(RSAAlgorithm):
    """PS256, PS384, PS512."""


class ECAlgorithm(Algorithm):
    """ES256, ES384, ES512."""

    _key_type = "EC"


class OKPAlgorithm(Algorithm):
    """EdDSA."""

    _key_type = "OKP"


_ALGORITHMS: dict[str, Algorithm] = {
    name: kind(name)
    for kind, names in (
        (RSAAlgorithm, ("RS256", "RS384", "RS512")),
        (RSAPSSAlgorithm, ("PS256", "PS384", "PS512")),
        (ECAlgorithm, ("ES256", "ES384", "ES512")),
        (OKPAlgorithm, ("EdDSA", "Ed25519")),
    )
    for name in names
}

SUPPORTED = frozenset(_ALGORITHMS)


def get_algorithm_by_name(alg_name: str) -> Algorithm:
    """Returns the algorithm of this name. Raises NotImplementedError if it is not supported."""
    try:
        return _ALGORITHMS[alg_name]
    except KeyError:
        raise NotImplementedError(f"{alg_name} is not supported") from None
