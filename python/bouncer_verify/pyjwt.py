"""The decoding side of PyJWT, on bouncer_verify: `from bouncer_verify import pyjwt as jwt`.

Functions, arguments and exceptions are PyJWT's; the decision is bouncer_verify's and stricter, as README.md
lists. Encoding, symmetric keys and `PyJWT` objects are not here.

Once PyJWT itself is imported, what these functions raise is of PyJWT's class of that name too, so that
`except jwt.InvalidTokenError` elsewhere in a program goes on working.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import lru_cache, wraps
from typing import Any, ParamSpec, Protocol, TypedDict, TypeVar

from ._bouncer_verify import Jwk, JwkSet, Policy, RemoteJwkSet, VerifiedToken, Verifier, verify_token
from .exceptions import (
    BouncerError,
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidArgumentError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    KeySetError,
    KeysUnavailableError,
    MalformedHeaderError,
    MalformedKeySetError,
    MissingRequiredClaimError,
    NoMatchingKeyError,
    NoUsableKeyError,
    TokenTooLargeError,
)

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingRequiredClaimError",
    "Options",
    "PyJWK",
    "PyJWKClient",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSet",
    "PyJWKSetError",
    "PyJWTError",
    "base64url_decode",
    "bytes_to_number",
    "decode",
    "decode_complete",
    "get_unverified_header",
]

PyJWTError = BouncerError
PyJWKError = InvalidKeyError
PyJWKSetError = KeySetError


class InvalidIssuedAtError(InvalidTokenError):
    """The claim "iat" is no NumericDate."""

    code = "malformed_claims"


class InvalidJTIError(InvalidTokenError):
    """The claim "jti" is no string."""

    code = "malformed_claims"


class InvalidSubjectError(InvalidTokenError):
    """The claim "sub" is no string, or not the expected subject."""

    code = "wrong_subject"


class PyJWKClientError(BouncerError):
    """There is no key for a token."""


class PyJWKClientConnectionError(PyJWKClientError, KeysUnavailableError):
    """The operator's fault, HTTP 503: the keys could not be fetched."""


class NoSigningKeyError(PyJWKClientError, NoMatchingKeyError):
    """The sender's fault, HTTP 401: the token names a key that is not there."""


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


P = ParamSpec("P")
R = TypeVar("R")


