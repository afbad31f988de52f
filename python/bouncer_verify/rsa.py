"""RSA keys from numbers, spelt as the `cryptography` package spells it.

Stands in for `cryptography.hazmat.primitives.asymmetric.rsa` and `cryptography.hazmat.backends` where the one
thing wanted of them is the public key of a JWK. New code says `Jwk.from_numbers(n, e)`.
"""

from ._bouncer_verify import Jwk

__all__ = ["RSAPublicNumbers", "default_backend"]


class RSAPublicNumbers:
    """The two numbers of an RSA public key."""

    def __init__(self, e: int, n: int) -> None:
        self.e = e
        self.n = n

    def public_key(self, backend: object = None) -> Jwk:
        """The key; raises InvalidKeyError."""
        return Jwk.from_numbers(self.n, self.e)


def default_backend() -> None:
    """What `public_key` takes and does not need."""
