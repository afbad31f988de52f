"""`PyJWK` and `PyJWKSet` of `jwt.api_jwk`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from .._bouncer_verify import Jwk
from ..exceptions import InvalidArgumentError, MalformedKeySetError, NoUsableKeyError
from ._errors import raises_as_pyjwt
from .algorithms import SUPPORTED, Algorithm, get_algorithm_by_name
from .exceptions import InvalidKeyError, PyJWKError

__all__ = ["PyJWK", "PyJWKSet"]

# The algorithm that PyJWT assumes for a key without "alg", by curve. RSA keys have no curve: None.
_USUAL_ALGORITHM = {None: "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


class PyJWK:
    """A JWK as a key for `decode`.

    key: the key as a `Jwk`. Without "alg" in the JWK, it allows every algorithm of its key type.
    algorithm_name, Algorithm: the algorithm that `decode` allows if the call passes no algorithms.
    """

    @raises_as_pyjwt
    def __init__(self, jwk_data: dict[str, Any], algorithm: str | None = None) -> None:
        named = algorithm or (jwk_data.get("alg") if isinstance(jwk_data, dict) else None)
        if isinstance(named, str) and named and named not in SUPPORTED:
            raise PyJWKError("the key's algorithm is not supported")
        try:
            self.key: Jwk = Jwk.from_json(json.dumps(jwk_data))
            self.algorithm_name: str = named or _USUAL_ALGORITHM[self.key.crv]
            self._bound = self.key.with_alg(self.algorithm_name)
        except InvalidArgumentError as error:
            raise InvalidKeyError(*error.args) from None
        except (TypeError, ValueError, RecursionError):
            raise InvalidKeyError("the key is not a JSON object") from None
        self.Algorithm: Algorithm = get_algorithm_by_name(self.algorithm_name)
        self.key_type: str = self.key.kty
        self.key_id: str | None = self.key.kid
        self.public_key_use: str | None = jwk_data.get("use")

    @staticmethod
    def from_dict(obj: dict[str, Any], algorithm: str | None = None) -> PyJWK:
        return PyJWK(obj, algorithm)

    @staticmethod
    def from_json(data: str | bytes, algorithm: str | None = None) -> PyJWK:
        return PyJWK(json.loads(data), algorithm)


class PyJWKSet:
    """The usable keys of a JWK Set.

    To pass a whole set to `decode`, use a `bouncer_verify.JwkSet`.
    """

    @raises_as_pyjwt
    def __init__(self, keys: list[dict[str, Any]]) -> None:
        if not isinstance(keys, list):
            raise MalformedKeySetError("the keys are not a list")
        self.keys: list[PyJWK] = []
        for key in keys:
            try:
                self.keys.append(PyJWK(key))
            except InvalidKeyError:
                continue
        if not self.keys:
            raise NoUsableKeyError("the JWK Set has no usable key")

    @staticmethod
    def from_dict(obj: dict[str, Any]) -> PyJWKSet:
        return PyJWKSet(obj.get("keys", []))

    @staticmethod
    def from_json(data: str | bytes) -> PyJWKSet:
        return PyJWKSet.from_dict(json.loads(data))

    def __getitem__(self, kid: str) -> PyJWK:
        for key in self.keys:
            if key.key_id == kid:
                return key
        raise KeyError('no key of the set has this "kid"')

    def __iter__(self) -> Iterator[PyJWK]:
        return iter(self.keys)


pyjwk_of: Callable[[Jwk], PyJWK] = lru_cache(lambda key: PyJWK.from_json(key.to_json()))
