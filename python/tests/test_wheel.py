"""The installed package."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys

import pytest

import bouncer_verify
from bouncer_verify import _bouncer_verify


def test_the_extension_exports_only_its_init_function() -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("nm is missing: install binutils")
    lines = subprocess.run(
        [nm, "-D", "--defined-only", _bouncer_verify.__file__], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["PyInit__bouncer_verify"]


def test_the_extension_uses_the_stable_abi() -> None:
    assert ".abi3." in _bouncer_verify.__file__ or sys.platform == "win32"


def test_the_package_has_the_version_of_the_module() -> None:
    assert bouncer_verify.__version__ == importlib.metadata.version("bouncer_verify")


def test_the_package_contains_its_licences_and_types() -> None:
    names = {file.name for file in importlib.metadata.files("bouncer_verify") or ()}
    assert {"LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "py.typed", "_bouncer_verify.pyi"} <= names


def test_importing_the_package_loads_no_heavy_modules() -> None:
    heavy = {
        "asyncio",
        "cryptography",
        "dataclasses",
        "inspect",
        "json",
        "jwt",
        "re",
        "ssl",
        "typing",
        "urllib",
    }
    program = "import bouncer_verify, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert heavy.isdisjoint(loaded)


def cpu_milliseconds(program: str) -> float:
    measured = f"import time; {program}; print(time.process_time_ns() / 1e6)"
    return min(
        float(subprocess.run([sys.executable, "-I", "-c", measured], check=True, capture_output=True).stdout)
        for _ in range(15)
    )


def test_the_time_of_an_import_is_reported() -> None:
    extra = cpu_milliseconds("import bouncer_verify") - cpu_milliseconds("pass")
    print(f"import bouncer_verify: {extra:.1f} ms of CPU over the bare interpreter")
