"""Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517).

    verifier = Verifier(RemoteJwkSet(url), Policy.dcos())  # once; or JwkSet.from_json(document)
    token = verifier.verify_authorization(header)  # for every request; or verify(text)
    token.uid, token["exp"]

Whatever is wrong with a token is an `InvalidTokenError`: answer 401. Whatever is wrong with the keys is a
`KeySetError`: answer 503. Each error has its `http_status`.

`bouncer_verify.pyjwt` has the interface of PyJWT.

`TokenRenewer` keeps the service's own token valid, for the requests that it makes itself.
"""

from ._bouncer_verify import (
    Jwk,
    JwkSet,
    Policy,
    RemoteJwkSet,
    SkippedKey,
    TokenColumns,
    TokenRenewer,
    VerifiedToken,
    Verifier,
    __version__,
    is_token_rejection,
    token_from_authorization,
    verify_token,
    verify_tokens,
)
from .exceptions import (
    BouncerError,
    ClaimNotAllowedError,
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
    LoginError,
    LoginRejectedError,
    LoginUnavailableError,
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
    UnusableCredentialsError,
    WrongTokenTypeError,
)

__all__ = [
    "Jwk",
    "JwkSet",
    "Policy",
    "RemoteJwkSet",
    "SkippedKey",
    "TokenColumns",
    "TokenRenewer",
    "VerifiedToken",
    "Verifier",
    "__version__",
    "is_token_rejection",
    "token_from_authorization",
    "verify_token",
    "verify_tokens",
]
# The exceptions; tests/generated writes them.
__all__ += [
    "BouncerError",
    "ClaimNotAllowedError",
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
