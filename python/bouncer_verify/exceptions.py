"""What is raised, and who has to act on it.

Each class is one cause, with a stable `code` that is the same in every language of bouncer_verify, and the
`http_status` and `challenge` to answer with. The names are PyJWT's where PyJWT has one. No text contains a
token, a claim's value or key bytes: it may be logged.
"""

from __future__ import annotations


class BouncerError(Exception):
    """Everything that bouncer_verify raises, but for a TypeError where an argument has the wrong type."""

    # A slot is cheaper to fill than a dict: rejected tokens come by the thousand.
    __slots__ = ("_claim",)

    code: str = ""
    """The stable name of the cause."""
    http_status: int = 500
    """The status that answers a request which failed so: 401, 503 or 500."""
    challenge: str | None = None
    """The value of the WWW-Authenticate header for a 401 (RFC 6750 section 3); None with other statuses."""

    @property
    def claim(self) -> str | None:
        """The claim or header parameter at fault, if there is one: "exp"."""
        try:
            return self._claim
        except AttributeError:
            return None

    @claim.setter
    def claim(self, claim: str | None) -> None:
        self._claim: str | None = claim

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args, self.__dict__ | {"claim": self.claim}


# PyJWT's classes, which those of bouncer_verify.pyjwt are below too, have others. They do not stand in the
# class itself, where type checkers take them for something else.
for _name in ("__init__", "__str__"):
    setattr(BouncerError, _name, getattr(Exception, _name))


class InvalidArgumentError(BouncerError, ValueError):
    """The program's fault, HTTP 500: an argument or a setting of a policy is not usable."""

    code = "invalid_argument"


class KeySetError(BouncerError):
    """The operator's fault, HTTP 503 and never 401: there are no keys to judge with."""

    http_status = 503


class MalformedKeySetError(KeySetError):
    """The document is not a JWK Set (RFC 7517 section 5), or is too large."""

    code = "malformed_jwk_set"


class NoUsableKeyError(KeySetError):
    """The JWK Set has no key that could verify a token; `JwkSet.skipped_in()` says why of each."""

    code = "no_usable_key"


class InvalidKeyError(KeySetError):
    """A single key cannot be used; the text says why."""

    code = "unusable_key"


class KeysUnavailableError(KeySetError):
    """A remote JWK Set has not been fetched yet, or not for longer than its bound; the text says why."""

    code = "keys_unavailable"


class LoginError(BouncerError):
    """The operator's fault, HTTP 503: the service has no token of its own to make a request with."""

    http_status = 503


class UnusableCredentialsError(LoginError):
    """A service account's secret is missing, cannot be read, or is none; the text says why."""

    code = "unusable_credentials"


class LoginRejectedError(LoginError):
    """The identity provider refused the login: a wrong account, key, secret or URL."""

    code = "login_rejected"


class LoginUnavailableError(LoginError):
    """There is no valid token and no login succeeds now, or there is no newer one; the text says why."""

    code = "login_unavailable"


class InvalidTokenError(BouncerError):
    """The sender's fault, HTTP 401: the token is refused."""

    http_status = 401
    challenge: str | None = 'Bearer error="invalid_token"'


class DecodeError(InvalidTokenError):
    """The token is not a JWS in Compact Serialization (RFC 7515 section 3.1)."""

    code = "malformed_token"


class TokenTooLargeError(DecodeError):
    """The token is longer than the policy allows."""

    code = "token_too_large"


class EncryptedTokenError(DecodeError):
    """The token has five parts: a JWE (RFC 7516), which is not for verification."""

    code = "encrypted_token"


class MalformedHeaderError(DecodeError):
    """The JOSE Header is not strict JSON, or a parameter has the wrong type (RFC 7515 section 4)."""

    code = "malformed_header"


class UnsupportedHeaderError(DecodeError):
    """The header demands something that is not done here: crit, b64, enc."""

    code = "unsupported_header"


class MalformedAuthorizationError(DecodeError):
    """The value of the Authorization header holds no token."""

    code = "malformed_authorization"


class MalformedClaimsError(DecodeError):
    """The Claims Set is not strict JSON, or a claim has the wrong type (RFC 7519 section 4)."""

    code = "malformed_claims"


class InvalidSignatureError(DecodeError):
    """No candidate key verifies the signature. There are no details on purpose."""

    code = "invalid_signature"


class InvalidAlgorithmError(InvalidTokenError):
    """The header's "alg" is implemented but not in the policy."""

    code = "algorithm_not_allowed"


class UnsupportedAlgorithmError(InvalidAlgorithmError):
    """The header's "alg" is not implemented; "none" and the HS family never are."""

    code = "unsupported_algorithm"


class WrongTokenTypeError(InvalidTokenError):
    """The header's "typ" is not the type the policy asks for (RFC 8725 section 3.11)."""

    code = "wrong_token_type"


class NoMatchingKeyError(InvalidTokenError):
    """No key of the set fits the token's "kid" and "alg"."""

    code = "no_matching_key"


class MissingRequiredClaimError(InvalidTokenError):
    """A claim that the policy requires is missing."""

    code = "missing_claim"


class ExpiredSignatureError(InvalidTokenError):
    """The time of "exp" has passed (RFC 7519 section 4.1.4)."""

    code = "expired"


class ImmatureSignatureError(InvalidTokenError):
    """The time of "nbf" lies ahead (RFC 7519 section 4.1.5)."""

    code = "not_yet_valid"


class InvalidIssuerError(InvalidTokenError):
    """The claim "iss" is none of the accepted issuers (RFC 7519 section 4.1.1)."""

    code = "wrong_issuer"


class InvalidAudienceError(InvalidTokenError):
    """The claim "aud" names no accepted audience (RFC 7519 section 4.1.3), or the policy names none."""

    code = "wrong_audience"


def _by_code(exception: type[BouncerError]) -> dict[str, type[BouncerError]]:
    exception.__module__ = "bouncer_verify"
    by_code = {exception.code: exception} if exception.code else {}
    for cause in exception.__subclasses__():
        by_code |= _by_code(cause)
    return by_code


BY_CODE = _by_code(BouncerError)
"""What the native module raises for each error of the core. It sets their `http_status` and `challenge`."""
