# Code generated from src/settings by tests/generated. DO NOT EDIT.
"""The exceptions.

Each class is one cause. It has a stable `code`, the same in every language of bouncer_verify, and
the `http_status` and `challenge` for the response. If PyJWT has an exception for the cause, the
class has its name. The texts contain no token, claim value or key bytes, so they may be logged.
"""

from __future__ import annotations

from ._exception_groups import BouncerError, InvalidTokenError, KeySetError, LoginError, by_code

__all__ = [
    "BouncerError",
    "ClaimNotAllowedError",
    "DecodeError",
    "EncryptedTokenError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InsufficientScopeError",
    "InvalidAlgorithmError",
    "InvalidArgumentError",
    "InvalidAudienceError",
    "InvalidIssuerError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "KeySetError",
    "KeysUnavailableError",
    "LoginError",
    "LoginRejectedError",
    "LoginUnavailableError",
    "MalformedAuthorizationError",
    "MalformedClaimsError",
    "MalformedHeaderError",
    "MalformedKeySetError",
    "MissingRequiredClaimError",
    "NoMatchingKeyError",
    "NoUsableKeyError",
    "TokenTooLargeError",
    "UnsupportedAlgorithmError",
    "UnsupportedHeaderError",
    "UnusableCredentialsError",
    "WrongTokenTypeError",
]


class InvalidArgumentError(BouncerError, ValueError):
    """Invalid argument."""

    code = "invalid_argument"


class MalformedKeySetError(KeySetError):
    """The document is not a JWK Set."""

    code = "malformed_jwk_set"


class NoUsableKeyError(KeySetError):
    """The JWK Set has no usable key."""

    code = "no_usable_key"


class InvalidKeyError(KeySetError):
    """The key is not usable."""

    code = "unusable_key"


class KeysUnavailableError(KeySetError):
    """No keys are available."""

    code = "keys_unavailable"


class DecodeError(InvalidTokenError):
    """The token is malformed."""

    code = "malformed_token"
    challenge: str | None = 'Bearer error="invalid_token", error_description="malformed_token"'


class InvalidAlgorithmError(InvalidTokenError):
    """The token's algorithm is not allowed."""

    code = "algorithm_not_allowed"
    challenge: str | None = 'Bearer error="invalid_token", error_description="algorithm_not_allowed"'


class TokenTooLargeError(DecodeError):
    """The token is too large."""

    code = "token_too_large"
    challenge: str | None = 'Bearer error="invalid_token", error_description="token_too_large"'


class EncryptedTokenError(DecodeError):
    """The token is encrypted."""

    code = "encrypted_token"
    challenge: str | None = 'Bearer error="invalid_token", error_description="encrypted_token"'


class MalformedHeaderError(DecodeError):
    """The token's header is malformed."""

    code = "malformed_header"
    challenge: str | None = 'Bearer error="invalid_token", error_description="malformed_header"'


class UnsupportedAlgorithmError(InvalidAlgorithmError):
    """The token's algorithm is not supported."""

    code = "unsupported_algorithm"
    challenge: str | None = 'Bearer error="invalid_token", error_description="unsupported_algorithm"'


class UnsupportedHeaderError(DecodeError):
    """The token's header requires an unsupported extension."""

    code = "unsupported_header"
    challenge: str | None = 'Bearer error="invalid_token", error_description="unsupported_header"'


class WrongTokenTypeError(InvalidTokenError):
    """The token is of another type."""

    code = "wrong_token_type"
    challenge: str | None = 'Bearer error="invalid_token", error_description="wrong_token_type"'


class NoMatchingKeyError(InvalidTokenError):
    """No key matches the token."""

    code = "no_matching_key"
    challenge: str | None = 'Bearer error="invalid_token", error_description="no_matching_key"'


class InvalidSignatureError(DecodeError):
    """The token's signature is invalid."""

    code = "invalid_signature"
    challenge: str | None = 'Bearer error="invalid_token", error_description="invalid_signature"'


class MalformedAuthorizationError(DecodeError):
    """The Authorization header is malformed."""

    code = "malformed_authorization"
    challenge: str | None = "Bearer"


class MalformedClaimsError(DecodeError):
    """The token's claims are malformed."""

    code = "malformed_claims"
    challenge: str | None = 'Bearer error="invalid_token", error_description="malformed_claims"'


class MissingRequiredClaimError(InvalidTokenError):
    """A required claim is missing."""

    code = "missing_claim"
    challenge: str | None = 'Bearer error="invalid_token", error_description="missing_claim"'


class ExpiredSignatureError(InvalidTokenError):
    """The token has expired."""

    code = "expired"
    challenge: str | None = 'Bearer error="invalid_token", error_description="expired"'


class ImmatureSignatureError(InvalidTokenError):
    """The token is not valid yet."""

    code = "not_yet_valid"
    challenge: str | None = 'Bearer error="invalid_token", error_description="not_yet_valid"'


class InvalidIssuerError(InvalidTokenError):
    """The token is from another issuer."""

    code = "wrong_issuer"
    challenge: str | None = 'Bearer error="invalid_token", error_description="wrong_issuer"'


class InvalidAudienceError(InvalidTokenError):
    """The token is for another audience."""

    code = "wrong_audience"
    challenge: str | None = 'Bearer error="invalid_token", error_description="wrong_audience"'


class ClaimNotAllowedError(InvalidTokenError):
    """A claim of the token is not allowed."""

    code = "claim_not_allowed"
    challenge: str | None = 'Bearer error="invalid_token", error_description="claim_not_allowed"'


class InsufficientScopeError(InvalidTokenError):
    """A required scope is missing."""

    code = "insufficient_scope"
    http_status = 403
    challenge: str | None = 'Bearer error="insufficient_scope"'


class UnusableCredentialsError(LoginError):
    """The credentials are not usable."""

    code = "unusable_credentials"


class LoginRejectedError(LoginError):
    """The issuer rejected the login."""

    code = "login_rejected"


class LoginUnavailableError(LoginError):
    """No valid token can be obtained now."""

    code = "login_unavailable"


BY_CODE = by_code()
"""The exception that the native module raises for each error code."""
