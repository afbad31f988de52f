#!/usr/bin/env bash
# Checks the dependencies:
#
#     supply.sh PYTHON
#
# cargo-deny checks licences, sources and banned crates, with the rules of packaging/deny.toml. Then
# the licences and the bill of materials are generated twice, compared and tested. PYTHON is an
# interpreter that has the packages of packaging/requirements.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 1 ] || { echo "usage: $0 PYTHON" >&2; exit 2; }
python=$1
PATH=$(dirname "$python"):$PATH
cargo fetch --quiet --locked
# Warnings are left out. They list crates of which two versions are in use.
cargo-deny --log-level error --locked --offline --config packaging/deny.toml check licenses bans sources

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for run in first second; do
    packaging/sums.sh "$work/$run" > /dev/null
done
diff -r "$work/first" "$work/second"
PYTHON=$python packaging/tests/sums.sh "$work/first"
