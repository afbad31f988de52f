"""Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517).

    # Once. For DC/OS: Verifier(RemoteJwkSet(url), Policy.dcos())
    verifier = Verifier(RemoteJwkSet.discover(issuer), Policy.for_issuer(issuer, audience))

    # For every request, with the value of its Authorization header, or None.
    try:
        token = verifier.verify_authorization(authorization)
    except BouncerError as error:
        respond(error.http_status)  # 401: the token is rejected; 503: there are no keys
    else:
        respond(200, token.subject)

`Verifier.accepting()` and `Verifier.from_config()` make a verifier for several issuers.
`TokenRenewer` keeps the service's own token fresh, for the requests that the service makes.
`bouncer_verify.http_auth` adds that token to requests of `requests` and `httpx`.
`bouncer_verify.pyjwt` has the interface of PyJWT. `bouncer_verify.types` has the types of settings
and stats.
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
    InsufficientScopeError,
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
# The exceptions. tests/generated writes this list.
__all__ += [
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
