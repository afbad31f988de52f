#!/usr/bin/env bash
# Builds the crate as `cargo publish` would upload it, and checks it:
#
#     crate.sh DIST
#
# Writes DIST/crate/bouncer_verify-VERSION.crate. cargo compiles the packaged crate. Then
# `cargo publish --dry-run` must print no warning that is not expected. It needs the registry. The
# files of the last commit are packaged, so changes must be committed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# = 1 ] || { echo "usage: $0 DIST" >&2; exit 2; }
mkdir -p "$1/crate"
dist=$(cd "$1/crate" && pwd)
cd "$root"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# Prints the warnings of cargo that are not expected. The tests that need the repository are not
# packaged. The project has no site yet, so the manifest names none.
unexpected() {
    grep -E '^(warning|error)' "$output" | grep -vE \
        -e '^warning: ignoring test .[a-z0-9_]+. as .tests/[a-z0-9_/]+\.rs. is not included in the published package$' \
        -e '^warning: manifest has no documentation, homepage or repository$' \
        -e '^warning: aborting upload due to dry run$'
}
check() {
    if ! "$@" > "$output" 2>&1 || unexpected; then
        cat "$output"
        echo "failed: $*"
        exit 1
    fi
}
check cargo package --locked --package bouncer_verify
# The crate was compiled above, so the dry run does not compile it again.
check cargo publish --locked --package bouncer_verify --dry-run --no-verify
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
cp "$CARGO_TARGET_DIR/package/bouncer_verify-$version.crate" "$dist/"
stat --format='%n: %s bytes' "$dist/bouncer_verify-$version.crate"
