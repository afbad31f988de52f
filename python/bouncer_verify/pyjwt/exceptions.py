"""PyJWT's exceptions by their names, as `jwt.exceptions` has them."""

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
    """The claim "iat" is no NumericDate."""

    code = "malformed_claims"
    challenge: str | None = MalformedClaimsError.challenge


class InvalidJTIError(InvalidTokenError):
    """The claim "jti" is no string."""

    code = "malformed_claims"
    challenge: str | None = MalformedClaimsError.challenge


class InvalidSubjectError(InvalidTokenError):
    """The claim "sub" is no string, or not the expected subject."""

    code = "wrong_subject"
    challenge: str | None = 'Bearer error="invalid_token", error_description="wrong_subject"'


class PyJWKError(InvalidKeyError):
    """A JWK is for an algorithm that is not implemented."""


class MissingCryptographyError(PyJWKError):
    """Never raised: nothing here needs the `cryptography` package."""


class PyJWKClientError(BouncerError):
    """There is no key for a token, or a PyJWKClient cannot be made so."""


class PyJWKClientConnectionError(PyJWKClientError, KeysUnavailableError):
    """The operator's fault, HTTP 503: the keys could not be fetched."""

    http_status = 503


class NoSigningKeyError(PyJWKClientError, NoMatchingKeyError):
    """The sender's fault, HTTP 401: the token names a key that is not there."""

    http_status = 401
    challenge: str | None = NoMatchingKeyError.challenge
