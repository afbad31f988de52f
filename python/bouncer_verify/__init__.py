"""Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517).

    verifier = Verifier(JwkSet.from_json(document), Policy.bouncer())  # once
    token = verifier.verify(text)  # for every request
    token.uid, token["exp"]

Whatever is wrong with a token is an `InvalidTokenError`: answer 401. Whatever is wrong with the keys is a
`KeySetError`: answer 503. `bouncer_verify.pyjwt` has the interface of PyJWT.
"""

from ._bouncer_verify import (
    Jwk,
    JwkSet,
    Policy,
    SkippedKey,
    VerifiedToken,
    Verifier,
    __version__,
    token_from_authorization,
    verify_token,
)
from .exceptions import (
    BouncerError,
    DecodeError,
    EncryptedTokenError,
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
    MalformedAuthorizationError,
    MalformedClaimsError,
    MalformedHeaderError,
    MalformedKeySetError,
    MissingRequiredClaimError,
    NoMatchingKeyError,
    NoUsableKeyError,
    TokenTooLargeError,
    UnsupportedAlgorithmError,
    UnsupportedHeaderError,
    WrongTokenTypeError,
)

__all__ = [
    "BouncerError",
    "DecodeError",
    "EncryptedTokenError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidArgumentError",
    "InvalidAudienceError",
    "InvalidIssuerError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "Jwk",
    "JwkSet",
    "KeySetError",
    "MalformedAuthorizationError",
    "MalformedClaimsError",
    "MalformedHeaderError",
    "MalformedKeySetError",
    "MissingRequiredClaimError",
    "NoMatchingKeyError",
    "NoUsableKeyError",
    "Policy",
    "SkippedKey",
    "TokenTooLargeError",
    "UnsupportedAlgorithmError",
    "UnsupportedHeaderError",
    "VerifiedToken",
    "Verifier",
    "WrongTokenTypeError",
    "__version__",
    "token_from_authorization",
    "verify_token",
]