def _raises_as_pyjwt(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except BouncerError as error:
            raise _as_pyjwt(error) from None

    return wrapper


class PyJWK:
    """One JWK as a key for `decode`."""

    @_raises_as_pyjwt
    def __init__(self, jwk_data: dict[str, Any], algorithm: str | None = None) -> None:
        key = Jwk.from_json(json.dumps(jwk_data))
        self.algorithm_name: str = algorithm or key.alg or _USUAL_ALGORITHM[key.crv]
        try:
            self.key: Jwk = key.with_alg(self.algorithm_name)
        except InvalidArgumentError as error:
            raise InvalidKeyError(*error.args) from None
        self.key_type: str = key.kty
        self.key_id: str | None = key.kid
        self.public_key_use: str | None = jwk_data.get("use")

    @staticmethod
    def from_dict(obj: dict[str, Any], algorithm: str | None = None) -> PyJWK:
        return PyJWK(obj, algorithm)

    @staticmethod
    def from_json(data: str | bytes, algorithm: str | None = None) -> PyJWK:
        return PyJWK(json.loads(data), algorithm)


class PyJWKSet:
    """The usable keys of a JWK Set. `decode` takes a whole set as a `bouncer_verify.JwkSet`."""

    @_raises_as_pyjwt
    def __init__(self, keys: list[dict[str, Any]]) -> None:
        if not isinstance(keys, list):
            raise MalformedKeySetError("the keys are no list")
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
        raise KeyError(f"keyset has no key for kid: {kid}")

    def __iter__(self) -> Iterator[PyJWK]:
        return iter(self.keys)


class PyJWKClient:
    """The keys of a JWK Set's URL, kept by a `RemoteJwkSet`, which says when they are fetched.

    uri: the URL, or a RemoteJwkSet with settings of its own.
    lifespan: seconds that keys are fresh where the server does not say.
    timeout: seconds for one request, and that a caller waits for it at most.
    headers, ssl_context: not supported; a RemoteJwkSet has `fetch` and `ca_file` for what they do.
    The others are taken and change nothing: keys are kept parsed, and unknown ones have a budget of fetches.
    """

    @_raises_as_pyjwt
    def __init__(
        self,
        uri: str | RemoteJwkSet,
        cache_keys: bool = False,
        max_cached_keys: int = 16,
        cache_jwk_set: bool = True,
        lifespan: float = 300,
        headers: dict[str, Any] | None = None,
        timeout: float = 5,
        ssl_context: object = None,
        cooldown_duration: float = 30,
    ) -> None:
        if headers:
            raise InvalidArgumentError(
                "headers: give a RemoteJwkSet with a fetch of your own in place of the URL"
            )
        if ssl_context is not None:
            raise InvalidArgumentError("ssl_context: give a RemoteJwkSet with a ca_file in place of the URL")
        if isinstance(uri, str):
            # PyJWT fetches with the first token too.
            uri = RemoteJwkSet(uri, ttl=lifespan, timeout=timeout, max_wait=timeout, prefetch=False)
        self.keys: RemoteJwkSet = uri
        self.timeout: float = timeout
        self._verifier = Verifier(uri, _WIDEST)

    @_raises_as_pyjwt
    def get_signing_key_from_jwt(self, token: str | bytes) -> PyJWK:
        """The key of the token's "kid", or for a token without one the key that verifies it.

        A key that is not there is fetched if the budget allows. Raises PyJWKClientConnectionError or
        NoSigningKeyError; whatever else is wrong with the token, `decode` says.
        """
        kid = get_unverified_header(token).get("kid")
        is_signed = self._is_signed(token)
        keys = self._current().keys
        if kid is not None:
            keys = [key for key in keys if key.kid == kid] or [key for key in keys if key.kid is None]
        if not keys:
            raise NoSigningKeyError("no key matches the token")
        if len(keys) > 1 and is_signed:
            return _pyjwk_of(next((key for key in keys if _has_signed(key, token)), keys[0]))
        return _pyjwk_of(keys[0])

    def get_signing_key(self, kid: str) -> PyJWK:
        """The key of this "kid", as `get_signing_key_from_jwt` gives it."""
        header = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": kid}).encode())
        # A token of nobody's, which may cause a fetch as any that could pass if this key were there.
        return self.get_signing_key_from_jwt(header.rstrip(b"=") + b".e30.AA")

    @_raises_as_pyjwt
    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        """The usable keys. refresh: fetch them now; nothing limits that."""
        try:
            if refresh:
                self.keys.refresh(self.timeout)
            else:
                self.keys.wait_ready(self.timeout)
        except KeysUnavailableError as error:
            raise PyJWKClientConnectionError(*error.args) from None
        return PyJWKSet([json.loads(key.to_json()) for key in self._current().keys])

    def get_signing_keys(self, refresh: bool = False) -> list[PyJWK]:
        """The usable keys as a list."""
        return self.get_jwk_set(refresh).keys

    def _is_signed(self, token: str | bytes) -> bool:
        """Whether a key verifies the token. The verifier tries four at most: a forgery shall cost no more."""
        try:
            # Also for the fetch that this may cause, and that of a token which no policy lets pass does not.
            self._verifier.verify(token)
        except KeysUnavailableError as error:
            raise PyJWKClientConnectionError(*error.args) from None
        except (InvalidSignatureError, NoMatchingKeyError):
            return False
        except InvalidTokenError:
            pass
        return True

    def _current(self) -> JwkSet:
        try:
            return self.keys.current()
        except KeysUnavailableError as error:
            raise PyJWKClientConnectionError(*error.args) from None


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
) -> dict[str, Any]:
    """Verifies `jwt` and returns its claims.

    key: a PEM public key, a key of the `cryptography` package, a `PyJWK`, a `Jwk` or a whole `JwkSet`.
    algorithm: the one allowed algorithm, as PyJWT 1 was called; now `algorithms`.
    """
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
) -> dict[str, Any]:
    """Verifies `jwt` as `decode` does and returns its "payload", "header" and "signature"."""
    token = _verified(
        jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway, algorithm
    )
    signature = jwt.rpartition("." if isinstance(jwt, str) else b".")[2]  # type: ignore[arg-type]
    return {
        "payload": token.claims(),
        "header": token.header,
        "signature": base64url_decode(signature),
    }


