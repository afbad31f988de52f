"""Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517).

    verifier = Verifier(RemoteJwkSet(url), Policy.bouncer())  # once; or JwkSet.from_json(document)
    token = verifier.verify(text)  # for every request
    token.uid, token["exp"]

Whatever is wrong with a token is an `InvalidTokenError`: answer 401. Whatever is wrong with the keys is a
`KeySetError`: answer 503. `bouncer_verify.pyjwt` has the interface of PyJWT.
"""

from ._bouncer_verify import (
    Jwk,
    JwkSet,
    Policy,
    RemoteJwkSet,
    RemoteJwkSetStatus,
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
    KeysUnavailableError,
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
    "KeysUnavailableError",
    "MalformedAuthorizationError",
    "MalformedClaimsError",
    "MalformedHeaderError",
    "MalformedKeySetError",
    "MissingRequiredClaimError",
    "NoMatchingKeyError",
    "NoUsableKeyError",
    "Policy",
    "RemoteJwkSet",
    "RemoteJwkSetStatus",
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
