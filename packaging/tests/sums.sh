#!/usr/bin/env bash
# Tests what sums.sh writes:
#
#     sums.sh DIST
#
# SHA256SUMS lists every file and is right. The bill of materials is valid CycloneDX 1.5. It names
# the same crates as THIRD-PARTY.txt. The environment variable PYTHON names an interpreter that has
# the packages of packaging/requirements.txt.
#
# Needs SHA256SUMS: make dist
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# = 1 ] || { echo "usage: $0 DIST" >&2; exit 2; }
cd "$1"
sha256sum --quiet --check SHA256SUMS
diff <(find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort) <(sed 's/^[0-9a-f]*  //' SHA256SUMS)

python=${PYTHON:-$root/.venv/bin/python}
"$python" -c "import cyclonedx.validation.json, jsonschema" 2> /dev/null ||
    { echo "SKIPPED: $python -m pip install -r packaging/requirements.txt"; [ "${CI:-}" != true ] && exit 77 || exit 1; }
"$python" - THIRD-PARTY.txt bouncer_verify-*.cdx.json <<'PYTHON'
import json
import re
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

licences, sbom = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(sbom)
assert fault is None, fault
components = json.loads(sbom)["components"]
crates = {(c["name"], c["version"]) for c in components if c["purl"].startswith("pkg:cargo/")}
listed = set(re.findall(r"^(\S+) (\d\S*): \S", licences, re.M))
own = {crate for crate in crates if crate[0].startswith("bouncer_verify")}
assert crates - own == listed, crates ^ listed
assert len(listed) > 50, listed
for name, version in listed:
    assert re.search(rf"^{re.escape(name)} {re.escape(version)} \(", licences, re.M), f"{name} has no text"
missing = [c["name"] for c in components if c["purl"].startswith("pkg:cargo/") and not c.get("hashes")]
assert missing == [name for name, _ in own], missing
# aws-lc is a library in C with licences of its own, and a version that reports of flaws name.
assert any(c["name"] == "aws-lc" for c in components)
assert "aws-lc/third_party/fiat/LICENSE" in licences
# What runs only during a build or a test is not part of an artefact.
for name in ("cc", "serde_derive", "proptest", "cbindgen", "rsa"):
    assert name not in {c["name"] for c in components}, name
print(f"SHA256SUMS, licences and bill of materials: {len(listed)} crates")
PYTHON
