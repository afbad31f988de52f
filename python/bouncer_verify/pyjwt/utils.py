"""The functions of `jwt.utils` that decode the members of a JWK."""

from __future__ import annotations

import base64

__all__ = ["base64url_decode", "base64url_encode", "bytes_to_number", "from_base64url_uint"]

_NOT_BASE64URL = "the text is not base64url: only A-Z a-z 0-9 - _ and trailing = are allowed"


def base64url_decode(input: str | bytes) -> bytes:
    """Decodes base64url, with or without padding. Raises ValueError."""
    text = input.encode() if isinstance(input, str) else input
    if b"+" in text or b"/" in text:
        raise ValueError(_NOT_BASE64URL)
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError(_NOT_BASE64URL) from None


def base64url_encode(input: bytes) -> bytes:
    """Encodes as base64url without padding."""
    return base64.urlsafe_b64encode(input).rstrip(b"=")


def bytes_to_number(string: bytes) -> int:
    """Returns the integer whose big-endian bytes are `string`."""
    return int.from_bytes(string, "big")


def from_base64url_uint(val: str | bytes) -> int:
    """Decodes an integer from base64url, for example "n" or "e" of a JWK."""
    return bytes_to_number(base64url_decode(val))
