#!/usr/bin/env bash
# symbols.sh [--check]: writes packaging/debian/libbouncer-verify1.symbols. This file lists the
# functions of the C header, each with the version that added it. A new function gets the version
# of Cargo.toml.
#
# A program that calls a function depends on that version of the Debian package. So the version of a
# function never changes after a release. --check only compares, and fails if the file is out of
# date.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
abi=$(sed -n 's/^#define BOUNCER_ABI_VERSION //p' include/bouncer_verify.h)
file=packaging/debian/libbouncer-verify$abi.symbols
work=$(mktemp)
trap 'rm -f "$work"' EXIT
printf '%s\n' "libbouncer_verify.so.$abi libbouncer-verify$abi #MINVER#" '* Build-Depends-Package: libbouncer-verify-dev' > "$work"
grep -o 'bouncer_[a-z0-9_]*(' include/bouncer_verify.h | tr -d '(' | LC_ALL=C sort -u | while read -r function; do
    since=$(sed -n "s/^ $function@Base //p" "$file" 2> /dev/null || true)
    echo " $function@Base ${since:-$version}"
done >> "$work"
if [[ ${1:-} == --check ]]; then
    diff "$file" "$work" > /dev/null || { echo "$file is out of date: run packaging/symbols.sh" >&2; exit 1; }
else
    cp "$work" "$file"
    chmod 644 "$file"
fi
