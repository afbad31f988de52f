#!/usr/bin/env bash
# Installs the wheels of DIST/python in new environments, and verifies a token with each.
#
#     packaging/tests/wheels.sh DIST
#
# Each CPython of this machine from 3.10 on gets a new virtual environment. pip installs there
# without network access. The commands see no variables of this shell, no Rust and no compiler. The
# wheel for aarch64 runs under qemu-aarch64 if `make test-aarch64` has unpacked an interpreter. The
# wheels for musl cannot run here: their modules are only checked for libraries that musl lacks.
# Needs python/bouncer_verify-*-manylinux*_x86_64.whl: make dist-wheels
set -euo pipefail
dist=$(cd "$1/python" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/packaging/tests/wheels.py" "$root"/tests/data/document_{jwks.json,token.txt} "$work/"
cd "$work"

tested=0
if [[ $(uname -m) == x86_64 ]]; then
    for interpreter in python3 python3.1{0..9} "$HOME"/.pyenv/versions/3.*/bin/python3; do
        "$interpreter" -c 'import sys, venv; assert sys.version_info >= (3, 10)' 2> /dev/null || continue
        version=$("$interpreter" -c 'import sys; print(*sys.version_info[:2], sep=".")')
        if [[ -e $version ]]; then continue; fi
        "$interpreter" -m venv "$version" > /dev/null
        clean=(env -i PATH="$work/$version/bin" HOME="$work")
        if "${clean[@]}" /bin/sh -c 'command -v cargo || command -v cc'; then exit 1; fi
        "${clean[@]}" pip install --quiet --disable-pip-version-check --no-index --find-links "$dist" bouncer_verify
        "${clean[@]}" python wheels.py
        tested=$((tested + 1))
    done
fi

unpacked() {
    compgen -G "$dist/bouncer_verify-*-$1.whl" > wheel || return 1
    rm -rf content
    python3 -m zipfile -e "$(cat wheel)" content
}

system=${CARGO_TARGET_DIR:-$root/target}/aarch64/root
if unpacked manylinux_2_17_aarch64; then
    if [[ -e $system/usr/bin/python3 ]] && command -v qemu-aarch64 > /dev/null; then
        env -i PYTHONPATH=content qemu-aarch64 -L "$system" "$system/usr/bin/python3" wheels.py
        tested=$((tested + 1))
    else
        echo "the wheel for aarch64 is not run: make test-aarch64 unpacks an interpreter for it"
    fi
fi
