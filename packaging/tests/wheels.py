"""Verifies the token of the DC/OS documentation with the installed package. For wheels.sh."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from unittest import mock

import bouncer_verify
from bouncer_verify import ExpiredSignatureError, JwkSet, Policy, Verifier, pyjwt

document = Path("document_jwks.json").read_text()
token = Path("document_token.txt").read_text().strip()
policy = Policy.dcos().replace(time=1467985465)

# The native interface.
jwks = JwkSet.from_json(document)
assert Verifier(jwks, policy).verify(token).uid == "peter"
try:
    Verifier(jwks, Policy.dcos()).verify(token)
except ExpiredSignatureError:
    pass
else:
    raise AssertionError("an expired token is accepted")

# The interface of PyJWT. It has no setting for the time, and asks time.time().
(key,) = pyjwt.PyJWKSet.from_dict(json.loads(document)).keys
with mock.patch("time.time", return_value=1467985465.9):
    assert pyjwt.decode(token, key, algorithms=["RS256"])["uid"] == "peter"
try:
    pyjwt.decode(token, key, algorithms=["RS256"])
except pyjwt.ExpiredSignatureError:
    pass
else:
    raise AssertionError("an expired token is accepted")

# The CPU decides at run time whether RSA keys are accelerated, not the build.
flags = set(Path("/proc/cpuinfo").read_text().split())
needed = {"avx512f", "avx512ifma", "avx512vl", "avx512dq", "avx512_vbmi2", "bmi1", "bmi2"}
expected = 1 if platform.machine() == "x86_64" and needed <= flags else 0
assert jwks.accelerated_keys == expected, (jwks.accelerated_keys, expected)

try:
    assert bouncer_verify.__version__ == version("bouncer_verify")
except PackageNotFoundError:
    assert platform.machine() != "x86_64"
print(
    f"CPython {platform.python_version()} on {platform.machine()}: verified, {jwks.accelerated_keys} keys accelerated"
)