@_raises_as_pyjwt
def get_unverified_header(jwt: str | bytes) -> dict[str, Any]:
    """The header of a token that nobody has verified: to look up a key, and for nothing else."""
    if not isinstance(jwt, str | bytes):
        raise TypeError(f"expected str or bytes, not {type(jwt).__name__}")
    # Before anything is made of it.
    if len(jwt) > _MAX_TOKEN_LEN:
        raise TokenTooLargeError("the token is too large")
    parts = jwt.split("." if isinstance(jwt, str) else b".")  # type: ignore[arg-type]
    if len(parts) != 3:
        raise DecodeError("the token is malformed: not three parts separated by dots")
    try:
        header = json.loads(base64url_decode(parts[0]).decode())
    except (ValueError, RecursionError):
        raise MalformedHeaderError("the token's header is malformed") from None
    if not isinstance(header, dict) or not isinstance(header.get("kid", ""), str):
        raise MalformedHeaderError("the token's header is malformed")
    return header


def base64url_decode(input: str | bytes) -> bytes:
    """The bytes that base64url text stands for, with or without padding. Raises ValueError."""
    text = input.encode() if isinstance(input, str) else input
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def bytes_to_number(string: bytes) -> int:
    """The integer of big-endian `string`."""
    return int.from_bytes(string, "big")


_MAX_TOKEN_LEN = Policy.bouncer().max_token_len

_SUPPORTED = frozenset(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
)

