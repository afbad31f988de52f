#!/bin/sh
# Writes the licences of the software that the artefacts contain:
#
#     third_party.sh FILE
#
# Each package has this file: THIRD-PARTY.txt. Needs cargo and python3. Uses the network only if
# crates of Cargo.lock are not downloaded yet.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# = 1 ] || { echo "usage: $0 FILE" >&2; exit 2; }
"$root/packaging/third_party.py" licences "$1" 2> /dev/null && exit
(cd "$root" && "${CARGO:-cargo}" fetch --quiet --locked)
exec "$root/packaging/third_party.py" licences "$1"
