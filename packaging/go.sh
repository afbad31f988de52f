#!/usr/bin/env bash
# Makes the Go module, with the static library of each processor, as a tree for GOPROXY=file://:
#
#     go.sh DIST [ARCHIVE...]    DIST/go/bouncer-verify.internal/bouncer/@v/
#
# Each ARCHIVE is a libbouncer_verify.a. The default is those that libraries.sh has built into
# target/compat. If one is missing, the module does not contain it; with CI=true the script fails.
# Needs go, ar, and the sources of the crates in Cargo.lock.
set -euo pipefail

[[ $# -ge 1 ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dist=$(cd "$1" && pwd)
shift
fail() { echo "error: $*" >&2; exit 1; }

archives=()
for archive in "$@"; do archives+=("$(realpath "$archive")"); done
cd "$root"
PATH=$root/.venv/bin:$PATH # go, if make has installed it
if [[ ${#archives[@]} -eq 0 ]]; then
    for processor in x86_64 aarch64; do
        archive=${CARGO_TARGET_DIR:-target}/compat/$processor/libbouncer_verify.a
        if [[ -e $archive ]]; then
            archives+=("$archive")
        else
            echo "SKIPPED: the Go module for $processor: run make dist-libraries, which builds $archive"
            [[ ${CI:-} != true ]] || exit 1
        fi
    done
fi
[[ ${#archives[@]} -gt 0 ]] || fail "there is no static library: run make dist-libraries"

module=$(sed -n 's/^module //p' bindings/go/go.mod)
version=v$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tests stay in the source archive, because they read files outside the module.
(cd bindings/go && find . -path ./testdata -prune -o -type f \( -name '*.go' -o -name '*.h' -o -name go.mod -o -name README.md \) \
    ! -name '*_test.go' -exec cp --parents -t "$work" {} +)
cp LICENSE "$work/"
packaging/third_party.sh "$work/THIRD-PARTY.txt"
for archive in "${archives[@]}"; do bindings/go/copy_library.sh "$archive" "$work"; done
# Every user of the module downloads the libraries of all processors.
large=$(find "$work" -type f -size +11999999c)
[[ -z $large ]] || fail "12 MB or more: $large"

folder=$dist/go/$module/@v
rm -rf "$dist/go"
mkdir -p "$folder"
echo "$version" >"$folder/list"
printf '{"Version":"%s","Time":"%s"}\n' "$version" "$(date -u -d "@$time" +%Y-%m-%dT%H:%M:%SZ)" >"$folder/$version.info"
cp bindings/go/go.mod "$folder/$version.mod"
GOFLAGS=-mod=mod GOWORK=off GOPROXY=off GOTOOLCHAIN=local \
    go run packaging/go/zip.go "$work" "$module@$version" "$folder/$version.zip"
(cd "$dist" && ls -l "go/$module/@v/$version.zip")
