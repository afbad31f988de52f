"""RSA keys from numbers, with the interface of the `cryptography` package.

Programs can import this module in place of `cryptography.hazmat.primitives.asymmetric.rsa` and
`cryptography.hazmat.backends`, if they only make public keys from JWKs. New code should call
`Jwk.from_numbers(n, e)`.
"""

from ._bouncer_verify import Jwk

__all__ = ["RSAPublicNumbers", "default_backend"]


class RSAPublicNumbers:
    """The exponent `e` and the modulus `n` of an RSA public key."""

    def __init__(self, e: int, n: int) -> None:
        self.e = e
        self.n = n

    def public_key(self, backend: object = None) -> Jwk:
        """Returns the key. Raises InvalidKeyError if it is not usable. `backend` has no effect."""
        return Jwk.from_numbers(self.n, self.e)


def default_backend() -> None:
    """Returns None, which `public_key` accepts as its `backend`."""
