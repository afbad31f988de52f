#!/usr/bin/env bash
# Completes the folder of a release:
#
#     sums.sh DIST
#
# Writes THIRD-PARTY.txt, the software bill of materials (bouncer_verify-VERSION.cdx.json) and
# SHA256SUMS, which lists all files of DIST by relative path.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# = 1 ] || { echo "usage: $0 DIST" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
"$root/packaging/third_party.sh" THIRD-PARTY.txt
"$root/packaging/third_party.py" sbom "bouncer_verify-$version.cdx.json"
rm -f SHA256SUMS
sums=$(find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum)
echo "$sums" > SHA256SUMS
echo "SHA256SUMS: $(wc -l < SHA256SUMS) files"
