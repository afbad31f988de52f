"""The warnings of `jwt.warnings`."""

__all__ = ["InsecureKeyLengthWarning", "RemovedInPyjwt3Warning"]


class RemovedInPyjwt3Warning(DeprecationWarning):
    """The call passed an unknown argument, which has no effect."""


class InsecureKeyLengthWarning(UserWarning):
    """Never issued: short keys are rejected."""
