"""Of `jwt.utils`, what programs use to make keys from a JWK's members."""

from __future__ import annotations

import base64

__all__ = ["base64url_decode", "base64url_encode", "bytes_to_number", "from_base64url_uint"]


def base64url_decode(input: str | bytes) -> bytes:
    """The bytes that base64url text stands for, with or without padding. Raises ValueError."""
    text = input.encode() if isinstance(input, str) else input
    if b"+" in text or b"/" in text:
        raise ValueError("not base64url")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError("not base64url") from None


def base64url_encode(input: bytes) -> bytes:
    """base64url text without padding."""
    return base64.urlsafe_b64encode(input).rstrip(b"=")


def bytes_to_number(string: bytes) -> int:
    """The integer of big-endian `string`."""
    return int.from_bytes(string, "big")


def from_base64url_uint(val: str | bytes) -> int:
    """The integer of big-endian bytes in base64url: a JWK's "n" or "e"."""
    return bytes_to_number(base64url_decode(val))
