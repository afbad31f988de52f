"""PyJWT's warnings by their names, as `jwt.warnings` has them."""

__all__ = ["InsecureKeyLengthWarning", "RemovedInPyjwt3Warning"]


class RemovedInPyjwt3Warning(DeprecationWarning):
    """An argument has no meaning."""


class InsecureKeyLengthWarning(UserWarning):
    """Never issued: a key that is too short is rejected."""
