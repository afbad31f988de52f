"""Every name of PyJWT exists in bouncer_verify.pyjwt, or README.md's table lists it as missing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

from bouncer_verify import pyjwt as ours

theirs = pytest.importorskip("jwt")

JWK = {"kty": "RSA", "n": "AQAB" * 86, "e": "AQAB"}


def modules() -> dict[str, Any]:
    found = {"jwt": theirs}
    for module in pkgutil.iter_modules(theirs.__path__, "jwt."):
        found[module.name] = importlib.import_module(module.name)
    return found


def top_level(name: str, value: Any) -> str:
    """Returns the path in `jwt` if `jwt` exports the value, else `name`, the path in its module."""
    last = name.rpartition(".")[2]
    exported = last in theirs.__all__ and getattr(theirs, last) == value
    return f"jwt.{last}" if exported else name


def public_names() -> dict[str, Any]:
    """Returns the functions and classes of PyJWT by path."""
    found = {f"jwt.{name}": getattr(theirs, name) for name in theirs.__all__}
    for path, module in modules().items():
        for name, value in vars(module).items():
            if not name.startswith("_") and getattr(value, "__module__", None) == path:
                full = f"{path}.{name}"
                found[top_level(full, value)] = value
                # A value that `jwt` exports is found at its path in the module too.
                found[full] = value
    return found


def members_of(path: str, value: Any) -> Iterator[str]:
    """Yields the paths of the public members of a class and of its objects."""
    for name in vars(value) if inspect.isclass(value) else ():
        if not name.startswith("_"):
            yield f"{path}.{name}"
    if path.endswith(".Options"):
        yield from (f"{path}.{name}" for name in value.__annotations__)
    made = {"PyJWK": lambda: value(JWK), "PyJWKClient": lambda: value("https://idp.example/")}
    for name in vars(made[value.__name__]()) if getattr(value, "__name__", "") in made else ():
        if not name.startswith("_"):
            yield f"{path}.{name}"


def parameters_of(value: Any) -> dict[str, inspect.Parameter]:
    if inspect.isclass(value) and issubclass(value, Exception):
        return {}
    try:
        parameters = inspect.signature(value).parameters
    except (TypeError, ValueError):
        return {}
    named = {name: p for name, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    return named


def resolved(path: str) -> Any:
    """Returns the value at this path in bouncer_verify.pyjwt, or raises LookupError."""
    value: Any = ours
    for name in path.split(".")[1:]:
        if name in getattr(value, "__annotations__", {}):
            return value.__annotations__[name]
        if not hasattr(value, name):
            raise LookupError(path)
        value = getattr(value, name)
    return value


def is_available(path: str) -> bool:
    try:
        resolved(path)
    except LookupError:
        made: dict[str, Any] = {
            "PyJWK": lambda: ours.PyJWK(JWK),
            "PyJWKClient": lambda: ours.PyJWKClient("https://idp.example/"),
        }
        owner, _, name = path.rpartition(".")
        owner = owner.rpartition(".")[2]
        return owner in made and hasattr(made[owner](), name)
    return True


def differences() -> Iterator[str]:
    """Yields each missing path of PyJWT, and `path(name)` for each parameter that differs."""
    for path, value in public_names().items():
        if not is_available(path):
            yield path
            continue
        yield from (member for member in members_of(path, value) if not is_available(member))
        here = parameters_of(resolved(path))
        for position, (name, parameter) in enumerate(parameters_of(value).items()):
            same = here.get(name)
            if (
                same is None
                or same.default != parameter.default
                or list(here).index(name) != position
                or same.kind != parameter.kind
            ):
                yield f"{path}({name})"


def rows() -> set[str]:
    readme = (Path(REPOSITORY) / "python" / "README.md").read_text()
    table = readme.partition("| not here |")[2].partition("\n\n")[0].splitlines()[2:]
    return {name for row in table for name in re.findall(r"`(jwt[^`]*)`", row.split("|")[1])}


def test_the_table_lists_everything_that_is_missing() -> None:
    table = rows()
    missing = {
        path
        for path in differences()
        if not any(path == row or path.startswith((f"{row}.", f"{row}(")) for row in table)
    }
    assert missing == set()


def test_every_row_of_the_table_is_missing() -> None:
    found = set(differences())
    for row in rows():
        assert any(path == row or path.startswith((f"{row}.", f"{row}(")) for path in found), row


if __name__ == "__main__":
    print(*sorted(differences()), sep="\n")
