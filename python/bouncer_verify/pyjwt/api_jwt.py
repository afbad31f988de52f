"""`decode`, `decode_complete` and `get_unverified_header` of `jwt.api_jwt`."""

from __future__ import annotations

import base64
import json
import math
import re
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from .._bouncer_verify import Jwk, JwkSet, Policy, VerifiedToken, verify_token
from ..exceptions import (
    InvalidArgumentError,
    MalformedHeaderError,
    NoMatchingKeyError,
    TokenTooLargeError,
    UnsupportedHeaderError,
)
from ._errors import about, raises_as_pyjwt
from .algorithms import SUPPORTED
from .api_jwk import PyJWK
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidSubjectError,
    MissingRequiredClaimError,
)
from .types import Options, PublicKey
from .utils import base64url_decode, base64url_encode
from .warnings import RemovedInPyjwt3Warning

__all__ = ["decode", "decode_complete", "get_unverified_header"]

Key = JwkSet | Jwk | PyJWK | PublicKey | str | bytes


def decode(
    jwt: str | bytes,
    key: Key = "",
    algorithms: Iterable[str] | None = None,
    options: Options | None = None,
    verify: bool | None = None,
    detached_payload: bytes | None = None,
    audience: str | Iterable[str] | None = None,
    subject: str | None = None,
    issuer: str | Iterable[str] | None = None,
    leeway: float | timedelta = 0,
    *,
    algorithm: str | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Verifies `jwt` and returns its claims.

    key: a PEM public key, a key of the `cryptography` package, a `PyJWK`, a `Jwk` or a `JwkSet`.
    algorithm: the only allowed algorithm, as in PyJWT 1. New code should use `algorithms`.
    If both are passed, `algorithms` applies.
    kwargs: ignored, with a warning.
    """
    if kwargs:
        _warn_of(kwargs)
    token = _verified(
        jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway, algorithm
    )
    return token.claims()


def decode_complete(
    jwt: str | bytes,
    key: Key = "",
    algorithms: Iterable[str] | None = None,
    options: Options | None = None,
    verify: bool | None = None,
    detached_payload: bytes | None = None,
    audience: str | Iterable[str] | None = None,
    issuer: str | Iterable[str] | None = None,
    subject: str | None = None,
    leeway: float | timedelta = 0,
    *,
    algorithm: str | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Verifies `jwt` as `decode` does. Returns a dict with "payload", "header" and "signature"."""
    if kwargs:
        _warn_of(kwargs)
    token = _verified(
        jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway, algorithm
    )
    signature = jwt.rpartition("." if isinstance(jwt, str) else b".")[2]  # type: ignore[arg-type]
    return {
        "payload": token.claims(),
        "header": token.header,
        "signature": base64url_decode(signature),
    }


@raises_as_pyjwt
def get_unverified_header(jwt: str | bytes) -> dict[str, Any]:
    """Returns the header of an unverified token. Use the header only to look up a key."""
    _check_type(jwt)
    # The length is checked first, so that an overlong token is neither split nor decoded.
    if len(jwt) > _MAX_TOKEN_LEN:
        raise TokenTooLargeError("the token is too large")
    parts = jwt.split("." if isinstance(jwt, str) else b".")  # type: ignore[arg-type]
    if len(parts) != 3:
        raise DecodeError("the token is malformed: not three parts separated by dots")
    text, _, _ = (_segment(part) for part in parts)
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise MalformedHeaderError("the token's header is malformed") from None
    if not isinstance(header, dict) or not isinstance(header.get("kid"), str | None):
        raise MalformedHeaderError("the token's header is malformed")
    if "crit" in header:
        raise about(UnsupportedHeaderError, "crit", "the token's header requires an unsupported extension")
    return header


def _segment(part: str | bytes) -> bytes:
    text = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
    if re.fullmatch(rb"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1:
        octets = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        if base64url_encode(octets) == text:
            return octets
    raise DecodeError("the token is malformed: a part is not canonical base64url")


def _check_type(jwt: object) -> None:
    if not isinstance(jwt, str | bytes):
        raise DecodeError(f"the token is malformed: expected str or bytes, not {type(jwt).__name__}")


def _warn_of(kwargs: dict[str, Any]) -> None:
    names = ", ".join(kwargs)
    warnings.warn(f"unknown arguments have no effect: {names}", RemovedInPyjwt3Warning, stacklevel=3)


_MAX_TOKEN_LEN = Policy.any_issuer().settings["max_token_len"]


@raises_as_pyjwt
def _verified(
    jwt: str | bytes,
    key: Key,
    algorithms: Iterable[str] | None,
    options: Options | None,
    verify: bool | None,
    detached_payload: bytes | None,
    audience: str | Iterable[str] | None,
    issuer: str | Iterable[str] | None,
    subject: str | None,
    leeway: float | timedelta,
    algorithm: str | None,
) -> VerifiedToken:
    options = options or {}
    for switch in ("verify_signature", "verify_exp", "verify_nbf"):
        if not options.get(switch, True):
            raise InvalidArgumentError(f"{switch}=False is not supported: a token is always verified")
    if verify is False or detached_payload is not None:
        raise InvalidArgumentError("verify=False and detached_payload are not supported")
    _check_type(jwt)
    if isinstance(leeway, timedelta):
        leeway = leeway.total_seconds()
    try:
        # A policy's leeway must be whole seconds, 0 or more. _check_times() applies the exact
        # leeway.
        whole_leeway = max(0, math.ceil(leeway))
    except (OverflowError, ValueError):
        raise InvalidArgumentError("leeway must be a finite number of seconds") from None
    verify_aud = options.get("verify_aud", True)
    strict_aud = verify_aud and audience is not None and options.get("strict_aud", False)
    if strict_aud and not isinstance(audience, str):
        raise InvalidAudienceError("strict_aud requires the argument audience to be a str")
    required = _names(options.get("require")) or None
    issuers = _names(issuer if options.get("verify_iss", True) else None)
    policy = _policy(
        algorithms=_names(_allowed(algorithms or algorithm, key)),
        issuers=issuers,
        any_issuer=issuers is None,
        audiences=_names(audience if verify_aud else None),
        any_audience=not verify_aud,
        optional_exp=True,
        required_claims=required,
        leeway=whole_leeway,
        clock=now,
        _exact_nbf=True,
    )
    jwks = key if isinstance(key, JwkSet) else jwks_of(_jwk(key))
    try:
        token = verify_token(jwks, policy, jwt)
    except NoMatchingKeyError:
        if isinstance(key, JwkSet) or not _is_of_another_algorithm(_jwk(key), jwt):
            raise
        raise about(InvalidAlgorithmError, "alg", "the key is not for the token's algorithm") from None
    for name in required or ():
        # A policy also finds nested claims: "a.b". PyJWT does not.
        if "." in name and token.get(name) is None:
            raise about(MissingRequiredClaimError, name, "a required claim is missing")
    if strict_aud and not isinstance(token["aud"], str):
        raise about(InvalidAudienceError, "aud", "strict_aud requires the token's audience to be a string")
    if whole_leeway != leeway:
        _check_times(token, leeway)
    if options.get("verify_iat", True) and (token.issued_at or 0) > now() + leeway:
        raise about(ImmatureSignatureError, "iat", "the token is not valid yet")
    if subject is not None and options.get("verify_sub", True) and token.subject != subject:
        raise about(InvalidSubjectError, "sub", "the token's subject is not the expected subject")
    return token


def _check_times(token: VerifiedToken, leeway: float) -> None:
    if token.expires_at is not None and token.expires_at <= now() - leeway:
        raise about(ExpiredSignatureError, "exp", "the token has expired")
    if token.not_before is not None and token.not_before > now() + leeway:
        raise about(ImmatureSignatureError, "nbf", "the token is not valid yet")


def _is_of_another_algorithm(key: Jwk, jwt: str | bytes) -> bool:
    """Returns whether the key IDs are compatible. If so, only the algorithm does not match."""
    kid = get_unverified_header(jwt).get("kid")
    return key.kid is None or kid is None or key.kid == kid


def _allowed(algorithms: str | Iterable[str] | None, key: Key) -> str | Iterable[str]:
    if not algorithms:
        own = key.algorithm_name if isinstance(key, PyJWK) else key.alg if isinstance(key, Jwk) else None
        if own is None:
            raise DecodeError('"algorithms" is missing: pass the allowed algorithms, such as ["RS256"]')
        return own
    names = [algorithms] if isinstance(algorithms, str) else list(algorithms)
    supported = [name for name in names if name in SUPPORTED]
    if not supported:
        raise InvalidArgumentError(f"none of these algorithms is supported: {', '.join(names)}")
    return supported


def _names(names: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def now() -> float:
    # `time.time` is looked up at each call. So a test that replaces it also sets this clock.
    return time.time()


def _jwk(key: Jwk | PyJWK | PublicKey | str | bytes) -> Jwk:
    if isinstance(key, Jwk):
        return key
    if isinstance(key, PyJWK):
        return key._bound
    if isinstance(key, str | bytes):
        return _jwk_of_pem(key)
    if hasattr(key, "public_bytes"):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return _jwk_of_der(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    raise TypeError(f"expected a public key, not {type(key).__name__}")


# Caches: most programs use few keys and settings, and each is then parsed and checked only once.
_jwk_of_pem: Callable[[str | bytes], Jwk] = lru_cache(Jwk.from_pem)
_jwk_of_der: Callable[[bytes], Jwk] = lru_cache(Jwk.from_der)
jwks_of: Callable[[Jwk], JwkSet] = lru_cache(lambda key: JwkSet([key]))
_policy: Callable[..., Policy] = lru_cache(Policy)

# The least strict policy. If `decode` accepts a token with some arguments, this policy accepts it.
WIDEST = Policy(
    algorithms=sorted(SUPPORTED),
    any_issuer=True,
    any_audience=True,
    optional_exp=True,
    leeway=300,
    clock=now,
)
