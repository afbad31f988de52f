"""The generated types and docs/settings.md list the same settings as the module accepts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import REPOSITORY

from bouncer_verify import InvalidArgumentError, Policy, RemoteJwkSet, TokenRenewer
from bouncer_verify.types import KeysSettings, PolicySettings, PolicyValues, RenewerSettings

NOWHERE = "http://127.0.0.1:1/"

MAKE: dict[str, tuple[Any, Callable[..., object]]] = {
    "policy": (PolicySettings, lambda **settings: Policy(**{"issuers": "i", **settings})),
    "keys": (KeysSettings, lambda **settings: RemoteJwkSet(NOWHERE, **{"lazy": True, **settings})),
    "renewer": (
        RenewerSettings,
        lambda **settings: TokenRenewer.client_credentials(NOWHERE, "i", "s", **{"lazy": True, **settings}),
    ),
}


def cases() -> list[Any]:
    return [
        pytest.param(make, name, id=f"{kind}-{name}")
        for kind, (types, make) in MAKE.items()
        for name in types.__annotations__
    ]


@pytest.mark.parametrize(("make", "name"), cases())
def test_every_typed_setting_exists_and_checks_its_type(make: Callable[..., object], name: str) -> None:
    if name != "issuers":
        make(**{name: None})
    with pytest.raises(TypeError, match=f"^{name} must be an? "):
        make(**{name: object()})


def test_text_must_be_utf_8() -> None:
    for settings in ({"ca_file": b"\xff"}, {"proxy": b"\xff"}):
        with pytest.raises(InvalidArgumentError, match="is not UTF-8"):
            RemoteJwkSet(NOWHERE, **settings)  # type: ignore[arg-type]


def test_every_documented_setting_exists() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text()
    for kind, (types, make) in MAKE.items():
        section = page.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
        documented = re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
        assert len(documented) >= len(types.__annotations__) > 10
        for name in documented:
            with pytest.raises(TypeError, match=f"^{name} must be an? |multiple values for argument"):
                make(**{name: object()})
    assert list(PolicyValues.__annotations__) == list(PolicySettings.__annotations__)
