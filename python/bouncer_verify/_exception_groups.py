"""The base classes of the exceptions. `exceptions.py` derives one class for each cause.

The base class shows who has to act: the operator or the sender of the token.
"""

from __future__ import annotations


class BouncerError(Exception):
    """Base class of all exceptions of bouncer_verify.

    An argument of the wrong type raises a TypeError instead.
    """

    # A slot is faster than a dict. That matters if many tokens are rejected.
    __slots__ = ("_claim",)

    code: str = ""
    """The stable name of the cause, such as "expired". It is the same in every language."""
    http_status: int = 500
    """The HTTP status to respond with: 401, 403, 503 or 500."""
    challenge: str | None = None
    """For a 401 or 403, the value of WWW-Authenticate (RFC 6750 section 3), else None."""

    @property
    def claim(self) -> str | None:
        """The claim or header parameter at fault, such as "exp", or None."""
        try:
            return self._claim
        except AttributeError:
            return None

    @claim.setter
    def claim(self, claim: str | None) -> None:
        self._claim: str | None = claim

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args, self.__dict__ | {"claim": self.claim}


# The exceptions of bouncer_verify.pyjwt also derive from PyJWT's classes, which define other
# versions of these two methods. The methods of Exception are set here, because type checkers
# misread such assignments in the class body.
for _name in ("__init__", "__str__"):
    setattr(BouncerError, _name, getattr(Exception, _name))


class KeySetError(BouncerError):
    """HTTP 503, never 401: there are no keys to verify with. The operator has to act."""

    http_status = 503


class LoginError(BouncerError):
    """HTTP 503: the service has no token for its own requests. The operator has to act."""

    http_status = 503


class InvalidTokenError(BouncerError):
    """HTTP 401 (403 without a required scope): the token is rejected. The sender has to act."""

    http_status = 401
    challenge: str | None = 'Bearer error="invalid_token"'


def by_code(exception: type[BouncerError] = BouncerError) -> dict[str, type[BouncerError]]:
    """Returns a dict from each error code to its class: `exception` or a subclass.

    Sets the `__module__` of each class to `bouncer_verify`, from which users import it.
    """
    exception.__module__ = "bouncer_verify"
    found = {exception.code: exception} if exception.code else {}
    for cause in exception.__subclasses__():
        found |= by_code(cause)
    return found
