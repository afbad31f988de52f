"""The decoding side of PyJWT, on bouncer_verify: `from bouncer_verify import pyjwt as jwt`.

Functions, arguments and exceptions are PyJWT's; the decision is bouncer_verify's and stricter. README.md
lists every difference, and what of PyJWT is not here.

Once PyJWT itself is imported, what these functions raise is of PyJWT's class of that name too, so that
`except jwt.InvalidTokenError` elsewhere in a program goes on working.
"""

from . import algorithms, api_jwk, api_jwt, exceptions, jwks_client, types, utils, warnings
from .algorithms import get_algorithm_by_name
from .api_jwk import PyJWK, PyJWKSet
from .api_jwt import decode, decode_complete, get_unverified_header
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWKClientConnectionError,
    PyJWKClientError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from .jwks_client import PyJWKClient
from .types import Options
from .utils import base64url_decode, bytes_to_number
from .warnings import InsecureKeyLengthWarning

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InsecureKeyLengthWarning",
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
    "algorithms",
    "api_jwk",
    "api_jwt",
    "base64url_decode",
    "bytes_to_number",
    "decode",
    "decode_complete",
    "exceptions",
    "get_algorithm_by_name",
    "get_unverified_header",
    "jwks_client",
    "types",
    "utils",
    "warnings",
]
