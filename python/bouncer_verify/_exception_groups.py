"""The exceptions that others are below: who has to act on them. `exceptions.py` has one for each cause."""

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


class KeySetError(BouncerError):
    """The operator's fault, HTTP 503 and never 401: there are no keys to verify with."""

    http_status = 503


class LoginError(BouncerError):
    """The operator's fault, HTTP 503: the service has no token of its own to make a request with."""

    http_status = 503


class InvalidTokenError(BouncerError):
    """The sender's fault, HTTP 401: the token is rejected."""

    http_status = 401
    challenge: str | None = 'Bearer error="invalid_token"'


def by_code(exception: type[BouncerError] = BouncerError) -> dict[str, type[BouncerError]]:
    """The exception of each code, `exception` and those below it. All become the package's own."""
    exception.__module__ = "bouncer_verify"
    found = {exception.code: exception} if exception.code else {}
    for cause in exception.__subclasses__():
        found |= by_code(cause)
    return found
