"""The exceptions of `jwt.exceptions`."""

from __future__ import annotations

from ..exceptions import (
    BouncerError,
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    KeySetError,
    KeysUnavailableError,
    MalformedClaimsError,
    MissingRequiredClaimError,
    NoMatchingKeyError,
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
    "MissingCryptographyError",
    "MissingRequiredClaimError",
    "NoSigningKeyError",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSetError",
    "PyJWTError",
]

PyJWTError = BouncerError
PyJWKSetError = KeySetError


class InvalidIssuedAtError(InvalidTokenError):
    """The claim "iat" is not a number of seconds (NumericDate)."""

    code = "malformed_claims"
    challenge: str | None = MalformedClaimsError.challenge


class InvalidJTIError(InvalidTokenError):
    """The claim "jti" is not a string."""

    code = "malformed_claims"
    challenge: str | None = MalformedClaimsError.challenge


class InvalidSubjectError(InvalidTokenError):
    """The claim "sub" is not a string, or not the expected subject."""

    code = "wrong_subject"
    challenge: str | None = 'Bearer error="invalid_token", error_description="wrong_subject"'


class PyJWKError(InvalidKeyError):
    """The JWK is for an algorithm that is not supported."""


class MissingCryptographyError(PyJWKError):
    """Never raised: nothing here needs the `cryptography` package."""


class PyJWKClientError(BouncerError):
    """PyJWKClient cannot return a key, or one of its arguments is invalid."""


class PyJWKClientConnectionError(PyJWKClientError, KeysUnavailableError):
    """HTTP 503: the keys could not be fetched. The operator has to act."""

    http_status = 503


class NoSigningKeyError(PyJWKClientError, NoMatchingKeyError):
    """HTTP 401: no key of the set matches the token. The sender has to act."""

    http_status = 401
    challenge: str | None = NoMatchingKeyError.challenge
