#!/usr/bin/env bash
# Checks Cargo.lock for crates with known vulnerabilities, and for yanked ones:
#
#     advisories.sh [DATABASE]
#
# DATABASE is a clone of github.com/RustSec/advisory-db. Without it, cargo-deny downloads one. Exits
# with 77 if that is not possible. With CI=true it exits with 1 instead.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
origin=https://github.com/RustSec/advisory-db
if [ -n "${1:-}" ]; then
    # cargo-deny accepts only https addresses. git reads the clone instead.
    database=$(realpath "$1")
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$database.insteadOf" GIT_CONFIG_VALUE_0=$origin
fi
if ! GIT_TERMINAL_PROMPT=0 timeout 120 git clone --quiet --depth 1 "$origin" "$work/test" 2> /dev/null; then
    echo "SKIPPED: $origin is not reachable: clone it elsewhere, then make test-advisories ADVISORY_DB=FOLDER"
    [ "${CI:-}" = true ] && exit 1
    exit 77
fi
echo "advisories of $(git -C "$work/test" log -1 --format=%cs)"
sed "s|^\[advisories\]|&\ndb-path = \"$work/databases\"\ngit-fetch-with-cli = true|" packaging/deny.toml > "$work/deny.toml"
cargo-deny --locked --config "$work/deny.toml" check advisories
