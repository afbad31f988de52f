"""The decoding functions of PyJWT, on top of bouncer_verify.

    from bouncer_verify import pyjwt as jwt

Functions, arguments and exceptions are named as in PyJWT. The rules are those of bouncer_verify,
which are stricter. README.md lists every difference, and the parts of PyJWT that are missing here.

If the program has also imported PyJWT, each exception is also an instance of PyJWT's class of the
same name. So code that catches PyJWT's own `jwt.InvalidTokenError` keeps working.
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