# What PyJWT takes a key without "alg" to be for, by curve; None is RSA.
_USUAL_ALGORITHM = {None: "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


@_raises_as_pyjwt
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
            raise InvalidArgumentError(f"{switch}=False: there is no decoding without it")
    if verify is False or detached_payload is not None:
        raise InvalidArgumentError("verify=False and detached_payload are not supported")
    if isinstance(leeway, timedelta):
        leeway = leeway.total_seconds()
    verify_aud = options.get("verify_aud", True)
    strict_aud = verify_aud and audience is not None and options.get("strict_aud", False)
    if strict_aud and not isinstance(audience, str):
        raise InvalidAudienceError("strict_aud needs one audience")
    policy = _policy(
        algorithms=_names(_allowed(algorithms or algorithm, key)),
        issuers=_names(issuer if options.get("verify_iss", True) else None),
        audiences=_names(audience if verify_aud else None),
        any_audience=not verify_aud,
        exp_required=False,
        require_string=(),
        require=_names(options.get("require", ())),
        leeway=int(leeway),
        now=_now,
    )
    jwks = key if isinstance(key, JwkSet) else _jwks_of(_jwk(key))
    token = verify_token(jwks, policy, jwt)
    if strict_aud and not isinstance(token["aud"], str):
        raise _about(InvalidAudienceError, "aud", "the token is for several audiences")
    if options.get("verify_iat", True) and (token.issued_at or 0) > _now() + leeway:
        raise _about(ImmatureSignatureError, "iat", "the token is not valid yet")
    if subject is not None and options.get("verify_sub", True) and token.subject != subject:
        raise _about(InvalidSubjectError, "sub", "the token is about another subject")
    return token


def _allowed(algorithms: str | Iterable[str] | None, key: Key) -> str | Iterable[str]:
    if not algorithms:
        own = key.algorithm_name if isinstance(key, PyJWK) else key.alg if isinstance(key, Jwk) else None
        if own is None:
            raise DecodeError('"algorithms" must say which are allowed')
        return own
    names = [algorithms] if isinstance(algorithms, str) else list(algorithms)
    supported = [name for name in names if name in _SUPPORTED]
    if not supported:
        raise InvalidArgumentError(f"none of these algorithms is supported: {', '.join(names)}")
    return supported


def _names(names: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def _now() -> float:
    # Looked up at each call, so that a test that replaces time.time() moves this clock too.
    return time.time()


def _jwk(key: Jwk | PyJWK | PublicKey | str | bytes) -> Jwk:
    if isinstance(key, Jwk):
        return key
    if isinstance(key, PyJWK):
        return key.key
    if isinstance(key, str | bytes):
        return _jwk_of_pem(key)
    if hasattr(key, "public_bytes"):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return _jwk_of_der(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    raise TypeError(f"expected a public key, not {type(key).__name__}")


# A program has few keys and settings: each is checked once.
_jwk_of_pem: Callable[[str | bytes], Jwk] = lru_cache(Jwk.from_pem)
_jwk_of_der: Callable[[bytes], Jwk] = lru_cache(Jwk.from_der)
_jwks_of: Callable[[Jwk], JwkSet] = lru_cache(lambda key: JwkSet([key]))
_policy: Callable[..., Policy] = lru_cache(Policy)
_pyjwk_of: Callable[[Jwk], PyJWK] = lru_cache(lambda key: PyJWK.from_json(key.to_json()))

# What no arguments of `decode` go beyond.
_WIDEST = Policy(
    algorithms=sorted(_SUPPORTED),
    any_audience=True,
    exp_required=False,
    require_string=(),
    leeway=300,
    now=_now,
)


def _has_signed(key: Jwk, token: str | bytes) -> bool:
    try:
        verify_token(_jwks_of(key), _WIDEST, token)
    except (InvalidSignatureError, NoMatchingKeyError):
        return False
    except InvalidTokenError:
        # Claims are judged once the signature holds.
        return True
    return True


def _about(cause: type[BouncerError], claim: str, message: str) -> BouncerError:
    error = cause(f'{message}: "{claim}"')
    error.claim = claim
    return error


_MALFORMED = {
    "aud": InvalidAudienceError,
    "iat": InvalidIssuedAtError,
    "iss": InvalidIssuerError,
    "jti": InvalidJTIError,
    "sub": InvalidSubjectError,
}


def _as_pyjwt(error: BouncerError) -> BouncerError:
    """The same error, of the class that PyJWT would raise too."""
    cause: type[BouncerError] = type(error)
    if error.code == "malformed_claims" and error.claim:
        cause = _MALFORMED.get(error.claim, cause)
    return _build(cause, error.args, {"code": error.code, "claim": error.claim})


def _build(cause: type[BouncerError], args: tuple[Any, ...], attributes: dict[str, Any]) -> BouncerError:
    if "jwt.exceptions" in sys.modules:
        if cause not in _JOINT:
            _JOINT[cause] = _joint(cause)
        cause = _JOINT[cause]
    error = cause(*args)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


_JOINT: dict[type[BouncerError], type[BouncerError]] = {}


def _joint(cause: type[BouncerError]) -> type[BouncerError]:
    """A class below both `cause` and PyJWT's class of that name, or of the nearest that PyJWT has."""
    exceptions = sys.modules["jwt.exceptions"]
    named = {"KeySetError": "PyJWKSetError", "BouncerError": "PyJWTError"}
    theirs = next(
        getattr(exceptions, name)
        for name in (named.get(base.__name__, base.__name__) for base in cause.__mro__)
        if hasattr(exceptions, name)
    )

    def __reduce__(self: BouncerError) -> tuple[Any, ...]:
        return _build, (cause, self.args, self.__dict__ | {"claim": self.claim})

    return type(cause.__name__, (cause, theirs), {"__module__": cause.__module__, "__reduce__": __reduce__})
